#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# At the limit, the fattest flow pays, and who is above gq knows of it. The link
# is a slow tbf, alone or with htb and prio between it and gq. Expected:
#
# 1.	an elephant of 1000 packets and 20 mice of 3, limit 100: the mice lose
#	nothing, the elephant all that is too much; "evicted" counts it
# 2.	evicted are the oldest packets: the newest of the elephant arrive
# 3.	to its sender that is congestion (NET_XMIT_CN), not an error
# 4.	a flow of one packet at a limit full of such: it is not taken in, and
#	counted in limit_drops, and an error to its sender
# 5-7.	below tbf, htb, prio: after 2000 packets, of which most were evicted,
#	each parent's queue is what gq's is, in packets and in bytes
# 8-10.	and when all have left, the queue of all of them is empty
# 11.	the same when flows are in ranked bands
# 12.	always: enqueued = dequeued + evicted + queued, arrived = dequeued
. "$(dirname "$0")/gq_lib.sh"
timed

wrong=0

finish()
{
	gate_end
	conserved && ((R[packets] == S[dequeued] && R[disorder] == 0)) || wrong=$((wrong + 1))
}

# from_flow N: packets of the flow that arrived, and the number of the last
from_flow()
{
	arrivals | awk -v f="$1" '$2 == f { n++; last = $3 } END { print n + 0, last + 0 }'
}

# errors: UDP's count of packets that were refused
errors()
{
	ip netns exec "$A" nstat -asz UdpSndbufErrors | awk '/Sndbuf/ { print $2 }'
}

gq_init 12
# shellcheck disable=SC2034
before=$(errors)
gate limit 100
tx --to $V4 --first-flow 100 --flows 20 --size 200 --count 2
tx --to $V4 --first-flow 1 --count 1000
tx --to $V4 --first-flow 200 --flows 20 --size 200 --count 1
finish
# shellcheck disable=SC2034
read -r elephant last < <(from_flow 1)
# shellcheck disable=SC2034
mice=$(arrivals | awk '$2 >= 100 { n++ } END { print n }')
# The plug that tbf has looked at counts for gq's limit too.
check "the elephant pays, the mice do not" "mice == 60" "elephant == 100 - 60 - 1" \
	"S[evicted] == 1000 - elephant" "S[drops] == S[evicted]" "S[limit_drops] == 0"
check "the oldest go" "last == 999"
check "no error to its sender" "$(errors) == before"

gate limit 100
tx --to $V4 --first-flow 1 --flows 150 --size 200
finish
check "nobody is fatter" "$(errors) - before == S[limit_drops]" "S[limit_drops] > 0" "S[limit_drops] + S[evicted] == 51" "S[drops] == 51" "R[packets] == 101"

# parents: whether all qdiscs above gq have its queue. htb has taken what tbf
# looked at out of gq.
parents()
{
	tc -n "$A" -s -j qdisc show dev veth0 | jq -e '
		([.[] | select(.kind == "htb")] | length) as $held | .[] |= {kind, qlen, backlog} |
		(.[] | select(.kind == "gq")) as $gq | ($gq.qlen > 100) and
		all(.[] | select(.kind != "gq"); .qlen == $gq.qlen + $held and
			.backlog == $gq.backlog + 60042 * $held)' >/dev/null && return
	tc -n "$A" -s qdisc show dev veth0 | sed 's/^/# /'
	return 1
}

# burst: ten flows of 200 packets each, of any size, of which 120 fit; so what is
# dropped is seldom as long as what comes
burst()
{
	awk 'BEGIN {
		srand(1)
		for (i = 0; i < 2000; i++)
			print 0, i % 10, 200 + int(rand() * 1000), 0, 0, 0
	}' >"$tmp/trace"
	tx --to $V4 --flows 10 --trace "$tmp/trace"
	tx --to $V4 --first-flow 20 --flows 5 --size 500 --count 7
}

# below KIND COMMAND: gq below KIND, which COMMAND adds as 3: below a tbf
below()
{
	local kind=$1

	shift
	gate limit 120
	[ "$kind" = tbf ] || {
		rx_end
		tc -n "$A" qdisc del dev veth0 root
		tc -n "$A" qdisc add dev veth0 root handle 1: tbf rate 2mbit burst 60100 limit 100m
		"$@"
		tc -n "$A" qdisc add dev veth0 parent 3:1 handle 2: gq limit 120 flow_limit 20000
		rx_start --idle-ms 3000 --csv "$tmp/csv"
		tx --to $V4 --first-flow $PLUG --size 60000 --count 2
	}
	burst
	expect "$kind: parents know what gq holds" parents
	finish
	((S[evicted] > 1000)) || wrong=$((wrong + 1))
	rest+=("$(tc -n "$A" -s -j qdisc show dev veth0 | jq -c '[.[] | .qlen, .backlog] | unique')")
}

add_htb()
{
	tc -n "$A" qdisc add dev veth0 parent 1: handle 3: htb default 1
	tc -n "$A" class add dev veth0 parent 3: classid 3:1 htb rate 1gbit quantum 60000
}

add_prio()
{
	tc -n "$A" qdisc add dev veth0 parent 1: handle 3: prio bands 2 \
		priomap 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
}

rest=()
below tbf :
below htb add_htb
below prio add_prio
for i in 0 1 2; do
	kinds=(tbf htb prio)
	expect "${kinds[i]}: empty at the end" [ "${rest[i]}" = "[0]" ]
done

gate limit 120 bands 2 band 0 policy srpt band 1 policy stfq
burst
tx --to $V4 --first-flow 30 --flows 5 --size 500 --count 7 --priority 6
expect "ranked bands: parents know what gq holds" parents
finish
check "every packet accounted for" "wrong == 0"
ktap_finished
