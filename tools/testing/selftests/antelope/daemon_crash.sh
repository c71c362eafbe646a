#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # what lib.sh sets
#
# The daemon is killed at any moment of its work: it starts, reads settings again, writes
# its log, changes flows by lot in every window, obeys. Expected of each of 50 lives:
#
# 1.	no program, map or link of it is left; a flow of that life goes on to its end; one
#	that lives through all of them is as fast as before
# 2.	each log that is left can be read, whole records only, some with switches
# 3.	the next daemon starts at the same socket, cgroup and log, and chooses
# 4.	a full disk, and killed: what is there can be read
. "$(dirname "$0")/daemon_lib.sh"

readonly LIVES=50
RANDOM=7

listens()
{
	at "$B" ss -Hltn "sport = :5001" | grep -q .
}

# until something happens that is drawn by lot, or nothing
work()
{
	sleep "0.$((RANDOM % 10))$((RANDOM % 10))"
	case $((RANDOM % 4)) in
	0) kill -HUP "$daemon" ;;
	1) timeout 5 antelope reload --socket "$q" >/dev/null 2>&1 & ;;
	2) timeout 5 antelope top --once --socket "$q" >/dev/null 2>&1 & ;;
	esac
	sleep "0.0$((RANDOM % 10))"
}

# lives N: one after the other, each killed
lives()
{
	local i sender

	for ((i = 0; i < $1; i++)); do
		rm -f "$tmp"/log.[0-9]*
		start_only --log "$tmp/log.$i" --explore 50% --dwell 0s --window-time 1ms --window-rtts 1
		flow 10.0.1.2 1 >"$tmp/cc" &
		sender=$!
		work
		killed && wait_for nothing_left || return
		wait "$sender" && grep -qxE "reno|cubic" "$tmp/cc" || return
		[ ! -s "$tmp/log.$i" ] || readable "$tmp/log.$i" || return
	done
}

switched=0

# whole records, up to the last that was written
readable()
{
	antelope export "$1" --json >"$tmp/records" 2>"$tmp/err" && [ ! -s "$tmp/err" ] || return
	switched=$((switched + $(grep -c '"why":"explored"' "$tmp/records" || :)))
}

moments()
{
	tc -n "$A" qdisc replace dev v0 root netem delay 20ms rate 10mbit limit 100
	ip netns exec "$B" tcp_flow recv 5001 &
	wait_for listens || return
	(
		echo "$BASHPID" >"$cgroup/cgroup.procs"
		exec ip netns exec "$A" tcp_flow send 10.0.1.2 5001 - 90
	) >"$tmp/long" &
	long=$!
	lives "$LIVES" && ends
}

# 10 Mbit/s are 1.25 MB/s, of which it has half or all
ends()
{
	wait "$long" && between 400000 "$(sed 's/.*goodput=\([0-9]*\).*/\1/' "$tmp/long")" 1300000
}

logs()
{
	ktap_print_msg "$switched switches in the logs"
	[ "$switched" -gt 20 ]
}

next()
{
	make_model "$tmp/model" reno=-1 cubic=0 && start --model "$tmp/model" --log "$tmp/log.1" &&
		is "$(flow 10.0.1.2 1)" cubic && stop && wait_for nothing_left
}

full()
{
	mkdir "$tmp/small"
	mount -t tmpfs -o size=16k none "$tmp/small" && at_exit umount "$tmp/small" || return
	start --log "$tmp/small/log" --window-time 1ms --window-rtts 1 && flow 10.0.1.2 10 >/dev/null &&
		says "No space left" && is "$(field '.log.error | test("No space")')" true || return
	killed && wait_for nothing_left && readable "$tmp/small/log"
}

antelope_init
needs bpftool
ktap_set_plan 4
check "killed at any moment of its work" moments
check "its logs" logs
check "the next one" next
check "full disk" full
ktap_finished
