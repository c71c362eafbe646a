#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every packet is accounted for: enqueued = dequeued + evicted + queued. Asserted
# wherever counters are read below, and expected of
#
# 1.	limit: what is over it is dropped and counted, the rest arrives
# 2.	flow_limit: likewise, in each flow
# 3.	horizon: likewise
# 4.	20 moments under load: the sum holds, bytes of backlog match the packets
# 5.	the queue run empty: backlog 0 bytes 0 packets, dequeued = received
# 6.	limit lowered below the queue: the difference is evicted and counted as
#	dropped, and the rest arrives in order
# 7.	every setting changed under traffic: nothing lost, nothing out of order
# 8.	deletion under load, 20 times: a new gq starts at 0 and carries on
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2086,SC2119 # see gq_lib.sh
. "$(dirname "$0")/gq_lib.sh"
timed

# load COUNT FLOWS [OPTION...]: a paced burst; it is queued when this returns
load()
{
	local count=$1 flows=$2

	shift 2
	tx --to $V4 --rate 125000 --count "$count" --flows "$flows" "$@"
}

gq_init 8
gq $PACED limit 100
rx_start --idle-ms 3000
load 300 3
moment
queued=${S[qlen]}
rx_end
moment
check "limit" "nr_moments == 2" "V ? queued == 100 : queued > 50 && queued <= 100" "S[limit_drops] == 900 - S[enqueued]" \
	"S[drops] == S[limit_drops] + S[evicted]" "R[packets] == S[dequeued]" "S[qlen] == 0"

gq $PACED flow_limit 10
rx_start --idle-ms 3000
load 50 5
moment
rx_end
moment
# The first packet of each flow has left when the second comes.
check "flow_limit" "S[flow_limit_drops] == 195" "S[drops] == 195" "R[packets] == 55" "nr_moments == 4" \
	"R[flow_bytes_min] == 11 * LEN" "R[flow_bytes_max] == 11 * LEN"

gq horizon 100ms
rx_start --idle-ms 3000
tx --to $V4 --txtime mono --interval-ns 10000000 --offset-ns 5000000 --count 20
moment
rx_end
moment
check "horizon" "S[horizon_drops] == 10" "S[drops] == 10" "R[packets] == 10" "nr_moments == 6"

gq $EXACT
rx_start --count 2000
load 200 10 &
expect "20 moments under load" moments 20 0.05
wait $!
rx_end
moment
check "run empty" "S[backlog] == 0" "S[qlen] == 0" "S[dequeued] == 2000" "R[packets] == 2000"

gq $EXACT
rx_start --idle-ms 3000
load 100 10
moment
queued=${S[qlen]} nr_moments=0
change limit 300
moment
rx_end
check "limit lowered" "nr_moments == 1" "queued > (V ? 900 : 400)" \
	"V ? S[qlen] == 300 && S[evicted] == queued - 300 : S[qlen] <= 300 && S[evicted] > 0" \
	"S[drops] == S[evicted]" "R[packets] == 1000 - S[evicted]" "R[disorder] == 0"

gq $EXACT
rx_start --count 4000 --idle-ms 20000
load 400 10 --gap-ns 5000000 &
for i in {1..6}; do
	for o in limit\ $((9000 + i)) flow_limit\ $((2000 + i)) quantum\ $((256 << i)) \
		initial_quantum\ $((i * 1000)) nopacing "maxrate ${i}mbit" pacing \
		"granularity $((1024 << i))ns" buckets\ $((64 << i)) "horizon ${i}s" horizon_cap \
		horizon_drop timer_slack\ ${i}us ce_threshold\ ${i}ms orphan_mask\ $i \
		refill_delay\ ${i}ms low_rate_threshold\ ${i}mbit; do
		change $o
		sleep 0.01
		moment || ktap_print_msg "after $o"
	done
done
wait $!
rx_end
moment
check "every setting changed" "R[packets] == 4000" "R[disorder] == 0" "S[dequeued] == 4000" \
	"S[drops] == 0"

rx_start --idle-ms 3000 --csv "$tmp/csv"
load 2000 10 --gap-ns 1000000 &
fresh=0
for i in {1..20}; do
	sleep 0.05
	gq $EXACT
	stats
	((S[enqueued] > 20)) || ((++fresh))
done
wait $!
rx_end
stats
check "deleted under load" "fresh > (V ? 19 : 0)" "S[dequeued] > 0" "S[qlen] == 0" \
	"R[packets] >= S[dequeued]" "R[disorder] == 0"
ktap_finished
