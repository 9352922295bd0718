# The text format of Prometheus, version 0.0.4, read strictly: HELP and TYPE
# once and before their samples, samples of a metric together, no series twice,
# numbers as they may be; counters named _total; a histogram's buckets
# ascending in limit and count, the last of them +Inf and equal to its count,
# and a sum. Says what is wrong, and exits 1.
function bad(why) {
	print FILENAME ":" FNR ": " why ": " $0
	wrong = 1
}
function histogram_end() {
	if (open != "" && !(counted && summed))
		bad("histogram " open " has no sum or count")
	open = ""
}
function family_begin(name) {
	histogram_end()
	if (name in seen)
		bad("metric again")
	seen[name] = 1
	family = name
	kind = ""
}
function bucket(series, le, value) {
	if (series != open) {
		histogram_end()
		open = series
		counted = summed = 0
		last = limit = -1
	}
	if (le != "+Inf" && (le !~ /^[0-9]+(\.[0-9]+)?$/ || le + 0 <= limit))
		bad("limit of a bucket")
	if (value + 0 < last)
		bad("bucket not cumulative")
	limit = le == "+Inf" ? "infinite" : le + 0
	last = value + 0
}
/^# HELP / {
	if ($3 !~ /^[a-zA-Z_:][a-zA-Z0-9_:]*$/ || NF < 4)
		bad("help")
	family_begin($3)
	next
}
/^# TYPE / {
	if ($3 != family || kind != "" || NF != 4)
		bad("type without its help")
	kind = $4
	if (kind !~ /^(counter|gauge|histogram)$/)
		bad("kind")
	if ((kind == "counter") != (family ~ /_total$/))
		bad("name of a counter")
	next
}
/^#/ || /^$/ { bad("neither help, type nor sample"); next }
!/^[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-z_]+="[^"\\]*",)*[a-z_]+="[^"\\]*"\})? [0-9]+(\.[0-9]+)?$/ {
	bad("not a sample")
	next
}
{
	samples++
	series = $1
	name = series
	sub(/\{.*/, "", name)
	if (series in values)
		bad("series again")
	values[series] = $2
	if (kind == "")
		bad("sample without its type")
	if (kind != "histogram") {
		if (name != family)
			bad("sample of another metric")
		next
	}
	labels = series
	sub(/[^{]*/, "", labels)
	if (name == family "_bucket") {
		le = labels
		sub(/.*le="/, "", le)
		sub(/".*/, "", le)
		sub(/,le="[^"]*"/, "", labels)
		bucket(labels, le, $2)
	} else if (labels != open) {
		bad("sum or count of another histogram")
	} else if (name == family "_sum") {
		summed = 1
	} else if (name == family "_count") {
		counted = 1
		if (limit != "infinite" || $2 + 0 != last)
			bad("count is not that of +Inf")
	} else
		bad("sample of another metric")
}
END {
	histogram_end()
	if (samples == 0) {
		print FILENAME ": no samples"
		wrong = 1
	}
	exit wrong
}
