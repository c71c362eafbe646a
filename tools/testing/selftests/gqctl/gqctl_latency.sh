#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What ranking does for the delay of packets that the host sends; gqctl_load.sh
# says under which load. Expected:
#
# 1.	IPv4: with a rank, the median falls below a tenth, and below 3.5 ms
# 2.	and so does the 99th percentile; nothing is lost
# 3.	the bulk flows still get most of the link
# 4.	IPv6, by the same rule: as 1 and 2
# 5.	the rule has counted the packets, and no others
# 6.	with a rate of a twentieth of what it sends, at least a quarter of the delay
#	stays: what the rate allows for a second and 64 kB are ranked, no more
# 7.	after rank flush, the delay is as before the rank
. "$(dirname "$0")/gqctl_load.sh"

bulk_runs()
{
	((P[bulk] > 7000000))
}

counted()
{
	[ "$(at "$A" gqctl rank list --json | jq ".[0].packets")" = $((2 * COUNT)) ]
}

# stays N: of the delay without a rank, an Nth
stays()
{
	((P[p50] * $1 > W[p50]))
}

load_init 7
link "$A" veth0 "$B" veth0 192.0.2 2001:db8:
shape "$A" veth0

delay 192.0.2.2 "out, IPv4, not ranked"
remember
rank "$A" --out --proto udp --dport $PORT
delay 192.0.2.2 "out, IPv4, ranked"
check "out, IPv4: the median" better p50
check "out, IPv4: the 99th percentile" all_better
check "out: the bulk flows go on" bulk_runs
delay 2001:db8::2 "out, IPv6, ranked"
check "out, IPv6" all_better
check "out: the rule has counted" counted
at "$A" gqctl rank flush

delay 192.0.2.2 "out, not ranked again"
remember
rank "$A" --out --proto udp --dport $PORT --rate 80kbit
delay 192.0.2.2 "out, a twentieth ranked"
check "out: above its rate a flow is not ranked" stays 4
at "$A" gqctl rank flush
delay 192.0.2.2 "out, after flush"
check "out: after flush as before" stays 2
ktap_finished
