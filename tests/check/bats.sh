#!/bin/sh
# bats.sh FILE... - run the bats files and end with "N passed, M failed".
#
# A test that is skipped, or announced and never run, has not passed.
set -u
tap=$(mktemp) || exit 1
trap 'rm -f "$tap"' EXIT
bats --tap "$@" >"$tap" 2>&1
status=$?
cat "$tap"
awk -v status="$status" '
/^1\.\.[0-9]+$/ { planned = substr($0, 4) + 0 }
/^ok / {
	if ($0 ~ /# skip/)
		skipped++
	else
		passed++
}
/^not ok / { failed++ }
END {
	lost = planned - passed - failed - skipped
	if (skipped)
		print skipped " skipped: counted as failed"
	if (lost > 0)
		print lost " announced and never run: counted as failed"
	failed += skipped + (lost > 0 ? lost : 0)
	if (status && !failed)
		failed = 1
	print passed + 0 " passed, " failed + 0 " failed"
	exit failed > 0
}' "$tap"
