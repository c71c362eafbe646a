#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# CoDel and TCP, with gq's own rate of 10 Mbit/s as the link. The stream is
# forwarded: a local one would be held back by its socket's small queue. Expected:
#
# 1.	TCP that fills the queue sees a round trip near the target of 5 ms, below
#	20 ms and a tenth or less of what it is without CoDel, and sends at least
#	85 % as much
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2086,SC2119 # see gq_lib.sh
. "$(dirname "$0")/gq_lib.sh"
timed

# Mean round trip in us, and bytes received, of a forwarded TCP stream of 6 s.
stream()
{
	local i rtt sum=0 bytes

	stream_start --ms 7000
	ip netns exec "$C" gq_stream --to $V4 --ms 6000 >/dev/null &
	sleep 2
	for ((i = 0; i < 40; i++)); do
		sleep 0.1
		rtt=$(ip netns exec "$C" ss -tin dst $V4 |
			sed -nE 's/.* rtt:([0-9.]+)\/.*/\1/p' | head -n 1)
		sum=$(awk -v a="$sum" -v b="${rtt:-0}" 'BEGIN { print a + b * 1000 }')
	done
	wait $!
	rx_end
	echo "$(awk -v s="$sum" 'BEGIN { printf "%d", s / 40 }') ${R[bytes]}"
}

{ command -v ss && command -v ethtool; } >/dev/null ||
	skip "ss or ethtool is not installed"
gq_init 1
add_netns "$C"
link "$C" veth0 "$A" veth1 198.51.100 2001:db8:1:
ip netns exec "$A" sysctl -qw net.ipv4.ip_forward=1
ip -n "$C" route add default via 198.51.100.2
ip -n "$B" route add default via 192.0.2.1
for i in "$C" "$A" "$B"; do
	ip -n "$i" link set veth0 mtu 1500
	ip netns exec "$i" ethtool -K veth0 tso off gso off gro off >/dev/null
done
gq rate 10mbit bands 1 flow_limit 1000
read -r rtt bytes < <(stream)
gq rate 10mbit bands 1 flow_limit 1000 codel target 5ms interval 100ms
read -r codel_rtt codel_bytes < <(stream)
echo "# TCP: round trip $rtt us, with codel $codel_rtt us; bytes $bytes, $codel_bytes"
check "TCP" "!V || codel_rtt < 20000" "!V || codel_rtt * 10 < rtt" "codel_bytes * 100 > bytes * 85"

ktap_finished
