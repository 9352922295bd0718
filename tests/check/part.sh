#!/bin/sh
# part.sh NAME COMMAND [ARG]... - run one part of the check.
#
# What the part says goes to build/check/NAME.log. Its last line that reads
# "N passed, M failed" is the part's count; sum.sh adds the counts up. One line
# is printed, with the seconds and those of the processor, and the end of the log
# too when something failed. Always ends well: only sum.sh judges, after all
# parts have run.
set -u
name=$1
shift
dir=build/check
log=$dir/$name.log
mkdir -p "$dir"
rm -f "$dir/$name.count" "$dir/$name.why"
begin=$(date +%s)
timeout -k 10 "${LSM_PART_SECONDS:-1800}" "$@" >"$log" 2>&1 </dev/null
status=$?
count=$(grep -aE '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1)
case $count in
'')
	count='0 passed, 1 failed'
	why="no count, status $status" ;;
*' 0 failed')
	why=
	if [ "$status" -ne 0 ]; then
		count="${count%% *} passed, 1 failed"
		why="status $status"
	fi ;;
*)
	why="status $status" ;;
esac
printf '%s\n' "$count" >"$dir/$name.count"
# The second line is that of the children: user, system. Not through a pipe, for
# there it would be another shell's.
times >"$dir/$name.times"
cpu=$(awk 'NR == 2 {
	split($0, t, /[ms ]+/)
	print int(t[1] * 60 + t[2] + t[3] * 60 + t[4])
}' "$dir/$name.times")
printf '%-24s %s, %d s (%d)\n' "$name" "$count" \
	$(($(date +%s) - begin)) "$cpu"
if [ -n "$why" ]; then
	printf '%s\n' "$why" >"$dir/$name.why"
	printf -- '--- %s (%s), the end of %s:\n' "$name" "$why" "$log"
	tail -n 40 "$log"
	printf -- '---\n'
fi
