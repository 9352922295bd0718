#!/bin/sh
# Both libraries show lsm_* and nothing else, and every call of lsm.h is there.
set -u
bad=0
shown()
{
	nm -P -g --defined-only "$@" | awk '$2 ~ /^[A-Z]$/ && $2 != "A" {
		sub(/@.*/, "", $1)
		print $1
	}' | sort -u
}
called=$(awk '/^[a-z].*lsm_[a-z_]+\(/ && !/inline/ && !/^lsm_/ {
	match($0, /lsm_[a-z_]+\(/)
	print substr($0, RSTART, RLENGTH - 1)
}' libengine/include/*.h)
so=$(shown -D "$B/liblsm.so")
a=$(shown "$B/dist/liblsm.a")
for name in $(printf '%s\n%s\n' "$so" "$a" | grep -v '^lsm_'); do
	echo "exported: $name"
	bad=1
done
for name in $called; do
	for list in "$so" "$a"; do
		if ! echo "$list" | grep -qx "$name"; then
			echo "not exported: $name"
			bad=1
		fi
	done
done
[ -n "$called" ] || { echo "no calls found in lsm.h"; bad=1; }
readelf -d "$B/liblsm.so" | grep -q 'SONAME.*\[liblsm\.so\.[0-9]*\]' || {
	echo "liblsm.so has no soname"
	bad=1
}
exit $bad
