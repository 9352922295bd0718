# report.awk - rows of the benchmark to tables, in Markdown.
#
# A cell is the median over the rounds. A ratio is the first engine's rate
# through the peer's: above 1, the first engine is faster. A rate is marked with
# * when others used more than 0.15 of a processor in every round of it.

BEGIN { FS = "\t" }

FNR == 1 {
	for (i = 1; i <= NF; i++)
		column[$i] = i
	next
}

{
	w = $column["workload"]
	e = $column["engine"]
	if (!(w in seen_workload)) {
		seen_workload[w] = 1
		workloads[++workload_count] = w
	}
	if (!(e in seen_engine)) {
		seen_engine[e] = 1
		engines[++engine_count] = e
	}
	n = ++rounds[w, e]
	rate[w, e, n] = $column["ops_per_s"]
	p99[w, e, n] = $column["p99_us"]
	worst[w, e, n] = $column["max_us"]
	time[w, e, n] = $column["seconds"]
	drain[w, e, n] = $column["drain_s"]
	memory[w, e, n] = $column["anonymous"]
	if ($column["user"] > 0)
		amplified[w, e, n] = $column["written"] / $column["user"]
	if ($column["live"] > 0) {
		space[w, e, n] = $column["disk"] / $column["live"]
		peak[w, e, n] = $column["disk_peak"] / $column["live"]
		mean[w, e, n] = $column["disk_mean"] / $column["live"]
	}
	if ($column["others"] <= 0.15)
		quiet[w, e] = 1
}

# The median of values[w, e, 1..]; "" when there is none.
function median(values, w, e,    n, i, j, v, sorted)
{
	n = 0
	for (i = 1; i <= rounds[w, e]; i++) {
		if (!((w, e, i) in values))
			continue
		v = values[w, e, i]
		for (j = n++; j > 0 && sorted[j] > v; j--)
			sorted[j + 1] = sorted[j]
		sorted[j + 1] = v
	}
	if (n == 0)
		return ""
	if (n % 2)
		return sorted[(n + 1) / 2]
	return (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}

# Three digits, with k or M.
function short(v)
{
	if (v >= 1e6)
		return sprintf("%.2f M", v / 1e6)
	if (v >= 1e4)
		return sprintf("%.0f k", v / 1e3)
	if (v >= 1e3)
		return sprintf("%.1f k", v / 1e3)
	return sprintf("%.3g", v)
}

function head(title, ratios,    i, line, rule)
{
	line = "| workload |"
	rule = "|---|"
	for (i = 1; i <= engine_count; i++) {
		line = line " " engines[i] " |"
		rule = rule "---:|"
	}
	for (i = 2; ratios && i <= engine_count; i++) {
		line = line " : " engines[i] " |"
		rule = rule "---:|"
	}
	printf "### %s\n\n%s\n%s\n", title, line, rule
}

function table(title, values, scale, only,    i, j, w, v, line, any)
{
	head(title, 0)
	for (i = 1; i <= workload_count; i++) {
		w = workloads[i]
		if (only && w !~ only)
			continue
		line = "| " w " |"
		any = 0
		for (j = 1; j <= engine_count; j++) {
			v = median(values, w, engines[j])
			any = any || v != ""
			line = line " " (v == "" ? "-" : short(v / scale)) " |"
		}
		if (any)
			print line
	}
	print ""
}

function rates(    i, j, w, v, own, line)
{
	head("Operations per second", engine_count > 1)
	for (i = 1; i <= workload_count; i++) {
		w = workloads[i]
		if (w == "compact" || w == "open")
			continue
		line = "| " w " |"
		for (j = 1; j <= engine_count; j++) {
			v = median(rate, w, engines[j])
			line = line " " (v == "" ? "-" : short(v)) \
			    (v != "" && !((w, engines[j]) in quiet) ? "*" : \
			    "") " |"
		}
		own = median(rate, w, engines[1])
		for (j = 2; j <= engine_count; j++) {
			v = median(rate, w, engines[j])
			line = line " " (v == "" || own == "" || !v ? "-" : \
			    sprintf("%.2f", own / v)) " |"
		}
		print line
	}
	print ""
}

END {
	rates()
	table("Whole-database steps, ms", time, 0.001, "^(compact|open)$")
	table("Latency, us: p99", p99, 1, "^(fill|read|seek|over|del|write)")
	table("Latency, us: worst", worst, 1, "^(fill|read|seek|over|del|write)")
	table("Bytes written / bytes of keys and values", amplified, 1, \
	    "^(fillseq|fillbatch|fillrandom|overwrite)")
	table("Disk / bytes of live keys and values", space, 1, \
	    "^(fillseq|fillrandom|overwrite|compact)")
	table("The same, on the average of the phase", mean, 1, \
	    "^(fillrandom|overwrite)")
	table("The same, at most", peak, 1, \
	    "^(fillseq|fillrandom|overwrite|compact)")
	table("Anonymous memory at the end of the phase, MiB", memory, \
	    1048576, "^(fillseq|fillrandom|readrandom|overwrite|compact)$")
	table("Seconds of work after the last put", drain, 1, \
	    "^(fillseq|fillrandom|overwrite|deleterandom)")
}
