#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Packets leave at their flow's rate, at any rate.
#
# With low_rate_threshold above the rate, packet i of a burst that a flow gets
# at time s is due at s + i * length / rate. Otherwise the flow first has
# initial_quantum bytes free and then sends a quantum each quantum / rate, so
# after t it has sent initial_quantum + rate * t, give or take a quantum and a
# packet. gq_recv computes both for each packet. Expected:
#
# 1-10. at rates from 64 kbit/s to 10 Gbit/s with packets of 100 to 60000
#	bytes, IPv4 and IPv6, granularities from 1 us to 1 ms, where up to
#	twelve packets are due in one bucket: no packet leaves before it is due,
#	none later than granularity + timer_slack after, and the mean rate is
#	the one asked for (to 0.1 %)
# 11.	the defaults for an MTU of 1500 are quantum 3028, initial_quantum 15140
# 12.	with them the same bounds hold, and the mean is as above
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2086,SC2119 # see gq_lib.sh
. "$(dirname "$0")/gq_lib.sh"
timed

exact()
{
	in_time "$g" && mean "$rate" $((len * 1000000000 / rate))
}

# burst SIZE RATE COUNT ADDRESS GRANULARITY
burst()
{
	local size=$1 rate=$2 count=$3 to=$4 g=$5 len=$(($1 + HEADERS))

	[ "$to" = $V4 ] || len=$((len + 20))
	gq $EXACT granularity "${g}ns"
	rx_start --rate "$rate" --low-rate $LOW --count "$count"
	tx --to "$to" --rate "$rate" --size "$size" --count "$count"
	rx_end
	expect "$((rate * 8)) bit/s, $size bytes, $to, granularity $g ns" exact
}

gq_init 12
burst 100	8000		50	$V4	8192
burst 1000	68750		100	$V6	8192
burst 1000	125000		300	$V4	1024
burst 1400	1250000		300	$V6	65536
burst 1000	12500000	2000	$V4	8192
burst 1000	12500000	13000	$V4	1048576
burst 1400	125000000	4000	$V6	1024
burst 8900	125000000	2000	$V4	16384
burst 60000	125000000	300	$V6	32768
burst 60000	1250000000	1000	$V4	8192

ip -n "$A" link set veth0 mtu 1500
gq limit 20000 flow_limit 20000
stats
check "defaults" "S[opt_quantum] == 3028" "S[opt_initial_quantum] == 15140" \
	"S[opt_low_rate_threshold] == 68750"

quantum_mean()
{
	local off=$((R[bytes] - 15140 - 1250000 * R[ns] / 1000000000))

	in_time $GRANULARITY && ((off <= 3028 + 1042)) &&
		{ ! virtual || ((off >= -3028 - 1042)); }
}

rx_start --rate 1250000 --count 5000
tx --to $V4 --rate 1250000 --count 5000
rx_end
expect "quantum by quantum" quantum_mean
ktap_finished
