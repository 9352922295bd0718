#!/usr/bin/env bats
# Exit statuses that have no other place, and two processes at one database.
load helper

@test "no database: 66, and nothing is made" {
	refused 66 lsm-cli nope get k
	refused 66 lsm-cli nope put k v
	refused 66 lsm-cli nope scan
	[ ! -e nope ]
	mkdir empty
	refused 66 lsm-cli empty get k
	refused 66 lsm-cli empty put k v
	[ -z "$(ls -A empty)" ]
	echo text >file
	refused 66 lsm-cli file get k
	[ "$(cat file)" = text ]
}

@test "a damaged CURRENT is 65, for readers and writers, and stays" {
	fruit
	echo garbage >db/CURRENT
	tree db >before
	refused 65 lsm-cli db get apple
	refused 65 lsm-cli db put k v
	tree db | cmp before -
}

@test "a damaged table is 65, with its place, and no wrong answer" {
	fruit
	lsm-cli db flush
	table=$(ls db/*.sst)
	size=$(stat -c %s "$table")
	head -c "$size" /dev/urandom >"$table"
	got=0
	lsm-cli db scan >out 2>err || got=$?
	[ "$got" -eq 65 ]
	[ ! -s out ]
	grep -q "^lsm-cli: .*${table##*/}" err
}

@test "a missing table is 65, not an absent key" {
	fruit
	lsm-cli db flush
	rm db/*.sst
	got=0
	lsm-cli db get apple 2>err || got=$?
	[ "$got" -eq 65 ]
}

@test "a second writer is 75, and readers go on" {
	fruit
	writer_start
	refused 75 lsm-cli db put k v
	refused 75 lsm-cli db compact
	refused 75 lsm-cli --wait=200ms db put k v
	[ "$(lsm-cli db get held)" = yes ]
	printf 'put more yes\nget --format=tsv more\n' >&"${writer[1]}"
	read -r line <&"${writer[0]}"
	[ "$(lsm-cli db get more)" = yes ]
	writer_end
	lsm-cli db put k v
}

# Put keys $1-1, $1-2, ... until the file `stop` is there; the count is left in
# count.$1.
shell_of_puts() {
	local n=0
	until [ -e stop ]; do
		lsm-cli --wait db put "$1-$((n + 1))" v || return
		echo $((++n)) >"count.$1"
	done
}

@test "ten shells that wait for each other lose nothing, and none is left out" {
	lsm-cli --create db put first v
	local shells=()
	for i in 0 1 2 3 4 5 6 7 8 9; do
		echo 0 >count.$i
		shell_of_puts $i &
		shells+=($!)
	done
	until [ "$(lsm-cli db scan --count | cut -f1)" -ge 300 ]; do :; done
	touch stop
	for pid in "${shells[@]}"; do
		wait "$pid"
	done
	cat count.? | sort -n | tr '\n' ' '
	sum=$(cat count.? | awk '{ n += $1 } END { print n }')
	[ "$(lsm-cli db scan --count | cut -f1)" -eq $((sum + 1)) ]
	for i in 0 1 2 3 4 5 6 7 8 9; do
		n=$(cat count.$i)
		[ "$n" -gt 0 ]
		lsm-cli db has "$i-$n"
		# A tenth of an even share, at least.
		[ $((n * 100)) -ge "$sum" ]
	done
}

@test "--wait gets the lock when the other writer ends" {
	fruit
	writer_start
	lsm-cli --wait db put waited yes &
	waiter=$!
	lsm-cli --wait=90s db put patient yes &
	other=$!
	fails 1 '' lsm-cli db has waited
	writer_end
	wait "$waiter"
	wait "$other"
	lsm-cli db has waited
	lsm-cli db has patient
}

@test "a writer that was killed leaves no lock" {
	fruit
	writer_start --sync=off
	kill -9 "$writer_pid"
	wait "$writer_pid" && false
	lsm-cli db put k v
	[ "$(lsm-cli db get held)" = yes ]
}

@test "the worst status of a script holds" {
	fruit
	printf 'frob\nload nope\nload records\nget plum\n' >script
	printf 'x\n' >records
	got=0
	lsm-cli --keep-going db <script 2>err || got=$?
	[ "$got" -eq 65 ]
}

@test "a format from the future is 69, for readers and writers" {
	mkdir db
	cp "$BATS_TEST_DIRNAME/../data/CURRENT-newer" db/CURRENT
	: >db/LOCK
	tree db >before
	refused 69 lsm-cli db get apple
	grep -q 'format 9\.9' err
	refused 69 lsm-cli db put k v
	refused 69 lsm-cli --create db put k v
	tree db | cmp before -
}

@test "too few descriptors are 71" {
	fruit
	got=0
	bash -c 'exec 3>&-; ulimit -n 4; exec lsm-cli db get apple' \
	    >out 2>err || got=$?
	[ "$got" -eq 71 ]
	grep -q '^lsm-cli: .*: Too many open files$' err
	[ "$(lsm-cli db get apple)" = red ]
}

@test "a file that cannot be made is 73" {
	fruit
	echo mine >out.tsv
	refused 73 lsm-cli db scan -o out.tsv
	[ "$(cat out.tsv)" = mine ]
	refused 73 lsm-cli db scan -o no/such/directory
	lsm-cli db scan -o out.tsv --force
	lsm-cli db scan | cmp - out.tsv
	[ "$(ls -A)" = "$(printf 'db\nerr\nout\nout.tsv')" ]
}

@test "a database that cannot be made is 73" {
	echo mine >file
	refused 73 lsm-cli --create file put a b
	refused 73 lsm-cli --create file/db put a b
	refused 73 lsm-cli --create /proc/db put a b
	echo 'put a b' >script
	got=0
	lsm-cli --create file <script 2>err || got=$?
	[ "$got" -eq 73 ]
	[ "$(cat file)" = mine ]
	# Without --create there was only to be one.
	refused 66 lsm-cli file put a b
	mkdir half
	touch half/UNFINISHED
	refused 73 lsm-cli --create half put a b
	[ "$(ls half)" = UNFINISHED ]
	# Where there is one already, it is not about making it.
	fruit
	rm db/*.log
	refused 65 lsm-cli --create db put a b
}

@test "a disk too full for a database is 73, and nothing is left on it" {
	unshare -m true 2>/dev/null || skip "no mounts here"
	mkdir small
	cat >full.sh <<'END'
mount -t tmpfs -o size=$1k tmpfs small
got=0
lsm-cli --create small/new/db put a b 2>err || got=$?
ls -A small/new 2>/dev/null
mkdir -p small/there
lsm-cli --create small/there put a b 2>>err || got=$got,$?
ls -A small/there
umount small
[ "$got" = 73,73 ] || [ "$got" = 0 ]
echo "$got"
END
	for size in 4 40 132 136 140 144; do
		unshare -m bash full.sh $size >out
		[ "$(cat out)" = 73,73 ]
		[ "$(grep -c '^lsm-cli: .*: No space left on device$' err)" -eq 2 ]
	done
	unshare -m bash full.sh 65536 >out
	[ "$(tail -n 1 out)" = 0 ]
}

@test "files are listed by name" {
	fruit
	lsm-cli db flush
	lsm-cli db put k v
	lsm-cli db files --format=tsv | awk -F'\t' '$2 != "table"' |
	    cut -f1 >names
	LC_ALL=C sort -c names
	[ "$(wc -l <names)" -ge 3 ]
}

@test "a bug of ours is 70, found before it reaches a file" {
	[ -x "$LSM_BIN/bug/lsm-cli" ] || skip "make programs"
	fruit
	lsm-cli db scan >want
	LSM_BUG=twice refused 70 "$LSM_BIN/bug/lsm-cli" db flush
	grep -q 'keys do not ascend' err
	[ -z "$(ls db | grep sst)" ]
	lsm-cli db scan | cmp want -
	lsm-cli db flush
	lsm-cli db scan | cmp want -
	# The worst: nothing beside it in a script is worse.
	printf 'frob\nput k v\nflush\nget nothing\n' >script
	got=0
	LSM_BUG=twice "$LSM_BIN/bug/lsm-cli" --keep-going db <script || got=$?
	[ "$got" -eq 70 ]
	[ "$(lsm-cli db get k)" = v ]
}
