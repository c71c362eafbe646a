#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Ranking policies: packets leave in the order that gq_model says, which knows
# only the interface's documentation, to the last packet. 20 flows, 200 packets
# that are all there when the slow link takes the first one, and 100 more that
# come while it sends (not for EDT and LSTF, whose ranks say when, and only in
# virtual time, where the model knows who was there in time). Expected:
#
# 1.	prio: by DSCP	2. stfq: by weights of 1 to 8	3. srpt: by queue length
# 4.	pfabric: by marks, some beyond the last bucket, some 0
# 5.	edt: by departure time, also non-monotone ones	6. lstf: by slack
# 7-12. the same with other packets
# 13-17. the same order with the approximate queue, as long as it counts no inversion;
#	with fewer than 64 flows its buckets are the policy's (not pfabric, some of
#	whose marks are beyond the last bucket of the exact queue)
# 18.	a policy changed while packets wait: the rest is sorted by the new one
# 19.	srpt with two bands: each sorted for itself, the strict one first
# 20.	all packets of all runs arrived, in order of each flow, and are counted
. "$(dirname "$0")/gq_lib.sh"
timed

wrong=0

# trace POLICY SEED: packets, in order of time
trace()
{
	awk -v policy="$1" -v seed="$2" -v late="$((V * 100))" '
	function between(a, b) { return a + int(rand() * (b - a + 1)) }
	BEGIN {
		srand(seed)
		timed = policy == "edt" || policy == "lstf"
		n = 200 + (timed ? 0 : late)
		for (i = 0; i < n; i++)
			slot[i] = i
		for (i = n - 1; i > 0; i--) {
			j = between(0, i); t = slot[i]; slot[i] = slot[j]; slot[j] = t
		}
		for (i = 0; i < n; i++) {
			at = i < 200 ? 0 : 250000000 + (i - 200) * 5000000 + between(0, 4000000)
			flow = between(0, 19)
			mark = tos = due = 0
			if (policy == "prio")
				tos = between(0, 63) * 4
			else if (policy == "stfq")
				mark = 1 + flow % 8
			else if (policy == "pfabric")
				mark = between(0, 9) ? between(1, 5000) : 0
			# all apart by more than a bucket; the order is that of slots
			if (policy == "edt")
				due = 150000000 + slot[i] * 3000
			if (policy == "lstf") {
				due = 150000000 + i * 2000
				mark = 400 + slot[i] * 3 - i * 2
			}
			printf "%d %d %d %d %d %d\n", at, flow, between(200, 1200), mark, tos, due
		}
	}' >"$tmp/trace"
}

counted()
{
	gate_end
	conserved && ((R[disorder] == 0 && S[qlen] == 0 && S[drops] == 0)) &&
		((R[packets] == $1 + 2 && S[dequeued] == $1 + 2)) || wrong=$((wrong + 1))
}

model()
{
	gq_model --policy "$1" --trace "$tmp/trace" --csv "$tmp/csv" --plug $PLUG >"$tmp/model" &&
		return
	ktap_print_msg "$(cat "$tmp/model")"
	return 1
}

gq_init 20
# run POLICY SEED BAND-OPTION...
run()
{
	local option=

	trace "$1" "$2"
	gate bands 1 band 0 policy "$1" "${@:3}"
	case $1 in edt|lstf) option="--txtime mono" ;; esac
	# shellcheck disable=SC2086
	tx --to $V4 --flows 20 --trace "$tmp/trace" $option
	counted "$(wc -l <"$tmp/trace")"
}

# What the approximation does not know of, it counts.
approximate()
{
	((S[band0_inversions] > 0)) || model "$1"
}

for seed in 1 2; do
	for policy in prio stfq srpt pfabric edt lstf; do
		run $policy $seed
		expect "$policy, seed $seed" model $policy
	done
done
for policy in prio stfq srpt edt lstf; do
	run $policy 1 queue approx
	ktap_print_msg "$policy: ${S[band0_searches]} searches, ${S[band0_inversions]} inversions"
	expect "$policy, approximate queue" approximate $policy
done

# Weights are read from the packets again when the policy becomes stfq.
trace stfq 3
head -n 200 "$tmp/trace" >"$tmp/head"
mv "$tmp/head" "$tmp/trace"
gate bands 1 band 0 policy prio
tx --to $V4 --flows 20 --trace "$tmp/trace"
for policy in drr lstf pfabric edt srpt stfq; do
	tc -n "$A" qdisc change dev veth0 parent 1: handle 2: gq band 0 policy $policy
done
counted 200
# The flows were listed in an order of the policies before, so ties differ:
# what must hold is that a flow of weight w sends w times the bytes.
shares()
{
	arrivals | awk 'NR <= 60 { bytes[$2 % 8] += $6; flows[$2 % 8, $2] = 1 }
		END { for (w = 0; w < 8; w++) {
			n = 0
			for (k in flows) { split(k, a, SUBSEP); n += a[1] == w }
			v = n ? bytes[w] / n / (w + 1) : 0
			if (v > max) max = v
			if (v && (!min || v < min)) min = v
		} exit !(min && max - min <= 2500) }'
}
expect "policy changed while packets wait" shares

gate bands 2 priomap 0 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 band 0 strict policy srpt band 1 policy srpt
tx --to $V4 --first-flow 10 --count 5 --priority 1
tx --to $V4 --first-flow 11 --count 3 --priority 1
tx --to $V4 --first-flow 12 --count 4
tx --to $V4 --first-flow 13 --count 2
counted 14
expect "srpt in two bands" [ "$(runs)" = "13:2 12:4 11:3 10:5" ]

check "all packets accounted for" "wrong == 0"
ktap_finished
