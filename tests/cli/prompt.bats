#!/usr/bin/env bats
# The prompt, at a pseudo terminal.
load helper

# Type at a prompt: expect's lines on stdin; what the terminal showed: `seen`.
# With colours when $NO_COLOR is empty, in the locale $AT_LOCALE. A backslash
# and three octal digits are a byte.
at_prompt() {
	{
		printf 'log_user 0\nlog_file -noappend -a seen\nset timeout 10\n'
		printf 'proc fail {} { exit 9 }\n'
		printf 'spawn env LC_ALL=%s lsm-cli %s\n' "${AT_LOCALE:-C}" "$*"
		printf 'expect_after timeout fail eof fail\nexpect "lsm> "\n'
		cat
		printf 'send "\\004"\nexpect_after\n'
		printf 'expect timeout fail eof\n'
		printf 'set end [wait]\nexit [lindex $end 3]\n'
	} >typed.exp
	rm -f seen
	env TERM="${AT_TERM:-vt100}" NO_COLOR="$NO_COLOR" HOME="$PWD" XDG_STATE_HOME="$PWD/state" \
	    expect typed.exp || { cat seen; return 1; }
}

@test "commands at the prompt, real quotes, and Ctrl-D" {
	fruit
	at_prompt db <<'END'
send "get apple\r"
expect -re "\nred\r\n.*lsm> "
send "put 'a key' \"two\\nlines\"\r"
expect "lsm> "
send "get 'a key'\r"
expect -re "two\r\nlines.*lsm> "
send "frob\r"
expect -re "unknown command.*lsm> "
send "help put\r"
expect -re "usage: put.*lsm> "
END
	lsm-cli db get 'a key' >out
	printf 'two\nlines' | cmp - out
}

@test "history: lines of before, keys of put, never a value" {
	fruit
	at_prompt db <<'END'
send "put card 4000-1234\r"
expect "lsm> "
send "get apple\r"
expect -re "red\r\n.*lsm> "
END
	[ "$(stat -c %a state/lsm-cli/history)" = 600 ]
	lacks -r 4000 state
	grep -q apple state/lsm-cli/history
	at_prompt db <<'END'
send "\020"
expect "get apple"
send "\r"
expect -re "\nred\r\n.*lsm> "
END
}

# Type the lines of stdin one by one.
lines_at_prompt() {
	while IFS= read -r line; do
		printf 'send -- {%s}\nsend "\\r"\nexpect "lsm> "\n' "$line"
	done | at_prompt "$@"
}

@test "history: no value of a mistyped line, of a condition, of a record" {
	fruit
	printf lime >kf
	lines_at_prompt --sync=off db <<'END'
put --key-file=kf S3CRET1
pt k S3CRET2
PUT c S3CRET3
put "a \"key" S3CRET4 --sync=off
"put" k 'S3CRET5'
put k S3CRET6 S3CRET7
put k S3CRET8 --sinc=off
"delete" apple "--if-equa"ls=S3CRET9
scan --value-prefix=S3CRET10
.put k S3CRET11
.begin put k S3CRET12
has k S3CRET13
{"op":"put","key":"k","value":"S3CRET14"}
absent k S3CRET15
get apple
.begin
.rollback
delete --prefix=x --yes
END
	lacks -r S3CRET state
	[ -x "$LSM_BIN/lsm-cli-prompt" ] || return 0
	sed 's/\\040/ /g; s/\\134/\\/g' state/lsm-cli/history >plain
	for kept in 'get apple' .begin .rollback 'delete --prefix=x --yes' \
	    'put "a \"key"' 'put "k"'; do
		grep -Fqx -- "$kept" plain || { echo "$kept"; cat plain; false; }
	done
}

@test "history with values, when it is asked for" {
	fruit
	at_prompt db --history-values <<'END'
send "put card 4000-1234\r"
expect "lsm> "
END
	grep -q 4000-1234 state/lsm-cli/history
	at_prompt db <<'END'
send "delete card --if-equals=5000\r"
expect -re "card.*lsm> "
END
	lacks 5000 state/lsm-cli/history
}

# In C, in UTF-8, and where the user's locale is not installed.
locales='C C.UTF-8 xx_XX.UTF-8'

@test "no typed byte is lost: characters that are not ASCII" {
	for locale in $locales; do
		rm -rf db
		printf 'a\t1\n\303\274\t2\n\303\274b\t3\n' |
		    lsm-cli --create db load
		AT_LOCALE=$locale at_prompt db <<'END'
send "delete --prefix=\303\274\r"
expect "records: 2?"
send "\r"
expect "lsm> "
send "put \303\274 four\r"
expect "lsm> "
send "put k\303\244e '\342\202\254 \360\237\215\217 e\314\201'\r"
expect "lsm> "
END
		[ "$(lsm-cli db get $'\303\274')" = four ]
		lsm-cli db get $'k\303\244e' >out
		printf '\342\202\254 \360\237\215\217 e\314\201' | cmp - out
		[ "$(lsm-cli db scan --count | cut -f 1)" = 4 ]
	done
}

@test "no typed byte is lost: those that are no characters" {
	fruit
	for locale in $locales; do
		AT_LOCALE=$locale at_prompt db <<'END'
send "put bad '\377\200\374x\355\262\200\300\200'\r"
expect "lsm> "
send "put cut '\342\202x\360\237y\342\202'\r"
expect "lsm> "
send "put end \342\202\r"
expect "lsm> "
send "put control '\302\205\302\200\302\237\302\255\302\240'\r"
expect "lsm> "
send "get cher\t\r"
expect -re "dark red\r\n.*lsm> "
END
		lsm-cli db get bad >out
		printf '\377\200\374x\355\262\200\300\200' | cmp - out
		lsm-cli db get cut >out
		printf '\342\202x\360\237y\342\202' | cmp - out
		lsm-cli db get end >out
		printf '\342\202' | cmp - out
		lsm-cli db get control >out
		printf '\302\205\302\200\302\237\302\255\302\240' | cmp - out
		lsm-cli db delete bad cut end control
	done
}

@test "bytes are edited, cancelled and called back as they were typed" {
	fruit
	lsm-cli db put $'\303\274' umlaut
	for locale in $locales; do
		rm -rf state
		AT_LOCALE=$locale at_prompt db <<'END'
send "put a\303\274\377\177\177b one\r"
expect "lsm> "
send "put x\303\274y\002\002z\005 two\r"
expect "lsm> "
send "\342\202\003"
expect "lsm> "
send "get \303\274\r"
expect -re "umlaut\r\n.*lsm> "
send "has apple \377\r"
expect -re "apple.*lsm> "
END
		[ "$(lsm-cli db get ab)" = one ]
		[ "$(lsm-cli db get $'xz\303\274y')" = two ]
		# A line that cannot be kept whole is not kept.
		[ "$(tail -n 1 state/lsm-cli/history)" != 'has\040apple' ]
		AT_LOCALE=$locale at_prompt db <<'END'
send "\020\r"
expect -re "umlaut\r\n.*lsm> "
send "\020\020\001\013get ab\r"
expect -re "one\r\n.*lsm> "
END
		lsm-cli db delete ab $'xz\303\274y'
	done
}

@test "a value of several lines" {
	fruit
	at_prompt db <<'END'
send "put song 'first\r"
expect "...> "
send "second'\r"
expect -re "\nlsm> "
send "put dropped 'first\r"
expect "...> "
send "\003"
expect -re "\nlsm> "
send "get apple\r"
expect -re "\nred\r\n.*lsm> "
END
	lsm-cli db get song >out
	printf 'first\nsecond' | cmp - out
	lsm-cli -q db has dropped && false
	[ $? -eq 1 ]
}

@test "a batch at the prompt, and one that is left open" {
	fruit
	at_prompt db <<'END'
send ".begin\r"
expect "lsm> "
send "put apple green\r"
expect "lsm> "
send "get apple\r"
expect -re "\nred\r\n.*lsm> "
send ".commit\r"
expect "lsm> "
send "get apple\r"
expect -re "\ngreen\r\n.*lsm> "
send ".begin\r"
expect "lsm> "
send "delete apple\r"
expect "lsm> "
send "exit\r"
expect "the batch is dropped: operations: 1"
expect eof
exit 0
END
	[ "$(lsm-cli db get apple)" = green ]
}

@test "delete of a range asks at a terminal" {
	fruit
	at_prompt db <<'END'
send "delete --prefix=a\r"
expect "records: 1?"
send "\r"
expect "lsm> "
send "has apple\r"
expect "lsm> "
send "delete --prefix=b\r"
expect "y/N"
send "yes\r"
expect "lsm> "
END
	[ "$(lsm-cli db scan --keys-only)" = $'apple\ncherry' ]
}

@test "completion of commands, options and keys" {
	fruit
	at_prompt db <<'END'
send "ge\tapp\t\r"
expect -re "\nred\r\n.*lsm> "
send "scan --key\t"
expect -- "--key"
send "s-o\t\r"
expect -re "\napple\r\nbanana\r\ncherry\r\n.*lsm> "
END
}

@test "completion of files" {
	fruit
	mkdir far
	printf 'kiwi\tgreen\n' >far/records.tsv
	printf 'put\tlime\tgreen\n' >operations
	printf 'get kiwi\nget lime\n' >lines
	touch 'a blank' .hidden
	for i in $(seq 150); do touch "far/many$i"; done
	touch far/man
	at_prompt --sync=off db <<'END'
send "load f\trec\t\r"
expect -re "1 records committed.*lsm> "
send "batch ope\t\r"
expect -re "1 records committed.*lsm> "
send ".read lin\t\r"
expect -re "green\r\ngreen\r\n.*lsm> "
send "batch far/m\tx\r"
expect -re "far/manx: No such file.*lsm> "
send "load \t"
expect -re "\ndb/\r\nfar/\r\nlines\r\noperations\r\n"
send "\003"
expect "lsm> "
END
	lacks -E 'hidden|a blank' seen
}

@test "Ctrl-C cancels the command or the line, and no more" {
	orchard
	at_prompt db <<'END'
send "half a line\003"
expect "lsm> "
send "scan --rate=1K/s\r"
expect "tree000000"
send "\003"
expect -re "interrupted.*lsm> "
send "get tree00000007\r"
expect -re "worm 7\r\n.*lsm> "
END
}

@test "the prompt shows what others wrote meanwhile, and a snapshot does not" {
	fruit
	at_prompt db <<'END'
send "get apple\r"
expect -re "\nred\r\n.*lsm> "
exec lsm-cli --sync=off db put apple green
send "get apple\r"
expect -re "\ngreen\r\n.*lsm> "
send ".snapshot\r"
expect "lsm> "
exec lsm-cli --sync=off db put apple blue
send "get apple\r"
expect -re "\ngreen\r\n.*lsm> "
send ".release\r"
expect "lsm> "
send "get apple\r"
expect -re "\nblue\r\n.*lsm> "
END
}

@test ".timing, .read, .snapshot and .release" {
	fruit
	printf 'has apple\nget banana\n' >lines
	at_prompt --sync=off db <<'END'
send ".timing on\r"
expect "lsm> "
send "get cherry\r"
expect -re "dark red\r\n.*\[0-9\]+ us\r\n.*lsm> "
send ".timing off\r"
expect "lsm> "
send ".read lines\r"
expect -re "yellow.*lsm> "
send "put apple green\r"
expect "lsm> "
send ".snapshot\r"
expect "lsm> "
send "put apple blue\r"
expect "lsm> "
send "get apple\r"
expect -re "\ngreen\r\n.*lsm> "
send ".release\r"
expect "lsm> "
send "get apple\r"
expect -re "\nblue\r\n.*lsm> "
END
	printf '.read lines\n.help\n' | lsm-cli db >out
	grep -q '^yellow' out
	printf '.read loop\n' >loop
	got=0
	lsm-cli db <loop 2>err || got=$?
	[ "$got" -eq 64 ]
	[ "$(lsm-cli db get apple)" = blue ]
}

# As many lines of `seen` as have a colour.
colored() {
	grep -c $'\033\\[[0-9;]*m' seen || [ $? -eq 1 ]
}

@test "with a poor terminal it still prompts, and has no colours" {
	fruit
	NO_COLOR='' AT_TERM=dumb at_prompt db <<'END'
send "scan --limit=1\r"
expect -re "apple\tred\r\n.*lsm> "
send "frob\r"
expect -re "\nlsm-cli: unknown command.*lsm> "
END
	[ "$(colored)" -eq 0 ]
}

@test "prompt, keys, values and the word of an error have colours" {
	fruit
	NO_COLOR='' at_prompt --color=never db <<'END'
send "scan --limit=1\r"
expect -re "\napple\tred\r\n.*lsm> "
END
	[ "$(colored)" -eq 0 ]
	at_prompt db <<'END'
send "frob\r"
expect -re "\nlsm-cli: unknown command.*lsm> "
END
	[ "$(colored)" -eq 0 ]
	cat >colors.exp <<'END'
set timeout 10
proc fail {} { exit 9 }
spawn lsm-cli {*}$argv db
expect_after timeout fail eof fail
expect "\033\[1mlsm>\033\[0m "
send "scan --limit=1\r"
expect "\033\[36mapple\033\[0m\t\033\[32mred\033\[0m\r\n"
send "get apple\r"
expect -re "\nred\r\n"
send "frob\r"
expect "\033\[1;31mlsm-cli: \033\[0munknown command"
send "\004"
expect_after
expect timeout fail eof
END
	env -u NO_COLOR TERM=vt100 XDG_STATE_HOME="$PWD/state" \
	    expect colors.exp
	env NO_COLOR=1 TERM=vt100 XDG_STATE_HOME="$PWD/state" \
	    expect colors.exp --color=always
}

# lsm-cli in a place of its own, first in PATH.
moved_to() {
	mkdir -p "$1"
	cp "$LSM_BIN/lsm-cli" "$1"
	PATH=$PWD/$1:$PATH
}

@test "without the program that edits lines it prompts all the same" {
	fruit
	moved_to alone
	at_prompt --sync=off db <<'END'
send "get apple\r"
expect -re "\nred\r\n.*lsm> "
END
	[ ! -e state ]
	# One that cannot be run changes nothing, and signals are as they were.
	printf 'neither a program nor a script' >alone/lsm-cli-prompt
	chmod 755 alone/lsm-cli-prompt
	at_prompt db <<'END'
send "scan --rate=1/s\r"
expect "apple"
send "\003"
expect -re "interrupted.*lsm> "
send "get apple\r"
expect -re "\nred\r\n.*lsm> "
END
	[ ! -e state ]
}

@test "the program that edits lines is found where it is installed" {
	[ -x "$LSM_BIN/lsm-cli-prompt" ] || skip "libedit is not here"
	fruit
	moved_to bin
	mkdir -p libexec/lsm
	cp "$LSM_BIN/lsm-cli-prompt" libexec/lsm
	at_prompt --history-values --sync=off db <<'END'
send "put plum blue\r"
expect "lsm> "
END
	grep -q 'plum.*blue' state/lsm-cli/history
	rm -r state
	mkdir linked
	ln -s ../bin/lsm-cli linked/lsm-cli
	PATH=$PWD/linked:$PATH at_prompt db <<'END'
send "get plum\r"
expect -re "\nblue\r\n.*lsm> "
END
	grep -q plum state/lsm-cli/history
}

@test "only a prompt is worth that program: no other start looks for it" {
	fruit
	moved_to alone
	printf '#!/bin/sh\ntouch started\nexit 9\n' >alone/lsm-cli-prompt
	chmod 755 alone/lsm-cli-prompt
	[ "$(lsm-cli db get apple)" = red ]
	[ "$(echo 'get apple' | lsm-cli db)" = red ]
	script -qec 'lsm-cli db get apple' /dev/null </dev/null | grep -q red
	[ ! -e started ]
	script -qec 'lsm-cli db' /dev/null </dev/null || [ $? -eq 9 ]
	[ -e started ]
}
