#!/bin/sh
# sum.sh PART... - add up what part.sh counted; fails when anything failed.
#
# A part without a count was not built or did not run: that is a failure. What
# failed is named once more at the end, where a reader of a long output looks.
set -u

# Which tests of a part's log failed, or how it ends when it names none.
named()
{
	grep -aE '^(FAILED|not ok|WARNING: ThreadSanitizer)|\(seed [0-9]+\)$|ERROR: [A-Z][a-zA-Z]*Sanitizer' \
		"$1" | head -n 8 | grep . || tail -n 4 "$1"
}

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
	if [ "$f" -ne 0 ]; then
		echo "$part: $(cat "build/check/$part.why")"
		named "build/check/$part.log" | cut -c1-200
	fi
done
if [ "$passed" -eq 0 ]; then
	echo "nothing was tested"
	failed=$((failed + 1))
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
