#!/bin/sh
# make install puts everything in its place, pkg-config finds it, a program
# builds against it, and uninstall leaves nothing behind.
set -u
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0
there()
{
	[ -e "$dir/root/opt/x/$1" ] || { echo "not installed: $1"; bad=1; }
}
run()
{
	"$@" >"$dir/log" 2>&1 || { cat "$dir/log"; echo "failed: $*"; bad=1; }
}

run $MAKE -s install PREFIX=/opt/x DESTDIR="$dir/root"
there include/lsm.h
there lib/liblsm.a
there lib/liblsm.so
there lib/liblsm.so.0
there lib/pkgconfig/liblsm.pc
there share/man/man5/lsm-format.5
for tool in tools/lsm-*.c; do
	tool=$(basename "$tool" .c)
	[ "$tool" = 'lsm-*' ] || there "bin/$tool"
done

cat >"$dir/use.c" <<'END'
#include <lsm.h>
#include <stdio.h>

int
main(void)
{
	printf("%s\n", lsm_version());
	return 0;
}
END
export PKG_CONFIG_PATH="$dir/root/opt/x/lib/pkgconfig"
export PKG_CONFIG_SYSROOT_DIR="$dir/root"
run $CC -o "$dir/use" "$dir/use.c" $(pkg-config --cflags --libs liblsm)
said=$(LD_LIBRARY_PATH="$dir/root/opt/x/lib" "$dir/use")
known=$(pkg-config --modversion liblsm)
[ "$said" = "$known" ] || { echo "version: $said is not $known"; bad=1; }

run $MAKE -s uninstall PREFIX=/opt/x DESTDIR="$dir/root"
left=$(find "$dir/root" ! -type d)
[ -z "$left" ] || { echo "left behind: $left"; bad=1; }
run $MAKE -s "$B/liblsm.pc"
exit $bad
