#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A flow whose DSCP changes leaves its old band at once, also one that is not
# served: 50 packets of it wait in the last band, behind a strict one that has
# 200, when it gets one for the first band. Expected:
#
# 1.	all 51 leave before the 200, in their order
# 2.	likewise when the strict band has a ranking policy, and the last one, too
# 3.	and when other flows are listed before and behind it; these stay
# 4.	and when 300 are before it, more than are gone through; the place that it
#	leaves there does no harm when it is come to, or the qdisc is reset
# shellcheck source-path=SCRIPTDIR disable=SC2034,SC2086,SC2119 # see gq_lib.sh
. "$(dirname "$0")/gq_lib.sh"
timed

readonly EF=184 CS1=32
readonly BANDS="bands 3 priomap 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 dscpmap ef=0,cs1=2"
readonly STRICT="band 0 strict band 1 strict"

# trace FLOWS: of the last band, of which 0 moves
trace()
{
	awk -v n="$1" -v cs1=$CS1 -v ef=$EF 'BEGIN {
		for (i = 0; i < 200; i++) print 0, 9, 1000, 0, 0, 0
		for (f = 1; f < n; f += 2) print 0, f, 1000, 0, cs1, 0
		for (i = 0; i < 50; i++) print 0, 0, 1000, 0, cs1, 0
		for (f = 2; f < n; f += 2) print 0, f, 1000, 0, cs1, 0
		print 0, 0, 1000, 0, ef, 0 }' >"$tmp/trace"
	tx --to $V4 --flows 10 --trace "$tmp/trace"
	gate_end
	ends
}

# Of flow 0 the last arrival, of the other flows of its band the first.
ends()
{
	last=$(arrivals | awk '$2 == 0 { n = NR } END { print n }')
	first=$(arrivals | awk '$2 > 0 && $2 < 9 { print NR; exit }')
}

gq_init 4
gate $BANDS $STRICT
trace 1
check "a flow leaves a band that is not served" "last == 51" "R[disorder] == 0" "R[packets] == 253"
gate $BANDS band 0 strict band 1 strict policy edt band 2 policy srpt
trace 1
check "ranked bands" "last == 51" "R[disorder] == 0" "R[packets] == 253"
gate $BANDS $STRICT
trace 8
check "among others" "last == 51" "first == 252" "R[disorder] == 0" "R[packets] == 260"

# Flows 1 to 300 and then flow 0, of 2 packets each, in the last band.
far()
{
	gate $BANDS $STRICT
	awk -v cs1=$CS1 -v ef=$EF 'BEGIN {
		for (i = 0; i < 200; i++) print 0, 309, 1000, 0, 0, 0
		for (i = 0; i < 2; i++) for (f = 1; f <= 301; f++) print 0, f % 301, 1000, 0, cs1, 0
		print 0, 0, 1000, 0, ef, 0; print 0, 0, 1000, 0, cs1, 0; print 0, 0, 1000, 0, ef, 0
		}' >"$tmp/trace"
	tx --to $V4 --flows 310 --trace "$tmp/trace"
}

far
tc -n "$A" qdisc del dev veth0 root
rx_end
far
gate_end
last=$(arrivals | awk '$2 == 0 { n = NR } END { print n }')
first=$(arrivals | awk '$2 > 0 && $2 < 309 { print NR; exit }')
check "behind many" "last == 5" "first == 206" "R[disorder] == 0" "R[packets] == 807" "S[qlen] == 0" \
	"$(quiet && echo 1 || echo 0)"
ktap_finished
