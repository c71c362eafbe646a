// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statistics of each flow: a record in "events" about once a round trip, and a
 * last one when the connection ends. A record that finds no room is left out:
 * the reader sees a gap, TCP does not wait. All of it is in the context, and so is
 * there on every kernel, also where a program may not follow kernel pointers.
 *
 *   load_sock_ops -l -f CGROUP flow_stats.bpf.o
 */
#include "vmlinux.h"
#include "sock_ops.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

static __always_inline void addresses(struct bpf_sock_ops *ctx, struct flow_record *s)
{
	__u32 part[4];

	s->local_port = ctx->local_port;
	s->remote_port = bpf_ntohl(ctx->remote_port);
	if (ctx->family == AF_INET) {
		mapped(s->local, ctx->local_ip4);
		mapped(s->remote, ctx->remote_ip4);
		return;
	}
	part[0] = ctx->local_ip6[0];
	part[1] = ctx->local_ip6[1];
	part[2] = ctx->local_ip6[2];
	part[3] = ctx->local_ip6[3];
	__builtin_memcpy(s->local, part, 16);
	part[0] = ctx->remote_ip6[0];
	part[1] = ctx->remote_ip6[1];
	part[2] = ctx->remote_ip6[2];
	part[3] = ctx->remote_ip6[3];
	__builtin_memcpy(s->remote, part, 16);
}

static __always_inline void emit(struct bpf_sock_ops *ctx, __u8 state)
{
	__u64 delivered = (__u64)ctx->rate_delivered * ctx->mss_cache * 1000000;
	struct flow_record *s;

	s = bpf_ringbuf_reserve(&events, sizeof(*s), 0);
	if (!s)
		return;
	__builtin_memset(s, 0, sizeof(*s));
	addresses(ctx, s);
	s->cookie = bpf_get_socket_cookie(ctx);
	s->state = state;
	s->srtt_us = ctx->srtt_us >> 3;
	s->min_rtt_us = ctx->rtt_min;
	s->cwnd = ctx->snd_cwnd;
	s->ssthresh = ctx->snd_ssthresh;
	s->packets_out = ctx->packets_out;
	s->lost_out = ctx->lost_out;
	s->retrans_out = ctx->retrans_out;
	s->total_retrans = ctx->total_retrans;
	s->bytes_acked = ctx->bytes_acked;
	if (ctx->rate_interval_us)
		s->delivered_bytes_per_s = delivered / ctx->rate_interval_us;
	bpf_getsockopt(ctx, SOL_TCP, TCP_CONGESTION, s->cc, sizeof(s->cc));
	bpf_ringbuf_submit(s, 0);
}

SEC("sockops")
int flow_stats(struct bpf_sock_ops *ctx)
{
	if (ctx->op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB ||
	    ctx->op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB)
		bpf_sock_ops_cb_flags_set(ctx, ctx->bpf_sock_ops_cb_flags |
					  BPF_SOCK_OPS_RTT_CB_FLAG | BPF_SOCK_OPS_STATE_CB_FLAG);
	else if (ctx->op == BPF_SOCK_OPS_RTT_CB)
		emit(ctx, ctx->state);
	else if (ctx->op == BPF_SOCK_OPS_STATE_CB && ctx->args[1] == BPF_TCP_CLOSE)
		emit(ctx, BPF_TCP_CLOSE);
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
