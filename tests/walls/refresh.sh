#!/bin/sh
# What lsm_refresh asks the system for: nothing when nothing is new, and
# otherwise no list, no CURRENT, and few bytes beside the new ones.
set -u
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export LD_LIBRARY_PATH="$B"

# Each refresh stands between two calls that nobody else makes.
cat >"$dir/use.c" <<'END'
#define _DEFAULT_SOURCE
#include <lsm.h>
#include <stdio.h>
#include <unistd.h>

static lsm_db *writer, *reader;

static int
refresh(void)
{
	int rc;

	getppid();
	rc = lsm_refresh(reader);
	getppid();
	return rc;
}

static int
failed(void)
{
	fprintf(stderr, "refresh: %s\n", lsm_message());
	return 1;
}

static int
fill(void)
{
	char key[32];
	int rc = LSM_OK;

	for (int i = 0; i < 1000 && rc == LSM_OK; i++) {
		snprintf(key, sizeof key, "key%d", i);
		rc = lsm_put(writer, lsm_str(key), lsm_str("value"), 0);
	}
	return rc;
}

int
main(int argc, char **argv)
{
	lsm_options o;

	lsm_options_init(&o);
	o.create = 1;
	o.no_sync = 1;
	o.workers = 0;
	if (argc != 2 || lsm_open(argv[1], &o, &writer) || fill() ||
	    lsm_flush(writer) || fill())
		return failed();
	o.create = 0;
	o.read_only = 1;
	if (lsm_open(argv[1], &o, &reader) || refresh() ||
	    lsm_put(writer, lsm_str("a"), lsm_str("b"), 0) || refresh() ||
	    lsm_flush(writer) || refresh() ||
	    lsm_get(reader, NULL, lsm_str("a"), NULL))
		return failed();
	return lsm_close(reader) || lsm_close(writer);
}
END
$CC -std=c99 -Wall -Wextra -Werror -Ilibengine/include -o "$dir/use" \
	"$dir/use.c" -L"$B" -llsm || exit 1
strace -f -o "$dir/trace" "$dir/use" "$dir/db" || exit 1

# The calls of the n-th refresh.
calls()
{
	awk -v n="$1" '/getppid\(/ { marks++; next } marks == 2 * n - 1' \
		"$dir/trace"
}
bad=0
# at_most REFRESH CALLS BYTES
at_most()
{
	count=$(calls "$1" | wc -l)
	read_bytes=$(calls "$1" | awk '/pread64/ { n += $NF }
		END { print n + 0 }')
	[ "$count" -le "$2" ] && [ "$read_bytes" -le "$3" ] || {
		echo "refresh $1: $count calls, $read_bytes bytes, not" \
			"$2 and $3:"
		calls "$1"
		bad=1
	}
	calls "$1" | grep -E 'getdents|CURRENT' && bad=1
}
[ "$(grep -c 'getppid(' "$dir/trace")" -eq 6 ] || exit 1
at_most 1 0 0
at_most 2 6 10000
at_most 3 10 10000
exit $bad
