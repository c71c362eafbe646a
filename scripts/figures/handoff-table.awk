# SPDX-License-Identifier: GPL-2.0
#
# scripts/bench-tcp-handoff: the table, from results.csv (see handoff.awk): means of
# the repeats, cold and warm side by side, and where warm is worse. "title" has what
# the paths are, as path=text;... Writes "path from to after.cold rtt.cold after.warm
# rtt.warm" for the figure to the file in "points".

BEGIN {
	FS = ","
	n = split(title, part, ";")
	for (i = 1; i <= n; i++)
		text[substr(part[i], 1, index(part[i], "=") - 1)] = \
			substr(part[i], index(part[i], "=") + 1)
}

FNR > 1 {
	pair = $1 "," $2 "," $3
	if (!(pair in seen)) {
		seen[pair] = 1
		order[++pairs] = pair
	}
	count[pair, $4]++
	after[pair, $4] += $7
	squares[pair, $4] += $7 * $7
	lowest[pair, $4] += $8
	recovered[pair, $4] += $9
	rtt[pair, $4] += $11
}

function of(sum, pair, warm)
{
	return sum[pair, warm] / count[pair, warm]
}

function both(sum, pair, unit, digits)
{
	return sprintf("%7.*f %7.*f", digits, of(sum, pair, 0) / unit, digits, \
		       of(sum, pair, 1) / unit)
}

# The variance of a mean of throughputs.
function variance(pair, warm,	m, n)
{
	m = of(after, pair, warm)
	n = count[pair, warm]
	return n > 1 ? (squares[pair, warm] / n - m * m) / (n - 1) : 0
}

# Beyond 3 % of the rate and two standard errors, or 5 % of the RTT.
function verdict(pair, what,	worse, better, noise)
{
	noise = variance(pair, 0) + variance(pair, 1)
	noise = noise > 0.000225 ? 2 * sqrt(noise) : 0.03
	if (of(after, pair, 1) < of(after, pair, 0) - noise)
		worse = " throughput"
	else if (of(after, pair, 1) > of(after, pair, 0) + noise)
		better = " throughput"
	if (of(rtt, pair, 1) > of(rtt, pair, 0) * 1.05)
		worse = worse " RTT"
	else if (of(rtt, pair, 1) < of(rtt, pair, 0) * 0.95)
		better = better " RTT"
	wins += better != "" && worse == ""
	if (worse != "")
		losses[++nlosses] = what ":" worse (better == "" ? "" : " (better:" better ")")
	return (better == "" ? "" : "better:" better) (worse == "" ? "" : " worse:" worse)
}

END {
	for (i = 1; i <= pairs; i++) {
		pair = order[i]
		split(pair, name, ",")
		if (!count[pair, 0] || !count[pair, 1])
			continue
		if (name[1] != path) {
			path = name[1]
			printf "%s%s\n\n", (i > 1 ? "\n" : ""), text[path]
			printf "%-20s %15s %15s %15s %15s\n", "", "2 s after, %", "lowest, %", \
				"recovered, ms", "RTT, ms"
			printf "%-20s %7s %7s %7s %7s %7s %7s %7s %7s\n", "from, to", "cold", \
				"warm", "cold", "warm", "cold", "warm", "cold", "warm"
		}
		if (name[2] == name[3])
			judged = "no change"
		else {
			changes++
			judged = verdict(pair, sprintf("%-6s %s to %s", path, name[2], name[3]))
			print path, name[2], name[3], of(after, pair, 0) * 100, \
				of(rtt, pair, 0) / 1000, of(after, pair, 1) * 100, \
				of(rtt, pair, 1) / 1000 >points
		}
		printf "%-20s %s %s %s %s  %s\n", name[2] ", " name[3], both(after, pair, 0.01, 1), \
			both(lowest, pair, 0.01, 0), both(recovered, pair, 1, 0), \
			both(rtt, pair, 1000, 1), judged
	}
	printf "\nof %d changes, warm is better and nowhere worse: %d; worse in something: %d\n", \
		changes, wins, nlosses
	for (i = 1; i <= nlosses; i++)
		print "  " losses[i]
}
