#!/bin/sh
# readme.sh [RUN-OPTION]... - measure, and put the table into README.md.
#
# What stands between the marks "<!-- bench -->" and "<!-- /bench -->" is
# replaced by the command, the date, the machine, the settings and the table of
# operations per second that tests/bench/run.sh reports.
set -eu
cd "$(dirname "$0")/../.."
report=$(mktemp)
trap 'rm -f "$report" "$report.new"' EXIT
tests/bench/run.sh "$@" >"$report"
cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
{
	echo
	echo "\`tests/bench/run.sh $*\`, $(date -u +%Y-%m-%d), $(nproc) x $cpu,"
	echo "Linux $(uname -r | cut -d- -f1). One process an engine and round, rounds"
	echo "interleaved, medians; puts are unsynced except in fillsync. A star marks"
	echo "a phase during which other programs used the machine."
	echo
	sed -n 's/^# \([a-z]*\): /* \1: /p' "$report"
	echo
	awk '/^### /{on = /Operations per second/; next} on && /^\|/' "$report"
	echo
} >"$report.new"
awk -v new="$report.new" '
/<!-- \/bench -->/ { skip = 0 }
!skip
/<!-- bench -->/ { while ((getline line < new) > 0) print line; skip = 1 }
' README.md >"$report"
cat "$report" >README.md
