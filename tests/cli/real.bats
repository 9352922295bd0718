#!/usr/bin/env bats
# This machine's own files through other tools and back: keys are paths, and the
# bytes of inode, time and size; values are heads of files, text or not.
load helper

# in.hex: the records as hexadecimal digits, sorted, by perl and sort alone.
setup_file() {
	find /usr/bin /usr/lib /usr/share -xdev -type f -size -64k |
	    LC_ALL=C sort | awk 'NR % 8 == 1 && ++n <= 1500' |
	    perl -ne 'chomp; open(my $file, "<:raw", $_) or next;
		my @s = stat $file; read($file, my $head, 1 + $s[7] % 300);
		printf "%s %s\n", unpack("H*", $_), unpack("H*", $head) || "-";
		printf "%s %s\n", unpack("H*", pack("NNN", @s[1, 9, 7])),
		    unpack("H*", "$_\0$head")' |
	    LC_ALL=C sort -u -k1,1 >"$BATS_FILE_TMPDIR/in.hex"
}

# A database `db` of them, loaded in no order, of a table and a log.
machine() {
	hex=$BATS_FILE_TMPDIR/in.hex
	[ "$(wc -l <"$hex")" -ge 1000 ]
	# Binary on both sides.
	grep -q '^00' "$hex"
	grep -qE ' ([0-9a-f]{2})*(00|0a|09|ff)' "$hex"
	shuf "$hex" >shuffled
	head -n 1000 shuffled | lsm-cli --create --sync=off db load --format=hex
	lsm-cli db flush
	tail -n +1001 shuffled | lsm-cli --sync=off db load --format=hex
}

same() {
	lsm-cli "$1" scan --format=hex | cmp "$hex" -
}

@test "real data: as it went in, and through each format of ours" {
	machine
	same db
	for format in tsv hex jsonl bdb bdb-print pairs cdb; do
		lsm-cli db scan --format=$format |
		    lsm-cli --create --sync=off "$format" load --format=$format
		same "$format"
	done
}

@test "real data: db_load and db_dump" {
	type db_load db_dump
	machine
	lsm-cli db export | db_load real.db
	db_dump real.db | lsm-cli --create --sync=off copy import
	same copy
	db_dump -p real.db | lsm-cli --create --sync=off printed import
	same printed
	lsm-cli db scan --format=bdb-print | db_load printed.db
	db_dump printed.db | cmp - <(db_dump real.db)
	lsm-cli db scan --format=pairs | db_load -T -t btree pairs.db
	db_dump pairs.db | cmp - <(db_dump real.db)
}

@test "real data: mdb_load and mdb_dump" {
	type mdb_load mdb_dump
	machine
	mkdir mdb
	lsm-cli db export --bdb-mapsize=32M - | mdb_load mdb
	mdb_dump mdb | lsm-cli --create --sync=off copy import
	same copy
	# Not printed: mdb_dump leaves a backslash alone, and mdb_load takes
	# another byte for one that stands behind an escape.
}

@test "real data: cdb" {
	type cdb
	machine
	lsm-cli db scan --format=cdb | cdb -c real.cdb
	cdb -d real.cdb | lsm-cli --create --sync=off copy load
	same copy
	path=$(lsm-cli db scan --prefix=/usr/share/ --limit=1 --keys-only)
	cdb -q real.cdb "$path" | cmp - <(lsm-cli db get "$path")
}

@test "real data: jq" {
	type jq
	machine
	lsm-cli db scan --format=jsonl | jq -c . |
	    lsm-cli --create --sync=off copy load --format=jsonl
	same copy
	[ "$(lsm-cli db scan --format=jsonl | jq -s length)" = \
	    "$(wc -l <"$hex")" ]
	lsm-cli db scan --format=jsonl --json-bytes=hex |
	    jq -r '.key_hex + " " + if .value_hex == "" then "-"
		else .value_hex end' | cmp "$hex" -
}

@test "real data: sort, both ways round, and into sorted tables" {
	machine
	lsm-cli db scan --format=hex | LC_ALL=C sort -c
	lsm-cli db scan --reverse --format=hex | cmp - <(LC_ALL=C sort -r "$hex")
	lsm-cli db scan | sort -r |
	    lsm-cli --create --sync=off copy load --format=tsv
	same copy
	LC_ALL=C sort shuffled |
	    lsm-cli --create --sync=off sorted load --sorted --format=hex
	same sorted
}

@test "real data: join of two databases, as the keys of both" {
	machine
	awk 'NR % 3 == 0 { print $1, "33" }' "$hex" |
	    lsm-cli --create --sync=off thirds load --format=hex
	LC_ALL=C join <(lsm-cli db scan --format=hex) \
	    <(lsm-cli thirds scan --format=hex) >joined
	awk 'NR % 3 == 0 { print $0, "33" }' "$hex" >want
	cmp want joined
	# Escapes are not in the order of the bytes that they stand for.
	LC_ALL=C join -v 1 -t $'\t' \
	    <(lsm-cli db scan | LC_ALL=C sort -t $'\t' -k1,1) \
	    <(lsm-cli thirds scan --keys-only --format=tsv | LC_ALL=C sort) |
	    lsm-cli --create --sync=off rest load
	lsm-cli rest scan --format=hex | cmp - <(awk 'NR % 3' "$hex")
}
