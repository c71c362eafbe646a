# SPDX-License-Identifier: GPL-2.0
#
# The benchmark's table: reads the cases on stdin, then results.csv, empty.csv
# and wheel.csv. Writes the table to stdout, everything to the file in "json",
# and "trace flows kind ns" for the figure to the file in "points".

BEGIN {
	FS = ","
	print "ns per packet, enqueue and dequeue; min (med)"
	printf "%-9s %8s  %-9s %7s %9s %6s %6s %7s %9s %7s  %s\n", "trace", \
		"flows", "qdisc", "min", "med", "enq", "deq", "arms/p", \
		"late p99", "B/flow", "gq against it"
	printf "{\n \"machine\": \"%s\", \"tsc_khz\": %d,\n \"results\": [", \
		machine, khz >json
}

FILENAME == "-" {
	split($0, c, " ")
	goal[c[1], c[2]] = c[4]
	next
}

function ns(v)
{
	return v / 100 / khz * 1e6
}

function verdict(what, value, limit, unit,	met)
{
	met = value <= limit
	goals[++ngoals] = sprintf("%-48s %10.2f <= %-8g %-3s %s", what, value, \
				  limit, unit, met ? "met" : "MISSED")
	gjson = gjson sprintf("%s\n  {\"goal\": \"%s\", \"value\": %.3f, \"limit\": %g, \"met\": %s}", \
			      ngoals > 1 ? "," : "", what, value, limit, \
			      met ? "true" : "false")
}

# Free pages are counted, so that small tables drown in what the slab has spare.
function flow_bytes(bytes, flows)
{
	return flows < 1000000 ? "-" : sprintf("%.0f", bytes / flows)
}

# A case is complete when the next one's first line comes, or at the end.
function flush_case(	i, k, ratio, g)
{
	for (i = 1; i <= n; i++) {
		k = name[i]
		ratio = k == "gq" || !("gq" in min) ? "" : \
			sprintf("%.2fx", min["gq"] / min[k])
		printf "%s%s\n", row[i], ratio
	}
	if (("gq" in min) && ("fq" in min)) {
		g = goal[trace, flows]
		if (g != "" && g != "-")
			verdict(trace ", " flows " flows: gq / fq", \
				min["gq"] / min["fq"], g, "")
		if (arms["fq"] > 0)
			verdict(trace ", " flows " flows: timer arms gq / fq", \
				arms["gq"] / arms["fq"], 1, "")
		if (p99["gq"] > 0 && trace != "jitter")
			verdict(trace ", " flows " flows: late p99", \
				p99["gq"], late, "ns")
		if (early["gq"] + missing["gq"] > 0 || trace == "paced")
			verdict(trace ", " flows " flows: early or missing", \
				early["gq"] + missing["gq"], 0, "")
	}
	n = 0
	delete min
	delete arms
}

$1 == "trace" || $1 == "queue" { next }

$1 == "empty" {
	if (!nempty++)
		flush_case()
	empty[$2] = $3
	ejson = ejson sprintf("%s\"%s\": %d", nempty > 1 ? ", " : "", $2, $3)
	next
}

$1 == "cffs" || $1 == "rbtree" {
	wheel[$2, $1] = sprintf("%d instructions, %.0f ns", $3, $4)
	if (!($2 in seen)) {
		seen[$2] = 1
		sizes[++nsizes] = $2
	}
	wjson = wjson sprintf("%s\n  {\"queue\": \"%s\", \"nodes\": %d, \"instructions\": %d, \"ns\": %.1f}", \
			      wjson == "" ? "" : ",", $1, $2, $3, $4)
	next
}

NF >= 19 {
	if ($1 != trace || $3 != flows)
		flush_case()
	trace = $1
	flows = $3
	name[++n] = $2
	min[$2] = ns($6)
	arms[$2] = $13 ? $11 / $13 : 0
	p99[$2] = $16
	early[$2] = $17
	missing[$2] = $18
	row[n] = sprintf("%-9s %8d  %-9s %7.1f (%7.1f) %6.1f %6.1f %7.3f %9d %7s  ", \
			 trace, flows, $2, ns($6), ns($7), ns($8), ns($9), \
			 arms[$2], $16, flow_bytes($19, flows))
	printf "%s %d %s %.1f\n", trace, flows, $2, ns($6) >points
	all[trace, flows, $2] = ns($6)
	printf "%s\n  {\"trace\": \"%s\", \"flows\": %d, \"qdisc\": \"%s\", \"rounds\": %d, \"ns_min\": %.1f, \"ns_med\": %.1f, \"ns_enqueue\": %.1f, \"ns_dequeue\": %.1f, \"ns_create\": %.1f, \"arms_per_packet\": %.4f, \"late_p50_ns\": %d, \"late_p99_ns\": %d, \"early\": %d, \"missing\": %d, \"all_flows_bytes\": %d}", \
		nrows++ ? "," : "", trace, flows, $2, $4, ns($6), ns($7), \
		ns($8), ns($9), ns($10), arms[$2], $15, $16, $17, $18, \
		$19 >json
	if ($2 == "gq" && flows >= 1000000 && trace == "paced")
		per_flow = $19 / flows
}

END {
	flush_case()
	if ((("paced", 1000000, "gq") in all)) {
		verdict("paced: gq at 1M flows / at 1k", \
			all["paced", 1000000, "gq"] / all["paced", 1000, "gq"], 3, "")
		printf "\nfq at 1M flows / at 1k: %.1f\n", \
			all["paced", 1000000, "fq"] / all["paced", 1000, "fq"]
	}
	if (per_flow)
		verdict("memory of a flow", per_flow, 128, "B")
	if ("gq" in empty)
		verdict("memory of an empty qdisc", empty["gq"], 524288, "B")

	print "\nthe queue alone, one node taken out and put back"
	for (i = 1; i <= nsizes; i++)
		printf "%8d nodes   cFFS %-28s rbtree %s\n", sizes[i], \
			wheel[sizes[i], "cffs"], wheel[sizes[i], "rbtree"]
	printf "\nempty qdisc, bytes a queue:"
	for (k in empty)
		printf " %s %d", k, empty[k]
	print "\n\ngoals"
	for (i = 1; i <= ngoals; i++)
		print goals[i]
	printf "\n ],\n \"wheel\": [%s\n ],\n \"empty_bytes\": {%s},\n \"goals\": [%s\n ]\n}\n", \
		wjson, ejson, gjson >json
}
