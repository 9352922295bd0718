#!/usr/bin/env bats
# The grammar of options and operands, and all that is refused.
load helper

@test "options and operands mix, values follow = or stand alone" {
	fruit
	for way in '--limit=1 db scan' '--limit 1 db scan' 'db --limit 1 scan' \
	    'db scan --limit=1' 'db scan apple --limit 1 banana' \
	    '--limit=9 db scan --limit=1'; do
		[ "$(lsm-cli $way)" = $'apple\tred' ]
	done
}

@test "letters may stand together" {
	fruit
	fails 1 '' lsm-cli -vq db get plum
}

@test "an unknown option is named, with the nearest one" {
	fruit
	fails 64 'lsm-cli: unknown option --limt, perhaps --limit; try --help' \
	    lsm-cli db scan --limt=1
	fails 64 'lsm-cli: unknown option --zzzzzz; try --help' \
	    lsm-cli db scan --zzzzzz
	fails 64 'lsm-cli: unknown option -x; try --help, or -- before an '\
'operand that begins with -' lsm-cli db get -x
	fails 64 'lsm-cli: unknown command "scam", perhaps scan; try help' \
	    lsm-cli db scam
}

@test "a long option is not abbreviated" {
	fruit
	fails 64 'lsm-cli: unknown option --lim, perhaps --limit; try --help' \
	    lsm-cli db scan --lim=1
	POSIXLY_CORRECT=1 lsm-cli db scan --limit=1
}

@test "behind -- all words are operands" {
	lsm-cli --create -- db put --limit=1 --
	[ "$(lsm-cli db get -- --limit=1)" = -- ]
	lsm-cli --create -- -db put k v
	[ "$(lsm-cli -- -db get k)" = v ]
}

@test "each malformed option is a usage error and creates nothing" {
	while IFS= read -r words; do
		refused 64 eval "lsm-cli --create new $words"
		[ ! -e new ]
	done <<'END'
load --batch-size=0
load --batch-size=-1
load --batch-size=10x
load --batch-size=
load --batch-size=99999999999999999999
load --batch-size
load --sync=sometimes
load --sync=
load --sync
load a b
put
put k
put k v w
put k v --sync=batch
put k v --sync=end
put k v --value-file=f
put k --value-file=
put k v --codec=gzip
put k v --codec
put k v --memtable-size=64Q
put k v --memtable-size=64KK
put k v --memtable-size=-1
put k v --memtable-size=+1
put k v --memtable-size=' 1M'
put k v --memtable-size=1.5M
put k v --memtable-size=
put k v --memtable-size=0
put k v --memtable-size=511
put k v --memtable-size=2G
put k v --memtable-size=16777216T
put k v --memtable-size=99999999999999999999
put k v --wait=1w
put k v --wait=-1
put k v --wait=1s1
put k v --wait=
put k v --wait=99999999999999999999
put k v --wait=300000000d
put k v --key-format=base32
put k v --limit=1
put k v --reverse
put k v --format=json
put k v --count
put k v --create=yes
put k v --quiet=1
put k v --keep-going
delete
delete k --limit=1
scan
get k
has k
stats
files
compact
flush
help get put
''
END
}

@test "each option that makes no sense for a reader is a usage error" {
	fruit
	while IFS= read -r words; do
		refused 64 eval "lsm-cli db $words"
	done <<'END'
get
has
has a b
scan a b c
stats x
files x
flush x
compact x
scan --limit=-1
scan --limit=1x
scan --limit=1K
scan --limit=18446744073709551616
scan --keys-only --values-only
scan --count --keys-only
scan --count --values-only
scan --count --format=json
scan --format=raw
scan --format=text
scan --format=xml
scan --sync=off
scan --wait
scan --progress
get a --format=text
get a --count
get a --memtable-size=1M
get a --codec=none
stats --format=raw
files --format=raw
put a b --codec=none
END
}

@test "each option that would do nothing is a usage error" {
	fruit
	echo apple >key
	lsm-cli db export >db.bdb
	lsm-cli db scan --format=jsonl >db.jsonl
	while read -r option words; do
		refused 64 eval "lsm-cli db $words $option"
		grep -q "^lsm-cli: ${option%%=*} " err
	done <<'END'
--window=2 scan
--framed scan --count
--framed scan --histogram
--framed scan --group-by=1
--framed scan --top=1
--json-bytes=hex scan
--json-bytes=auto scan --format=tsv
--json-bytes=hex get apple
--json-bytes=hex export
--bdb-mapsize=1M scan
--bdb-mapsize=1M scan --format=tsv
--bdb-mapsize=1M export --format=cdb
--force scan
--force export
--delimiter=x get apple
--delimiter=x scan --format=bdb
--approx scan --limit=1 --count
--approx scan --every=2
--samples=1 stats
--null get apple
--set=ratio=9 put a b
--codec=none put a b
--key-format=hex scan --group-by=1
--key-format=hex scan --histogram
--key-format=hex scan --values-only
--key-format=base64 scan --format=hex
--key-format=base64 scan --format=jsonl
--key-format=hex scan --format=bdb
--key-format=hex scan --format=raw --keys-only
--key-format=hex export
--key-format=hex export --format=cdb
--key-format=hex size
--key-format=hex get --key-file=key
--key-format=hex has --key-file=key
--key-format=hex delete --key-file=key
--key-format=hex put --key-file=key v
--key-format=hex load --format=bdb db.bdb
--key-format=hex load db.bdb
--key-format=hex import db.bdb
--key-format=hex load db.jsonl
--key-format=hex batch --format=jsonl db.jsonl
--value-format=hex scan --count
--value-format=hex scan --keys-only
--value-format=hex scan --format=cdb
--value-format=hex export
--value-format=hex get apple --format=hex
--value-format=hex put a --value-file=key
--value-format=hex load db.bdb
--value-format=hex delete apple
END
	[ "$(lsm-cli db scan --count)" = $'3\t17\t17' ]
}

@test "the same options where they do something" {
	fruit
	lsm-cli db export --bdb-mapsize=1M >db.bdb
	[ "$(lsm-cli db scan --group-by=1 --key-format=hex 62)" = \
	    $'b\t1\t6\t6\nc\t1\t6\t8' ]
	[ "$(lsm-cli db export --key-format=hex --from=63 --format=cdb |
	    head -n 1)" = '+6,8:cherry->dark red' ]
	lsm-cli db scan --format=jsonl --key-format=hex | jq -es \
	    'all(.[]; has("key_hex"))'
	[ "$(lsm-cli db scan --top=1 --key-format=hex)" = $'636865727279\t8' ]
	[ "$(lsm-cli db size --key-format=hex --prefix=61 | cut -f1)" = 1 ]
	[ "$(lsm-cli db get --format=raw apple --value-format=hex)" = 726564 ]
	refused 1 lsm-cli db load db.bdb --if-equals=00 --value-format=hex
	lsm-cli db delete apple --if-equals=726564 --value-format=hex
	lsm-cli other put --create --set=ratio=9 a b
	lsm-cli db put a b
	# Of a script's lines they are the usual, and ask for nothing.
	printf 'load db.bdb\nscan --count\nget --format=hex 6170706c65\n' |
	    lsm-cli --key-format=hex --value-format=hex db >out
	[ "$(cat out)" = $'4\t18\t18\n6170706c65 726564' ]
}

@test "no operand: one line of usage" {
	refused 64 lsm-cli
	grep -q '^lsm-cli: usage: lsm-cli \[OPTION\]... DIR' err
}

@test "sizes and durations with their units" {
	for size in 512 64K 1M 1G; do
		rm -rf db
		lsm-cli --create --memtable-size=$size db put k v
	done
	for wait in 0 1 500ms 90s 15m 2h 1d; do
		lsm-cli --wait=$wait db put k v
	done
	lsm-cli --wait db put k v
}

@test "each codec built in can be chosen for a new database" {
	for codec in $(lsm-cli --version | sed -n 's/^codecs: //p'); do
		lsm-cli --create --codec=$codec db.$codec put k v
		lsm-cli db.$codec flush
		[ "$(lsm-cli db.$codec get k)" = v ]
	done
	[ -d db.none ]
	[ -d db.zlib ]
}

@test "--strict reads the same" {
	fruit
	lsm-cli db flush
	[ "$(lsm-cli --strict db scan)" = "$(lsm-cli db scan)" ]
}

@test "--help: stdout, one screen, two examples, status 0" {
	lsm-cli --help >out 2>err
	[ ! -s err ]
	[ "$(wc -l <out)" -le 24 ]
	[ "$(awk 'length > 80' out)" = '' ]
	[ "$(grep -c '^  lsm-cli ' out)" -eq 2 ]
	lsm-cli -h | cmp - out
	lsm-cli db --help | cmp - out
	[ ! -e db ]
	lsm-cli --help put >out
	grep -q -- '--value-file=FILE' out
	lsm-cli nope put --help | cmp - out
	lsm-cli -h put | cmp - out
	for words in '--help scna' '-h scna'; do
		fails 64 'lsm-cli: unknown command "scna", perhaps scan; try help' \
		    lsm-cli $words
	done
	lsm-cli --strict db --help | cmp - <(lsm-cli --help)
	[ "$(awk 'length > 80' out)" = '' ]
}

@test "--help=all: every command, option and word of a script" {
	lsm-cli --help=all >out 2>err
	[ ! -s err ]
	[ "$(awk 'length > 80' out)" = '' ]
	lsm-cli --help | cmp -n "$(lsm-cli --help | wc -c)" - out
	for name in $(lsm-cli --completion=fish | sed -n \
	    's/^complete -c lsm-cli -a \([a-z]*\) .*/\1/p'); do
		grep -q "^usage: $name\b" out
	done
	for option in $(lsm-cli --completion=fish | sed -n \
	    's/.* -l \([a-z-]*\) .*/\1/p' | sort -u); do
		grep -Eq -- "^  (-., |    )--$option(\[?=| )" out
	done
	grep -q '^\.snapshot ' out
	fails 64 'lsm-cli: --help: "most" is not all' lsm-cli --help=most
	fails 64 'lsm-cli: --help: "q" is not all' lsm-cli -hq
}

@test "colours: no terminal has none, unless they are asked for" {
	fruit
	esc=$(printf '\033')
	env -u NO_COLOR TERM=vt100 lsm-cli db scan --limit=1 >out
	printf 'apple\tred\n' | cmp - out
	lsm-cli db scan --limit=1 --color=always >out
	printf '\033[36mapple\033[0m\t\033[32mred\033[0m\n' | cmp - out
	lsm-cli db scan --limit=1 --color=always --format=hex >out
	printf '\033[36m6170706c65\033[0m \033[32m726564\033[0m\n' |
	    cmp - out
	lsm-cli --color=always nowhere get x 2>err && false
	grep -q "^$esc\[1;31mlsm-cli: $esc\[0mnowhere" err
	refused 64 lsm-cli --color=perhaps db get apple
}

@test "colours: none in files, in what is read back, and in a single value" {
	fruit
	lsm-cli db scan --color=always -o file
	lsm-cli db scan --color=always --framed >framed
	lsm-cli db export --color=always >export
	lsm-cli db get apple --color=always >value
	for format in jsonl nul bdb bdb-print pairs cdb ops; do
		lsm-cli db scan --format=$format --color=always >scan.$format
	done
	lacks $'\033' file framed export value scan.*
	lsm-cli --create copy load file
	[ "$(lsm-cli copy scan)" = "$(lsm-cli db scan)" ]
}

@test "each command of the help has help of its own" {
	lsm-cli --help | awk '/^  [a-z]+ / && $1 != "lsm-cli" { print $1 }' \
	    >names
	[ "$(wc -l <names)" -ge 14 ]
	while read -r name; do
		lsm-cli --help "$name" | grep -q "^usage: $name"
	done <names
}

@test "--version names tool, library, formats read and written, and codecs" {
	lsm-cli --version >out
	grep -qx 'lsm-cli [0-9]*\.[0-9]*\.[0-9]*' out
	grep -Eqx 'liblsm [0-9.]+' out
	grep -Eqx 'formats: writes [0-9.]+, reads [0-9.]+' out
	grep -Eqx 'codecs: none( [a-z0-9]+)*' out
	[ "$(wc -l <out)" -eq 4 ]
	lsm-cli -V | cmp - out
}

@test "the manual knows each option and each command" {
	page=$BATS_TEST_DIRNAME/../../man/lsm-cli.1
	for name in $(lsm-cli --help | awk '/^  [a-z]+ / &&
	    $1 != "lsm-cli" { print $1 }'); do
		grep -q "^\.It Cm $name" "$page"
		for option in $(lsm-cli --help "$name" |
		    grep -o -- '^ *\(-., \)\?--[a-z-]*' |
		    sed 's/^.*--/--/'); do
			grep -q "Fl Fl ${option#--}\b" "$page"
		done
	done
}

@test "a number that is too large is told what is not" {
	fruit
	for words in 'scan --top' 'load --batch-size'; do
		fails 64 "lsm-cli: ${words#* }: \"4294967296\" is not a number from 1 to 4294967295" \
		    lsm-cli db $words=4294967296
	done
	fails 64 'lsm-cli: --limit: "18446744073709551616" is not a number of records up to 18446744073709551615' \
	    lsm-cli db scan --limit=18446744073709551616
}

@test "of an option given twice the last holds" {
	fruit
	[ "$(lsm-cli db scan --limit=1 --limit=2 --keys-only)" = \
	    $'apple\nbanana' ]
	[ "$(lsm-cli --format=hex db scan --limit=1 --format=tsv)" = \
	    $'apple\tred' ]
}

@test "the manual knows each variable of the environment" {
	top=$BATS_TEST_DIRNAME/../..
	grep -ho 'getenv("[A-Z_]*")' "$top"/tools/*.c "$top"/libengine/*/*.c |
	    cut -d '"' -f 2 | sort -u >names
	grep -qx NO_COLOR names
	while read -r name; do
		grep -q "^\.\(It \)\?Ev.*\b$name\b" "$top/man/lsm-cli.1"
	done <names
}

@test "the manual says what stays" {
	man=$BATS_TEST_DIRNAME/../../man/lsm-cli.1
	sed -n '/^\.Sh STANDARDS/,/^\.Sh BUGS/p' "$man" >promise
	grep -q 'Within a major version' promise
	grep -q 'only grow' promise
}

@test "options of a new database are set, kept and printed" {
	lsm-cli --create --set=compaction=leveled --set ratio=10 db put a b
	[ "$(lsm-cli db options --format=tsv | grep -w compaction)" = \
	    "$(printf 'compaction\tleveled')" ]
	[ "$(lsm-cli db options --format=tsv | grep -w ratio)" = \
	    "$(printf 'ratio\t10')" ]
	[ "$(lsm-cli db options --format=json | jq -r .l0_trigger)" = 8 ]
	lsm-cli --create --set preset=write-heavy db2 put a b
	[ "$(lsm-cli db2 options --format=json | jq -r .max_sstables)" = 20 ]
}

@test "a codec for each level is set, kept and printed" {
	lsm-cli --create --set=codec=none,none,zlib db put a b
	[ "$(lsm-cli db options --format=json | jq -r .codec)" = \
	    none,none,zlib ]
	fails 64 'lsm-cli: --set: option codec: "none,lzma" is no such choice' \
	    lsm-cli --create --set codec=none,lzma db2 put a b
	[ ! -e db2 ]
}

kept() {
	lsm-cli "$1" options --format=tsv | awk -v name="$2" \
	    '$1 == name { print $2 }'
}

@test "options of a database are changed, all or none" {
	lsm-cli --create db put a b
	lsm-cli db options codec=none table_size=16M preset=write-heavy >out
	[ ! -s out ]
	[ "$(kept db codec)" = none ]
	[ "$(kept db table_size)" = 16777216 ]
	[ "$(kept db max_sstables)" = 20 ]
	fails 64 'lsm-cli: options: option ratio: "x" is no number' \
	    lsm-cli db options codec=zlib ratio=x
	fails 64 'lsm-cli: options: option memtable_size: not known' \
	    lsm-cli db options codec=zlib memtable_size=1M
	fails 64 'lsm-cli: options: "codec" is not NAME=VALUE' \
	    lsm-cli db options codec
	fails 64 'lsm-cli: option l0_stop: 7 is not above l0_trigger and '\
'max_sstables' lsm-cli db options codec=zlib l0_stop=7
	[ "$(kept db codec)" = none ]
	[ "$(lsm-cli db get a)" = b ]
	fails 66 'lsm-cli: nodb: no such directory' \
	    lsm-cli nodb options ratio=4
}

@test "a changed codec holds for what is written then" {
	orchard
	lsm-cli db options codec=none
	lsm-cli db put tree00000001 again
	lsm-cli db compact
	before=$(lsm-cli db stats --format=json | jq .db.bytes)
	lsm-cli db options codec=zlib
	[ "$(lsm-cli db stats --format=json | jq .db.bytes)" -eq "$before" ]
	lsm-cli db put tree00000001 anew
	lsm-cli db compact
	[ "$(lsm-cli db stats --format=json | jq .db.bytes)" -lt "$before" ]
}

@test "a change waits for another writer, or is refused" {
	fruit
	writer_start
	refused 75 lsm-cli db options ratio=4
	lsm-cli db options | grep -q '^ratio  *8 '
	writer_end
	lsm-cli --wait=1s db options ratio=4
	[ "$(kept db ratio)" = 4 ]
}

@test "--create with other options than those kept is refused" {
	lsm-cli --create --set=codec=none --set=preset=low-memory db put a 1
	lsm-cli --create --set=codec=none --set=preset=low-memory db put a 2
	lsm-cli --create --codec=none db put a 3
	fails 64 'lsm-cli: db: the database is there, and its codec is none; '\
'to change it: options codec=zlib' \
	    lsm-cli --create --set=codec=zlib db put a 4
	refused 64 lsm-cli --create --codec=zlib db put a 4
	refused 64 lsm-cli --create --set=preset=read-heavy db put a 4
	[ "$(lsm-cli db get a)" = 3 ]
}

@test "--codec and --set=codec must not contradict each other" {
	fails 64 'lsm-cli: --codec and --set=codec contradict each other' \
	    lsm-cli --create --codec=none --set=codec=zlib db put a b
	[ ! -e db ]
	lsm-cli --create --codec=none --set=codec=none db put a b
}

@test "sizes of a database take a unit, other numbers none" {
	lsm-cli --create --set=table_size=8M --set=page_size=8K \
	    --set=base_size=1G db put a b
	[ "$(kept db table_size)" = 8388608 ]
	[ "$(kept db page_size)" = 8192 ]
	[ "$(kept db base_size)" = 1073741824 ]
	while read -r set; do
		refused 64 lsm-cli --create --set="$set" new put a b
		[ ! -e new ]
	done <<'END'
table_size=8Q
table_size=8MM
table_size=M
table_size=8.5M
table_size=18446744073709551615T
page_size=4T
page_size=5K
ratio=1K
filter_bits=1K
END
}

@test "a list of too many codecs says how many there may be" {
	fails 64 'lsm-cli: --set: option codec: "none,none,none,none,none,'\
'none,none,none,zlib" names more than the 8 levels there are' lsm-cli \
	    --create db put a b \
	    --set=codec=none,none,none,none,none,none,none,none,zlib
	[ ! -e db ]
}

# A statistic at the end of a script that reads each of the keys twice.
read_twice() {
	for i in 1 2; do
		seq -f 'has tree%08.0f' 1 200 19999
	done >script
	echo 'stats --format=json' >>script
	lsm-cli "$@" db <script | tail -1
}

@test "--cache-size: what was inflated is kept" {
	orchard
	lsm-cli db options codec=zlib
	lsm-cli db put tree00000001 anew
	lsm-cli db compact
	few=$(read_twice --cache-size=16M | jq .read.pages_inflated)
	many=$(read_twice --cache-size=0 | jq .read.pages_inflated)
	[ "$many" -ge 200 ]
	[ $((few * 3 / 2)) -lt "$many" ]
}

@test "--max-open-tables bounds what is held open" {
	orchard
	lsm-cli db options table_size=64K codec=none
	lsm-cli db put tree00000001 anew
	lsm-cli db compact
	[ "$(read_twice | jq .tables.open)" -gt 3 ]
	[ "$(read_twice --max-open-tables=3 | jq .tables.open)" -le 3 ]
	refused 64 lsm-cli --max-open-tables=0 db get a
	refused 64 lsm-cli --max-open-tables=4294967295 db get a
}

# Threads of a writer that has a script to run.
threads_with() {
	writer_start "$@"
	ls "/proc/$writer_pid/task" | wc -l
	writer_end
}

@test "--workers: so many threads beside the one that writes" {
	fruit
	[ "$(threads_with --workers=0)" -eq 1 ]
	[ "$(threads_with)" -eq 2 ]
	[ "$(threads_with --workers=3)" -eq 4 ]
	refused 64 lsm-cli --workers=9 db put a b
	refused 64 lsm-cli --workers=-1 db put a b
	refused 64 lsm-cli --workers=2 db get a
}

@test "lsm-tuning(7) knows each option of a database" {
	lsm-cli --create db put a b
	lsm-cli db options --format=tsv | cut -f1 | while read -r name; do
		grep -q "^\.It Cm.* $name\b" "$BATS_TEST_DIRNAME/../../man/lsm-tuning.7" ||
			{ echo "missing: $name"; exit 1; }
	done
}

@test "a bad option of a database is refused by name" {
	fails 64 'lsm-cli: --set: option ratio: "x" is no number' \
	    lsm-cli --create --set ratio=x db put a b
	fails 64 'lsm-cli: --set: option speed: not known' \
	    lsm-cli --create --set speed=9 db put a b
	fails 64 'lsm-cli: --set needs --create' \
	    lsm-cli --set ratio=9 db put a b
	[ ! -e db ]
}

@test "completions know each command and each option" {
	for shell in bash zsh fish; do
		lsm-cli --completion=$shell >out
		for name in $(lsm-cli --help | awk '/^  [a-z]+ / &&
		    $1 != "lsm-cli" { print $1 }'); do
			grep -q "$name" out
		done
		grep -q 'value-prefix' out
	done
	refused 64 lsm-cli --completion=tcsh
	lsm-cli --completion=bash >lsm-cli.bash
	complete_words() {
		bash -c '. ./lsm-cli.bash
		COMP_WORDS=(lsm-cli "$@") COMP_CWORD=$#
		_lsm_cli 2>/dev/null
		printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
	}
	[ "$(complete_words db sc)" = scan ]
	[ "$(complete_words db scan --lim)" = --limit= ]
	[ -z "$(complete_words db flush --lim)" ]
}

@test "--errors=jsonl: each message is an object" {
	fruit
	lsm-cli db get plum --errors=jsonl 2>err && false
	jq -e '.tool == "lsm-cli" and .message == "db: plum: not found"' err
	printf 'has apple\nfrob x\n' >script
	lsm-cli --errors=jsonl db <script 2>err && false
	jq -e '.file == "stdin" and .line == 2 and .status == 64' err
	lsm-cli --errors=jsonl db get $'\033"\\\377' 2>err && false
	jq -e '.message == "db: \\x1b\"\\\\\\xff: not found"' err
	long=$(printf '%02000d' 0)$(printf '\001%.0s' $(seq 3000))
	lsm-cli --errors=jsonl "$long" get x 2>err && false
	jq -e '.status == 66 or .status == 74' err
	lsm-cli --errors=jsonl db load "$long" 2>err && false
	jq -es 'length > 0' err
	refused 64 lsm-cli --errors=xml db get apple
	[ "$(lsm-cli --errors=text db get apple)" = red ]
}
