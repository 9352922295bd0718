#!/bin/sh
# A file includes its own floor and those below; the include line shows which.
#
# base < env,kv < mem,log,table < version < compact < db,check. The checker
# reads files with parsers of its own, so that one misreading cannot hide in
# both: it never includes log/ or table/. Tools see the public headers only.
set -u
awk '
function floor(name)
{
	return name in floors ? floors[name] : -1
}
function complain(why)
{
	printf "%s:%d: %s: %s\n", FILENAME, FNR, why, $0
	bad = 1
}
BEGIN {
	floors["base"] = 0
	floors["env"] = floors["kv"] = 1
	floors["mem"] = floors["log"] = floors["table"] = 2
	floors["version"] = 3
	floors["compact"] = 4
	floors["db"] = floors["check"] = 5
}
FNR == 1 {
	split(FILENAME, part, "/")
	tool = part[1] == "tools"
	home = part[2]
	if (!tool && home != "include" && floor(home) < 0)
		complain("no such floor")
}
!/^[ \t]*#[ \t]*include[ \t]*"/ { next }
{
	split($0, quoted, "\"")
	name = quoted[2]
	slash = index(name, "/")
	from = substr(name, 1, slash - 1)
}
name == "lsm.h" { next }
tool {
	if (slash)
		complain("a tool includes an inner header")
	next
}
home == "include" { complain("a public header includes an inner one"); next }
!slash { complain("the floor is not named"); next }
floor(from) < 0 { complain("no such floor"); next }
floor(from) > floor(home) { complain("a higher floor") }
home == "check" && (from == "log" || from == "table") {
	complain("the checker shares a parser")
}
END { exit bad }
' $(find libengine tools -name '*.[ch]')
