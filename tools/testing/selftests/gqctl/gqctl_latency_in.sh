#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What ranking does for the delay of packets that come in; gqctl_load.sh says
# under which load. Expected, each with nothing lost:
#
# 1.	by a router that ranks what comes in, and sends it on through a gq: median
#	and 99th percentile fall below a tenth, and below 3.5 ms
# 2.	by a host that ranks what comes in for itself: an intake and the gq of an ifb
. "$(dirname "$0")/gqctl_load.sh"

load_init 2
link "$A" veth1 "$R" veth1 198.51.100 2001:db8:1:
link "$R" veth2 "$B" veth2 203.0.113 2001:db8:2:
at "$R" sysctl -qw net.ipv4.ip_forward=1
ip -n "$A" route add 203.0.113.0/24 via 198.51.100.2
ip -n "$B" route add 198.51.100.0/24 via 203.0.113.1
shape "$R" veth2
delay 203.0.113.2 "in, router, not ranked"
remember
rank "$R" --in --proto udp --dport $PORT --dev veth1
delay 203.0.113.2 "in, router, ranked"
check "in, by a router" all_better
at "$R" gqctl rank flush

ip -n "$R" link add ifb0 type ifb
ip -n "$R" link set ifb0 up
shape "$R" ifb0
if at "$R" gqctl intake add --dev veth1 --ifb ifb0 2>"$tmp/err"; then
	to=$R delay 198.51.100.2 "in, intake, not ranked"
	remember
	rank "$R" --in --proto udp --dport $PORT
	to=$R delay 198.51.100.2 "in, intake, ranked"
	check "in, by an intake" all_better
	at "$R" gqctl rank flush
	at "$R" gqctl intake del --dev veth1
else
	ktap_test_skip "in, by an intake: $(head -n 1 "$tmp/err")"
fi

ktap_finished
