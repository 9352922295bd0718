#!/bin/sh
# cover.sh [PROGRAM]... - run the tests of the cover flavour and print what part
# of each source file they reached, least first. Branches that were taken too.
# A program is "model/NAME" or "crash/NAME".
set -u
B=build/cover
find "$B" -name '*.gcda' -delete
: >"$B/cover.log"
status=0
run()
{
	"$@" >>"$B/cover.log" 2>&1 </dev/null || {
		echo "cover: failed: $*" >&2
		status=1
	}
}
run "$B/unit"
for program; do
	case $program in
	model/*) run "$B/$program" --ops 50000 ;;
	*) run "$B/$program" ;;
	esac
done
if [ -n "$(ls tests/cli/*.bats 2>/dev/null)" ]; then
	LSM_BIN=$PWD/$B
	export LSM_BIN
	run bats tests/cli
fi
find "$B/libengine" "$B/tools" -name '*.gcda' | xargs gcov -n -b 2>/dev/null |
awk '
/^File / { file = $2; gsub(/\047/, "", file) }
/^Lines executed:/ && file ~ /^(libengine|tools)\// {
	split($0, part, /[:% ]+/)
	percent[file] = part[3]
	lines[file] = $NF
}
/^Taken at least once:/ && file in percent {
	split($0, part, /[:% ]+/)
	taken[file] = part[5]
	branches[file] = $NF
	file = ""
}
END {
	for (f in percent) {
		printf "%6.1f %% of %4d lines, %6.1f %% of %4d branches  %s\n",
		    percent[f], lines[f], taken[f], branches[f], f | "sort -n"
		reached += percent[f] * lines[f] / 100
		all += lines[f]
		crossed += taken[f] * branches[f] / 100
		ways += branches[f]
	}
	close("sort -n")
	if (!all)
		exit 1
	printf "%6.1f %% of %d lines, %.1f %% of %d branches\n",
	    100 * reached / all, all, ways ? 100 * crossed / ways : 0, ways
}' || status=1
exit $status
