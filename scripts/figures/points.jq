# SPDX-License-Identifier: GPL-2.0-only
#
# From results.json to the points of one qdisc ($q) in one panel ($what).

def classes:
	[.classes[] | select(.asked_bps > 0)] | to_entries[]
	| [.key, .value.name, 100 * .value.ratio.mean, 100 * .value.ratio.min, 100 * .value.ratio.max];

# Share of departures that are at most so far off.
def jitter:
	(.jitter_bins | map(.[1]) | add) as $n
	| foreach .jitter_bins[] as $b (0; . + $b[1]; [([$b[0], 1] | max) / 1000, 100 * . / $n]);

def timers: [1000 * .timer_arms.qdisc / .packets, 1000 * .timer_arms.tcp / .packets];

.qdiscs[$q]
| if $what == "classes" then classes elif $what == "jitter" then jitter else timers end
| @tsv
