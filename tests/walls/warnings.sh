#!/bin/sh
# No warning from gcc or clang, whatever the flavour.
set -u
bad=0
pkg-config --exists libedit && edit= || edit='! -name line_edit.c'

# check FLAG... FILE... - clang starts a process for each file, which takes
# longer than to read it: asked for its own command, one reads all files.
check()
{
	command=
	[ $cc != clang ] || command=$(clang -### "$@" 2>&1 |
		sed -n -e 's/ "-main-file-name" "[^"]*"//' \
		-e 's/ "-disable-free"//' \
		-e '/"-cc1"/{s/ "-x" "c" "[^"]*"$/ -x c/p;q;}')
	case $command in
	*' -x c')
		for file; do
			case $file in
			*.c) command="$command $file" ;;
			esac
		done
		eval "$command" ;;
	*)
		$cc "$@" ;;
	esac || bad=1
}

for cc in gcc clang; do
	command -v "$cc" >/dev/null || { echo "no $cc here"; bad=1; continue; }
	for more in '' -DLSM_SCHED; do
		flags="$($MAKE -s FLAVOUR=sched CC=$cc print-cflags |
			sed 's/-DLSM_SCHED//') $more -O2 -Werror -fsyntax-only"
		check $flags -Ilibengine $(find libengine -name '*.c')
		tools=$(find tools -name '*.c' $edit)
		[ -z "$tools" ] || check $flags $tools
		check $flags -Ilibengine -Itests -Itools $(find tests \
			-name '*.c' ! -path 'tests/bench/*')
	done
done
exit $bad
