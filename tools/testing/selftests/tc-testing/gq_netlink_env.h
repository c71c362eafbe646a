/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What gq_netlink_fuzz and gq_netlink_fail share; see gq_netlink_env.c.
 */
#ifndef GQ_NETLINK_ENV_H
#define GQ_NETLINK_ENV_H

#include "gq_request.h"

#define TRAFFIC_FLOWS	48

/* Sockets that send through the gq; each is a flow, or many if unconnected. */
struct traffic {
	int fd[TRAFFIC_FLOWS];
	unsigned long sent;
	unsigned long refused;
};

/* The counters of a gq that add up, and some more. */
struct totals {
	uint64_t enqueued, dequeued, evicted, alloc_errors, hash_resizes;
	uint32_t qlen, flows, hash_buckets;
};

int env_open(struct conn *c);
int traffic_open(struct traffic *t);
void traffic_send(struct traffic *t, unsigned int packets);
void traffic_close(struct traffic *t);
int totals_get(struct conn *c, struct totals *t);
bool totals_agree(const struct totals *t);
int log_open(void);
bool log_quiet(int fd);
bool emulated(void);

#endif /* GQ_NETLINK_ENV_H */
