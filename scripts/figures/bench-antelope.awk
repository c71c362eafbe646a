# SPDX-License-Identifier: GPL-2.0-only
#
# Tables of bench-antelope's results.csv: a row for each path, a column for each arm,
# means over the seeds; then regret and goals. Variable: points, a file for gnuplot.

BEGIN {
	FS = ","
	split("cubic bbr illinois c2tcp westwood vegas", f, " ")
	for (i in f)
		fixed[f[i]] = 1
}

NR == 1 {
	for (i = 1; i <= NF; i++)
		column[$i] = i
	next
}

{
	if (!($1 in has_path)) {
		has_path[$1] = 1
		path[++paths] = $1
	}
	if (!($2 in has_arm)) {
		has_arm[$2] = 1
		arm[++arms] = $2
	}
	for (name in column)
		if ($column[name] != "") {
			n[name, $4, $1, $2]++
			sum[name, $4, $1, $2] += $column[name]
		}
}

function value(name, flows, p, a)
{
	return n[name, flows, p, a] ? sum[name, flows, p, a] / n[name, flows, p, a] : ""
}

# The mean over all paths; nothing if an arm has not run on all of them
function mean(name, flows, a,	i, total, count)
{
	for (i = 1; i <= paths; i++) {
		if (!n["reward", flows, path[i], a])
			return ""
		total += value(name, flows, path[i], a)
		count += n[name, flows, path[i], a] > 0
	}
	return count ? total / count : ""
}

# of A to B, by path, and then the mean
function ratio(name, a, b,	i, total)
{
	for (i = 1; i <= paths; i++) {
		if (!n["reward", "all", path[i], a] || !value(name, "all", path[i], b))
			return ""
		total += value(name, "all", path[i], a) / value(name, "all", path[i], b)
	}
	return total / paths
}

# The best of the arms that are one congestion control
function best_fixed(p,	i, best)
{
	best = ""
	for (i = 1; i <= arms; i++)
		if (arm[i] in fixed && n["reward", "all", p, arm[i]] && (best == "" ||
		    value("reward", "all", p, arm[i]) > value("reward", "all", p, best)))
			best = arm[i]
	return best
}

function cell(v, format)
{
	printf "%15s", v == "" ? "-" : sprintf(format, v)
}

function table(title, name, flows, format, mark,	i, j, p, best)
{
	printf "\n%s\n\n%-18s", title, ""
	for (j = 1; j <= arms; j++)
		printf "%15s", arm[j]
	printf "\n"
	for (i = 1; i <= paths; i++) {
		p = path[i]
		printf "%-18s", p
		best = mark ? best_fixed(p) : ""
		for (j = 1; j <= arms; j++)
			cell(value(name, flows, p, arm[j]),
			     format (arm[j] == best ? "*" : mark ? " " : ""))
		printf "\n"
	}
	printf "%-18s", "mean"
	for (j = 1; j <= arms; j++)
		cell(mean(name, flows, arm[j]), format (mark ? " " : ""))
	printf "\n"
}

# How much of the reward of the path's best fixed congestion control is missing
function regret(	i, j, p, r, best, most)
{
	printf "\nRegret: reward that the path's best fixed congestion control has more, %%\n\n%-18s", ""
	for (j = 1; j <= arms; j++)
		printf "%15s", arm[j]
	printf "\n"
	for (i = 1; i <= paths; i++) {
		p = path[i]
		best = best_fixed(p)
		if (best == "")
			continue
		printf "%-18s", p
		most = value("reward", "all", p, best)
		for (j = 1; j <= arms; j++) {
			r = value("reward", "all", p, arm[j])
			cell(r == "" ? "" : 100 * (1 - r / most), "%.1f")
		}
		printf "\n"
	}
}

function over(a, b)
{
	return a == "" || !b ? "" : a / b
}

function goal(what, got, want, more,	met)
{
	if (got == "")
		return
	met = more ? got >= want : got <= want
	printf "  %-58s %8.3f  %s %.2f  %s\n", what, got, (more ? ">=" : "<="), want,
		(met ? "met" : "MISSED")
}

function goals(a,	i, p, best, far, names, b)
{
	if (!(a in has_arm))
		return
	printf "\nGoals of %s\n\n", a
	goal("mean reward, of bbr's", over(mean("reward", "all", a), mean("reward", "all", "bbr")), 1.16, 1)
	goal("mean reward, of cubic's", over(mean("reward", "all", a), mean("reward", "all", "cubic")), 1.19, 1)
	goal("mean RTT, of cubic's, mean of the paths", ratio("mean_ms", a, "cubic"), 0.9, 0)
	for (i = 1; i <= paths; i++) {
		p = path[i]
		best = best_fixed(p)
		if (best == "" || !n["reward", "all", p, a])
			continue
		b = value("reward", "all", p, a) / value("reward", "all", p, best)
		if (far == "" || b < far)
			far = b
		if (b < 0.9)
			names = names " " p
	}
	goal("reward on the worst path, of its best fixed CC's", far, 0.9, 1)
	if (names)
		printf "  more than 10 %% behind the best fixed one:%s\n", names
}

END {
	table("Reward: share * sqrt(least RTT / mean RTT) * (1 - loss); * is the best fixed one",
	      "reward", "all", "%.3f", 1)
	regret()
	table("Share of the path's capacity", "share", "all", "%.3f")
	table("Mean RTT, of the least", "delay", "all", "%.2f")
	table("95th percentile of the RTT, ms", "p95_ms", "all", "%.1f")
	table("Loss: bytes sent again, of all", "loss", "all", "%.4f")
	table("Fairness of the arm's flows (Jain)", "jain", "all", "%.3f")
	table("Published reward, with the capacity as the largest rate", "published", "all", "%.3f")
	table("Reward of the first connections alone", "reward", "first", "%.3f")
	goals("antelope")
	goals("antelope-stock")
	goals("bpftune")
	for (i = 1; i <= paths; i++)
		for (j = 1; j <= arms; j++)
			if (n["reward", "all", path[i], arm[j]])
				print path[i], arm[j], value("reward", "all", path[i], arm[j]) >points
}
