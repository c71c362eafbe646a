#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ce_threshold marks packets that waited too long for the link, below a tbf of
# 10 Mbit/s. The time that pacing or a departure time holds a packet back is no
# such wait. Expected:
#
# 1.	each ECT packet that waited more than the threshold is marked
# 2.	and none that waited less; the count of marks is the count received
# 3.	IPv6 likewise
# 4.	packets that are not ECT are never marked
# 5.	without a threshold none is marked
# 6.	a paced flow that has the link for itself is not marked
# 7.	nor are packets that wait for their departure time
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2086,SC2119 # see gq_lib.sh
. "$(dirname "$0")/gq_lib.sh"
timed

# A packet has waited for gq when tbf peeks at it; it then still waits for its
# turn in tbf, for as long as the packet before it takes.
readonly PACKET_NS=1133600 THRESHOLD=20000000

below()
{
	tc -n "$A" qdisc del dev veth0 root
	tc -n "$A" qdisc add dev veth0 root handle 1: tbf rate 10mbit burst 3028 limit 1m
	tc -n "$A" qdisc add dev veth0 parent 1: handle 2: gq $DEEP "$@"
}

# run TX-OPTION...: 200 packets, 0.23 s of the link
run()
{
	rx_start --count 200 --csv "$tmp/csv"
	tx --count 200 "$@"
	rx_end
	stats "$which"
	[ "${R[packets]}" = 200 ]
}

# ce MARKED MIN_NS MAX_NS: packets so (not) marked that waited as long
ce()
{
	awk -F, -v ce="$1" -v min="$2" -v max="$3" 'NR > 1 && $7 == ce &&
		$1 - $4 > min && $1 - $4 < max { n++ } END { print n + 0 }' "$tmp/csv"
}

readonly BULK="--size 1375"
which='.handle == "2:"'
gq_init 7
ip -n "$A" link set veth0 mtu 1500
below ce_threshold 20ms
run --to $V4 --ecn $BULK
check "marked above the threshold" "!V || $(ce 0 $((THRESHOLD + 2 * PACKET_NS)) 999999999999) == 0" \
	"$(ce 1 $((THRESHOLD + 2 * PACKET_NS)) 999999999999) > (V ? 150 : 20)"
check "only above the threshold" "$(ce 1 0 $THRESHOLD) == 0" "$(ce 0 0 $THRESHOLD) > 10 || !V" \
	"S[ce_marks] == R[ce]"
run --to $V6 --ecn $BULK
check "IPv6" "!V || $(ce 0 $((THRESHOLD + 2 * PACKET_NS)) 999999999999) == 0" "$(ce 1 0 $THRESHOLD) == 0" \
	"R[ce] > (V ? 150 : 20)"
marks=${S[ce_marks]}
run --to $V4 $BULK
check "not ECT" "R[ce] == 0" "S[ce_marks] == $marks" "R[late_ns] > THRESHOLD"
below
run --to $V4 --ecn $BULK
check "no threshold" "R[ce] == 0" "S[ce_marks] == 0" "R[late_ns] > THRESHOLD"
which=.root
gq $EXACT ce_threshold "$(virtual && echo 100us || echo 500ms)"
run --to $V4 --ecn --rate 125000
check "paced alone" "R[ce] == 0" "S[ce_marks] == 0" "R[ns] > 1000000000"
run --to $V4 --ecn --txtime mono --offset-ns 200000000 --interval-ns 1000000
check "departure times" "R[ce] == 0" "S[ce_marks] == 0" "R[early_ns] == 0"
ktap_finished
