#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # what the tests use
#
# Shared by bracha's tests: a network namespace for each node, all routed by one
# more, results in KTAP. Node i has 10.7.i.2, and fd07:i::2.
#
# NETSTEER_CLOCK=virtual says that time passes only when nothing runs, as in
# "scripts/vm --virtual-time": only then delays are compared with arithmetic.

set -eu

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
KSELFTEST=${KSELFTEST:-$here/../kselftest}
PATH=$here:$PATH
NETSTEER_CLOCK=${NETSTEER_CLOCK:-real}
PORT=42512

# shellcheck disable=SC1091
. "$KSELFTEST/ktap_helpers.sh"

prefix=bft-$$
tmp=
made=0

skip()
{
	ktap_skip_all "$*"
	exit "$KSFT_SKIP"
}

cleanup()
{
	local i

	for i in $(jobs -p); do
		kill "$i" 2>/dev/null || :
	done
	wait 2>/dev/null || :
	for ((i = 0; i < made; i++)); do
		ip netns del "$prefix-$i" 2>/dev/null || :
	done
	ip netns del "$prefix-r" 2>/dev/null || :
	[ -z "$tmp" ] || rm -rf "$tmp"
}

# bft_init NODES: that many namespaces
bft_init()
{
	local tool

	ktap_print_header
	[ "$(id -u)" = 0 ] || skip "needs root"
	for tool in bracha jq ip tc; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
	trap cleanup EXIT
	trap 'exit 1' INT TERM HUP
	tmp=$(mktemp -d)
	ip netns add "$prefix-r" 2>"$tmp/err" || skip "no network namespaces: $(cat "$tmp/err")"
	ip netns exec "$prefix-r" sysctl -qw net.ipv4.ip_forward=1 \
		net.ipv6.conf.all.forwarding=1
	while ((made < $1)); do
		add_node $made
		made=$((made + 1))
	done
}

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

# check WHAT COMMAND...
check()
{
	local what=$1

	shift
	if "$@"; then
		ktap_test_pass "$what"
	else
		ktap_test_fail "$what"
	fi
}
