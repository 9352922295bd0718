#!/bin/sh
# What the system is asked for, as strace sees it: a read command opens nothing
# for writing and changes no name; an unsynced put costs no call of its own; a
# synced one waits for the disk, once. And how much: a process that does one
# thing asks for little more than the thing.
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

# Calls from the opening of the directory on that match, at most so many.
at_most()
{
	count=$(sed -n "/O_DIRECTORY/,\$p" "$dir/trace" | grep -cE "$2")
	[ "$count" -le "$1" ] || fail "$3: $count calls of $2, not $1"
}
traced "$cli" "$db" flush
traced "$cli" "$db" get 1
at_most 43 . "a get"
at_most 1 'CURRENT' "a get"
at_most 0 'getdents' "a get"
read_bytes=$(sed -n '/O_DIRECTORY/,$p' "$dir/trace" |
    awk '/pread64/ { n += $NF } END { print n + 0 }')
[ "$read_bytes" -le 65536 ] || fail "a get reads $read_bytes bytes"

traced "$cli" --sync=off "$db" put key value
traced "$cli" --sync=off "$db" put key value
at_most 58 . "an unsynced put"
at_most 0 'sync\(|getdents|fallocate|O_CREAT\|O_EXCL' "an unsynced put"
at_most 1 'CURRENT' "an unsynced put"

traced "$cli" --sync=always "$db" put key value
synced=$(grep -c 'fdatasync(.*= 0' "$dir/trace")
[ "$synced" -eq 1 ] || fail "a synced put syncs $synced times"
at_most 0 'fsync|getdents' "a synced put"
exit $bad
