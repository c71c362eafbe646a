#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The rates of the qdisc and of its bands. 2000 packets of 1042 bytes each, all
# sent at once. Expected:
#
# 1.	they leave at the qdisc's rate, in order
# 2.	with a granularity of 1 ms too, where a bucket holds many
# 3.	of 10 flows each gets its share
# 4.	they leave at the rate of their band
# 5.	packets of another band are not held back by it
# 6.	the lower of the band's and the qdisc's rate counts
# 7.	a strict band does not starve others of what it does not use
# 8.	a flow paced below the rate is paced as if there were none
# 9.	a rate that is lifted holds nothing back for longer than a second
# 10.	timers: at most one for each packet, and all packets are accounted for
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2086,SC2119 # see gq_lib.sh
. "$(dirname "$0")/gq_lib.sh"
timed

readonly RATE=1250000	# bytes/s, 10 Mbit/s

# send WHAT GQ-OPTIONS TX-OPTION...: 2000 packets from as many as flows as asked
send()
{
	gq $DEEP $1
	shift
	rx_start --count 2000
	tx --to $V4 "$@"
	rx_end
}

# others COUNT OPTION...: packets that nobody measures
others()
{
	local count=$1

	shift
	ip netns exec "$B" gq_recv --port 9999 --count "$count" >"$tmp/others" &
	until grep -q ready "$tmp/others"; do
		sleep 0.01
	done
	ip netns exec "$A" gq_send --to $V4 --port 9999 --count "$count" "$@" >"$tmp/tx"
}

at_rate()
{
	((R[packets] == 2000 && R[disorder] == 0)) && mean $RATE 833600
}

gq_init 10
send "rate 10mbit" --count 2000
expect "the qdisc's rate" at_rate
send "rate 10mbit granularity 1ms" --count 2000
expect "the qdisc's rate, coarse" at_rate
send "rate 10mbit" --flows 10 --count 200
fair()
{
	at_rate && ((R[flows] == 10 && R[flow_bytes_min] == 208400))
}
expect "shares of 10 flows" fair
send "bands 2 priomap 1 1 1 1 1 1 0 1 1 1 1 1 1 1 1 1 band 1 band_rate 10mbit" --count 2000
expect "a band's rate" at_rate

gq $DEEP bands 2 priomap 1 1 1 1 1 1 0 1 1 1 1 1 1 1 1 1 band 1 band_rate 1mbit
others 1000
rx_start --count 300
tx --to $V4 --priority 6 --count 300
rx_end
check "another band" "R[packets] == 300" "R[disorder] == 0" "R[ns] < (V ? 1000000 : 500000000)"

send "rate 10mbit band 2 band_rate 1gbit" --count 2000
mean $RATE 833600 && slow_all=1 || slow_all=0
send "rate 1gbit bands 1 band 0 band_rate 10mbit" --count 2000
mean $RATE 833600 && slow_band=1 || slow_band=0
check "the lower of two" "slow_all == 1" "slow_band == 1"

# Band 0 is strict, held to a fifth of the rate; band 1 takes what is left.
gq $DEEP rate 10mbit bands 2 priomap 1 1 1 1 1 1 0 1 1 1 1 1 1 1 1 1 \
	band 0 strict band_rate 2mbit band 1 wrr
rx_start --count 2000
others 500 --priority 6
tx --to $V4 --count 2000
rx_end
# 500 packets at 2 Mbit/s take 2.08 s, in which 2000 of the others leave at 8.
check "what strict leaves" "R[packets] == 2000" \
	"R[bytes] * 1000 / (R[ns] / 1000000) > 900000" \
	"R[bytes] * 1000 / (R[ns] / 1000000) < 1100000"

gq $EXACT rate 10mbit
rx_start --rate 125000 --low-rate $LOW --count 300
tx --to $V4 --rate 125000 --count 300
rx_end
expect "a paced flow" in_time $GRANULARITY

gq $DEEP rate 8bit
rx_start --count 200
tx --to $V4 --count 200
change rate unlimited
rx_end
check "a lifted rate" "R[packets] == 200" "R[ns] < (V ? 1100000000 : 3000000000)"

gq $DEEP rate 10mbit
rx_start --count 2000
tx --to $V4 --count 2000
rx_end
stats
check "timers and conservation" "S[shaped] > 1900" "S[timer_arms] <= S[dequeued] + 1" \
	"S[enqueued] == S[dequeued]" "S[qlen] == 0" "S[backlog] == 0"
ktap_finished
