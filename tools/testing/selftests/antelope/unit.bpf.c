// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parts of antelope's program that need no connection, as programs that a test
 * runs on what it has put into memory: the same code, in the same virtual machine.
 */
#include "flow.bpf.h"

#define VECTORS	1024	/* as in unit.h */

struct window w;
struct flow f;
struct antelope_override o;
bool with_override;
struct antelope_path path;
bool with_path;
bool with_flows;		/* the path's flows, too */
__u64 numbers[VECTORS];
__s32 logs[VECTORS];
struct antelope_x vectors[VECTORS];
__s32 scores[VECTORS];
struct antelope_forest forest;
__u64 spent_ns;

SEC("syscall")
int run_log2(void *ctx)
{
	__u32 i;

	for (i = 0; i < VECTORS; i++)
		logs[i] = antelope_log2(numbers[i]);
	return 0;
}

SEC("syscall")
int run_score(void *ctx)
{
	__u32 i;

	for (i = 0; i < VECTORS; i++)
		scores[i] = antelope_score(&forest, &vectors[i]);
	return 0;
}

SEC("syscall")
int run_features(void *ctx)
{
	return antelope_features(&w, &f);
}

SEC("syscall")
int run_judge(void *ctx)
{
	if (with_flows)
		path_count(&path, &w);
	decide(&w, &f, with_override ? &o : NULL, with_path ? &path : NULL);
	return 0;
}

SEC("syscall")
int run_switched(void *ctx)
{
	switched(&w, &f);
	return 0;
}

/* Decisions for all vectors, one after the other, and the time that they took. */
SEC("syscall")
int run_decisions(void *ctx)
{
	__u64 begin_ns = bpf_ktime_get_ns();
	__u32 i;

	for (i = 0; i < VECTORS; i++) {
		__builtin_memcpy(w.r.x, vectors[i].x, sizeof(w.r.x));
		decide(&w, &f, NULL, NULL);
	}
	spent_ns = bpf_ktime_get_ns() - begin_ns;
	return 0;
}

/* The same for features and rewards. */
SEC("syscall")
int run_all_features(void *ctx)
{
	__u64 begin_ns = bpf_ktime_get_ns();
	__u32 i;

	for (i = 0; i < VECTORS; i++)
		antelope_features(&w, &f);
	spent_ns = bpf_ktime_get_ns() - begin_ns;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
