#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # "check" reads variables by name
#
# The policy hclock: each flow's reservation, limit and share. The link is slow (a
# tbf of 250 bytes/ms above gq). Expected:
#
# 1.	shares 1, 2, 4, 8, from the marks: what two flows sent by their shares
#	differs by less than a packet of each and a bucket
# 2.	a reservation of 40 % of the link with a share of 1 against 28: kept to the
#	packet, and what is left is shared evenly
# 3.	reservations of three quarters of the link for three flows, others have
#	the rest; an unused reservation is used by the others
# 4.	reservations of more than the link has: all get as much for theirs
# 5.	a flow that was sent more than its share, by its reservation, does not
#	wait for it when shares are worth more
# 6.	all three: each flow gets lambda * share, but no less than its reservation
#	and no more than its limit, to 2 %
# 7.	the same with queue approx
# 8.	all packets of all runs arrived in order of their flows, and are counted
. "$(dirname "$0")/gq_lib.sh"
timed

readonly BAND="bands 1 quantum 3028 band 0 policy hclock"
wrong=0

# units [OPTION...]: a gate, then what marks are multiples of, or options instead.
# What shuts the gate has no mark, and so must come first.
units()
{
	# shellcheck disable=SC2086
	gate $BAND
	[ $# -gt 0 ] || set -- reservation 8kbit ceil 8kbit
	tc -n "$A" qdisc change dev veth0 parent 1: handle 2: gq band 0 "$@"
}

# packets COUNT FLOW:SHARE:RESERVATION:LIMIT...: so many of each flow, in turn, of
# 1000 bytes with headers. Rates are in 1000 bytes/s, 255 is none.
packets()
{
	local n=$1

	shift
	printf '%s\n' "$@" | awk -F: -v n="$n" '
		{ mark[NR] = $2 + $3 * 65536 + $4 * 16777216; flow[NR] = $1
		  if (mark[NR] >= 2 ^ 31) mark[NR] -= 2 ^ 32 }
		END { for (i = 0; i < n; i++) for (j = 1; j <= NR; j++)
			print 0, flow[j], 958, sprintf("%d", mark[j]), 0, 0 }' >"$tmp/trace"
	tx --to $V4 --flows 30 --trace "$tmp/trace"
}

counted()
{
	gate_end
	conserved && ((R[disorder] == 0 && S[qlen] == 0 && S[drops] == 0)) &&
		((R[packets] == $1 && S[fastpath] == 0)) || wrong=$((wrong + 1))
}

# sent FROM_MS TO_MS: packets of each flow that arrived then, from the first one
# on: "flow:number", in order of flows
sent()
{
	arrivals | awk -v from="$1" -v to="$2" '!t { t = $1 }
		$1 - t >= from * 1e6 && $1 - t < to * 1e6 { n[$2]++ }
		END { for (f = 0; f < 30; f++) if (f in n) printf "%d:%d ", f, n[f] }'
}

# near "FLOW:NUMBER ..." FLOW:WANTED...: to 2 % and a packet
near()
{
	awk -v is="$1" -v want="${*:2}" 'BEGIN {
		split(is, a, " "); for (i in a) { split(a[i], b, ":"); n[b[1]] = b[2] }
		k = split(want, a, " ")
		for (i = 1; i <= k; i++) {
			split(a[i], b, ":"); off = n[b[1]] - b[2]
			if (off < 0) off = -off
			if (off > b[2] * 0.02 + 1) {
				print "# flow " b[1] ": " n[b[1]] + 0 ", wanted " b[2]; bad = 1
			}
		} exit bad }'
}

gq_init 8
units
packets 300 0:1:255:255 1:2:255:255 2:4:255:255 3:8:255:255
counted 1202
by_shares()
{
	arrivals | awk 'NR <= 500 { n[$2] += $6 / 2 ^ $2; for (i = 0; i < 4; i++) for (j = 0; j < i; j++) {
			d = n[i] - n[j]; if (d < 0) d = -d
			if (d >= 1000 / 2 ^ i + 1000 / 2 ^ j + 256) bad++ } }
		END { exit bad || NR < 1200 }'
}
expect "shares" by_shares

# The gate was shut for 240 ms, which are made up for first: hence from 1 s on.
units
packets 600 0:1:100:255 1:8:255:255 2:8:255:255 3:12:255:255
counted 2402
expect "a reservation" near "$(sent 1000 5000)" 0:400 1:171.4 2:171.4 3:257.1

units
packets 400 0:1:100:255 1:1:50:255 2:1:37:255 3:20:255:255 4:20:255:255
# 0 has 400 packets, so it is gone after 4 s; then the others share 100 more.
counted 2002
both()
{
	near "$(sent 1000 3500)" 0:250 1:125 2:92.5 3:78.75 4:78.75 &&
		near "$(sent 4500 5500)" 1:50 2:37 3:81.5 4:81.5
}
expect "reservations, used and unused" both

units
packets 300 0:1:200:255 1:1:100:255 2:1:100:255 3:100:255:255
counted 1202
expect "more reserved than there is" near "$(sent 0 1500)" 0:187.5 1:93.75 2:93.75

# The share of 0 is worth less than its reservation until 1 is gone, after 3 s. It does
# not pay for that then: 2, of the same share, gets as much as 0 and no more.
units
packets 1000 0:1:100:255
packets 450 1:8:255:255
sleep 2.5
tx --to $V4 --first-flow 2 --count 400 --size 958 --mark $((0xffff0001))
counted 1852
expect "a reservation is no debt" near "$(sent 4500 6000)" 0:187.5 2:187.5

# 250 = 90 (reserved) + 20 (its limit) + 20 * (1 + 2 + 4)
for queue in cffs approx; do
	units reservation 8kbit ceil 8kbit queue "$queue"
	packets 600 0:1:90:255 1:8:255:20 2:1:10:255 3:2:255:255 4:4:10:200
	counted 3002
	expect "lambda times share between both, $queue" near "$(sent 1000 5000)" \
		0:360 1:80 2:80 3:160 4:320
done

check "all packets accounted for" "wrong == 0"
ktap_finished
