#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What gqctl sets in gqs, as "gqctl show --json" and tc list it. Expected:
#
# 1.	--band sets the map of each gq, makes bands, and --strict the mode
# 2.	--dev: of that device only
# 3.	--check sets nothing
# 4.	del takes its entry back and no other; flush all
# 5.	gqs that mq has made by itself get it too
# 6.	one gq that can't be changed: status 1, a message with the next step; the
#	rules and all other gqs are as they were
# 7.	apply gives a gq that was made later what it lacks
. "$(dirname "$0")/gqctl_lib.sh"

g()
{
	at "$A" gqctl "$@"
}

# gq DEV JQ-CONDITION: whether it holds for all gqs of DEV, and there is one
gq()
{
	g show --json | jq -e --arg dev "$1" \
		"[.gq[] | select(.dev == \$dev)] | length > 0 and all($2)" >/dev/null
}

all_set()
{
	g rank add --out --proto tcp --dscp EF --band 5 --strict &&
		gq d0 '.bands == 6 and .strict == [5] and .dscpmap == {"46": 5}' &&
		gq d1 '.bands == 6 and .strict == [5] and .dscpmap == {"46": 5}'
}

one_set()
{
	g rank add --out --dev d1 --proto udp --dscp AF41 --band 0 &&
		gq d0 '.dscpmap == {"46": 5}' && gq d1 '.dscpmap == {"34": 0, "46": 5}'
}

checks()
{
	g rank add --check --out --proto icmp --dscp LE --band 7 &&
		gq d0 '.bands == 6 and .dscpmap == {"46": 5}'
}

taken_back()
{
	g rank del 1 && gq d0 '.dscpmap == {}' && gq d1 '.dscpmap == {"34": 0}' &&
		g rank flush && gq d1 '.dscpmap == {} and .bands == 6'
}

below_mq()
{
	tc -n "$A" qdisc replace dev d0 root handle 1: mq
	g rank add --out --proto tcp --dscp CS6 --band 2 && gq d0 '.dscpmap == {"48": 2}' &&
		g rank flush && gq d0 '.dscpmap == {}'
}

rolled_back()
{
	ip -n "$A" link add d2 numtxqueues 2 type ifb
	ip -n "$A" link set d2 up
	gq d2 '.parent == "0:1" or .parent == "0:2"' || return
	! g rank add --out --proto tcp --dscp CS6 --band 2 2>"$tmp/err" || return
	grep -q "tc qdisc replace dev d2 root mq" "$tmp/err" && gq d0 '.dscpmap == {}' &&
		gq d1 '.dscpmap == {}' && [ -z "$(at "$A" nft list tables)" ]
}

later()
{
	ip -n "$A" link del d2
	g rank add --out --proto tcp --dscp CS6 --band 1 || return
	tc -n "$A" qdisc replace dev d1 root handle 7: pfifo
	tc -n "$A" qdisc replace dev d1 root handle 8: gq
	gq d1 '.dscpmap == {}' && g rank list | g apply - && gq d1 '.dscpmap == {"48": 1}'
}

gqctl_init tc
needs_module sch_gq GQ_MODULE
ktap_set_plan 7
before=$(sysctl -n net.core.default_qdisc)
at_exit sysctl -qw net.core.default_qdisc="$before"
sysctl -qw net.core.default_qdisc=gq
for dev in d0 d1; do
	ip -n "$A" link add "$dev" numtxqueues 2 type veth peer name "p$dev"
	ip -n "$A" link set "$dev" up
	tc -n "$A" qdisc replace dev "$dev" root gq
done
check "all gqs" all_set
check "--dev" one_set
check "--check" checks
check "del" taken_back
check "below mq" below_mq
check "rolled back" rolled_back
check "a later gq" later
ktap_finished
