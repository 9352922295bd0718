# helper.bash - what the tests of the tools share.
#
# Each test has an empty directory of its own. LSM_BIN names the directory of
# the built tools.
bats_require_minimum_version 1.5.0

setup() {
	local top
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	LSM_BIN=$(cd "${LSM_BIN:-$top/build/release}" && pwd)
	PATH=$LSM_BIN:$PATH
	export LC_ALL=C NO_COLOR=1
	cd "$BATS_TEST_TMPDIR" || return 1
}

# A database `db` of three records.
fruit() {
	printf 'apple\tred\nbanana\tyellow\ncherry\tdark red\n' |
	    lsm-cli --create db load
}

# A database `db` whose scan does not fit any buffer between two processes.
orchard() {
	awk 'BEGIN { for (i = 0; i < 20000; i++)
	    printf "tree%08d\tan apple, a leaf and a worm %d\n", i, i }' |
	    lsm-cli --create --sync=off db load
}

# Run a command: its status must be $1, its stderr $2 to the letter.
fails() {
	local want=$1 message=$2 got=0
	shift 2
	"$@" >out 2>err || got=$?
	if [ "$got" -ne "$want" ] || [ "$(cat err)" != "$message" ]; then
		echo "status $got, not $want; stderr:"
		cat err
		echo "not: $message"
		return 1
	fi
}

# Run a command: its status must be $1, and it must say one line of its own.
refused() {
	local want=$1 got=0
	shift
	"$@" >out 2>err </dev/null || got=$?
	if [ "$got" -ne "$want" ] || [ "$(wc -l <err)" -ne 1 ] ||
	    ! grep -q '^lsm-cli: ' err || [ -s out ]; then
		echo "$*: status $got, not $want; stdout and stderr:"
		cat out err
		return 1
	fi
}

# The text must not be in the files: lacks [-r] PATTERN FILE... A command that
# is negated with ! never fails a test.
lacks() {
	if grep "$@"; then
		echo "there: $*"
		return 1
	fi
}

# What must not change when somebody only reads: names, sizes, modes, times
# and bytes.
tree() {
	find "$1" -printf '%P %y %s %m %T@ %i\n' | sort
	find "$1" -type f -exec sha256sum {} + | sort
}

# Run as somebody who owns nothing. The program must be where he may go.
nobody() {
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	else
		"$@"
	fi
}

# A directory that everybody may enter, with a copy of the tool; $open.
open_place() {
	open=$(mktemp -d /tmp/lsm-cli-test.XXXXXX)
	chmod 755 "$open"
	cp "$(command -v lsm-cli)" "$open/lsm-cli"
	chmod 755 "$open/lsm-cli"
}

# A writer that holds the lock of db until its input is closed: descriptors
# ${writer[0]} to read from and ${writer[1]} to write to.
writer_start() {
	coproc writer { exec lsm-cli "$@" db 3>&-; }
	writer_pid=$writer_PID
	printf 'put held yes\nget --format=tsv held\n' >&"${writer[1]}"
	local line
	read -r line <&"${writer[0]}"
	[ "$line" = $'held\tyes' ]
}

writer_end() {
	local fd=${writer[1]}
	exec {fd}>&-
	wait "$writer_pid"
}
