#!/bin/sh
# lint.sh - what stricter eyes than the compiler's see. Each tool that is not
# installed is left out by name.
#
# $DEFS are the codecs' definitions.
set -u
flags="-std=c11 -D_POSIX_C_SOURCE=200809L -Ilibengine/include -Ilibengine
	-Itests ${DEFS-}"
pkg-config --exists libedit && edit= || edit='! -name line_edit.c'
sources=$(find libengine tools -name '*.c' $edit)
all=$(find libengine tools tests -name '*.[ch]')
bad=0
look()
{
	name=$1
	shift
	if ! command -v "$1" >/dev/null; then
		echo "$name: not installed, left out"
		return
	fi
	echo "$name"
	"$@" || bad=1
}

look gcc-analyzer gcc -O2 -fanalyzer -fsyntax-only -Werror $flags $sources
look cppcheck cppcheck -q --std=c11 --error-exitcode=1 \
	--enable=warning,portability,performance --inline-suppr \
	--suppress=missingInclude --suppress=missingIncludeSystem \
	-Ilibengine/include -Ilibengine ${DEFS-} $sources
look clang-tidy clang-tidy --quiet --warnings-as-errors='*' --checks="-*,\
bugprone-*,-bugprone-easily-swappable-parameters,\
-bugprone-assignment-in-if-condition,-bugprone-reserved-identifier,\
-bugprone-narrowing-conversions,-bugprone-sizeof-expression,\
-bugprone-implicit-widening*,\
clang-analyzer-core.*,clang-analyzer-deadcode.*,clang-analyzer-unix.*,\
misc-redundant-expression,readability-misleading-indentation" \
	$sources -- $flags
look shellcheck shellcheck -S warning -s sh tests/*/*.sh tests/deps.sh
command -v clang-format >/dev/null && { tests/check/format.sh $all || bad=1; }
exit $bad
