#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # what the tests use
#
# Shared by gq's tests: two private network namespaces with a veth pair, runs of
# gq_send and gq_recv over it, gq's counters, results in KTAP.
#
#   $A  192.0.2.1, 2001:db8::1  veth0 ===== veth0  192.0.2.2, 2001:db8::2  $B
#       gq is the root qdisc of veth0 here
#
# Each test lists its expectations, calls gq_init NUMBER, then one "check" or
# "expect" for each expectation, and ends with ktap_finished.
#
# NETSTEER_CLOCK=virtual says that time passes only when nothing runs, as in
# "scripts/vm --virtual-time": then the upper bounds of departure times are
# asserted to the nanosecond. Otherwise (the default, "real") the machine may be
# late as much as it likes: only "never early", order and conservation are
# asserted strictly, and that no rate is exceeded by 5 %.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$here/netns.sh"

# A clock reading takes 256 ns in virtual time, and so does nothing else. A
# packet's way from its deadline to the receiver reads less than 8 times.
readonly CLOCK_NS=2048
# Ethernet, IPv4 and UDP headers.
readonly HEADERS=42
readonly V4=192.0.2.2 V6=2001:db8::2
# gq's defaults that tests calculate with.
readonly GRANULARITY=8192 SLACK=10000

# Pacing packet by packet at any rate, and room for a burst.
readonly DEEP="limit 20000 flow_limit 20000"
readonly PACED="low_rate_threshold 100tbit"
readonly EXACT="$PACED $DEEP"
readonly LOW=12500000000000

from=
A=gqa-$$ B=gqb-$$ C=gqc-$$
declare -A R	# what gq_recv said last
declare -A S	# gq's counters, as "stats" read them last

# V: for arithmetic, "!V || ..." is asserted in virtual time only.
V=$([ "$NETSTEER_CLOCK" = virtual ] && echo 1 || echo 0)
readonly V

# timed: called first by a test that is about when packets leave, or needs a queue to
# be there at a certain time. The same test runs in the user-mode kernel, in virtual
# time.
timed()
{
	! emulated ||
		skip "departures of an emulated processor say nothing; it is tested in virtual time"
}

# Queues of each CPU, and packets as long as IP has them.
link_options=(numtxqueues 4 numrxqueues 4 mtu 65535)

gq_init()
{
	needs root ip tc jq awk nstat gq_send gq_recv gq_stream
	needs_module sch_gq GQ_MODULE
	dmesg >"$tmp/dmesg"
	settle
	add_netns "$A" "$B"
	link "$A" veth0 "$B" veth0 192.0.2 2001:db8:
	# Until the kernel has told its multicast groups twice: tests count packets.
	sleep 3
	tc -n "$A" qdisc add dev veth0 root gq 2>"$tmp/err" ||
		skip "tc cannot add gq: $(head -n 1 "$tmp/err")"
	ktap_set_plan "$1"
	ktap_print_msg "NETSTEER_CLOCK=$NETSTEER_CLOCK$(virtual ||
		echo ': asserted are never early, order, conservation, no rate above 105 %')"
}

# gq OPTION...: a fresh gq with these settings.
gq()
{
	tc -n "$A" qdisc del dev veth0 root 2>/dev/null || :
	tc -n "$A" qdisc add dev veth0 root gq "$@"
}

# stats [JQ-SELECTION]: read the counters of the root qdisc into S. Those of
# band N are bandN_NAME.
stats()
{
	local key val

	S=()
	while read -r key val; do
		S[$key]=$val
	done < <(tc -n "$A" -s -j qdisc show dev veth0 | jq -r \
		"[.[] | select(${1:-.root})][0] | (.options // {} | to_entries[] | \"opt_\(.key) \(.value)\"),
		 (to_entries[] | select(.value | type == \"number\") | \"\(.key) \(.value)\"), (.bands // [] | .[] | \"band\(.band)_\(to_entries[] | \"\(.key) \(.value)\")\"),
		 \"kind \(.kind)\"")
}

# lateness_above NS: packets that gq's own histogram has in bins from NS up
lateness_above()
{
	tc -n "$A" -s -j qdisc show dev veth0 | jq --argjson ns "$1" \
		'[.[0].lateness | to_entries[] | select(.key > 0 and pow(2; .key) >= $ns) | .value] | add'
}

# conserved: enqueued = dequeued + evicted + queued, at the last "stats".
conserved()
{
	[ "${S[enqueued]}" = $((S[dequeued] + S[evicted] + S[qlen])) ] && return
	ktap_print_msg "enqueued ${S[enqueued]} dequeued ${S[dequeued]}" \
		"evicted ${S[evicted]} queued ${S[qlen]}"
	return 1
}

# gate GQ-OPTION...: a fresh gq (2:) behind a tbf (1:) of 250 bytes/ms, so that a
# queue builds up, and a receiver that writes $tmp/csv. Two packets of flow $PLUG
# go first: the first one leaves, the second one, at which tbf has looked then,
# $GATE_NS after it. What comes meanwhile waits in gq.
readonly PLUG=60000 GATE_NS=240168000 GATED_NS=4168000
gate()
{
	[[ " $* " = *" limit "* ]] || set -- limit 20000 "$@"
	tc -n "$A" qdisc del dev veth0 root 2>/dev/null || :
	tc -n "$A" qdisc add dev veth0 root handle 1: tbf rate 2mbit burst 60100 limit 100m
	tc -n "$A" qdisc add dev veth0 parent 1: handle 2: gq flow_limit 20000 "$@"
	rx_start --idle-ms 3000 --csv "$tmp/csv"
	tx --to $V4 --first-flow $PLUG --size 60000 --count 2
}

# gate_end: wait until all have left, and read gq's counters.
gate_end()
{
	rx_end
	stats '.handle == "2:"'
}

# arrivals: the rows of $tmp/csv without plugs, split at spaces
arrivals()
{
	awk -F, -v plug=$PLUG 'NR > 1 && $2 != plug { $1 = $1; print }' "$tmp/csv"
}

# runs: flows in order of arrival, each with the number of packets in a row
runs()
{
	arrivals | awk '$2 != flow { if (n) printf "%d:%d ", flow, n; flow = $2; n = 0 }
		{ n++ } END { printf "%d:%d", flow, n }'
}

# moment [JQ-SELECTION]: the sum and the bytes of the backlog are right now, all
# packets being of LEN. moments N PAUSE [JQ-SELECTION]: so they are N times. Both
# count themselves in nr_moments.
readonly LEN=1042
nr_moments=0

moment()
{
	stats "$@"
	conserved && ((S[backlog] == S[qlen] * LEN)) && ((nr_moments += 1))
}

moments()
{
	local i

	nr_moments=0
	for ((i = 0; i < $1; i++)); do
		moment "${@:3}" || return
		sleep "$2"
	done
}

# rx_start OPTION..., stream_start OPTION...: gq_recv or gq_stream receives in B.
# rx_end: wait for it; its words are in R.
rx_start()
{
	listen gq_recv "$@"
}

stream_start()
{
	listen gq_stream "$@"
}

listen()
{
	local line

	exec {rx}< <(ip netns exec "$B" "$@")
	read -r line <&"$rx" && [ "$line" = ready ]
}

rx_end()
{
	local key val

	R=()
	while read -r key val; do
		R[$key]=$val
	done <&"$rx"
	exec {rx}<&-
}

# tx OPTION...: send from A, or from the namespace in "from".
tx()
{
	ip netns exec "${from:-$A}" gq_send "$@" >"$tmp/tx"
}

# change OPTION...: of the gq in place
change()
{
	tc -n "$A" qdisc change dev veth0 root gq "$@"
}

# ofo: segments that B's TCP got out of order
ofo()
{
	ip netns exec "$B" nstat -asz TcpExtTCPOFOQueue | awk '/OFO/ { print $2 }'
}

# What was measured last, with a check that failed.
explain()
{
	local key

	for key in "${!R[@]}"; do
		echo "# received: $key ${R[$key]}"
	done | sort
	for key in "${!S[@]}"; do
		[[ $key = opt_* ]] || echo "# gq: $key ${S[$key]}"
	done | sort
}

# check WHAT EXPRESSION...: each arithmetic expression is true.
check()
{
	local what=$1 e

	shift
	for e; do
		if ! ((e)); then
			echo "# not so: $e"
			result "$what" 1
			return
		fi
	done
	result "$what" 0
}

# expect WHAT COMMAND...: the command succeeds.
expect()
{
	local what=$1

	shift
	if "$@"; then
		result "$what" 0
	else
		result "$what" 1
	fi
}

# in_time GRANULARITY_NS [SLACK_NS]: whether the last run kept the bounds.
in_time()
{
	((R[packets] == R[wanted] && R[early_ns] == 0 && R[disorder] == 0)) || return
	! virtual || ((R[late_ns] <= $1 + ${2:-$SLACK} + CLOCK_NS))
}

# mean RATE DELAY_NS: 0.1 %. gq makes up for granularity + timer_slack and no
# more, so what a machine's timers are late beyond that is lost: there the rate
# is only not exceeded (by 5 %), and half of it reached where the packets are 5 ms
# or more apart.
mean()
{
	local is=$((R[bytes] * 1000000000 / (R[ns] + 1)))

	if virtual; then
		((is * 1000 <= $1 * 1001 && is * 1000 >= $1 * 999)) && return
	else
		((is * 20 <= $1 * 21 && ($2 < 5000000 || is * 2 >= $1))) && return
	fi
	ktap_print_msg "rate $is instead of $1 bytes/s"
	return 1
}

# quiet: the kernel has logged no warning since gq_init
quiet()
{
	! dmesg | comm -13 "$tmp/dmesg" - | grep -E 'WARNING|BUG|Oops|KASAN|possible|INFO:'
}

# wait_in_wheel: 10 flows with 20 packets each, due in 1 to 3 s
wait_in_wheel()
{
	tx --to $V4 --flows 10 --txtime mono --offset-ns 1000000000 --interval-ns 100000000 --count 20
}

# root QDISC...: another one there, as 1:. child PARENT HANDLE: gq below it.
root()
{
	tc -n "$A" qdisc del dev veth0 root
	tc -n "$A" qdisc add dev veth0 root handle 1: "$@"
}

child()
{
	# shellcheck disable=SC2086
	tc -n "$A" qdisc add dev veth0 parent "$1" handle "$2" gq $EXACT
}
