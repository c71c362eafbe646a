# SPDX-License-Identifier: GPL-2.0
#
# Paths to train with, drawn by lot, in the format of the file "scenarios", which is
# what is read: a path like one of those is drawn again, so that none is evaluated that
# was trained with. Variables: seed, count.
#
#   one in 5   a cellular trace: any profile, RTT 20 to 120 ms, 300 to 1500 packets
#   one in 6   a data centre: 200 to 1000 Mbit/s, 0.1 to 2 ms, 40 to 400 packets,
#              half of them mark
#   the rest   4 to 40 Mbit/s, RTT 8 to 320 ms (one in 8: 400 to 700 ms), 0.1 to 6
#              times the product of both
#
# Of the rest: half lose 0.02 to 3 %, a quarter has a competitor (cubic or bbr), a
# quarter two to four flows, one in six changes its rate in the middle. Changes are the
# same for each connection, so that congestion controls that take turns can be compared.
# All but the kinds are uniform by logarithm. Random numbers as in cell.awk.

function uniform()
{
	seed = (seed * 16807) % 2147483647
	return seed / 2147483647
}

function between(from, to)
{
	return exp(log(from) + uniform() * (log(to) - log(from)))
}

function one_in(n)
{
	return uniform() < 1 / n
}

function near(a, b)
{
	return a > b * 0.9 && a < b * 1.1
}

# Whether a path of the evaluation has about that rate and that RTT
function taken(rate, rtt,	i)
{
	for (i = 1; i <= paths; i++)
		if (near(rate, rates[i]) && near(rtt, rtts[i]))
			return 1
	return 0
}

function cellular()
{
	split("drive walk still train", profile, " ")
	return sprintf("cell=%s:%d rtt=%d buffer=%dp flows=6x6 repeat=1", profile[1 + int(4 * uniform())],
		10000 + int(uniform() * 1000000), between(20, 120), between(300, 1500))
}

function data_centre(	rate, rtt, text, packets)
{
	do {
		rate = int(between(200, 1000))
		rtt = sprintf("%.2f", between(0.1, 2))
	} while (taken(rate, rtt))
	packets = int(between(40, 400))
	text = sprintf("rate=%d rtt=%s buffer=%dp flows=6x%.2f", rate, rtt, packets, 150 / rate)
	return one_in(2) ? text sprintf(" ecn=%dp", packets * 0.1 + 4) : text
}

function wide_area(	rate, rtt, text, each)
{
	do {
		rate = int(between(4, 40))
		rtt = int(one_in(8) ? between(400, 700) : between(8, 320))
	} while (taken(rate, rtt))
	each = rtt >= 400 ? 12 : 6
	text = "rate=" rate
	if (one_in(6))
		text = text sprintf(",%d@%d", between(4, 40), each / 2)
	text = text sprintf(" rtt=%d buffer=%.2f flows=6x%d%s", rtt, between(0.1, 6), each,
		text ~ /@/ ? " repeat=1" : "")
	if (one_in(2))
		text = text sprintf(" loss=%.3f", between(0.02, 3))
	if (one_in(4))
		text = text " against=" (one_in(2) ? "cubic" : "bbr")
	else if (one_in(3))
		text = text sprintf(" lanes=%d", 2 + int(3 * uniform()))
	return text
}

/^#/ || !NF {
	next
}

{
	paths++
	for (i = 2; i <= NF; i++) {
		split($i, word, "=")
		if (word[1] == "rate")
			rates[paths] = word[2] + 0
		if (word[1] == "rtt")
			rtts[paths] = word[2]
		if (word[1] == "cell") {
			split(word[2], part, ":")
			if (part[2] >= 10000) {
				print "draw.awk: seed " part[2] " is one to train with" >"/dev/stderr"
				exit failed = 1
			}
		}
	}
}

END {
	if (failed)
		exit 1
	seed = (seed * 7919 + 12345) % 2147483646 + 1
	for (i = 0; i < 10; i++)
		uniform()
	for (n = 1; n <= count; n++)
		printf "train-%04d %s\n", n, one_in(5) ? cellular() : one_in(5) ? data_centre() : wide_area()
}
