# stats in all its forms, and events.
load helper

# A database `db` with two levels, that was read and merged.
orchard_tended() {
	orchard
	printf 'put tree00000001 again\nflush\nget tree00000001\nget nothing\n' |
	    lsm-cli --keep-going db >/dev/null 2>&1 || [ $? -eq 1 ]
}

# Commands for one handle, so that its counters show what was done.
tended() {
	printf '%s\n' 'put tree00000001 again' 'put tree00000002 again' flush \
	    'get --format=tsv tree00000001' 'get --format=tsv tree00000777' compact \
	    'get --format=tsv tree00000002' "$@" >script
	lsm-cli db <script >all
	sed 1,3d all
}

@test "text is grouped, with units people read" {
	orchard_tended
	tended stats >out
	grep -q '^level  *[0-9]' out
	grep -Eq '^  bytes +[0-9.]+ (B|kB|MB)$' out
	grep -Eq '^  gets +3$' out
	grep -Eq '^  puts +2$' out
	grep -Eq '^latency +samples +p50 +p90 +p99 +p99.9 +max$' out
	grep -Eq '^  get +1( +[0-9.]+ (ns|us|ms|s)){5}$' out
	[ "$(grep -c '[[:space:]]$' out)" -eq 0 ]
}

@test "json is nested, and every member is a number" {
	orchard_tended
	tended 'stats --format=json' >out
	[ "$(wc -l <out)" -eq 1 ]
	jq -e '[.. | scalars] | all(type == "number")' out
	jq -e '.read.gets == 3 and .read.gets_found == 3 and .write.puts == 2
	    and .merge.count >= 1 and .db.entries == 20000
	    and .db.runs == 1 and .amplification.space == 1' out
	jq -e '[.level[] | .entries] | add == 20000' out
	jq -e '[.level[] | .bytes] | add == '"$(jq .db.bytes out)" out
	jq -e '.latency.get.count == 1 and
	    .latency.get.p50_ns <= .latency.get.max_ns and
	    .latency.get.buckets_ns[-1][1] == .latency.get.count' out
	jq -e '(.stall | keys) == ["level0", "memtables", "tiers"]' out
}

@test "json and tsv say the same" {
	orchard
	lsm-cli db stats --format=json >json
	lsm-cli db stats --format=tsv >tsv
	[ "$(grep -Ecv $'^[a-z0-9_.]+\t[0-9]+(\.[0-9]{3})?$' tsv)" -eq 0 ]
	[ "$(cut -f 1 tsv | sort | uniq -d)" = '' ]
	while IFS=$'\t' read -r name value; do
		case $name in cache.*|read.*|filter.*|tables.*|latency.*) continue ;; esac
		jq -e --arg name "$name" --argjson value "$value" \
		    'getpath($name / ".") == $value' json >/dev/null
	done <tsv
}

@test "prom is what Prometheus reads" {
	orchard_tended
	tended 'stats --format=prom' >out
	awk -f "$BATS_TEST_DIRNAME/prom.awk" out
	grep -Eq '^lsm_level_entries\{level="[0-9]"\} 20000$' out
	grep -q '^lsm_read_gets_total 3$' out
	grep -q '^lsm_latency_seconds_count{operation="get"} 1$' out
	grep -Eq '^lsm_write_stall_seconds_total [0-9]+\.[0-9]{6}$' out
}

@test "the reader of prom finds what is wrong" {
	orchard
	tended 'stats --format=prom' >good
	wrong() {
		sed "$1" good >bad
		! cmp -s good bad
		! awk -f "$BATS_TEST_DIRNAME/prom.awk" bad >/dev/null
	}
	awk -f "$BATS_TEST_DIRNAME/prom.awk" good
	wrong '/^# TYPE lsm_db_runs /d'
	wrong '/^# HELP lsm_db_runs /d'
	wrong 's/^lsm_db_runs .*/&\n&/'
	wrong 's/^lsm_db_runs /lsm_db_runsx /'
	wrong 's/^lsm_db_runs .*/lsm_db_runs x/'
	wrong 's/lsm_write_puts_total/lsm_write_puts/'
	wrong '/^lsm_latency.*Inf/d'
	wrong '/^lsm_latency_seconds_sum/d'
	wrong '/^lsm_latency_seconds_count/s/ .*/ 77/'
	wrong '0,/^lsm_latency.*bucket/s/ [0-9]*$/ 99/'
}

@test "again and again: how much grew, and what is there" {
	fruit
	lsm-cli db stats --interval=10ms --samples=3 >out
	[ "$(wc -l <out)" -eq 4 ]
	awk -F'\t' 'NF != 9 { exit 1 }' out
	head -1 out | grep -q $'^grown\tper_second\tsequence\t'
	lsm-cli db stats --interval=10ms --samples=2 --format=jsonl |
	    jq -es 'length == 2 and .[1].grown == 0 and .[1].per_second == 0
	    and .[1].sequence == 3'
	refused 64 lsm-cli db stats --samples=3
	refused 64 lsm-cli db stats --interval=1s --format=prom
}

@test "what cannot be opened prints nothing, not even a heading" {
	refused 66 lsm-cli nodb stats --interval=1s
}

@test "a process that only reads prints nothing of writes" {
	orchard
	for format in text tsv jsonl prom; do
		lsm-cli db stats --format=$format | grep -v '^# HELP' >out
		lacks -E '\b(write|merge|stall)(\.|":|$)|_(write|merge|stall)_' out
	done
	lsm-cli db stats --format=jsonl |
	    jq -e '.write == null and .amplification.write == null and
	    .amplification.read_runs == null and .db.entries == 20000'
	fruit
	lsm-cli --yes db delrange apple banana
	lsm-cli db flush
	[ "$(lsm-cli db stats --interval=10ms --samples=1 | tail -1 |
	    cut -f 9)" = - ]
	lsm-cli db stats --interval=10ms --samples=1 --format=jsonl |
	    jq -e '.space == null'
}

@test "growth beside a writer is counted" {
	fruit
	writer_start
	lsm-cli db stats --interval=300ms --samples=2 --format=jsonl >out &
	reader=$!
	until [ -s out ]; do :; done
	printf 'put a 1\nput b 2\nget --format=tsv b\n' >&"${writer[1]}"
	read -r line <&"${writer[0]}"
	wait "$reader"
	writer_end
	jq -es '.[1].grown == 2 and .[1].per_second > 0 and
	    .[1].per_second < 10' out
}

@test "events: a line of JSON each, on stderr" {
	orchard
	lsm-cli --events db compact 2>err
	jq -es 'all(.event != null and .at_us > 0)' err
	jq -es '(map(select(.event == "merge_end")) | length) ==
	    (map(select(.event == "merge_begin")) | length)' err
	printf 'put tree00000001 x\nflush\ncompact\n' |
	    lsm-cli --events db >out 2>err
	[ ! -s out ]
	jq -es 'map(select(.event == "merge_end"))[-1] |
	    .entries_in == 20001 and .entries_out == 20000 and .us > 0' err
	jq -es 'map(select(.event == "flush_end"))[0] |
	    .entries_in == 1 and .tables_out == 1' err
	refused 64 lsm-cli --events db get a
}

@test "the manual page tells every event there is" {
	local top=$BATS_TEST_DIRNAME/../..
	sed -n 's/^\t\[LSM_EVENT_[A-Z_]*\] = "\([a-z_]*\)",$/\1/p' \
	    "$top/libengine/db/event.c" | sort >events
	[ "$(wc -l <events)" -eq "$(grep -o '\bLSM_EVENT_[A-Z][A-Z_]*' \
	    "$top/libengine/include/lsm.h" | sort -u | wc -l)" ]
	sed '1,/^\.Sh EVENTS/d; /^\.Sh/,$d' "$top/man/lsm-stats.7" |
	    sed -n 's/^\.It Va //p' | sed 's/ , /\n/g' | sort | diff events -
}

@test "a dropped table is an event" {
	orchard
	lsm-cli db options table_size=64K
	lsm-cli db put tree00000001 again
	lsm-cli db compact
	printf 'delrange -y tree u\nflush\n' |
	    lsm-cli --events --workers=0 db 2>err
	jq -es 'map(select(.event == "drop")) | length == 1 and
	    .[0].tables_in > 1' err
}

@test "the manual page tells every statistic in the words of the library" {
	local page=$BATS_TEST_DIRNAME/../../man/lsm-stats.7
	orchard
	tended 'stats --format=prom' | grep '^# HELP' |
	    cut -d ' ' -f 4- >helps
	[ "$(wc -l <helps)" -gt 70 ]
	tended 'stats --format=tsv' | cut -f 1 |
	    sed -e 's/^level\.[0-9]*/level.N/' \
	    -e 's/^stall\.[a-z0-9]*/stall.REASON/' \
	    -e 's/^latency\..*/latency.OPERATION/' | sort -u >names
	mandoc -T utf8 -O width=1000 "$page" | col -bx |
	    sed 's/^  *//; s/  */ /g' >text
	while read -r help; do
		grep -qF -- "$help (" text || { echo "not there: $help"; false; }
	done <helps
	# Those names and no others.
	grep -xE '[a-z]+\.[a-zA-Z0-9_.]+' text | sort -u | diff - names
}
