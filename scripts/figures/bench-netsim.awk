# SPDX-License-Identifier: GPL-2.0
#
# From lines "case,schedule,run,metric,value", sorted by case, schedule, metric and
# value, a table of medians and ranges beside the goals, and `points` for the figure.

BEGIN {
	FS = ","
	# case metric goal, and which side of it is good
	g = "boot64 boot_s < 10;idle64 node_s_per_s > 1000;idle64 mib_per_node < 20;" \
	    "flood frames_per_s > 50000;tcp ratio > 0.1;nagle9 ratio > 10;" \
	    "bracha9 frames_per_s > 50000;qemu8 wall_s < 15"
	n = split(g, goals, ";")
	for (i = 1; i <= n; i++) {
		split(goals[i], w, " ")
		side[w[1], w[2]] = w[3]
		goal[w[1], w[2]] = w[4]
	}
	printf "%-9s %-10s %-14s %14s %22s %10s\n", "case", "schedule", "what", "median",
	       "range", "goal"
}

$1 == "case" { next }

$4 == "trace" {
	k = $1 SUBSEP $2
	if (!((k, $5) in seen)) {
		seen[k, $5] = 1
		traces[k]++
	}
	next
}

{
	k = $1 SUBSEP $2 SUBSEP $4
	if (!(k in nr))
		order[++cases] = k
	value[k, ++nr[k]] = $5
}

function shown(k, w)
{
	if (w[3] ~ /^(causality|late|failed)$/)
		return value[k, nr[k]] > 0
	if (w[3] ~ /^error/)
		return w[2] == "published"
	return w[3] ~ /^(ratio|frames_per_s)$/ || (w[1], w[3]) in goal
}

END {
	for (i = 1; i <= cases; i++) {
		k = order[i]
		split(k, w, SUBSEP)
		m = value[k, int((nr[k] + 1) / 2)]
		if (w[3] == "ratio")
			print w[1], w[2], m > points
		if (!shown(k, w))
			continue
		t = ""
		if (w[2] == "windows" && (w[1], w[3]) in goal) {
			s = side[w[1], w[3]]
			v = goal[w[1], w[3]]
			met = s == "<" ? m <= v + 0 : m >= v + 0
			t = s " " v (met ? "" : " missed")
		}
		printf "%-9s %-10s %-14s %14.6g %10.5g - %9.5g %10s\n", w[1], w[2], w[3], m,
		       value[k, 1], value[k, nr[k]], t
	}
	for (k in traces) {
		split(k, w, SUBSEP)
		printf "%-9s %-10s different results in %d runs: %d\n", w[1], w[2],
		       nr[w[1], w[2], "ratio"], traces[k] | "sort"
	}
	close("sort")
	print machine
}
