#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Faults on a schedule, as a file asks for them. a, b and c ping each other every
# 7 ms over links of 3 ms. Expectations, from the captures, to the ns:
#
# 1. an outage drops exactly the packets that are under way at any time of it, both
#    ways, and of no other pair
# 2. a partition does so between its sides, and not within them
# 3. a node that crashes sends nothing from that time on, and gets nothing
# 4. drops are counted by cause, and the run is a success
# 5. a crash ends the run when it was the last node with a command
# 6. the run repeats
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/netsim_lib.sh"
needs tshark=tshark jq=jq
ktap_set_plan 6

ms=1000000
faults()
{
	cat <<YAML
stop: 1200ms
nodes:
  - {name: a, commands: [{run: "ping -4qi 0.007 b & ping -4qi 0.007 c; wait", background: true}]}
  - {name: b, commands: [{run: "ping -4qi 0.007 c & ping -4qi 0.007 a; wait", background: true}]}
  - {name: c, commands: [{run: "ping -4qi 0.007 a"}]}
links: [{nodes: [a, b, c], latency: 3ms}]
faults:
  - {kind: outage, nodes: [a, b], start: 200ms, end: 300500us}
  - {kind: partition, groups: [{nodes: [a, b]}], start: 600ms, end: 700ms}
  - {kind: crash, node: b, start: 1s}
YAML
}

# echoes NODE FROM TO: "sequence time" of the requests of that pair at that node, the
# time in ns from time 0
echoes()
{
	frames faults "$1" "icmp.type == 8 && eth.src == 02:00:00:00:00:0$2 &&
		eth.dst == 02:00:00:00:00:0$3" icmp.seq frame.time_epoch |
		awk -v zero="$(summary faults .time0_ns)" '{
			split($2, t, ".")
			printf "%d %d\n", $1, t[1] * 1e9 + t[2] - zero
		}'
}

# exact SENDER FROM RECEIVER TO [START END]...: what was sent arrived 3 ms later, but for
# what was under way in one of these times, and something was in each
exact()
{
	local sender=$1 receiver=$3

	echoes "$receiver" "$2" "$4" >"$tmp/arrived"
	echoes "$sender" "$2" "$4" >"$tmp/sent"
	shift 4
	awk -v spans="$*" -v sender="$sender" -v receiver="$receiver" '
	BEGIN { n = split(spans, s, " ") }
	FNR == NR { arrived[$1] = $2; next }
	{
		hit = 0
		for (i = 1; i < n; i += 2)
			if ($2 < s[i + 1] && $2 + 3000000 > s[i]) {
				hit = 1
				used[i]++
			}
		sent++
		if (hit == ($1 in arrived) || !hit && arrived[$1] != $2 + 3000000) {
			printf "# %s to %s: %d sent at %d, arrived at %d\n", sender, receiver, $1,
				$2, arrived[$1]
			bad = 1
		}
	}
	END {
		for (i = 1; i < n; i += 2)
			bad += !used[i]
		exit bad || sent < 90
	}' "$tmp/arrived" "$tmp/sent"
}

outage()
{
	is "$status" 0 &&
		exact a 1 b 2 $((200 * ms)) 300500000 $((1000 * ms)) $((9000 * ms)) &&
		exact b 2 a 1 $((200 * ms)) 300500000 &&
		is "$(summary faults '[.paths[] | select(.fates.outage) | .from + .to] | sort | join(" ")')" \
			'ab ba'
}

partition()
{
	exact a 1 c 3 $((600 * ms)) $((700 * ms)) && exact b 2 c 3 $((600 * ms)) $((700 * ms)) &&
		exact c 3 a 1 $((600 * ms)) $((700 * ms)) &&
		is "$(summary faults '[.paths[] | select(.fates.partition) | .from + .to] | sort |
			join(" ")')" 'ac bc ca'
}

crash()
{
	local last

	last=$(frames faults b 'frame' frame.time_epoch | tail -n 1)
	is "$(summary faults '.nodes[1].crashed')" true &&
		is "$(summary faults '.nodes[1].ended_ns - .time0_ns')" $((1000 * ms)) &&
		awk -v t="$last" -v z="$(summary faults .time0_ns)" 'BEGIN { exit t * 1e9 >= z + 1e9 }'
}

counts()
{
	is "$(summary faults '[.ok, ([.paths[].fates.outage // 0] | add > 0),
		([.paths[].fates.partition // 0] | add > 0),
		([.paths[].fates.crash // 0] | add > 0), .causality] | join(" ")')" \
		'true true true true 0'
}

last_one()
{
	run last <<-YAML
		nodes:
		  - {name: a, commands: [{run: sleep 100}]}
		  - {name: b}
		links: [{nodes: [a, b], latency: 1ms}]
		faults: [{kind: crash, node: a, start: 500ms}]
	YAML
	is "$status" 0 && is "$(summary last '.nodes[0].commands[0].state')" crashed &&
		is "$(summary last '.virtual_ns - .time0_ns < 600000000')" true
}

repeats()
{
	local first

	first=$(hashes faults)
	run faults < <(faults)
	is "$(hashes faults)" "$first"
}

run faults < <(faults)
check 'outage' outage
check 'partition' partition
check 'crash' crash
check 'drops are counted' counts
check 'crash of the last node with a command' last_one
check 'the run repeats' repeats
ktap_finished
