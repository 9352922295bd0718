#!/usr/bin/env bats
# load: records from text, what is wrong with them, and what is kept.
load helper

@test "what scan prints, load reads" {
	awk 'BEGIN { for (i = 0; i < 256; i++)
	    printf "put --key-format=hex 61%02x \"v\\x%02x\\n\"\n", i, i }' |
	    lsm-cli --create --sync=off db
	lsm-cli db scan >records
	lsm-cli --create copy load records
	lsm-cli copy scan | cmp - records
	lsm-cli db scan --key-format=hex |
	    lsm-cli --create hexed load --key-format=hex -
	lsm-cli hexed scan | cmp - records
}

@test "the last newline may be missing" {
	printf 'a\t1\nb\t2' | lsm-cli --create db load
	[ "$(lsm-cli db scan)" = $'a\t1\nb\t2' ]
}

@test "empty keys, empty values and an empty file" {
	lsm-cli --create db load </dev/null
	[ "$(lsm-cli db scan --count)" = $'0\t0\t0' ]
	printf '\t\nb\t\n' | lsm-cli db load
	[ "$(lsm-cli db scan --count)" = $'2\t1\t0' ]
}

@test "of several with one key the last holds" {
	printf 'a\t1\na\t2\n' | lsm-cli --create db load
	[ "$(lsm-cli db get a)" = 2 ]
}

@test "bytes that need no escape may stand as they are" {
	printf 'k\001\377\t\303\274\r\n' | lsm-cli --create db load
	lsm-cli db get $'k\001\377' >out
	printf '\303\274\r' | cmp - out
}

@test "a line without TAB ends the load and is named" {
	printf 'a\t1\nb\t2\nfoo\nc\t3\n' >bad
	fails 65 'lsm-cli: bad:3: no TAB between key and value
lsm-cli: bad: records committed: 2, last key: b' \
	    lsm-cli --create db load bad
	[ "$(lsm-cli db scan)" = $'a\t1\nb\t2' ]
}

@test "what was read before a bad line is committed, however many batches" {
	awk 'BEGIN { for (i = 0; i < 5000; i++) printf "%04d\tv\n", i
		print "bad" }' >records
	for n in 1 7 1000 4999 5000 6000; do
		rm -rf db
		fails 65 'lsm-cli: records:5001: no TAB between key and value
lsm-cli: records: records committed: 5000, last key: 4999' \
		    lsm-cli --create --sync=off db load --batch-size=$n records
		[ "$(lsm-cli db scan --count | cut -f1)" = 5000 ]
	done
}

# On a file system of a few megabytes, filled while batches are on their way.
@test "a disk that fills up: what was committed is told, and there" {
	[ "$(id -u)" -eq 0 ] || skip 'mounting needs root'
	unshare -m sh -euc '
		mkdir small
		mount -t tmpfs -o size=48m tmpfs small
		od -An -v -tx1 -w64 -N 60000000 /dev/urandom | tr -d " " |
		    awk "{ printf \"%08d\\t%s\\n\", NR, \$0 }" >records
		got=0
		lsm-cli --create --sync=off small/db load records 2>err ||
		    got=$?
		cat err
		[ "$got" -eq 74 ]
		[ "$(wc -l <err)" -eq 2 ]
		n=$(sed -n "s/.*committed: \([0-9]*\), last key: .*/\1/p" err)
		[ "$n" -gt 0 ]
		[ "$(printf %08d "$n")" = "$(sed -n "s/.*last key: //p" err)" ]
		lsm-cli small/db scan >out
		head -n "$n" records | cmp - out
		rm -rf small/db
		got=0
		lsm-cli --create small/db load --sorted records 2>err || got=$?
		cat err
		[ "$got" -eq 74 ]
		grep -qx "lsm-cli: records: records committed: 0" err
		[ -z "$(ls small/db/*.sst 2>/dev/null)" ]
	'
}

@test "each kind of malformed line is refused" {
	for line in '' 'x' 'a\tb\tc' 'a\\q\tb' 'a\tb\\' 'a\tb\\x1' \
	    'a\tb\\xg1'; do
		rm -rf db
		printf "ok\t1\n$line\nlate\t2\n" >bad
		got=0
		lsm-cli --create db load <bad >out 2>err || got=$?
		[ "$got" -eq 65 ]
		[ ! -s out ]
		grep -q '^lsm-cli: stdin:2: ' err
		grep -qx 'lsm-cli: stdin: records committed: 1, last key: ok' \
		    err
		[ "$(lsm-cli db scan)" = $'ok\t1' ]
	done
}

@test "a bad first line commits nothing" {
	printf 'x\n' >bad
	fails 65 'lsm-cli: bad:1: no TAB between key and value
lsm-cli: bad: records committed: 0' lsm-cli --create db load bad
}

@test "batches of one, of a few, and larger than the input" {
	awk 'BEGIN { for (i = 0; i < 250; i++) printf "%04d\tv\n", i }' >records
	for n in 1 7 100 250 251 4000000000; do
		rm -rf db
		lsm-cli --create --sync=off db load --batch-size=$n records
		lsm-cli db scan | cmp - records
	done
}

@test "each sync mode stores all" {
	awk 'BEGIN { for (i = 0; i < 250; i++) printf "%04d\tv\n", i }' >records
	for mode in always batch end off; do
		rm -rf db
		lsm-cli --create db load --sync=$mode --batch-size=100 records
		lsm-cli db scan | cmp - records
	done
}

@test "a line of megabytes is a record" {
	head -c 5000000 /dev/zero | tr '\0' v >value
	{ printf 'k\t'; cat value; printf '\nl\t1\n'; } |
	    lsm-cli --create db load
	lsm-cli db get k | cmp - value
	[ "$(lsm-cli db get l)" = 1 ]
}

@test "a key without end is refused before memory runs out" {
	# What it did not read it does not hold.
	{ trap '' PIPE; dd if=/dev/zero bs=64K count=10000 2>read || :; } |
	    { lsm-cli --create db load 2>err || echo $? >status; }
	[ "$(cat status)" -eq 65 ]
	grep -q '^lsm-cli: stdin:1: longer than ' err
	[ "$(sed -n 's/+.* records out$//p' read)" -lt 64 ]
}

# The most memory that a running process had, in KiB.
memory_of() {
	sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB$/\1/p' "/proc/$1/status"
}

@test "memory of load and scan does not grow with the input" {
	mkfifo records shown
	lsm-cli --create --sync=off --memtable-size=1M db load records &
	loader=$!
	exec {to}>records
	awk 'BEGIN { v = sprintf("%01000d", 0)
	    for (i = 0; i < 60000; i++) printf "%08d\t%s\n", i, v }' >&"$to"
	[ "$(memory_of "$loader")" -lt 40000 ]
	exec {to}>&-
	wait "$loader"
	lsm-cli db scan >shown &
	scanner=$!
	exec {from}<shown
	head -c 55000000 <&"$from" | tail -c 1 >out
	[ -s out ]
	[ "$(memory_of "$scanner")" -lt 40000 ]
	cat <&"$from" >out
	wait "$scanner"
}

@test "the longest key loads, escaped to four times its size" {
	key=$(awk 'BEGIN { for (i = 0; i < 4096; i++) printf "\\x80" }')
	printf '%s\t1\n' "$key" | lsm-cli --create db load
	[ "$(lsm-cli db scan --count)" = $'1\t4096\t1' ]
	printf '%sk\t1\n' "$key" >bad
	fails 65 'lsm-cli: bad:1: longer than 16384 bytes
lsm-cli: bad: records committed: 0' lsm-cli db load bad
	head -c 4097 /dev/zero | tr '\0' k >bad
	printf '\t1\n' >>bad
	fails 65 'lsm-cli: bad:1: key: too long
lsm-cli: bad: records committed: 0' lsm-cli db load bad
}

@test "a file that is not there, and a directory" {
	fails 66 'lsm-cli: nope: No such file or directory' \
	    lsm-cli --create db load nope
	[ ! -e db ]
	mkdir dir
	got=0
	lsm-cli --create db load dir 2>err || got=$?
	[ "$got" -eq 74 ]
	grep -q '^lsm-cli: dir: Is a directory$' err
}

@test "a large load leaves no heap of runs to the readers" {
	awk 'BEGIN {
		for (i = 0; i < 200000; i++)
			printf "%07d\t%0100d\n", i * 7919 % 200000, i
	}' >records
	lsm-cli --create --sync=off --set codec=none --memtable-size=256K \
	    db load --progress=1ms records 2>err
	grep -q '^lsm-cli: load: 200000 records committed, merging, [0-9]* s$' err
	lsm-cli db stats --format=json |
	    jq -e '(.level["0"].runs // 0) < 2'
}

@test "progress at a terminal: a line over the last one, with rate and time left" {
	awk 'BEGIN { for (i = 0; i < 30000; i++) printf "%06d\t%d\n", i, i }' >records
	cat >typed.exp <<'END'
log_user 0
log_file -noappend -a seen
set timeout 10
spawn lsm-cli --create db load --rate=150K records
expect_after timeout { exit 9 }
set line {\rlsm-cli: load: (\d+) records [a-z]+, \d+ MB read, \d+ records/s, [^\r\n]+ left\x1b\[K}
expect -re $line
set first $expect_out(1,string)
expect -re $line
if {$expect_out(1,string) <= $first} { exit 8 }
expect eof
exit [lindex [wait] 3]
END
	expect typed.exp || { cat -v seen; false; }
	[ "$(lsm-cli db scan --count | cut -f1)" = 30000 ]
}

@test "no progress in a log by accident, -v and --progress on demand" {
	printf 'a\t1\n' >records
	fails 0 '' lsm-cli --create db load records
	fails 0 'lsm-cli: records: records committed: 1
lsm-cli: load: done' lsm-cli -v db load records
	lsm-cli db load --progress records 2>err
	grep -q '^lsm-cli: load: 1 records committed, ' err
	fails 0 '' lsm-cli -q db load --progress records
}

@test "progress tells how much of a file is left, and not of a pipe" {
	awk 'BEGIN { for (i = 0; i < 250; i++) printf "%04d\tv\n", i }' >records
	lsm-cli --create --sync=off db load --progress records 2>err
	grep -q ' 250 records committed, .* records/s, 100 %, 0 s left$' err
	lsm-cli --sync=off db load --progress <records 2>err
	grep -q '100 %' err
	cat records | lsm-cli --sync=off db load --progress 2>err
	grep -q ' records/s$' err
	lsm-cli --sync=off db load --progress=json records 2>err
	jq -e '.bytes_total == 1750 and .bytes_read == 1750' err
	jq -e '.left_us == 0 and .records_per_s > 0' err
	cat records | lsm-cli --sync=off db load --progress=json 2>err
	jq -e 'has("left_us") and .left_us == null' err
}

@test "--skip-bad names each bad record and exits 65 all the same" {
	printf 'a\t1\nbad\nb\t\\q\n\\q\tx\nc\t3\n' >bad
	fails 65 'lsm-cli: bad:2: no TAB between key and value
lsm-cli: bad:3: value: a backslash needs \ t n r 0 or xHH behind it
lsm-cli: bad:4: key: a backslash needs \ t n r 0 or xHH behind it
lsm-cli: bad: records skipped: 3
lsm-cli: bad: records committed: 2, last key: c' \
	    lsm-cli --create db load --skip-bad bad
	[ "$(lsm-cli db scan)" = $'a\t1\nc\t3' ]
	got=0
	lsm-cli --create few load --skip-bad=2 bad 2>err || got=$?
	[ "$got" -eq 65 ]
	[ "$(lsm-cli few scan)" = $'a\t1' ]
	printf 'x\n1\n\\q\n2\ny\n\\q\nz\n3\n' >bad
	got=0
	lsm-cli --create pairs load --format=pairs --skip-bad bad 2>err ||
	    got=$?
	[ "$got" -eq 65 ]
	[ "$(lsm-cli pairs scan)" = $'x\t1\nz\t3' ]
	{ head -c 90000 /dev/zero | tr '\0' k; printf '\t1\nok\t2\n'; } >bad
	got=0
	lsm-cli --create long load --skip-bad bad 2>err || got=$?
	[ "$got" -eq 65 ]
	[ "$(lsm-cli long scan)" = $'ok\t2' ]
}

@test "--atomic: all records or none" {
	fruit
	awk 'BEGIN { for (i = 0; i < 5000; i++) printf "%d\tv\n", i
	    print "bad" }' >bad
	got=0
	lsm-cli db load --atomic bad 2>err || got=$?
	[ "$got" -eq 65 ]
	grep -qx 'lsm-cli: bad: records committed: 0' err
	[ "$(lsm-cli db scan --count | cut -f1)" = 3 ]
	head -n 5000 bad | lsm-cli -v db load --atomic 2>err
	grep -q 'records committed: 5000$' err
	[ "$(lsm-cli db scan --count | cut -f1)" = 5003 ]
}

@test "batch: groups of puts and deletes, all or none each" {
	fruit
	printf 'put\tkiwi\tgreen\ndel\tapple\ncommit\n\nput\tfig\tblue\n' >ops
	lsm-cli db batch ops
	[ "$(lsm-cli db scan --keys-only | tr '\n' ' ')" = \
	    'banana cherry fig kiwi ' ]
	printf 'del\tfig\ncommit\ndel\tkiwi\nfrob\n' >ops
	fails 65 'lsm-cli: ops:4: no operation: put, del, delrange, absent, present, equals or commit
lsm-cli: ops: operations committed: 1, last key: fig' \
	    lsm-cli db batch ops
	lsm-cli db has kiwi
	got=0
	printf 'del\tkiwi\ncommit\nput\ta\n' |
	    lsm-cli db batch --atomic 2>err || got=$?
	[ "$got" -eq 65 ]
	lsm-cli db has kiwi
	got=0
	printf 'del\tkiwi\n' | lsm-cli db batch --framed 2>err || got=$?
	[ "$got" -eq 65 ]
	printf 'del\tkiwi\ncommit\n' | lsm-cli db batch --framed
	fails 1 '' lsm-cli db has kiwi
	for line in 'put' 'put\ta' 'del' 'del\ta\tb' 'commit\ta' 'put\ta\tb\tc' \
	    'delrange\ta' 'delrange\ta\tb\tc'; do
		got=0
		printf "$line\n" | lsm-cli db batch 2>err || got=$?
		[ "$got" -eq 65 ]
	done
}

@test "batch: range deletes take part in the order of operations" {
	fruit
	printf 'put\tbean\tgreen\ndelrange\tb\tc\nput\tberry\tblue\n' |
	    lsm-cli db batch
	[ "$(lsm-cli db scan --keys-only)" = $'apple\nberry\ncherry' ]
	printf '%s\n' '{"op":"delrange","key":"b","to_hex":"6300"}' |
	    lsm-cli db batch --format=jsonl
	[ "$(lsm-cli db scan --keys-only)" = $'apple\ncherry' ]
	printf 'delrange\t\\0\tb\\xff\n' | lsm-cli db batch
	[ "$(lsm-cli db scan --keys-only)" = cherry ]
	for bad in '{"op":"delrange","key":"b"}' \
	    '{"op":"delrange","key":"b","value":"c"}'; do
		got=0
		echo "$bad" | lsm-cli db batch --format=jsonl 2>err || got=$?
		[ "$got" -eq 65 ]
	done
}

@test "batch: jsonl is known by its first byte" {
	printf '{"op":"put","key":"a","value":"1"}\n' |
	    lsm-cli --create db batch
	printf '{"key":"b","value":"2","op":"put"}\n{"op":"commit"}\n' |
	    lsm-cli db batch --framed
	printf '\nput\t{\t3\n' | lsm-cli db batch
	[ "$(lsm-cli db scan)" = $'a\t1\nb\t2\n{\t3' ]
	printf '{"key":"c","value":"4"}\n' >none
	fails 65 'lsm-cli: none:1: op: no operation: put, del, delrange, absent, present, equals or commit
lsm-cli: none: operations committed: 0' lsm-cli db batch none
	printf '{\n' | lsm-cli db batch --format=ops 2>err && false
	grep -q 'no operation' err
}

@test "batch: operations as jsonl" {
	printf '%s\n' '{"op":"put","key":"a","value":"1"}' \
	    '{"op":"put","key_hex":"00ff","value_hex":"00","note":[1]}' \
	    '{"op":"commit"}' '{"op":"del","key":"a"}' '' \
	    '{"op":"absent","key":"a"}' \
	    '{"op":"put","key":"b","value":"t\tu"}' >ops
	lsm-cli --create db batch --format=jsonl ops
	[ "$(lsm-cli db scan)" = $'\\0\\xff\t\\0\nb\tt\\tu' ]
	printf '%s\n' '{"op":"equals","key":"b","value":"x"}' \
	    '{"op":"put","key":"b","value":"never"}' |
	    lsm-cli db batch --format=jsonl 2>err && false
	[ "$(lsm-cli db get b)" = $'t\tu' ]
	for bad in '{"op":"frob","key":"a"}' '{"op":"put","key":"a"}' \
	    '{"op":"put","value":"a"}' '{"key":"a","value":"1"}' '{"op":7}' \
	    '[]' '{' 'put'; do
		printf '%s\n' '{"op":"del","key":"b"}' "$bad" >ops
		got=0
		lsm-cli db batch --format=jsonl ops 2>err || got=$?
		[ "$got" -eq 65 ]
		grep -q '^lsm-cli: ops:2: ' err
		grep -qx 'lsm-cli: ops: operations committed: 0' err
	done
	lsm-cli db has b
}

@test "--progress each so often, as json, and when SIGUSR1 asks" {
	awk 'BEGIN { for (i = 0; i < 30000; i++) printf "%d\tv\n", i }' >records
	lsm-cli --create --sync=off db load --progress=json records 2>err
	jq -es 'last.records == 30000 and last.bytes_read > 0' err
	lsm-cli --sync=off db load --progress=1ms records 2>err
	grep -q '^lsm-cli: load: 30000 records committed, ' err
	mkfifo pipe
	lsm-cli --sync=off db load --batch-size=1 pipe 2>err &
	loader=$!
	exec {feed}>pipe
	printf 'a\t1\n' >&"$feed"
	until [ "$(lsm-cli db get a 2>/dev/null)" = 1 ]; do :; done
	kill -USR1 "$loader"
	printf 'b\t1\n' >&"$feed"
	exec {feed}>&-
	wait "$loader"
	grep -q '^lsm-cli: load: .* records committed' err
}

@test "a load can be paced" {
	awk 'BEGIN { for (i = 0; i < 2000; i++) printf "%d\tvalue\n", i }' >records
	start=$(date +%s%N)
	lsm-cli --create --sync=off db load --rate=100K records
	[ $(($(date +%s%N) - start)) -ge 100000000 ]
}

# What was acknowledged on stderr is there, and nothing is missing before it.
killed_load() {
	mkfifo err
	awk 'BEGIN { for (i = 0; ; i++) printf "%012d\tvalue %d\n", i, i }' |
	    lsm-cli --create db load --progress --batch-size=100 "$@" 2>err &
	loader=$!
	exec {err}<err
	read -r line <&"$err"
	read -r line <&"$err"
	kill -9 "$loader"
	wait "$loader" && false
	acknowledged=${line#lsm-cli: load: }
	acknowledged=${acknowledged%% *}
	[ "$acknowledged" -gt 0 ]
	lsm-cli db scan --keys-only >out
	[ "$(wc -l <out)" -ge "$acknowledged" ]
	[ $(($(wc -l <out) % 100)) -eq 0 ]
	awk '$1 != sprintf("%012d", NR - 1) { exit 1 }' out
	lsm-cli db put after yes
	[ "$(lsm-cli db get after)" = yes ]
}

@test "kill -9 in a load that syncs each batch loses nothing" {
	killed_load --sync=batch
}

@test "kill -9 in a load that syncs at its end loses nothing" {
	killed_load --sync=end
}

@test "kill -9 in a load that never syncs loses nothing" {
	killed_load --sync=off
}

@test "a batch that a full disk refused leaves room for smaller ones" {
	unshare -m true 2>/dev/null || skip "no mounts here"
	mkdir small
	cat >full.sh <<'END'
set -e
mount -t tmpfs -o size=6m tmpfs small
lsm-cli --create small/db put a b
used=$(du -sk small | cut -f1)
got=0
awk 'BEGIN { for (i = 0; i < 200000; i++) printf "key%08d\tvalue %d\n", i, i }' |
    lsm-cli --sync=off small/db load --atomic 2>err || got=$?
[ "$got" -eq 74 ]
grep -qx 'lsm-cli: stdin: records committed: 0' err
[ "$(du -sk small | cut -f1)" -le $((used + 64)) ]
lsm-cli small/db put c d
[ "$(lsm-cli small/db scan)" = "$(printf 'a\tb\nc\td')" ]
lsm-cli small/db compact
[ "$(lsm-cli small/db scan --count | cut -f1)" = 2 ]
END
	unshare -m bash full.sh
}
