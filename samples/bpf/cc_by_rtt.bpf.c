// SPDX-License-Identifier: GPL-2.0-only
/*
 * Congestion control by RTT, during the connection: the range of "choices", in
 * ms, that holds the smoothed RTT. Once a round trip; a switch needs the same
 * answer twice in a row, so that a single late ACK does not switch, and happens
 * only while no packet is missing.
 *
 *   load_sock_ops -l -c 0=cubic -c 80=bbr CGROUP cc_by_rtt.bpf.o
 */
#include "vmlinux.h"
#include "sock_ops.bpf.h"

#define RANGES	8

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RANGES);
	__type(key, __u32);
	__type(value, struct choice);
} choices SEC(".maps");

/* Of each connection: the last answers, as index + 1; 0 is none. */
struct answers {
	__u32 now;
	__u32 candidate;
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct answers);
} flows SEC(".maps");

/* args[1] is the new smoothed RTT, eight-fold; the socket still has the old. */
static __always_inline __u32 range_of(struct bpf_sock_ops *ctx, struct choice **found)
{
	__u32 i, in = 0, rtt_ms = (ctx->args[1] >> 3) / 1000;
	struct choice *c;

	for (i = 0; i < RANGES; i++) {
		__u32 key = i;

		c = bpf_map_lookup_elem(&choices, &key);
		if (!c || !c->cc[0] || rtt_ms < c->from)
			break;
		*found = c;
		in = i + 1;
	}
	return in;
}

static __always_inline void on_rtt(struct bpf_sock_ops *ctx)
{
	__u32 missing = ctx->lost_out + ctx->sacked_out + ctx->retrans_out;
	struct bpf_sock *sk = ctx->sk;
	struct choice *c = NULL;
	struct answers *a;
	__u32 in;

	if (!sk)
		return;
	a = bpf_sk_storage_get(&flows, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	in = range_of(ctx, &c);
	if (!a || !c || in == a->now)
		return;
	if (in == a->candidate && !missing && !set_cc(ctx, c))
		a->now = in;
	a->candidate = in;
}

SEC("sockops")
int cc_by_rtt(struct bpf_sock_ops *ctx)
{
	if (ctx->op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB ||
	    ctx->op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB)
		bpf_sock_ops_cb_flags_set(ctx, ctx->bpf_sock_ops_cb_flags |
					  BPF_SOCK_OPS_RTT_CB_FLAG);
	else if (ctx->op == BPF_SOCK_OPS_RTT_CB)
		on_rtt(ctx);
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
