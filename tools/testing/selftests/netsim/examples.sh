#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Do the examples show what their first lines promise?
#
# 1. pair: round trips of 20.000 ms after a first one of 40.000 ms, IPv4 and IPv6
# 2. dumbbell: all four flows run, each through its gq and with its own congestion
#    control; together they get what headers leave of the bottleneck; vegas the
#    least
# 3. dumbbell: the bottleneck carried as much as its rate allows and no more, and
#    its queue never held more than it may
# 4. bracha9: every node delivers all messages, the same ones
# 5. bracha9: a node's own messages take what follows from the matrix for three
#    steps and their quorums, within 50 us
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/netsim_lib.sh"
needs iperf3=iperf3 jq=jq ping=iputils-ping
ktap_set_plan 5

readonly EXAMPLES=$TOP/tools/netsim/examples
readonly MATRIX=$EXAMPLES/delays_9x9_aws.txt
readonly RATE_BPS=20000000 QUEUE_BYTES=120000

example()
{
	status=0
	"$NETSIM" run -q --out "$tmp/$1" "$EXAMPLES/$1.yaml" >"$tmp/out" 2>"$tmp/err" ||
		status=$?
}

pair()
{
	local c

	is "$status" 0 || return 1
	for c in 0 1; do
		is "$(output pair a $c | grep -o 'time=.*' | tr '\n' ' ')" \
		   'time=40.0 ms time=20.0 ms time=20.0 ms ' &&
			output pair a $c | grep -q '^rtt min/.* = 20\.000/' || return 1
	done
}

# file NODE NAME: what a sender left
file()
{
	echo "$tmp/dumbbell/nodes/$1/files/$2"
}

dumbbell()
{
	local cc sum=0 least=$RATE_BPS vegas rate

	is "$status" 0 || return 1
	for cc in cubic bbr vegas illinois; do
		rate=$(jq '.end.sum_received.bits_per_second | floor' "$(file $cc iperf.json)")
		is "$(jq -r '.end.sender_tcp_congestion' "$(file $cc iperf.json)")" "$cc" &&
			is "$(jq -r '.[0].kind' "$(file $cc qdisc.json)")" gq &&
			jq -e -n --slurpfile i "$(file $cc iperf.json)" \
			   --slurpfile q "$(file $cc qdisc.json)" \
			   '$q[0][0].bytes >= $i[0].end.sum_received.bytes' >"$tmp/out" || return 1
		sum=$((sum + rate))
		[ "$rate" -ge "$least" ] || least=$rate
		[ "$cc" != vegas ] || vegas=$rate
	done
	# 1448 of 1514 bytes are data
	between $((RATE_BPS * 1448 * 95 / 151400)) "$sum" $((RATE_BPS * 1448 / 1514)) &&
		is "$least" "$vegas"
}

bottleneck()
{
	local path='.paths[] | select(.segment == "bottleneck" and .from == "left")'
	local start end bytes

	read -r start end bytes < <(frames dumbbell right 'ip.src == 10.0.0.0/24' \
		frame.time_epoch frame.len |
		awk 'NR == 1 { s = $1 } { e = $1; n += $2 } END { printf "%.9f %.9f %d\n", s, e, n }')
	between $((QUEUE_BYTES * 9 / 10)) "$(summary dumbbell "$path | .queue_max_bytes")" \
		$QUEUE_BYTES &&
		between 0.95 "$(awk "BEGIN { print $bytes * 8 / ($end - $start) / $RATE_BPS }")" \
			1.0005
}

bracha()
{
	local report

	is "$status" 0 || return 1
	report=$(cat "$tmp"/bracha9/nodes/n?/0.out | grep '^{' |
		jq -r '[.delivered, .complete, .not_counted.forged, .digest] | join(" ")' |
		sort | uniq -c)
	is "${report% *}" "      9 450 true 0"
}

# Row r, column c of the matrix: to r from c. A step waits for the q-th of nine.
analysis()
{
	awk -v id="$1" '
	{ for (c = 1; c <= NF; c++) d[NR, c] = NR == c ? 0 : $c }
	function nth(a, q,	i, j, t) {
		for (i = 1; i <= n; i++)
			for (j = i + 1; j <= n; j++)
				if (a[j] < a[i]) { t = a[i]; a[i] = a[j]; a[j] = t }
		return a[q]
	}
	END {
		n = NR; f = int((n - 1) / 3); me = id + 1
		for (k = 1; k <= n; k++) {
			for (j = 1; j <= n; j++)
				a[j] = d[j, me] + d[k, j]
			ready[k] = nth(a, int((n + f + 2) / 2))
		}
		# f + 1 that are ready make others so
		for (round = 0; round < n; round++)
			for (k = 1; k <= n; k++) {
				for (j = 1; j <= n; j++)
					a[j] = ready[j] + d[k, j]
				t = nth(a, f + 1)
				if (t < ready[k])
					ready[k] = t
			}
		for (j = 1; j <= n; j++)
			a[j] = ready[j] + d[me, j]
		print nth(a, 2 * f + 1)
	}' "$MATRIX"
}

latency()
{
	local id ms

	for id in 0 1 2 3 4 5 6 7 8; do
		ms=$(analysis $id)
		between "$ms" "$(output bracha9 n$id 0 | grep '^{' | jq .latency_ms.min)" "$ms.05" &&
			between "$ms" "$(output bracha9 n$id 0 | grep '^{' | jq .latency_ms.max)" \
				"$ms.05" || return 1
	done
}

example pair
check "pair: 20.000 ms, and 40.000 ms for the first" pair
example dumbbell
check "dumbbell: four flows share the bottleneck, each through gq" dumbbell
check "dumbbell: the bottleneck is as fast, and its queue as long, as it may" bottleneck
example bracha9
check "bracha9: every node delivers all messages" bracha
check "bracha9: latency is what the matrix gives for three steps" latency
ktap_finished
