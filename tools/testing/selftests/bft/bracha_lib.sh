#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # what the tests use
#
# Shared by bracha's tests: nodes in the namespaces of bracha_net.sh, results in
# KTAP. Only in virtual time are delays compared with arithmetic.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$here/netns.sh"
. "$here/bracha_net.sh"

PORT=42512

prefix=bft-$$
made=0

# bft_init NODES: that many namespaces
bft_init()
{
	needs root bracha jq ip tc
	add_netns "$prefix-r"
	at "$prefix-r" sysctl -qw net.ipv4.ip_forward=1 \
		net.ipv6.conf.all.forwarding=1
	while ((made < $1)); do
		add_node $made
		made=$((made + 1))
	done
}

# hosts N MESSAGES [6]
hosts()
{
	local i

	echo "$2"
	for ((i = 0; i < $1; i++)); do
		if [ "${3:-4}" = 6 ]; then
			echo "[fd07:$i::2]:$PORT"
		else
			echo "10.7.$i.2:$PORT"
		fi
	done
}

# node ID ARGUMENT...: in the background, output in $tmp
node()
{
	local id=$1

	shift
	ip netns exec "$prefix-$id" bracha --id "$id" --config "$tmp/hosts" --timeout 120 \
		--linger 5 "$@" >"$tmp/out.$id" 2>"$tmp/err.$id" &
}

# run N ARGUMENT...: nodes 0 to N - 1 with ARGUMENTs. FAULTY="ID..." MODE=MODE
run()
{
	local n=$1 i list

	shift
	rm -f "$tmp"/out.* "$tmp"/err.*
	list=$(tr ' ' , <<<"${FAULTY:-}")
	for ((i = 0; i < n; i++)); do
		if [[ " ${FAULTY:-} " = *" $i "* ]]; then
			node "$i" --faulty "$list" --byz "$MODE" "$@" --timeout 8
		else
			node "$i" ${list:+--faulty "$list"} "$@"
		fi
	done
	wait
}

# correct N: the ids that are not in FAULTY
correct()
{
	local i

	for ((i = 0; i < $1; i++)); do
		[[ " ${FAULTY:-} " = *" $i "* ]] || echo "$i"
	done
}

# agreed N: all correct nodes have all, and the same
agreed()
{
	local i

	for i in $(correct "$1"); do
		cat "$tmp/out.$i"
	done | jq -se --argjson n "$(correct "$1" | wc -l)" 'length == $n and all(.complete)
		and (map(.digest) | unique | length == 1)' >/dev/null && return
	for ((i = 0; i < $1; i++)); do
		ktap_print_msg "node $i: $(tail -n 2 "$tmp/err.$i" | tr '\n' ' ')"
	done
	return 1
}
