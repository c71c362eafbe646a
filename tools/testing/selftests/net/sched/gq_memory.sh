#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What gq takes of the kernel's memory, by the pages that are free before and
# after. Expected:
#
# 1.	a flow, of 40000 with departure times, all it is found and sorted by
#	included: at most 128 bytes. gq_bench.ko makes the flows and fetches all their
#	packets again: none is missing, none is early
#	(In a kernel with KASAN at most 1024: it puts redzones and traces around each.)
# 2.	gq without flows: at most 512 KiB a queue
# 3.	with "buckets 1024", for small machines: at most 64 KiB
# shellcheck source-path=SCRIPTDIR disable=SC2034 # see gq_lib.sh
. "$(dirname "$0")/gq_lib.sh"
timed

readonly FLOWS=40000
# So many that what the page allocator keeps for itself is less than 8 KB of each.
readonly QUEUES=512
readonly DEV=gqm$$

free_bytes()
{
	awk '$1 == "MemFree:" { print $2 * 1024 }' /proc/meminfo
}

# per_flow: bytes of a flow, packets missing and early, into bytes, missing, early
per_flow()
{
	local csv=$debugfs/gq_bench/results.csv

	ip link add "$DEV" type dummy
	at_exit ip link del "$DEV"
	sysctl -qw "net.ipv6.conf.$DEV.disable_ipv6=1"
	ip link set "$DEV" up
	tc qdisc add dev "$DEV" root gq limit 10000000 flow_limit 1000
	modprobe gq_bench devs="gq:$DEV" trace=paced flows=$FLOWS rounds=1
	at_exit rmmod gq_bench
	read -r bytes missing early < <(awk -F, -v flows=$FLOWS '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		{ print int($at["flow_bytes"] / flows), $at["missing"], $at["early"] }' "$csv")
}

# per_queue GQ-OPTION...: bytes of a gq without flows, into bytes
per_queue()
{
	local before i

	for ((i = 0; i < QUEUES; i++)); do
		echo "qdisc replace dev d$i root gq $*"
	done >"$tmp/batch"
	before=$(free_bytes)
	tc -n "$A" -batch "$tmp/batch"
	bytes=$(((before - $(free_bytes)) / QUEUES))
	for ((i = 0; i < QUEUES; i++)); do
		echo "qdisc del dev d$i root"
	done | tc -n "$A" -batch -
}

gq_init 3
[ "$(awk '$1 == "MemFree:" { print $2 }' /proc/meminfo)" -gt 300000 ] ||
	skip "less than 300 MB are free; give the guest more: scripts/vm --mem 512M"
debugfs=/sys/kernel/debug
if ! mountpoint -q $debugfs; then
	debugfs=$tmp/debug
	mkdir "$debugfs"
	mount -t debugfs none "$debugfs"
	at_exit umount "$debugfs"
fi

if modprobe -nq gq_bench; then
	per_flow
	ktap_print_msg "a flow: $bytes bytes"
	[ -e "$debugfs/kmemleak" ] && most=1024 || most=128
	check "a flow" "bytes > 64" "bytes <= most" "missing == 0" "early == 0"
else
	ktap_test_skip "a flow: no module gq_bench"
fi

for ((i = 0; i < QUEUES; i++)); do
	echo "link add d$i up type dummy"
done | ip -n "$A" -batch -
per_queue buckets 1024
ktap_print_msg "with buckets 1024: $bytes bytes"
small=$bytes
per_queue
ktap_print_msg "a gq: $bytes bytes"
check "gq without flows" "bytes > 270000" "bytes <= 512 * 1024"
check "gq of a small machine" "small > 4096" "small <= 64 * 1024"
ktap_finished
