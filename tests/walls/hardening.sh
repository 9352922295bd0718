#!/bin/sh
# What is built: position independent, relocations read-only, no executable
# stack, stack protector, fortified libc calls.
set -u
bad=0
fail()
{
	echo "$1: $2"
	bad=1
}
for f in "$B"/lsm-* "$B/liblsm.so"; do
	[ -f "$f" ] && [ -x "$f" ] || continue
	head=$(readelf -hW "$f")
	segments=$(readelf -lW "$f")
	dynamic=$(readelf -dW "$f")
	names=$(nm "$f")
	echo "$head" | grep -q 'Type: *DYN' || fail "$f" "fixed address"
	echo "$segments" | grep -q GNU_RELRO || fail "$f" "no RELRO"
	echo "$dynamic" | grep -Eq 'BIND_NOW|FLAGS.*NOW' || fail "$f" "lazy"
	echo "$segments" | grep -Eq 'GNU_STACK.* RW ' ||
		fail "$f" "executable stack"
	! echo "$dynamic" | grep -Eq 'TEXTREL|RPATH|RUNPATH' ||
		fail "$f" "text relocations or a run path"
	echo "$names" | grep -q __stack_chk_fail ||
		fail "$f" "no stack protector"
	echo "$names" | grep -Eq '__[a-z]+_chk@' || fail "$f" "not fortified"
done
for f in "$B"/lsm-*; do
	[ -x "$f" ] || continue
	readelf -dW "$f" | grep -E 'NEEDED.*(lsm|lz4|zstd|libz)\.?' &&
		fail "$f" "loads what it should contain"
done
exit $bad
