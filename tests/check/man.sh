#!/bin/sh
# man.sh PAGE... - each page must please mandoc without a warning, and name no
# option of several letters with one dash, as ".Fl Fl one , two" does: "--one,
# -two".
set -u
passed=0
failed=0

dashes() {
	awk '
	function is_macro(w) { return w ~ /^[A-Z][a-z]$/ }
	function is_name(w) { return w ~ /[[:alnum:]]/ }
	/^\.[A-Z]/ && !/^\.\\"/ {
		sub(/^\./, "")
		flags = words = 0
		for (i = 1; i <= NF; i++) {
			if (is_macro($i)) {
				flags = $i == "Fl" ? (words ? 1 : flags + 1) : 0
				words = 0
			} else if (flags && is_name($i)) {
				words++
				if (length($i) > 1 && $i !~ /^(-|\\-)/ &&
				    (flags == 1 || words > 1)) {
					printf "%s:%d: one dash: %s\n",
					    FILENAME, FNR, $i
					bad = 1
				}
			}
		}
	}
	END { exit bad }' "$1" >&2
}

# The check itself: what it must find, and what it must not.
for line in '.Fl Fl one , two' '.Fl one' '.It Fl Fl a Ar b | Fl cd' \
    '.Pq Fl Fl one , two'; do
	if echo "$line" | dashes - 2>/dev/null; then
		echo "not found: $line" >&2
		failed=$((failed + 1))
	fi
done
for line in '.Fl Fl one , Fl Fl two' '.Fl -one , -two' '.Fl v , w' \
    '.Op Fl Fl one Ns = Ns Ar two' '.Pq Fl Fl one , Cm two'; do
	echo "$line" | dashes - || failed=$((failed + 1))
done

for page; do
	if mandoc -Tlint -W warning "$page" && dashes "$page"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
