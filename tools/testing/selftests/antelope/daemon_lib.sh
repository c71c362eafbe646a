#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034,SC2154 # what the tests use, and what lib.sh sets
#
# Shared by the tests of antelope's daemon: two hosts, 20 ms there and back at
# 50 Mbit/s, flows from the first one's cgroup to the second, and the daemon in the
# first, with a control socket of its own.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$here/netns.sh"

A=antelopea-$$ B=antelopeb-$$
readonly PORT=5000
daemon=
q=$tmp/control

antelope_init()
{
	needs root ip tc jq antelope tcp_flow make_model
	[ -r /sys/kernel/btf/vmlinux ] || skip "the kernel has no BTF"
	mkdir "$tmp/cgroup2"
	mount -t cgroup2 none "$tmp/cgroup2" 2>"$tmp/err" || skip "no cgroup2: $(cat "$tmp/err")"
	at_exit umount "$tmp/cgroup2"
	cgroup=$tmp/cgroup2/antelope-$$
	mkdir "$cgroup"
	at_exit rmdir "$cgroup"
	add_netns "$A" "$B"
	link "$A" v0 "$B" v0 10.0.1 fd00:1:
	# a queue of packets, not of buffers of 64 KiB
	ip -n "$A" link set v0 gso_max_segs 1
	ip -n "$A" addr add 10.0.2.1/24 dev v0
	ip -n "$B" addr add 10.0.2.2/24 dev v0 && neighbours "$A" v0 "$B" v0 10.0.2.2
	tc -n "$A" qdisc replace dev v0 root netem delay 20ms rate 50mbit limit 200 2>"$tmp/err" ||
		skip "no netem: $(cat "$tmp/err")"
	at "$A" sysctl -qw net.ipv4.tcp_congestion_control=reno
	ip netns exec "$B" tcp_flow recv $PORT &
}

# start [OPTION...]: the daemon, until it answers; its settings to $tmp/out, its
# messages to $tmp/err
start_only()
{
	ip netns exec "$A" antelope run --config "$tmp/none.yaml" --cgroup "$cgroup" \
		--control "$q" --cc reno,cubic --window-time 50ms --window-calm 0ms --dwell 100ms \
		--dwell-windows 0 --rollback 0% --trial-rtts 0 \
		"$@" >"$tmp/out" 2>"$tmp/err" &
	daemon=$!
}

start()
{
	stop || return
	start_only "$@"
	wait_for answers && kill -0 "$daemon" 2>/dev/null
}

answers()
{
	antelope status --socket "$q" >/dev/null 2>&1 || ! kill -0 "$daemon" 2>/dev/null
}

stop()
{
	[ -n "$daemon" ] || return 0
	kill -TERM "$daemon" 2>/dev/null || :
	set -- "$daemon"
	daemon=
	wait "$1"
}

ask()
{
	antelope "$1" --socket "$q" "${@:2}"
}

# of a check that failed
explain()
{
	grep -v "net.ipv4\|CONFIG_BPF_EVENTS" "$tmp/err" | sed "s/^/#   /"
	ask status 2>/dev/null | sed "s/^/#   /"
	ask top --once 2>/dev/null | sed "s/^/#   /"
}

# field FILTER: of status
field()
{
	ask status --json | jq -r "$1"
}

# flow ADDRESS SECONDS [CC [CGROUP]]: what it ran with to the end
flow()
{
	(
		echo "$BASHPID" >"${4:-$cgroup}/cgroup.procs"
		exec ip netns exec "$A" tcp_flow send "$1" $PORT "${3:--}" "$2"
	) | sed 's/.*cc=//'
}

# cookie FILTER: of a flow that lives
cookie()
{
	ask top --json | jq -re "[.[] | select($1)][0].cookie"
}

has_flow()
{
	cookie true >/dev/null 2>&1
}

# the flows are closed, and what they have led to is known
quiet()
{
	[ "$(field .flows)" = 0 ]
}

says()
{
	grep -q -- "$1" "$tmp/err" && return
	ktap_print_msg "no \"$1\" in the messages"
	return 1
}

# refused STATUS PATTERN OPTION...: what a daemon that does not start says
refused()
{
	status timeout 60 antelope run --config "$tmp/none.yaml" --cgroup "$cgroup" --control "$q" \
		--cc reno "${@:3}" >"$tmp/out"
	is "$status" "$1" && says "$2" && [ ! -e "$q" ] &&
		is "$(bpftool prog show | grep -c antelope_socko)" 0
}

# write LINE...: a settings file; each flow is for itself
write()
{
	printf '%s\n' "cc: [reno, cubic]" "$@" "window_calm: 0ms" "trial_rtts: 0" >"$tmp/conf.yaml"
}

# start_file: the daemon by that file, without the options of start(), which would win
start_file()
{
	stop || return
	ip netns exec "$A" antelope run --config "$tmp/conf.yaml" --cgroup "$cgroup" --control "$q" \
		--explore 0% --rollback 0% >"$tmp/out" 2>"$tmp/err" &
	daemon=$!
	wait_for answers && kill -0 "$daemon" 2>/dev/null
}

digest()
{
	field .model.digest
}

# What is in the kernel of ours: whatever the test has loaded besides has other names.
left()
{
	bpftool prog show | grep -c antelope_socko || :
	bpftool map show | grep -cE 'name (forests|records|flows|prior|override|counters|antelope)' || :
	bpftool -j cgroup show "$cgroup" | jq -s "add // [] | length"
}

nothing_left()
{
	[ "$(left | tr '\n' ' ')" = "0 0 0 " ]
}

# killed: the daemon is, by SIGKILL, and is gone
killed()
{
	set -- "$daemon"
	daemon=
	kill -KILL "$1" && { wait "$1" || :; } 2>/dev/null
}
echo "cc: [reno, cubic]" >"$tmp/none.yaml"
