#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # what lib.sh sets
#
# What may be missing while the daemon runs all the same. Expected:
#
# 1.	no sysctls of a patched kernel: it is as on an unpatched one, without a word
# 2.	sysctls that cannot be written: the same, with a warning; nothing is set back
# 3.	pins: a bad one is refused by a reload, which names the line, and the old ones
#	hold; a good one holds, also against the model; without it the model decides,
#	and without a model the system
# 4.	its cgroup is removed: it goes on, says what it knows, ends with status 0
. "$(dirname "$0")/daemon_lib.sh"

# start_in COMMAND: the daemon, in a mount namespace where that was done before
start_in()
{
	stop && make_model "$tmp/model" reno=-1 cubic=0 || return
	# shellcheck disable=SC2016
	ip netns exec "$A" sh -c "$1"' && shift && exec "$@"' sh "$1" antelope run --config "$tmp/none.yaml" \
		--cgroup "$cgroup" --control "$q" --cc reno,cubic --model "$tmp/model" --explore 0% --rollback 0% \
		--patched auto >"$tmp/out" 2>"$tmp/err" &
	daemon=$!
	wait_for answers && kill -0 "$daemon" 2>/dev/null
}

as_unpatched()
{
	is "$(field '[.ack_windows, .handoff]' | tr -d ' \n')" "[false,false]" &&
		is "$(flow 10.0.1.2 1)" cubic
}

sysctls()
{
	at "$A" sysctl -n net.ipv4.tcp_ack_window net.ipv4.tcp_cc_handoff 2>/dev/null | tr '\n' ' '
}

no_sysctls()
{
	start_in "mount -t tmpfs none /proc/sys/net/ipv4" && as_unpatched &&
		! grep -q "net.ipv4" "$tmp/err" && stop && [ ! -s "$q.sysctl" ]
}

read_only()
{
	local before

	before=$(sysctls)
	start_in "mount --bind -o ro /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys" &&
		says "net.ipv4.tcp_ack_window stays off: Read-only" && says "tcp_cc_handoff stays off" &&
		as_unpatched && stop && is "$(sysctls)" "$before" && [ ! -e "$q.sysctl" ]
}

# pinned PATTERN LINE: refused, and the old pin holds
pinned()
{
	write "model: $tmp/model" "$2"
	! ask reload 2>/dev/null && says "$1" && is "$(flow 10.0.1.2 1)" reno && is "$(field .pins)" 1
}

pins()
{
	make_model "$tmp/model" reno=-1 cubic=0 && write "model: $tmp/model" "learn: no" &&
		start_file && is "$(flow 10.0.1.2 1)" cubic || return
	write "model: $tmp/model" "pins: [{to: 10.0.1.0/24, cc: reno}]" && ask reload &&
		is "$(flow 10.0.1.2 1)" reno && is "$(flow 10.0.2.2 1)" cubic || return
	pinned 'conf.yaml:3: pins.0..to: "10.0.1.1/24" is no prefix' "pins: [{to: 10.0.1.1/24, cc: reno}]" &&
		pinned 'conf.yaml:3: pins.0..cc: "bbr" is not in the list' "pins: [{to: 10.0.1.0/24, cc: bbr}]" &&
		pinned "given twice" "pins: [{to: 10.0.1.0/24, to: 10.0.2.0/24, cc: reno}]" || return
	write "model: $tmp/model" "learn: no" && ask reload && is "$(flow 10.0.1.2 1)" cubic || return
	write "pins: [{to: 10.0.1.0/24, cc: cubic}]" && ask reload && is "$(flow 10.0.1.2 1)" cubic || return
	write "learn: no" && ask reload && is "$(flow 10.0.1.2 1)" reno && stop
}

removed()
{
	local pid

	mkdir "$cgroup/gone" && start --cgroup "$cgroup/gone" &&
		is "$(flow 10.0.1.2 1 - "$cgroup/gone")" reno && wait_for rmdir "$cgroup/gone" 2>/dev/null || return
	sleep 1
	is "$(field .flows_opened)" 1 && ask reload && pid=$daemon && kill -0 "$pid" && stop &&
		is "$(bpftool prog show | grep -c antelope_socko)" 0
}

antelope_init
needs bpftool
ktap_set_plan 4
if [ "$(sysctls)" ]; then
	check "no sysctls" no_sysctls
	check "sysctls that are read only" read_only
else
	ktap_test_skip "no sysctls: the kernel is not patched"
	ktap_test_skip "sysctls that are read only: the kernel is not patched"
fi
check "pins" pins
check "its cgroup is removed" removed
ktap_finished
