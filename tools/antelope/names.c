// SPDX-License-Identifier: GPL-2.0-only

#include "names.h"

const struct feature_name feature_names[ANTELOPE_FEATURES] = {
	[ANTELOPE_F_CC] = { "cc", "", "congestion control of the window, by the model", 0 },
	[ANTELOPE_F_MIN_RTT] = { "min_rtt", "log2 us", "smallest RTT of the flow", 8 },
	[ANTELOPE_F_MEAN_RTT] = { "mean_rtt", "x min_rtt", "mean RTT of the window", 10 },
	[ANTELOPE_F_LOW_RTT] = { "low_rtt", "x min_rtt", "smallest RTT of the window", 10 },
	[ANTELOPE_F_HIGH_RTT] = { "high_rtt", "x min_rtt", "largest RTT of the window", 10 },
	[ANTELOPE_F_PEAK_RTT] = { "peak_rtt", "x min_rtt",
		"largest mean_rtt, less 1/16 a window", 10 },
	[ANTELOPE_F_MDEV] = { "mdev", "x mean RTT", "mean deviation of the RTT", 10 },
	[ANTELOPE_F_VARIATION] = { "variation", "octaves",
		"change of the throughput, moving average by 1/8", 10 },
	[ANTELOPE_F_FLOWS] = { "flows", "log2", "flows to that address at a time", 8 },
	[ANTELOPE_F_THROUGHPUT] = { "throughput", "log2 byte/s", "delivered", 8 },
	[ANTELOPE_F_SHARE] = { "share", "of the largest", "throughput", 10 },
	[ANTELOPE_F_LOSS] = { "loss", "of packets", "lost in the window", 16 },
	[ANTELOPE_F_LOSS_MEAN] = { "loss_mean", "of packets", "lost, moving average by 1/8", 16 },
	[ANTELOPE_F_MARKED] = { "marked", "of packets", "delivered with a congestion mark", 10 },
	[ANTELOPE_F_PACING] = { "pacing", "x throughput", "mean pacing rate", 10 },
	[ANTELOPE_F_INFLIGHT] = { "inflight", "x BDP", "congestion window", 10 },
};

const struct why_name why_names[ANTELOPE_WHYS] = {
	[ANTELOPE_KEPT] = { "kept", "it is the best, or the best is better by too little" },
	[ANTELOPE_UNCONFIRMED] = { "unconfirmed", "another is the best, in too few windows yet" },
	[ANTELOPE_DWELL] = { "dwell", "the last switch was too short ago" },
	[ANTELOPE_UNSAFE] = { "unsafe",
		"no moment to switch: recovering, or limited by the application" },
	[ANTELOPE_SWITCHED] = { "switched", "it is the best" },
	[ANTELOPE_EXPLORED] = { "explored", "it was drawn by lot" },
	[ANTELOPE_ROLLED_BACK] = { "rolled_back", "it had earned more than what came after" },
	[ANTELOPE_OVERRIDDEN] = { "overridden", "somebody asked for it" },
	[ANTELOPE_NO_MODEL] = { "no_model", "no model tells what would be better" },
	[ANTELOPE_SHADOW] = { "shadow", "shadow mode never switches; it would have" },
	[ANTELOPE_REFUSED] = { "refused", "the kernel refused the switch" },
	[ANTELOPE_OPENED] = { "opened", "the destination, the settings or the system say so" },
	[ANTELOPE_CLOSED] = { "closed", "the connection is closed" },
	[ANTELOPE_TRIED] = { "tried", "all flows to that address are trying it" },
	[ANTELOPE_FOLLOWED] = { "followed", "it has earned most with flows to that address" },
};

__s32 record_reward(const struct antelope_record *r)
{
	static const int weights[] = ANTELOPE_DELAY_WEIGHTS;

	return r->rate - (int)(((__s64)weights[r->objective] * r->delay) >> ANTELOPE_WEIGHT_BITS) +
		r->keep;
}
