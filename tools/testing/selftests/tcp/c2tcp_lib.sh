#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # what the test uses
#
# The network of c2tcp.sh: A sends to B through R, whose two devices carry the
# rate, the delay and the queue; and a flow on it, with what became of it in F.
# C2TCP_MODULE=FILE names a module that is not installed.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$here/netns.sh"

A=c2tcpa-$$ R=c2tcpr-$$ B=c2tcpb-$$
readonly PORT=5000

network()
{
	local ns

	add_netns "$A" "$R" "$B"
	for ns in "$A" "$R" "$B"; do
		at "$ns" sysctl -qw net.ipv4.tcp_wmem="4096 65536 16777216" \
			net.ipv4.tcp_rmem="4096 131072 16777216" net.ipv4.ip_forward=1
	done
	link "$R" r0 "$A" a0 10.0.1 fd00:1:
	link "$R" r1 "$B" b0 10.0.2 fd00:2:
	ip -n "$A" route add default via 10.0.1.1
	ip -n "$B" route add default via 10.0.2.1
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

c2tcp_init()
{
	needs root ip tc tcp_flow ethtool
	needs_module tcp_c2tcp C2TCP_MODULE
	network
	path 12mbit 20ms 2>"$tmp/err" || skip "no netem: $(head -n 1 "$tmp/err")"
}
