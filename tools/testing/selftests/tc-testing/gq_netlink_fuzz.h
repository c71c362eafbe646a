/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What gq_netlink_fuzz.c sends and gq_netlink_gen.c makes up.
 */
#ifndef GQ_NETLINK_FUZZ_H
#define GQ_NETLINK_FUZZ_H

#include "gq_netlink_env.h"
#include "gq_netlink_model.h"

/* What must come of a request. */
enum fate {
	ACCEPT,
	REFUSE,
	UNSURE,
	FATES
};

struct fuzz {
	struct conn c;		/* the gq under test, with traffic */
	struct conn twin;	/* the one that gets what was dumped */
	struct traffic traffic;
	struct model fresh;	/* a gq just added */
	struct model now;
	struct model next;	/* what the request asks for */
	int log;
	uint8_t sent[1024];	/* the options of the last request */
	unsigned int sent_len;
	unsigned int failed;
	unsigned int fates[FATES];
};

/**
 * struct kind - of requests
 * @name: for reports
 * @spoil: what is done to valid settings, NULL: nothing
 * @alone: without valid settings before it
 * @weight: how often, beside the others
 * @tried: requests so far
 */
struct kind {
	const char *name;
	enum fate (*spoil)(struct fuzz *z);
	bool alone;
	unsigned int weight;
	unsigned int tried;
};

extern struct kind kinds[];
extern const size_t nr_kinds;

uint8_t *options(struct fuzz *z, unsigned int *len);
struct kind *make_request(struct fuzz *z, enum fate *end);

#endif /* GQ_NETLINK_FUZZ_H */
