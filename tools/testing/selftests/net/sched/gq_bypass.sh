#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Packets that wait for their departure times without their flow. Expected:
#
# 1.	stamped packets of 100 sockets: none early, none later than granularity +
#	timer_slack; all bypass, and no flow is made
# 2.	stamps in all orders, also far beyond the smallest wheel: each packet leaves
#	at its own time, with the same bounds
# 3.	stamps of the same time leave as they came; also those that come when that
#	time is over, but not yet its bucket
# 4.	and while the bypass is switched on and off: what waits changes sides
# 5.	packets without a stamp, in a band with a policy, under a maxrate and under
#	CoDel go by their flows
# 6.	limit lowered while packets wait: those that are too many are evicted and
#	counted, and the others leave in time
# 7.	a flow and packets by themselves that are due share their band equally
# 8.	reset and deletion while packets wait: nothing is left behind
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2086,SC2119 # see gq_lib.sh
. "$(dirname "$0")/gq_lib.sh"
timed

readonly MS=1000000

# stamped COUNT TX-OPTION...: what arrives is in R, gq's counters are in S; early,
# late: by how much against the packets' own stamps at most
stamped()
{
	rx_start --count "$1" --idle-ms 9000 --csv "$tmp/csv"
	shift
	tx --to $V4 --txtime mono "$@"
	rx_end
	stats
	read -r early late < <(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) col[$i] = i; next }
		$col["due_ns"] { d = $col["at_ns"] - $col["due_ns"]
		  if (-d > early) early = -d; if (d > late) late = d }
		END { printf "%d %d\n", early, late }' "$tmp/csv")
	bound=$((GRANULARITY + SLACK + CLOCK_NS))
}

gq_init 8
gq $DEEP bypass
stamped 4000 --flows 100 --offset-ns $((20 * MS)) --interval-ns 500000 --count 40
check "in time" "R[packets] == 4000" "early == 0" "!V || late <= bound" "S[bypassed] == 4000" "S[flows] == 0"

bad=0
for wheel in 32768 64; do
	gq $DEEP bypass buckets $wheel
	stamped 4000 --flows 100 --offset-ns $((600 * MS)) --interval-ns 500000 --count 40 \
		--pattern 0,-5000000,400000000,1,-1,-500000000,8192,300000000
	((R[packets] == 4000 && R[disorder] > 0 && early == 0 && (!V || late <= bound) &&
	  S[bypassed] == 4000)) || bad=$((bad + 1))
done
check "stamps in all orders" "bad == 0"

gq $DEEP bypass buckets 64
stamped 1000 --offset-ns $((300 * MS)) --interval-ns 10 --count 1000
same=$((R[packets] == 1000 && R[disorder] == 0 && S[bypassed] == 1000))
# Two packets of each flow: one due at a time that walks through a bucket, and 500
# ns after that time another one that was due 400 ns before.
gq $DEEP bypass
awk 'BEGIN { for (f = 0; f < 500; f++) { t = 10000000 + f * 100033
	print t - 1000000, f, 100, 0, 0, t; print t + 500, f, 100, 0, 0, t + 100 } }' |
	sort -n >"$tmp/trace"
stamped 1000 --flows 500 --trace "$tmp/trace"
check "the same time" "same" "R[packets] == 1000" "R[disorder] == 0" "S[bypassed] > 900"

gq $DEEP
rx_start --count 400 --idle-ms 9000
tx --to $V4 --txtime mono --offset-ns $((500 * MS)) --count 400 --gap-ns $MS &
for o in bypass nobypass bypass "maxrate 1tbit" "maxrate unlimited" nobypass bypass; do
	change $o
	sleep 0.05
done
wait $!
rx_end
stats
check "switched on and off" "R[packets] == 400" "R[disorder] == 0" "!V || R[late_ns] <= bound" \
	"!V || R[ns] < GRANULARITY" "!V || S[bypassed] > 100 && S[bypassed] < 300"

gq $DEEP bypass
stamped 50 --count 50 --pattern none --rate 125000
none=${S[bypassed]}
for o in "band 0 policy edt band 1 policy edt band 2 policy edt" "maxrate 100mbit" codel; do
	gq $DEEP bypass $o
	stamped 50 --count 50 --offset-ns $((20 * MS)) --interval-ns 1000
	none=$((none + S[bypassed] + (R[packets] != 50)))
done
check "by their flows" "none == 0"

gq $DEEP bypass
rx_start --idle-ms 3000
tx --to $V4 --txtime mono --flows 10 --count 50 --offset-ns $((500 * MS)) --interval-ns $((5 * MS))
nr_moments=0
moment
queued=${S[qlen]}
change limit 200
moment
rx_end
moment
check "limit lowered" "nr_moments == 3" "!V || queued == 500" "S[evicted] == S[drops]" \
	"!V || S[evicted] == 300" "R[packets] == 500 - S[evicted]" "R[early_ns] == 0" "R[disorder] == 0"

# What comes while the gate is closed: 100 packets of a flow, of which the first ones
# need none, and 100 that are due.
gate bypass
tx --to $V4 --first-flow 0 --count 100
tx --to $V4 --first-flow 1 --flows 100 --txtime mono --offset-ns 1 --count 1
gate_end
turns=$(arrivals | awk 'NR > 10 && NR <= 110 && $2 == 0 { n++ } END { print n }')
check "equal shares" "R[packets] == 202" "turns >= 49 && turns <= 51" "S[bypassed] == 100"

gq $DEEP bypass
wait_in_wheel
stats
queued=${S[qlen]}
ip -n "$A" link set veth0 down
stats
down=${S[qlen]}
ip -n "$A" link set veth0 up
wait_in_wheel
gq $DEEP bypass
rx_start --idle-ms 500
tx --to $V4 --count 5
rx_end
stats
check "reset and deletion" "queued == 200" "down == 0" "R[packets] == 5" "S[qlen] == 0" "$(quiet && echo 1 || echo 0)"
ktap_finished
