#!/bin/sh
# What the system is asked for, as strace sees it: a read command opens nothing
# for writing and changes no name; an unsynced put costs no call of its own; a
# synced one waits for the disk.
set -u
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cli=$B/lsm-cli
db=$dir/db
bad=0
fail()
{
	echo "$1"
	bad=1
}
traced()
{
	strace -f -o "$dir/trace" "$@" >"$dir/out" 2>&1 || {
		cat "$dir/out"
		fail "failed: strace $*"
	}
}

seq 20000 | sed 's/$/\tvalue/' >"$dir/in.tsv"
"$cli" --create "$db" load "$dir/in.tsv" || exit 1
"$cli" "$db" flush || exit 1
"$cli" "$db" put 20001 value || exit 1

opens='open(at)?\(.*O_(WRONLY|RDWR|CREAT|TRUNC)|PROT_WRITE.*MAP_SHARED'
changes='^[0-9]+ +(rename|unlink|link|symlink|mkdir|f?truncate|fallocate|'
changes=$changes'pwrite|fsync|fdatasync|f?chmod|utimens)[a-z0-9]*\('
for command in 'get 1' 'get 20001' 'has 7' 'scan --limit=100' 'scan --count' \
	stats files; do
	traced "$cli" "$db" $command
	if grep -E "$opens|$changes" "$dir/trace"; then
		fail "$command: would change something"
	fi
done

# One commit for each of the records, and far fewer calls.
traced "$cli" --sync=off --batch-size=1 "$db" load "$dir/in.tsv"
calls=$(wc -l <"$dir/trace")
[ "$calls" -lt 2000 ] || fail "20000 unsynced puts: $calls system calls"

traced "$cli" --sync=always "$db" put key value
grep -q 'fdatasync(.*= 0' "$dir/trace" || fail "a synced put does not sync"
exit $bad
