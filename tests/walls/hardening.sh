#!/bin/sh
# What is built: position independent, relocations read-only, no executable
# stack, stack protector, fortified libc calls. Tools load nothing at all where
# their libraries can be inside.
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
	echo "$head" | grep -q 'Type: *DYN' || fail "$f" "fixed address"
	echo "$segments" | grep -q GNU_RELRO || fail "$f" "no RELRO"
	echo "$dynamic" | grep -Eq 'BIND_NOW|FLAGS.*NOW' || fail "$f" "lazy"
	echo "$segments" | grep -Eq 'GNU_STACK.* RW ' ||
		fail "$f" "executable stack"
	! echo "$dynamic" | grep -Eq 'TEXTREL|RPATH|RUNPATH' ||
		fail "$f" "text relocations or a run path"
done
# Asked of our own objects: the libraries inside of a tool have such calls too.
for f in "$B/liblsm.a" "$B/tools.a" "$B/liblsm.so"; do
	[ -f "$f" ] || continue
	names=$(nm -u "$f")
	echo "$names" | grep -q __stack_chk_fail ||
		fail "$f" "no stack protector"
	echo "$names" | grep -Eq '__[a-z]+_chk(@|$)' || fail "$f" "not fortified"
done
inside=1
for name in c z lz4 zstd jansson; do
	case $($CC -print-file-name=lib$name.a) in
	*/*) ;;
	*) inside= ;;
	esac
done
for f in "$B"/lsm-*; do
	[ -x "$f" ] || continue
	readelf -dW "$f" | grep -E 'NEEDED.*(lsm|lz4|zstd|libz)\.?' &&
		fail "$f" "loads what it should contain"
	[ -z "$inside" ] || [ "$f" = "$B/lsm-cli-prompt" ] ||
		! readelf -lW "$f" | grep -q INTERP ||
		fail "$f" "has to be loaded by another program"
done
exit $bad
