# SPDX-License-Identifier: GPL-2.0-only
#
# From results.json to what table.awk lays out, separated by tabs:
#   Q <name>...                        the qdiscs, one column each
#   S <heading>
#   R <label> <better> <unit> <value>...
# <better>: "low", "high", "one" (nearest to 1) or "-" (no better or worse).

(.qdiscs | to_entries) as $q
| ($q[0].value.classes) as $classes
| def row($text; $better; $unit; f): ["R", $text, $better, $unit] + [$q[].value | f];
def rated($better; $unit; f):
	range($classes | length)
	| . as $i | select($classes[$i].asked_bps > 0)
	| row("\($classes[$i].flows) x \($classes[$i].name)"; $better; $unit; .classes[$i] | f);
def greedy: .classes[] | select(.asked_bps == 0);

["Q"] + [$q[].key],
["S", "rate achieved, of the rate asked: mean of the flows"],
rated("one"; "%"; .ratio.mean),
["S", "the same, flow that is farthest off"],
rated("one"; "%"; .ratio.worst),
["S", "departure jitter, median"],
rated("low"; "ns"; .jitter_ns.p50),
["S", "departure jitter, 99th percentile"],
rated("low"; "ns"; .jitter_ns.p99),
["S", "all flows"],
row("goodput"; "high"; "bps"; .goodput_bps),
row("\($classes[-1].flows) flows without a rate, each"; "-"; "bps"; greedy.achieved_bps),
row("fairness among them (Jain)"; "high"; "ratio"; greedy.fairness),
row("packets sent"; "-"; "count"; .packets),
row("retransmits"; "low"; "count"; .retransmits),
row("retransmission timeouts"; "low"; "count"; .timeouts),
row("drops in the qdisc"; "low"; "count"; .drops.qdisc),
row("drops at the bottleneck"; "low"; "count"; .drops.bottleneck),
["S", "timers armed"],
row("by the qdisc"; "-"; "count"; .timer_arms.qdisc),
row("by TCP's own pacing"; "-"; "count"; .timer_arms.tcp),
row("in all"; "low"; "count"; .timer_arms.total),
row("per 1000 packets"; "low"; "count"; .timer_arms.per_1000_packets)
| @tsv
