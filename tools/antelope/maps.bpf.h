/* SPDX-License-Identifier: GPL-2.0-only */
/* The program's settings, its maps, and counting. */
#ifndef ANTELOPE_MAPS_BPF_H
#define ANTELOPE_MAPS_BPF_H

#include "kernel.bpf.h"
#include "state.h"

struct antelope_config config = {
	.window_ns = 100000000,
	.dwell_ns = 1000000000,
	.dwell_windows = 4,
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
