#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # what the test uses
#
# The network of c2tcp.sh: A sends to B through R, whose two devices carry the
# rate, the delay and the queue; and a flow on it, with what became of it in F.
# C2TCP_MODULE=FILE names a module that is not installed.
set -eu

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
KSELFTEST=${KSELFTEST:-$here/../kselftest}
PATH=$here:$PATH
A=c2tcpa-$$ R=c2tcpr-$$ B=c2tcpb-$$
readonly PORT=5000
tmp=$(mktemp -d)
unload=

# shellcheck disable=SC1091
. "$KSELFTEST/ktap_helpers.sh"

cleanup()
{
	local i

	for i in $(jobs -p); do
		kill "$i" 2>/dev/null || :
	done
	wait 2>/dev/null || :
	for i in "$A" "$R" "$B"; do
		ip netns del "$i" 2>/dev/null || :
	done
	[ -z "$unload" ] || rmmod tcp_c2tcp 2>/dev/null || :
	rm -rf "$tmp"
}

skip()
{
	ktap_skip_all "$*"
	exit "$KSFT_SKIP"
}

at()
{
	local ns=$1

	shift
	ip netns exec "$ns" "$@"
}

load()
{
	[ ! -d /sys/module/tcp_c2tcp ] || return 0
	if [ "${C2TCP_MODULE:-}" ]; then
		insmod "$C2TCP_MODULE"
	else
		modprobe tcp_c2tcp
	fi && unload=y
}

# pair NS DEV NS DEV NET: .2 and .1
pair()
{
	ip -n "$1" link add "$2" type veth peer name "$4" netns "$3"
	ip -n "$1" addr add "$5.2/24" dev "$2"
	ip -n "$3" addr add "$5.1/24" dev "$4"
	ip -n "$1" link set "$2" up
	ip -n "$3" link set "$4" up
	ip -n "$1" route add default via "$5.1"
}

network()
{
	local ns

	for ns in "$A" "$R" "$B"; do
		ip netns add "$ns"
		at "$ns" sysctl -qw net.ipv4.tcp_wmem="4096 65536 16777216" \
			net.ipv4.tcp_rmem="4096 131072 16777216" net.ipv4.ip_forward=1
	done
	pair "$A" a0 "$R" r0 10.0.1
	pair "$B" b0 "$R" r1 10.0.2
	# One packet at a time, as a link has it
	for ns in "$A a0" "$R r0" "$R r1" "$B b0"; do
		# shellcheck disable=SC2086
		set -- $ns
		ip -n "$1" link set "$2" gso_max_segs 1 gro_max_size 0 2>/dev/null ||
			at "$1" ethtool -K "$2" tso off gso off gro off >/dev/null
	done
	# Not by at(): the job has to be the process that is killed at the end.
	ip netns exec "$B" tcp_flow recv $PORT &
}

# path RATE DELAY [netem...]: the delay of each direction
path()
{
	local rate=$1 delay=$2

	shift 2
	tc -n "$R" qdisc replace dev r1 root netem rate "$rate" delay "$delay" limit 4000 "$@" &&
		tc -n "$R" qdisc replace dev r0 root netem delay "$delay" limit 100000
}

declare -A F	# of the last flow: p50, p95, goodput, ...

# flow CC SECONDS SKIP
flow()
{
	local field fields

	at "$A" tcp_flow send 10.0.2.2 $PORT "$1" "$2" "$3" >"$tmp/flow" || return
	ktap_print_msg "$1: $(cat "$tmp/flow")"
	read -ra fields <"$tmp/flow"
	for field in "${fields[@]}"; do
		F[${field%%=*}]=${field#*=}
	done
	path 100mbit 1ms	# what is queued goes away
	sleep 5
}

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

c2tcp_init()
{
	local tool

	ktap_print_header
	trap cleanup EXIT
	trap 'exit 1' INT TERM HUP
	[ "$(id -u)" = 0 ] || skip "needs root"
	for tool in ip tc tcp_flow ethtool; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
	load 2>"$tmp/err" || skip "no module tcp_c2tcp: $(head -n 1 "$tmp/err")"
	network
	path 12mbit 20ms 2>"$tmp/err" || skip "no netem: $(head -n 1 "$tmp/err")"
}
