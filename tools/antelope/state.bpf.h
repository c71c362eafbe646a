/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is kept of each flow, for as long as its socket lives, and the maps. The
 * state is written under the socket lock only.
 */
#ifndef ANTELOPE_STATE_BPF_H
#define ANTELOPE_STATE_BPF_H

#include "kernel.bpf.h"

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
	__u32 window;			/* closed so far */
	/* decisions, see decide.bpf.h */
	__s32 reward;			/* mean of the windows with this CC, Q16 */
	__s32 before;			/* that of the one before; see back */
	__u32 switches;
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
};

/* The budget of a flow: else a division by zero, when this is compiled. */
enum { FLOW_FITS = 1 / (sizeof(struct flow) <= 256) };

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
	__s32 reward;
	__u8 unsafe;			/* not in CA_Open, or short of data, right now */
	__u8 recovering;
	__u8 ecn;
	__u8 to;			/* CC that is decided on */
	__u8 why;
	__u32 mask;			/* CCs that may be chosen */
};

struct antelope_config config = {
	.window_ns = 100000000,
	.dwell_ns = 1000000000,
	.window_rtts = 4,
	.confirm = 2,
	.margin = 1 << (ANTELOPE_REWARD_BITS - 4),
	.first = ANTELOPE_NO_CC,
	.shadow = 1,
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct flow);
} flows SEC(".maps");

/* Room for 4,000 records: 1,000 flows at 10 windows/s fill a quarter in 100 ms. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} records SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct antelope_prefix);
	__type(value, struct antelope_prior);
} prior SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct antelope_override);
} override SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u8);
} objective SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct antelope_counters);
} counters SEC(".maps");

static __always_inline struct antelope_counters *counted(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&counters, &zero);
}

#define COUNT(member)	count(offsetof(struct antelope_counters, member))

static __always_inline void count(__u32 offset)
{
	void *c = counted();

	if (c)
		(*(__u64 *)(c + offset))++;
}

#endif
