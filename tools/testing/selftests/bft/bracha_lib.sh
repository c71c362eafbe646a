#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # what the tests use
#
# Shared by bracha's tests: nodes in the namespaces of bracha_net.sh, results in
# KTAP.
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
# shellcheck disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/bracha_net.sh"

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
