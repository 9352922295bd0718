#!/usr/bin/env bats
# A copy in another directory: beside a writer, into a tree of backups, on
# another file system, and brought back with the tools that everybody has.
load helper

teardown() {
	[ -z "${open:-}" ] || rm -rf "$open"
	[ -z "${other:-}" ] || rm -rf "$other"
}

records() {
	awk 'BEGIN { for (i = 0; i < 3000; i++)
	    printf "k%04d\tvalue %d\n", i, i }'
}

# A database of 3000 records, some of them only in the log.
filled() {
	records | lsm-cli --create db load
	lsm-cli db flush
	lsm-cli --sync=off db put unflushed yes
}

# The bytes that a directory has for itself alone, or all of it.
space() {
	find "$@" -type f -name '*.sst' -printf '%i %s\n' | sort -u |
	    awk '{ n += $2 } END { print n + 0 }'
}

check_copy() {
	lsm-cli --strict "$1" scan >got
	lsm-cli db scan | cmp - got
	lsm-cli "$1" files --format=tsv | awk -F'\t' '
	    $3 == "missing" || $2 == "other" { print; bad = 1 }
	    END { exit bad }'
	[ ! -e "$1/UNFINISHED" ]
}

@test "a copy opens as it is, and both go on alone" {
	filled
	lsm-cli db checkpoint copy
	[ ! -e copy/LOCK ]
	check_copy copy
	lsm-cli copy put only here
	lsm-cli db put only there
	lsm-cli copy compact
	lsm-cli db compact
	[ "$(lsm-cli copy get only)" = here ]
	[ "$(lsm-cli db get only)" = there ]
	[ "$(lsm-cli copy scan --count | cut -f1)" = 3002 ]
}

@test "a copy is made beside a writer, what is not flushed included" {
	filled
	writer_start
	lsm-cli db checkpoint copy
	printf 'put later yes\nget --format=tsv later\n' >&"${writer[1]}"
	read -r line <&"${writer[0]}"
	[ "$line" = $'later\tyes' ]
	[ "$(lsm-cli copy get held)" = yes ]
	refused 1 lsm-cli copy get later
	printf 'checkpoint own\nget --format=tsv later\n' >&"${writer[1]}"
	read -r line <&"${writer[0]}"
	[ "$(lsm-cli own get later)" = yes ]
	writer_end
}

@test "in a tree of backups only new tables cost space" {
	filled
	lsm-cli db checkpoint backups/1
	one=$(space backups)
	lsm-cli db checkpoint backups/2
	[ "$(space backups)" -eq "$one" ]
	seq -f 'n%g' 2000 | sed 's/$/\tnew/' | lsm-cli db load
	lsm-cli db flush
	lsm-cli db checkpoint backups/3
	[ "$(space backups)" -lt $((2 * one)) ]
	[ "$(space backups db)" -eq "$(space backups)" ]
	lsm-cli db compact
	lsm-cli db checkpoint backups/4
	check_copy backups/4
	rm -r backups/1
	for day in 2 3 4; do
		lsm-cli backups/$day --strict scan --count >/dev/null
	done
	[ "$(lsm-cli backups/2 scan --count | cut -f1)" = 3001 ]
	[ "$(lsm-cli backups/3 scan --count | cut -f1)" = 5001 ]
}

@test "what is there is neither used nor changed" {
	filled
	mkdir full empty
	echo letter >full/letter
	tree full >before
	fails 73 'lsm-cli: full: is not empty: letter' lsm-cli db checkpoint full
	tree full | cmp before -
	fails 73 'lsm-cli: full/letter: is no directory' \
	    lsm-cli db checkpoint full/letter
	refused 73 lsm-cli db checkpoint db
	lsm-cli db checkpoint empty
	check_copy empty
	refused 73 lsm-cli db checkpoint empty
	check_copy empty
	refused 64 lsm-cli db checkpoint
	refused 64 lsm-cli db checkpoint ''
	refused 64 lsm-cli db checkpoint a b
	refused 64 lsm-cli db checkpoint a --limit=1
	refused 66 lsm-cli nothing checkpoint a
	[ ! -e a ] && [ ! -e nothing ]
}

@test "what was not finished is no database, and nobody makes one there" {
	filled
	mkdir half
	cp db/*.sst half
	: >half/UNFINISHED
	tree half >before
	fails 66 'lsm-cli: half: a checkpoint that was not finished' \
	    lsm-cli half scan
	refused 73 lsm-cli --create half put k v
	refused 73 lsm-cli db checkpoint half
	tree half | cmp before -
}

@test "a killed checkpoint is whole or no database" {
	filled
	for i in $(seq 20); do
		lsm-cli db checkpoint "copy$i" &
		copier=$!
		# Any moment will do: some are late, some are early.
		for ((n = 0; n < i * 40; n++)); do :; done
		kill -9 $copier 2>/dev/null || :
		wait $copier 2>/dev/null || :
		got=0
		lsm-cli "copy$i" scan --count >out 2>err || got=$?
		[ "$got" -eq 66 ] || [ "$(cut -f1 out)" = 3001 ]
		[ "$(lsm-cli db scan --count | cut -f1)" = 3001 ]
	done
}

@test "a full disk leaves an empty directory, and 74" {
	[ "$(id -u)" -eq 0 ] || skip 'mounting needs root'
	filled
	unshare -m sh -euc '
		mkdir small
		mount -t tmpfs -o size=64k tmpfs small
		got=0
		lsm-cli db checkpoint small/copy 2>err || got=$?
		cat err
		[ "$got" -eq 74 ]
		[ -z "$(ls -A small/copy)" ]
	'
	[ "$(lsm-cli db scan --count | cut -f1)" = 3001 ]
}

@test "--verify reads the tables that are linked, and nothing else does" {
	filled
	lsm-cli db checkpoint --verify sound
	check_copy sound
	table=$(ls db/*.sst)
	printf 'dmgd' | dd of="$table" bs=1 seek=5000 conv=notrunc status=none
	lsm-cli db checkpoint unread
	refused 65 lsm-cli db checkpoint --verify damaged
	grep -q "${table##*/}: offset " err
	[ -z "$(ls -A damaged 2>/dev/null)" ]
	refused 64 lsm-cli db flush --verify
}

@test "on another file system tables are copied" {
	filled
	other=$(mktemp -d /dev/shm/lsm-cli-test.XXXXXX)
	lsm-cli db checkpoint "$other/copy"
	check_copy "$other/copy"
	lsm-cli "$other/copy" put k v
	[ "$(find "$other/copy" -name '*.sst' -links +1 | wc -l)" -eq 0 ]
}

@test "somebody who may only read makes a copy of his own" {
	open_place
	cd "$open"
	filled
	chmod -R a+rX,a-w db
	mkdir -m 777 his
	[ "$(id -u)" -ne 0 ] || chown -R 0:0 db
	tree db >"$BATS_TEST_TMPDIR/before"
	nobody ./lsm-cli db checkpoint his/copy
	tree db | cmp "$BATS_TEST_TMPDIR/before" -
	[ "$(nobody ./lsm-cli his/copy get unflushed)" = yes ]
	nobody ./lsm-cli his/copy put k v
	got=0
	nobody ./lsm-cli db checkpoint copy 2>"$BATS_TEST_TMPDIR/err" || got=$?
	[ "$got" -eq 77 ]
	chmod -R u+w db
}

@test "restore: rsync, tar and cp bring back a database" {
	filled
	lsm-cli db checkpoint backups/1
	lsm-cli db put later yes
	lsm-cli db compact
	lsm-cli db checkpoint backups/2
	cp -a backups/2 by-cp
	check_copy by-cp
	mkdir by-tar
	tar -C backups/2 -c . | tar -C by-tar -x
	check_copy by-tar
	if command -v rsync >/dev/null; then
		rsync -aH backups/ mirror/
		[ "$(space mirror)" -eq "$(space backups)" ]
	else
		cp -a backups mirror
	fi
	check_copy mirror/2
	[ "$(lsm-cli mirror/1 scan --count | cut -f1)" = 3001 ]
	lsm-cli mirror/1 checkpoint by-name
	for copy in by-cp by-tar by-name; do
		lsm-cli $copy put k v
		lsm-cli $copy compact
		lsm-cli $copy --strict scan --count >/dev/null
	done
	check_copy backups/2
}

@test "a copy by hard links beside a writer is refused, and told what helps" {
	help='lsm-cli DIR checkpoint DEST makes'
	filled
	writer_start
	cp -al db copy
	printf 'flush\nget --format=tsv held\n' >&"${writer[1]}"
	read -r line <&"${writer[0]}"
	tree copy >before
	refused 75 lsm-cli copy put k v
	grep -q "^lsm-cli: copy: locked by process $writer_pid; .*links.*$help" err
	refused 65 lsm-cli copy get held
	grep -q "\.log: missing .*links.*$help" err
	writer_end
	tree copy | grep -v LOCK >after
	refused 65 lsm-cli copy put k v
	grep -q "\.log: missing .*links.*$help" err
	refused 65 lsm-cli copy scan
	grep -v LOCK before | cmp - after
	tree copy | grep -v LOCK | cmp - after
	lsm-cli db checkpoint whole
	check_copy whole
}

@test "an interrupt ends it, and nothing stays" {
	filled
	lsm-cli db load --memtable-size=64K < <(orchard_lines)
	other=$(mktemp -d /dev/shm/lsm-cli-test.XXXXXX)
	for i in $(seq 5); do
		lsm-cli db checkpoint "$other/$i" 2>err &
		copier=$!
		for ((n = 0; n < i * 100; n++)); do :; done
		kill -INT $copier 2>/dev/null || :
		got=0
		wait $copier || got=$?
		[ "$got" -eq 0 ] || [ "$got" -eq 130 ]
		[ "$got" -eq 0 ] || [ -z "$(ls -A "$other/$i" 2>/dev/null)" ]
	done
}

orchard_lines() {
	awk 'BEGIN { for (i = 0; i < 20000; i++)
	    printf "tree%08d\tan apple, a leaf and a worm %d\n", i, i }'
}
