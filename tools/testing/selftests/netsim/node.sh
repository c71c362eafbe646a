#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Does PID 1 of a node do what the file says, and when?
#
#  1. commands start at their times, counted from time 0, together when at the same
#  2. each ends with its own status, output of both streams in order
#  3. sysctls, modules, qdisc and setup are there before the first command
#  4. the stop time ends what still runs, to the us, and is no failure
#  5. a background command ends with the run; a stubborn one is killed
#  6. what commands leave in /out comes to the run's folder, with its folders
#  7. a node changes nothing on the host, although it sees its files
#  8. a name that is no node's is not found, at once
#  9. interfaces have the addresses of the file, of two segments, in any order
# 10. what a command leaves running may still print when it has ended
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/netsim_lib.sh"
needs jq=jq ip=iproute2
ktap_set_plan 10

readonly MARK=/var/tmp/netsim-node-$$

run node <<EOT
stop: 5s
epoch: 2030-01-01T00:00:00Z
nodes:
  - name: a
    modules: [sch_gq]
    qdisc: gq
    sysctls: [net.ipv4.tcp_congestion_control=bbr]
    setup: [echo "set up" > /run/setup]
    commands:
      - {run: date -u +%FT%T.%N, start: 1500ms}
      - {run: date -u +%FT%T.%N, start: 1500ms}
      - {run: echo out; echo err >&2; exit 3, may_fail: true}
      - run: sysctl -n net.ipv4.tcp_congestion_control; tc qdisc show dev eth0; cat /run/setup
      - run: sleep 100
      - {run: "trap '' TERM; while :; do sleep 1; done", background: true}
      - run: mkdir -p deep/er; seq 30000 > deep/er/numbers; pwd > where; ln -s /etc/passwd link
      - run: touch $MARK /usr/$$; ls $MARK; head -c 1 $(realpath "$0") > /dev/null && echo sees the host
      - run: getent hosts nobody; echo \$?; cat /proc/uptime
        may_fail: true
      - run: cd /sys/class/net; ip -br addr show scope global; hostname
      - run: (sleep 1; echo later) & echo now
  - name: b
  - name: c
links:
  - nodes: [b, a]
    latency: 1ms
  - nodes: [a, c]
    latency: 1ms
EOT

started()
{
	local c

	is "$status" 0 || return 1
	for c in 0 1; do
		# within what starting two programs reads of the clock
		is "$(output node a $c | cut -c1-23)" 2030-01-01T00:00:02.500 || return 1
	done
}

ended()
{
	is "$(output node a 2)" $'out\nerr' &&
		is "$(summary node '.nodes[0].commands[2] | [.state, .status] | join(" ")')" \
			'exit 3'
}

prepared()
{
	is "$(output node a 3 | sed -n 1p)" bbr &&
		is "$(output node a 3 | sed -n 2p | cut -d' ' -f2)" gq &&
		is "$(output node a 3 | sed -n '$p')" 'set up'
}

# ended NUMBER: virtual ns from time 0
ended_ns()
{
	summary node ".nodes[0].commands[$1].ended_ns - .time0_ns"
}

stop_time()
{
	is "$(summary node '.nodes[0].commands[4].state')" stopped &&
		between 5000000000 "$(ended_ns 4)" 5000050000
}

stubborn()
{
	# TERM, a second of grace, KILL
	is "$(summary node '.nodes[0].commands[5].state')" stopped &&
		between 6000000000 "$(ended_ns 5)" 6000050000
}

files()
{
	local dir=$tmp/node/nodes/a/files

	is "$(cat "$dir/where")" /out && is "$(seq 30000 | cksum)" \
		"$(cksum <"$dir/deep/er/numbers")" && [ ! -e "$dir/link" ]
}

host_safe()
{
	is "$(output node a 7)" "$MARK"$'\n''sees the host' && [ ! -e "$MARK" ] && [ ! -e "/usr/$$" ]
}

unknown()
{
	is "$(output node a 8 | sed -n 1p)" 2 &&
		between 0.9 "$(output node a 8 | sed -n '2s/ .*//p')" 1.1
}

addresses()
{
	is "$(output node a 9 | awk '{ print $1, $3, $4 }')" \
	   $'eth0 10.0.0.1/24 fd00::1/64\neth1 10.1.0.1/24 fd00:1::1/64\na  '
}

speaks_on()
{
	is "$(output node a 10)" $'now\nlater' && between 0 "$(ended_ns 10)" 900000000
}

check "commands start at their times" started
check "each has its status and both streams" ended
check "the node is prepared before that" prepared
check "the stop time ends what runs, and is no failure" stop_time
check "a stubborn background command is killed" stubborn
check "files come from /out" files
check "nothing comes to the host, which is seen" host_safe
check "an unknown name is not found, at once" unknown
check "interfaces have the addresses of the file" addresses
check "what a command leaves may still print" speaks_on
ktap_finished
