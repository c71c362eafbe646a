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
#	RTT the same, with at least 0.95 of the goodput of CUBIC there
# 5.	when the rate falls to a quarter, the delay is back below 1.25 targets
#	within 2 s, and CUBIC's is not
# 6.	loss is answered as CUBIC does: with 0.5 % of it, at least 0.8 of its goodput
# 7.	the module stays while a flow uses it, and goes then
. "$(dirname "$0")/c2tcp_lib.sh"

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
	local delay long_cubic

	for delay in 78 82; do
		path 12mbit "${delay}ms" && flow cubic 30 8 && long_cubic=${F[goodput]} || return
		((F[p95] > 1000000)) || return
		path 12mbit "${delay}ms" && flow c2tcp 30 8 &&
			near $((delay * 3000)) 95 "$long_cubic" || return
	done
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
	rmmod tcp_c2tcp && [ ! -e /proc/sys/net/ipv4/c2tcp ] &&
		load_module tcp_c2tcp "${C2TCP_MODULE:-}"
}

c2tcp_init
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
