#!/bin/sh
# oneshot.sh [OPTION]... - what a short-lived process costs, beside others.
#
#	--num N		records of 16 + 100 bytes (default 8600000: 1 GB)
#	--rounds N	default 300
#	--dir DIR	where databases are made (default build/oneshot)
#	--smoke		small and short: does it work?
#
# Whole processes, each round all of them twice: /bin/true, lsm-cli get and put,
# and, where they are installed, ldb of RocksDB and mdb_stat of LMDB. Then the
# same open and get inside of one process. Times in microseconds; the put of
# RocksDB is one without a sync, as far as its tool can.
set -u
cd "$(dirname "$0")/../.." || exit 1
num=8600000 rounds=300 dir=build/oneshot smoke=
while [ $# -gt 0 ]; do
	case $1 in
	--smoke)
		smoke=1 num=20000 rounds=5 dir=build/oneshot-smoke
		shift
		continue ;;
	--num | --rounds | --dir)
		[ $# -gt 1 ] || {
			echo "oneshot.sh: $1: no value" >&2
			exit 64
		} ;;
	*)
		echo "oneshot.sh: $1: no such option" >&2
		exit 64 ;;
	esac
	case $1 in
	--num) num=$2 ;;
	--rounds) rounds=$2 ;;
	--dir) dir=$2 ;;
	esac
	shift 2
done
release=build/release
mkdir -p "$dir" || exit 73
work=$(mktemp -d "$dir/run.XXXXXX") || exit 73
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP

# Keys in an order that looks random; values that compress to a half.
records()
{
	awk -v n="$num" 'BEGIN {
		for (i = 0; i < n; i++)
			printf "%016.0f\t%050.0f%050.0f\n",
			    (i * 7368787) % n + 1, 0,
			    (i * 2654435761) % 4294967296 * 65537
	}'
}

records | "$release/lsm-cli" --create --sync=off "$work/lsm" load - || exit 1
key=$(printf %016d $((num / 2)))
cp -r "$work/lsm" "$work/put"
"$release/lsm-cli" "$work/put" put key value || exit 1
"$release/lsm-cli" "$work/lsm" get "$key" >"$work/out" || exit 1
set -- -- /bin/true -- "$release/lsm-cli" "$work/lsm" get "$key" \
	-- "$release/lsm-cli" --sync=off "$work/put" put key value \
	-- "$release/lsm-cli" "$work/put" put key value
ldb=$(command -v ldb || command -v rocksdb_ldb)
if [ -n "$ldb" ]; then
	records | head -n $((num / 10)) | awk -F '\t' '{ print $1 " ==> " $2 }' |
	    "$ldb" --db="$work/rocksdb" load --create_if_missing \
	    --bulk_load >"$work/out" 2>&1 || exit 1
	key=$(records | head -n 1 | cut -f 1)
	set -- "$@" -- "$ldb" --db="$work/rocksdb" get "$key" \
		-- "$ldb" --db="$work/rocksdb" put key value
fi
if command -v mdb_load >/dev/null; then
	mkdir "$work/lmdb"
	records | head -n $((num / 10)) | tr '\t' '\n' | mdb_load -T \
		"$work/lmdb" 2>"$work/out" || : "its default size is small"
	set -- "$@" -- mdb_stat "$work/lmdb"
fi
"$release/oneshot/spawn" "$rounds" "$@" || exit 1
"$release/oneshot/open" "$work/lsm" $((rounds * 5)) "$num" || exit 1
[ -z "$smoke" ] || echo "1 passed, 0 failed"
