#!/bin/sh
# Every promise of README has tests: tests/claims.tsv names them, and they are
# there. A promise without a line fails, and so does a line without a file.
set -u
awk -F '\t' '
function complain(why)
{
	printf "%s:%d: %s\n", FILENAME, FNR, why
	bad = 1
}
FILENAME == "README.md" {
	if (/^## /)
		inside = $0 == "## Promises"
	if (inside && /^[0-9]+\. /)
		promises[$0 + 0] = 1
	next
}
/^#/ { next }
NF != 3 || $3 == "" { complain("not: promise, file, how"); next }
!($1 in promises) { complain("no such promise: " $1); next }
{
	if ((getline line < $2) < 0)
		complain("no such file: " $2)
	else
		proven[$1] = 1
	close($2)
	if (seen[$1, $2]++)
		complain("twice: " $1 " " $2)
}
END {
	for (p in promises) {
		count++
		if (!(p in proven)) {
			print "README.md: promise " p " has no test"
			bad = 1
		}
	}
	if (count == 0) {
		print "README.md: no promises found"
		bad = 1
	}
	exit bad
}
' README.md tests/claims.tsv
