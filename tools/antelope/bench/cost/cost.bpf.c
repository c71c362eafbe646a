// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs that take the time around antelope's. The kernel calls those of the cgroup of
 * the flows first, in the order in which they were attached, then those of the cgroups
 * above:
 *
 *	DIR/antelope/flows	first, second
 *	DIR/antelope		antelope
 *	DIR			third
 *
 * From first to second is what measuring takes, from second to third that and antelope.
 * A call from an interrupt, between two of another socket, makes these be left out.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "antelope.h"
#include "cost.h"

/* Antelope's own, taken by its id. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct antelope_counters);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COST_KINDS * COST_SLOTS);
	__type(key, __u32);
	__type(value, __u64);
} calls SEC(".maps");

struct call {
	__u64 cookie;
	__u64 at_ns;
	__u64 took_ns;		/* from the first to the second */
	__u64 windows;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct call);
} call SEC(".maps");

static __always_inline struct call *the_call(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&call, &zero);
}

static __always_inline __u64 windows(void)
{
	__u32 zero = 0;
	struct antelope_counters *c = bpf_map_lookup_elem(&counters, &zero);

	return c ? c->windows : 0;
}

static __always_inline void add(__u32 kind, __u64 took_ns)
{
	__u32 slot = took_ns / COST_SLOT_NS;
	__u64 *n;

	if (slot >= COST_SLOTS)
		slot = COST_SLOTS - 1;
	slot += kind * COST_SLOTS;
	n = bpf_map_lookup_elem(&calls, &slot);
	if (n)
		(*n)++;
}

SEC("sockops")
int first(struct bpf_sock_ops *ctx)
{
	struct call *c = the_call();

	if (!c)
		return 1;
	c->cookie = bpf_get_socket_cookie(ctx);
	c->windows = windows();
	c->at_ns = bpf_ktime_get_ns();
	return 1;
}

SEC("sockops")
int second(struct bpf_sock_ops *ctx)
{
	struct call *c = the_call();
	__u64 now_ns = bpf_ktime_get_ns();

	if (!c)
		return 1;
	c->took_ns = now_ns - c->at_ns;
	c->at_ns = bpf_ktime_get_ns();
	return 1;
}

SEC("sockops")
int third(struct bpf_sock_ops *ctx)
{
	struct call *c = the_call();
	__u64 now_ns = bpf_ktime_get_ns();

	if (!c || c->cookie != bpf_get_socket_cookie(ctx))
		return 1;
	add(COST_EMPTY, c->took_ns);
	add(windows() != c->windows ? COST_WINDOW : COST_CALLBACK, now_ns - c->at_ns);
	c->cookie = 0;
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
