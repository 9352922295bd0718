#!/usr/bin/env bats
# load --sorted: tables made directly, one commit, all or nothing.
load helper

numbered() {
	awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++)
	    printf "%08d\tvalue %d\n", i, i * i }'
}

@test "what scan prints, load --sorted reads" {
	numbered 30000 >records
	lsm-cli --create db load --sorted records
	lsm-cli db scan | cmp - records
	printf 'load --sorted records\nstats --format=tsv\n' |
	    lsm-cli --create counted >out
	grep -qx $'ingest.count\t1' out
	lsm-cli db scan | lsm-cli --create copy load --sorted
	lsm-cli copy scan | cmp - records
	[ "$(lsm-cli db files | grep -c 'log')" -ge 1 ]
}

@test "every format that can be read" {
	awk 'BEGIN { for (i = 1; i < 256; i++)
	    printf "put --key-format=hex %02x61 \"v\\x%02x\\n\"\n", i, i }' |
	    lsm-cli --create --sync=off db
	lsm-cli db scan >records
	for f in tsv hex jsonl bdb bdb-print cdb; do
		lsm-cli db scan --format=$f |
		    lsm-cli --create $f load --sorted --format=$f
		lsm-cli $f scan | cmp - records
	done
	lsm-cli db export | lsm-cli --create import import --sorted
	lsm-cli import scan | cmp - records
	printf 'a\0001\000b\0002\000' |
	    lsm-cli --create nul load --sorted --format=nul
	[ "$(lsm-cli nul scan)" = $'a\t1\nb\t2' ]
	printf 'a\n1\nb\n2\n' |
	    lsm-cli --create pairs load --sorted --format=pairs
	[ "$(lsm-cli pairs scan)" = $'a\t1\nb\t2' ]
}

@test "a key that does not ascend ends it: named, and nothing is there" {
	fruit
	printf 'a\t1\nc\t2\nb\t3\nd\t4\n' >bad
	fails 65 'lsm-cli: bad:3: not sorted: the key is not above the one before
lsm-cli: bad: records committed: 0' lsm-cli db load --sorted bad
	[ "$(lsm-cli db scan --count | cut -f1)" = 3 ]
	printf 'a\t1\na\t2\n' >bad
	fails 65 'lsm-cli: bad:2: not sorted: the key is not above the one before
lsm-cli: bad: records committed: 0' lsm-cli db load --sorted bad
	printf '+1,1:a->1\n+1,1:c->1\n+1,1:b->1\n\n' >bad
	fails 65 'lsm-cli: bad: record 3: not sorted: the key is not above the one before
lsm-cli: bad: records committed: 0' lsm-cli db load --sorted bad
	printf 'a\t1\nno tab\n' >bad
	fails 65 'lsm-cli: bad:2: no TAB between key and value
lsm-cli: bad: records committed: 0' lsm-cli db load --sorted bad
	[ "$(lsm-cli db scan --count | cut -f1)" = 3 ]
	[ "$(ls db/*.sst 2>/dev/null | wc -l)" -eq 0 ]
}

@test "--skip-bad passes over what is out of order" {
	printf 'a\t1\nc\t2\nb\t3\nd\t4\n' >bad
	fails 65 'lsm-cli: bad:3: not sorted: the key is not above the one before
lsm-cli: bad: records skipped: 1
lsm-cli: bad: records committed: 3, last key: d' \
	    lsm-cli --create db load --sorted --skip-bad bad
	[ "$(lsm-cli db scan)" = $'a\t1\nc\t2\nd\t4' ]
}

@test "of equal keys the first, if asked; the last cannot be had" {
	printf 'a\t1\na\t2\nb\t3\n' >records
	lsm-cli --create db load --sorted --dups=first records
	[ "$(lsm-cli db scan)" = $'a\t1\nb\t3' ]
	refused 64 lsm-cli db load --sorted --dups=last records
	refused 64 lsm-cli db load --sorted --if-absent records
	refused 64 lsm-cli db scan --sorted
}

@test "new records win over old ones, later ones over them" {
	numbered 1000 | lsm-cli --create --sync=off db load
	printf '00000001\tnew\n00000500\tnew\n' | lsm-cli db load --sorted
	[ "$(lsm-cli db get 00000500)" = new ]
	lsm-cli db put 00000500 newer
	[ "$(lsm-cli db get 00000500)" = newer ]
	lsm-cli db compact
	[ "$(lsm-cli db get 00000500)" = newer ]
	[ "$(lsm-cli db get 00000001)" = new ]
	[ "$(lsm-cli db scan --count | cut -f1)" = 1000 ]
}

@test "nothing, one record, and the empty key" {
	lsm-cli --create db load --sorted </dev/null
	[ "$(lsm-cli db scan --count)" = $'0\t0\t0' ]
	printf '\t\n' | lsm-cli db load --sorted
	[ "$(lsm-cli db scan --count)" = $'1\t0\t0' ]
}

@test "nothing of it is seen before its end, and all of it after" {
	mkfifo pipe
	fruit
	lsm-cli db load --sorted pipe 2>err &
	loader=$!
	exec {feed}>pipe
	numbered 20000 >&"$feed"
	[ "$(lsm-cli db scan --count | cut -f1)" = 3 ]
	exec {feed}>&-
	wait "$loader"
	[ "$(lsm-cli db scan --count | cut -f1)" = 20003 ]
}

@test "killed in the middle it leaves nothing, and the next writer cleans up" {
	mkfifo pipe
	fruit
	lsm-cli db load --sorted pipe 2>err &
	loader=$!
	exec {feed}>pipe
	numbered 20000 >&"$feed"
	until [ -n "$(ls db/*.sst 2>/dev/null)" ]; do :; done
	kill -9 "$loader"
	exec {feed}>&-
	wait "$loader" && false
	[ "$(lsm-cli db scan --count | cut -f1)" = 3 ]
	lsm-cli db put date brown
	[ -z "$(ls db/*.sst 2>/dev/null)" ]
	[ "$(lsm-cli db scan --count | cut -f1)" = 4 ]
}

@test "progress tells what was taken, then what was committed" {
	numbered 30000 >records
	lsm-cli --create db load --sorted --progress=json records 2>err
	jq -es 'last.records == 30000 and last.bytes_read > 0' err
	lsm-cli --create again load --sorted --progress records 2>err
	grep -q '^lsm-cli: load: 30000 records committed, ' err
	fails 0 'lsm-cli: records: records committed: 30000
lsm-cli: load: done' lsm-cli -v --create verbose load --sorted records
}

# Peak memory in KB of a load that was fed so many records.
peak() {
	local feed loader
	mkfifo pipe
	lsm-cli --create --set table_size=65536 "db$1" load --sorted pipe &
	loader=$!
	exec {feed}>pipe
	numbered "$1" >&"$feed"
	awk '/VmHWM/ { print $2 }' "/proc/$loader/status"
	exec {feed}>&-
	wait "$loader"
	rm pipe
}

@test "memory does not grow with the input" {
	small=$(peak 100000)
	large=$(peak 1000000)
	[ "$large" -lt $((small + small / 2)) ]
	[ "$(lsm-cli db1000000 scan --count | cut -f1)" = 1000000 ]
}
