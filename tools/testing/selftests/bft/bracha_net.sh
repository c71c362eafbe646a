#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # what bracha_lib.sh sets
#
# The network of bracha's tests: a namespace for each node, all routed by one
# more. Node i has 10.7.i.2, and fd07:i::2. bracha_lib.sh sources this.

add_node()
{
	local ns=$prefix-$1 r=$prefix-r

	ip netns add "$ns"
	ip -n "$ns" link set lo up
	ip -n "$ns" link add veth0 type veth peer name "d$1" netns "$r"
	ip -n "$ns" addr add "10.7.$1.2/24" dev veth0
	ip -n "$ns" addr add "fd07:$1::2/64" dev veth0 nodad
	ip -n "$r" addr add "10.7.$1.1/24" dev "d$1"
	ip -n "$r" addr add "fd07:$1::1/64" dev "d$1" nodad
	ip -n "$ns" link set veth0 up
	ip -n "$r" link set "d$1" up
	ip -n "$ns" route add default via "10.7.$1.1"
	ip -n "$ns" route add default via "fd07:$1::1"
}

# delay MS: each node's packets take so long to any other node
delay()
{
	local i

	for ((i = 0; i < made; i++)); do
		tc -n "$prefix-$i" qdisc replace dev veth0 root netem delay "$1ms" limit 100000 \
			2>"$tmp/err" || return
	done
}

