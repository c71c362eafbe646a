#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Is TCP over a modelled link as fast as the link, with every congestion control
# that the kernel has, with gq on the sender? One iperf3 after the other over
# 4 Mbit/s and 20 ms of round trip; every second one over IPv6.
#
# 1. the kernel offers at least nine congestion controls
# 2. each gets at least 90 % of the data rate of the link, and none gets more, by a
#    thousandth: iperf3 rounds its intervals
# 3. data leaves the link at its rate: no two frames closer than their length
# 4. gq was the qdisc, carried all of it and paced some of it
# 5. the sum of losses that the sender sees is what the link's queue dropped
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/netsim_lib.sh"
needs tshark=tshark jq=jq iperf3=iperf3
ktap_set_plan 5

readonly RATE_BPS=4000000 SECONDS_EACH=2

run tcp --snaplen 96 <<EOT
seed: 5
nodes:
  - name: client
    modules: [sch_gq]
    qdisc: gq
    commands:
      - start: 10ms
        run: |
          v=4
          for cc in \$(cat /proc/sys/net/ipv4/tcp_available_congestion_control); do
            iperf3 -\$v -J -C \$cc -c server -t $SECONDS_EACH -O 1 > \$cc.json || exit
            v=\$((10 - v))
          done
          tc -s -j qdisc show dev eth0 > qdisc
  - name: server
    commands:
      - run: iperf3 -s
        background: true
links:
  - nodes: [client, server]
    latency: 10ms
    rate: 4Mbit
    queue: 20KiB
EOT

files=$tmp/tcp/nodes/client/files

many()
{
	is "$status" 0 && between 9 "$(find "$files" -name '*.json' | wc -l)" 99
}

# Over IPv4, 1448 of 1514 bytes are data, over IPv6, 1428.
rates()
{
	local f rate bad=0

	for f in "$files"/*.json; do
		rate=$(jq '.end.sum_received.bits_per_second | floor' "$f")
		ktap_print_msg "$(basename "$f" .json): $rate bit/s"
		between $((RATE_BPS * 1428 * 90 / 151400)) "$rate" \
			$((RATE_BPS * 1448 * 1001 / 1514000)) || bad=1
	done
	return "$bad"
}

spaced()
{
	frames tcp server 'tcp.dstport == 5201' frame.time_epoch frame.len |
		awk -v rate=$RATE_BPS '
		# from the end of one frame to the end of the next
		NR > 1 && $1 - last < $2 * 8 / rate - 2e-9 { bad++ }
		{ last = $1; n++ }
		END {
			if (bad)
				print "# " bad " of " n " frames came too early"
			exit bad || n < 5000
		}'
}

through_gq()
{
	is "$(jq -r '.[0].kind' "$files/qdisc")" gq &&
		jq -e -n --slurpfile q "$files/qdisc" \
			--argjson sent "$(jq -s 'map(.end.sum_received.bytes) | add' "$files"/*.json)" \
			'$q[0][0] | .bytes > $sent and .throttled > 0 and .timer_fires > 0' \
			>"$tmp/out"
}

# frames of data that left and did not arrive
lost()
{
	local left arrived

	left=$(frames tcp client 'tcp.dstport == 5201' | wc -l)
	arrived=$(frames tcp server 'tcp.dstport == 5201' | wc -l)
	is "$(summary tcp '.paths[] | select(.from == "client") | .fates.queue')" \
		$((left - arrived)) && [ $((left - arrived)) -gt 0 ]
}

check "the kernel has at least nine congestion controls" many
check "each fills the link, none gets more than it has" rates
check "frames leave the link at its rate" spaced
check "gq carried and paced them" through_gq
check "what did not arrive is what the queue dropped" lost
ktap_finished
