#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Departure times that the sender asks for (SO_TXTIME). Expected:
#
# 1-4.	stamps of CLOCK_MONOTONIC and CLOCK_TAI, IPv4 and IPv6: no packet leaves
#	before its stamp, none later than granularity + timer_slack after
# 5.	stamps of CLOCK_TAI are counted as converted
# 6.	stamps in the past leave at once
# 7.	the same bounds with 100 flows and two buckets of jitter
# 8.	stamps that go back in time keep the flow's order, and none is early
# 9.	packets beyond the horizon are dropped and counted
# 10.	with horizon_cap they leave at the horizon, counted
# 11.	beyond the wheel (5 s with one of 268 ms, and with the smallest) they
#	go round it, and leave as exactly as all others
# 12.	the lateness that gq itself reports has the same bounds
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2086,SC2119 # see gq_lib.sh
. "$(dirname "$0")/gq_lib.sh"
timed

# at_stamp WHAT COUNT TX-OPTION...
at_stamp()
{
	local what=$1

	stamped "$@"
	expect "$what" in_time $GRANULARITY
}

stamped()
{
	rx_start --count "$2" --idle-ms 9000
	shift 2
	tx "$@"
	rx_end
}

gq_init 12
gq $DEEP
tai=
! virtual || tai="--set-tai 37"
readonly MS=1000000
at_stamp "monotonic" 500 --to $V4 --txtime mono --offset-ns $MS --interval-ns 777777 --count 500
at_stamp "monotonic, IPv6" 500 --to $V6 --txtime mono --offset-ns $MS --interval-ns 12345 --count 500
stats
before=${S[clocks_converted]}
at_stamp "tai" 500 --to $V4 --txtime tai --offset-ns $MS --interval-ns 777777 --count 500 $tai
at_stamp "tai, IPv6" 500 --to $V6 --txtime tai --offset-ns $MS --interval-ns 12345 --count 500
stats
check "conversions are counted" "S[clocks_converted] - before == 1000" "before == 0"

stamped past 100 --to $V4 --txtime mono --offset-ns 0 --interval-ns 1 --count 100
check "in the past" "R[packets] == 100" "R[disorder] == 0" "!V || R[ns] < MS"

at_stamp "100 flows with jitter" 2000 --to $V4 --txtime mono --flows 100 --offset-ns $((20 * MS)) \
	--interval-ns 500000 --pattern 0,16384,1,8192,8193,-8191,4096 --count 20

stamped back 200 --to $V4 --txtime mono --offset-ns $((50 * MS)) --interval-ns 100000 \
	--pattern 0,-3000000,5000000,none,-20000000 --count 200
check "stamps that go back" "R[packets] == 200" "R[disorder] == 0" "R[early_ns] == 0"

# Stamps at 0.5, 0.9, 1.3 .. 3.3 s: those above 2 s are beyond.
gq horizon 2s
stamped drop 4 --to $V4 --txtime mono --offset-ns $((500 * MS)) --interval-ns $((400 * MS)) --count 8
stats
check "horizon_drop" "R[packets] == 4" "S[horizon_drops] == 4" "S[drops] == 4" \
	"R[early_ns] == 0" "R[gaps] == 0"

gq horizon 2s horizon_cap
stamped cap 8 --to $V4 --txtime mono --offset-ns $((500 * MS)) --interval-ns $((400 * MS)) --count 8
stats
check "horizon_cap" "R[packets] == 8" "S[horizon_caps] == 4" "R[ns] >= 1500 * MS - 8 * CLOCK_NS" \
	"!V || R[ns] <= 1500 * MS + GRANULARITY + SLACK + CLOCK_NS"

# round GQ-OPTIONS: 20 packets 5 to 6 s ahead
round()
{
	gq $1
	stamped round 20 --to $V4 --txtime mono --offset-ns $((5000 * MS)) --interval-ns $((50 * MS)) --count 20
	stats
	in_time $GRANULARITY && ((S[reinserts] >= 18))
}

both_rounds()
{
	round "" && round "buckets 64"
}
expect "beyond the wheel" both_rounds

gq $DEEP
stamped own 500 --to $V4 --txtime mono --offset-ns $MS --interval-ns 777777 --count 500
above=$(lateness_above 0) beyond=$(lateness_above 32768)
check "gq's own lateness" "V ? above == 500 : above > 0" "!V || beyond == 0"
ktap_finished
