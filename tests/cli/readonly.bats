#!/usr/bin/env bats
# Who only reads changes nothing, and works where nothing can be changed.
load helper

teardown() {
	[ -z "${open:-}" ] || rm -rf "$open"
}

readers() {
	local words err=$BATS_TEST_TMPDIR/err
	for words in 'get k0001' 'get k0001 plum' 'has k0001' 'has plum' \
	    'scan' 'scan --reverse' 'scan --count' 'stats' 'files' \
	    'scan --strict' 'get k0001 --strict' 'export' 'help'; do
		"$@" db $words >/dev/null 2>"$err" || [ $? -eq 1 ] || {
			cat "$err"
			return 1
		}
	done
	printf 'get k0001\nscan\nstats\nfiles\n' | "$@" db >/dev/null
}

# In a place of its own for mounts: run the function $1 with all that follows.
mounting() {
	export -f readers tree "$1"
	unshare $([ "$(id -u)" -eq 0 ] || echo -r) -m bash -euc '"$@"' bash "$@"
}

may_mount() {
	unshare $([ "$(id -u)" -eq 0 ] || echo -r) -m \
	    mount -t tmpfs tmpfs "$BATS_TEST_TMPDIR" 2>/dev/null ||
	    skip 'mounting is not allowed here'
}

records() {
	awk 'BEGIN { for (i = 0; i < 2000; i++)
	    printf "k%04d\tvalue %d\n", i, i }'
}

@test "readers leave every byte and time: all in the log" {
	records | lsm-cli --create db load
	tree db >before
	readers lsm-cli
	tree db | cmp before -
}

@test "readers leave every byte and time: all in tables" {
	records | lsm-cli --create db load
	lsm-cli db compact
	tree db >before
	readers lsm-cli
	tree db | cmp before -
}

@test "readers leave what a killed writer left" {
	mkfifo in
	lsm-cli --create --sync=off db load --batch-size=1 in &
	loader=$!
	exec {in}>in
	records >&"$in"
	until lsm-cli -q db has k1999 2>/dev/null; do
		kill -0 "$loader"
	done
	kill -9 "$loader"
	wait "$loader" && false
	tree db >before
	readers lsm-cli
	[ "$(lsm-cli db scan --count | cut -f1)" = 2000 ]
	tree db | cmp before -
}

@test "commands that fail leave the database as it is" {
	records | lsm-cli --create db load
	tree db >before
	refused 64 lsm-cli db put k
	refused 64 lsm-cli db frob
	refused 66 lsm-cli db load nope
	refused 64 lsm-cli db put k v --memtable-size=1
	tree db | cmp before -
}

@test "a database of somebody else can be read, not written" {
	open_place
	cd "$open"
	records | lsm-cli --create db load
	lsm-cli db flush
	lsm-cli db put unflushed yes
	chmod -R a+rX,a-w db
	[ "$(id -u)" -ne 0 ] || chown -R 0:0 db
	tree db >"$BATS_TEST_TMPDIR/before"
	[ "$(nobody ./lsm-cli db get unflushed)" = yes ]
	[ "$(nobody ./lsm-cli db scan --count | cut -f1)" = 2001 ]
	nobody ./lsm-cli db stats >/dev/null
	nobody ./lsm-cli db files >/dev/null
	for words in 'put k v' 'delete k0001' 'flush' 'compact' 'load'; do
		got=0
		nobody ./lsm-cli db $words </dev/null 2>"$BATS_TEST_TMPDIR/err" \
		    || got=$?
		[ "$got" -eq 77 ]
		[ "$(wc -l <"$BATS_TEST_TMPDIR/err")" -eq 1 ]
	done
	tree db | cmp "$BATS_TEST_TMPDIR/before" -
	chmod -R u+w db
}

@test "a database that nobody else may enter is 77" {
	open_place
	cd "$open"
	[ "$(id -u)" -eq 0 ] || chmod 755 .
	lsm-cli --create db put k v
	chmod 0 db
	got=0
	nobody ./lsm-cli db get k 2>"$BATS_TEST_TMPDIR/err" || got=$?
	[ "$got" -eq 77 ]
	got=0
	nobody ./lsm-cli --create db/inner put k v \
	    2>"$BATS_TEST_TMPDIR/err" || got=$?
	[ "$got" -eq 77 ]
	chmod 700 db
}

@test "a read-only medium can be read, not written" {
	records | lsm-cli --create db load
	lsm-cli db flush
	lsm-cli db put unflushed yes
	tree db >before
	unshare $([ "$(id -u)" -eq 0 ] || echo -r) -m sh -euc '
		mount --bind db db
		mount -o remount,bind,ro db
		cd "$PWD"
		[ "$(lsm-cli db get unflushed)" = yes ]
		[ "$(lsm-cli db scan --count | cut -f1)" = 2001 ]
		lsm-cli db files >/dev/null
		for words in "put k v" compact "--create put k v"; do
			got=0
			lsm-cli db $words 2>err || got=$?
			[ "$got" -eq 77 ]
		done
	'
	tree db | cmp before -
}

# $1: the database; a copy of it on a medium that is then made read-only.
on_medium() {
	mkdir medium
	mount -t tmpfs tmpfs medium
	cp -a "$1" medium/db
	mount -o remount,ro medium
	tree medium/db >before
	( cd medium && readers lsm-cli )
	[ "$(lsm-cli medium/db get unflushed)" = yes ]
	lsm-cli medium/db checkpoint copy
	tree medium/db | cmp before -
	for words in 'put k v' 'compact' '--create put k v'; do
		got=0
		lsm-cli medium/db $words 2>err || got=$?
		[ "$got" -eq 77 ]
	done
}

@test "every reader works on a read-only medium" {
	may_mount
	records | lsm-cli --create db load
	lsm-cli db flush
	lsm-cli db put unflushed yes
	mounting on_medium db
	[ "$(lsm-cli copy get unflushed)" = yes ]
}

@test "every reader works on a read-only medium without LOCK" {
	may_mount
	records | lsm-cli --create db load
	lsm-cli db flush
	lsm-cli db put unflushed yes
	rm db/LOCK
	mounting on_medium db
	[ "$(lsm-cli copy scan --count | cut -f1)" = 2001 ]
}

@test "every reader works in a directory that it may not write, without LOCK" {
	open_place
	cd "$open"
	records | lsm-cli --create db load
	lsm-cli db flush
	lsm-cli db put unflushed yes
	rm db/LOCK
	chmod 444 db/*
	chmod 555 db
	tree db >"$BATS_TEST_TMPDIR/before"
	readers nobody ./lsm-cli
	[ "$(nobody ./lsm-cli db get unflushed)" = yes ]
	tree db | cmp "$BATS_TEST_TMPDIR/before" -
	chmod 755 db
}
