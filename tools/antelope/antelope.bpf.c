// SPDX-License-Identifier: GPL-2.0-only
/*
 * Antelope's half in the kernel: watches the connections of a cgroup, and chooses
 * the congestion control of each. After Zhou et al., "Antelope: A Framework for
 * Dynamic Selection of Congestion Control Algorithms", ICNP 2021.
 *
 *	established	state of the flow; the first choice, by destination
 *	   |
 *	   v
 *	RTT, or ACKs	add up (window.bpf.h); when the window is long enough:
 *	   |		features and reward (features.bpf.h), a score of each CC
 *	   |		(trees.bpf.h), a decision (decide.bpf.h), a record
 *	   v
 *	closed		the last record; the state goes with the socket
 *
 * All of it is under the socket lock; no daemon is on the way of a decision. A flow
 * whose first callback is not that it is established was open before: it gets its
 * state then, and keeps its CC until its first window is over. Flows that the program
 * has no memory for, and all flows when it is gone, keep the CC that they have.
 *
 * The first choice is recorded as ANTELOPE_OPENED. A choice that could not be made is
 * in the record's error. In shadow mode nothing at all is changed.
 */
#include "flow.bpf.h"

/* The window is over: judge it, record it, begin the next. */
static __always_inline void close_window(struct bpf_sock_ops *ctx, struct tcp_sock *tp,
					 struct flow *f, struct antelope_override *o,
					 __u64 now_ns, bool last)
{
	struct window w = { .now_ns = now_ns };
	__u64 begin_ns = bpf_ktime_get_ns();
	struct antelope_counters *c;
	struct antelope_path *p;

	if (f->epoch != (__u8)config.epoch)
		f->objective = objective_of(tp, f);
	w.r.cc = antelope_cc_of(ctx);
	w.r.window = ++f->window;
	w.r.epoch = config.epoch;
	w.r.cgroup = f->cgroup;
	w.r.objective = f->objective;
	addresses(ctx, &w.r);
	window_read(&w, f, tp);
	p = path_of(&w);
	w.flows = p ? path_count(p, &w) : 1 << FLOWS_BITS;
	antelope_features(&w, f);
	decide(&w, f, o, p);
	window_calm(&w, f, p && p->trial < ANTELOPE_CCS);
	if (last) {
		w.why = ANTELOPE_CLOSED;
		w.to = w.r.cc;
	}
	f->cc = w.r.cc;
	carry_out(ctx, &w, f);
	w.r.why = w.why;
	w.r.switches = f->switches;
	c = counted();
	if (c) {
		c->windows++;
		c->decisions += !last;
		c->decision_ns += bpf_ktime_get_ns() - begin_ns;
	}
	emit(ctx, &w);
	window_begin(f, tp, now_ns);
}

static __always_inline void on_established(struct bpf_sock_ops *ctx, struct tcp_sock *tp)
{
	struct window w = {};
	struct flow *f = flow_begin(ctx, tp, 0);
	struct antelope_path *p;

	if (!f)
		return;
	w.now_ns = f->start_ns;
	w.ecn = tp->ecn_flags & ECN_OK;
	w.r.cc = f->cc;
	w.r.epoch = config.epoch;
	w.r.cgroup = f->cgroup;
	w.r.objective = f->objective;
	w.r.flags = f->flags;
	w.r.propensity = CERTAIN;
	w.r.min_rtt_us = tp->rtt_min.s[0].v;
	w.why = ANTELOPE_OPENED;
	addresses(ctx, &w.r);
	p = path_of(&w);
	w.flows = p ? p->flows : 1 << FLOWS_BITS;
	antelope_opening(&w);
	w.mask = antelope_mask(f, w.ecn);
	w.r.best = antelope_best(&w);
	first_choice(ctx, &w, p && p->last != ANTELOPE_NO_SCORE ? p : NULL);
	carry_out(ctx, &w, f);
	f->switched_ns = 0;
	f->back = ANTELOPE_NO_CC;
	w.r.why = ANTELOPE_OPENED;
	emit(ctx, &w);
}

/* Not the first callback of the flow, unless it was open before. */
static __always_inline void on_progress(struct bpf_sock_ops *ctx, struct tcp_sock *tp)
{
	struct flow *f = bpf_sk_storage_get(&flows, tp, NULL, 0);
	struct antelope_override *o;
	__u64 now_ns = bpf_ktime_get_ns();
	bool last;

	if (!f) {
		if (ctx->state != BPF_TCP_CLOSE)
			flow_begin(ctx, tp, ANTELOPE_ADOPTED);
		return;
	}
	if (ctx->op == BPF_SOCK_OPS_RETRANS_CB || ctx->op == BPF_SOCK_OPS_RTO_CB)
		f->calm = 0;
	if (!(f->flags & ANTELOPE_ACKS))
		window_add(f, tp, now_ns, ctx->op == BPF_SOCK_OPS_RTT_CB ? ctx->args[0] : 0);
	else if (ctx->op == ACK_WINDOW_CB || (ctx->op == CLOSE_CB && ctx->args[1]))
		window_add_acks(f, ctx, now_ns);
	last = f->flags & ANTELOPE_ACKS ? ctx->op == CLOSE_CB :
		ctx->op == BPF_SOCK_OPS_STATE_CB && ctx->args[1] == BPF_TCP_CLOSE;
	o = overridden(ctx, now_ns);
	if (last || window_due(f, tp, now_ns) ||
	    (o && o->cc != f->cc && !config.shadow && ca_state(tp) < CA_RECOVERY &&
	     f->barred_until[slot(o->cc)] <= f->window))
		close_window(ctx, tp, f, o, now_ns, last);
}

SEC("sockops")
int antelope_sockops(struct bpf_sock_ops *ctx)
{
	struct bpf_sock *sk = ctx->sk;
	struct tcp_sock *tp;

	if (!sk)
		return 1;
	switch (ctx->op) {
	case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
	case BPF_SOCK_OPS_RTT_CB:
	case BPF_SOCK_OPS_RTO_CB:
	case BPF_SOCK_OPS_RETRANS_CB:
	case BPF_SOCK_OPS_STATE_CB:
	case ACK_WINDOW_CB:
	case CLOSE_CB:
		break;
	default:
		return 1;
	}
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return 1;
	COUNT(callbacks);
	if (ctx->op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB ||
	    ctx->op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB)
		on_established(ctx, tp);
	else
		on_progress(ctx, tp);
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
