/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the program in the kernel and the daemon share: features, model, records,
 * settings. No pointers, fixed sizes, natural alignment; a log written on one
 * machine is read on any other of the same byte order.
 *
 * A flow's time is cut into windows, each of some round trips and some time. At
 * the end of one the kernel's program computes the features of it, scores every
 * congestion control (CC) by a forest of its own, decides, and emits a record.
 * The record of window k holds what window k-1 led to: its rewards are what the
 * CC chosen at the end of k-1 has earned, which is what the forests predict.
 *
 * CCs are numbered by the daemon, in the order of its settings, for as long as
 * it runs; files have their names.
 */
#ifndef ANTELOPE_H
#define ANTELOPE_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#define ANTELOPE_CCS		8	/* at most */
#define ANTELOPE_CC_NAME	16	/* TCP_CA_NAME_MAX */
#define ANTELOPE_NO_CC		0xff

/*
 * Features, and their fraction bits. All are integers below 2^23 in size, so that a
 * float of libxgboost holds them exactly. Ratios saturate at ANTELOPE_RATIO_MAX.
 * Logarithms are to base 2. Append only, here and to ANTELOPE_SCHEMA, whose hash is
 * in every model and log. When a flow opens, all are 0 but cc (ANTELOPE_CCS), min_rtt
 * (of the handshake) and flows.
 */
enum antelope_feature {
	ANTELOPE_F_CC,		/* forest's cc of the window's CC; else ANTELOPE_CCS */
	ANTELOPE_F_MIN_RTT,	/* log of the smallest RTT of the flow (as TCP keeps it), us */
	ANTELOPE_F_MEAN_RTT,	/* mean RTT of the window / smallest of the flow */
	ANTELOPE_F_LOW_RTT,	/* smallest RTT of the window / smallest of the flow */
	ANTELOPE_F_HIGH_RTT,	/* largest RTT of the window / smallest of the flow */
	ANTELOPE_F_PEAK_RTT,	/* largest mean_rtt so far, which loses 1/16 a window */
	ANTELOPE_F_MDEV,	/* mean deviation of the RTT / mean RTT */
	ANTELOPE_F_VARIATION,	/* |log(throughput / of the last window)|, moving average by 1/8 */
	ANTELOPE_F_FLOWS,	/* log of the mean number of flows of ours to that address */
	ANTELOPE_F_THROUGHPUT,	/* log of bytes delivered per second */
	ANTELOPE_F_SHARE,	/* throughput / largest of the flow's windows */
	ANTELOPE_F_LOSS,	/* lost / (delivered + lost) */
	ANTELOPE_F_LOSS_MEAN,	/* the same, moving average by 1/8 */
	ANTELOPE_F_MARKED,	/* delivered with CE (classic ECN: until CWR) / delivered */
	ANTELOPE_F_PACING,	/* mean pacing rate / throughput */
	ANTELOPE_F_INFLIGHT,	/* congestion window / (largest throughput * smallest RTT) */
	ANTELOPE_FEATURES
};

/* name:fraction bits, in the order of enum antelope_feature */
#define ANTELOPE_SCHEMA \
	"cc:0 min_rtt:8 mean_rtt:10 low_rtt:10 high_rtt:10 peak_rtt:10 mdev:10 " \
	"variation:10 flows:8 throughput:8 share:10 loss:16 loss_mean:16 " \
	"marked:10 pacing:10 inflight:10"

#define ANTELOPE_RATIO_MAX	((1 << 22) - 1)

/*
 * Rewards are logarithms, so that sums are products and differences ratios; Q16.
 *
 *	reward = rate - delay_weight * delay + keep
 *
 *	rate	log(throughput / largest throughput of the flow so far)
 *	delay	log(mean RTT / smallest RTT of the flow)
 *	keep	log(1 - loss)
 *
 * Each is at most ANTELOPE_PART_MAX in size: a window in which nothing arrives is as
 * bad as one of a 256th of the rate.
 */
#define ANTELOPE_REWARD_BITS	16
#define ANTELOPE_PART_MAX	(8 << ANTELOPE_REWARD_BITS)
#define ANTELOPE_NO_SCORE	((__s32)0x80000000)	/* of a CC without trees */

enum antelope_objective {
	ANTELOPE_BALANCED,	/* delay_weight 1/2 */
	ANTELOPE_THROUGHPUT,	/* delay_weight 1/16: of equal rates the shorter queue */
	ANTELOPE_LATENCY,	/* delay_weight 2 */
	ANTELOPE_OBJECTIVES
};

#define ANTELOPE_WEIGHT_BITS	4
#define ANTELOPE_DELAY_WEIGHTS	{ 8, 1, 32 }	/* by objective */

/*
 * A complete binary tree: at inner node i, to 2i + 1 if x[feature] < threshold, else
 * to 2i + 2. A tree that is grown less repeats its leaf. The threshold is the
 * float's ceiling, which splits integers as the float does; a leaf is rounded to
 * ANTELOPE_REWARD_BITS. So the sum of a forest is off by no more than
 * (trees + 1) / 2^(ANTELOPE_REWARD_BITS + 1).
 */
#define ANTELOPE_DEPTH		3
#define ANTELOPE_NODES		7
#define ANTELOPE_LEAVES		8
#define ANTELOPE_TREES		40	/* at most */

struct antelope_tree {
	__s32 threshold[ANTELOPE_NODES];
	__u8 feature[ANTELOPE_NODES + 1];	/* the last is 0 */
	__s32 leaf[ANTELOPE_LEAVES];
};

struct antelope_forest {
	__u32 trees;		/* 0: this CC is not scored, and not chosen by score */
	__s32 base;		/* added to the sum of the leaves */
	__u32 cc;		/* its number in the model, for ANTELOPE_F_CC */
	__u32 pad;
	struct antelope_tree tree[ANTELOPE_TREES];
};

/* Element objective * ANTELOPE_CCS + cc of the inner map of "model". */
#define ANTELOPE_FORESTS	(ANTELOPE_OBJECTIVES * ANTELOPE_CCS)

enum antelope_why {
	ANTELOPE_KEPT,		/* the best, or better by too little */
	ANTELOPE_UNCONFIRMED,	/* another was the best, in this window only */
	ANTELOPE_DWELL,		/* the last switch was too short ago */
	ANTELOPE_UNSAFE,	/* recovering, limited by the application, ... */
	ANTELOPE_SWITCHED,	/* to the best */
	ANTELOPE_EXPLORED,	/* to one drawn by lot */
	ANTELOPE_ROLLED_BACK,	/* to the one before, which had earned more */
	ANTELOPE_OVERRIDDEN,	/* to what "override" says */
	ANTELOPE_NO_MODEL,
	ANTELOPE_SHADOW,	/* would have switched */
	ANTELOPE_REFUSED,	/* the kernel did not let it switch */
	ANTELOPE_OPENED,	/* first record: the choice by prior, or the default */
	ANTELOPE_CLOSED,	/* last record */
	ANTELOPE_TRIED,		/* to one that all flows to that address try */
	ANTELOPE_FOLLOWED,	/* to what these flows have, as it has earned most */
	ANTELOPE_WHYS
};

enum antelope_flag {
	ANTELOPE_ADOPTED = 0x01,	/* was open before */
	ANTELOPE_ACKS = 0x02,		/* windows of ACKs, patched kernel */
	ANTELOPE_APP_LIMITED = 0x04,	/* mostly, in this window */
	ANTELOPE_REWARDED = 0x08,	/* rate, delay, keep are of this window */
	ANTELOPE_IPV6 = 0x10,
};

struct antelope_record {
	__u64 cookie;		/* of the socket */
	__u64 time_ns;		/* CLOCK_MONOTONIC, end of the window */
	__u64 duration_ns;
	__u64 cgroup;		/* its id */
	__u32 window;		/* counts from 1; 0: ANTELOPE_OPENED */
	__u32 epoch;		/* of the override or model that decided */
	__u8 why;		/* enum antelope_why */
	__u8 cc;		/* that the window had */
	__u8 best;		/* by score; ANTELOPE_NO_CC without a model */
	__u8 choice;		/* in effect from now on */
	__u8 objective;
	__u8 flags;
	__u16 propensity;	/* of choice, Q16, 0xffff is 1 */
	__u32 switches;		/* of the flow, by us */
	__s32 error;		/* of the last attempt to switch: 0 or -errno */
	__s32 rate;		/* what this window earned, Q16 logarithms */
	__s32 delay;
	__s32 keep;
	__u32 bytes;		/* delivered in it */
	__u32 packets;		/* the same */
	__u32 lost;
	__u32 mean_rtt_us;
	__u32 min_rtt_us;	/* of the flow */
	__s32 x[ANTELOPE_FEATURES];
	__s32 score[ANTELOPE_CCS];
	__u8 local[16];		/* IPv4 mapped into IPv6 */
	__u8 remote[16];
	__u16 local_port;	/* host byte order */
	__u16 remote_port;
	__u32 pad;
};

/* Settings, in the program's writable data; changed while it runs. */
struct antelope_config {
	__u64 window_ns;	/* a window is no shorter */
	__u64 calm_ns;		/* that of a calm flow may become so long; 0: does not */
	__u64 dwell_ns;		/* between two switches of a flow; see dwell_windows */
	__u32 window_rtts;	/* and no less than these */
	__u32 confirm;		/* windows in a row with the same winner */
	__s32 margin;		/* by which it must win, Q16 */
	__s32 rollback;		/* loss of reward that is too much, Q16; 0: none */
	__u32 explore;		/* probability by window, Q16 */
	__u32 acks;		/* ACKs of a window on a patched kernel; 0: as stock */
	__u32 epoch;		/* of the model */
	__u32 dwell_windows;	/* as many windows end a dwell, too; 0: only time does */
	__u32 trial_rtts;	/* a trial has so many; 0: no trials */
	__s32 trial_upside;	/* what an untried CC may be better than expected by, Q16 */
	__u8 shadow;
	__u8 objective;		/* of cgroups without one of their own */
	__u8 ccs;
	__u8 first;		/* without a prior; ANTELOPE_NO_CC: what the flow has */
	__u8 enabled;		/* mask of CCs that may be chosen */
	__u8 pad[3];
	char cc[ANTELOPE_CCS][ANTELOPE_CC_NAME];
};

/* "prior": LPM trie by destination, IPv4 mapped. Value: */
struct antelope_prefix {
	__u32 prefixlen;	/* 96 + that of IPv4 */
	__u8 addr[16];
};

struct antelope_prior {
	__u8 cc;
	__u8 pad[3];
	__u32 epoch;
};

/* "override": hash by cookie. */
struct antelope_override {
	__u64 expiry_ns;	/* CLOCK_MONOTONIC */
	__u32 epoch;
	__u8 cc;
	__u8 pad[3];
};

/* "paths": LRU hash; what flows to one address have found out, see path.bpf.h. */
struct antelope_path_key {
	__u8 addr[16];		/* IPv4 mapped into IPv6 */
	__u32 objective;
};

struct antelope_path {
	/* the phase so far, all flows */
	__u64 ns;
	__u64 bytes;
	__u64 packets;
	__u64 lost;
	__u64 rtt_us;		/* sum over packets */
	__u32 members;		/* flows in it */
	/* how many flows are busy */
	__u64 since_ns;
	__u64 busy_ns;		/* of all flows' windows since then */
	__u32 flows;		/* mean number in the time before, Q8; at least 1 */
	__u32 generation;	/* of phases */
	__u32 trials;		/* so far */
	__s32 last;		/* of home's last phase, as value; ANTELOPE_NO_SCORE: none yet */
	__u64 moved_ns;		/* when home was changed; 0: never */
	__s32 score[ANTELOPE_CCS];	/* by the model, mean of the last windows */
	__s32 value[ANTELOPE_CCS];	/* log2 rate - delay_weight * log2 RTT + log2(1 - loss) */
	__u16 known[ANTELOPE_CCS];	/* by so many phases, Q8 */
	__u8 home;		/* the CC that is thought best */
	__u8 trial;		/* on trial now, or ANTELOPE_NO_CC */
	__u8 tried;		/* in the phase before this, or ANTELOPE_NO_CC */
	__u8 rest;		/* home's phases to come before the next trial */
	__u8 scored;
	__u8 candidate;		/* best by model and phases, in so many windows in a row: */
	__u8 confirmed;
	__u8 pad;
};

/* "objective": hash by cgroup id, __u64; value: __u8 enum antelope_objective. */

/* "counters": array of one per CPU; what ran into what. */
struct antelope_counters {
	__u64 callbacks;
	__u64 windows;
	__u64 decisions;
	__u64 decision_ns;	/* summed */
	__u64 switches;
	__u64 explored;
	__u64 rolled_back;
	__u64 tried;
	__u64 followed;
	__u64 refused;
	__u64 records_lost;	/* no room in the ring */
	__u64 flows_untracked;	/* no memory for their state */
};

#endif
