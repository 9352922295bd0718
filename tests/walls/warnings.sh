#!/bin/sh
# No warning from gcc or clang, whatever the flavour.
set -u
bad=0
pkg-config --exists libedit && edit= || edit='! -name line_edit.c'
for cc in gcc clang; do
	command -v "$cc" >/dev/null || { echo "no $cc here"; bad=1; continue; }
	for more in '' -DLSM_SCHED; do
		flags="$($MAKE -s FLAVOUR=sched CC=$cc print-cflags |
			sed 's/-DLSM_SCHED//') $more -O2 -Werror -fsyntax-only"
		$cc $flags -Ilibengine $(find libengine -name '*.c') || bad=1
		tools=$(find tools -name '*.c' $edit)
		[ -z "$tools" ] || $cc $flags $tools || bad=1
		$cc $flags -Ilibengine -Itests -Itools $(find tests -name '*.c' \
			! -path 'tests/bench/*') || bad=1
	done
done
exit $bad
