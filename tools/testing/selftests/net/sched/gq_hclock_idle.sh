#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # "check" reads variables by name
#
# A flow without packets saves up no reservation, also if it lost them. Two flows
# have half of a slow link reserved each (a tbf of 250 bytes/ms above gq), and the
# link is shut for 240 ms. Expected of 40 packets of each that come after 200 ms:
#
# 1.	they leave in turn: of the first 40, 20 are of either flow
# 2.	also if one of the flows had 10 packets before, which a lower limit took
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/gq_lib.sh"
timed

# turns BEFORE: packets of flow 0 among the first 40, BEFORE having been taken
turns()
{
	gate bands 1 quantum 3028 band 0 policy hclock
	tc -n "$A" qdisc change dev veth0 parent 1: handle 2: gq band 0 reservation 1mbit
	awk -v before="$1" 'BEGIN { for (i = 0; i < before; i++) print 0, 0, 958, 0, 0, 0
		for (i = 0; i < 40; i++) for (f = 0; f < 2; f++)
			print 200000000, f, 958, 0, 0, 0 }' >"$tmp/trace"
	tx --to $V4 --flows 2 --trace "$tmp/trace" &
	sleep 0.1
	tc -n "$A" qdisc change dev veth0 parent 1: handle 2: gq limit 1
	tc -n "$A" qdisc change dev veth0 parent 1: handle 2: gq limit 20000
	wait $!
	gate_end
	own=$(arrivals | awk 'NR <= 40 && $2 == 0 { n++ } END { print n }')
}

gq_init 2
turns 0
check "new flows" "own >= 19" "own <= 21" "S[evicted] == 0" "S[band0_reserved] > 20"
turns 10
check "a flow that lost its packets" "own >= 19" "own <= 21" "S[evicted] == 10"
ktap_finished
