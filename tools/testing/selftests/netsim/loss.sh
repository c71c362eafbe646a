#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Does a link lose what it says? iperf3's UDP over a link that loses 10 %.
#
# 1. as many frames do not arrive as the run counts, about a tenth
# 2. iperf3's server misses exactly those datagrams that were its own
# 3. the same seed loses the same frames
# 4. another seed loses others
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/netsim_lib.sh"
needs tshark=tshark jq=jq iperf3=iperf3
ktap_set_plan 4

lossy()
{
	run "$1" --seed "$2" --snaplen 96 <<'EOT'
nodes:
  - name: client
    commands:
      - start: 10ms
        run: iperf3 -u -b 2M -l 1000 -t 3 -J -c server > udp.json
  - name: server
    commands:
      - run: iperf3 -s
        background: true
links:
  - nodes: [client, server]
    latency: 5ms
    loss: 10%
EOT
}

# lost FILTER: frames that left the client and did not reach the server
lost()
{
	echo $(($(frames first client "eth.src == 02:00:00:00:00:01 && ($1)" | wc -l) - \
		$(frames first server "eth.src == 02:00:00:00:00:01 && ($1)" | wc -l)))
}

# fate NAME: of what the client sent
fate()
{
	summary first ".paths[] | select(.from == \"client\") | .fates.$1 // 0"
}

# at the end the server may be off before the client
counted()
{
	is "$status" 0 && is $(($(fate loss) + $(fate crash))) "$(lost frame)" &&
		between 0 "$(fate crash)" 3 &&
		# of some 770, within five standard deviations
		between 35 "$(fate loss)" 119
}

missed()
{
	is "$(jq .end.sum.lost_packets "$tmp/first/nodes/client/files/udp.json")" \
		"$(lost 'udp.dstport == 5201 && udp.length == 1008')"
}

repeats()
{
	is "$(hashes second)" "$(hashes first)"
}

differs()
{
	is "$status" 0 && [ "$(hashes other)" != "$(hashes first)" ]
}

lossy first 2
check "what does not arrive is what is counted" counted
check "iperf3 misses what was lost" missed
lossy second 2
check "the same seed loses the same" repeats
lossy other 3
check "another seed loses something else" differs
ktap_finished
