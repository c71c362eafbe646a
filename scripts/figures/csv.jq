# SPDX-License-Identifier: GPL-2.0-only
#
# From results.json to one line for each qdisc and class, and one for each qdisc.

["qdisc", "class", "flows", "asked_bps", "achieved_bps", "ratio_mean", "ratio_worst",
 "fairness", "jitter_p50_ns", "jitter_p99_ns", "jitter_max_ns", "retransmits", "drops_qdisc",
 "drops_bottleneck", "packets", "timer_arms_qdisc", "timer_arms_tcp"],
(.flows as $flows | .qdiscs | to_entries[] | .key as $q | .value
 | (.classes[] | [$q, .name, .flows, .asked_bps, .achieved_bps, .ratio.mean, .ratio.worst,
	.fairness, .jitter_ns.p50, .jitter_ns.p99, .jitter_ns.max, .retransmits, null, null,
	.segments, null, null]),
   [$q, "all", $flows, null, .goodput_bps, null, null, null, .jitter_ns.p50, .jitter_ns.p99,
    null, .retransmits, .drops.qdisc, .drops.bottleneck, .packets, .timer_arms.qdisc,
    .timer_arms.tcp])
| @csv
