#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # what lib.sh sets
#
# Connections that were open before the daemon, where the kernel has iterators over
# sockets. Expected:
#
# 1.	a flow of the cgroup is adopted, switched by the model, and marked in top; one of
#	another cgroup is not
# 2.	when the daemon stops, the flow keeps its CC, and no callback of it is on; the next
#	daemon adopts it again, once
# 3.	adopt: no leaves it alone, but it is listed, and counted
# 4.	one that sends nothing is listed, and is heard of when it sends again
#
# Without iterators status says so, and counts none.
. "$(dirname "$0")/daemon_lib.sh"

# cookie of the flow, which lives through all of this
inside=

listens()
{
	at "$B" ss -Hltn "sport = :5001" | grep -q .
}

adopts()
{
	ip netns exec "$B" tcp_flow recv 5001 &
	wait_for listens || return
	ip netns exec "$A" tcp_flow send 10.0.1.2 5001 - 1000 >/dev/null &
	make_model "$tmp/model" reno=-1 cubic=0 || return
	flow 10.0.1.2 1000 >"$tmp/cc" &
	sleep 2
	start --model "$tmp/model" && says "1 open connections are adopted" || return
	wait_for has_flow && inside=$(cookie true) && wait_for is_cubic || return
	is "$(cookie .adopted)" "$inside" && is "$(field .flows_adopted)" 1 && stop
}

is_cubic()
{
	cookie '.cc == "cubic"' >/dev/null
}

again()
{
	start --model "$tmp/model" --shadow && says "1 open connections are adopted" &&
		wait_for is_cubic && is "$(cookie true)" "$inside" && is "$(field .kernel.switches)" 0 && stop
}

# nothing that the flow does reaches a daemon which has not adopted it
alone()
{
	start --model "$tmp/model" --adopt=no && sleep 3 && is "$(field .kernel.callbacks)" 0 &&
		is "$(cookie '.why == "unwatched" and .cc == "cubic"')" "$inside" &&
		is "$(field .connections)" 1 && stop || return
	at "$A" ss -Htin "dport = :$PORT" | grep -q "^\s*cubic "
}

is_heard()
{
	cookie '.windows > 1' >/dev/null
}

# what is stopped has sent all that it had, and says nothing
idle()
{
	xargs kill -STOP <"$cgroup/cgroup.procs" && sleep 2 && start --model "$tmp/model" && sleep 1 || return
	is "$(cookie '.why == "silent" and .age_ns == null')" "$inside" && is "$(field .connections)" 1 || return
	xargs kill -CONT <"$cgroup/cgroup.procs" && wait_for is_heard && stop
}

no_iterators()
{
	start && is "$(field .connections)" null && ask status | grep -q "^open .*no iterators" && stop
}

antelope_init
if ! grep -qs ' bpf_seq_write$' /proc/kallsyms; then
	ktap_set_plan 1
	check "no iterators" no_iterators
	ktap_finished
fi
ktap_set_plan 4
check "adopted" adopts
check "adopted again" again
check "left alone" alone
check "idle" idle
ktap_finished
