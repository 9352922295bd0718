#!/usr/bin/env bats
# One key at a time: put, get, has, delete.
load helper

@test "a value comes back byte for byte, and nothing is added" {
	lsm-cli --create db put apple red
	lsm-cli db get apple >out
	printf red | cmp - out
}

@test "success is silent" {
	lsm-cli --create db put apple red >out 2>&1
	lsm-cli db delete apple >>out 2>&1
	lsm-cli db flush >>out 2>&1
	lsm-cli db compact >>out 2>&1
	[ ! -s out ]
}

@test "a terminal gets a newline behind the value" {
	fruit
	script -qec 'lsm-cli db get apple' /dev/null </dev/null >out
	printf 'red\r\n' | cmp - out
}

@test "an absent key: nothing on stdout, one line on stderr, status 1" {
	fruit
	fails 1 'lsm-cli: db: plum: not found' lsm-cli db get plum
	[ ! -s out ]
}

@test "an absent key is silent with -q" {
	fruit
	fails 1 '' lsm-cli -q db get plum
}

@test "a key in a message is escaped and cut" {
	fruit
	fails 1 'lsm-cli: db: \x1b[31m\t\\: not found' \
	    lsm-cli db get $'\033[31m\t\\'
	long=$(head -c 4096 /dev/zero | tr '\0' k)
	fails 1 "lsm-cli: db: ${long:0:64}...: not found" \
	    lsm-cli db get "$long"
}

@test "has says it by its status only" {
	fruit
	fails 0 '' lsm-cli db has apple
	[ ! -s out ]
	fails 1 '' lsm-cli db has plum
	[ ! -s out ]
}

@test "several keys are records in the order asked" {
	fruit
	lsm-cli db get cherry apple cherry >out
	printf 'cherry\tdark red\napple\tred\ncherry\tdark red\n' | cmp - out
}

@test "several keys, one absent: the others are printed, status 1" {
	fruit
	fails 1 'lsm-cli: db: plum: not found' lsm-cli db get apple plum cherry
	printf 'apple\tred\ncherry\tdark red\n' | cmp - out
}

@test "an absent key is marked in json" {
	fruit
	fails 1 '' lsm-cli -q db get --format=json apple plum
	printf '{"key":"apple","value":"red"}\n{"key":"plum","found":false}\n' |
	    cmp - out
}

@test "get in raw: one value bare, several in lines" {
	fruit
	lsm-cli db get --format=raw apple >out
	printf red | cmp - out
	lsm-cli db get --format=raw apple banana >out
	printf 'red\nyellow\n' | cmp - out
}

@test "an overwrite holds, a delete holds, deleting the absent is success" {
	fruit
	lsm-cli db put apple green
	[ "$(lsm-cli db get apple)" = green ]
	lsm-cli db delete apple plum
	fails 1 '' lsm-cli db has apple
	lsm-cli db del banana cherry
	[ "$(lsm-cli db scan --count)" = $'0\t0\t0' ]
}

@test "the empty key and the empty value are a record" {
	lsm-cli --create db put '' ''
	fails 0 '' lsm-cli db has ''
	lsm-cli db get '' >out
	[ ! -s out ]
	[ "$(lsm-cli db scan --count)" = $'1\t0\t0' ]
}

@test "a value from stdin is byte-exact" {
	head -c 300000 /dev/urandom >blob
	lsm-cli --create db put blob - <blob
	lsm-cli db get blob | cmp - blob
	printf '' | lsm-cli db put blob -
	lsm-cli db get blob | cmp - /dev/null
}

@test "a value from a file is byte-exact" {
	head -c 300000 /dev/urandom >blob
	lsm-cli --create db put blob --value-file blob
	lsm-cli db get blob | cmp - blob
}

@test "a value's file that is not there creates nothing" {
	fails 66 'lsm-cli: nope: No such file or directory' \
	    lsm-cli --create db put k --value-file=nope
	[ ! -e db ]
}

@test "a single hyphen can be stored, from stdin" {
	printf -- - | lsm-cli --create db put hyphen -
	[ "$(lsm-cli db get hyphen)" = - ]
}

@test "keys and values that begin with a hyphen stand behind --" {
	lsm-cli --create db put -- -k -v
	[ "$(lsm-cli db get -- -k)" = -v ]
	refused 64 lsm-cli db put -k v
}

@test "the longest key goes in, one byte more does not" {
	key=$(head -c 4096 /dev/zero | tr '\0' k)
	lsm-cli --create db put "$key" v
	[ "$(lsm-cli db get "$key")" = v ]
	refused 65 lsm-cli db put "${key}k" v
	[ "$(lsm-cli db scan --count)" = $'1\t4096\t1' ]
}

@test "binary keys as hex and as escapes" {
	lsm-cli --create db --key-format=hex put 00fF0a x
	lsm-cli db get --key-format=escaped '\0\xff\n' >out
	printf x | cmp - out
	[ "$(lsm-cli db scan)" = '\0\xff\n'$'\tx' ]
	[ "$(lsm-cli db scan --key-format=hex)" = $'00ff0a\tx' ]
	refused 64 lsm-cli db get --key-format=hex 0
	refused 64 lsm-cli db get --key-format=hex 0g
	refused 64 lsm-cli db get --key-format=escaped 'a\q'
	refused 64 lsm-cli db get --key-format=escaped 'a\'
	refused 64 lsm-cli db get --key-format=escaped 'a\x1'
}

@test "only --create creates, and it makes parents" {
	refused 66 lsm-cli a/b/db put k v
	[ ! -e a ]
	lsm-cli --create a/b/db put k v
	[ "$(lsm-cli a/b/db get k)" = v ]
}

@test "--create leaves a database that is there alone" {
	fruit
	lsm-cli --create db put plum blue
	[ "$(lsm-cli db scan --count | cut -f1)" = 4 ]
}

@test "a put without a sync is there for the next process" {
	lsm-cli --create db --sync=off put k v
	[ "$(lsm-cli db get k)" = v ]
}

@test "-v says what was done, on stderr" {
	fails 0 'lsm-cli: put: done' lsm-cli -v --create db put k v
	[ ! -s out ]
}

@test "a thousand keys, absent ones among them, come in the order asked" {
	orchard
	awk 'BEGIN { for (i = 0; i < 1000; i++)
	    printf "tree%08d\n", i * 7919 % 21000 }' >keys
	lsm-cli -q db get --keys-from=keys >out || [ $? -eq 1 ]
	awk '{ n = substr($0, 5) + 0 } n < 20000 {
	    printf "%s\tan apple, a leaf and a worm %d\n", $0, n }' keys >want
	cmp out want
	[ "$(wc -l <out)" -lt 1000 ]
	xargs lsm-cli -q db get <keys >out || [ $? -eq 123 ]
	cmp out want
}

@test "keys before a malformed one are answered" {
	fruit
	printf 'apple\ncherry\n\\q\nbanana\n' >keys
	refused_after=0
	lsm-cli db get --key-format=escaped --keys-from=keys >out 2>err ||
	    refused_after=$?
	[ "$refused_after" -eq 65 ]
	printf 'apple\tred\ncherry\tdark red\n' | cmp - out
	[ "$(wc -l <err)" -eq 1 ]
}

@test "large values are asked for a few at a time" {
	for i in 1 2 3 4 5 6 7 8; do
		head -c 700000 /dev/zero | tr '\0' $i |
		    lsm-cli --create --sync=off db put $i -
	done
	lsm-cli db get --format=raw 8 7 1 2 3 6 5 4 4 1 | tr -s '1-8' >out
	printf '8\n7\n1\n2\n3\n6\n5\n4\n4\n1\n' | cmp - out
}

@test "delete of a range or prefix: all of it, once somebody said yes" {
	orchard
	lsm-cli db delete --prefix=tree0001 -n >out 2>err
	[ "$(wc -l <out)" -eq 10000 ]
	[ "$(sed -n 1p out)" = tree00010000 ]
	[ "$(cat err)" = 'lsm-cli: db: would delete: records: 10000' ]
	fails 64 'lsm-cli: delete: records: 10000? nobody is there to answer: say --yes' \
	    lsm-cli db delete --prefix=tree0001
	[ "$(lsm-cli db scan --count | cut -f1)" = 20000 ]
	fails 0 '' lsm-cli db delete --prefix=tree0001 --yes
	[ "$(lsm-cli db scan --count | cut -f1)" = 10000 ]
	fails 0 '' lsm-cli db delete --from=tree00000002 --to=tree00009999 -y
	[ "$(lsm-cli db scan --keys-only | tr '\n' ' ')" = \
	    'tree00000000 tree00000001 tree00009999 ' ]
	fails 0 '' lsm-cli db delete --prefix=shrub
	fails 0 '' lsm-cli db delete --prefix= -y
	[ "$(lsm-cli db scan --count)" = $'0\t0\t0' ]
}

@test "delete of a prefix of highest bytes" {
	printf '%s\n' 'put fe a' 'put ff b' 'put ffff c' >script
	lsm-cli --create --key-format=hex db <script
	lsm-cli db delete --key-format=hex --prefix=ff -y
	[ "$(lsm-cli db scan --key-format=hex --keys-only)" = fe ]
}

@test "delrange: FROM and TO, or options, and as part of a batch" {
	fruit
	fails 64 'lsm-cli: an operand is missing; usage: delrange FROM [TO]' \
	    lsm-cli db delrange
	[ "$(lsm-cli db delrange apple cherry -n 2>err)" = $'apple\nbanana' ]
	fails 0 '' lsm-cli db delrange apple banana -y
	[ "$(lsm-cli db scan --keys-only)" = $'banana\ncherry' ]
	fails 0 '' lsm-cli db delrange cherry apple -y
	printf '%s\n' .begin 'put date brown' 'delrange b d -y' \
	    'put cherry black' .commit scan >script
	[ "$(lsm-cli db <script)" = $'cherry\tblack\ndate\tbrown' ]
	fails 0 '' lsm-cli db delrange d -y
	fails 0 '' lsm-cli db delrange --prefix=c -y
	[ "$(lsm-cli db scan --count)" = $'0\t0\t0' ]
	[ "$(lsm-cli db stats --format=tsv |
	    grep -c 'range_deletes')" -gt 0 ]
}

@test "what was deleted as a range stays so, and a key can come back" {
	seq -f 'key%06g	v' 20000 | lsm-cli --create db load
	fails 0 '' lsm-cli db delete --prefix=key -y
	[ "$(lsm-cli db scan --count | cut -f1)" = 0 ]
	lsm-cli db put key000001 back
	[ "$(lsm-cli db scan)" = $'key000001\tback' ]
	lsm-cli db compact
	[ "$(lsm-cli db scan)" = $'key000001\tback' ]
}

@test "delete of a range excludes keys and conditions" {
	fruit
	refused 64 lsm-cli db delete apple --prefix=b -y
	refused 64 lsm-cli db delete --prefix=b -y --if-present
	refused 64 lsm-cli db delete -n apple
	printf '.snapshot\ndelete --prefix=b -y\nget banana\n' |
	    lsm-cli db >out
	[ "$(cat out)" = yellow ]
	[ "$(lsm-cli db scan --keys-only)" = $'apple\ncherry' ]
}
