#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Mistakes that were made in fq, of which the kernel's history tells. Expected of
# gq:
#
# 1.	A new packet does not take the fast path past a flow whose time has come
#	and which waits only for the link. (fq: do not follow a fast path if Tx is
#	behind now)
# 2.	Nor past packets of its own flow, once the maxrate that holds them back is
#	lifted. (fq: its fast path looked at the new packet alone)
# 3.	Bands of the smallest weight send the largest packets, all of them: a
#	dequeue finds none only when there is none. (fq: fix incorrect behavior
#	for small weights)
# 4.	Each of eight bands is served, alone and with all others. (fq: off by one
#	in the loop over bands)
# 5.	What a reset throws away counts for its band's limit no longer. (fq: packets
#	of bands were counted on after a reset)
# 6.	The smallest quantum is fair to the largest packets: debt is paid, however
#	many rounds it takes. (fq: do not accept silly quanta)
# 7.	A socket at the address of one that is gone is not held to the rate of that
#	one. (fq: clear time_next_packet for reused flows)
# shellcheck disable=SC2034,SC2086 # "check" reads variables by name
. "$(dirname "$0")/gq_lib.sh"
timed

readonly BY_PRIO="bands 8 priomap 0 1 2 3 4 5 6 7 0 0 0 0 0 0 0 0"

gq_init 7

gate $PACED
tx --to $V4 --first-flow 1 --count 5 --txtime mono --offset-ns 10000000
sleep 0.1
stats '.handle == "2:"'
fast=${S[fastpath]}
tx --to $V4 --first-flow 2 --count 5
gate_end
check "the fast path: not past an overdue flow" "R[packets] == 12" "S[fastpath] == fast" "fast == 2"

gq $EXACT maxrate 100kbit
rx_start --count 60
tx --to $V4 --count 60 --gap-ns 5000000 &
sleep 0.15
change maxrate unlimited
wait $!
rx_end
stats
check "the fast path: not past its own packets" "R[packets] == 60" "R[disorder] == 0" "S[throttled] > 0"

gate bands 3 band 0 weight 4096 band 1 weight 4096 band 2 weight 4096
for prio in 6 1 2; do
	tx --to $V4 --first-flow $prio --priority $prio --count 5 --size 60000
done
gate_end
check "small weights" "R[packets] == 17" "S[qlen] == 0"

gate $BY_PRIO
for prio in 0 1 2 3 4 5 6 7; do
	tx --to $V4 --first-flow $prio --priority $prio --count 20
done
gate_end
all=${R[packets]}
for prio in 0 1 2 3 4 5 6 7; do
	gate $BY_PRIO
	tx --to $V4 --priority $prio --count 3
	gate_end
	sent=${S[band${prio}_packets]}
	((sent >= 3)) || all=0
done
check "each of eight bands" "all == 162"

gq $BY_PRIO $DEEP band 3 band_limit 10
readonly LATER="--priority 3 --txtime mono --offset-ns 9000000000"
tx --to $V4 --flows 12 $LATER
stats
full=${S[band3_drops]}
ip -n "$B" link set veth0 down
sleep 1
ip -n "$B" link set veth0 up
sleep 1
stats
left=${S[band3_qlen]}
tx --to $V4 --flows 10 $LATER
stats
check "a reset empties the bands" "full == 2" "left == 0" "S[band3_qlen] == 10"

gate quantum 256 initial_quantum 256
tx --to $V4 --first-flow 1 --size 60000 --count 8 &
tx --to $V4 --first-flow 2 --size 1000 --count 480
wait $!
gate_end
small=$(arrivals | awk '$2 == 2 { n++ } $2 == 1 && ++large == 6 { print n; exit }')
check "the smallest quantum is fair" "R[packets] == 490" "small >= 230 && small <= 370"

gq $EXACT
rx_start --count 12
for flow in 1 2 3 4 5 6; do
	tx --to $V4 --first-flow $flow --rate 1100 --size 1058
	sleep 0.2
	tx --to $V4 --first-flow $((flow + 10)) --rate 1000000000
	sleep 0.2
done
rx_end
check "a reused socket" "R[packets] == 12" "R[ns] < 3000000000"

ktap_finished
