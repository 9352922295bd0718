#!/bin/bash
# demo.sh [--smoke] - this machine's own file table goes in and comes out.
#
# Every regular file of the root file system is a record, path -> size. They
# are loaded, read back in several ways and compared with what went in. Then a
# second load is killed in the middle, with kill -9: all that it had said was
# committed must be there, and what is there must be the beginning of what was
# given, without a gap. Ends with "demo: ok" or fails. --smoke: 20,000 files.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."
cli=$PWD/build/release/lsm-cli
files_max=100000000
smoke=
if [ "${1-}" = --smoke ]; then
	smoke=1
	files_max=20000
fi
dir=$(mktemp -d)
loader=
cleanup()
{
	[ -z "$loader" ] || kill -9 "$loader" 2>/dev/null || :
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP
cd "$dir"

say()
{
	printf 'demo: %s\n' "$*"
}
fail()
{
	say "FAILED: $*" >&2
	[ -z "$smoke" ] || echo "0 passed, 1 failed"
	exit 1
}
trap 'fail "line $LINENO: $BASH_COMMAND"' ERR

clock_ms()
{
	date +%s%3N
}
begin()
{
	begun=$(clock_ms)
}
# took COUNT WHAT: since begin, and at which rate.
took()
{
	local ms=$(($(clock_ms) - begun))
	[ "$ms" -gt 0 ] || ms=1
	printf 'demo: %-34s %9d in %6d ms, %9d/s\n' "$2" "$1" "$ms" \
		$(($1 * 1000 / ms))
}
same()
{
	cmp "$1" "$2" || fail "$3: what came out is not what went in"
}

# The table, escaped as lsm-cli reads and prints it. A path near the longest
# key has no room for the second load's prefix and is left out.
find / -xdev -type f -printf '%s\t%p\0' 2>/dev/null |
perl -0 -ne '
	BEGIN { %e = ("\\" => "\\\\", "\t" => "\\t", "\n" => "\\n",
	    "\r" => "\\r", "\0" => "\\0") }
	chomp;
	my ($size, $path) = split /\t/, $_, 2;
	next if length $path > 4000;
	$path =~ s/([^\x20-\x5b\x5d-\x7e])/$e{$1} \/\/
	    sprintf "\\x%02x", ord $1/ge;
	print "$path\t$size\n";
	last if $. >= '$files_max';
' >table.tsv || [ -s table.tsv ]
records=$(wc -l <table.tsv)
[ "$records" -gt 0 ] || fail "no files found"
say "$records files, $(($(wc -c <table.tsv) / 1000)) kB of text;" \
	"$("$cli" --version | head -n 1)"

# --- in and out ---
begin
"$cli" --create --sync=end files.db load table.tsv
took "$records" 'load, synced at the end: records'

sort table.tsv >table.sorted
begin
"$cli" files.db scan >out.tsv
took "$records" 'scan to text: records'
sort out.tsv >out.sorted
same table.sorted out.sorted scan

begin
counted=$("$cli" files.db scan --count | cut -f 1)
took "$records" 'scan --count: records'
[ "$counted" -eq "$records" ] || fail "count: $counted"

begin
"$cli" files.db scan --reverse | tac | cmp - out.tsv ||
	fail "scan --reverse: not the reverse of scan"
took "$records" 'scan --reverse, compared: records'

# One process for each path: what a shell script pays.
awk -v n="$records" 'NR % (int(n / 200) + 1) == 1' table.tsv >sample.tsv
begin
while IFS=$'\t' read -r path size; do
	got=$("$cli" --key-format=escaped files.db get -- "$path")
	[ "$got" = "$size" ] || fail "get $path: $got, not $size"
done <sample.tsv
took "$(wc -l <sample.tsv)" 'get, a process each: paths'

top=$(awk -F/ '{ n[$2]++ } END {
	for (d in n) if (n[d] > most) { most = n[d]; top = d }
	print "/" top "/" }' table.tsv)
awk -v p="$top" 'index($0, p) == 1' table.sorted >prefix.want
begin
"$cli" --key-format=escaped files.db scan --prefix="$top" >prefix.out
took "$(wc -l <prefix.out)" "scan --prefix=$top: records"
sort prefix.out >prefix.got
same prefix.want prefix.got "scan --prefix=$top"

rc=0
"$cli" -q files.db get /no/such/file >absent.out || rc=$?
[ "$rc" -eq 1 ] && [ ! -s absent.out ] || fail "absent key: status $rc"

say "stats:"
"$cli" files.db stats >stats.out
sed -n '1,/^amplification/p' stats.out
say "files:"
"$cli" files.db files

# --- a second load, killed in the middle ---
#
# The same table again and again under new names, without an end, so that the
# load is surely in its middle. Each batch is synced; the progress on stderr
# says how many records are committed.
stream()
{
	local i=1
	while :; do
		sed "s|^|copy $i of |" table.tsv || return 0
		i=$((i + 1))
	done
}
mkfifo words
stream 2>/dev/null | "$cli" --sync=batch --batch-size=200 --progress \
	files.db load 2>words &
loader=$!
acknowledged=0
killed=
while read -r line; do
	case $line in
	*' records committed'*) ;;
	*) fail "load: $line" ;;
	esac
	acknowledged=${line%% records committed*}
	acknowledged=${acknowledged##* }
	if [ -z "$killed" ] && [ "$acknowledged" -ge $((records / 4)) ]; then
		kill -9 "$loader"
		killed=1
	fi
done <words
wait "$loader" 2>/dev/null && fail "the load ended by itself" || rc=$?
loader=
[ -n "$killed" ] && [ "$rc" -eq 137 ] || fail "load: status $rc, not killed"

begin
found=$("$cli" files.db scan --prefix='copy ' --count | cut -f 1)
took 1 'first open after kill -9'
say "killed: $acknowledged records acknowledged, $found found"
[ "$found" -ge "$acknowledged" ] || fail "acknowledged records were lost"
"$cli" files.db scan --prefix='copy ' | sort >second.got
(stream || :) 2>/dev/null | head -n "$found" | sort >second.want ||
	[ -s second.want ]
same second.want second.got "after kill -9"

# The first load is still there, and the database goes on.
"$cli" files.db scan / 0 | cmp - out.tsv ||
	fail "after kill -9: the first load has changed"
"$cli" --sync=always files.db put after 'the kill'
[ "$("$cli" files.db get after)" = 'the kill' ] || fail "put after kill -9"
begin
"$cli" files.db compact
took "$((records + found + 1))" 'compact: records'
counted=$("$cli" files.db scan --count | cut -f 1)
[ "$counted" -eq $((records + found + 1)) ] || fail "after compact: $counted"
"$cli" files.db scan / 0 | cmp - out.tsv || fail "after compact: changed"

say ok
[ -z "$smoke" ] || echo "1 passed, 0 failed"
