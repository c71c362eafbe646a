// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections that were open before the daemon, and those that stay when it goes.
 * Iterators over TCP sockets turn the callbacks of a cgroup's sockets on and off;
 * the next callback then finds a flow without state and adopts it. Another one tells
 * which there are. In an object of its own: a kernel without iterators
 * (CONFIG_BPF_EVENTS) still loads the other one.
 */
#include "kernel.bpf.h"
#include "live.h"

#define TCP_BPF_SOCK_OPS_CB	1008	/* TCP_BPF_SOCK_OPS_CB_FLAGS, since 6.12.9 */
#define SENDERS	((1 << BPF_TCP_ESTABLISHED) | (1 << BPF_TCP_CLOSE_WAIT))
#define LEVELS	16	/* of cgroups */
#define CALLBACKS	(BPF_SOCK_OPS_RTT_CB_FLAG | BPF_SOCK_OPS_STATE_CB_FLAG |	\
			 BPF_SOCK_OPS_RTO_CB_FLAG | BPF_SOCK_OPS_RETRANS_CB_FLAG)

/* The cgroup that the program is attached to; set before it is loaded. */
__u64 root_cgroup;

static __always_inline bool is_below(struct cgroup *cgroup, __u64 root)
{
	int level;

	for (level = 0; level < LEVELS && cgroup; level++) {
		if (cgroup->kn->id == root)
			return true;
		cgroup = cgroup->self.parent ? cgroup->self.parent->cgroup : NULL;
	}
	return false;
}

/* The socket, if it is one of the cgroup that can send. The iterator holds its lock. */
static __always_inline struct tcp_sock *ours(struct bpf_iter__tcp *ctx)
{
	struct sock_common *common = ctx->sk_common;
	struct tcp_sock *tp;

	if (!common || !(1 << common->skc_state & SENDERS))
		return NULL;
	tp = bpf_skc_to_tcp_sock(common);
	if (!tp || !is_below(tp->inet_conn.icsk_inet.sk.sk_cgrp_data.cgroup, root_cgroup))
		return NULL;
	return tp;
}

/* One byte is one socket. */
static __always_inline void set_callbacks(struct bpf_iter__tcp *ctx, int on, int off)
{
	struct tcp_sock *tp = ours(ctx);
	int flags, set, none = 0;

	if (!tp)
		return;
	flags = tp->bpf_sock_ops_cb_flags;
	set = (flags | on) & ~off;
	if (set == flags)
		return;
	if (HAS_ACK_WINDOW && flags & off & ACK_WINDOW_CB_FLAG)
		bpf_setsockopt(tp, SOL_TCP, ACK_WINDOW, &none, sizeof(none));
	if (!bpf_setsockopt(tp, SOL_TCP, TCP_BPF_SOCK_OPS_CB, &set, sizeof(set)))
		bpf_seq_write(ctx->meta->seq, "+", 1);
}

SEC("iter/tcp")
int adopt(struct bpf_iter__tcp *ctx)
{
	set_callbacks(ctx, CALLBACKS, 0);
	return 0;
}

SEC("iter/tcp")
int release(struct bpf_iter__tcp *ctx)
{
	set_callbacks(ctx, 0, CALLBACKS | ACK_WINDOW_CB_FLAG);
	return 0;
}

static __always_inline void addresses(struct sock_common *c, struct antelope_live *l)
{
	__u32 local[4] = { 0, 0, bpf_htonl(0xffff), c->skc_rcv_saddr };
	__u32 remote[4] = { 0, 0, bpf_htonl(0xffff), c->skc_daddr };

	l->local_port = c->skc_num;
	l->remote_port = bpf_ntohs(c->skc_dport);
	if (c->skc_family != AF_INET) {
		BPF_CORE_READ_INTO(&local, c, skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO(&remote, c, skc_v6_daddr);
	}
	__builtin_memcpy(l->local, local, sizeof(local));
	__builtin_memcpy(l->remote, remote, sizeof(remote));
}

SEC("iter/tcp")
int list(struct bpf_iter__tcp *ctx)
{
	struct tcp_sock *tp = ours(ctx);
	struct antelope_live l = {};

	if (!tp)
		return 0;
	l.cookie = bpf_get_socket_cookie(tp);
	l.bytes_acked = tp->bytes_acked;
	l.mean_rtt_us = tp->srtt_us >> 3;
	l.min_rtt_us = tp->rtt_min.s[0].v;
	l.watched = !!(tp->bpf_sock_ops_cb_flags & (CALLBACKS | ACK_WINDOW_CB_FLAG));
	addresses(&tp->inet_conn.icsk_inet.sk.__sk_common, &l);
	BPF_CORE_READ_STR_INTO(&l.cc, tp, inet_conn.icsk_ca_ops, name);
	bpf_seq_write(ctx->meta->seq, &l, sizeof(l));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
