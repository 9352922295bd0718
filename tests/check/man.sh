#!/bin/sh
# man.sh PAGE... - each page must please mandoc without a warning.
set -u
passed=0
failed=0
for page; do
	if mandoc -Tlint -W warning "$page"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
