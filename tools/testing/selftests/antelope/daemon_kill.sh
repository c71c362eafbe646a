#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # what lib.sh sets
#
# The daemon ends, one way or another, while a flow runs that it has switched.
# Expected of each of SIGTERM, SIGINT, SIGKILL and SIGSEGV:
#
# 1-4.	no program, link or map of it is left in the kernel, nothing at the cgroup; the
#	flow goes on with the CC that it has; SIGTERM and SIGINT: status 0, the
#	socket's name is gone, and so is the note about sysctls
# 5.	the next daemon starts where one was killed, at the same socket and cgroup
# 6.	killed again and again while it starts: each starts, and nothing is left
# 7.	patched kernel: sysctls are set while it runs and set back at its end, also by the
#	one that comes after one that was killed; one that was on stays on
# 8.	a second daemon is refused: at the same cgroup, at the same socket, at a cgroup below
#	or above
. "$(dirname "$0")/daemon_lib.sh"

# ends SIGNAL STATUS
ends()
{
	local pid got=0 sender

	make_model "$tmp/model" reno=-1 cubic=0 && start --model "$tmp/model" || return
	flow 10.0.1.2 6 >"$tmp/cc" &
	sender=$!
	sleep 2
	is "$(cookie '.cc == "cubic"' >/dev/null && echo cubic)" cubic && ! nothing_left || return
	# ip netns exec has become the daemon
	pid=$daemon daemon=
	kill "-$1" "$pid" && { wait "$pid" 2>/dev/null || got=$?; }
	is "$got" "$2" && wait_for nothing_left || return
	if [ "$2" = 0 ]; then
		[ ! -e "$q" ] && [ ! -e "$q.sysctl" ] || return
	fi
	wait "$sender"
	is "$(cat "$tmp/cc")" cubic
}

again()
{
	start && kill -KILL "$daemon" && { wait "$daemon" || :; } 2>/dev/null
	[ -S "$q" ] && daemon='' && start && is "$(flow 10.0.1.2 1)" reno && stop && wait_for nothing_left
}

# Later and later, from before it has begun to well after it is ready.
anywhere()
{
	local i

	for ((i = 0; i < 30; i++)); do
		start_only
		sleep "0.0$((i / 10))$((i % 10))"
		kill -KILL "$daemon" || return
		{ wait "$daemon" || :; } 2>/dev/null
	done
	daemon=
	wait_for nothing_left && start && stop && wait_for nothing_left
}

sysctls()
{
	at "$A" sysctl -n net.ipv4.tcp_ack_window net.ipv4.tcp_cc_handoff 2>/dev/null | tr '\n' ' '
}

patched()
{
	at "$A" sysctl -qw net.ipv4.tcp_cc_handoff=0 2>/dev/null || return
	is "$(sysctls)" "0 0 " && start && is "$(sysctls)" "1 1 " && stop && is "$(sysctls)" "0 0 " || return
	start && kill -KILL "$daemon" && { wait "$daemon" || :; } 2>/dev/null
	daemon=
	is "$(sysctls)" "1 1 " && start && stop && is "$(sysctls)" "0 0 " || return
	at "$A" sysctl -qw net.ipv4.tcp_cc_handoff=1
	start && says "tcp_cc_handoff is on already" && stop && is "$(sysctls)" "0 1 " || return
	at "$A" sysctl -qw net.ipv4.tcp_cc_handoff=0
	start --patched no && is "$(sysctls)" "0 0 " && is "$(field .ack_windows)" false && stop
}

# second_says PATTERN OPTION...: the second one; the first must go on
second_says()
{
	local pattern=$1

	status at "$A" timeout 60 antelope run --config "$tmp/none.yaml" --cc reno "${@:2}" >"$tmp/out"
	is "$status" 1 && says "$pattern" && is "$(field .ccs[0].cc)" reno
}

second()
{
	start || return
	mkdir "$cgroup/below"
	at_exit rmdir "$cgroup/below"
	second_says "another antelope has cgroup" --cgroup "$cgroup" --control "$tmp/other" &&
		second_says "an antelope answers there" --cgroup "$tmp/cgroup2" --control "$q" &&
		second_says "has a cgroup above" --cgroup "$cgroup/below" --control "$tmp/other" &&
		second_says "has a cgroup below" --cgroup "$tmp/cgroup2" --control "$tmp/other" &&
		[ ! -e "$tmp/other" ] && stop && wait_for nothing_left
}

antelope_init
needs bpftool
ktap_set_plan 8
check "SIGTERM" ends TERM 0
check "SIGINT" ends INT 0
check "SIGKILL" ends KILL 137
check "SIGSEGV" ends SEGV 139
check "after one that was killed" again
check "killed at any moment" anywhere
if [ "$(sysctls)" ]; then
	check "sysctls" patched
else
	ktap_test_skip "sysctls: the kernel is not patched"
fi
check "a second daemon" second
ktap_finished
