#!/usr/bin/env bats
# stdin, stdout and stderr in all the states that a shell can give them.
load helper

@test "a full disk behind stdout is an error of its own" {
	fruit
	lsm-cli db put big - < <(head -c 200000 /dev/zero)
	for words in 'db get apple' 'db get apple cherry' 'db get big' \
	    'db scan' 'db scan --count' 'db scan --format=json' 'db stats' \
	    'db files' 'db help' '--help' '--version'; do
		got=0
		lsm-cli $words >/dev/full 2>err || got=$?
		[ "$got" -eq 74 ]
		[ "$(cat err)" = \
		    'lsm-cli: stdout: No space left on device' ]
	done
}

@test "a script with a full disk behind stdout stops, its writes are kept" {
	fruit
	lsm-cli db put big - < <(head -c 200000 /dev/zero)
	got=0
	printf 'put early 1\nget big\nput late 1\n' |
	    lsm-cli db >/dev/full 2>err || got=$?
	[ "$got" -eq 74 ]
	lsm-cli db has early
	fails 1 '' lsm-cli db has late
}

@test "nothing to print, nothing to fail" {
	fruit
	lsm-cli db put k v >/dev/full
	lsm-cli db has k >/dev/full
}

@test "a reader that goes away ends a scan silently, by SIGPIPE" {
	orchard
	(
		set +e
		lsm-cli db scan 2>err | head -1 >out
		[ "${PIPESTATUS[0]}" -eq 141 ]
	)
	[ ! -s err ]
	[ "$(wc -l <out)" -eq 1 ]
}

@test "SIGPIPE ignored by the caller makes no difference" {
	orchard
	(
		trap '' PIPE
		set +e
		lsm-cli db scan 2>err | head -1 >/dev/null
		[ "${PIPESTATUS[0]}" -eq 141 ]
	)
	[ ! -s err ]
}

@test "a script that writes closes the database before SIGPIPE" {
	orchard
	(
		set +e
		printf 'put early 1\nscan\nput late 1\n' |
		    lsm-cli db 2>err | head -1 >/dev/null
		[ "${PIPESTATUS[1]}" -eq 141 ]
	)
	[ ! -s err ]
	lsm-cli db has early
	fails 1 '' lsm-cli db has late
}

@test "closed stdin: no harm, and an error where it is needed" {
	lsm-cli --create db put k v <&-
	[ "$(lsm-cli db get k <&-)" = v ]
	got=0
	lsm-cli db <&- 2>err || got=$?
	[ "$got" -eq 74 ]
	[ "$(cat err)" = 'lsm-cli: stdin: Bad file descriptor' ]
	got=0
	lsm-cli db load <&- 2>err || got=$?
	[ "$got" -eq 74 ]
	got=0
	lsm-cli db put k - <&- 2>err || got=$?
	[ "$got" -eq 74 ]
	[ "$(lsm-cli db get k)" = v ]
}

@test "closed stdout: an error for who prints, and no file takes its place" {
	fruit
	tree db >before
	for words in 'get apple' 'scan' 'stats' 'files'; do
		got=0
		lsm-cli db $words >&- 2>err || got=$?
		[ "$got" -eq 74 ]
		[ "$(cat err)" = 'lsm-cli: stdout: Bad file descriptor' ]
	done
	tree db | cmp before -
	lsm-cli db put k v >&-
	[ "$(lsm-cli db get k)" = v ]
}

@test "closed stderr, and all of them closed" {
	fruit
	got=0
	lsm-cli db get plum 2>&- || got=$?
	[ "$got" -eq 1 ]
	lsm-cli db put k v <&- >&- 2>&-
	got=0
	lsm-cli db get plum <&- >&- 2>&- || got=$?
	[ "$got" -eq 1 ]
	[ "$(lsm-cli db scan --count | cut -f1)" = 4 ]
}

@test "stdout that does not block is waited for" {
	orchard
	lsm-cli db scan >want
	mkfifo pipe
	cat pipe >out &
	reader=$!
	perl -e 'use Fcntl; fcntl(STDOUT, F_SETFL, O_WRONLY | O_NONBLOCK);
	    exec "lsm-cli", "db", "scan"' >pipe
	wait "$reader"
	cmp want out
}

@test "no locale has a say" {
	printf 'I\ti\n\303\204\t\303\244\n' | lsm-cli --create db load
	lsm-cli db scan >want
	mkdir locales
	localedef -i tr_TR -f UTF-8 locales/tr_TR.UTF-8 2>/dev/null || true
	for locale in tr_TR.UTF-8 C.UTF-8 POSIX de_DE.ISO-8859-1; do
		export LOCPATH=$PWD/locales LC_ALL=$locale
		lsm-cli db scan | cmp - want
		lsm-cli --create copy load want
		lsm-cli copy scan | cmp - want
		fails 66 'lsm-cli: nope: No such file or directory' \
		    lsm-cli db load nope
		fails 64 'lsm-cli: unknown option --LIMIT; try --help' \
		    lsm-cli db scan --LIMIT=1
	done
}

@test "stdout is data: nothing of it goes to stderr and the reverse" {
	fruit
	lsm-cli db scan 2>err >out
	[ ! -s err ]
	lsm-cli db get apple plum 2>err >out || true
	[ "$(cat out)" = $'apple\tred' ]
	[ "$(wc -l <err)" -eq 1 ]
}
