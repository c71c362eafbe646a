#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What gqctl's rules do to packets, without a gq. Expected:
#
# 1.	packets of an --out rule carry its DSCP at the receiver, IPv4 and IPv6
# 2.	an --in rule marks too, and both count just the packets that match
# 3.	counters go on when another rule is added or deleted
# 4.	above its rate a packet keeps its DSCP
# 5.	with an intake, packets pass the ifb with their new DSCP, and come back,
#	each counted once; it ends without a trace
. "$(dirname "$0")/gqctl_lib.sh"

g()
{
	at "$A" gqctl "$@"
}

# seen's table, at the receiver
# A table at the receiver that counts by DSCP: seen FAMILY DSCP
watch()
{
	at "$B" nft -f - <<-NFT
		add table inet seen
		delete table inet seen
		table inet seen {
			chain seen {
				type filter hook prerouting priority -300
				ip dscp ef counter comment "ip 46"
				ip6 dscp ef counter comment "ip6 46"
				ip dscp af41 counter comment "ip 34"
				ip dscp cs0 ip protocol icmp counter comment "ip 0"
			}
		}
	NFT
}

seen()
{
	at "$B" nft -j list table inet seen | jq --arg c "$1 $2" '[.nftables[].rule
		| select(.comment == $c) | .expr[].counter // empty | .packets] | add'
}

ping4()
{
	at "$A" ping -q -n -i 0.01 -W 3 -c "$1" 192.0.2.2 >/dev/null
}

ping6()
{
	at "$A" ping -q -n -i 0.01 -W 3 -c "$1" 2001:db8::2 >/dev/null
}

packets()
{
	at "${2:-$A}" gqctl rank list -j | jq ".[] | select(.id == $1) | .packets"
}

marks_out()
{
	watch
	g rank add --out --proto icmp --dst 192.0.2.0/24 --dscp EF &&
		g rank add --out --proto icmpv6 --dst 2001:db8::2 --dscp EF &&
		ping4 7 && ping6 5 && [ "$(seen ip 46)" = 7 ] && [ "$(seen ip6 46)" -ge 5 ]
}

marks_in()
{
	at "$B" gqctl rank add --in --proto icmp --src 192.0.2.1 --dev veth0 --dscp CS6 &&
		ping4 4 && [ "$(packets 1)" = 11 ] && [ "$(packets 1 "$B")" = 4 ] &&
		at "$B" gqctl rank flush
}

counters_stay()
{
	local before

	ping4 3
	before=$(packets 1)
	g rank add --out --proto udp --dscp VA && [ "$(packets 1)" = "$before" ] || return
	g rank del "$(g rank list -j | jq '.[] | select(.dscp == 44) | .id')" &&
		[ "$before" -ge 3 ] && [ "$(packets 1)" = "$before" ]
}

# 800 kbit/s are 100 kB, and 64 kB of burst: some of 300 kB at once are above.
rate()
{
	g rank flush && g rank add --out --proto icmp --dscp AF41 --rate 800kbit && watch || return
	at "$A" ping -q -n -f -W 3 -c 300 -s 972 192.0.2.2 >/dev/null || return
	[ "$(seen ip 34)" -ge 150 ] && [ "$(seen ip 0)" -ge 50 ] &&
		[ $(($(seen ip 34) + $(seen ip 0))) = 300 ]
}

# The ifb has a class for EF and one for all others.
intake()
{
	local i

	ip -n "$B" link add ifb0 type ifb
	ip -n "$B" link set ifb0 up
	tc -n "$B" qdisc add dev ifb0 root handle 1: htb default 2
	for i in 1 2; do
		tc -n "$B" class add dev ifb0 parent 1: classid 1:$i htb rate 100mbit quantum 1514
	done
	tc -n "$B" filter add dev ifb0 parent 1: protocol ip u32 match ip tos 0xb8 0xfc flowid 1:1
	at "$B" gqctl rank add --in --proto icmp --dscp EF &&
		at "$B" gqctl intake add --dev veth0 --ifb ifb0 2>"$tmp/err"
}

ranked()
{
	tc -n "$B" -s class show dev ifb0 classid 1:1 |
		sed -n "s/.* bytes \([0-9]*\) pkt .*/\\1/p"
}

passes_ifb()
{
	g rank flush && ping4 3 && [ "$(ranked)" = 3 ] && [ "$(packets 1 "$B")" = 3 ] &&
		at "$B" gqctl rank flush && at "$B" gqctl intake del --dev veth0 &&
		[ "$(at "$B" nft list tables)" = "table inet seen" ] && ping4 1 &&
		[ "$(ranked)" = 3 ]
}

gqctl_init ping tc
ktap_set_plan 5
link "$A" veth0 "$B" veth0 192.0.2 2001:db8:
wait_for ping6 1 || :
check "--out marks" marks_out
check "--in marks" marks_in
check "counters go on" counters_stay
check "rate" rate
if intake; then
	check "intake" passes_ifb
else
	ktap_test_skip "intake: $(head -n 1 "$tmp/err")"
fi
ktap_finished
