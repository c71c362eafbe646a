/* SPDX-License-Identifier: GPL-2.0-only */
/* A flow's begin, what changes its congestion control, and its records. */
#ifndef ANTELOPE_FLOW_BPF_H
#define ANTELOPE_FLOW_BPF_H

#include "decide.bpf.h"

#define LEVELS	16	/* of cgroups, that are looked up for an objective */
#define WAKE_BYTES	65536	/* a sixteenth of the ring */

struct cc_name {
	__u64 part[2];	/* ANTELOPE_CC_NAME bytes */
};

/* Number of the CC that the socket has; ANTELOPE_NO_CC when it is none of ours. */
__noinline int antelope_cc_of(struct bpf_sock_ops *ctx)
{
	struct cc_name name = {};
	__u32 cc;

	if (bpf_getsockopt(ctx, SOL_TCP, TCP_CONGESTION, &name, sizeof(name)))
		return ANTELOPE_NO_CC;
	for (cc = 0; cc < ANTELOPE_CCS; cc++) {
		struct cc_name *c = (struct cc_name *)config.cc[cc];

		if (cc < config.ccs && c->part[0] == name.part[0] && c->part[1] == name.part[1])
			return cc;
	}
	return ANTELOPE_NO_CC;
}

/*
 * The barriers keep the compiler from reading one field or another through one pointer
 * into the context, which the verifier does not allow.
 */
static __always_inline void mapped(__u8 to[16], __u32 ip4)
{
	__u32 part[4] = { 0, 0, bpf_htonl(0xffff), ip4 };

	__builtin_memcpy(to, part, 16);
}

static __always_inline void remote_address(struct bpf_sock_ops *ctx, __u8 to[16])
{
	__u32 part[4], ip4 = ctx->remote_ip4;

	barrier_var(ip4);
	if (ctx->family == AF_INET) {
		mapped(to, ip4);
		return;
	}
	part[0] = ctx->remote_ip6[0];
	part[1] = ctx->remote_ip6[1];
	part[2] = ctx->remote_ip6[2];
	part[3] = ctx->remote_ip6[3];
	__builtin_memcpy(to, part, 16);
}

static __always_inline void addresses(struct bpf_sock_ops *ctx, struct antelope_record *r)
{
	__u32 part[4], ip4 = ctx->local_ip4;

	barrier_var(ip4);
	r->local_port = ctx->local_port;
	r->remote_port = bpf_ntohl(ctx->remote_port);
	remote_address(ctx, r->remote);
	if (ctx->family == AF_INET) {
		mapped(r->local, ip4);
		return;
	}
	part[0] = ctx->local_ip6[0];
	part[1] = ctx->local_ip6[1];
	part[2] = ctx->local_ip6[2];
	part[3] = ctx->local_ip6[3];
	__builtin_memcpy(r->local, part, 16);
}

/*
 * A wake-up costs more than the rest of the record: the reader looks by itself once in
 * a while, and is woken when WAKE_BYTES are there to be read. One that is late loses
 * records, and can tell by "counters".
 */
static __always_inline void emit(struct bpf_sock_ops *ctx, struct window *w)
{
	__u64 over = bpf_ringbuf_query(&records, BPF_RB_AVAIL_DATA) - WAKE_BYTES;

	w->r.cookie = bpf_get_socket_cookie(ctx);
	w->r.time_ns = w->now_ns;
	if (bpf_ringbuf_output(&records, &w->r, sizeof(w->r), over < 4 * sizeof(w->r) ?
			       BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP))
		COUNT(records_lost);
}

/* What applies to this flow from outside; it removes itself when it is over. */
static __always_inline struct antelope_override *overridden(struct bpf_sock_ops *ctx, __u64 now_ns)
{
	__u64 cookie = bpf_get_socket_cookie(ctx);
	struct antelope_override *o = bpf_map_lookup_elem(&override, &cookie);

	if (!o)
		return NULL;
	if (o->expiry_ns <= now_ns) {
		bpf_map_delete_elem(&override, &cookie);
		return NULL;
	}
	return o->cc < config.ccs ? o : NULL;
}

/*
 * The flow has changed. Unless somebody has told it to, or it has gone back, the
 * new CC is on trial against what the old one has earned.
 */
static __always_inline void switched(struct window *w, struct flow *f)
{
	f->back = ANTELOPE_NO_CC;
	if (w->why == ANTELOPE_ROLLED_BACK)
		bar(f, w->r.cc);
	else if ((w->why == ANTELOPE_SWITCHED || w->why == ANTELOPE_EXPLORED) && f->rewards)
		f->back = w->r.cc;
	f->before = f->reward;
	f->reward = 0;
	f->rewards = 0;
	f->candidate = ANTELOPE_NO_CC;
	f->confirmed = 0;
	f->switched_ns = w->now_ns;
	f->switched_window = f->window;
	f->switches++;
	f->decided = 1;
	f->cc = w->to;
}

static __always_inline void count_switch(struct window *w)
{
	struct antelope_counters *c = counted();

	if (!c)
		return;
	c->switches++;
	c->explored += w->why == ANTELOPE_EXPLORED;
	c->rolled_back += w->why == ANTELOPE_ROLLED_BACK;
	c->tried += w->why == ANTELOPE_TRIED;
	c->followed += w->why == ANTELOPE_FOLLOWED;
}

/*
 * Carry out what has been decided. The kernel refuses a CC that the route has
 * locked (EPERM), that is not loaded (ENOENT): it is left alone for a while then.
 */
static __always_inline void carry_out(struct bpf_sock_ops *ctx, struct window *w, struct flow *f)
{
	__u32 to = w->to;

	w->r.choice = w->r.cc;
	if (to >= ANTELOPE_CCS || to == w->r.cc)
		return;
	if (config.shadow) {
		w->why = ANTELOPE_SHADOW;
		return;
	}
	w->r.error = bpf_setsockopt(ctx, SOL_TCP, TCP_CONGESTION, config.cc[slot(to)],
				    ANTELOPE_CC_NAME);
	if (w->r.error) {
		w->why = ANTELOPE_REFUSED;
		bar(f, to);
		COUNT(refused);
		return;
	}
	switched(w, f);
	w->r.choice = to;
	count_switch(w);
}

/* The nearest cgroup, upwards from the socket's own, that has an objective. */
static __noinline __u32 objective_of(struct tcp_sock *tp, struct flow *f)
{
	struct cgroup *cgroup = tp->inet_conn.icsk_inet.sk.sk_cgrp_data.cgroup;
	__u8 *found, which = config.objective;
	__u64 at;
	int level;

	f->cgroup = cgroup->kn->id;
	f->epoch = config.epoch;
	for (level = 0; level < LEVELS && cgroup; level++) {
		at = cgroup->kn->id;
		found = bpf_map_lookup_elem(&objective, &at);
		if (found) {
			which = *found;
			break;
		}
		cgroup = cgroup->self.parent ? cgroup->self.parent->cgroup : NULL;
	}
	return which < ANTELOPE_OBJECTIVES ? which : ANTELOPE_BALANCED;
}

/* Callbacks: windows of ACKs where the kernel has them and allows them. */
static __always_inline __u8 ask_callbacks(struct bpf_sock_ops *ctx)
{
	int flags = ctx->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_RTO_CB_FLAG |
		    BPF_SOCK_OPS_RETRANS_CB_FLAG;
	int acks = config.acks;

	if (HAS_ACK_WINDOW && acks &&
	    !bpf_setsockopt(ctx, SOL_TCP, ACK_WINDOW, &acks, sizeof(acks))) {
		bpf_sock_ops_cb_flags_set(ctx, flags | ACK_WINDOW_CB_FLAG);
		return ANTELOPE_ACKS;
	}
	bpf_sock_ops_cb_flags_set(ctx, flags | BPF_SOCK_OPS_RTT_CB_FLAG |
				  BPF_SOCK_OPS_STATE_CB_FLAG);
	return 0;
}

static __always_inline struct flow *flow_begin(struct bpf_sock_ops *ctx, struct tcp_sock *tp,
					       __u8 flags)
{
	struct flow *f = bpf_sk_storage_get(&flows, tp, NULL, BPF_SK_STORAGE_GET_F_CREATE);

	if (!f) {
		COUNT(flows_untracked);
		return NULL;
	}
	f->flags = flags | ask_callbacks(ctx);
	if (ctx->family != AF_INET)
		f->flags |= ANTELOPE_IPV6;
	f->objective = objective_of(tp, f);
	f->cc = antelope_cc_of(ctx);
	f->candidate = ANTELOPE_NO_CC;
	f->back = ANTELOPE_NO_CC;
	window_begin(f, tp, bpf_ktime_get_ns());
	return f;
}

/* The settings', or what the socket has; another if that is expected to be better. */
static __always_inline __u8 by_model(const struct window *w)
{
	__u32 best = w->r.best, first = may_choose(w->mask, config.first) ? config.first : w->r.cc;
	__s32 of = first < ANTELOPE_CCS ? w->r.score[slot(first)] : ANTELOPE_NO_SCORE;

	if (best >= ANTELOPE_CCS || of == ANTELOPE_NO_SCORE ||
	    (__s64)w->r.score[slot(best)] - of <= config.margin)
		return first;
	return best;
}

/*
 * First choice, before the congestion control starts: what other flows to that address
 * have found out, or to its prefix; else by model and settings.
 */
static __always_inline void first_choice(struct bpf_sock_ops *ctx, struct window *w,
					 const struct antelope_path *known)
{
	struct antelope_prefix key = { .prefixlen = 128 };
	struct antelope_override *o = overridden(ctx, w->now_ns);
	struct antelope_prior *p;

	if (o) {
		w->to = o->cc;
		w->r.epoch = o->epoch;
		return;
	}
	w->to = by_model(w);
	if (known && may_choose(w->mask, known->home)) {
		w->to = known->home;
		return;
	}
	__builtin_memcpy(key.addr, w->r.remote, sizeof(key.addr));
	p = bpf_map_lookup_elem(&prior, &key);
	if (p && may_choose(w->mask, p->cc)) {
		w->to = p->cc;
		w->r.epoch = p->epoch;
	}
}

#endif
