#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The fast path, and TCP paced by gq. Expected:
#
# 1.	packets of an idle device need no flow and no timer
# 2.	so do packets of one socket while others' packets wait in the wheel, and
#	they leave at once
# 3.	packets of a socket that has a packet in the wheel wait behind it
# 4.	packets of a socket with a rate, or under a maxrate, never take it
# 5-7.	TCP with SO_MAX_PACING_RATE of 1, 20 and 1000 Mbit/s delivers payload at
#	that rate (to 1 %)
# 8.	it is gq that paces it: its packets wait in the wheel, its timer runs
# 9.	16 flows get 20 Mbit/s each, none more than 1 % off
# 10.	without a rate TCP is not held back
# 11.	no segment of all these came out of order, none was sent again
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2086,SC2119 # see gq_lib.sh
. "$(dirname "$0")/gq_lib.sh"
timed

# tcp RATE MS FLOWS
tcp()
{
	stream_start --flows "$3" --ms "$2"
	ip netns exec "$A" gq_stream --to $V4 --ms $(($2 * 5 / 4)) --rate "$1" --flows "$3" &
	sleep 0.05
	ip netns exec "$A" ss -Htin dst $V4 >"$tmp/ss"
	wait $!
	rx_end
}

# at_rate RATE BYTES: whether so many bytes of one flow came at that rate. TCP
# paces its payload, and sends the first ten segments unpaced.
at_rate()
{
	local is=$((($2 - 12 * 1448) * 1000000 / (R[ns] / 1000)))

	((is * 100 >= $1 * (V ? 99 : 80) && is * 100 <= $1 * (V ? 101 : 105))) && return
	echo "# $is instead of $1 bytes/s"
	return 1
}

all_at_rate()
{
	at_rate "$1" "${R[flow_bytes_min]}" && at_rate "$1" "${R[flow_bytes_max]}"
}

retransmits()
{
	ip netns exec "$A" nstat -asz TcpRetransSegs | awk '/Retrans/ { print $2 }'
}

gq_init 11
rx_start --count 100
tx --to $V4 --count 100 --gap-ns 1000000
rx_end
stats
check "idle" "S[fastpath] == S[enqueued]" "S[throttled] == 0" "S[timer_arms] == 0" \
	"S[flows] == 0" "R[packets] == 100" "!V || R[late_ns] < 2 * CLOCK_NS"

gq $DEEP
rx_start --count 1100 --csv "$tmp/csv"
tx --to $V4 --flows 1000 --txtime mono --offset-ns 2000000000
stats
before=${S[fastpath]}
tx --to $V4 --first-flow 5000 --count 100 --gap-ns 1000000
stats
rx_end
late=$(awk -F, '$2 == 5000 && $1 - $4 > most { most = $1 - $4 } END { printf "%.0f\n", most }' "$tmp/csv")
check "others wait" "before == 0" "S[fastpath] == 100" "S[throttled_flows] == 1000" \
	"S[qlen] == 1000" "R[packets] == 1100" "!V || late < 2 * CLOCK_NS" "R[early_ns] == 0"

gq $DEEP
rx_start --count 50
tx --to $V4 --count 50 --txtime mono --pattern 100000000,none,none,none,none,none,none,none,none,none
stats
rx_end
check "its own packet waits" "R[packets] == 50" "R[disorder] == 0" "S[fastpath] == 0" "S[qlen] == 50"

gq
rx_start --count 100
tx --to $V4 --count 50 --rate 125000
change maxrate 1gbit
tx --to $V4 --count 50
rx_end
stats
check "paced packets do not take it" "S[fastpath] == 0" "S[enqueued] >= 100"

ooo=$(ofo) resent=$(retransmits)
# Segments of 1448 bytes as over Ethernet, sent in larger pieces.
ip -n "$A" link set veth0 mtu 1500
ip -n "$B" link set veth0 mtu 1500
for rate in 125000 2500000 125000000; do
	gq
	# TCP makes pieces of 64 KB where the RTT is as short as here.
	ip -n "$A" link set veth0 gso_max_segs $((rate > 12500000 ? 64 : 2))
	tcp $rate $((rate < 2500000 ? 5000 : 2000)) 1
	expect "TCP at $((rate * 8 / 1000000)) Mbit/s" all_at_rate $rate
done
stats
check "paced by gq" "S[throttled] > 1000" "S[timer_arms] > 1000" "S[fastpath] < S[enqueued] / 2" \
	"$(grep -c ' pacing_rate 1000000000bps' "$tmp/ss") == 1"
gq
ip -n "$A" link set veth0 gso_max_segs 4
tcp 2500000 2000 16
expect "16 TCP flows" all_at_rate 2500000
gq
tcp 0 60 1
check "TCP without a rate" "R[bytes] * 1000 / (R[ns] / 1000000 + 1) > (V ? 125000000 : 12500000)"
check "in order" "$(ofo) - ooo == 0" "$(retransmits) - resent == 0"
ktap_finished
