#!/usr/bin/env bats
# What the tools of other engines got wrong, and ours must not. Each test names
# the defect; what is right about the same command is tested elsewhere.
load helper

# A database `db` of two tables, and a byte of the second's last leaf changed.
bruised() {
	orchard
	lsm-cli --codec=none --create plain import <<<"$(lsm-cli db export)"
	lsm-cli plain compact
	table=$(ls plain/*.sst | tail -n 1)
	at=$(grep -abo 'worm 15000' "$table" | head -n 1 | cut -d: -f1)
	printf X | dd of="$table" bs=1 seek="$at" conv=notrunc status=none
}

@test "not: status 0 behind a read that failed half way (mdb_dump, sst_dump)" {
	bruised
	for format in tsv hex jsonl bdb cdb pairs ops; do
		got=0
		lsm-cli plain scan --format=$format >out 2>err || got=$?
		[ "$got" -eq 65 ]
		grep -q '\.sst: offset [0-9]*: ' err
	done
}

@test "not: a mark of the end behind a failure (mdb_dump, mdbx_dump)" {
	bruised
	lsm-cli plain export >out 2>err && false
	lacks DATA=END out
	lsm-cli plain scan --framed >out 2>err && false
	lacks '^\\end' out
	lsm-cli plain scan --format=cdb >out 2>err && false
	[ "$(tail -n 1 out)" != '' ]
}

@test "not: checksums that nobody looks at (leveldbutil)" {
	bruised
	for command in 'scan' 'scan --count' 'scan --reverse' 'export -' size; do
		got=0
		lsm-cli plain $command >out 2>err || got=$?
		[ "$got" -eq 65 ]
	done
}

@test "not: status 0 for an absent key, and words in place of a value (ldb)" {
	fruit
	fails 1 'lsm-cli: db: plum: not found' lsm-cli db get plum
	[ ! -s out ]
}

@test "not: status 0 for failures (pebble)" {
	fruit
	for command in 'nope scan' 'db frob' 'db scan --frob' 'db get' \
	    'db load nope' 'db export nope/file' 'db scan -o .' \
	    'db checkpoint .'; do
		lsm-cli $command >out 2>err </dev/null && false
		[ -s err ]
		[ ! -s out ]
	done
}

@test "not: sums, pointers and greetings among the data (ldb, sst_dump)" {
	fruit
	lsm-cli db scan >out
	[ "$(cat out)" = $'apple\tred\nbanana\tyellow\ncherry\tdark red' ]
	[ "$(lsm-cli db get apple)" = red ]
	lsm-cli -v db scan >again
	cmp out again
}

@test "not: a value with a newline or a blank more (ldb of heapwolf)" {
	printf ' \n ' | lsm-cli --create db put k -
	lsm-cli db get k >out
	printf ' \n ' | cmp - out
}

@test "not: text that cannot be read back (ldb, leveldbutil)" {
	printf 'put "a ==> b" "c ==> d"\nput "q\\"\\\\" "\\n==>\\t\\xff"\n' |
	    lsm-cli --create db
	for format in tsv hex jsonl bdb bdb-print pairs cdb ops; do
		rm -rf copy
		reader=load
		[ $format != ops ] || reader=batch
		lsm-cli db scan --format=$format |
		    lsm-cli --create copy $reader --format=$format
		[ "$(lsm-cli copy scan)" = "$(lsm-cli db scan)" ]
	done
}

@test "not: a line that is no record is left out, and nobody told (ldb load)" {
	printf 'a\t1\nno record\nb\t2\n' >bad
	fails 65 'lsm-cli: bad:2: no TAB between key and value
lsm-cli: bad: records skipped: 1
lsm-cli: bad: records committed: 2, last key: b' \
	    lsm-cli --create db load --skip-bad bad
}

@test "not: half a load that nobody is told of (mdb_load)" {
	{
		awk 'BEGIN { for (i = 0; i < 2500; i++)
		    printf "%04d\tv\n", i }'
		echo bad
	} >records
	fails 65 'lsm-cli: records:2501: no TAB between key and value
lsm-cli: records: records committed: 2500, last key: 2499' \
	    lsm-cli --create db load records
	[ "$(lsm-cli db scan --count | cut -f1)" = 2500 ]
	fails 65 'lsm-cli: records:2501: no TAB between key and value
lsm-cli: records: records committed: 0' \
	    lsm-cli --create all load --atomic records
	[ "$(lsm-cli all scan --count | cut -f1)" = 0 ]
}

@test "not: a prompt that cannot name a key with blanks (ldb)" {
	printf '%s\n' "put 'two  blanks' ' v '" "get 'two  blanks'" |
	    lsm-cli --create db >out
	[ "$(cat out)" = ' v ' ]
}

@test "not: an end that one command includes and another does not (pebble)" {
	fruit
	for command in 'scan apple cherry --count' 'size apple cherry' \
	    'scan --from=apple --to=cherry --count'; do
		[ "$(lsm-cli db $command | cut -f1)" = 2 ]
	done
	lsm-cli db delete --from=apple --to=cherry -y
	lsm-cli db has cherry
}

@test "not: the first N, turned round, for the last N (scylla)" {
	orchard
	[ "$(lsm-cli db scan --reverse --limit=2 --keys-only | tr '\n' ' ')" = \
	    'tree00019999 tree00019998 ' ]
}

@test "not: files made by who only reads (RocksDB, LevelDB)" {
	fruit
	tree db >before
	for command in 'get apple' scan 'scan --count' stats files size export \
	    'has plum'; do
		lsm-cli db $command >out || :
	done
	tree db | cmp before -
	[ "$(ls | tr '\n' ' ')" = 'before db out ' ]
}

@test "not: a database made of a mistyped name" {
	for command in 'get a' 'put a b' 'delete a' 'load' 'compact' stats; do
		refused 66 lsm-cli dbb $command
		[ ! -e dbb ]
	done
}

@test "not: waiting for ever for a lock, and not a word who has it (bbolt)" {
	fruit
	mkfifo lines
	lsm-cli db <lines &
	writer=$!
	exec {to}>lines
	printf 'put held yes\nget held\n' >&"$to"
	while ! lsm-cli db -q has held; do :; done
	got=0
	lsm-cli db put a b 2>err || got=$?
	[ "$got" -eq 75 ]
	grep -q "$writer" err
	[ "$(lsm-cli db get held)" = yes ]
	exec {to}>&-
	wait "$writer"
}

@test "not: numbers rounded for people where programs read (mongo-rocks)" {
	orchard
	lsm-cli db stats --format=tsv | awk -F'\t' '$2 !~ /^[0-9]+(\.[0-9]+)?$/ { exit 1 }'
	lsm-cli db stats --format=jsonl | jq -e '.db.sequence == 20000'
	lsm-cli db stats --format=prom | grep -qx 'lsm_db_sequence 20000'
}

@test "not: digits grouped as the locale has it (mtbl)" {
	orchard
	plain=$(lsm-cli db scan --count; lsm-cli db stats --format=text)
	for locale in tr_TR.UTF-8 de_DE.UTF-8 C.UTF-8; do
		[ "$(export LC_ALL=$locale; lsm-cli db scan --count
		    lsm-cli db stats --format=text)" = "$plain" ]
	done
}

@test "not: --version that answers with the usage (leveldbutil)" {
	lsm-cli --version >out 2>err
	grep -q '^lsm-cli [0-9]' out
	[ ! -s err ]
}

@test "not: a backslash that stands as it is (mdb_dump -p)" {
	lsm-cli --create db put 'a\41' 'b\'
	lsm-cli db scan --format=bdb-print >out
	grep -qx ' a\\\\41' out
	lsm-cli --create copy load out
	[ "$(lsm-cli copy get 'a\41')" = 'b\' ]
}

@test "not: an escape sequence of a key at the terminal" {
	fruit
	lsm-cli db get $'\033[31mred\033]0;title\a' 2>err && false
	lacks $'\033' err
	lsm-cli db put $'\033[31m' $'\a'
	lsm-cli db scan >out
	lacks $'[\033\a]' out
}
