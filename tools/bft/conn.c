// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections. Of two nodes the one with the smaller id dials, again and again
 * until the other is there, and again when a connection is lost.
 *
 *   DIALLING --EPOLLOUT--> HELLO --their HELLO--> PROOF --their PROOF--> OPEN
 *                            |        no keys: ------------------------>|
 *       \______________________\___________________\____ error __________\_> CLOSED
 *
 *   DIALLING  connect() is on its way                       legal: HELLO, CLOSED
 *   HELLO     ours is queued; an accepted one starts here   legal: PROOF, OPEN, CLOSED
 *   PROOF     ours is queued (handshake.c)                  legal: OPEN, CLOSED
 *   OPEN      messages; it is peer->conn                    legal: CLOSED
 *   CLOSED    no descriptor; conn_reap() frees it
 *
 * move() alone changes the state. Until OPEN a connection has a deadline, and
 * there are only so many of unknown origin, so that strangers cannot fill the
 * table. A newer connection of a peer replaces the older.
 *
 * What a peer is to get is a log, of which each connection sends all, from the
 * start: what was lost with a connection is sent again, and what was not, the
 * receiver counts once. The honest node has one log for all peers, and of each
 * connection only how far it is; a faulty one has a log for each peer. What a
 * socket does not take now, it is offered when it can be written again.
 *
 * Both directions are bounded by the configuration: a correct node says two
 * things of each key at most, and what has come in is decoded at once, from a
 * buffer of fixed size. The first thing that is no message ends the connection,
 * and the peer is not listened to again.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bracha.h"

#define RETRY_NS	(100 * NSEC_PER_MSEC)
#define HANDSHAKE_NS	(10 * NSEC_PER_SEC)
#define IN_BYTES	8192		/* more than any record or message */
#define READS		8		/* of one connection, then it is the next one's turn */
#define STRANGERS	32		/* above the number of nodes */

enum conn_state { DIALLING, HELLO, PROOF, OPEN, CLOSED };

struct conn {
	struct conn *next;
	enum conn_state state;
	int fd;
	bool dialled;
	bool stranger;			/* counts among node->strangers */
	bool wants_out;			/* is EPOLLOUT asked for */
	struct peer *peer;		/* NULL: not known yet */
	uint64_t deadline_ns;
	struct handshake hs;
	size_t cursor;			/* of the peer's log, what is sent or sealed */
	size_t in_len;
	size_t out_len, out_at;		/* handshake or sealed record, before the log */
	unsigned char in[IN_BYTES];
	unsigned char out[RECORD_BYTES];
};

static_assert(HELLO_BYTES + PROOF_BYTES <= RECORD_BYTES, "a handshake fits");

static void move(struct node *n, struct conn *c, enum conn_state to);

static const char *who(const struct conn *c)
{
	return c->peer ? c->peer->address->text : "a stranger";
}

static void refuse(struct node *n, struct conn *c, const char *why)
{
	n->stats.refused++;
	if (c->peer)
		note("node %u (%s) is refused: %s", c->peer->id, who(c), why);
	else
		note("a connection is refused: %s", why);
	move(n, c, CLOSED);
}

static void set_events(struct node *n, struct conn *c, int op, bool out)
{
	struct epoll_event ev = {
		.events = EPOLLIN | (out ? EPOLLOUT : 0), .data.ptr = c,
	};

	if (op == EPOLL_CTL_MOD && c->wants_out == out)
		return;
	c->wants_out = out;
	if (epoll_ctl(n->epoll, op, c->fd, &ev)) {
		n->err = fail(errno, "cannot watch a connection");
		move(n, c, CLOSED);
	}
}

static void queue(struct conn *c, const unsigned char *bytes, size_t len)
{
	memcpy(c->out + c->out_len, bytes, len);
	c->out_len += len;
}

static void unstranger(struct node *n, struct conn *c)
{
	n->strangers -= c->stranger;
	c->stranger = false;
}

/* The peer's connection is c from now on; it gets the log from its start. */
static void adopt(struct node *n, struct conn *c)
{
	struct peer *p = c->peer;
	struct conn *old = p->conn;

	unstranger(n, c);
	if (p->dial == c)
		p->dial = NULL;
	p->conn = c;
	c->cursor = 0;
	c->deadline_ns = 0;
	if (old)
		move(n, old, CLOSED);
}

static void shut(struct node *n, struct conn *c)
{
	struct peer *p = c->peer;
	bool was_open = c->state == OPEN;

	close(c->fd);
	c->fd = -1;
	unstranger(n, c);
	if (p && p->conn == c)
		p->conn = NULL;
	if (p && p->dial == c)
		p->dial = NULL;
	if (c->dialled)
		p->retry_ns = now_ns() + RETRY_NS;
	if (was_open && !p->done && !p->banned && n->state < RUN_END)
		n->stats.reconnects++;
}

static void move(struct node *n, struct conn *c, enum conn_state to)
{
	if (c->state == CLOSED)
		return;
	switch (to) {
	case DIALLING:
		break;
	case HELLO:
		hs_hello(&c->hs, &n->terms);
		queue(c, c->hs.mine, HELLO_BYTES);
		break;
	case PROOF:
		break;
	case OPEN:
		adopt(n, c);
		break;
	case CLOSED:
		shut(n, c);
		break;
	}
	c->state = to;
}

static struct conn *make(struct node *n, int fd, enum conn_state state)
{
	struct conn *c = calloc(1, sizeof(*c)), **last = &n->conns;

	if (!c)
		return NULL;
	c->fd = fd;
	c->state = state;
	c->deadline_ns = now_ns() + HANDSHAKE_NS;
	while (*last)
		last = &(*last)->next;
	*last = c;
	return c;
}

static void set_nodelay(const struct node *n, int fd)
{
	int one = 1;

	if (n->o->nodelay)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

int conn_listen(struct node *n)
{
	const struct address *a = &n->o->address[n->o->id];
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = &n->listener };
	int one = 1;

	n->listener = socket(a->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (n->listener < 0)
		return fail(errno, "cannot make a socket");
	setsockopt(n->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(n->listener, (const struct sockaddr *)&a->sa, a->len) ||
	    listen(n->listener, SOMAXCONN))
		return fail(errno, "cannot listen at %s, the address of node %u", a->text,
			    n->o->id);
	if (epoll_ctl(n->epoll, EPOLL_CTL_ADD, n->listener, &ev))
		return fail(errno, "cannot watch %s", a->text);
	return 0;
}

/* So that the source address, which stands for the node, is the configured one. */
static void bind_source(const struct node *n, int fd)
{
	struct sockaddr_storage from = n->o->address[n->o->id].sa;

	if (from.ss_family == AF_INET)
		((struct sockaddr_in *)&from)->sin_port = 0;
	else
		((struct sockaddr_in6 *)&from)->sin6_port = 0;
	bind(fd, (struct sockaddr *)&from, n->o->address[n->o->id].len);
}

int conn_dial(struct node *n, struct peer *p)
{
	int fd = socket(p->address->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct conn *c = fd < 0 ? NULL : make(n, fd, DIALLING);

	if (!c) {
		if (fd >= 0)
			close(fd);
		return fail(ENOMEM, "cannot dial node %u (%s)", p->id, p->address->text);
	}
	c->peer = p;
	c->dialled = true;
	p->dial = c;
	set_nodelay(n, fd);
	bind_source(n, fd);
	if (connect(fd, (const struct sockaddr *)&p->address->sa, p->address->len) &&
	    errno != EINPROGRESS)
		move(n, c, CLOSED);
	else
		set_events(n, c, EPOLL_CTL_ADD, true);
	return 0;
}

void conn_accept(struct node *n)
{
	struct conn *c;
	int fd;

	while ((fd = accept4(n->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		c = n->strangers < n->o->nodes + STRANGERS ? make(n, fd, DIALLING) : NULL;
		if (!c) {
			close(fd);
			n->stats.refused++;
			continue;
		}
		c->stranger = true;
		n->strangers++;
		set_nodelay(n, fd);
		move(n, c, HELLO);
		set_events(n, c, EPOLL_CTL_ADD, true);
	}
}

static bool same_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET)
		return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
		       ((const struct sockaddr_in *)b)->sin_addr.s_addr;
	return !memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr,
		       &((const struct sockaddr_in6 *)b)->sin6_addr, sizeof(struct in6_addr));
}

static void take_hello(struct node *n, struct conn *c)
{
	unsigned char proof[PROOF_BYTES];
	struct sockaddr_storage from = { 0 };
	socklen_t len = sizeof(from);
	const char *bad = hs_take_hello(&c->hs, &n->terms, c->in);
	struct peer *p;

	if (bad) {
		refuse(n, c, bad);
		return;
	}
	p = &n->peer[c->hs.peer];
	if (p->banned) {
		n->stats.refused++;
		move(n, c, CLOSED);
		return;
	}
	if ((c->dialled && c->peer != p) || (!c->dialled && p->id > n->o->id)) {
		refuse(n, c, "it is not the node that belongs there");
		return;
	}
	getpeername(c->fd, (struct sockaddr *)&from, &len);
	if (!n->o->keys.on && !same_host(&from, &p->address->sa)) {
		refuse(n, c, "it does not come from that node's address");
		return;
	}
	if (!n->o->keys.on) {
		c->peer = p;
		move(n, c, OPEN);
		return;
	}
	bad = hs_prove(&c->hs, &n->terms, proof);
	if (bad) {
		refuse(n, c, bad);
		return;
	}
	queue(c, proof, PROOF_BYTES);
	move(n, c, PROOF);
}

static void take_proof(struct node *n, struct conn *c)
{
	const char *bad = hs_take_proof(&c->hs, &n->terms, c->in);

	if (bad) {
		refuse(n, c, bad);
		return;
	}
	c->peer = &n->peer[c->hs.peer];
	move(n, c, OPEN);
}

static void ban(struct node *n, struct conn *c, const char *why)
{
	c->peer->banned = true;
	note("node %u (%s) is not listened to any more: %s", c->peer->id, who(c), why);
	move(n, c, CLOSED);
}

/* Whole messages of text; returns the bytes they took, or -errno. */
static ssize_t take_messages(struct node *n, struct conn *c, const unsigned char *text,
			     size_t len)
{
	struct rbc_msg m;
	size_t at = 0;
	ssize_t got;

	while (at < len) {
		got = msg_decode(n->o->wire, text + at, len - at, &m);
		if (got < 0)
			return got;
		if (!got)
			break;
		at += got;
		node_receive(n, c->peer, &m);
	}
	return at;
}

/* What is in the buffer of an OPEN connection; returns as take_messages(). */
static ssize_t take_input(struct node *n, struct conn *c)
{
	unsigned char text[RECORD_TEXT];
	ssize_t got, took;
	size_t at = 0, len;

	if (!n->o->keys.on)
		return take_messages(n, c, c->in, c->in_len);
	while ((got = hs_open(&c->hs, c->in + at, c->in_len - at, text, &len)) > 0) {
		at += got;
		took = take_messages(n, c, text, len);
		if (took < 0)
			return took;
		if ((size_t)took != len)
			return -EBADMSG;
	}
	return got < 0 ? got : (ssize_t)at;
}

static void consume(struct conn *c, size_t bytes)
{
	c->in_len -= bytes;
	memmove(c->in, c->in + bytes, c->in_len);
}

/* Handle what has been read, as far as it is complete. */
static void handle(struct node *n, struct conn *c)
{
	ssize_t took;

	if (c->state == HELLO && c->in_len >= HELLO_BYTES) {
		take_hello(n, c);
		consume(c, HELLO_BYTES);
	}
	if (c->state == PROOF && c->in_len >= PROOF_BYTES) {
		take_proof(n, c);
		consume(c, PROOF_BYTES);
	}
	if (c->state != OPEN)
		return;
	took = take_input(n, c);
	if (took < 0)
		ban(n, c, "it has sent what is no message");
	else
		consume(c, took);
}

static void read_some(struct node *n, struct conn *c)
{
	unsigned int i;
	ssize_t got;

	for (i = 0; i < READS && c->state != CLOSED; i++) {
		got = recv(c->fd, c->in + c->in_len, IN_BYTES - c->in_len, 0);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (got <= 0) {
			move(n, c, CLOSED);
			return;
		}
		n->stats.received_bytes += got;
		c->in_len += got;
		handle(n, c);
	}
}

static int socket_error(int fd)
{
	socklen_t len = sizeof(int);
	int err = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len))
		err = errno;
	return err;
}

void conn_event(struct node *n, struct conn *c, uint32_t events)
{
	if (c->state == DIALLING) {
		if (!(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
			return;
		move(n, c, socket_error(c->fd) ? CLOSED : HELLO);
	}
	if (c->state != CLOSED && events & (EPOLLIN | EPOLLERR | EPOLLHUP))
		read_some(n, c);
}

/* Returns whether all of it went. */
static bool push(struct node *n, struct conn *c, const unsigned char *from, size_t len,
		 size_t *at)
{
	ssize_t put;

	while (*at < len) {
		put = send(c->fd, from + *at, len - *at, MSG_NOSIGNAL);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0 && errno != EAGAIN)
			move(n, c, CLOSED);
		if (put < 0)
			return false;
		n->stats.sent_bytes += put;
		*at += put;
	}
	return true;
}

static void seal_next(struct node *n, struct conn *c, const struct log *log)
{
	size_t len = log->len - c->cursor;

	if (len > RECORD_TEXT)
		len = RECORD_TEXT;
	len = msg_whole(n->o->wire, log->data + c->cursor, len);
	c->out_at = 0;
	c->out_len = hs_seal(&c->hs, log->data + c->cursor, len, c->out);
	c->cursor += len;
}

/* Send what there is, until the socket is full. */
static bool flush(struct node *n, struct conn *c)
{
	const struct log *log = c->peer ? c->peer->log : NULL;

	for (;;) {
		if (!push(n, c, c->out, c->out_len, &c->out_at))
			return false;
		c->out_len = 0;
		c->out_at = 0;
		if (c->state != OPEN || c->cursor == log->len)
			return true;
		if (!n->o->keys.on)
			return push(n, c, log->data, log->len, &c->cursor);
		seal_next(n, c, log);
	}
}

void conn_flush_all(struct node *n)
{
	struct conn *c;
	bool all;

	for (c = n->conns; c; c = c->next) {
		if (c->state == CLOSED || c->state == DIALLING)
			continue;
		all = flush(n, c);
		if (c->state != CLOSED)
			set_events(n, c, EPOLL_CTL_MOD, !all);
	}
}

/* Nothing is on its way to this peer any more, or it is gone for good. */
bool conn_drained(const struct peer *p)
{
	const struct conn *c = p->conn;
	int unacked;

	if (!c)
		return p->done || p->banned;
	if (c->cursor < p->log->len || c->out_len)
		return false;
	return ioctl(c->fd, SIOCOUTQ, &unacked) || !unacked;
}

void conn_expire(struct node *n, uint64_t now)
{
	struct conn *c;

	for (c = n->conns; c; c = c->next)
		if (c->deadline_ns && c->deadline_ns <= now)
			move(n, c, CLOSED);
}

uint64_t conn_deadline(const struct node *n)
{
	uint64_t first = UINT64_MAX;
	const struct conn *c;

	for (c = n->conns; c; c = c->next)
		if (c->state != CLOSED && c->deadline_ns && c->deadline_ns < first)
			first = c->deadline_ns;
	return first;
}

void conn_reap(struct node *n)
{
	struct conn **at = &n->conns, *c;

	while ((c = *at)) {
		if (c->state != CLOSED) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		sodium_memzero(&c->hs, sizeof(c->hs));
		free(c);
	}
}

void conn_close_all(struct node *n)
{
	struct conn *c;

	for (c = n->conns; c; c = c->next)
		move(n, c, CLOSED);
	conn_reap(n);
}
