// SPDX-License-Identifier: GPL-2.0
/*
 * What ack_window_test.c looks at: asks for windows of ACKs when a connection is
 * established, and notes for each socket, by its cookie, what the calls at their
 * end and at close say, and whether it is what the socket and tcp_sock say.
 */
#include "vmlinux.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "ack_window.h"

#define SOL_TCP		6
#define TCP_CONGESTION	13

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u64);
	__type(value, struct seen);
} sockets SEC(".maps");

int acks = 8;			/* of a window */
bool calls = true;		/* set the flag */
__u32 change_at;		/* window at whose end to change, 0: never */
char change_to[16];

static void established(struct bpf_sock_ops *ctx)
{
	__u64 cookie = bpf_get_socket_cookie(ctx);
	struct seen s = { 0 };

	if (calls)
		s.flags_err = bpf_sock_ops_cb_flags_set(ctx, ctx->bpf_sock_ops_cb_flags |
							BPF_SOCK_OPS_ACK_WINDOW_CB_FLAG);
	s.set_err = bpf_setsockopt(ctx, SOL_TCP, TCP_ACK_WINDOW, &acks, sizeof(acks));
	bpf_map_update_elem(&sockets, &cookie, &s, BPF_ANY);
}

/* What tcp_sock says by pointers that BTF knows the type of. */
static void pointers(struct bpf_sock_ops *ctx, struct seen *s)
{
	struct bpf_sock *sk = ctx->sk;
	struct tcp_sock *tp = sk ? bpf_skc_to_tcp_sock(sk) : NULL;

	if (!tp)
		return;
	s->looked++;
	s->cwnd_differs += tp->snd_cwnd != ctx->snd_cwnd;
	s->no_mdev += !tp->mdev_us;
	s->lost = tp->lost;
	/* Is NULL after the connection is established. */
	if (tp->fastopen_req)
		s->not_null++;
	s->through_null |= tp->fastopen_req->copied | tp->fastopen_req->size;
}

static void window(struct bpf_sock_ops *ctx, struct seen *s)
{
	struct tcp_ack_window w = { 0 };
	__u64 us;

	if (bpf_getsockopt(ctx, SOL_TCP, TCP_ACK_WINDOW, &w, sizeof(w))) {
		s->get_err++;
		return;
	}
	us = w.taw_duration_us < ~0u ? w.taw_duration_us : ~0u;
	s->differ += w.taw_windows != ctx->args[0] || w.taw_acks != ctx->args[1] ||
		     (ctx->op == BPF_SOCK_OPS_ACK_WINDOW_CB && us != ctx->args[2]);
	s->skipped += w.taw_windows != s->windows + 1;
	s->windows = w.taw_windows;
	s->acks += w.taw_acks;
	s->bytes += w.taw_bytes_acked;
	s->window_lost += w.taw_lost;
	s->changes = w.taw_cc_switches;
	__builtin_memcpy(s->cc, w.taw_cc, sizeof(s->cc));
}

static void window_end(struct bpf_sock_ops *ctx, struct seen *s)
{
	s->after_close += s->closes;
	s->not_full += ctx->args[1] != acks;
	window(ctx, s);
	pointers(ctx, s);
	if (change_at && s->windows == change_at)
		s->change_err = bpf_setsockopt(ctx, SOL_TCP, TCP_CONGESTION, change_to,
					       sizeof(change_to));
}

static void closed(struct bpf_sock_ops *ctx, struct seen *s)
{
	s->closes++;
	s->close_windows = ctx->args[0];
	s->close_acks = ctx->args[1];
	s->close_state = ctx->args[2];
	if (ctx->args[1])
		window(ctx, s);
}

SEC("sockops")
int ack_window(struct bpf_sock_ops *ctx)
{
	__u64 cookie = bpf_get_socket_cookie(ctx);
	struct seen *s;

	switch (ctx->op) {
	case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		established(ctx);
		return 1;
	case BPF_SOCK_OPS_ACK_WINDOW_CB:
	case BPF_SOCK_OPS_CLOSE_CB:
		s = bpf_map_lookup_elem(&sockets, &cookie);
		if (!s)
			return 1;
		if (ctx->op == BPF_SOCK_OPS_ACK_WINDOW_CB)
			window_end(ctx, s);
		else
			closed(ctx, s);
	}
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
