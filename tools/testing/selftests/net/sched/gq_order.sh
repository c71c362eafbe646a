#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Packets of one flow leave in the order in which they came. Nothing is lost in
# any of these, and no packet of a flow comes behind a later one. Expected of
#
# 1.	1000 flows with stamps in all orders
# 2.	stamped and unstamped packets in turn on one socket
# 3.	packets without a stamp behind one that waits, other flows idle
# 4.	the same on sockets with a rate
# 5.	sockets without a connection, which share flows (orphan_mask 3)
# 6.	flows that fall idle and come back, before and after refill_delay
# 7.	500 flows behind a slow link (backlog in flows and fast path)
# 8.	granularity and buckets changed 40 times under traffic
# 9.	all flows in the wheel while it becomes smaller than their deadlines
# 10.	pacing switched off and on while flows wait
# 11.	TCP while a maxrate that throttles it comes and goes
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2086,SC2119 # see gq_lib.sh
. "$(dirname "$0")/gq_lib.sh"

in_order()
{
	((R[packets] == R[wanted] && R[disorder] == 0))
}

# run WHAT PACKETS TX-OPTION...
run()
{
	local what=$1 packets=$2

	shift 2
	rx_start --count "$packets" --idle-ms 15000
	tx --to $V4 "$@"
	rx_end
	expect "$what" in_order
}

# slow MBIT: gq under a link of its own rate; all else as "gq"
slow()
{
	tc -n "$A" qdisc del dev veth0 root
	tc -n "$A" qdisc add dev veth0 root handle 1: tbf rate "$1mbit" burst 70k limit 1m
	tc -n "$A" qdisc add dev veth0 parent 1: gq $DEEP
}

# changed WHAT PACKETS TX-OPTION...: the loop of changes is in "changes"
changed()
{
	local what=$1 packets=$2

	shift 2
	rx_start --count "$packets" --idle-ms 15000
	tx --to $V4 "$@" &
	changes
	wait $!
	rx_end
	expect "$what" in_order
}

gq_init 11
gq $DEEP
jitter=0,9000000,-3000000,70000000,1,250000000,-1,8192,33000000,none,-500000000,123456
run "stamps in all orders" 12000 --txtime mono --flows 1000 --count 12 \
	--offset-ns 100000000 --interval-ns 1000 --pattern $jitter
run "stamped and unstamped in turn" 400 --txtime mono --count 400 --gap-ns 700000 \
	--interval-ns 1000000 --pattern none,5000000,none,none,100,-3000000
run "behind one that waits" 50 --txtime mono --count 50 --gap-ns 1000000 \
	--pattern 100000000,none,none,none,none
run "with a rate" 4000 --txtime mono --flows 10 --count 400 --rate 1250000 \
	--interval-ns 100000 --pattern none,5000000,none,none,100,-3000000
gq $DEEP orphan_mask 3
run "not connected" 4000 --unconnected --txtime mono --flows 40 --count 100 --gap-ns 200000 \
	--interval-ns 200000 --pattern none,4000000,0,none,-50000,900000
gq $EXACT
run "idle and back" 500 --rate 125000 --flows 5 --count 100 --gap-ns 9000000
slow 100
run "behind a slow link" 20000 --flows 500 --count 40 --size 200
gq $DEEP
changes()
{
	for ((i = 0; i < 40; i++)); do
		change granularity $((1024 << (i % 15)))ns buckets $((64 << (i * 7 % 12)))
		sleep 0.02
	done
}
changed "another wheel" 20000 --txtime mono --flows 20 --count 1000 --gap-ns 1000000 \
	--interval-ns 1000000 --pattern 50000000,none,80000000,-1,0,500000000
changes()
{
	sleep 0.1
	change buckets 64 granularity 1024ns
	sleep 0.2
	change buckets 1048576
}
changed "a smaller wheel" 4000 --txtime mono --flows 40 --count 100 --offset-ns 300000000 --interval-ns 2000000
changes()
{
	for i in nopacing pacing nopacing pacing; do
		sleep 0.3
		change $i
	done
}
gq $EXACT
changed "pacing off and on" 1000 --rate 125000 --flows 5 --count 200

# Writes of 500 bytes each 4 ms, which 400 kbit/s does not carry.
gq $EXACT
before=$(ofo)
stream_start --flows 4 --ms 9000
ip netns exec "$A" gq_stream --to $V4 --flows 4 --ms 6000 --chunk 500 --gap-ns 4000000 &
for ((i = 0; i < 60; i++)); do
	change maxrate 400kbit
	sleep 0.05
	change maxrate unlimited
	sleep 0.01
done
wait $!
rx_end
check "TCP while a maxrate comes and goes" "R[flow_bytes_min] > 100000" "$(ofo) - $before == 0"
ktap_finished
