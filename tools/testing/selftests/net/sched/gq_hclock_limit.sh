#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034 # "check" reads variables by name
#
# Limits of the policy hclock, and its settings. Expected:
#
# 1-2.	a flow with a limit on an idle link: no packet is early, none is later than
#	the wheel and the timer may be; also with nopacing
# 3.	ten flows: each at its limit, all in the wheel meanwhile, none in the
#	fast path
# 4.	the band's limit, where marks say nothing, and a multiple of it; one that is
#	lower than the reservation counts
# 5.	settings, policy and queue changed while packets wait: nothing is lost
# 6.	all packets arrived in order of their flows, and are counted
. "$(dirname "$0")/gq_lib.sh"
timed

wrong=0

# units OPTION...: a gate, then the band's options; what shuts the gate has none.
units()
{
	gate bands 1 quantum 3028 band 0 policy hclock
	tc -n "$A" qdisc change dev veth0 parent 1: handle 2: gq band 0 "$@"
}

counted()
{
	gate_end
	conserved && ((R[disorder] == 0 && S[qlen] == 0 && S[drops] == 0)) &&
		((R[packets] == $1 && S[fastpath] == 0)) || wrong=$((wrong + 1))
}

gq_init 6
for pacing in pacing nopacing; do
	# shellcheck disable=SC2086
	gq $EXACT $pacing bands 1 band 0 policy hclock ceil 1mbit
	rx_start --rate 125000 --low-rate $LOW --count 300
	tx --to $V4 --count 300
	rx_end
	expect "a limit, $pacing" in_time $GRANULARITY
done

# shellcheck disable=SC2086
gq $EXACT bands 1 band 0 policy hclock ceil 1mbit
rx_start --rate 125000 --low-rate $LOW --count 1000
tx --to $V4 --flows 10 --count 100
stats
held=${S[throttled_flows]}
rx_end
stats
many()
{
	in_time $GRANULARITY &&
		((held == 10 && R[flow_bytes_min] == 104200 && S[fastpath] == 0))
}
expect "ten limits" many

# 5 kB/s, and twice that. The first packet waits for the gate, of which half a packet's
# time is made up for; the others are 1 / rate apart, so the last one of 21 of 1000
# bytes comes 3.9 s after the first one, and 1.95 s.
units reservation 80kbit ceil 40kbit
tx --to $V4 --flows 2 --count 21 --size 958
tx --to $V4 --first-flow 2 --count 21 --size 958 --mark $((2 << 24))
counted 65
read -r slow fast < <(arrivals | awk '!t { t = $1 } { last[$2] = $1 - t }
	END { print int(last[0] / 1e6), int(last[2] / 1e6) }')
check "the band's limit" "slow >= 3890" "slow < 3950" "fast >= 1940" "fast < 2000"

units reservation 80kbit ceil 400kbit
tx --to $V4 --flows 3 --count 100
for change in "queue approx" "reservation 16kbit ceil 80kbit share 5" "policy drr" \
	"policy hclock queue cffs" "policy stfq" "policy hclock ceil unlimited"; do
	# shellcheck disable=SC2086
	tc -n "$A" qdisc change dev veth0 parent 1: handle 2: gq band 0 $change
done
counted 302
check "changes while packets wait" "R[packets] == 302" "R[flows] == 4"

check "all packets accounted for" "wrong == 0"
ktap_finished
