#!/bin/sh
# Only env/ and base/ call the system, the heap and the threads.
#
# Judged by the linker's own names: what an object asks of others must be ours,
# and not from a higher floor, or stand in the list of its floor below.
set -u
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

# Computation only: no state outside the arguments, no system call.
cat >"$dir/allowed" <<'END'
.* memcpy|memmove|memset|memcmp|memchr|memrchr|strlen|strnlen|strchr|strrchr
.* strcmp|strncmp|strspn|strcspn|strcpy|strncpy|strcat
.* snprintf|vsnprintf|qsort|bsearch
.* strtoul|strtoull|strtol|strtoll|abs|labs
.* __(memcpy|memmove|memset|strcpy|strncpy|snprintf|vsnprintf|strcat)_chk
.* __isoc(99|23)_strto(ul|ull|l|ll)
.* __assert_fail|abort|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_|__tls_get_addr
base/alloc malloc|calloc|realloc|free|aligned_alloc
base/status __errno_location|__xpg_strerror_r|strerror_r
base/sync pthread_.*|sched_yield|syscall|clock_gettime|sigfillset
base/sched malloc|free|getcontext|makecontext|swapcontext
table/compress (inflate|deflate)[A-Za-z0-9_]*|LZ4_.*|ZSTD_.*
env/.* .*
END

for c in libengine/*/*.c; do
	o=${c%.c}.o
	nm -P "$B/$o" | sed "s|^|${o#libengine/} |"
done >"$dir/names"
[ -s "$dir/names" ] || { echo "no objects in $B"; exit 1; }

awk '
function floor(object)
{
	return floors[substr(object, 1, index(object, "/") - 1)]
}
BEGIN {
	floors["base"] = 0
	floors["env"] = floors["kv"] = 1
	floors["mem"] = floors["log"] = floors["table"] = 2
	floors["version"] = 3
	floors["compact"] = 4
	floors["db"] = floors["check"] = 5
}
FILENAME ~ /allowed$/ {
	where[++rules] = "^" $1 "\\.o$"
	what[rules] = "^(" $2 ")$"
	next
}
$3 ~ /^[A-TV-Z]$/ { home[$2] = $1 }
$3 == "U" || $3 == "w" { asked[$1 " " $2] = 1 }
END {
	for (pair in asked) {
		split(pair, p, " ")
		if (p[2] in home) {
			if (floor(home[p[2]]) > floor(p[1])) {
				print p[1] ": calls up: " p[2] " of " \
				    home[p[2]]
				bad = 1
			}
			continue
		}
		for (i = 1; i <= rules; i++)
			if (p[1] ~ where[i] && p[2] ~ what[i])
				break
		if (i > rules) {
			print p[1] ": calls " p[2]
			bad = 1
		}
	}
	exit bad
}' "$dir/allowed" "$dir/names"
