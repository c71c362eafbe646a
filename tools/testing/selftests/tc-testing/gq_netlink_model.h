/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A plain model of gq's settings; see gq_netlink_model.c.
 */
#ifndef GQ_NETLINK_MODEL_H
#define GQ_NETLINK_MODEL_H

#include <linux/pkt_sched_gq.h>
#include <stdbool.h>
#include <stdint.h>

struct dump;

struct model {
	uint64_t val[TCA_GQ_MAX + 1];
	uint64_t band[GQ_BANDS_MAX][TCA_GQ_BAND_MAX + 1];
	uint8_t priomap[GQ_PRIOS];
	uint8_t dscpmap[GQ_DSCPS];
	int room;		/* of its flows: see model_needs() */
};

int model_needs(int policy);
bool model_read(struct model *m, const struct dump *d, bool all);
void model_settle(struct model *m);
bool model_possible(const struct model *m, int flags);
bool model_equal(const struct model *a, const struct model *b);

#endif /* GQ_NETLINK_MODEL_H */
