#!/bin/sh
# Every row of the survey of tools has a test: tests/cli/rows.tsv names it, and
# it is there.
set -u
awk -F '\t' '
function complain(why)
{
	printf "%s:%d: %s\n", FILENAME, FNR, why
	bad = 1
}
function known(file, name,    line, found)
{
	if (file !~ /\.bats$/)
		return (getline line <file) >= 0
	while ((getline line <file) > 0)
		if (line == "@test \"" name "\" {")
			found = 1
	close(file)
	return found
}
/^#/ { next }
NF != 3 || $3 == "" { complain("not: row, file, test"); next }
seen[$1]++ { complain("twice: " $1) }
!known("tests/" $2, $3) { complain($1 ": no such test: " $2 ": " $3) }
{ rows++ }
END {
	if (rows == 0)
		complain("no rows")
	exit bad
}
' tests/cli/rows.tsv
