#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034,SC1091 # what the tests use; its own folder's files
#
# Shared by gqctl's tests of delays. The link carries 10 Mbit/s; 8 TCP flows
# fill it; the flow of interest sends 1 kB every 5 ms, which is more than its
# fair share, so that without a rank it waits as long as the others do. Numbers
# are one-way delays in us.
#
# With a rank a packet waits for at most a burst of 3 kB, 2.4 ms, and takes
# 0.9 ms itself.
. "$(dirname "${BASH_SOURCE[0]}")/gqctl_lib.sh"

readonly COUNT=300 SIZE=1000 GAP_US=5000 PORT=7000
readonly LIMIT="rate 10mbit burst 3k latency 30s"

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

# better KEY: below a tenth, and below 3.5 ms where the clock allows to say so
better()
{
	((P[$1] > 0 && P[$1] * 10 < W[$1])) && { ! virtual || ((P[$1] < 3500)); }
}

all_better()
{
	better p50 && better p99 && ((P[got] == COUNT))
}

rank()
{
	local ns=$1

	shift
	at "$ns" gqctl rank add "$@" --dscp EF --band 0 --strict
}

load_init()
{
	gqctl_init tc iperf3 ss awk gqctl_probe
	! emulated ||
		skip "delays of an emulated processor say nothing; it is tested in virtual time"
	needs_module sch_gq GQ_MODULE
	ktap_set_plan "$1"
	settle
}
