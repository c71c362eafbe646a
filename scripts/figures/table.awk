# SPDX-License-Identifier: GPL-2.0-only
#
# Lay out the rows of table.jq, mark the best of each, and say where gq is not.
# Values that look the same are the same: no ranking by digits not shown.

function show(v, unit)
{
	if (v == "")
		return "-"
	if (unit == "%")
		return sprintf("%.2f %%", 100 * v)
	if (unit == "ratio")
		return sprintf("%.3f", v)
	if (unit == "bps")
		return sprintf("%.2f Mbit/s", v / 1e6)
	if (unit == "ns" && v >= 1e6)
		return sprintf("%.2f ms", v / 1e6)
	if (unit == "ns")
		return sprintf("%.2f us", v / 1e3)
	return sprintf("%.0f", v)
}

# How bad a value is; smaller is better.
function cost(v, better)
{
	if (better == "high")
		return -v
	if (better == "one")
		return v > 1 ? v - 1 : 1 - v
	return v
}

function line(text, n,	i)
{
	text = sprintf("%-" LABEL "s", text)
	for (i = 1; i <= n; i++)
		text = text sprintf("%" COLUMN "s", cell[i])
	sub(/ +$/, "", text)
	print text
}

# Rows in which gq is not best, a line for each section
function lose(section, row)
{
	if (!losses++ || !index(behind[sections], section ": "))
		behind[++sections] = section ": " row
	else
		behind[sections] = behind[sections] ", " row
}

BEGIN {
	LABEL = 32
	COLUMN = 16
}

$1 == "Q" {
	columns = NF - 1
	for (i = 1; i <= columns; i++)
		if (length($(i + 1)) + 4 > COLUMN)
			COLUMN = length($(i + 1)) + 4
	for (i = 1; i <= columns; i++) {
		cell[i] = name[i] = $(i + 1)
		cell[i] = cell[i] "  "
		if (name[i] ~ /^gq(,|$)/ && !gq)
			gq = i
	}
	line("", columns)
}

$1 == "S" {
	section = $2
	print section
}

$1 == "R" {
	best = 1
	for (i = 2; i <= columns; i++)
		if (cost($(i + 4), $3) < cost($(best + 4), $3))
			best = i
	same = 0
	for (i = 1; i <= columns; i++) {
		text[i] = show($(i + 4), $4)
		same += text[i] == show($(best + 4), $4)
	}
	ranked = $3 != "-" && same < columns
	for (i = 1; i <= columns; i++)
		cell[i] = text[i] (ranked && text[i] == text[best] ? " *" : "  ")
	line("  " $2, columns)
	if (gq && columns > 1 && $3 != "-") {
		rows++
		if (!ranked)
			even++
		else if (text[gq] == text[best])
			leads++
		else
			lose(section, $2)
	}
}

END {
	print "\n* best of its row. Jitter: how far the gap between two departures of a flow is"
	print "from the gap that its rate asks for, right behind the sender's qdisc; where the"
	print "qdisc does not pace, TCP does. A rate above 100 % holds data that a loss before"
	print "the measured time had held back. This is one run with one seed: small differences"
	print "in rates, retransmits and drops are chance. In virtual time the CPU costs nothing,"
	print "so nothing above is about speed; timers are exact to the 256 ns of the guest's clock."
	if (rows) {
		printf "\nOf %d rows, gq is best (or shares that) in %d, all are the same in %d,", rows, leads, even
		printf " gq is behind in %d%s\n", losses, losses ? ":" : "."
		for (i = 1; i <= sections; i++)
			print "  " behind[i]
	}
}
