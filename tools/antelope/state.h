/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the program in the kernel keeps of each flow, for as long as its socket lives,
 * and what it makes of a window. Nobody else's business, but for the tests.
 */
#ifndef ANTELOPE_STATE_H
#define ANTELOPE_STATE_H

#include "antelope.h"

/* What trees read: a power of two of features, so that any index can be masked. */
struct antelope_x {
	__s32 x[16];
};

/* Written under the socket lock only. */
struct flow {
	/* the open window */
	__u64 start_ns;
	__u64 last_ns;			/* of the last callback */
	__u64 limited_ns;		/* limited by the application */
	__u64 rtt_sum_us;
	__u64 pacing_sum;		/* bytes/s, over ticks */
	__u32 ticks;			/* callbacks, or ACKs */
	__u32 rtt_samples;
	__u32 rtt_low_us;
	__u32 rtt_high_us;
	/* TCP's totals when it began */
	__u32 delivered;
	__u32 delivered_ce;
	__u32 lost;
	__u32 bytes_sent;		/* lower half */
	__u32 segs_out;
	/* the path, as the flow has found it */
	__u32 mean_rtt_us;		/* of the last window; 0: none yet */
	__u64 max_rate;			/* bytes/s, largest of a window */
	__u32 peak_rtt;			/* ANTELOPE_F_PEAK_RTT */
	__u32 loss_mean;		/* ANTELOPE_F_LOSS_MEAN */
	__u32 variation;		/* ANTELOPE_F_VARIATION, Q16 */
	__s32 log_rate;			/* of the last window, Q16; 0: none yet */
	__u32 window;			/* closed so far */
	/* decisions, see decide.bpf.h */
	__s32 reward;			/* mean of the windows with this CC, Q16 */
	__s32 before;			/* that of the one before; see back */
	__u32 switches;
	__u32 switched_window;
	__u32 generation;		/* of its path's phase, that it is counted in */
	__u64 switched_ns;
	__u64 cgroup;
	__u32 barred_until[ANTELOPE_CCS];	/* window */
	__u8 barred[ANTELOPE_CCS];	/* times in a row */
	__u8 cc;
	__u8 candidate;
	__u8 confirmed;			/* windows in a row that candidate was the best */
	__u8 decided;			/* the first decision has been */
	__u8 back;			/* CC before the one on trial, or ANTELOPE_NO_CC */
	__u8 rewards;			/* windows in reward, at most REWARDS */
	__u8 objective;
	__u8 flags;			/* ANTELOPE_ADOPTED, _ACKS, _IPV6 */
	__u8 epoch;			/* of the settings that objective is of, lowest byte */
	__u8 calm;			/* windows have 2^calm times the round trips */
};

/* The budget of a flow: else a division by zero, when compiled. */
enum { FLOW_FITS = 1 / (sizeof(struct flow) <= 256) };
/* A record's features are what trees read. */
enum { X_FITS = 1 / (sizeof(struct antelope_x) == ANTELOPE_FEATURES * sizeof(__s32)) };

/* A window that is being closed: its record, and what only the decision needs. */
struct window {
	struct antelope_record r;
	__u64 now_ns;
	__u64 rate;			/* bytes/s */
	__u64 pacing;			/* bytes/s, mean */
	__u64 window_bytes;		/* congestion window */
	__u32 low_rtt_us;
	__u32 high_rtt_us;
	__u32 mdev_us;
	__u32 marked;			/* packets with CE */
	__u32 flows;			/* to that address, Q8 */
	__s32 reward;
	__u8 unsafe;			/* recovering, or short of data, right now */
	__u8 recovering;
	__u8 ecn;
	__u8 to;			/* CC that is decided on */
	__u8 why;
	__u32 mask;			/* CCs that may be chosen */
};

#endif
