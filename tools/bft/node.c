// SPDX-License-Identifier: GPL-2.0-only
/*
 * A run of one node.
 *
 *   CONNECT --all links are up, everywhere--> BROADCAST --all delivered--> LINGER
 *                                                                            |
 *      \__________________________\______ timeout, signal, error _____________> END
 *
 *   CONNECT    dials; says Up when it has a link to every node that is waited
 *              for; goes on when all of these have said so (or --start passes),
 *              so that the first message is no slower than the others
 *   BROADCAST  own messages, k * n + id for k = 1, 2, ..., the next when the
 *              last one is delivered here; serves the others
 *   LINGER     all messages of all nodes that are waited for are delivered, Done
 *              is said; serves the others until they have said it too, and all
 *              that they need is acknowledged, or --linger passes
 *   END        nothing more is sent
 *
 * One thread, one epoll. Messages that a batch of events leads to are written
 * once, at its end. The clock is looked at for latencies and deadlines only:
 * what is sent depends on what came in, and on nothing else.
 *
 * Plain epoll rather than sd-event: descriptors of three kinds, and deadlines
 * that are recomputed each round from a few fields.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bracha.h"

#define BATCH		64
#define TELL_NS		(5 * NSEC_PER_SEC)
/* How often to ask TCP what is acknowledged, when only that is missing. */
#define POLL_NS		(2 * NSEC_PER_MSEC)

static bool awaited(const struct node *n, unsigned int id)
{
	return id != n->o->id && !n->o->faulty[id];
}

static void log_append(struct node *n, struct log *log, const unsigned char *bytes, size_t len)
{
	size_t size = log->size ? log->size : 4096;
	unsigned char *data;

	while (log->len + len > size)
		size *= 2;
	if (size != log->size) {
		data = realloc(log->data, size);
		if (!data) {
			n->err = fail(ENOMEM, "cannot keep %zu bytes to send", size);
			return;
		}
		log->data = data;
		log->size = size;
	}
	memcpy(log->data + log->len, bytes, len);
	log->len += len;
}

static void log_message(struct node *n, struct log *log, const struct rbc_msg *m)
{
	unsigned char bytes[MSG_MAX_BYTES];

	log_append(n, log, bytes, msg_encode(n->o->wire, m, bytes));
}

/* Byzantine nodes have a log for each peer. */
static void on_emit(void *ctx, unsigned int dest, const struct rbc_msg *m)
{
	struct node *n = ctx;

	if (m->type < MSG_NR_TYPES)
		n->stats.sent[m->type]++;
	log_message(n, n->peer[dest].log, m);
}

static void to_all(struct node *n, const struct rbc_msg *m)
{
	unsigned int i;

	n->stats.sent[m->type] += n->o->nodes - 1;
	if (!n->o->byz) {
		log_message(n, &n->log, m);
		return;
	}
	for (i = 0; i < n->o->nodes; i++)
		if (i != n->o->id)
			log_message(n, n->peer[i].log, m);
}

static void on_send(void *ctx, const struct rbc_msg *m)
{
	struct node *n = ctx;

	if (n->o->byz)
		byz_send(&n->byz, m);
	else
		to_all(n, m);
}

static void on_deliver(void *ctx, const struct rbc_msg *m)
{
	struct node *n = ctx;

	if (!n->o->quiet && !n->o->json)
		printf("Delivered msg %llu\n", (unsigned long long)m->value);
	if (!n->o->faulty[m->origin])
		n->delivered++;
	if (m->origin != n->o->id)
		return;
	n->latency_ns[m->seq - 1] = now_ns() - n->broadcast_ns[m->seq - 1];
	n->next = true;
}

static const struct rbc_ops ops = { on_send, on_deliver };

void node_receive(struct node *n, struct peer *p, const struct rbc_msg *m)
{
	n->stats.received[m->type]++;
	if (m->type == MSG_UP)
		p->ready = true;
	else if (m->type == MSG_DONE)
		p->done = true;
	else
		n->stats.verdict[rbc_receive(&n->rbc, p->id, m)]++;
}

/* Those that are waited for and of whom "has" does not hold. */
static unsigned int missing(const struct node *n, bool (*has)(const struct peer *p))
{
	unsigned int i, count = 0;

	for (i = 0; i < n->o->nodes; i++)
		count += awaited(n, i) && !has(&n->peer[i]);
	return count;
}

static bool has_link(const struct peer *p)
{
	return p->conn;
}

static bool has_said_up(const struct peer *p)
{
	return p->ready;
}

static bool has_said_done(const struct peer *p)
{
	return p->done;
}

static bool has_all(const struct peer *p)
{
	return p->done && conn_drained(p);
}

static void tell_missing(struct node *n, uint64_t now)
{
	unsigned int i;

	if (now - n->told_ns < TELL_NS)
		return;
	n->told_ns = now;
	for (i = 0; i < n->o->nodes; i++)
		if (awaited(n, i) && !n->peer[i].ready)
			note("waiting for node %u (%s)%s", i, n->peer[i].address->text,
			     n->peer[i].conn ? ", which has not all its links yet" : "");
}

static void broadcast_next(struct node *n)
{
	while (n->next && n->rbc.sent < n->o->messages) {
		n->next = false;
		n->broadcast_ns[n->rbc.sent] = now_ns();
		rbc_broadcast(&n->rbc, (uint64_t)(n->rbc.sent + 1) * n->o->nodes + n->o->id);
	}
}

static void step_connect(struct node *n, uint64_t now)
{
	bool late = n->o->start_ns && now - n->first_ns >= n->o->start_ns;

	if (!n->announced && (late || !missing(n, has_link))) {
		n->announced = true;
		to_all(n, &(struct rbc_msg){ .type = MSG_UP });
	}
	if (!late && (!n->announced || missing(n, has_said_up))) {
		tell_missing(n, now);
		return;
	}
	n->state = RUN_BROADCAST;
	n->start_ns = now;
	n->next = true;
}

static void step_linger(struct node *n, uint64_t now)
{
	if (!missing(n, has_all)) {
		n->state = RUN_END;
		return;
	}
	if (now - n->end_ns < n->o->linger_ns)
		return;
	if (missing(n, has_said_done))
		note("%u nodes are not done after --linger; ending", missing(n, has_said_done));
	n->state = RUN_END;
}

/* What time and the last messages lead to. */
static void step(struct node *n, uint64_t now)
{
	if (n->state == RUN_CONNECT)
		step_connect(n, now);
	if (n->state == RUN_BROADCAST) {
		broadcast_next(n);
		if (n->delivered == n->expected) {
			n->state = RUN_LINGER;
			n->end_ns = now_ns();
			to_all(n, &(struct rbc_msg){ .type = MSG_DONE });
		}
	}
	if (n->state == RUN_LINGER)
		step_linger(n, now_ns());
	if (n->rbc.err && !n->err)
		n->err = fail(-n->rbc.err, "cannot keep a message");
	if (n->state != RUN_END && n->state != RUN_LINGER && n->o->timeout_ns &&
	    now - n->first_ns >= n->o->timeout_ns) {
		n->err = fail(ETIMEDOUT, "%u of %u messages delivered", n->delivered, n->expected);
		n->state = RUN_END;
	}
	if (n->err || n->interrupted)
		n->state = RUN_END;
}

static int dial(struct node *n, uint64_t now)
{
	unsigned int i;
	int err = 0;

	for (i = n->o->id + 1; i < n->o->nodes && !err; i++) {
		struct peer *p = &n->peer[i];

		if (!p->conn && !p->dial && !p->done && !p->banned && p->retry_ns <= now)
			err = conn_dial(n, p);
	}
	return err;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* When something is to be done though nothing happens. */
static uint64_t next_deadline(const struct node *n, uint64_t now)
{
	uint64_t at = conn_deadline(n);
	unsigned int i;

	for (i = n->o->id + 1; i < n->o->nodes; i++) {
		const struct peer *p = &n->peer[i];

		if (!p->conn && !p->dial && !p->done && !p->banned)
			at = earlier(at, p->retry_ns);
	}
	if (n->state == RUN_CONNECT) {
		at = earlier(at, n->told_ns + TELL_NS);
		if (n->o->start_ns)
			at = earlier(at, n->first_ns + n->o->start_ns);
	}
	if (n->state == RUN_LINGER) {
		at = earlier(at, n->end_ns + n->o->linger_ns);
		if (!missing(n, has_said_done))
			at = earlier(at, now + POLL_NS);
	} else if (n->o->timeout_ns) {
		at = earlier(at, n->first_ns + n->o->timeout_ns);
	}
	return at;
}

static int wait_events(struct node *n)
{
	uint64_t now = now_ns(), at = next_deadline(n, now);
	struct epoll_event ev[BATCH];
	struct timespec ts;
	int i, count;

	at = at > now ? at - now : 0;
	ts = (struct timespec){ at / NSEC_PER_SEC, at % NSEC_PER_SEC };
	count = epoll_pwait2(n->epoll, ev, BATCH, at > INT64_MAX ? NULL : &ts, NULL);
	if (count < 0 && errno != EINTR)
		return fail(errno, "cannot wait for connections");
	for (i = 0; i < count; i++) {
		if (ev[i].data.ptr == n)
			n->interrupted = true;
		else if (ev[i].data.ptr == &n->listener)
			conn_accept(n);
		else
			conn_event(n, ev[i].data.ptr, ev[i].events);
	}
	return 0;
}

static int loop(struct node *n)
{
	int err = 0;

	for (;;) {
		uint64_t now = now_ns();

		conn_expire(n, now);
		err = dial(n, now);
		step(n, now);
		conn_flush_all(n);
		conn_reap(n);
		if (err || n->state == RUN_END)
			return err ? err : n->err;
		err = wait_events(n);
		if (err)
			return err;
	}
}

static int setup(struct node *n)
{
	const struct options *o = n->o;
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = n };
	unsigned int i;
	int err;

	n->peer = calloc(o->nodes, sizeof(*n->peer));
	n->broadcast_ns = calloc(o->messages, sizeof(uint64_t));
	n->latency_ns = calloc(o->messages, sizeof(uint64_t));
	if (!n->peer || !n->broadcast_ns || !n->latency_ns)
		return fail(ENOMEM, "cannot hold %u nodes, %u messages", o->nodes, o->messages);
	for (i = 0; i < o->nodes; i++) {
		n->peer[i].id = i;
		n->peer[i].address = &o->address[i];
		n->peer[i].log = o->byz ? &n->peer[i].own : &n->log;
		n->expected += o->faulty[i] ? 0 : o->messages;
	}
	err = rbc_init(&n->rbc, o->nodes, o->id, o->messages, o->compat, &ops, n);
	if (err)
		return fail(-err, "cannot hold %u nodes, %u messages", o->nodes, o->messages);
	n->byz = (struct byz) {
		.mode = o->byz, .nodes = o->nodes, .self = o->id, .seed = o->seed,
		.emit = on_emit, .ctx = n,
	};
	n->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (n->epoll < 0 || epoll_ctl(n->epoll, EPOLL_CTL_ADD, o->signals, &ev))
		return fail(errno, "cannot watch signals");
	return conn_listen(n);
}

static void teardown(struct node *n)
{
	unsigned int i;

	conn_close_all(n);
	for (i = 0; n->peer && i < n->o->nodes; i++)
		free(n->peer[i].own.data);
	free(n->log.data);
	free(n->peer);
	free(n->broadcast_ns);
	free(n->latency_ns);
	rbc_free(&n->rbc);
	if (n->listener >= 0)
		close(n->listener);
	if (n->epoll >= 0)
		close(n->epoll);
}

int node_run(const struct options *o, FILE *out)
{
	struct keys keys = o->keys;
	struct node n = {
		.o = o, .epoll = -1, .listener = -1, .first_ns = now_ns(),
		.terms = { o->id, o->nodes, o->messages, o->wire, &keys },
	};
	int err, told;

	n.told_ns = n.first_ns;
	err = setup(&n);
	if (!err) {
		err = loop(&n);
		told = report(&n, out);
		err = err ? err : told;
	}
	if (!err && n.interrupted)
		err = -EINTR;
	teardown(&n);
	sodium_memzero(&keys, sizeof(keys));
	return err;
}
