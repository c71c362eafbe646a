#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What ranking does for the delay of a flow under a saturating load. The link
# carries 10 Mbit/s; 8 TCP flows fill it; the flow of interest sends 1 kB every
# 5 ms, which is more than its fair share, so that without a rank it waits as
# long as the others do. Numbers are one-way delays in us. Expected:
#
# 1.	out, IPv4: with a rank, the median falls below a quarter, and below 3 ms
# 2.	and so does the 99th percentile; nothing is lost
# 3.	the bulk flows still get most of the link
# 4.	out, IPv6, by the same rule: as 1 and 2
# 5.	the rule has counted the packets, and no others
# 6.	in, through a router that ranks what comes in: as 1 and 2
# 7.	in, through an intake and its ifb: as 1 and 2
# 8.	with a rate of a tenth of what it sends, the flow gains nothing
# 9.	after rank flush, the delay is as before the rank
. "$(dirname "$0")/gqctl_lib.sh"

readonly COUNT=300 SIZE=1000 GAP_US=5000 PORT=7000
readonly LIMIT="rate 10mbit burst 6k latency 30s"

declare -A P	# got, p50, p99, bulk of the last "delay"

# shape NS DEV: a gq behind a bottleneck.
shape()
{
	# shellcheck disable=SC2086
	tc -n "$1" qdisc replace dev "$2" root handle 1: tbf $LIMIT &&
		tc -n "$1" qdisc add dev "$2" parent 1:1 handle 2: gq
}

listening()
{
	[ -n "$(at "$to" ss -Htln "sport = :5201")" ]
}

bulk_up()
{
	at "$to" ss -Htn state established "sport = :5201" | awk '{ n++ } END { exit n < 8 }'
}

probe_up()
{
	[ -n "$(at "$to" ss -Hun state unconnected "sport = :$PORT")" ]
}

# delay ADDRESS WHAT: of the probe under load, from $A to $to
delay()
{
	local to=${to:-$B} server client probe

	at "$to" timeout 60 iperf3 -s -1 >/dev/null 2>&1 &
	server=$!
	wait_for listening || ktap_print_msg "iperf3 does not listen"
	at "$A" timeout 60 iperf3 -c "$1" -P 8 -t 5 -J >"$tmp/iperf" 2>&1 &
	client=$!
	wait_for bulk_up || ktap_print_msg "the load does not start"
	sleep 1
	at "$to" gqctl_probe recv $PORT $COUNT >"$tmp/probe" &
	probe=$!
	wait_for probe_up || ktap_print_msg "the probe does not listen"
	at "$A" gqctl_probe send "$1" $PORT $COUNT $SIZE $GAP_US || :
	wait $probe || :
	wait $client || :
	wait $server || :
	read -r "P[got]" "P[p50]" "P[p99]" <"$tmp/probe" || :
	P[bulk]=$(jq '.end.sum_received.bits_per_second // 0 | floor' "$tmp/iperf")
	ktap_print_msg "$2: p50 ${P[p50]} us, p99 ${P[p99]} us, ${P[got]} of $COUNT, bulk ${P[bulk]} bit/s"
}

declare -A W	# the same without a rank

remember()
{
	local k

	for k in "${!P[@]}"; do
		W[$k]=${P[$k]}
	done
}

# better KEY: below a quarter, and below 3 ms where the clock allows to say so
better()
{
	((P[$1] > 0 && P[$1] * 4 < W[$1])) && { ! virtual || ((P[$1] < 3000)); }
}

all_better()
{
	better p50 && better p99 && ((P[got] == COUNT))
}

bulk_runs()
{
	((P[bulk] > 7000000))
}

counted()
{
	[ "$(at "$A" gqctl rank list --json | jq ".[0].packets")" = $((2 * COUNT)) ]
}

no_gain()
{
	((P[p50] * 2 > W[p50]))
}

rank()
{
	local ns=$1

	shift
	at "$ns" gqctl rank add "$@" --dscp EF --band 0 --strict
}

gqctl_init 9 tc iperf3 ss awk gqctl_probe
gq_load || skip "sch_gq is not to be had: install it, or set GQ_MODULE=FILE"
while [ "$(cut -d. -f1 /proc/uptime)" = 0 ]; do
	sleep 0.1
done
link "$A" veth0 "$B" veth0 192.0.2 2001:db8:
shape "$A" veth0 || skip "tc cannot add gq below tbf"

delay 192.0.2.2 "out, IPv4, not ranked"
remember
rank "$A" --out --proto udp --dport $PORT
delay 192.0.2.2 "out, IPv4, ranked"
check "out, IPv4: the median" better p50
check "out, IPv4: the 99th percentile" all_better
check "out: the bulk flows go on" bulk_runs
delay 2001:db8::2 "out, IPv6, ranked"
check "out, IPv6" all_better
check "out: the rule has counted" counted
at "$A" gqctl rank flush

tc -n "$A" qdisc del dev veth0 root
link "$A" veth1 "$R" veth1 198.51.100 2001:db8:1:
link "$R" veth2 "$B" veth2 203.0.113 2001:db8:2:
at "$R" sysctl -qw net.ipv4.ip_forward=1
ip -n "$A" route add 203.0.113.0/24 via 198.51.100.2
ip -n "$B" route add 198.51.100.0/24 via 203.0.113.1
shape "$R" veth2
delay 203.0.113.2 "in, router, not ranked"
remember
rank "$R" --in --proto udp --dport $PORT --dev veth1
delay 203.0.113.2 "in, router, ranked"
check "in, by a router" all_better
at "$R" gqctl rank flush

ip -n "$R" link add ifb0 type ifb
ip -n "$R" link set ifb0 up
shape "$R" ifb0
if at "$R" gqctl intake add --dev veth1 --ifb ifb0 2>"$tmp/err"; then
	to=$R delay 198.51.100.2 "in, intake, not ranked"
	remember
	rank "$R" --in --proto udp --dport $PORT
	to=$R delay 198.51.100.2 "in, intake, ranked"
	check "in, by an intake" all_better
	at "$R" gqctl rank flush
	at "$R" gqctl intake del --dev veth1
else
	ktap_test_skip "in, by an intake: $(head -n 1 "$tmp/err")"
fi

shape "$A" veth0
delay 192.0.2.2 "out, not ranked again"
remember
rank "$A" --out --proto udp --dport $PORT --rate 80kbit
delay 192.0.2.2 "out, a tenth ranked"
check "out: above its rate a flow is not ranked" no_gain
at "$A" gqctl rank flush
delay 192.0.2.2 "out, after flush"
check "out: after flush as before" no_gain
ktap_finished
