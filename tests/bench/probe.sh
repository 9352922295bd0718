#!/bin/sh
# probe.sh - which peers can be linked here? Prints flags, one a line.
#
# $CC is the compiler. A peer that is not installed costs nothing but its
# column in the report.
set -u
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

peer()
{
	printf '#include <%s>\nint main(void) { return 0; }\n' "$2" \
		>"$dir/probe.c"
	if ${CC:-cc} -o "$dir/probe" "$dir/probe.c" "$3" 2>/dev/null; then
		printf '%s\n%s\n' "-DHAVE_$1" "$3"
	fi
}

peer LEVELDB leveldb/c.h -lleveldb
peer ROCKSDB rocksdb/c.h -lrocksdb
peer LMDB lmdb.h -llmdb
