#!/bin/sh
# text.sh [NUM [ROUNDS]] - dump to text and load from text, beside the tools of
# other engines.
#
# NUM records (default 1000000) of 16 + 100 bytes, values half random; ROUNDS
# rounds (default 3), the tools interleaved in each, output to /dev/null. Rows
# go to build/bench/text.tsv: tool, job, seconds, seconds of the processor. A
# tool that is not installed is left out (packages lmdb-utils, rocksdb-tools).
#
# Sorted input, loaded as each tool does it fastest: ldb with --bulk_load
# --disable_wal, lsm-cli with --sync=off, and with --sorted, which syncs.
# mdb_load syncs and cannot be told not to: look at the seconds of the
# processor there.
set -u
cd "$(dirname "$0")/../.." || exit 1
num=${1:-1000000} rounds=${2:-3}
cli=$PWD/build/release/lsm-cli
mkdir -p build/bench || exit 73
rows=$PWD/build/bench/text.tsv
work=$(mktemp -d build/bench/text.XXXXXX) || exit 73
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
cd "$work" || exit 1

# The same records in the text of each: KEY VALUE, KEY LF VALUE, KEY ==> VALUE.
head -c $((50 * num)) /dev/urandom | od -An -v -tx1 -w50 | tr -d ' ' |
	awk '
	BEGIN {
		while (i++ < 50)
			half = half "61"
	}
	{
		key = sprintf("%016d", 2 * NR)
		gsub(/./, "3&", key)
		print key, $1 half
	}' >hex
{
	printf 'VERSION=3\nformat=bytevalue\ntype=btree\nmapsize=%d\n' \
		$((2048 * num + 16777216))
	echo HEADER=END
	sed 's/^/ /; s/ \([^ ]*\)$/\n \1/' hex
	echo DATA=END
} >bdb
sed 's/^/0x/; s/ / ==> 0x/' hex >ldb

# TOOL JOB COMMAND: one row.
run()
{
	command -v "${3%% *}" >/dev/null || return 0
	bash -c "TIMEFORMAT='%R %U %S'; time { $3; } 2>&3" 3>/dev/null \
		2>times >/dev/null || {
		echo "text.sh: $1 $2: failed" >&2
		exit 1
	}
	awk -v tool="$1" -v job="$2" 'BEGIN { OFS = "\t" }
		{ print tool, job, $1, $2 + $3 }' times >>"$rows"
}

: >"$rows"
for round in $(seq "$rounds"); do
	rm -rf lsm lsm2 lsm3 mdb rocks
	mkdir mdb
	run lsm load-hex "$cli --create --sync=off lsm load --format=hex hex"
	run mdb_load load "mdb_load -f bdb mdb"
	run ldb load "ldb load --hex --bulk_load --disable_wal --create_if_missing --db=rocks <ldb"
	run lsm-sorted load "$cli --create lsm3 load --sorted --format=hex hex"
	run lsm load-bdb "$cli --create --sync=off lsm2 load bdb"
	run lsm dump-hex "$cli lsm scan --format=hex"
	run mdb_dump dump "mdb_dump mdb"
	run ldb dump "ldb dump --hex --db=rocks"
	run lsm dump-bdb "$cli lsm export"
done

# The medians, and how often the fastest of the others fits into them.
sort -t '	' -k1,2 -k3,3n "$rows" | awk -F '\t' -v num="$num" '
function done()
{
	if (n == 0)
		return
	job[++jobs] = name
	wall[jobs] = w[int((n + 1) / 2)]
	cpu[jobs] = c[int((n + 1) / 2)]
	n = 0
}
{
	if ($1 " " $2 != name)
		done()
	name = $1 " " $2
	w[++n] = $3
	c[n] = $4
}
END {
	done()
	printf "%-16s %8s %8s %8s\n", "", "seconds", "cpu", "MB/s"
	for (i = 1; i <= jobs; i++)
		printf "%-16s %8.2f %8.2f %8.0f\n", job[i], wall[i], cpu[i],
			num * 116 / 1e6 / (wall[i] + 1e-9)
	for (i = 1; i <= jobs; i++) {
		if (job[i] !~ /^lsm/)
			continue
		kind = job[i] ~ /load/ ? "load" : "dump"
		for (k = 1; k <= jobs; k++)
			if (job[k] !~ /^lsm/ && job[k] ~ kind "$")
				printf "%s: %.1f times %s (processor: %.1f)\n",
					job[i], wall[k] / (wall[i] + 1e-9),
					job[k], cpu[k] / (cpu[i] + 1e-9)
	}
}'
