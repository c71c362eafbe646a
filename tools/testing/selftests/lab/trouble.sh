#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Is a guest's kernel in trouble ever taken for success?
#
# 1. a panic gives 125 and its lines, at once
# 2. a warning gives 125 and its lines, though the command succeeds
# 3. so do the first lines of other reports: lockdep, KASAN, UBSAN, leaks, hung
#    tasks, oopses (written to /dev/kmsg as the kernel would)
# 4. ordinary kernel messages do not
# 5. a kernel that finds no init gives 125 and says so
# 6. a guest that restarts or powers off under its command gives 125
#
# shellcheck disable=SC2016
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lab_lib.sh"
ktap_set_plan 6

panics()
{
	status vm -- sh -c 'echo c >/proc/sysrq-trigger; sleep 60' </dev/null
	is "$status" 125 && grep -q 'Kernel panic - not syncing' "$tmp/err"
}

# logs LINE: the status of a guest whose kernel logs it and whose command succeeds
logs()
{
	status vm -- sh -c 'echo "<4>$1" >/dev/kmsg' x "$1" </dev/null
}

warns()
{
	logs 'WARNING: CPU: 0 PID: 77 at net/sched/sch_gq.c:123 gq_dequeue+0x12/0x34'
	is "$status" 125 && grep -q 'sch_gq.c:123' "$tmp/err" &&
		grep -q 'own exit status was 0' "$tmp/err"
}

others()
{
	local line

	while read -r line; do
		logs "$line"
		is "$status" 125 && grep -qF "$line" "$tmp/err" || return 1
	done <<-'EOT'
		WARNING: possible circular locking dependency detected
		BUG: KASAN: slab-use-after-free in gq_dequeue+0x12/0x34
		UBSAN: array-index-out-of-bounds in net/sched/sch_gq.c:12:3
		kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)
		INFO: task tc:123 blocked for more than 120 seconds.
		general protection fault, probably for non-canonical address 0xdead
	EOT
}

ordinary()
{
	logs 'DEBUG: kmemleak: 0 new leaks, loops counted, WARNINGS off'
	is "$status" 0 && is "$(cat "$tmp/err")" ''
}

no_init()
{
	status vm --append init=/no/such/init -- true </dev/null
	is "$status" 125 && grep -q '/no/such/init' "$tmp/err"
}

ends_early()
{
	local how

	# o: power off, b: start again; a minimal system has no reboot(8)
	for how in o b; do
		status vm -- sh -c 'echo $1 >/proc/sysrq-trigger; sleep 60' x "$how" </dev/null
		is "$status" 125 && grep -q '^vm: the guest' "$tmp/err" || return 1
	done
}

check 'panic' panics
check 'warning' warns
check 'other reports' others
check 'no false alarm' ordinary
check 'no init' no_init
check 'early end' ends_early
ktap_finished
