#!/usr/bin/env bats
# Commands from stdin: words, places of errors, what opens the database.
load helper

@test "a script runs line by line" {
	printf 'put a 1\nput b 2\nscan\ndelete a\nscan\n' |
	    lsm-cli --create db >out
	printf 'a\t1\nb\t2\nb\t2\n' | cmp - out
}

@test "an empty script, blank lines and comments do nothing" {
	fruit
	printf '' | lsm-cli db
	printf '\n \t\n# put a 1\n   # x\n' | lsm-cli db
	[ "$(printf 'get apple # the red one' | lsm-cli db)" = red ]
	[ "$(printf 'put a#b c#d\nget a#b' | lsm-cli db)" = 'c#d' ]
}

@test "quotes and escapes make words" {
	printf '%s\n' "put 'a b' \"c d\"" 'put a\ c d' 'put "" empty' \
	    'put q'\''uo'\''"te"d x' 'put tab\there "\x00\xfF\0"' \
	    "put single 'a\\tb\"c'" 'put double "a\\\"b'\''c"' \
	    'put hash \#x' |
	    lsm-cli --create db
	lsm-cli db scan >out
	printf '%s\n' $'\tempty' $'a b\tc d' $'a c\td' \
	    'double	a\\"b'"'"'c' 'hash	#x' $'quoted\tx' \
	    'single	a\\tb"c' 'tab\there	\0\xff\0' | cmp - out
}

@test "a word that cannot be read names its line" {
	fruit
	for line in 'get "a' "get 'a" 'get a\' 'get a\q' 'get \x1' \
	    'get "\x1"' 'get "a\'; do
		printf 'has apple\n%s\nput late 1\n' "$line" >script
		got=0
		lsm-cli db <script 2>err || got=$?
		[ "$got" -eq 64 ]
		grep -q '^lsm-cli: stdin:2: ' err
		[ "$(wc -l <err)" -eq 1 ]
		fails 1 '' lsm-cli db has late
	done
}

@test "the first error stops, with its line and its status" {
	fruit
	printf 'get apple\nfrob x\nput late 1\n' >script
	fails 64 'lsm-cli: stdin:2: unknown command "frob"; try help' \
	    lsm-cli db <script
	[ "$(cat out)" = red ]
	fails 1 '' lsm-cli db has late
}

@test "--keep-going goes on, and the worst status holds" {
	fruit
	printf 'frob\nget plum\nput late 1\nload nope\nget --x y\n' >script
	got=0
	lsm-cli --keep-going db <script 2>err || got=$?
	[ "$got" -eq 66 ]
	[ "$(wc -l <err)" -eq 4 ]
	lsm-cli db has late
}

@test "an absent key does not stop a script, and shows in its status" {
	fruit
	printf 'get plum\nhas plum\nput late 1\n' >script
	fails 1 'lsm-cli: stdin:1: db: plum: not found' lsm-cli db <script
	lsm-cli db has late
}

@test "exit and quit end it" {
	fruit
	for word in exit quit; do
		printf '%s\nfrob\n' $word | lsm-cli db
	done
	refused 64 lsm-cli db exit now
}

@test "options of a line hold for that line" {
	fruit
	printf 'scan --limit=1\nscan --limit=1 --format=json\nscan c\n' |
	    lsm-cli db >out
	printf 'apple\tred\n{"key":"apple","value":"red"}\n' >want
	printf 'cherry\tdark red\n' >>want
	cmp want out
}

@test "options of the command line hold for all lines" {
	printf 'put 61 x\nget 61\n' | lsm-cli --create --key-format=hex db >out
	printf x | cmp - out
	[ "$(lsm-cli db get a)" = x ]
}

@test "options of opening do not stand in a script" {
	fruit
	for option in --create --wait --wait=1s --strict --memtable-size=1M \
	    --keep-going; do
		printf 'put %s a b\n' "$option" >script
		got=0
		lsm-cli db <script 2>err || got=$?
		[ "$got" -eq 64 ]
		fails 1 '' lsm-cli db has a
	done
}

@test "options of a command do not stand before a script" {
	fruit
	refused 64 lsm-cli --limit=1 db
	refused 64 lsm-cli --batch-size=1 db
	refused 64 lsm-cli --value-file=x db
}

@test "stdin is taken: put - and load need a file" {
	fruit
	for name in load import batch; do
		echo $name >script
		fails 64 "lsm-cli: stdin:1: stdin holds the script: $name needs FILE" \
		    lsm-cli db <script
	done
	for line in 'put a -' 'load' 'load -' 'put a --value-file=-'; do
		printf '%s\nx\ty\n' "$line" >script
		got=0
		lsm-cli db <script 2>err || got=$?
		[ "$got" -eq 64 ]
	done
	[ "$(lsm-cli db scan --count | cut -f1)" = 3 ]
	printf 'x\ty\n' >records
	echo 'load records' | lsm-cli db
	[ "$(lsm-cli db get x)" = y ]
}

@test "a bad record in a script's load names its own file" {
	printf 'x\n' >records
	echo 'load records' >script
	fails 65 'lsm-cli: records:1: no TAB between key and value
lsm-cli: records: records committed: 0' lsm-cli --create db <script
}

@test "a script that only reads leaves no trace and needs no database to make" {
	fruit
	tree db >before
	printf 'get apple\nhas plum\nscan\nstats\nfiles\nhelp\n' >script
	fails 1 '' lsm-cli db <script
	tree db | cmp before -
	echo 'get a' >script
	got=0
	lsm-cli --create none <script 2>err || got=$?
	[ "$got" -eq 66 ]
	[ ! -e none ]
}

@test "the last line needs no newline" {
	[ "$(printf 'put a 1\nget a' | lsm-cli --create db)" = 1 ]
}

@test "help in a script, and with a command" {
	fruit
	echo 'help get' | lsm-cli db | grep -q '^usage: get KEY'
	echo 'get --help' | lsm-cli db | grep -q '^usage: get KEY'
	lsm-cli db help | grep -q '^usage: lsm-cli '
	refused 64 lsm-cli db help frob
	for line in 'help .read' '.help .read' '.read --help'; do
		[ "$(echo "$line" | lsm-cli db)" = \
		    $'usage: .read FILE\nrun the lines of FILE' ]
	done
	lsm-cli --help .read | grep -q '^usage: .read FILE'
	echo 'help .raed' >script
	fails 64 'lsm-cli: stdin:1: ".raed": try .help' lsm-cli db <script
}

@test "a program at both ends of the pipes gets its answer at once" {
	fruit
	writer_start
	printf 'get --format=tsv held\n' >&"${writer[1]}"
	read -r line <&"${writer[0]}"
	[ "$line" = $'held\tyes' ]
	writer_end
}

@test "a terminal gets a prompt that goes on behind errors" {
	expect -c '
		set timeout 30
		log_user 0
		spawn lsm-cli --create db
		proc want {what} {
			expect $what {} timeout { exit 2 } eof { exit 3 }
		}
		want "lsm> "
		send "put \"a b\" 1\r"
		want "lsm> "
		send "frob\r"
		want "unknown command"
		want "lsm> "
		send "scan\r"
		want "a b\t1"
		want "lsm> "
		send "put x \003"
		want "interrupted"
		want "lsm> "
		send "has x\r"
		want "lsm> "
		send "\004"
		expect eof {} timeout { exit 4 }
		exit [lindex [wait] 3]
	'
	[ "$(lsm-cli db scan)" = $'a b\t1' ]
}

@test "a prompt for a directory that is not there says so at once" {
	script -qec 'lsm-cli nope' /dev/null </dev/null >out && false
	grep -q 'lsm-cli: nope: ' out
	[ ! -e nope ]
}

@test "a quoted word goes on in the next line" {
	printf '%s\n' "put song 'first" "  # no comment" '' "last' # one" \
	    'put "two' 'lines" x' 'frob' >script
	got=0
	lsm-cli --create db <script 2>err || got=$?
	[ "$got" -eq 64 ]
	grep -q '^lsm-cli: stdin:7: unknown command' err
	lsm-cli db get song >out
	printf 'first\n  # no comment\n\nlast' | cmp - out
	[ "$(lsm-cli db get $'two\nlines')" = x ]
}

@test "a batch: all of it or none" {
	fruit
	printf '%s\n' .begin 'put apple green' 'delete banana' \
	    'put date brown' 'get apple' .commit 'get apple' >script
	[ "$(lsm-cli db <script)" = $'redgreen' ]
	[ "$(lsm-cli db scan --keys-only | tr '\n' ' ')" = \
	    'apple cherry date ' ]
	printf '%s\n' .begin 'put apple blue' .rollback 'get apple' |
	    lsm-cli db >out
	[ "$(cat out)" = green ]
	printf '%s\n' .begin 'put apple blue' >script
	fails 64 'lsm-cli: .begin without .commit
lsm-cli: the batch is dropped: operations: 1' lsm-cli db <script
	printf '%s\n' .begin 'put apple blue' frob .commit >script
	fails 64 'lsm-cli: stdin:3: unknown command "frob"; try help
lsm-cli: the batch is dropped: operations: 1' lsm-cli db <script
	printf '%s\n' .begin .begin >script
	refused 64 sh -c 'lsm-cli db <script 2>&1 | head -n 1 >&2
	    exit 64'
	[ "$(lsm-cli db get apple)" = green ]
	for line in .commit .rollback; do
		echo "$line" >script
		fails 64 'lsm-cli: stdin:1: no batch is open: .begin one first' \
		    lsm-cli db <script
	done
	printf '.begin\nload db/CURRENT\n' >script
	lsm-cli db <script 2>err && false
	grep -q '^lsm-cli: stdin:2: load cannot be part of a batch' err
}

@test "a batch under a condition, and one with a record that is too large" {
	fruit
	printf '%s\n' .begin 'put apple green --if-equals=red' \
	    'put banana brown' .commit .begin \
	    'put apple blue --if-equals=red' 'put banana black' .commit \
	    'get apple' >script
	got=0
	lsm-cli db <script >out 2>err || got=$?
	[ "$got" -eq 1 ]
	grep -q '^lsm-cli: stdin:8: db: condition' err
	[ "$(cat out)" = green ]
	[ "$(lsm-cli db get banana)" = brown ]
	printf '%s\n' .begin 'put banana x' \
	    "put $(head -c 4097 /dev/zero | tr '\0' k) x" .commit |
	    lsm-cli db 2>err && false
	grep -qx 'lsm-cli: stdin:3: the batch is dropped: operations: 1' err
	[ "$(lsm-cli db get banana)" = brown ]
}

@test "an iterator, step by step" {
	fruit
	printf '%s\n' '.seek b' .next .next 'has apple' .first '.next 2' \
	    '.prev' .last '.prev 5' >script
	got=0
	lsm-cli db <script >out || got=$?
	[ "$got" -eq 1 ]
	[ "$(cut -f1 out | tr '\n' ' ')" = 'banana cherry apple banana cherry banana cherry banana apple ' ]
	echo .next >script
	fails 64 'lsm-cli: stdin:1: the iterator stands nowhere: .seek, .first or .last places it' \
	    lsm-cli db <script
	for line in '.seek d' ".first\n.prev" ".last\n.next 3"; do
		printf "$line\n" >script
		got=0
		lsm-cli db <script >out 2>err || got=$?
		[ "$got" -eq 1 ]
		grep -qx 'lsm-cli: stdin:[12]: db: no record there' err
		fails 1 '' lsm-cli -q db <script
	done
	echo '.next 4294967296' >script
	fails 64 'lsm-cli: stdin:1: "4294967296" is not a number of steps up to 4294967295' \
	    lsm-cli db <script
	printf '%s\n' '.seek 62' .next | lsm-cli db --key-format=hex >out
	[ "$(cut -f1 out | tr '\n' ' ')" = '62616e616e61 636865727279 ' ]
}

@test "a snapshot and an iterator outlive the first write" {
	fruit
	printf '%s\n' .snapshot '.seek b' 'put apple green' 'get apple' .next \
	    'put banana brown' .prev .release 'get apple' '.seek banana' \
	    .snapshot 'put apple blue' 'get apple' .release 'get apple' \
	    >script
	lsm-cli db --sync=off <script >out
	printf 'banana\tyellow\nredcherry\tdark red\nbanana\tyellow\ngreenbanana\tbrown\ngreenblue' |
	    tee want | cmp - out || {
		diff want out
		false
	}
}

# ask LINE: give the script a line, and print the line that it answers with.
ask() {
	local answer
	echo "$1" >&8
	read -r -t 60 answer <&9
	echo "$answer"
}

@test "a script that only reads sees what others commit between its lines" {
	fruit
	mkfifo lines answers
	lsm-cli db <lines >answers &
	exec 8>lines 9<answers
	[ "$(ask 'scan apple b')" = $'apple\tred' ]
	lsm-cli db put apple green
	[ "$(ask 'scan apple b')" = $'apple\tgreen' ]
	lsm-cli db compact
	lsm-cli db put apple brown
	[ "$(ask 'scan apple b')" = $'apple\tbrown' ]
	[ "$(ask '.seek apple')" = $'apple\tbrown' ]
	echo .snapshot >&8
	[ "$(ask 'scan apple b')" = $'apple\tbrown' ]
	lsm-cli db put apple blue
	lsm-cli db put banana black
	[ "$(ask 'scan apple b')" = $'apple\tbrown' ]
	[ "$(ask .next)" = $'banana\tyellow' ]
	echo .release >&8
	[ "$(ask 'scan apple b')" = $'apple\tblue' ]
	[ "$(ask .prev)" = $'apple\tbrown' ]
	exec 8>&- 9<&-
	wait "$!"
}

# A script of an old snapshot, whose files die under a writer with these
# options; what it then says of them.
old_snapshot() {
	fruit
	lsm-cli db compact
	mkfifo lines answers
	lsm-cli db <lines >answers 2>err &
	exec 8>lines 9<answers
	echo .snapshot >&8
	[ "$(ask 'scan x --count')" = $'0\t0\t0' ]
	printf '%s\n' 'put apple green' compact 'put apple brown' compact \
	    'put apple black' compact | lsm-cli "$@" db
	ask 'scan apple b' >out
	exec 8>&- 9<&-
	wait "$!"
}

@test "a reader keeps what it sees, however old" {
	old_snapshot
	[ "$(cat out)" = $'apple\tred' ]
	[ ! -s err ]
}

@test "--max-pin-age ends a reader that keeps dead files for longer" {
	got=0
	old_snapshot --max-pin-age=1ms || got=$?
	[ "$got" -eq 75 ]
	[ -z "$(cat out)" ]
	grep -q 'kept for too long' err
	refused 64 lsm-cli db put k v --max-pin-age=soon
	refused 64 lsm-cli db get apple --max-pin-age=1s
}

@test "sync makes durable what was written without" {
	printf '%s\n' 'put a 1' 'put b 2' sync >script
	strace -f -o trace -e trace=fdatasync,write,pwrite64 \
	    lsm-cli --create --sync=off db <script
	awk '/fdatasync/ { n++ } END { exit n == 0 }' trace
	[ "$(lsm-cli db get b)" = 2 ]
	refused 66 lsm-cli nope sync
	printf 'put c 3\nsync\nstats --format=tsv\n' |
	    lsm-cli db --sync=off >out
	[ "$(sed -n 's/^log.syncs\t//p' out)" -ge 1 ]
}

@test "a writer may ask how much there is" {
	for command in size 'scan --count --approx'; do
		rm -rf db
		lsm-cli --create db put a 1
		printf 'put b 2\n%s\n' "$command" | lsm-cli db >out
		grep -q 2 out
	done
}
