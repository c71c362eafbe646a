#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # "check" reads variables by name
#
# Bands: which one a packet is put into, and how they share a slow link (a tbf
# above gq, so that a queue builds up). Expected:
#
# 1.	strict bands: all of a lower number before all of a higher one, before
#	all weighted ones, whatever came first, and behind at most one packet
# 2.	weighted bands: bytes in proportion to their weights, to 2 %
# 3.	starve: while a strict band has packets, one of another band leaves each
#	"starve", not earlier, and at most one packet's time later
# 4-9.	a filter decides before the priority (major = handle), that before the
#	DSCP, that before the priomap; what names no band is passed over; IPv4
# 10-15. the same with IPv6
# 16.	DSCP below a VLAN tag
# 17.	a flow whose DSCP changes moves to the other band as a whole: no
#	disorder, and it does not wait behind those of its former band
# 18.	band_limit: what is over it is dropped and counted, other bands are not
#	touched
# 19.	in all of these: enqueued = dequeued + evicted + queued, and packets,
#	bytes and drops of all classes are those of the qdisc
. "$(dirname "$0")/gq_lib.sh"
timed

# shellcheck disable=SC2034 # "check" uses them
readonly EF=184 CS1=32
# SO_PRIORITY says the band
readonly BY_PRIO="bands 8 priomap 0 1 2 3 4 5 6 7 0 0 0 0 0 0 0 0"
wrong=0

# to BAND COUNT [OPTION...]: packets of the flow BAND
to()
{
	local band=$1 count=$2

	shift 2
	tx --to $V4 --first-flow "$band" --priority "$band" --count "$count" "$@"
}

# sums: of the classes, and of gq
sums()
{
	tc -n "$A" -s class show dev veth0 | awk '
		/^class/ { gq = $2 == "gq" }
		gq && /Sent/ { bytes += $2; packets += $4; sub(",", "", $7); drops += $7 }
		gq && /backlog/ { qlen += $3 }
		END { print packets, bytes, drops, qlen + 0 }'
}

finish()
{
	gate_end
	conserved || wrong=$((wrong + 1))
	classes=$(sums)
	[ "$classes" = "${S[packets]} ${S[bytes]} ${S[drops]} ${S[qlen]}" ] && return
	ktap_print_msg "classes: $classes; gq: ${S[packets]} ${S[bytes]} ${S[drops]} ${S[qlen]}"
	wrong=$((wrong + 1))
}

gq_init 19
# shellcheck disable=SC2086
gate $BY_PRIO band 0 strict band 1 strict band 5 strict
to 6 30
to 5 30
to 1 30
to 0 30
finish
expect "strict bands" [ "$(runs)" = "0:30 1:30 5:30 6:30" ]

# shellcheck disable=SC2086
gate $BY_PRIO band 2 weight 36864 band 3 weight 12288 band 4 weight 4096
to 4 600
to 3 1400
to 2 4000
finish
# All three have packets until 5200 have left.
expect "weighted bands" eval "$(arrivals | awk 'NR <= 5200 { n[$2]++ } END {
	for (i = 2; i <= 4; i++) {
		want = 5200 * (i == 2 ? 9 : i == 3 ? 3 : 1) / 13
		off = (n[i] - want) / want
		printf "# band %d: %d packets, off by %.2f %%\n", i, n[i], off * 100 >"/dev/stderr"
		bad += off > 0.02 || off < -0.02
	}
	print bad ? "false" : "true" }')"

# shellcheck disable=SC2086
gate $BY_PRIO band 0 strict band 1 starve 50ms
to 1 10
to 0 300
finish
read -r soonest latest n < <(arrivals | awk '$2 { t = $1 - (last ? last : t0)
	if (last && (!min || t < min)) min = t
	if (last && t > max) max = t
	last = $1; n++ } { t0 = $1 } END { print min + 0, max + 0, n }')
# The clock is read when a packet is chosen, which is when the one before it
# leaves.
check "starve" "n == 10" "S[band1_rescues] == 10" "S[band0_rescues] == 0" \
	"!V || soonest >= 50000000 - GATED_NS" "!V || latest <= 50000000 + GATED_NS + CLOCK_NS"

# chosen WHAT BAND OPTION...: the packets get into BAND
chosen()
{
	local what=$1 want=$2 before after

	shift 2
	stats '.handle == "2:"'
	before=${S[band${want}_packets]}
	tx --count 10 "$@"
	stats '.handle == "2:"'
	after=${S[band${want}_packets]}
	check "$what" "after - before == 10"
}

for ip in $V4 $V6; do
	tc -n "$A" qdisc del dev veth0 root
	tc -n "$A" qdisc add dev veth0 root handle 1: prio
	tc -n "$A" qdisc add dev veth0 parent 1:1 handle 2: gq bands 4 \
		priomap 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 dscpmap ef=2
	tc -n "$A" filter add dev veth0 parent 1: matchall flowid 1:1
	tc -n "$A" filter add dev veth0 parent 2: handle 5 fw flowid 2:1
	tc -n "$A" filter add dev veth0 parent 2: handle 6 fw flowid 2:9
	on="--to $ip --unconnected"
	# shellcheck disable=SC2086
	{
		chosen "$ip: priomap" 3 $on
		chosen "$ip: DSCP before priomap" 2 $on --tos $EF
		chosen "$ip: priority before DSCP" 1 $on --tos $EF --priority $((0x20002))
		chosen "$ip: filter before priority" 0 $on --tos $EF --priority $((0x20002)) --mark 5
		chosen "$ip: filter names no band" 1 $on --tos $EF --priority $((0x20002)) --mark 6
		chosen "$ip: priority of another qdisc" 3 $on --priority $((0x30002))
	}
done

tc -n "$A" qdisc del dev veth0 root
tc -n "$A" qdisc add dev veth0 root handle 2: gq dscpmap ef=2
ip -n "$A" link add link veth0 name vlan0 type vlan id 7
ip -n "$A" addr add 198.51.100.1/24 dev vlan0
ip -n "$A" link set vlan0 up
ip -n "$A" neigh replace 198.51.100.2 lladdr 02:00:00:00:00:02 dev vlan0
chosen "DSCP below a VLAN tag" 2 --to 198.51.100.2 --tos $EF
ip -n "$A" link del vlan0

# The flow 9 is first in band 2, then in band 0.
gate bands 3 priomap 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 dscpmap ef=0,cs1=2 \
	band 0 strict band 1 weight 4096 band 2 weight 4096
awk -v cs1=$CS1 -v ef=$EF 'BEGIN {
	for (i = 0; i < 50; i++) print 0, 0, 1000, 0, cs1, 0
	for (i = 0; i < 50; i++) print 0, 1, 1000, 0, 0, 0
	for (i = 0; i < 100; i++) print 0, 2, 1000, 0, cs1, 0
	for (i = 0; i < 1; i++) print 0, 0, 1000, 0, ef, 0 }' >"$tmp/trace"
tx --to $V4 --flows 3 --trace "$tmp/trace"
finish
behind=$(arrivals | awk '$2 == 0 { last = NR } END { print last - 51 }')
check "a flow moves as a whole" "R[disorder] == 0" "R[packets] == 203" "behind <= 8"

# shellcheck disable=SC2086
gate $BY_PRIO band 2 band_limit 10
to 2 50
to 1 50
stats '.handle == "2:"'
held=${S[band2_qlen]} others=${S[band1_qlen]} bytes=${S[band2_backlog]}
finish
check "band_limit" "held == 10" "bytes == 10 * LEN" "others == 50" "S[band_limit_drops] == 40" \
	"S[band2_drops] == 40" "S[band1_drops] == 0" "S[drops] == 40" "R[packets] == 62"

check "every packet accounted for, by bands and by classes" "wrong == 0"
ktap_finished
