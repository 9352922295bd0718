#!/usr/bin/env bats
# Writes under conditions: --if-absent, --if-present, --if-equals, and ops.
load helper

@test "put: each condition, met and not met" {
	fruit
	fails 0 '' lsm-cli db put plum blue --if-absent
	fails 1 'lsm-cli: db: condition 1: the key must be absent' \
	    lsm-cli db put plum green --if-absent
	fails 0 '' lsm-cli db put plum purple --if-present
	fails 1 'lsm-cli: db: condition 1: the key must be present' \
	    lsm-cli db put kiwi green --if-present
	fails 1 'lsm-cli: db: condition 1: the key must have the value' \
	    lsm-cli db put plum green --if-equals=blue
	fails 0 '' lsm-cli db put plum green --if-equals=purple
	fails 1 '' lsm-cli -q db put plum red --if-equals=
	[ "$(lsm-cli db scan --prefix=plum)" = $'plum\tgreen' ]
	[ "$(lsm-cli db scan --count)" = $'4\t21\t22' ]
}

@test "put: the value from a file, and values in another format" {
	fruit
	printf 'two\nlines' | lsm-cli db put apple - --if-equals red
	printf other | fails 1 \
	    'lsm-cli: db: condition 1: the key must be absent' \
	    lsm-cli db put apple - --if-absent
	lsm-cli db put apple --value-format=hex 00 --if-equals=74776f0a6c696e6573
	lsm-cli db put apple --value-format=escaped '\t' --if-equals='\0'
	[ "$(lsm-cli db get apple)" = $'\t' ]
	refused 64 lsm-cli db put apple --value-format=hex 00 --if-equals=0
}

@test "delete: all keys must meet the condition, or none goes" {
	fruit
	fails 1 'lsm-cli: db: condition 2: the key must be present' \
	    lsm-cli db delete apple kiwi banana --if-present
	fails 1 'lsm-cli: db: condition 2: the key must have the value' \
	    lsm-cli db delete apple banana --if-equals=red
	[ "$(lsm-cli db scan --count | cut -f1)" -eq 3 ]
	lsm-cli db delete apple --if-equals=red
	lsm-cli db delete banana cherry --if-present
	[ "$(lsm-cli db scan --count | cut -f1)" -eq 0 ]
	refused 64 lsm-cli db delete apple --if-absent
}

@test "conditions exclude each other, and belong to commands that write" {
	fruit
	refused 64 lsm-cli db put a b --if-absent --if-present
	refused 64 lsm-cli db put a b --if-absent --if-equals=
	refused 64 lsm-cli db load --if-present --if-equals=x
	refused 64 lsm-cli db put a b --if-equals
	refused 64 lsm-cli db get apple --if-present
	refused 64 lsm-cli --if-absent db
}

@test "a condition that was not met does not end a script" {
	printf 'put --if-absent a 1\nput --if-absent a 2\nget a\n' >script
	fails 1 'lsm-cli: stdin:2: db: condition 1: the key must be absent' \
	    lsm-cli --create db <script
	[ "$(cat out)" = 1 ]
}

@test "of many processes that want one key one wins" {
	fruit
	for i in 1 2 3 4 5 6; do
		lsm-cli -q --wait --sync=off db put lock $i --if-absent \
		    2>/dev/null && echo $i >>winners &
	done
	wait
	[ "$(wc -l <winners)" -eq 1 ]
	[ "$(lsm-cli db get lock)" = "$(cat winners)" ]
}

@test "load --if-absent keeps what is there and takes what is new" {
	fruit
	printf 'apple\tgreen\nfig\tblue\nfig\tred\nkiwi\tbrown\n' >more
	fails 1 'lsm-cli: more: records skipped, a condition was not met: 2' \
	    lsm-cli db load --if-absent more
	lsm-cli db scan >out
	printf 'apple\tred\nbanana\tyellow\ncherry\tdark red\nfig\tblue\n%s' \
	    $'kiwi\tbrown\n' | cmp - out
	fails 1 '' lsm-cli -q db load --if-absent more
}

@test "load with conditions is as one put after the other" {
	fruit
	printf 'apple\t1\nfig\t2\napple\tred\napple\t3\n' |
	    fails 1 'lsm-cli: stdin: records skipped, a condition was not met: 1' \
	    lsm-cli db load --if-present
	[ "$(lsm-cli db get apple)" = 3 ]
	printf 'apple\t4\napple\t5\nbanana\t3\n' |
	    fails 1 'lsm-cli: stdin: records skipped, a condition was not met: 2' \
	    lsm-cli db load --if-equals=3
	[ "$(lsm-cli db get apple)" = 4 ]
}

@test "load --if-absent of many keys, twice" {
	awk 'BEGIN { for (i = 0; i < 5000; i++)
	    printf "k%d\t%d\n", i * 7919 % 3000, i }' >in
	fails 1 'lsm-cli: in: records skipped, a condition was not met: 2000' \
	    lsm-cli --create --sync=off db load --if-absent in
	awk -F'\t' '!seen[$1]++' in | sort >want
	lsm-cli db scan | sort | cmp - want
	fails 1 'lsm-cli: in: records skipped, a condition was not met: 5000' \
	    lsm-cli --sync=off db load --if-absent in
}

@test "load --atomic with a condition: all records or none" {
	fruit
	printf 'fig\tblue\napple\tgreen\n' >more
	fails 1 'lsm-cli: more: records skipped, a condition was not met: 2' \
	    lsm-cli db load --atomic --if-absent more
	[ "$(lsm-cli db scan --count | cut -f1)" -eq 3 ]
	printf 'fig\tblue\n' | lsm-cli db load --atomic --if-absent
	[ "$(lsm-cli db get fig)" = blue ]
}

@test "batch: conditions of a group, and groups go on behind one unmet" {
	fruit
	printf '%s\n' $'equals\tapple\tred' $'absent\tfig' $'del\tapple' \
	    $'put\tfig\tred' commit $'present\tkiwi' $'put\tx\ty' \
	    $'del\tbanana' '' $'put\tlast\t1' >ops
	fails 1 'lsm-cli: ops: operations skipped, a condition was not met: 2' \
	    lsm-cli db batch ops
	[ "$(lsm-cli db scan --keys-only | tr '\n' ' ')" = \
	    'banana cherry fig last ' ]
	fails 1 'lsm-cli: ops: line 5: condition 1: the key must have the value
lsm-cli: ops: line 9: condition 1: the key must be present
lsm-cli: ops: operations skipped, a condition was not met: 4
lsm-cli: ops: operations committed: 1' \
	    lsm-cli -v db batch ops
}

@test "batch: a group of conditions alone only asks" {
	fruit
	printf 'present\tapple\nabsent\tfig\n' | fails 0 '' lsm-cli db batch
	printf 'absent\tapple\n' |
	    fails 1 'lsm-cli: stdin: operations skipped, a condition was not met: 0' \
	    lsm-cli db batch
}

@test "batch: a condition for every key that it names" {
	fruit
	printf 'put\tfig\t1\nput\tkiwi\t2\n\nput\tfig\t3\nput\tlime\t4\n' |
	    fails 1 'lsm-cli: stdin: operations skipped, a condition was not met: 2' \
	    lsm-cli db batch --if-absent
	[ "$(lsm-cli db get fig kiwi)" = $'fig\t1\nkiwi\t2' ]
	[ "$(lsm-cli db scan --count | cut -f1)" -eq 5 ]
}

@test "batch: malformed conditions are named" {
	fruit
	for line in 'absent' 'absent\ta\tb' 'equals\ta' 'present\ta\\q'; do
		got=0
		printf "$line\n" | lsm-cli db batch 2>err || got=$?
		[ "$got" -eq 65 ]
		grep -q '^lsm-cli: stdin:1: ' err
	done
}
