#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Flows that come into a rank queue by another way than with a packet for it: all
# three brought the kernel down once. Expected:
#
# 1.	A flow may move from a band without ranks to one with each policy while
#	it has packets. (It was ranked by what was never noted of them, for stfq
#	a weight of 0, and that divides)
# 2.	A flow may lose all its packets while it waits, in a band with each
#	policy. (It was ranked by a packet that was gone)
# 3.	Several bands may change their policies at once, with flows that have been
#	in one, are in the other now, and are still listed in the first one, where
#	a hundred are before them. (The policy of neither was called)
# shellcheck disable=SC2034,SC2086 # "check" reads variables by name
. "$(dirname "$0")/gq_lib.sh"
timed

readonly POLICIES="edt prio stfq srpt pfabric lstf"
readonly EF=184

# trace FLOW:COUNT:TOS...: packets at once, for gq_send
trace()
{
	local item

	for item; do
		awk -F: '{ for (i = 0; i < $2; i++) print 0, $1, 1000, 0, $3, 0 }' <<<"$item"
	done >"$tmp/trace"
}

# alive: packets still come through, with those queued, and nothing is lost
alive()
{
	rx_end
	stats
	conserved && ((S[qlen] == 0 && R[disorder] == 0))
}

gq_init 3

bad=0
for policy in $POLICIES; do
	gate bands 2 priomap 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 dscpmap ef=0 band 0 policy $policy
	trace 0:20:0 1:20:0 0:1:$EF 1:1:$EF 0:5:0
	tx --to $V4 --flows 2 --trace "$tmp/trace"
	gate_end
	((R[packets] == 49 && R[disorder] == 0)) || bad=$((bad + 1))
done
check "a flow moves to a band with ranks" "bad == 0"
bad=0

for policy in $POLICIES; do
	gq $EXACT bands 1 priomap 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 band 0 policy $policy
	rx_start --idle-ms 1500
	tx --to $V4 --flows 10 --txtime mono --offset-ns 1000000000 --interval-ns 1000 --count 3
	change limit 3
	change limit 1000
	sleep 1.2
	tx --to $V4 --first-flow 50 --count 5
	alive || bad=$((bad + 1))
done
check "a flow is emptied while it waits" "bad == 0"
bad=0

for policy in $POLICIES; do
	gate bands 2 priomap 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 dscpmap ef=1 band 1 policy $policy
	for ((i = 0; i < 100; i++)); do
		echo "$i:1:0"
	done >"$tmp/flows"
	# shellcheck disable=SC2046
	trace $(cat "$tmp/flows") 98:1:$EF 99:1:$EF 98:1:0 97:1:0
	tx --to $V4 --flows 100 --trace "$tmp/trace"
	tc -n "$A" qdisc change dev veth0 parent 1: handle 2: gq band 1 policy drr band 0 policy $policy
	tc -n "$A" qdisc change dev veth0 parent 1: handle 2: gq band 1 policy $policy band 0 policy drr
	gate_end
	((R[packets] == 106 && R[disorder] == 0)) || bad=$((bad + 1))
done
check "bands change their policies at once" "bad == 0" "$(quiet && echo 1 || echo 0)"
ktap_finished
