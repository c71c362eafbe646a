// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model of a path. A frame that enters at t
 *
 *  1. is dropped when the path is out of order at t;
 *  2. waits for the rate: its first bit leaves at the end of its predecessor's
 *     last. When more than queue_bytes would wait it is dropped; when it finds
 *     more than ecn_bytes waiting and is ECN-capable it is marked;
 *  3. may be lost, or have one bit flipped;
 *  4. arrives latency after its last bit left, later by the jitter, yet never
 *     before a frame that left earlier; or, when chosen to be reordered,
 *     reorder_ns later than that, and then holds nobody up;
 *  5. is dropped when the path is out of order at any time before its arrival;
 *  6. may arrive twice, at the same time.
 *
 * Time of the rate is kept in ns and a fraction with the rate as denominator, so
 * that back-to-back frames never drift: n frames of b bits take exactly
 * floor(n * b * 10^9 / rate) ns.
 *
 * Chance is a keyed hash (SipHash) of the path, the number of the frame on it and
 * what is decided. So it depends neither on the order in which nodes run, nor on
 * whether something else is random too: switching jitter on does not change
 * which frames are lost.
 */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"

#define NSEC		1000000000ull

enum chance { CHANCE_LOSS, CHANCE_CORRUPT, CHANCE_BIT, CHANCE_JITTER, CHANCE_REORDER,
	      CHANCE_DUPLICATE };

const char *const ns_fate_names[NS_FATES] = {
	[NS_DROP_QUEUE] = "queue",
	[NS_DROP_LOSS] = "loss",
	[NS_DROP_OUTAGE] = "outage",
	[NS_DROP_PARTITION] = "partition",
	[NS_DROP_CRASH] = "crash",
	[NS_DROP_DOWN] = "down",
	[NS_MARKED] = "marked",
	[NS_DUPLICATED] = "duplicated",
	[NS_CORRUPTED] = "corrupted",
	[NS_REORDERED] = "reordered",
};

void ns_world_init(struct ns_world *world, const struct ns_config *cfg)
{
	static const char name[8] = "netsim 1";

	world->cfg = cfg;
	world->zero_ns = NS_NEVER;
	memcpy(world->key, &cfg->seed, sizeof(cfg->seed));
	memcpy(world->key + 8, name, sizeof(name));
}

/* Uniform in [0, n). */
static uint64_t draw(const struct ns_link *l, const struct ns_world *w, enum chance what,
		     uint64_t n)
{
	struct {
		uint64_t packet;
		uint32_t segment, from, to, what;
	} in = { l->packets, l->segment, l->from, l->to, what };
	unsigned char out[crypto_shorthash_BYTES];
	uint64_t v;

	crypto_shorthash(out, (const unsigned char *)&in, sizeof(in), w->key);
	memcpy(&v, out, sizeof(v));
	return (__uint128_t)v * n >> 64;
}

static bool happens(const struct ns_link *l, const struct ns_world *w, enum chance what,
		    uint32_t ppm)
{
	return ppm && draw(l, w, what, NS_PPM) < ppm;
}

static bool separates(const struct ns_fault *f, uint32_t a, uint32_t b)
{
	switch (f->kind) {
	case NS_FAULT_OUTAGE:
		return (f->a == a && f->b == b) || (f->a == b && f->b == a);
	case NS_FAULT_PARTITION:
		return f->group[a] != f->group[b];
	case NS_FAULT_CRASH:
		break;
	}
	return false;
}

/* Whether a fault keeps a frame back that is under way in [first, last]. */
static bool broken(struct ns_link *l, const struct ns_world *w, uint64_t first, uint64_t last)
{
	const struct ns_config *cfg = w->cfg;
	uint32_t i;

	if (w->zero_ns == NS_NEVER || last < w->zero_ns)
		return false;
	first = first > w->zero_ns ? first - w->zero_ns : 0;
	last -= w->zero_ns;
	for (i = 0; i < cfg->nr_faults; i++) {
		const struct ns_fault *f = &cfg->faults[i];

		if (last < f->start_ns || first >= f->end_ns ||
		    !separates(f, l->from_node, l->to_node))
			continue;
		l->stats.fate[f->kind == NS_FAULT_OUTAGE ? NS_DROP_OUTAGE : NS_DROP_PARTITION]++;
		return true;
	}
	return false;
}

static int wait_push(struct ns_link *l, uint64_t start, uint32_t len)
{
	if (l->nr == l->size) {
		uint32_t size = l->size ? 2 * l->size : 16, i;
		struct ns_waiting *ring = malloc(size * sizeof(*ring));

		if (!ring)
			return -ENOMEM;
		for (i = 0; i < l->nr; i++)
			ring[i] = l->waiting[(l->head + i) & (l->size - 1)];
		free(l->waiting);
		l->waiting = ring;
		l->head = 0;
		l->size = size;
	}
	l->waiting[(l->head + l->nr++) & (l->size - 1)] = (struct ns_waiting){ start, len };
	l->waiting_bytes += len;
	if (l->waiting_bytes > l->stats.queue_max_bytes)
		l->stats.queue_max_bytes = l->waiting_bytes;
	return 0;
}

static void wait_pop(struct ns_link *l, uint64_t t)
{
	while (l->nr && l->waiting[l->head].start_ns <= t) {
		l->waiting_bytes -= l->waiting[l->head].len;
		l->head = (l->head + 1) & (l->size - 1);
		l->nr--;
	}
}

/*
 * Waits for the rate. *t: from when it entered to when its last bit left; *mark:
 * it found enough waiting. 1, 0 when dropped, or -ENOMEM.
 */
static int serialise(struct ns_link *l, uint64_t *t, uint32_t len, bool *mark)
{
	const struct ns_path *p = l->path;
	uint64_t start = *t, frac = 0, total;
	int err;

	if (!p->rate_bps)
		return 1;
	wait_pop(l, *t);
	*mark = p->ecn_bytes && l->waiting_bytes > p->ecn_bytes;
	if (*t < l->busy_ns || (*t == l->busy_ns && l->busy_frac)) {
		if (l->waiting_bytes + len > p->queue_bytes) {
			l->stats.fate[NS_DROP_QUEUE]++;
			return 0;
		}
		start = l->busy_ns;
		frac = l->busy_frac;
		/* a start within the present ns has begun by its end */
		err = wait_push(l, start + !!frac, len);
		if (err)
			return err;
	}
	total = len * 8 * NSEC + frac;
	l->busy_ns = start + total / p->rate_bps;
	l->busy_frac = total % p->rate_bps;
	*t = l->busy_ns;
	return 1;
}

/* RFC 1624: the checksum after one 16-bit word of the header has changed. */
static void ip_word(unsigned char *sum, uint16_t old, uint16_t new)
{
	uint32_t s = (uint16_t)~(sum[0] << 8 | sum[1]);

	s += (uint16_t)~old;
	s += new;
	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	s = ~s;
	sum[0] = s >> 8;
	sum[1] = s;
}

/* RFC 3168: congestion experienced, if sender and receiver understand it. */
static bool mark_ce(struct ns_frame *f)
{
	unsigned char *p = f->data + 12, *end = f->data + f->len;
	uint16_t old;

	while (p + 4 <= end && ((p[0] == 0x81 && p[1] == 0) || (p[0] == 0x88 && p[1] == 0xa8)))
		p += 4;
	if (p + 2 + 20 > end)
		return false;
	if (p[0] == 0x08 && p[1] == 0x00 && p[2] >> 4 == 4) {
		p += 2;
		if (!(p[1] & 3))
			return false;
		old = p[0] << 8 | p[1];
		p[1] |= 3;
		ip_word(p + 10, old, p[0] << 8 | p[1]);
		return true;
	}
	if (p[0] == 0x86 && p[1] == 0xdd && p[2] >> 4 == 6) {
		if (!(p[3] & 0x30))
			return false;
		p[3] |= 0x30;
		return true;
	}
	return false;
}

static struct ns_frame *change(struct ns_link *l, const struct ns_world *w,
			       struct ns_frame *frame, bool mark, bool corrupt)
{
	struct ns_frame *own;
	uint64_t bit;

	if (!mark && !corrupt)
		return ns_frame_get(frame);
	own = ns_frame_new(frame->data, frame->len);
	if (!own)
		return NULL;
	if (mark && mark_ce(own))
		l->stats.fate[NS_MARKED]++;
	if (corrupt) {
		bit = draw(l, w, CHANCE_BIT, own->len * 8ull);
		own->data[bit / 8] ^= 1 << bit % 8;
		l->stats.fate[NS_CORRUPTED]++;
	}
	return own;
}

static uint64_t arrival(struct ns_link *l, const struct ns_world *w, uint64_t left)
{
	const struct ns_path *p = l->path;
	uint64_t t = left + p->latency_ns;

	if (p->jitter_ns)
		t += draw(l, w, CHANCE_JITTER, p->jitter_ns + 1);
	if (t < l->last_ns)
		t = l->last_ns;
	if (happens(l, w, CHANCE_REORDER, p->reorder_ppm)) {
		l->stats.fate[NS_REORDERED]++;
		return t + p->reorder_ns;
	}
	l->last_ns = t;
	return t;
}

int ns_link_send(struct ns_link *l, const struct ns_world *w, uint64_t t_ns,
		 struct ns_frame *frame, struct ns_arrival arrivals[2])
{
	const struct ns_path *p = l->path;
	uint64_t t = t_ns;
	bool mark = false, corrupt;
	int left;

	l->packets++;
	l->stats.sent_frames++;
	l->stats.sent_bytes += frame->len;
	if (broken(l, w, t_ns, t_ns))
		return 0;
	left = serialise(l, &t, frame->len, &mark);
	if (left <= 0)
		return left;
	if (happens(l, w, CHANCE_LOSS, p->loss_ppm)) {
		l->stats.fate[NS_DROP_LOSS]++;
		return 0;
	}
	corrupt = happens(l, w, CHANCE_CORRUPT, p->corrupt_ppm);
	t = arrival(l, w, t);
	if (broken(l, w, t_ns, t))
		return 0;
	arrivals[0].time_ns = t;
	arrivals[0].frame = change(l, w, frame, mark, corrupt);
	if (!arrivals[0].frame)
		return -ENOMEM;
	if (!happens(l, w, CHANCE_DUPLICATE, p->duplicate_ppm))
		return 1;
	l->stats.fate[NS_DUPLICATED]++;
	arrivals[1].time_ns = t;
	arrivals[1].frame = ns_frame_get(arrivals[0].frame);
	return 2;
}

void ns_link_free(struct ns_link *l)
{
	free(l->waiting);
	l->waiting = NULL;
}
