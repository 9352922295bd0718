#!/bin/sh
# Habits that a machine can see: 80 columns, tabs, no struct typedef outside
# the public headers, nothing left to do.
set -u
awk '
function complain(why)
{
	printf "%s:%d: %s\n", FILENAME, FNR, why
	bad = 1
}
{
	wide = $0
	for (column = 0; (at = index(wide, "\t")); ) {
		column += at - 1
		column += 8 - column % 8
		wide = substr(wide, at + 1)
	}
	if (column + length(wide) > 80)
		complain("over 80 columns")
}
/[ \t]+$/ { complain("space at the end of the line") }
/^ +[^ *]/ && !/^    [^ ]/ { complain("indented with spaces") }
/TODO|FIXME|XXX:/ && !/XXXXXX/ { complain("something left to do") }
/^typedef struct/ && FILENAME !~ /\/include\// { complain("struct typedef") }
END { exit bad }
' $(find libengine tools tests -name '*.[ch]') || exit
# What is negated with ! never fails a test of bats.
! grep -n '^	! ' tests/cli/*.bats
