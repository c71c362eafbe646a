#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# gq ends at every bad moment: 200 packets of 10 flows wait in the wheel. After
# each end a gq paces as ever. Expected, when it is
#
# 1.	replaced by pfifo: the device goes on
# 2.	deleted
# 3.	on a device that goes down and up: the queue is empty, all counters 0
# 4.	in a namespace that is deleted
# 5.	below a parent that is deleted
# 6.	the one that a failed "add" (limit 0) would replace: it stays
# 7.	the kernel has logged no warning in all this
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2086,SC2119 # see gq_lib.sh
. "$(dirname "$0")/gq_lib.sh"

# works: a packet gets through at once, and a flow is paced
works()
{
	rx_start --rate 125000 --low-rate $LOW --count 30
	tx --to $V4 --rate 125000 --count 30
	rx_end
	in_time $GRANULARITY
}

queued()
{
	stats
	((S[qlen] >= 190 && S[throttled_flows] == 10)) || ktap_print_msg "nothing waits"
}

gq_init 7
gq $EXACT
wait_in_wheel
queued
tc -n "$A" qdisc replace dev veth0 root pfifo
sleep 3
rx_start --count 10
tx --to $V4 --count 10
rx_end
check "replaced" "R[packets] == 10"

gq $EXACT
wait_in_wheel
queued
tc -n "$A" qdisc del dev veth0 root
sleep 3
gq $EXACT
expect "deleted" works

gq $EXACT
wait_in_wheel
queued
ip -n "$A" link set veth0 down
stats
down=$((S[qlen] + S[backlog] + S[enqueued] + S[flows] + S[throttled_flows]))
ip -n "$A" link set veth0 up
ip -n "$A" -6 addr replace 2001:db8::1/64 dev veth0 nodad
neighbours "$A" veth0 "$B" veth0 192.0.2.2
sleep 3
up_again()
{
	((down == 0)) && works && stats && conserved && ((S[dequeued] >= 30))
}
expect "down and up" up_again

add_netns "$C"
ip -n "$C" link add d0 type dummy
ip -n "$C" addr add 192.0.2.1/24 dev d0
ip -n "$C" link set d0 up
tc -n "$C" qdisc add dev d0 root gq $EXACT
ip -n "$C" neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev d0
from=$C
wait_in_wheel
from=
waiting=$(tc -n "$C" -s -j qdisc show dev d0 | jq '.[0].qlen')
ip netns del "$C"
sleep 3
check "namespace deleted" "waiting >= 190"

root htb default 1
tc -n "$A" class add dev veth0 parent 1: classid 1:1 htb rate 10gbit quantum 60000
child 1:1 2:
wait_in_wheel
stats '.handle == "2:"'
waiting=${S[qlen]}
tc -n "$A" qdisc del dev veth0 root
sleep 3
gq $EXACT
works_after()
{
	((waiting >= 190)) && works
}
expect "parent deleted" works_after

refused()
{
	! tc -n "$A" qdisc replace dev veth0 root handle 7: gq limit 0 2>/dev/null && works
}
expect "a failed add" refused
tc -n "$A" qdisc del dev veth0 root
expect "no warning" quiet
ktap_finished
