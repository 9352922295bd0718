#!/bin/sh
# run.sh [NAME]... - each wall of the house is a script, and a test.
#
# A wall says what it found and fails, or is silent. They look at what is built
# in $B (build/release) and at the sources; $CC is the compiler.
set -u
cd "$(dirname "$0")/../.." || exit 1
export B="${B:-build/release}" CC="${CC:-cc}" MAKE="${MAKE:-make}"
unset MAKEFLAGS MAKELEVEL MFLAGS
[ $# -gt 0 ] || set -- $(cd tests/walls && ls ./*.sh)
passed=0
failed=0
for wall; do
	wall=$(basename "$wall" .sh)
	[ "$wall" != run ] || continue
	if "tests/walls/$wall.sh"; then
		echo "ok $wall"
		passed=$((passed + 1))
	else
		echo "FAILED: tests/walls/$wall.sh"
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
