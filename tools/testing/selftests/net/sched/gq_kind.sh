#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The qdisc that "tc qdisc show" lists is the one that carries the packets. (A
# qdisc whose dump fails is left out of the listing; its users believe that
# another one is at work, and measure that.) Expected:
#
# 1.	the root of the device is listed once, with the kind gq
# 2.	so it is with -j, and with each option shown
# 3.	gq's enqueued and dequeued grow by exactly the packets that the device
#	sends, and its bytes by the same as the device's
# 4.	it paces: 50 packets at 1 Mbit/s take what they must
# 5.	without it the same sender is not paced
# 6.	after "replace" by another kind, that one is listed alone, and gq is gone
# 7.	the module cannot be unloaded while a gq exists
# 8.	and can be afterwards, and loaded again
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2086,SC2119 # see gq_lib.sh
. "$(dirname "$0")/gq_lib.sh"

listed()
{
	[ "$(tc -n "$A" qdisc show dev veth0 | awk '{ print $2 }')" = "$1" ]
}

listed_json()
{
	tc -n "$A" -j qdisc show dev veth0 | jq -e 'length == 1 and .[0].kind == "gq"
		and .[0].root and (.[0].options | length == 22)' >/dev/null
}

# device: packets and bytes that it has sent
device()
{
	ip -n "$A" -s -j link show veth0 |
		jq -r '.[0].stats64.tx | "\(.packets) \(.bytes)"'
}

counted()
{
	local packets bytes packets0 bytes0 enqueued dequeued sent

	read -r packets0 bytes0 < <(device)
	stats
	enqueued=${S[enqueued]} dequeued=${S[dequeued]} sent=${S[bytes]}
	rx_start --count 200
	tx --to $V4 --count 100
	tx --to $V6 --count 100 --rate 1000000
	rx_end
	read -r packets bytes < <(device)
	stats
	((R[packets] == 200 && packets - packets0 >= 200 &&
	  S[enqueued] - enqueued == packets - packets0 &&
	  S[dequeued] - dequeued == packets - packets0 &&
	  S[bytes] - sent == bytes - bytes0))
}

burst()
{
	rx_start --count 50
	tx --to $V4 --rate 125000 --count 50
	rx_end
}

unload_refused()
{
	! rmmod sch_gq 2>/dev/null && [ -d /sys/module/sch_gq ]
}

unload_and_load()
{
	rmmod sch_gq && [ ! -d /sys/module/sch_gq ] &&
		load_module sch_gq "${GQ_MODULE:-}" &&
		tc -n "$A" qdisc replace dev veth0 root gq && listed gq
}

gq_init 8
expect "listed as gq" listed gq
expect "listed as gq in JSON" listed_json
expect "counters and device agree" counted
gq $EXACT
burst
check "paced" "R[packets] == 50" "R[ns] >= 49 * 8336000 - CLOCK_NS"
tc -n "$A" qdisc del dev veth0 root
burst
check "not paced without it" "R[packets] == 50" "R[ns] < 49 * 8336000 / 2"
gq
tc -n "$A" qdisc replace dev veth0 root pfifo
expect "replaced: another kind is listed" listed pfifo
gq
if [ "$loaded" ]; then
	expect "not unloaded while in use" unload_refused
	tc -n "$A" qdisc del dev veth0 root
	expect "unloaded when unused, loaded again" unload_and_load
else
	ktap_test_skip "not unloaded while in use"
	ktap_test_skip "unloading: it was loaded before the test"
fi
ktap_finished
