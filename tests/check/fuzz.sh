#!/bin/sh
# fuzz.sh SECONDS TARGET... - libFuzzer on each target for so long.
#
# What it finds worth keeping lies in build/fuzz/corpus; an input that breaks a
# target lies in build/fuzz, and belongs into tests/data/fuzz with the repair.
set -u
seconds=$1
shift
passed=0
failed=0
for name; do
	mkdir -p "build/fuzz/corpus/$name"
	if "build/fuzz/fuzz/$name" -max_total_time="$seconds" -timeout=20 \
		-rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="build/fuzz/$name-" "build/fuzz/corpus/$name" \
		"tests/data/fuzz/$name" >"build/fuzz/$name.log" 2>&1; then
		passed=$((passed + 1))
	else
		tail -n 30 "build/fuzz/$name.log"
		failed=$((failed + 1))
	fi
	sed -n "s/^stat::number_of_executed_units: /$name: inputs: /p" \
		"build/fuzz/$name.log"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
