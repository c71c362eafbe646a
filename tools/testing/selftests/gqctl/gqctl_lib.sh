#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # what the tests use
#
# Shared by gqctl's tests: private network namespaces, results in KTAP.
#
# Each test lists its expectations, calls gqctl_init TOOL... and ktap_set_plan,
# then "check" for each expectation, and ends with ktap_finished.
#
# NETSTEER_CLOCK=virtual says that time passes only when nothing runs, as in
# "scripts/vm --virtual-time": only then upper bounds of delays are asserted.

set -eu

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
KSELFTEST=${KSELFTEST:-$here/../kselftest}
PATH=$here:$PATH
NETSTEER_CLOCK=${NETSTEER_CLOCK:-real}

# shellcheck disable=SC1091
. "$KSELFTEST/ktap_helpers.sh"

A=gqctla-$$ R=gqctlr-$$ B=gqctlb-$$
tmp=
unload=

virtual()
{
	[ "$NETSTEER_CLOCK" = virtual ]
}

skip()
{
	ktap_skip_all "$*"
	exit "$KSFT_SKIP"
}

gqctl_cleanup()
{
	local ns pid

	for pid in $(jobs -p); do
		kill "$pid" 2>/dev/null || :
	done
	wait 2>/dev/null || :
	for ns in "$A" "$R" "$B"; do
		ip netns del "$ns" 2>/dev/null || :
	done
	[ -z "$unload" ] || rmmod sch_gq 2>/dev/null || :
	[ -z "$tmp" ] || rm -rf "$tmp"
}

gqctl_init()
{
	local tool ns

	ktap_print_header
	[ "$(id -u)" = 0 ] || skip "needs root"
	for tool in gqctl nft jq ip "$@"; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
	trap gqctl_cleanup EXIT
	trap 'exit 1' INT TERM HUP
	tmp=$(mktemp -d)
	for ns in "$A" "$R" "$B"; do
		ip netns add "$ns"
		ip -n "$ns" link set lo up
	done
	at "$A" nft list tables >"$tmp/err" 2>&1 ||
		skip "the kernel has no nf_tables: $(head -n 1 "$tmp/err")"
}

# The module: loaded already, given as GQ_MODULE=FILE, or where modprobe finds it.
gq_load()
{
	[ ! -d /sys/module/sch_gq ] || return 0
	if [ -n "${GQ_MODULE:-}" ]; then
		insmod "$GQ_MODULE" || return
	else
		modprobe sch_gq 2>/dev/null || return
	fi
	unload=y
}

# at NS COMMAND...
at()
{
	local ns=$1

	shift
	ip netns exec "$ns" "$@"
}

# neighbour NS DEV NS DEV ADDRESS...: the first two know these of the others
neighbour()
{
	local ns=$1 dev=$2 mac address

	mac=$(ip -n "$3" -j link show "$4" | jq -r ".[0].address")
	shift 4
	for address; do
		ip -n "$ns" neigh replace "$address" lladdr "$mac" dev "$dev"
	done
}

# link NS DEV NS DEV NET4 NET6: a pair of devices, .1 and .2, that can talk at once.
link()
{
	ip -n "$1" link add "$2" type veth peer name "$4" netns "$3"
	ip -n "$1" addr add "$5.1/24" dev "$2"
	ip -n "$1" addr add "$6:1/64" dev "$2" nodad
	ip -n "$3" addr add "$5.2/24" dev "$4"
	ip -n "$3" addr add "$6:2/64" dev "$4" nodad
	ip -n "$1" link set "$2" addrgenmode none up
	ip -n "$3" link set "$4" addrgenmode none up
	neighbour "$1" "$2" "$3" "$4" "$5.2" "$6:2"
	neighbour "$3" "$4" "$1" "$2" "$5.1" "$6:1"
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

# wait_for COMMAND...: poll until it succeeds, for 10 s.
wait_for()
{
	local i

	for ((i = 0; i < 100; i++)); do
		"$@" && return
		sleep 0.1
	done
	return 1
}
