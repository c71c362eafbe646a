#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # what bracha_lib.sh sets
#
# The network of bracha's tests: a namespace for each node, all routed by one
# more. Node i has 10.7.i.2, and fd07:i::2. bracha_lib.sh sources this.

add_node()
{
	local ns=$prefix-$1

	add_netns "$ns"
	link "$prefix-r" "d$1" "$ns" veth0 "10.7.$1" "fd07:$1:"
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
