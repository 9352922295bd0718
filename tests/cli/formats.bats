#!/usr/bin/env bats
# Records out and in again, in each format, and through the tools of others.
load helper

# A database `db` with binary keys and values, quotes, blanks and UTF-8.
zoo() {
	awk 'BEGIN { for (i = 0; i < 256; i++)
	    printf "put --key-format=hex 6b%02x \"v\\x%02x\\n\\0 \\\\ %d\"\n", i, i, i }' |
	    lsm-cli --create --sync=off db
	printf 'k \tblank\nk"q\tquo"te\nk->\t->\nkey\t+1,1:a->b\ngr\303\274n\t\360\237\215\217\nnone\t\n' |
	    lsm-cli db load
	lsm-cli db scan >zoo.tsv
}

# The database $1 has the records of db.
same() {
	lsm-cli "$1" scan | cmp zoo.tsv -
}

@test "each format reads back what it wrote" {
	zoo
	for format in tsv hex jsonl bdb bdb-print pairs cdb; do
		lsm-cli db scan --format=$format >out
		lsm-cli --create copy.$format load --format=$format out
		same copy.$format
	done
	lsm-cli db scan --format=ops | lsm-cli --create copy.ops batch
	same copy.ops
	lsm-cli db scan --format=nul --key-format=hex --value-format=base64 |
	    lsm-cli --create copy.nul load --format=nul --key-format=hex \
	    --value-format=base64
	same copy.nul
	lsm-cli db scan --format=jsonl --json-bytes=hex >out
	jq -es 'all(.[]; has("key_hex") and has("value_hex"))' out
	lsm-cli --create copy.json_hex load out
	same copy.json_hex
}

@test "bdb, cdb and jsonl are known by their first bytes" {
	zoo
	for format in bdb bdb-print cdb jsonl; do
		lsm-cli db scan --format=$format >out
		lsm-cli --create copy.$format load out
		same copy.$format
	done
	printf '+1,1\tplain\n{"a":1}\tplain too\n' |
	    lsm-cli --create plain load
	[ "$(lsm-cli plain scan --count | cut -f1)" = 2 ]
}

@test "through db_load and db_dump" {
	zoo
	lsm-cli db scan --format=bdb | db_load bdb.db
	db_dump bdb.db | lsm-cli --create copy load
	same copy
	db_dump -p bdb.db | lsm-cli --create copy.p load
	same copy.p
	lsm-cli db scan --format=bdb-print | db_load print.db
	db_dump print.db | cmp - <(db_dump bdb.db)
	lsm-cli db scan --format=pairs | db_load -T -t btree pairs.db
	db_dump pairs.db | cmp - <(db_dump bdb.db)
}

@test "through mdb_load and mdb_dump" {
	zoo
	mkdir mdb
	lsm-cli db scan --format=bdb --bdb-mapsize=8M | mdb_load mdb
	mdb_dump mdb | lsm-cli --create copy load
	same copy
	rm -r db
	# Its -p leaves backslashes bare in some versions: none here.
	orchard
	lsm-cli db scan --limit=9 >zoo.tsv
	mkdir plain
	lsm-cli db scan --limit=9 --format=bdb-print | mdb_load plain
	mdb_dump -p plain | lsm-cli --create copy.p load
	same copy.p
}

@test "mdb_load is told the size, and warned of keys it refuses" {
	orchard
	mkdir mdb
	lsm-cli db scan --format=bdb --bdb-mapsize=64M | mdb_load mdb
	mdb_dump mdb | lsm-cli --create --sync=off copy load
	lsm-cli copy scan | cmp - <(lsm-cli db scan)
	lsm-cli db put '' empty
	lsm-cli db scan --limit=1 --format=bdb 2>err >out
	grep -q '^lsm-cli: 1 keys are empty or longer than 511' err
}

@test "through cdb" {
	zoo
	lsm-cli db scan --format=cdb | cdb -c zoo.cdb
	[ "$(cdb -q zoo.cdb 'k ')" = blank ]
	cdb -d zoo.cdb | lsm-cli --create copy load
	same copy
}

@test "hex lines sort, join and compare as the keys do" {
	zoo
	lsm-cli db scan --format=hex >out
	LC_ALL=C sort -c out
	lsm-cli db scan --format=hex --reverse | LC_ALL=C sort | cmp - out
	LC_ALL=C join out out | awk 'NF != 3 { exit 1 }'
	lsm-cli db get --format=hex none >none
	[ "$(cat none)" = '6e6f6e65 -' ]
}

@test "json that jq wrote is read, and what is no record is named" {
	zoo
	lsm-cli db scan --format=jsonl | jq -c '. + {note: [1, {}]}' |
	    lsm-cli --create copy load
	same copy
	while IFS= read -r line; do
		printf '{"key":"a","value":"b"}\n%s\n' "$line" >bad
		got=0
		lsm-cli --create new load bad 2>err || got=$?
		[ "$got" -eq 65 ]
		grep -q '^lsm-cli: bad:2: ' err
	done <<'END'
{"key":"a"}
{"value":"a"}
{"key":1,"value":"a"}
{"key":"a","key_hex":"61","value":"b"}
{"key":"a","key":"b","value":"b"}
{"key_hex":"6","value":"b"}
{"key_hex":"zz","value":"b"}
["key","value"]
{"key":"a","value":"b"
{"key":"\ud800","value":"b"}
nonsense

END
}

@test "a framed file proves that it is whole" {
	zoo
	for format in tsv hex jsonl; do
		lsm-cli db scan --framed --format=$format >whole
		lsm-cli --create copy.$format load --format=$format --framed \
		    whole
		same copy.$format
		lsm-cli --create import.$format import --format=$format whole
		same import.$format
		# Without the word it is verified all the same.
		lsm-cli db scan --format=$format >plain
		refused_end 'the end mark is missing' $format plain
		head -n -1 whole >cut
		refused_end 'the end mark is missing' $format cut
		sed 3d whole >less
		refused_end 'counts other records' $format less
		sed '3s/6/7/' whole >other
		cmp -s whole other ||
		    refused_end 'another checksum' $format other
		{ cat whole; head -n 1 whole; } >more
		refused_end 'something follows' $format more
	done
}

refused_end() {
	local got=0
	rm -rf none
	lsm-cli --create none load --framed --atomic --format=$2 "$3" \
	    2>err || got=$?
	[ "$got" -eq 65 ]
	grep -q "$1" err
	grep -q 'records committed: 0' err
	[ "$(lsm-cli none scan --count)" = $'0\t0\t0' ]
}

@test "a framed file has one sum, however its bytes come" {
	orchard
	head -c 300000 /dev/zero | tr '\0' x | lsm-cli db put long --value-file -
	for format in tsv hex jsonl; do
		lsm-cli db scan --framed --format=$format >whole
		rm -rf copy
		lsm-cli --create --sync=off copy load --format=$format --framed \
		    whole
		for piece in 777 65536; do
			rm -rf piped
			dd bs=$piece <whole 2>/dev/null |
			    lsm-cli --create --sync=off piped load \
			    --format=$format --framed -
			cmp <(lsm-cli db scan) <(lsm-cli piped scan)
		done
		cmp <(lsm-cli db scan) <(lsm-cli copy scan)
		# One letter, near the beginning, near a buffer's end, at the end.
		for line in 2 1500 20000; do
			sed "${line}s/[0-8]\([^0-8]*\)$/9\1/" whole >other
			refused_end 'another checksum' $format other
		done
	done
}

@test "export and import in every format, and what marks the end" {
	zoo
	for format in tsv hex jsonl bdb bdb-print cdb ops nul pairs; do
		how=--format=$format
		# A text that has no NUL.
		[ $format != nul ] ||
		    how+=' --key-format=hex --value-format=base64'
		lsm-cli db export $how out.$format
		lsm-cli --create --sync=end copy.$format import $how out.$format
		same copy.$format
		lsm-cli --create --sync=end sorted.$format import --sorted \
		    $how out.$format
		same sorted.$format
		# Cut behind a record, a marked file is no longer whole.
		lsm-cli db scan $how --limit=100 >begin
		case $format in cdb | bdb*) sed -i '$d' begin ;; esac
		head -c "$(wc -c <begin)" out.$format | cmp - begin
		want=65
		case $format in nul | pairs) want=0 ;; esac
		got=0
		lsm-cli --create part.$format import $how begin 2>err || got=$?
		[ "$got" -eq "$want" ]
		[ "$(lsm-cli part.$format scan --count | cut -f1)" = 100 ]
	done
	for format in nul pairs; do
		refused 64 lsm-cli db export --format=$format --framed
		refused 64 lsm-cli db import --format=$format --framed begin
	done
	for format in raw text prom; do
		refused 64 lsm-cli db export --format=$format
		refused 64 lsm-cli db import --format=$format begin
	done
}

@test "import of ops takes puts only" {
	printf 'put\ta\t1\ndel\ta\nput\tb\t2\nequals\ta\t9\ncommit\n' >ops
	fails 65 'lsm-cli: ops:2: not a put: batch reads all operations
lsm-cli: ops: records committed: 1, last key: a' \
	    lsm-cli --create db import --format=ops ops
	got=0
	for sorted in '' --sorted; do
		lsm-cli --create "new$sorted" import --format=ops ops $sorted \
		    --skip-bad 2>err || got=$?
		[ "$got" -eq 65 ]
		[ "$(grep -c 'not a put' err)" -eq 2 ]
		[ "$(lsm-cli ./"new$sorted" scan)" = $'a\t1\nb\t2' ]
	done
}

@test "bdb and cdb without their end are cut short" {
	fruit
	for format in bdb bdb-print cdb; do
		lsm-cli db scan --format=$format >whole
		for n in 2 10 20 21 22; do
			head -c -$n whole >cut
			refused_end . $format cut
		done
		: >empty
		refused_end 'the end mark is missing' $format empty
	done
	head -c -1 whole >cut
	refused_end . cdb cut
}

# mdb_dump writes DATA=END and exits 0 after an error and after an interrupt.
@test "no end mark after a failure, an interrupt or a full disk" {
	orchard
	lsm-cli db flush
	table=$(ls db/*.sst | tail -n 1)
	size=$(stat -c %s "$table")
	dd if=/dev/zero of="$table" bs=1 count=4096 conv=notrunc \
	    seek=$((size / 8192 * 4096)) status=none
	for format in bdb cdb jsonl tsv hex; do
		got=0
		lsm-cli db export --format=$format >out 2>err || got=$?
		[ "$got" -eq 65 ]
		[ "$(tail -n 1 out)" != DATA=END ]
		! tail -n 1 out | grep -Eq '^(\\?end|\{"end"|$)'
		got=0
		lsm-cli db export --format=$format file 2>err || got=$?
		[ "$got" -eq 65 ]
		[ ! -e file ]
	done
	got=0
	lsm-cli db export 2>err >/dev/full || got=$?
	[ "$got" -eq 65 ] || [ "$got" -eq 74 ]
}

@test "dumps of others: sections, unknown words, doubled keys" {
	printf 'VERSION=3\nformat=print\ntype=btree\nmapsize=1\nodd=1\nHEADER=END\n a\\00\n 1\\\\\nDATA=END\nVERSION=3\nformat=bytevalue\ntype=hash\nHEADER=END\n 62\n 32\nDATA=END\n' |
	    lsm-cli --create db load 2>err
	grep -qx 'lsm-cli: stdin:5: passed over: odd=1' err
	[ "$(wc -l <err)" -eq 1 ]
	[ "$(lsm-cli db scan)" = $'a\\0\t1\\\\\nb\t2' ]
	printf 'VERSION=3\nformat=print\ntype=btree\nduplicates=1\nHEADER=END\n a\n 1\n a\n 2\n b\n 3\nDATA=END\n' >dup
	got=0
	lsm-cli db load dup 2>err || got=$?
	[ "$got" -eq 65 ]
	lsm-cli --create first load --dups=first dup
	[ "$(lsm-cli first scan)" = $'a\t1\nb\t3' ]
	lsm-cli --create last load --dups=last dup
	[ "$(lsm-cli last scan)" = $'a\t2\nb\t3' ]
	printf 'VERSION=3\ntype=recno\nHEADER=END\nDATA=END\n' >recno
	got=0
	lsm-cli db load recno 2>err || got=$?
	[ "$got" -eq 65 ]
}

@test "a NUL in a field is no text of nul" {
	lsm-cli --create db put --key-format=hex 6100 v
	got=0
	lsm-cli db scan --format=nul 2>err || got=$?
	[ "$got" -eq 65 ]
	[ "$(lsm-cli db scan --format=nul --key-format=hex | tr '\0' ' ')" = \
	    '6100 v ' ]
	lsm-cli --create other put 'a b' x
	[ "$(lsm-cli other scan --format=nul --keys-only |
	    xargs -0 printf '<%s>')" = '<a b>' ]
}

@test "keys as hex, base64 and numbers" {
	lsm-cli --create db put --key-format=base64 AAEC b
	[ "$(lsm-cli db get --key-format=hex 000102)" = b ]
	[ "$(lsm-cli db scan --keys-only --key-format=base64)" = AAEC ]
	lsm-cli db delete --key-format=base64 AAEC
	for f in u32be u64be u32le u64le; do
		rm -rf db
		for n in 300 7 65536; do
			lsm-cli --create db put --key-format=$f $n v$n
		done
		[ "$(lsm-cli db get --key-format=$f 300)" = v300 ]
		lsm-cli db scan --keys-only --key-format=$f | sort -n >out
		[ "$(cat out)" = $'7\n300\n65536' ]
	done
	rm -rf db
	lsm-cli --create db put --key-format=u32be 258 v
	[ "$(lsm-cli db scan --keys-only --key-format=hex)" = 00000102 ]
	[ "$(lsm-cli db scan --key-format=u32be 258 259 --count)" = \
	    $'1\t4\t1' ]
	lsm-cli db put long v
	lsm-cli db put longer v
	got=0
	lsm-cli db scan --key-format=u32be >out 2>err || got=$?
	[ "$got" -eq 65 ]
	for bad in 'u32be 4294967296' 'u32be -1' 'u32be x' "u32be ''" \
	    'u64be 18446744073709551616' 'base64 A' 'base64 AA' \
	    'base64 AAE' 'base64 AB==' 'base64 A===' 'base64 AA=A' 'hex 0'; do
		set -- $bad
		refused 64 lsm-cli db put --key-format=$1 "$2" v
	done
	lsm-cli db put --value-format=hex binary 00ff
	[ "$(lsm-cli db get binary | od -An -tx1)" = ' 00 ff' ]
	[ "$(lsm-cli db get --value-format=base64 binary)" = AP8= ]
}

@test "the empty key in hex is a hyphen, wherever it is read" {
	lsm-cli --create db put '' nothing
	lsm-cli db scan --format=hex --keys-only >keys
	[ "$(cat keys)" = - ]
	[ "$(lsm-cli db get --key-format=hex --keys-from=keys --format=tsv)" = \
	    $'\tnothing' ]
	[ "$(lsm-cli db get --key-format=hex -)" = nothing ]
	[ "$(lsm-cli db get --key-format=hex '')" = nothing ]
	lsm-cli db has --key-format=hex -
	[ "$(lsm-cli db scan --key-format=hex - 00 --count | cut -f1)" = 1 ]
	printf -- '-\t-\n' |
	    lsm-cli db load --key-format=hex --value-format=hex
	lsm-cli db get '' | cmp - /dev/null
	lsm-cli db delete --key-format=hex --keys-from=keys
	[ "$(lsm-cli db scan --count | cut -f1)" = 0 ]
	refused 64 lsm-cli db get --key-format=hex -- --
}

@test "keys from files" {
	fruit
	printf 'a\0b\n' >key
	lsm-cli db put --key-file=key value
	[ "$(lsm-cli db get --key-file=- <key)" = value ]
	lsm-cli db has --key-file=key
	lsm-cli db delete --key-file=key
	fails 1 '' lsm-cli db has --key-file=key
	printf 'cherry\nplum\napple\n' >keys
	got=0
	lsm-cli -q db get --keys-from=keys >out || got=$?
	[ "$got" -eq 1 ]
	printf 'cherry\tdark red\napple\tred\n' | cmp - out
	printf 'banana\0apple' | lsm-cli db get --keys-from=- -0 >out
	printf 'banana\tyellow\napple\tred\n' | cmp - out
	lsm-cli db delete --keys-from=keys
	[ "$(lsm-cli db scan --keys-only)" = banana ]
	lsm-cli db scan --keys-only --key-format=hex |
	    lsm-cli db get --key-format=hex --keys-from=- --format=jsonl >out
	[ "$(jq -r .value_hex out)" = null ]
	refused 64 lsm-cli db get --keys-from=keys apple
	refused 64 lsm-cli db get -0 apple
	refused 64 lsm-cli db get
}
