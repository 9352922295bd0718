#!/bin/sh
# deps.sh [bench] - install the packages that building and testing take; with
# "bench", those of the engines that the benchmark compares with.
#
# As root, with apt-get. Otherwise it prints the line to type and fails, if
# something is missing that must be there. Says nothing when all is there.
set -u
required='gcc make pkg-config libc6-dev libxxhash-dev zlib1g-dev'
optional='liblz4-dev libzstd-dev libedit-dev libjansson-dev'
tests='bats g++ jq mandoc bsdextrautils db-util lmdb-utils tinycdb expect
	locales rsync strace clang libclang-rt-14-dev util-linux'
bench='libleveldb-dev librocksdb-dev liblmdb-dev rocksdb-tools'

if ! command -v dpkg-query >/dev/null; then
	echo "deps: not a Debian system; these packages are meant:" >&2
	echo "$required $optional $tests" | tr '\n\t' '  ' >&2
	echo >&2
	exit 0
fi

# Those of its arguments that are not installed.
missing()
{
	for package; do
		dpkg-query -W -f '${db:Status-Status}\n' "$package" \
			2>/dev/null | grep -qx installed || echo "$package"
	done
}

install()
{
	DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
		--no-install-recommends "$@" >"$log" 2>&1 </dev/null
}

# The lists of a fresh system are empty: fetch them, but only when needed.
install_or_update()
{
	install "$@" || {
		apt-get update -qq >"$log" 2>&1 </dev/null
		install "$@"
	}
}

case ${1-} in
'')
	must=$(missing $required $tests)
	may=$(missing $optional) ;;
bench)
	must=
	may=$(missing $bench) ;;
*)
	echo "usage: deps.sh [bench]" >&2
	exit 64 ;;
esac
[ -n "$must$may" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "deps: missing; as root type:" >&2
	echo "apt-get install --no-install-recommends" $must $may
	[ -z "$must" ]
	exit
fi

log=$(mktemp) || exit 71
trap 'rm -f "$log"' EXIT
echo "deps: installing" $must $may
if install_or_update $must $may; then
	exit 0
fi
# One that does not exist here must not keep out the others.
for package in $must $may; do
	install "$package" || echo "deps: cannot install $package" >&2
done
left=$(missing $required)
[ -z "$left" ] || {
	tail -n 20 "$log" >&2
	echo "deps: cannot do without" $left >&2
	exit 71
}
