#!/bin/sh
# sum.sh PART... - add up what part.sh counted; fails when anything failed.
#
# A part without a count was not built or did not run: that is a failure.
set -u
passed=0
failed=0
for part; do
	file=build/check/$part.count
	if [ ! -s "$file" ]; then
		echo "$part: was not built or did not run"
		failed=$((failed + 1))
		continue
	fi
	read -r p _ f _ <"$file"
	passed=$((passed + p))
	failed=$((failed + f))
done
if [ "$passed" -eq 0 ]; then
	echo "nothing was tested"
	failed=$((failed + 1))
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
