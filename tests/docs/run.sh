#!/usr/bin/env bash
# Run what a document tells its reader to type.
#
#   tests/docs/run.sh FILE...
#
# In a ```console block a line "$ COMMAND" is typed, and what follows up to the
# next one must be its output, stdout and stderr together, to the letter; a
# last line "[N]" is an exit status other than 0. In a ```sh block each line is
# typed and must succeed. A block whose first line is "# not run: REASON" is
# passed over. Commands of one document share one empty directory and one
# shell; the built tools come first in its PATH. In a .1, .3, .5 or .7 page the
# literal displays of EXAMPLES are console blocks; one that begins with a comment
# of a file name is that file.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
bin=${LSM_BIN:-$top/build/release}
passed=0 failed=0
# What a program linked with the static library needs besides.
LSM_LIBS="$(for p in liblz4 libzstd zlib; do
	pkg-config --exists $p && pkg-config --libs $p
done) -lpthread"
export LSM_LIBS=${LSM_LIBS//$'\n'/ }

blocks_md() {
	awk '
	/^```(console|sh)$/ { kind = substr($0, 4); first = 1; next }
	/^```/ { kind = ""; next }
	kind && first && /^# not run:/ { kind = ""; next }
	kind { first = 0; print kind "\t" $0 }
	' "$1"
}

blocks_man() {
	awk '
	/^\.Sh / { on = /^\.Sh EXAMPLES/ }
	on && /^\.Bd -literal/ { live = first = 1; next }
	/^\.Ed/ { if (file) print "file\t\001"; live = file = 0; next }
	!live { next }
	{ gsub(/\\e/, "\\"); sub(/^\\&/, "") }
	first && match($0, /^\/\* [a-z]+\.c \*\/$/) {
		file = 1
		print "file\t" substr($0, 4, RLENGTH - 6)
	}
	{ first = 0; print (file ? "file" : "console") "\t" $0 }
	' "$1"
}

# The commands as one script that marks where each begins.
script() {
	awk -F'\t' '
	{ kind = $1; line = substr($0, length($1) + 2) }
	kind == "file" && !open { print "cat > " line " <<\"END OF FILE\""; open = 1; next }
	kind == "file" && line == "\001" { print "END OF FILE"; open = 0; next }
	kind == "file" { print line; next }
	kind == "sh" && line !~ /^#/ && line !~ /^ *$/ {
		printf "printf \"\\n\\001%d\\n\"\n", ++n
		print line
		printf "printf \"\\n\\002%%d\\n\" $?\n"
	}
	kind == "console" && line ~ /^\$ / {
		printf "printf \"\\n\\001%d\\n\"\n", ++n
		print substr(line, 3)
		printf "printf \"\\n\\002%%d\\n\" $?\n"
	}'
}

# What each command must print, in the same frame.
expected() {
	awk -F'\t' '
	function flush() {
		if (!n) return
		printf "\n\001%d\n%s\n\002%s\n", n, out, status
	}
	{ kind = $1; line = substr($0, length($1) + 2) }
	kind == "file" { next }
	kind == "sh" && (line ~ /^#/ || line ~ /^ *$/) { next }
	kind == "sh" { flush(); n++; out = "*"; status = 0; next }
	line ~ /^\$ / { flush(); n++; out = ""; status = 0; next }
	line ~ /^\[[0-9]+\]$/ { status = substr(line, 2, length(line) - 2); next }
	{ out = out line "\n" }
	END { flush() }'
}

# Compare frame by frame.
judge() {
	awk -v name="$1" -v RS='\n\001' '
	FNR == 1 { file++ }
	$0 == "" { next }
	{
		split($0, part, "\n\002")
		at = index(part[1], "\n")
		id = substr(part[1], 1, at - 1)
		body = substr(part[1], at + 1)
		status = part[2] + 0
		if (file == 1) { want[id] = body; code[id] = status; next }
		if (status == code[id] &&
		    (want[id] == "*" || want[id] == body || want[id] == body "\n")) {
			ok++
		} else {
			bad++
			printf "%s: command %s: status %d, not %d; output:\n%s\n--- expected:\n%s\n", name, id, status, code[id], body, want[id] > "/dev/stderr"
		}
		seen[id] = 1
	}
	END {
		for (id in want) if (!(id in seen)) {
			bad++
			printf "%s: command %s did not run\n", name, id > "/dev/stderr"
		}
		print ok + 0, bad + 0
	}' "$2" "$3"
}

for doc in "$@"; do
	dir=$(mktemp -d) || exit 71
	case $doc in
	*.md) blocks_md "$doc" > "$dir/blocks" ;;
	*) blocks_man "$doc" > "$dir/blocks" ;;
	esac
	script < "$dir/blocks" > "$dir/script"
	expected < "$dir/blocks" > "$dir/expected"
	mkdir "$dir/work"
	(cd "$dir/work" && LSM_TOP=$top PATH=$bin:$PATH \
	    bash "$dir/script" < /dev/null > "$dir/got" 2>&1)
	read -r ok bad < <(judge "$doc" "$dir/expected" "$dir/got")
	if [ $((ok + bad)) -eq 0 ]; then
		echo "$doc: nothing to run" >&2
		bad=1
	fi
	passed=$((passed + ok)) failed=$((failed + bad))
	rm -rf "$dir"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
