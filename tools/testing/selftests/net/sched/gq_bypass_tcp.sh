#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# TCP whose packets wait for their departure times without their flow: it depends
# on order. Expected of 40 flows in each case: no segment arrives out of order, and
# most packets bypass.
#
# 1.	paced at 20 Mbit/s each
# 2.	the same in a queue behind a slow link, where many are due at once
# 3.	at rates whose stamps lie beyond the smallest wheel
# 4.	while the bypass, maxrate and the wheel change 50 times
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2086,SC2119 # see gq_lib.sh
. "$(dirname "$0")/gq_lib.sh"
timed

# tcp MS TX-OPTION...: while "changes" runs
tcp()
{
	local ms=$1

	shift
	before=$(ofo)
	stream_start --flows 40 --ms $((ms + 3000))
	ip netns exec "$A" gq_stream --to $V4 --flows 40 --ms "$ms" "$@" &
	changes
	wait $!
	rx_end
	after=$(ofo)
	stats "${selection:-.root}"
}

changes() { :; }

gq_init 4
# TCP does not pace the first ten segments.
ip -n "$A" link set veth0 mtu 1500
ip -n "$B" link set veth0 mtu 1500
gq $DEEP bypass
tcp 2000 --rate 2500000
check "TCP" "after == before" "S[bypassed] * 2 > S[enqueued]" "S[enqueued] > 2000" "S[flows] == 0"

tc -n "$A" qdisc del dev veth0 root
tc -n "$A" qdisc add dev veth0 root handle 1: tbf rate 100mbit burst 70k limit 1m
tc -n "$A" qdisc add dev veth0 parent 1: handle 2: gq $DEEP bypass
selection='.handle == "2:"' tcp 2000 --rate 2500000
check "TCP behind a slow link" "after == before" "S[bypassed] * 2 > S[enqueued]" "S[enqueued] > 500"

gq $DEEP bypass buckets 64
tcp 4000 --rate 20000
check "TCP beyond the wheel" "after == before" "S[bypassed] * 2 > S[enqueued]" "S[enqueued] > 500"

changes()
{
	for ((i = 0; i < 10; i++)); do
		for o in nobypass bypass "maxrate 80mbit" "maxrate unlimited" \
			"buckets $((64 << i)) granularity $((1024 << (i % 6)))ns"; do
			change $o
			sleep 0.03
		done
	done
}
gq $DEEP bypass
tcp 3000 --rate 2500000
check "TCP under changes" "after == before" "S[bypassed] > 200" "S[alloc_errors] == 0" \
	"R[flow_bytes_min] > 100000"
ktap_finished
