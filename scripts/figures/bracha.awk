# SPDX-License-Identifier: GPL-2.0
#
# How long a message takes in Bracha's broadcast, by analysis: what scripts/bench-bracha
# compares with. Reads one-way delays in ms, row i column j: to i from j, as
# netsim does; prints the time from the INITIAL to the origin's own delivery, a
# line for each origin.
#
# A message takes its link's delay, and nothing else takes time. ECHO of node i
# leaves when the INITIAL is there; READY of node j, when the quorum of ECHOs is, or
# f + 1 READYs are; delivery is at 2f + 1 READYs. The READYs depend on each
# other, so they are computed until nothing changes.

{ for (j = 1; j <= NF; j++) d[NR, j] = NR == j ? 0 : $j }

# smallest(k): the k-th smallest of t[1..n]
function smallest(k,    i, j, x, s)
{
	for (i = 1; i <= n; i++) {
		x = t[i]
		for (j = i; j > 1 && s[j - 1] > x; j--)
			s[j] = s[j - 1]
		s[j] = x
	}
	return s[k]
}

function latency(o,    i, j, changed, x)
{
	for (j = 1; j <= n; j++) {
		for (i = 1; i <= n; i++)
			t[i] = d[i, o] + d[j, i]
		ready[j] = smallest(int((n + f + 2) / 2))
	}
	do {
		changed = 0
		for (j = 1; j <= n; j++) {
			for (i = 1; i <= n; i++)
				t[i] = ready[i] + d[j, i]
			x = smallest(f + 1)
			if (x < ready[j]) {
				ready[j] = x
				changed = 1
			}
		}
	} while (changed)
	for (i = 1; i <= n; i++)
		t[i] = ready[i] + d[o, i]
	return smallest(2 * f + 1)
}

END {
	n = NR
	f = int((n - 1) / 3)
	for (o = 1; o <= n; o++)
		printf "%.6f\n", latency(o)
}
