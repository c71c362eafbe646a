#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154 # what lib.sh sets
#
# antelope.service under systemd, which is the first process of namespaces of its own, and
# has nothing else to do: its other services would clear /tmp and set sysctls. In the lab
# only, all the same.
# Expected:
#
# 1.	started: systemd is told when it is ready; it answers, is not root, and has the three
#	capabilities and no other
# 2.	reload: settings are read again by the same process
# 3.	killed: it is started again, and answers
# 4.	stopped: nothing is left in the kernel, and sysctls are as before
. "$(dirname "$0")/lib.sh"

first=

# in_it COMMAND...: where systemd is the first process
in_it()
{
	nsenter -t "$first" -m -p -C -- "$@"
}

begin()
{
	cat >"$tmp/begin" <<-BEGIN
		mount -t tmpfs run /run
		mount -t tmpfs tmp /tmp && mount -t tmpfs var /var
		mkdir -p /run/systemd/system/antelope.service.d
		printf '[Unit]\nDefaultDependencies=no\n' >/run/systemd/system/antelope.service.d/alone.conf
		printf '[Unit]\nDefaultDependencies=no\n' >/run/systemd/system/test.target
		mount -t cgroup2 cgroup /sys/fs/cgroup || :
		export container=lxc
		exec /lib/systemd/systemd --system --unit=test.target --show-status=0 --log-target=null
	BEGIN
	unshare --pid --fork --mount --mount-proc --cgroup --ipc --uts sh "$tmp/begin" >/dev/null 2>&1 &
	unshare=$!
	wait_for runs
}

runs()
{
	first=$(pgrep -P "$unshare") && is_systemd && in_it systemctl is-system-running >/dev/null 2>&1
}

is_systemd()
{
	[ "$(cat "/proc/$first/comm" 2>/dev/null)" = systemd ]
}

end_it()
{
	kill -KILL "$first"
}

property()
{
	in_it systemctl show -P "$1" antelope.service
}

answers()
{
	in_it antelope status --json 2>"$tmp/err" >"$tmp/status"
}

sysctls()
{
	sysctl -n net.ipv4.tcp_ack_window net.ipv4.tcp_cc_handoff 2>/dev/null | tr '\n' ' '
}

starts()
{
	local pid

	before=$(sysctls)
	in_it systemctl start antelope.service && is "$(property ActiveState)" active && answers || return
	pid=$(property MainPID)
	# CAP_NET_ADMIN 12, CAP_PERFMON 38, CAP_BPF 39
	# shellcheck disable=SC2016 # of awk
	in_it awk '$1 == "Uid:" && $2 != 0 && $3 != 0 { user++ }
		$1 ~ /^Cap(Prm|Eff|Bnd):/ && $2 == "000000c000001000" { caps++ }
		END { exit user != 1 || caps != 3 }' "/proc/$pid/status"
}

reloads()
{
	local pid

	pid=$(property MainPID)
	in_it systemctl reload antelope.service && wait_for reloaded && is "$(property MainPID)" "$pid"
}

reloaded()
{
	answers && [ "$(jq .reloads "$tmp/status")" = 1 ]
}

again()
{
	local pid

	pid=$(property MainPID)
	in_it kill -KILL "$pid" && wait_for restarted && [ "$(property MainPID)" != "$pid" ] &&
		wait_for answers && is "$(jq .reloads "$tmp/status")" 0
}

restarted()
{
	[ "$(property NRestarts)" = 1 ] && [ "$(property ActiveState)" = active ]
}

stops()
{
	in_it systemctl stop antelope.service && is "$(property ActiveState)" inactive &&
		is "$(property Result)" success && wait_for nothing_left && is "$(sysctls)" "$before"
}

nothing_left()
{
	[ "$(bpftool prog show | grep -c antelope_socko)" = 0 ]
}

virtual || skip "in the lab in virtual time only: it runs a systemd"
needs root antelope jq bpftool pgrep nsenter unshare systemctl=systemd
[ -x /lib/systemd/systemd ] || skip "no systemd here"
[ -r /usr/lib/systemd/system/antelope.service ] || skip "antelope.service is not installed"
[ "$(cat /proc/1/comm)" != systemd ] || skip "not beside the systemd of a machine"
begin || skip "systemd does not run in namespaces here"
at_exit end_it
ktap_set_plan 4
check "started" starts
check "reload" reloads
check "killed" again
check "stopped" stops
end_it
ktap_finished
