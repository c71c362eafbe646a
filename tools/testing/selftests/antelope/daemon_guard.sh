#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # what lib.sh sets
#
# The daemon looks at what switches have led to. Two flows are switched at the moment
# in which their path gets faster, or slower, so that the switches look good, or bad;
# two are judged together. Expected:
#
# 1.	what looks good: both are judged, and the daemon goes on switching
# 2.	what looks bad: it goes on in shadow mode and says so, status says by whom; the next
#	flow is not switched
# 3.	reload ends it: the next flow is switched
. "$(dirname "$0")/daemon_lib.sh"

path()
{
	tc -n "$A" qdisc replace dev v0 root netem delay 20ms rate "$1" limit 100
}

# second_flow SECONDS: to a receiver of its own
second_flow()
(
	echo "$BASHPID" >"$cgroup/cgroup.procs"
	exec ip netns exec "$A" tcp_flow send 10.0.1.2 $((PORT + 1)) - "$1" >/dev/null
)

# switched BEFORE AFTER: two flows at one rate, and from their switch on at the other
switched()
{
	local senders=()

	make_model "$tmp/model" reno=0 cubic=-1 && path "$1" &&
		start --model "$tmp/model" --guard-flows 2 --guard-loss 5% --learn=no || return
	flow 10.0.1.2 12 >/dev/null &
	senders+=($!)
	second_flow 12 &
	senders+=($!)
	sleep 4
	make_model "$tmp/model" reno=-1 cubic=0 && path "$2" && ask reload && wait "${senders[@]}" || return
	wait_for quiet && is "$(field .why.switched)" 2 && is "$(field .guard.judged)" 2
}

good()
{
	switched 20mbit 40mbit && is "$(field .shadow)" false && is "$(field .guard.tripped)" false &&
		is "$(field '.guard.mean_gain > 0.5')" true
}

bad()
{
	switched 40mbit 20mbit && is "$(field .shadow_by)" guard && is "$(field .guard.tripped)" true &&
		is "$(field '.guard.mean_gain < -0.5')" true && says "shadow mode from now on" || return
	ask status | grep -q "^mode *shadow: 2 switches lost" && is "$(flow 10.0.1.2 1)" reno
}

ends()
{
	ask reload && is "$(field .shadow)" false && is "$(flow 10.0.1.2 1)" cubic && stop
}

antelope_init
ip netns exec "$B" tcp_flow recv $((PORT + 1)) &
ktap_set_plan 3
check "switches that pay" good
check "switches that do not" bad
check "reload" ends
ktap_finished
