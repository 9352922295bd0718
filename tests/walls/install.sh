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
there share/man/man1/lsm-cli.1
there share/man/man3/lsm.3
there share/man/man5/lsm-format.5
there share/man/man7/lsm.7
there share/bash-completion/completions/lsm-cli
there share/zsh/site-functions/_lsm-cli
there share/fish/vendor_completions.d/lsm-cli.fish
for tool in tools/lsm-*.c; do
	tool=$(basename "$tool" .c)
	[ "$tool" = 'lsm-*' ] || there "bin/$tool"
done
[ ! -e "$B/lsm-cli-prompt" ] || there libexec/lsm/lsm-cli-prompt

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

# The tools need nothing but themselves: moved, and with no library to find.
mkdir "$dir/moved"
cp "$dir/root/opt/x/bin/lsm-cli" "$dir/moved"
said=$(cd "$dir" && env -i moved/lsm-cli --create db put k v &&
    env -i moved/lsm-cli db get k && env -i "$OLDPWD/$B/lsm-cli" db has k &&
    echo .)
[ "$said" = v. ] || { echo "lsm-cli does not run where it is: $said"; bad=1; }

run $MAKE -s uninstall PREFIX=/opt/x DESTDIR="$dir/root"

# As a package.
arch=$($CC -print-multiarch)
run $MAKE -s install PREFIX=/usr DESTDIR="$dir/root"
for file in bin/lsm-cli "lib/$arch/liblsm.so.0" \
	"lib/$arch/pkgconfig/liblsm.pc" \
	share/zsh/vendor-completions/_lsm-cli; do
	[ -e "$dir/root/usr/$file" ] || { echo "not in /usr: $file"; bad=1; }
done
run $MAKE -s uninstall PREFIX=/usr DESTDIR="$dir/root"
left=$(find "$dir/root" ! -type d)
[ -z "$left" ] || { echo "left behind: $left"; bad=1; }
run $MAKE -s "$B/liblsm.pc"
exit $bad
