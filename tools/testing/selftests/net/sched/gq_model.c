// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gq_model: in which order gq's ranking policies send, told without gq.
 *
 * Written from include/uapi/linux/pkt_sched_gq.h: a band serves the flow whose
 * rank is in the smallest bucket, of equal ones that which got its rank first,
 * and of the flow its oldest packet. Flows are in an array here, searched from
 * end to end for each packet.
 *
 * What was sent is read from gq_send's trace, when it was sent and in which
 * order it arrived from gq_recv's --csv. The link is never idle, and the next
 * packet is chosen when the one before it leaves; so a packet arriving is what
 * says when the choice of the next one was made, among the packets sent before.
 * On one processor nothing is sent between the two, but a packet whose time was
 * taken DOUBTFUL_NS before may have come too late: a mismatch says how many
 * such there were.
 *
 * hClock asks for the time too, so what it chooses is told in bounds: reservations
 * DUE_NS apart are due alike, and what happens within DOUBTFUL_NS of a choice may
 * be before or after it. The model goes on with what was sent, if that may be,
 * and counts how often something else could have been.
 */
#include "gq_probe.h"

#define MAX_PACKETS	10000
#define MAX_FLOWS	100
#define FIXED_BUCKETS	4096
#define DOUBTFUL_NS	2000
#define WHEEL_NS	8192	/* granularity */
#define DUE_NS		8192
#define CATCH_UP_NS	(WHEEL_NS + 30000)
#define QUANTUM		3028
#define NEVER		INT64_MAX

struct config {
	const char *policy;
	const char *trace;
	const char *csv;
	uint64_t plug;
	uint64_t reservation;	/* bytes/s */
	uint64_t ceil;		/* bytes/s, 0: none */
	uint64_t share;
};

#define OPT(name, kind, field, arg, help) \
	{ name, GQ_OPT_##kind, offsetof(struct config, field), arg, help }

static const struct gq_opt opts[] = {
	OPT("policy", STR, policy, "NAME", "edt, prio, stfq, srpt, pfabric, lstf, hclock"),
	OPT("trace", STR, trace, "FILE", "what gq_send read"),
	OPT("csv", STR, csv, "FILE", "what gq_recv wrote"),
	OPT("plug", NUM, plug, "N", "flow that only keeps the link busy"),
	OPT("reservation", NUM, reservation, "BYTES/S", "hclock: (0)"),
	OPT("ceil", NUM, ceil, "BYTES/S", "hclock: (0, no limit)"),
	OPT("share", NUM, share, "N", "hclock: (1)"),
};

struct packet {
	unsigned int flow;
	uint32_t mark;
	unsigned int dscp;
	uint64_t len;		/* with headers */
	int64_t sent_ns;
	int64_t due_ns;
	struct packet *next;	/* of the flow */
};

struct flow {
	struct packet *sent[MAX_PACKETS];	/* by number */
	unsigned int count;
	struct packet *head, *tail;	/* in the queue */
	struct packet *gone;	/* what it has sent last */
	unsigned int qlen;
	uint64_t rank;
	uint64_t stamp;		/* of the rank */
	uint64_t finish;
	int64_t deadline;
	int64_t due;		/* hClock's r-tag */
	int64_t limit;		/* hClock's l-tag */
	int64_t listed_ns;	/* hClock; NEVER: the limit holds it back */
	bool busy;
};

struct arrival {
	int64_t at_ns;
	struct packet *packet;	/* NULL: of the plug */
};

struct model {
	const struct config *config;
	const struct policy *policy;
	uint64_t plug_len;	/* of a packet of the plug */
	unsigned int reserved;	/* packets that were, with hClock */
	unsigned int open;	/* that might as well have been others */
	uint64_t stamp;
	unsigned int packets, arrivals;
};

static uint64_t vtime;		/* of the packet sent last */
static struct flow flows[MAX_FLOWS];
static struct packet packets[MAX_PACKETS];
static struct packet *by_time[MAX_PACKETS];
static struct arrival arrivals[MAX_PACKETS];

/**
 * struct policy - how flows are ranked
 * @name: in tc
 * @bucket: ranks that count as one
 * @fixed: buckets from 0, the last one for all ranks above
 * @listed: rank of a flow that got its first packet
 * @queued: of one that got another; NULL: as it was
 * @sent: of one that has sent a packet, and has more; NULL: see hclock_take()
 */
struct policy {
	const char *name;
	uint64_t bucket;
	bool fixed;
	uint64_t (*listed)(struct flow *f);
	uint64_t (*queued)(struct flow *f);
	uint64_t (*sent)(struct flow *f);
};

static uint64_t max64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t min64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t edt_listed(struct flow *f)
{
	f->deadline = max64(f->deadline, f->head->due_ns);
	return f->deadline;
}

static uint64_t edt_sent(struct flow *f)
{
	return edt_listed(f);
}

static uint64_t prio_listed(struct flow *f)
{
	return 63 - f->head->dscp;
}

static uint64_t prio_sent(struct flow *f)
{
	return prio_listed(f);
}

/* In 1/65536 of a byte, which is how exactly gq counts. */
static uint64_t stfq_listed(struct flow *f)
{
	return max64(vtime, f->finish);
}

static uint64_t stfq_sent(struct flow *f)
{
	uint64_t weight = f->gone->mark & 0xffff;

	vtime = max64(vtime, f->rank);
	f->finish = f->rank + f->gone->len * 65536 / (weight ? weight : 1);
	return f->finish;
}

static uint64_t srpt_listed(struct flow *f)
{
	return f->qlen;
}

static uint64_t srpt_queued(struct flow *f)
{
	return f->qlen;
}

static uint64_t srpt_sent(struct flow *f)
{
	return f->qlen;
}

static uint64_t remaining(const struct packet *p)
{
	return p->mark ? p->mark : UINT32_MAX;
}

static uint64_t pfabric_listed(struct flow *f)
{
	return remaining(f->head);
}

static uint64_t pfabric_queued(struct flow *f)
{
	return min64(f->rank, remaining(f->tail));
}

/* Eiffel: the smaller one of the packet sent and of the next one. */
static uint64_t pfabric_sent(struct flow *f)
{
	return f->head ? min64(remaining(f->gone), remaining(f->head)) : 0;
}

static uint64_t lstf_listed(struct flow *f)
{
	return f->head->due_ns + f->head->mark * 1000ULL;
}

static uint64_t lstf_sent(struct flow *f)
{
	return f->head ? lstf_listed(f) : 0;
}

static const struct policy policies[] = {
	{ "edt", 1024, false, edt_listed, NULL, edt_sent },
	{ "prio", 1, true, prio_listed, NULL, prio_sent },
	{ "stfq", 256 * 65536, false, stfq_listed, NULL, stfq_sent },
	{ "srpt", 1, true, srpt_listed, srpt_queued, srpt_sent },
	{ "pfabric", 1, true, pfabric_listed, pfabric_queued, pfabric_sent },
	{ "lstf", 1024, false, lstf_listed, NULL, lstf_sent },
	{ "hclock", 256 * 65536, false, NULL, NULL, NULL },
};

static uint64_t bucket_of(const struct policy *p, uint64_t rank)
{
	uint64_t bucket = rank / p->bucket;

	return p->fixed ? min64(bucket, FIXED_BUCKETS - 1) : bucket;
}

static void set_rank(struct model *m, struct flow *f, uint64_t rank)
{
	f->rank = rank;
	f->stamp = m->stamp++;
}

static void hclock_queue(const struct model *m, struct flow *f, int64_t now);

static void enqueue(struct model *m, struct packet *p)
{
	struct flow *f = &flows[p->flow];
	uint64_t rank;

	p->next = NULL;
	if (f->head)
		f->tail->next = p;
	else
		f->head = p;
	f->tail = p;
	if (!m->policy->listed) {
		f->qlen++;
		hclock_queue(m, f, p->sent_ns);
	} else if (!f->qlen++) {
		set_rank(m, f, m->policy->listed(f));
	} else if (m->policy->queued) {
		rank = m->policy->queued(f);
		if (rank != f->rank)
			set_rank(m, f, rank);
	}
}

static struct packet *dequeue(struct model *m)
{
	struct flow *f, *best = NULL;
	uint64_t bucket, least = 0;
	struct packet *p;

	for (f = flows; f < flows + MAX_FLOWS; f++) {
		bucket = bucket_of(m->policy, f->rank);
		if (!f->head || (best && (bucket > least ||
					  (bucket == least &&
					   f->stamp > best->stamp))))
			continue;
		best = f;
		least = bucket;
	}
	if (!best)
		return NULL;
	p = best->head;
	best->head = p->next;
	best->gone = p;
	best->qlen--;
	if (best->head || !strcmp(m->policy->name, "stfq"))
		set_rank(m, best, m->policy->sent(best));
	return p;
}

static int read_trace(struct model *m, const char *name)
{
	FILE *f = fopen(name, "r");
	unsigned int flow, size, tos;
	struct packet *p;
	uint32_t mark;

	if (!f)
		return -errno;
	while (m->packets < MAX_PACKETS &&
	       fscanf(f, "%*d %u %u %u %u %*d", &flow, &size, &mark,
		      &tos) == 4 && flow < MAX_FLOWS) {
		p = &packets[m->packets++];
		p->flow = flow;
		p->mark = mark;
		p->dscp = tos >> 2;
		flows[flow].sent[flows[flow].count++] = p;
	}
	return fclose(f);
}

static int read_csv(struct model *m, const struct config *c)
{
	FILE *f = fopen(c->csv, "r");
	unsigned int flow, seq, len;
	long long at, sent, due;
	struct packet *p;
	char line[256];

	if (!f || !fgets(line, sizeof(line), f))
		return -EIO;
	while (m->arrivals < MAX_PACKETS && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lld,%u,%u,%lld,%lld,%u", &at, &flow, &seq,
			   &sent, &due, &len) != 6)
			break;
		p = NULL;
		if (flow == c->plug) {
			m->plug_len = len;
		} else {
			if (flow >= MAX_FLOWS || seq >= flows[flow].count)
				break;
			p = flows[flow].sent[seq];
			p->sent_ns = sent;
			p->due_ns = due;
			p->len = len;
		}
		arrivals[m->arrivals].at_ns = at;
		arrivals[m->arrivals++].packet = p;
	}
	return fclose(f);
}

static int earlier(const void *a, const void *b)
{
	const struct packet *x = *(void **)a, *y = *(void **)b;

	return (x->sent_ns > y->sent_ns) - (x->sent_ns < y->sent_ns);
}

/* ---- hClock ---- */

static uint64_t multiple(uint64_t rate, uint32_t times)
{
	return times == 255 ? 0 : rate * (times ? times : 1);
}

static uint64_t reservation_of(const struct model *m, const struct packet *p)
{
	return multiple(m->config->reservation, p->mark >> 16 & 255);
}

static uint64_t ceil_of(const struct model *m, const struct packet *p)
{
	return multiple(m->config->ceil, p->mark >> 24);
}

static uint64_t virtual_of(const struct model *m, const struct packet *p,
			   uint64_t len)
{
	uint64_t share = p->mark & 0xffff;

	return len * 65536 / (share ? share : m->config->share);
}

/* The flow may send from @now on. */
static void hclock_list(const struct model *m, struct flow *f, int64_t now)
{
	if (!reservation_of(m, f->head))
		f->due = NEVER;
	else if (f->due == NEVER)
		f->due = now;
	if (!f->busy && f->due < now)
		f->due = now;
	f->busy = true;
	f->rank = max64(vtime, f->finish);
	f->listed_ns = now;
}

static void hclock_queue(const struct model *m, struct flow *f, int64_t now)
{
	if (f->qlen > 1)
		return;
	f->listed_ns = NEVER;
	if (f->limit > now)
		return;
	if (!f->busy)
		f->limit = now;
	hclock_list(m, f, now);
}

/* When the wheel gives a flow back that its limit has held. */
static int64_t wheel_end(const struct flow *f)
{
	return ((f->limit - 1) / WHEEL_NS + 1) * WHEEL_NS;
}

/* Those whose limit allows it at @now are listed. Return: whether any is */
static bool hclock_release(const struct model *m, int64_t now)
{
	bool any = false;
	struct flow *f;

	for (f = flows; f < flows + MAX_FLOWS; f++) {
		if (!f->head)
			continue;
		if (f->listed_ns == NEVER && wheel_end(f) <= now)
			hclock_list(m, f, wheel_end(f));
		any |= f->listed_ns != NEVER;
	}
	return any;
}

/* The flow has sent @p at @now, as reserved or not. */
static void hclock_charge(struct model *m, struct flow *f, struct packet *p,
			  bool reserved, int64_t now)
{
	uint64_t rate = reservation_of(m, p), ceil = ceil_of(m, p);
	uint64_t most = p->len > QUANTUM ? p->len : QUANTUM;
	int64_t delay, window;

	f->finish = f->rank + virtual_of(m, p, p->len);
	if (reserved) {
		most = vtime + 2 * virtual_of(m, p, most);
		f->finish = max64(f->rank, min64(f->finish, most));
		f->due += p->len * NSEC_PER_SEC / rate;
		m->reserved++;
	} else {
		vtime = max64(vtime, f->rank);
	}
	if (ceil) {
		delay = p->len * NSEC_PER_SEC / ceil;
		window = delay / 2 > CATCH_UP_NS ? delay / 2 : CATCH_UP_NS;
		if (f->limit < now - window)
			f->limit = now - window;
		f->limit += delay;
	}
	f->busy = f->head;
	if (!f->head)
		return;
	f->listed_ns = NEVER;
	if (ceil && f->limit > now)
		return;
	hclock_list(m, f, now);
	f->rank = f->finish;
}

/* Whether @p may be sent at @now; then it is. */
static bool hclock_take(struct model *m, struct packet *p, int64_t now)
{
	struct flow *f = &flows[p->flow], *o;
	uint64_t bucket, least = UINT64_MAX;
	int64_t first = NEVER;
	bool by_due, by_share;

	hclock_release(m, now);
	if (f->head != p)
		return false;
	if (f->listed_ns == NEVER && wheel_end(f) <= now + DOUBTFUL_NS)
		hclock_list(m, f, now);
	if (f->listed_ns == NEVER)
		return false;
	for (o = flows; o < flows + MAX_FLOWS; o++) {
		/* Who has just come may have come too late. */
		if (!o->head || (o != f && (o->listed_ns == NEVER ||
					    now - o->listed_ns < DOUBTFUL_NS)))
			continue;
		bucket = bucket_of(m->policy, o->rank);
		least = min64(least, bucket);
		first = o->due < first ? o->due : first;
	}
	by_due = f->due <= now + DOUBTFUL_NS &&
		 f->due - first < DUE_NS + 2 * DOUBTFUL_NS;
	by_share = first > now - DOUBTFUL_NS &&
		   bucket_of(m->policy, f->rank) == least;
	if (!by_due && !by_share)
		return false;
	m->open += (by_due && by_share) || (by_due && f->due != first);
	f->head = p->next;
	f->qlen--;
	hclock_charge(m, f, p, by_due && (!by_share || f->due <= now), now);
	return true;
}

/* Return: whether what arrived may have, to the last packet */
static bool hclock_compare(struct model *m)
{
	unsigned int i, n = 0, sent = 0;
	struct packet *p;
	int64_t now;

	/* The plug had a share of 1; its second packet was sent last. */
	vtime = m->plug_len * 65536;
	for (i = 1; i < m->arrivals; i++) {
		p = arrivals[i].packet;
		now = arrivals[i - 1].at_ns;
		if (!p)
			continue;
		for (; n < m->packets && by_time[n]->sent_ns < now; n++)
			enqueue(m, by_time[n]);
		/* The link was idle: the choice was made when there was one. */
		if (!hclock_release(m, now)) {
			now = arrivals[i].at_ns;
			for (; n < m->packets && by_time[n]->sent_ns < now; n++)
				enqueue(m, by_time[n]);
		}
		if (!hclock_take(m, p, now)) {
			printf("hclock: arrival %u: flow %u at %lld: not reserved, nor its turn\n",
			       i, p->flow, (long long)now);
			return false;
		}
		sent++;
	}
	printf("hclock: %u packets as they should, %u reserved, %u open\n",
	       sent, m->reserved, m->open);
	return sent && sent == m->packets && m->open * 20 < sent;
}

/* Return: whether what arrived is what the model says, to the last packet */
static bool compare(struct model *m)
{
	unsigned int i, n = 0, doubtful = 0;
	struct packet *want;
	int64_t choice;

	for (i = 0; i < m->packets; i++)
		by_time[i] = &packets[i];
	qsort(by_time, m->packets, sizeof(*by_time), earlier);
	if (!m->policy->sent)
		return hclock_compare(m);
	for (i = 1; i < m->arrivals; i++) {
		choice = arrivals[i - 1].at_ns;
		if (!arrivals[i].packet)
			continue;
		for (; n < m->packets && by_time[n]->sent_ns < choice; n++)
			enqueue(m, by_time[n]);
		doubtful += n && choice - by_time[n - 1]->sent_ns <
			     DOUBTFUL_NS;
		want = dequeue(m);
		if (want == arrivals[i].packet)
			continue;
		printf("%s: arrival %u: packet of flow %u, expected one of flow %d; %u doubtful\n",
		       m->policy->name, i, arrivals[i].packet->flow,
		       want ? (int)want->flow : -1, doubtful);
		return false;
	}
	printf("%s: %u packets, all in order\n", m->policy->name, n);
	return n && n == m->packets && !dequeue(m);
}

int main(int argc, char **argv)
{
	struct config c = { .policy = "", .share = 1 };
	struct model m = { .config = &c };
	size_t i;
	int err;

	err = gq_parse(argc, argv, opts, ARRAY_SIZE(opts), &c);
	if (err > 0)
		gq_help(opts, ARRAY_SIZE(opts),
			"usage: gq_model --policy NAME --trace FILE --csv FILE [--plug N]\n",
			"  gq_model --policy srpt --trace packets --csv arrivals.csv\n");
	if (err)
		return err < 0;
	for (i = 0; i < ARRAY_SIZE(policies); i++)
		if (!strcmp(policies[i].name, c.policy))
			m.policy = &policies[i];
	if (!m.policy || !c.trace || !c.csv) {
		fprintf(stderr, "gq_model: --policy, --trace and --csv needed; see --help\n");
		return 1;
	}
	if (read_trace(&m, c.trace) || read_csv(&m, &c)) {
		fprintf(stderr, "gq_model: %s or %s: cannot be read\n",
			c.trace, c.csv);
		return 1;
	}
	return !compare(&m);
}
