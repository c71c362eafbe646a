/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bracha: a node of Bracha's reliable broadcast, over TCP.
 *
 *   main.c       command line
 *   config.c     who the nodes are
 *   node.c       the run: starts, broadcasts, ends
 *   conn.c       connections, from the socket to messages and back
 *   handshake.c  who a connection leads to; keys.c: key files
 *   msg.c        messages as bytes
 *   rbc.c        the broadcast itself
 *   byz.c        nodes that do not keep to it
 *   report.c     what came of it
 */
#ifndef BFT_BRACHA_H
#define BFT_BRACHA_H

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

#include "byz.h"
#include "handshake.h"
#include "msg.h"
#include "rbc.h"

#define NSEC_PER_SEC	1000000000ull
#define NSEC_PER_MSEC	1000000ull

#define ADDR_TEXT	64

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

struct address {
	struct sockaddr_storage sa;
	socklen_t len;
	char text[ADDR_TEXT];		/* as it was given */
};

/* Written by the command line, constant afterwards. */
struct options {
	unsigned int id;
	unsigned int nodes;
	unsigned int messages;
	struct address address[RBC_MAX_NODES];
	bool faulty[RBC_MAX_NODES];	/* not waited for */
	enum wire wire;
	bool nodelay;
	bool compat;
	bool json;
	bool quiet;
	bool has_seed;
	uint64_t seed;
	uint64_t timeout_ns;		/* 0: none */
	uint64_t start_ns;		/* start without those that are missing; 0: never */
	uint64_t linger_ns;
	uint64_t memory_bytes;
	const struct byz_mode *byz;	/* NULL: keeps to the protocol */
	struct keys keys;
	int signals;			/* signalfd */
};

/* Bytes to send, kept for a link that has to start anew. */
struct log {
	unsigned char *data;
	size_t len, size;
};

struct conn;

struct peer {
	unsigned int id;
	const struct address *address;
	struct conn *conn;		/* that messages go through, or NULL */
	struct conn *dial;		/* that is on its way there, or NULL */
	uint64_t retry_ns;		/* when to dial again */
	struct log *log;		/* what it is to get */
	struct log own;			/* the same, where it differs from the others' */
	bool ready;			/* has said Up */
	bool done;			/* has said Done */
	bool banned;			/* has sent what no correct node sends */
};

struct stats {
	uint64_t sent[MSG_NR_TYPES];
	uint64_t received[MSG_NR_TYPES];
	uint64_t verdict[RBC_NR_VERDICTS];
	uint64_t sent_bytes;
	uint64_t received_bytes;
	uint64_t refused;		/* connections that were no peer's */
	uint64_t reconnects;
};

enum run_state { RUN_CONNECT, RUN_BROADCAST, RUN_LINGER, RUN_END };

struct node {
	const struct options *o;
	struct terms terms;
	struct rbc rbc;
	struct byz byz;
	struct stats stats;
	enum run_state state;
	bool announced;			/* Up is sent */
	bool next;			/* the own last message is delivered */
	bool interrupted;
	int err;
	int epoll;
	int listener;
	struct conn *conns;		/* all, in the order they were made */
	unsigned int strangers;		/* of them, accepted and not yet known */
	struct peer *peer;
	struct log log;			/* what all get */
	unsigned int expected, delivered;	/* of nodes that are waited for */
	uint64_t start_ns, end_ns;
	uint64_t told_ns;		/* who is missing was told last */
	uint64_t first_ns;		/* of this process */
	uint64_t *broadcast_ns;		/* of each own message */
	uint64_t *latency_ns;		/* of each own message, 0: not delivered */
};

/* config.c */
int config_read(struct options *o, const char *path, bool messages_given);
int config_faulty(struct options *o, const char *list);

/* conn.c */
int conn_listen(struct node *n);
int conn_dial(struct node *n, struct peer *p);
void conn_event(struct node *n, struct conn *c, uint32_t events);
void conn_flush_all(struct node *n);
void conn_reap(struct node *n);
void conn_close_all(struct node *n);
void conn_expire(struct node *n, uint64_t now);
void conn_accept(struct node *n);
uint64_t conn_deadline(const struct node *n);
bool conn_drained(const struct peer *p);

/* node.c */
int node_run(const struct options *o, FILE *out);
void node_receive(struct node *n, struct peer *p, const struct rbc_msg *m);

/* report.c */
int report(const struct node *n, FILE *out);

/* Errors as they are told: "bracha: what: why". Returns -err. */
[[gnu::format(printf, 2, 3)]]
int fail(int err, const char *fmt, ...);
[[gnu::format(printf, 1, 2)]]
void note(const char *fmt, ...);

static inline uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

#endif
