#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Are delays what the file says, to the ns? Two user-mode nodes, pings both ways,
# a link with a different latency in each direction.
#
# 1. every frame arrives its latency after it was sent, not a ns more or less
# 2. the round trip that ping sees is the sum, over IPv4 and over IPv6
# 3. frames of ping answer at once: computing takes no virtual time
# 4. nodes know each other by name
# 5. nothing came too early or too late
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/netsim_lib.sh"
needs tshark=tshark jq=jq ping=iputils-ping
ktap_set_plan 5

readonly THERE_NS=12345678 BACK_NS=34567891

run pair <<EOT
seed: 3
nodes:
  - name: near
    commands:
      - run: ping -4 -n -c 5 -i 0.2 far
      - run: ping -6 -n -c 5 -i 0.2 far
        start: 2s
      - run: getent hosts far
  - name: far
links:
  - nodes: [near, far]
    latency: ${THERE_NS}ns
    paths:
      - from: far
        to: near
        latency: ${BACK_NS}ns
EOT

# delays FROM TO FILTER: difference in ns between both captures, for each frame
delays()
{
	paste <(frames pair "$1" "$3" frame.time_epoch) <(frames pair "$2" "$3" frame.time_epoch) |
		awk '{
			split($1, s, "."); split($2, r, ".")
			printf "%d\n", (r[1] - s[1]) * 1000000000 + r[2] - s[2]
		}' | sort | uniq -c | awk '{ print $1, $2 }'
}

latencies()
{
	is "$status" 0 &&
		is "$(delays near far 'icmp.type == 8 || icmpv6.type == 128')" "10 $THERE_NS" &&
		is "$(delays far near 'icmp.type == 0 || icmpv6.type == 129')" "10 $BACK_NS"
}

# what ping prints has three digits less, and a clock of 256 ns
round_trips()
{
	local c

	for c in 0 1; do
		is "$(output pair near $c | grep -c 'bytes from .* time=46\.9 ms')" 4 &&
			is "$(output pair near $c | sed -n 's/^rtt min.*= \([0-9.]*\).*/\1/p')" \
			   46.913 || return 1
	done
}

answers_at_once()
{
	local there back

	there=$(frames pair far 'icmp.type == 8 || icmpv6.type == 128' frame.time_epoch)
	back=$(frames pair far 'icmp.type == 0 || icmpv6.type == 129' frame.time_epoch)
	[ -n "$there" ] && is "$back" "$there"
}

names()
{
	is "$(output pair near 2 | awk '{ print $2 }')" far
}

exact()
{
	is "$(summary pair '[.causality, .late_frames] | join(" ")')" '0 0'
}

check "frames arrive their latency after they were sent, to the ns" latencies
check "ping sees the sum of both directions" round_trips
check "a node answers in no virtual time" answers_at_once
check "nodes have names" names
check "nothing was early or late" exact
ktap_finished
