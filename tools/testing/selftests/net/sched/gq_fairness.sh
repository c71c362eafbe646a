#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Deficit round robin among flows that wait for the link: gq below a tbf of
# 10 Mbit/s. Expected:
#
# 1.	8 flows with packets of 100 to 1360 bytes, all backlogged: over any
#	interval that starts when all are, no flow gets more than
#	quantum + 2 * longest packet more than another (Shreedhar and Varghese)
# 2.	the same with a quantum of 256, smaller than most packets
# 3.	the same for sockets without a connection
# 4.	100 flows with one packet each, one after the other, beside a backlog of
#	10 flows: each leaves within 3 packet times, not a round of 10 flows
# 5.	a flow that returns after refill_delay is served like a new one
# 6.	in the link's own order the backlog is not disturbed: nothing is lost
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2086,SC2119 # see gq_lib.sh
. "$(dirname "$0")/gq_lib.sh"
timed

readonly MAX=1402	# 100 + 7 * 180 + headers
readonly PACKET_NS=1133600	# 1417 bytes at 10 Mbit/s

# below QUANTUM: a link of 10 Mbit/s, bucket two packets deep. No two sockets without a
# connection shall share a flow.
below()
{
	tc -n "$A" qdisc del dev veth0 root
	tc -n "$A" qdisc add dev veth0 root handle 1: tbf rate 10mbit burst 3028 limit 1m
	tc -n "$A" qdisc add dev veth0 parent 1: gq $DEEP quantum "$1" initial_quantum "$1" \
		orphan_mask 1048575
}

# unfairness FILE: the largest lead of one flow over another, from when all have
# sent until the first has sent all (the smallest packets: 1000 of them)
unfairness()
{
	awk -F, '
		NR == 1 { next }
		!($2 in base) { base[$2] = 0; flows++ }
		{ bytes[$2] += $6; count[$2]++ }
		flows < 8 { next }
		!started { started = 1; for (f in bytes) base[f] = bytes[f] }
		count[$2] >= 1000 { exit }
		{
			min = 1e18; max = 0
			for (f in bytes) {
				got = bytes[f] - base[f]
				if (got < min) min = got
				if (got > max) max = got
			}
			if (max - min > worst) worst = max - min
		}
		END { print started ? worst : 1e9 }' "$1"
}

# shares WHAT QUANTUM TX-OPTION...
shares()
{
	local what=$1 quantum=$2

	shift 2
	below "$quantum"
	rx_start --idle-ms 3000 --csv "$tmp/csv"
	tx --to $V4 --flows 8 --size 100 --size-step 180 --count 1000 "$@"
	rx_end
	check "$what" "R[packets] == 8000" "R[disorder] == 0" \
		"$(unfairness "$tmp/csv") <= quantum + 2 * MAX" \
		"$(unfairness "$tmp/csv") > 0"
}

# slowest FLOW: ns from the send call to arrival, the most of flows from FLOW on
slowest()
{
	awk -F, -v from="$1" 'NR > 1 && $2 >= from && $1 - $4 > most { most = $1 - $4 }
		END { printf "%.0f\n", most }' "$tmp/csv"
}

gq_init 6
ip -n "$A" link set veth0 mtu 1500
shares "quantum 3028" 3028
shares "quantum 256" 256
shares "not connected" 3028 --unconnected

below 3028
rx_start --idle-ms 3000 --csv "$tmp/csv" --count 2100
tx --to $V4 --flows 10 --size 1375 --count 200
sleep 0.2	# all of them were new once
tx --to $V4 --flows 100 --first-flow 100 --size 200 --stagger-ns 10000000
rx_end
check "100 short flows beside a backlog" "R[packets] == 2100" \
	"$(slowest 100) < (V ? 3 : 12) * PACKET_NS" \
	"$(slowest 0) > 50 * PACKET_NS"
below 3028
rx_start --idle-ms 3000 --csv "$tmp/csv" --count 2013
tx --to $V4 --flows 10 --size 1375 --count 200
sleep 0.2	# all of them were new once
tx --to $V4 --first-flow 300 --size 1000 --count 13 --gap-ns 150000000
rx_end
check "a flow that returns" "R[packets] == 2013" "$(slowest 300) < (V ? 3 : 12) * PACKET_NS"
check "nothing is lost" "R[disorder] == 0" "R[gaps] == 0"
ktap_finished
