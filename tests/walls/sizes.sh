#!/bin/sh
# No function over 60 lines, no file over 600.
#
# The name stands in column one, so does the brace that ends the body.
set -u
awk '
FNR == 1 { name = "" }
/^[a-z_][a-zA-Z0-9_]*\(/ { name = $1; sub(/\(.*/, "", name); from = FNR }
/^}/ && name {
	if (FNR - from + 1 > 60) {
		printf "%s:%d: %s has %d lines\n", FILENAME, from, name,
		    FNR - from + 1
		bad = 1
	}
	name = ""
}
FNR == 601 { print FILENAME ": over 600 lines"; bad = 1 }
END { exit bad }
' $(find libengine tools tests -name '*.[ch]')
