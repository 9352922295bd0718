#!/bin/sh
# format.sh FILE... - spacing and indentation as .clang-format has them.
#
# Where a long line is broken is the author's choice, and so is the tab before
# a comment: a line is wrong when clang-format would give it other blanks.
set -u
bad=0
for file; do
	clang-format "$file" | diff "$file" - | awk -v file="$file" '
	function bare(line)
	{
		gsub(/[ \t]+/, "", line)
		return line
	}
	function calm(line)
	{
		gsub(/[ \t]+(\/\*|\\$)/, " &", line)
		gsub(/[ \t]+/, " ", line)
		gsub(/ ?\* ?/, "*", line)	# it takes products for pointers
		return line
	}
	# The lines of one hunk, pair by pair, unless they are broken anew.
	function judge(    i)
	{
		for (i = 1; i <= olds && olds == news; i++)
			if (bare(old[i]) != bare(new[i]))
				return
		for (i = 1; i <= olds && olds == news; i++)
			if (old[i] !~ /^\t*    / && (calm(old[i]) != \
			    calm(new[i]) || indent(old[i]) != indent(new[i]))) {
				printf "%s:%d:%s\n", file, at + i - 1, old[i]
				bad = 1
			}
	}
	function indent(line)
	{
		match(line, /^[ \t]*/)
		return RLENGTH
	}
	/^[0-9]/ {
		judge()
		at = $0 + 0
		olds = news = 0
		next
	}
	/^</ { old[++olds] = substr($0, 3) }
	/^>/ { new[++news] = substr($0, 3) }
	END { judge(); exit bad }
	' || bad=1
done
exit $bad
