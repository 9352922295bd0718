#!/bin/sh
# lsm.h is usable from C99 and C++11, without a warning, and links either way.
set -u
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
warn='-Wall -Wextra -pedantic -Wconversion -Werror -Ilibengine/include'

cat >"$dir/use.c" <<'END'
#include <lsm.h>
#include <stdio.h>

int
main(int argc, char **argv)
{
	lsm_options o;
	lsm_db *db = NULL;
	lsm_buffer value = { NULL, 0, 0 };
	int rc;

	if (argc != 2)
		return 64;
	lsm_options_init(&o);
	o.create = 1;
	rc = lsm_open(argv[1], &o, &db);
	if (rc == LSM_OK)
		rc = lsm_put(db, lsm_str("key"), lsm_str("value"), 0);
	if (rc == LSM_OK)
		rc = lsm_get(db, NULL, lsm_str("key"), &value);
	if (rc == LSM_OK && (value.size != 5 ||
	    memcmp(value.data, "value", 5) != 0))
		rc = LSM_BUG;
	lsm_buffer_free(&value);
	if (rc == LSM_OK)
		rc = lsm_close(db);
	if (rc != LSM_OK)
		fprintf(stderr, "%s: %s\n", argv[1], lsm_message());
	return rc;
}
END
cp "$dir/use.c" "$dir/use.cc"
try()
{
	out=$1
	shift
	"$@" && "$out" "$dir/db.$(basename "$out")" || {
		echo "failed: $*"
		bad=1
	}
}
bad=0
for h in libengine/include/*.h; do
	printf '#include "%s"\n' "${h##*/}" >"$dir/alone.c"
	$CC -std=c99 $warn -fsyntax-only "$dir/alone.c" || bad=1
	g++ -std=c++11 -x c++ $warn -fsyntax-only "$dir/alone.c" || bad=1
done
export LD_LIBRARY_PATH="$B"
try "$dir/c99" $CC -std=c99 $warn -o "$dir/c99" "$dir/use.c" -L"$B" -llsm
try "$dir/cxx" g++ -std=c++11 $warn -o "$dir/cxx" "$dir/use.cc" -L"$B" -llsm
codecs=$(sed -n 's/^Requires.private: //p' "$B/liblsm.pc")
try "$dir/static" $CC -std=c99 $warn -o "$dir/static" "$dir/use.c" \
	"$B/dist/liblsm.a" $(pkg-config --libs $codecs) -pthread
exit $bad
