#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # what lib.sh sets
#
# Network namespaces and devices between them, for tests that need root. Sourced
# after lib.sh.

# add_netns NAME...: namespaces for the time of the test
add_netns()
{
	local ns

	for ns; do
		ip netns add "$ns" 2>"$tmp/err" ||
			skip "no network namespaces: $(head -n 1 "$tmp/err")"
		at_exit ip netns del "$ns"
		ip -n "$ns" link set lo up
	done
}

# at NS COMMAND...; in the background, write "ip netns exec" instead: the job has
# to be the process that is killed at the end
at()
{
	local ns=$1

	shift
	ip netns exec "$ns" "$@"
}

# veth NS DEV NS DEV [OPTION...]: a pair of devices, with these options of ip link
veth()
{
	ip -n "$1" link add "$2" "${@:5}" type veth peer name "$4" netns "$3" "${@:5}"
}

# set_up NS DEV ADDRESS/LENGTH...: has these, and is up
set_up()
{
	local ns=$1 dev=$2 address

	shift 2
	for address; do
		if [[ $address = *:* ]]; then
			ip -n "$ns" addr add "$address" dev "$dev" nodad
		else
			ip -n "$ns" addr add "$address" dev "$dev"
		fi
	done
	ip -n "$ns" link set "$dev" addrgenmode none up
}

# neighbours NS DEV NS DEV ADDRESS...: the first has these of the second
neighbours()
{
	local ns=$1 dev=$2 mac address

	mac=$(ip -n "$3" -br link show "$4" | awk '{ print $3 }')
	shift 4
	for address; do
		ip -n "$ns" neigh replace "$address" lladdr "$mac" dev "$dev"
	done
}

# link NS DEV NS DEV NET4 NET6: a pair that can talk at once, NET4.1 and NET6:1 to
# NET4.2 and NET6:2: no duplicate address detection, neighbours known. Both have the
# options of ip link in link_options.
link_options=()

link()
{
	veth "$1" "$2" "$3" "$4" "${link_options[@]}"
	set_up "$1" "$2" "$5.1/24" "$6:1/64"
	set_up "$3" "$4" "$5.2/24" "$6:2/64"
	neighbours "$1" "$2" "$3" "$4" "$5.2" "$6:2"
	neighbours "$3" "$4" "$1" "$2" "$5.1" "$6:1"
}
