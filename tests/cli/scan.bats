#!/usr/bin/env bats
# Ranges: what scan prints, and in which form.
load helper

@test "a scan prints all records in key order" {
	fruit
	lsm-cli db scan >out
	printf 'apple\tred\nbanana\tyellow\ncherry\tdark red\n' | cmp - out
}

@test "FROM is inclusive, TO is not" {
	fruit
	[ "$(lsm-cli db scan banana)" = $'banana\tyellow\ncherry\tdark red' ]
	[ "$(lsm-cli db scan apple cherry --keys-only)" = $'apple\nbanana' ]
	[ "$(lsm-cli db scan '' b --keys-only)" = apple ]
}

@test "--from and --to, alone and beside operands and prefix" {
	fruit
	[ "$(lsm-cli db scan --from=b --keys-only)" = $'banana\ncherry' ]
	[ "$(lsm-cli db scan --to=b --keys-only)" = apple ]
	[ "$(lsm-cli db scan a c --from=b --keys-only)" = banana ]
	[ "$(lsm-cli db scan b --from=a --to=c --keys-only)" = banana ]
	[ -z "$(lsm-cli db scan --prefix=a --from=b)" ]
	[ "$(lsm-cli db export --from=c --format=tsv | head -n 1)" = \
	    $'cherry\tdark red' ]
	[ "$(lsm-cli db size --to=b | cut -f1)" = 1 ]
}

@test "an empty range is an answer" {
	fruit
	for range in 'b b' 'c a' 'x' 'apple apple'; do
		lsm-cli db scan $range >out
		[ ! -s out ]
	done
	[ "$(lsm-cli db scan x --count)" = $'0\t0\t0' ]
	[ "$(lsm-cli db scan c a --count)" = $'0\t0\t0' ]
}

@test "a prefix, and a prefix within a range" {
	fruit
	lsm-cli db put apricot orange
	[ "$(lsm-cli db scan --prefix=ap --keys-only)" = $'apple\napricot' ]
	[ "$(lsm-cli db scan apq --prefix ap --keys-only)" = apricot ]
	[ "$(lsm-cli db scan '' apq --prefix ap --keys-only)" = apple ]
	[ -z "$(lsm-cli db scan b --prefix ap)" ]
	[ "$(lsm-cli db scan --prefix= --count | cut -f1)" = 4 ]
}

@test "a prefix of highest bytes ends where the keys end" {
	lsm-cli --create db put --key-format=hex ff a
	lsm-cli db put --key-format=hex ffff b
	lsm-cli db put --key-format=hex fe c
	[ "$(lsm-cli db scan --key-format=hex --prefix=ff --values-only)" = \
	    $'a\nb' ]
	[ "$(lsm-cli db scan --key-format=hex --prefix=ffff --values-only)" = \
	    b ]
}

@test "--reverse turns the order, with --limit it gives the last" {
	fruit
	[ "$(lsm-cli db scan --reverse --keys-only)" = \
	    $'cherry\nbanana\napple' ]
	[ "$(lsm-cli db scan --reverse --limit=1 --keys-only)" = cherry ]
	[ "$(lsm-cli db scan a c --reverse --limit 1 --keys-only)" = banana ]
}

@test "--limit" {
	fruit
	[ "$(lsm-cli db scan --limit=2 --keys-only)" = $'apple\nbanana' ]
	[ -z "$(lsm-cli db scan --limit=0)" ]
	[ "$(lsm-cli db scan --limit=99 --count | cut -f1)" = 3 ]
}

@test "--count prints records, key bytes, value bytes" {
	fruit
	[ "$(lsm-cli db scan --count)" = $'3\t17\t17' ]
	[ "$(lsm-cli db scan --count --limit=1)" = $'1\t5\t3' ]
}

@test "--values-only, and raw" {
	fruit
	[ "$(lsm-cli db scan --values-only)" = $'red\nyellow\ndark red' ]
	printf 'k\t' | lsm-cli db put tab -
	lsm-cli db scan tab --values-only >out
	printf 'k\\t\n' | cmp - out
	lsm-cli db scan tab --values-only --format=raw >out
	printf 'k\t\n' | cmp - out
	refused 64 lsm-cli db scan --format=raw
}

@test "every byte is one escape or itself" {
	awk 'BEGIN { for (i = 0; i < 256; i++)
	    printf "put --key-format=hex %02x v\n", i }' |
	    lsm-cli --create --sync=off db
	lsm-cli db scan --keys-only >out
	awk 'BEGIN { for (i = 0; i < 256; i++) {
		if (i == 0) print "\\0"
		else if (i == 9) print "\\t"
		else if (i == 10) print "\\n"
		else if (i == 13) print "\\r"
		else if (i == 92) print "\\\\"
		else if (i >= 32 && i < 127) printf "%c\n", i
		else printf "\\x%02x\n", i
	} }' >want
	cmp want out
	lsm-cli db scan --keys-only --key-format=hex >out
	LC_ALL=C sort -c out
	[ "$(wc -l <out)" -eq 256 ]
}

@test "escapes are found at each place of a long value" {
	for i in 0 1 6 7 8 9 15 16 17 4095 4096 4097; do
		head -c "$i" /dev/zero | tr '\0' x >value
		printf '\n' >>value
		head -c 20 /dev/zero | tr '\0' y >>value
		lsm-cli --create db put "k$i" - <value
		want=$(head -c "$i" value)'\n'$(tail -c 20 value)
		[ "$(lsm-cli db scan --values-only "k$i" --limit=1)" = "$want" ]
	done
}

@test "json: one object a line that jq can read" {
	fruit
	lsm-cli db scan --format=json >out
	[ "$(jq -r '.key + "=" + .value' out)" = \
	    $'apple=red\nbanana=yellow\ncherry=dark red' ]
	lsm-cli db scan --format=json --keys-only --limit=1 >out
	[ "$(cat out)" = '{"key":"apple"}' ]
	lsm-cli db scan --format=json --values-only --limit=1 >out
	[ "$(cat out)" = '{"value":"red"}' ]
}

@test "json: no string is lossy" {
	printf 'q"\\\b\f\n\r\t\001\177' | lsm-cli --create db put text -
	lsm-cli db scan --format=json | jq -j .value >out
	printf 'q"\\\b\f\n\r\t\001\177' | cmp - out
	lsm-cli db put text 'grün 🍏'
	[ "$(lsm-cli db scan --format=json | jq -r .value)" = 'grün 🍏' ]
	for bad in '\377' '\300\200' '\355\240\200' '\364\220\200\200' \
	    '\342\202' '\200'; do
		printf "$bad" | lsm-cli db put text -
		[ "$(lsm-cli db scan --format=json | jq -r .value_hex)" = \
		    "$(printf "$bad" | od -An -tx1 | tr -d ' ')" ]
	done
}

@test "files, for people and for programs" {
	fruit
	lsm-cli db flush
	lsm-cli db files | head -1 | grep -q '^name '
	lsm-cli db files --format=json |
	    jq -es 'any(.[]; .kind == "table" and .smallest == "apple" and
	    .largest == "cherry" and .entries == 3 and .state == "live")'
	lsm-cli db files --format=tsv >out
	awk -F'\t' 'NF != 13 { exit 1 }' out
	[ "$(cut -f1 out | sort)" = "$(ls db)" ]
	lsm-cli db files --format=tsv --key-format=u32be | cmp - out
	lsm-cli --yes db delrange a bananb
	lsm-cli --yes db delrange x z
	lsm-cli db flush
	lsm-cli db files --format=tsv | awk -F'\t' '$7 == 0 { n += $9 }
	    END { exit n != 2 }'
	lsm-cli db files | awk '$7 == 0 && $9 == 2 { n++ }
	    END { exit n != 1 }'
}

@test "a reverse scan is a scan, turned round" {
	orchard
	[ "$(lsm-cli db scan | wc -l)" -eq 20000 ]
	[ "$(lsm-cli db scan --reverse | tac | sha256sum)" = \
	    "$(lsm-cli db scan | sha256sum)" ]
}

@test "skip, every, around" {
	orchard
	[ "$(lsm-cli db scan --keys-only --skip=2 --limit=1)" = tree00000002 ]
	[ "$(lsm-cli db scan --keys-only --every=5000 | tr '\n' ' ')" = \
	    'tree00004999 tree00009999 tree00014999 tree00019999 ' ]
	[ "$(lsm-cli db scan --keys-only --around=tree00000100x --window=2 |
	    tr '\n' ' ')" = \
	    'tree00000099 tree00000100 tree00000101 tree00000102 ' ]
	[ "$(lsm-cli db scan --keys-only --around=a --window=2 |
	    tr '\n' ' ')" = 'tree00000000 tree00000001 ' ]
	[ "$(lsm-cli db scan --keys-only --around=z --window=2 |
	    tr '\n' ' ')" = 'tree00019998 tree00019999 ' ]
	[ "$(lsm-cli db scan --count --skip=19999 | cut -f1)" = 1 ]
}

@test "groups, histogram, top" {
	printf 'a:1\tx\na:2\tyy\nb:1\t\nc\tzzzz\n' | lsm-cli --create db load
	[ "$(lsm-cli db scan --group-by=:)" = \
	    $'a:\t2\t6\t3\nb:\t1\t3\t0\nc\t1\t1\t4' ]
	[ "$(lsm-cli db scan --group-by=1 --limit=3)" = \
	    $'a\t2\t6\t3\nb\t1\t3\t0' ]
	[ "$(lsm-cli db scan --histogram)" = \
	    $'key\t1\t1\t1\nkey\t2\t3\t3\nvalue\t0\t0\t1\nvalue\t1\t1\t1\nvalue\t2\t3\t1\nvalue\t4\t7\t1' ]
	[ "$(lsm-cli db scan --top=2)" = $'c\t4\na:2\t2' ]
	[ "$(lsm-cli db scan --top=99 | cut -f1 | tr '\n' ' ')" = \
	    'c a:2 a:1 b:1 ' ]
	refused 64 lsm-cli db scan --group-by=ab
	refused 64 lsm-cli db scan --top=0
	refused 64 lsm-cli db scan --top=1 --count
}

@test "filters of values" {
	fruit
	[ "$(lsm-cli db scan --keys-only --min-value-size=4)" = \
	    $'banana\ncherry' ]
	[ "$(lsm-cli db scan --keys-only --max-value-size=3)" = apple ]
	[ "$(lsm-cli db scan --keys-only --value-prefix=dark)" = cherry ]
	[ "$(lsm-cli db scan --count --value-prefix=x)" = $'0\t0\t0' ]
}

@test "redacted records are told apart and tell nothing" {
	fruit
	lsm-cli db put lime yellow
	lsm-cli db scan --redact=values >out
	lacks yellow out
	[ "$(grep -c '<6:[0-9a-f]\{16\}>$' out)" -eq 2 ]
	[ "$(cut -f2 out | sort -u | wc -l)" -eq 3 ]
	lsm-cli db scan --redact=all --format=jsonl | jq -es 'all(.[];
	    .key | test("^<[0-9]+:[0-9a-f]{16}>$"))'
	lsm-cli db get --redact=values apple >out
	lacks red out
}

@test "redacted keys: in no report, message or format" {
	lsm-cli --create db put S3CRET.key value
	for words in 'scan --top=1' 'scan --group-by=.' 'scan --group-by=3' \
	    'scan --keys-only' 'scan --histogram' 'scan --count' \
	    'scan --top=1 --key-format=u64be' 'scan --key-format=u64be' \
	    'scan --value-format=base64' 'scan --format=jsonl' \
	    'scan --format=nul --key-format=u32le' 'export --format=tsv'; do
		lsm-cli db $words --redact=all >out 2>err
		[ -s out ]
		[ ! -s err ]
		lacks S3C out
	done
	lsm-cli db scan --top=1 --redact=all >out
	key=$(lsm-cli db scan --keys-only --redact=all)
	[ "$(cat out)" = "$key"$'\t5' ]
	[ "$(lsm-cli db scan --group-by=S --redact=all | cut -f1)" = \
	    "$(lsm-cli db scan --group-by=1 --redact=all | cut -f1)" ]
	for format in jsonl tsv; do
		lsm-cli db get S3CRET.no --format=$format --redact=all \
		    >out 2>err && false
		lacks S3C out err
		[ -s err ]
	done
}

@test "--output: whole or not at all, and --delimiter" {
	fruit
	lsm-cli db scan -o file --format=raw --values-only --delimiter='\0'
	printf 'red\0yellow\0dark red\0' | cmp - file
	refused 73 lsm-cli db scan --output=file
	lsm-cli db export --force -o file
	[ "$(tail -n 1 file)" = DATA=END ]
	[ "$(stat -c %a file)" = "$(printf '%o' $((0666 & ~0$(umask))))" ]
	[ "$(ls | tr '\n' ' ')" = 'db err file out ' ]
}

@test "--force: a link stays, and the file behind it is replaced" {
	fruit
	mkdir far
	echo old >far/file
	ln -s far/file near
	ln -s near nearer
	ln -s far/made dangling
	ln -s loop loop
	refused 73 lsm-cli db scan -o nearer
	refused 73 lsm-cli db scan -o dangling
	lsm-cli db scan -o nearer --force
	lsm-cli db scan -o dangling --force
	lsm-cli db scan | tee all | cmp - far/file
	cmp all far/made
	[ "$(readlink nearer near dangling | tr '\n' ' ')" = \
	    'near far/file far/made ' ]
	[ "$(ls far | tr '\n' ' ')" = 'file made ' ]
	refused 73 lsm-cli db scan -o loop --force
	refused 73 lsm-cli db scan -o far --force
	[ "$(ls)" = "$(printf '%s\n' all dangling db err far loop near \
	    nearer out)" ]
}

@test "--force: what is no file is written to, and stays" {
	fruit
	lsm-cli db scan >all
	mkfifo fifo
	cat fifo >read &
	lsm-cli db scan -o fifo --force
	wait $!
	cmp all read
	[ -p fifo ]
	ln -s fifo leads
	cat fifo >read &
	lsm-cli db export --force leads
	wait $!
	[ "$(tail -n 1 read)" = DATA=END ]
	[ -L leads ]
	# A reader that goes away ends it as that of stdout does.
	lsm-cli --sync=off db put big - < <(head -c 500000 /dev/zero)
	head -c 1 fifo >read &
	got=0
	lsm-cli db scan -o fifo --force 2>err || got=$?
	[ "$got" -eq 141 ]
	[ ! -s err ]
	[ -z "$(ls | grep new)" ]
}

@test "--force: stdout by its name, and other descriptors" {
	fruit
	lsm-cli db scan >all
	{ echo head; lsm-cli db scan -o /dev/stdout --force; echo tail; } >out
	{ echo head; cat all; echo tail; } | cmp - out
	lsm-cli db scan -o /dev/stdout --force | cmp - all
	lsm-cli db scan -o /dev/fd/9 --force 9>out
	cmp all out
	lsm-cli db scan -o /dev/fd/9 --force 9>>out
	cat all all | cmp - out
	# Not those of the database, which nobody else has opened.
	lsm-cli db flush
	for fd in $(seq 3 30); do
		[ ! -e /dev/fd/$fd ] || continue
		printf 'sync\nscan -o /dev/fd/%d --force\n' "$fd" >script
		got=0
		lsm-cli db <script >out 2>err || got=$?
		[ "$got" -eq 73 ]
		[ ! -s out ]
	done
	lsm-cli db scan | cmp - all
	[ "$(ls | tr '\n' ' ')" = 'all db err out script ' ]
}

# Nodes of its own: those of /dev are everybody's.
@test "--force: a device is written to, and stays" {
	mknod null c 1 3 2>err && : >null 2>err || skip "may not make a device"
	mknod full c 1 7
	fruit
	lsm-cli db scan -o null --force
	ln -s null leads
	lsm-cli db scan -o leads --force
	[ -c null ]
	[ -L leads ]
	refused 74 lsm-cli db scan -o full --force
	[ -c full ]
	[ -z "$(ls | grep new)" ]
}

@test "--output=- is stdout" {
	fruit
	mkdir here
	cd here
	lsm-cli ../db scan -o - | cmp - <(lsm-cli ../db scan)
	lsm-cli ../db export --output=- | cmp - <(lsm-cli ../db export)
	[ "$(ls -A)" = '' ]
}

@test "asked twice, the same bytes" {
	orchard
	lsm-cli db flush
	for words in scan 'scan --format=jsonl --framed' 'scan --histogram' \
	    'scan --group-by=6' 'scan --redact=all' export files \
	    'files --format=jsonl' options size; do
		lsm-cli db $words >first
		[ -s first ]
		lsm-cli db $words | cmp first -
	done
}

@test "a scan can be paced" {
	fruit
	head -c 20000 /dev/zero | lsm-cli db put big -
	start=$(date +%s%N)
	lsm-cli db scan --rate=100K/s >out
	[ $(($(date +%s%N) - start)) -ge 150000000 ]
}

@test "size of a range, counted and estimated" {
	orchard
	lsm-cli db compact
	[ "$(lsm-cli db size tree00005000 tree00006000 | cut -f1-2)" = \
	    "$(lsm-cli db scan tree00005000 tree00006000 --count |
	    awk '{ print $1 "\t" $2 + $3 }')" ]
	lsm-cli db size --approx >out
	[ "$(cut -f1,4 out)" = $'20000\tapprox' ]
	[ "$(lsm-cli db scan --count --approx)" = "$(cat out)" ]
	[ "$(cut -f3 out)" -eq "$(lsm-cli db files --format=tsv |
	    awk -F'\t' '$2 == "table" { n += $4 } END { print n }')" ]
	lsm-cli db size --approx --prefix=tree00005 |
	    awk -F'\t' '$1 < 900 || $1 > 1100 || $3 == 0 { exit 1 }'
	[ "$(lsm-cli db size x)" = $'0\t0\t0' ]
	[ "$(lsm-cli db size b a --approx)" = $'0\t0\t0\tapprox' ]
	[ "$(lsm-cli db size --key-format=hex 7472 7473 | cut -f1)" = 20000 ]
	refused 64 lsm-cli db scan --approx
	refused 64 lsm-cli db scan --approx --count --limit=3
}
