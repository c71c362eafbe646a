#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# tcp_c2tcp over a link of 12 Mbit/s, 40 ms there and back, whose buffer holds
# seconds. CUBIC runs over the same, to compare. Expected:
#
# 1.	parameters with the documented defaults; those of a namespace are its own;
#	what makes no sense is refused
# 2.	CUBIC fills the buffer: 95 % of RTTs are up to more than 10 targets. C2TCP:
#	the median is below the target (100 ms), the 95th percentile below 1.25
#	targets, and goodput is at least 0.9 of CUBIC's; nothing is lost
# 3.	with a target of 60 ms the same of 60 ms, with at least 0.85 of the goodput
# 4.	a path that is longer than the target is not strangled: of alpha times its
#	RTT the same
# 5.	when the rate falls to a quarter, the delay is back below 1.25 targets
#	within 2 s, and CUBIC's is not
# 6.	loss is answered as CUBIC does: with 0.5 % of it, at least 0.8 of its goodput
# 7.	the module stays while a flow uses it, and goes then
#
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

# near US PERCENT GOODPUT: the delay is below, and the share of that goodput reached
near()
{
	((F[p50] <= $1 && F[p95] <= $1 * 5 / 4 && F[goodput] * 100 >= $3 * $2))
}

set_target()
{
	at "$A" sysctl -qw net.ipv4.c2tcp.target_ms="$1"
}

parameters()
{
	local value

	[ "$(at "$A" sysctl -n net.ipv4.c2tcp.{target_ms,interval_ms,alpha_pct} | tr '\n' ' ')" = \
		"100 100 150 " ] || return
	set_target 60
	[ "$(at "$B" sysctl -n net.ipv4.c2tcp.target_ms)" = 100 ] || return
	for value in target_ms=0 interval_ms=0 alpha_pct=100 target_ms=60001 target_ms=-1; do
		! at "$A" sysctl -qw "net.ipv4.c2tcp.$value" 2>/dev/null || return
	done
	[ "$(at "$A" sysctl -n net.ipv4.c2tcp.target_ms)" = 60 ] && set_target 100
}

bloated()
{
	path 12mbit 20ms && flow cubic 20 5 && cubic=${F[goodput]} || return
	((F[p95] > 1000000)) || return
	path 12mbit 20ms && flow c2tcp 20 5 && near 100000 90 "$cubic" && ((F[retrans] == 0))
}

tighter()
{
	set_target 60
	path 12mbit 20ms && flow c2tcp 20 5 && set_target 100 && near 60000 85 "$cubic"
}

longer()
{
	path 12mbit 80ms && flow c2tcp 30 8 && near 240000 85 "$cubic"
}

falls()
{
	local cc

	for cc in cubic c2tcp; do
		path 12mbit 20ms
		(sleep 6; path 3mbit 20ms) &
		flow $cc 20 8 || return
		[ $cc = c2tcp ] || ((F[p95] > 1000000)) || return
	done
	((F[p95] < 125000))
}

lossy()
{
	local lossy_cubic

	path 12mbit 20ms loss 0.5% seed 7 2>"$tmp/err" || path 12mbit 20ms loss 0.5% || return
	flow cubic 20 0 || return
	lossy_cubic=${F[goodput]}
	path 12mbit 20ms loss 0.5% seed 7 2>"$tmp/err" || path 12mbit 20ms loss 0.5%
	flow c2tcp 20 0 && ((F[retrans] > 0 && F[goodput] * 100 >= lossy_cubic * 80))
}

goes()
{
	ip netns exec "$A" tcp_flow send 10.0.2.2 $PORT c2tcp 2 >/dev/null &
	sleep 1
	! rmmod tcp_c2tcp 2>/dev/null || return
	sleep 5
	rmmod tcp_c2tcp && [ ! -e /proc/sys/net/ipv4/c2tcp ] && load
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
ktap_set_plan 7
cubic=
check "parameters of a namespace" parameters
check "a deep buffer" bloated
check "a lower target" tighter
check "a path longer than the target" longer
check "a rate that falls" falls
check "loss" lossy
check "unloading" goes
ktap_finished
