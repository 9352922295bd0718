#!/usr/bin/env bats
# Signals stop a command between two records and close the database.
load helper

# Load records through a pipe that stays open, and wait for the last.
load_start() {
	mkfifo in
	lsm-cli --create --sync=off db load --batch-size=2 in 2>err &
	loader=$!
	exec {in}>in
	printf 'a\t1\nb\t2\nc\t3\n' >&"$in"
	until lsm-cli -q db has b 2>/dev/null; do
		kill -0 "$loader"
	done
}

# What it said, but for the line that a busy machine adds.
said() {
	grep -v ': stopping when this step ends; ' err
}

stopped_by() {
	local got=0
	load_start
	kill -"$1" "$loader"
	wait "$loader" || got=$?
	[ "$got" -eq "$2" ]
	[ "$(said)" = 'lsm-cli: in: records committed: 3, last key: c' ]
	[ "$(lsm-cli db scan --keys-only)" = $'a\nb\nc' ]
	lsm-cli db put after yes
}

@test "SIGTERM stops a load: what was read is committed" {
	stopped_by TERM 143
}

@test "SIGHUP stops a load: what was read is committed" {
	stopped_by HUP 129
}

@test "SIGINT stops a load: what was read is committed" {
	# A shell makes its background jobs ignore SIGINT: undo that.
	set -m
	stopped_by INT 130
}

@test "a signal that was ignored stays ignored" {
	mkfifo in
	(
		trap '' HUP
		exec lsm-cli --create db load --batch-size=1 in
	) &
	loader=$!
	exec {in}>in
	printf 'a\t1\n' >&"$in"
	until lsm-cli -q db has a 2>/dev/null; do
		kill -0 "$loader"
	done
	kill -HUP "$loader"
	printf 'b\t1\n' >&"$in"
	exec {in}>&-
	wait "$loader"
	[ "$(lsm-cli db scan --count | cut -f1)" = 2 ]
}

@test "SIGTERM ends a script that waits for lines" {
	fruit
	writer_start
	kill -TERM "$writer_pid"
	got=0
	wait "$writer_pid" || got=$?
	[ "$got" -eq 143 ]
	[ "$(lsm-cli db get held)" = yes ]
}

@test "SIGTERM ends a wait for the lock" {
	fruit
	writer_start
	lsm-cli --wait db put k v 2>err &
	waiter=$!
	# Until then it is a copy of this shell, with its traps.
	until [ "$(cat /proc/$waiter/comm)" = lsm-cli ]; do
		:
	done
	kill -TERM "$waiter"
	got=0
	wait "$waiter" || got=$?
	[ "$got" -eq 143 ]
	[ -z "$(said)" ]
	writer_end
	fails 1 '' lsm-cli db has k
}

@test "SIGTERM ends a scan whose reader does not read" {
	orchard
	mkfifo out.pipe
	lsm-cli db scan >out.pipe 2>err &
	scanner=$!
	exec {reader}<out.pipe
	read -r line <&"$reader"
	kill -TERM "$scanner"
	got=0
	wait "$scanner" || got=$?
	[ "$got" -eq 143 ]
	[ -z "$(said)" ]
}

@test "SIGSTOP and SIGCONT are harmless" {
	load_start
	kill -STOP "$loader"
	kill -CONT "$loader"
	printf 'd\t4\n' >&"$in"
	exec {in}>&-
	wait "$loader"
	[ "$(lsm-cli db scan --count | cut -f1)" = 4 ]
}

@test "SIGUSR1 asks a scan how far it is, and breaks no read or write" {
	orchard
	lsm-cli db scan >want
	mkfifo slow
	lsm-cli db scan >slow 2>err &
	scanner=$!
	exec {from}<slow
	for i in 1 2 3 4 5 6 7 8; do
		head -c 100000 <&"$from"
		kill -USR1 "$scanner"
	done >out
	cat <&"$from" >>out
	wait "$scanner"
	cmp want out
	grep -q '^lsm-cli: records read: [0-9]*$' err
	mkfifo records
	lsm-cli --create --sync=off copy load records 2>err &
	loader=$!
	exec {to}>records
	head -n 1 want >&"$to"
	while [ ! -e copy ]; do :; done
	while read -r line; do
		kill -USR1 "$loader"
		echo "$line"
	done < <(head -n 200 want | tail -n +2) >&"$to"
	tail -n +201 want >&"$to"
	exec {to}>&-
	wait "$loader"
	lsm-cli copy scan | cmp want -
}

@test "a file that may not grow is a failed write, and none is left" {
	orchard
	head -c 900000 /dev/urandom >much
	for words in 'export dump' 'scan -o dump' 'put big --value-file=much'
	do
		got=0
		bash -c "ulimit -f 100; exec lsm-cli db $words" 2>err || got=$?
		[ "$got" -eq 74 ]
		grep -q '^lsm-cli: .*: File too large$' err
		[ -z "$(ls | grep dump)" ]
	done
	lsm-cli db has big && false
	[ "$(lsm-cli db scan --count | cut -f1)" = 20000 ]
}

@test "an interrupted --output leaves no file" {
	orchard
	lsm-cli db export --rate=100K/s -o dump &
	exporter=$!
	while [ -z "$(ls | grep dump)" ]; do :; done
	kill -TERM "$exporter"
	got=0
	wait "$exporter" || got=$?
	[ "$got" -eq 143 ]
	[ -z "$(ls | grep dump)" ]
}

# lsm-cli in a sync that does not come back: its pid, $stuck.
sync_stuck() {
	rm -f stuck
	LSM_BUG=stuck "$LSM_BIN/bug/lsm-cli" "$@" 2>err &
	stuck=$!
	until [ -e stuck ]; do
		kill -0 "$stuck"
	done
}

# Microseconds from a signal to the first word.
answered_us() {
	local start
	kill -"$1" "$stuck"
	start=${EPOCHREALTIME/./}
	until [ -s err ] || [ $((${EPOCHREALTIME/./} - start)) -gt 5000000 ]; do
		kill -0 "$stuck"
	done
	echo $((${EPOCHREALTIME/./} - start))
}

second_kills() {
	local got=0
	kill -"$1" "$stuck"
	wait "$stuck" || got=$?
	[ "$got" -eq "$2" ]
}

@test "a signal is answered within 100 ms, a second one kills at once" {
	[ -x "$LSM_BIN/bug/lsm-cli" ] || skip "make programs"
	fruit
	fastest=1000000
	for try in 1 2 3 4 5; do
		sync_stuck db put k v
		us=$(answered_us TERM)
		[ "$us" -ge "$fastest" ] || fastest=$us
		[ "$(cat err)" = "lsm-cli: stopping when this step ends; a\
 second signal kills at once" ]
		second_kills TERM 143
	done
	# One of five, because the machine may be busy.
	[ "$fastest" -lt 100000 ]
	[ "$(lsm-cli db get apple)" = red ]
}

@test "the first and the second signal may differ, and -q is silent" {
	[ -x "$LSM_BIN/bug/lsm-cli" ] || skip "make programs"
	fruit
	sync_stuck db put k v --errors=jsonl
	answered_us TERM
	jq -e '.tool == "lsm-cli" and (.message | startswith("stopping"))' err
	second_kills HUP 129
	sync_stuck -q db put k v
	kill -HUP "$stuck"
	second_kills TERM 143
	[ ! -s err ]
}

@test "a signal ends a long command within 100 ms" {
	orchard
	for try in 1 2 3 4 5; do
		lsm-cli db scan --rate=1 >out 2>err &
		pid=$!
		until [ "$(cat /proc/$pid/comm)" = lsm-cli ]; do :; done
		start=${EPOCHREALTIME/./}
		kill -TERM "$pid"
		got=0
		wait "$pid" || got=$?
		[ "$got" -eq 143 ]
		[ $((${EPOCHREALTIME/./} - start)) -ge 100000 ] || return 0
	done
	echo "five times longer"
	return 1
}
