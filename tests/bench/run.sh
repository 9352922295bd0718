#!/bin/sh
# run.sh [OPTION]... - engines side by side, same data, same settings.
#
#	--num N			records, of 16 + 100 bytes (default 1000000)
#	--rounds N		default 3
#	--engines 'A B'		default 'lsm leveldb rocksdb lmdb'; the first
#				is compared with the others; A-none: without
#				compression; lsm-w2: two workers
#	--workloads 'A B'	default all, in their order
#	--value-size N		default 100
#	--dir DIR		where databases are made (default build/bench)
#	--smoke			a short run of this engine alone: does it work?
#
# Each engine and round has a process of its own, and the rounds of the engines
# are interleaved, so that a slow hour of the machine hits all of them. A peer
# that is not installed is left out. Rows go to DIR/rows.tsv; the report to
# stdout. All puts are unsynced, but for fillsync: they survive the death of the
# process, not of the machine.
set -u
cd "$(dirname "$0")/../.." || exit 1
num=1000000 rounds=3 engines='lsm leveldb rocksdb lmdb' workloads=
value_size=100 dir=build/bench smoke= idle_ms=500
while [ $# -gt 0 ]; do
	case $1 in
	--smoke)
		smoke=1 num=3000 rounds=1 engines=lsm dir=build/bench-smoke
		idle_ms=0
		shift
		continue ;;
	--num | --rounds | --engines | --workloads | --value-size | --dir)
		[ $# -gt 1 ] || {
			echo "run.sh: $1: no value" >&2
			exit 64
		} ;;
	*)
		echo "run.sh: $1: no such option" >&2
		exit 64 ;;
	esac
	case $1 in
	--num) num=$2 ;;
	--rounds) rounds=$2 ;;
	--engines) engines=$2 ;;
	--workloads) workloads=$(echo $2 | tr ' ' ,) ;;
	--value-size) value_size=$2 ;;
	--dir) dir=$2 ;;
	esac
	shift 2
done
mkdir -p "$dir" || exit 73
rows=$dir/rows.tsv
work=$(mktemp -d "$dir/run.XXXXXX") || exit 73
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP

# The header once; 69 says that the engine is not there.
one()
{
	rm -rf "$work/db"
	build/release/bench --engine="$1" --round="$2" --num="$num" \
		--value-size="$value_size" --idle-ms="$idle_ms" \
		${workloads:+--workloads="$workloads"} \
		"$work/db" >"$work/rows" 2>"$work/words"
	status=$?
	[ "$2" -eq 1 ] && cat "$work/words" >>"$dir/words"
	if [ -s "$rows" ]; then
		sed 1d "$work/rows" >>"$rows"
	else
		cat "$work/rows" >>"$rows"
	fi
	return $status
}

: >"$rows"
: >"$dir/words"
round=1
failed=0
while [ "$round" -le "$rounds" ]; do
	here=
	for engine in $engines; do
		[ -t 2 ] && printf 'round %d: %s\n' "$round" "$engine" >&2
		one "$engine" "$round"
		case $? in
		0) here="$here $engine" ;;
		69) ;;
		*)
			cat "$work/words" >&2
			failed=$((failed + 1)) ;;
		esac
	done
	engines=$here
	round=$((round + 1))
done

if [ -n "$smoke" ]; then
	cat "$dir/words"
	echo "$(sed 1d "$rows" | wc -l) passed, $failed failed"
	exit "$failed"
fi
echo "$num records of 16 + $value_size bytes, $rounds rounds, medians"
cat "$dir/words"
echo
awk -f tests/bench/report.awk "$rows"
echo
echo "rows: $rows"
exit "$failed"
