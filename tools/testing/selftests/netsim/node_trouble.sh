#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Is a node in trouble named, and never taken for success? Each time node b of two
# has it, and node a waits for ever.
#
# 1. a panic: status 1, the node and its console's last lines
# 2. a node that spins and never lets time pass: the same after --silence
# 3. a node that switches itself off
# 4. a node whose kernel is killed from outside
# 5. a command that fails, with its number and status
# 6. a setup command that fails, with what it said
# 7. a sysctl and a module that there are not
# 8. but a command that may fail, or a node that a fault of the file crashes, is
#    no trouble
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/netsim_lib.sh"
needs jq=jq
ktap_set_plan 8

# trouble COMMAND [LINES FOR b]: COMMAND runs on b, two virtual seconds after time 0
trouble()
{
	run trouble --silence 5 <<EOT
stop: 300s
nodes:
  - name: a
    commands:
      - run: sleep 100
  - name: b
${2-}
    commands:
      - start: 2s
        run: |
          $1
links:
  - nodes: [a, b]
    latency: 5ms
EOT
}

# named PATTERN...: all of them in the errors, and node b
named()
{
	local p

	is "$status" 1 || return 1
	for p in 'node b' "$@"; do
		grep -q -- "$p" "$tmp/err" || {
			ktap_print_msg "no '$p' in the errors"
			return 1
		}
	done
	is "$(summary trouble .ok)" false
}

panic()
{
	trouble 'echo c > /proc/sysrq-trigger'
	named 'last lines of its console' 'Kernel panic - not syncing: sysrq triggered crash'
}

spin()
{
	# no system call, so no time passes
	trouble 'while :; do :; done'
	named 'last lines of its console'
}

off()
{
	trouble 'echo o > /proc/sysrq-trigger; sleep 9'
	named 'off'
}

# The process that has this run's folder among its arguments is a node's.
kill_node()
{
	local pids

	pids=$(pgrep -f "bwrap.*$tmp/trouble/nodes/b") || return 1
	# its child: the kernel, or bubblewrap's own PID 1 above it
	# shellcheck disable=SC2086
	kill -9 $pids
}

killed()
{
	trouble 'sleep 100000000' &
	wait_for kill_node || return 1
	wait $! || :
	named "$@"
}

fails()
{
	trouble 'echo oh; exit 7'
	named 'command 0' 'status 7' 'exit 7'
}

setup()
{
	trouble true '    setup: [echo so bad >&2; exit 4]'
	named "setup 'echo so bad" 'status 4: so bad'
}

missing()
{
	trouble true '    sysctls: [net.ipv4.no_such=1]'
	named "sysctl 'net.ipv4.no_such" 'no such setting' || return 1
	trouble true '    modules: [no_such]'
	named "module 'no_such'" 'not found'
}

allowed()
{
	run allowed <<'EOT'
nodes:
  - name: a
    commands:
      - run: exit 3
        may_fail: true
      - run: ping -c 3 -i 2 -W 1 b
        may_fail: true
  - name: b
    commands:
      - run: sleep 1000
links:
  - nodes: [a, b]
    latency: 5ms
faults:
  - kind: crash
    node: b
    start: 3s
EOT
	is "$status" 0 && is "$(output allowed a 1 | grep -c 'bytes from')" 2 &&
		is "$(summary allowed '[.nodes[1].crashed, .nodes[0].commands[0].status] |
			join(" ")')" 'true 3'
}

check "a panic is named, with the console's last lines" panic
check "so is a node that lets no time pass" spin
check "so is a node that switches itself off" off
check "so is a node that is killed" killed
check "so is a command that fails" fails
check "so is a setup command that fails" setup
check "so are a sysctl and a module that there are not" missing
check "a failure that the file allows is none" allowed
ktap_finished
