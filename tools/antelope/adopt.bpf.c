// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections that were open before the daemon, and those that stay when it goes.
 * Iterators over TCP sockets turn the callbacks of a cgroup's sockets on and off;
 * the next callback then finds a flow without state and adopts it. In an object of
 * its own: a kernel without iterators (CONFIG_BPF_EVENTS) still loads the other one.
 */
#include "kernel.bpf.h"

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

/* Under the lock of the socket, which the iterator holds. One byte is one socket. */
static __always_inline void set_callbacks(struct bpf_iter__tcp *ctx, int on, int off)
{
	struct sock_common *common = ctx->sk_common;
	struct tcp_sock *tp;
	int flags, set, none = 0;

	if (!common || !(1 << common->skc_state & SENDERS))
		return;
	tp = bpf_skc_to_tcp_sock(common);
	if (!tp || !is_below(tp->inet_conn.icsk_inet.sk.sk_cgrp_data.cgroup, root_cgroup))
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

char LICENSE[] SEC("license") = "GPL";
