#!/usr/bin/env bats
# The prompt, at a pseudo terminal.
load helper

# Type at a prompt: expect's lines on stdin; what the terminal showed: `seen`.
# With colours when $NO_COLOR is empty.
at_prompt() {
	{
		printf 'log_user 0\nlog_file -noappend -a seen\nset timeout 10\n'
		printf 'proc fail {} { exit 9 }\n'
		printf 'spawn lsm-cli %s\n' "$*"
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
