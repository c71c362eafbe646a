#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# gq in every place that a qdisc can have. Each is taken away while flows wait in
# the wheel. Expected:
#
# 1-3.	below htb, prio and netem: paces, orders and counts as at the root
# 4.	below mq, one for each of 4 queues: so does each
# 5.	as net.core.default_qdisc: mq's children are gq
# 6.	the kernel has logged no warning in all this
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2086,SC2119 # see gq_lib.sh
. "$(dirname "$0")/gq_lib.sh"

# below PARENT-HANDLE GQ-HANDLE: the last run was paced and counted by that gq
counted()
{
	stats ".handle == \"$1\""
	conserved && mean 125000 8336000 && in_time $GRANULARITY &&
		((S[qlen] == 0 && S[dequeued] >= 200))
}

# paced_below WHAT GQ-HANDLE
paced_below()
{
	rx_start --rate 125000 --low-rate $LOW --count 200
	tx --to $V4 --rate 125000 --count 200
	rx_end
	expect "$1" counted "$2"
}

gq_init 6
root htb default 1
tc -n "$A" class add dev veth0 parent 1: classid 1:1 htb rate 10gbit quantum 60000
child 1:1 2:
paced_below "below htb" 2:
wait_in_wheel
root prio
child 1:1 2:
child 1:2 3:
child 1:3 4:
paced_below "below prio" 3:
wait_in_wheel
root netem delay 1us
child 1: 2:
rx_start --count 100
tx --to $V4 --count 100
rx_end
stats '.handle == "2:"'
check "below netem" "R[packets] == 100" "S[enqueued] >= 100" "S[qlen] == 0"

root mq
for i in 1 2 3 4; do
	child "1:$i" "1$i:"
done
rx_start --rate 125000 --low-rate $LOW --count 2000
tx --to $V4 --rate 125000 --count 100 --flows 20
rx_end
each_queue()
{
	local i sum=0 used=0

	for i in 1 2 3 4; do
		stats ".handle == \"1$i:\""
		conserved || return
		((sum += S[dequeued], used += S[dequeued] > 0)) || :
	done
	in_time $GRANULARITY && ((sum >= 2000 && used >= 1))
}
expect "below mq" each_queue
wait_in_wheel

# The setting is one of the first namespace.
default=$(sysctl -n net.core.default_qdisc)
default_children()
{
	sysctl -qw net.core.default_qdisc=gq || return
	ip -n "$A" link add d0 numtxqueues 4 type dummy
	ip -n "$A" link set d0 up
	tc -n "$A" qdisc add dev d0 root mq
	tc -n "$A" -j qdisc show dev d0 | jq -e 'map(.kind) == ["mq", "gq", "gq", "gq", "gq"]' >"$tmp/x"
}
expect "default_qdisc" default_children
sysctl -qw "net.core.default_qdisc=$default"
ip -n "$A" link del d0 2>/dev/null || :
expect "no warning" quiet
ktap_finished
