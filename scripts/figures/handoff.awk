# SPDX-License-Identifier: GPL-2.0
#
# scripts/bench-tcp-handoff: what each change did, from its samples. Reads
#
#	path,warm,from,to,repeat,ms,bytes_acked,rtt_us,cwnd,retransmits
#
# and writes a line for each change; "rate" has the payload that each path can
# carry, as path=bytes/s. See header() for the columns.

BEGIN {
	FS = ","
	n = split(rate, part, " ")
	for (i = 1; i <= n; i++) {
		split(part[i], pair, "=")
		can[pair[1]] = pair[2]
	}
	header()
}

# Shares are of what the path can carry. lowest: of 200 ms within the 2 s after the
# change; recovered: when the last 200 ms within 4 s end that have less than 80 %
# of the smaller of before and end, 0 if there are none; end: 4 to 6 s after it.
function header()
{
	print "path,from,to,warm,repeat,before,after,lowest,recovered_ms,rtt_before_us,rtt_us,rtt_max_us,end,rtt_end_us,retransmits"
}

function share(from, to)
{
	return (bytes[to] - bytes[from]) * 1000 / (to - from) / can[path]
}

function mean(from, to,		t, sum, count)
{
	for (t = from; t <= to; t += 10) {
		sum += rtt[t]
		count++
	}
	return sum / count
}

function finish(	t, s, lowest, recovered, before, end, most, reference)
{
	if (!samples)
		return
	before = share(-2000, 0)
	end = share(4000, 6000)
	reference = before < end ? before : end
	lowest = 1e9
	for (t = 0; t <= 3800; t += 10) {
		s = share(t, t + 200)
		if (t <= 1800 && s < lowest)
			lowest = s
		if (s < 0.8 * reference)
			recovered = t + 200
	}
	for (t = 0; t <= 2000; t += 10)
		if (rtt[t] > most)
			most = rtt[t]
	printf "%s,%.4f,%.4f,%.4f,%d,%d,%d,%d,%.4f,%d,%d\n", what, before, share(0, 2000),
		lowest, recovered, mean(-2000, 0), mean(10, 2000), most, end,
		mean(4000, 6000), retransmits[2000] - retransmits[0]
}

{
	now = $1 "," $3 "," $4 "," $2 "," $5
	if (now != what) {
		finish()
		what = now
		path = $1
		samples = 0
		delete bytes
		delete rtt
	}
	samples++
	bytes[$6] = $7
	rtt[$6] = $8
	retransmits[$6] = $10
}

END { finish() }
