/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gq's bands on the command line; see gq_bands.c.
 */
#ifndef NETSTEER_TC_GQ_BANDS_H
#define NETSTEER_TC_GQ_BANDS_H

#include <linux/pkt_sched_gq.h>

#include "gq_opt.h"

/* Settings that gq_bands.c reads and shows: maps and bands. */
#define GQ_BANDS_OPTS	3

/**
 * struct gq_bands - what the command line said of the bands
 * @set: attributes that were given, of TCA_GQ_PRIOMAP and TCA_GQ_DSCPMAP
 * @count: bands that were named
 * @index: their numbers
 * @band: their settings
 */
struct gq_bands {
	uint8_t priomap[GQ_PRIOS];
	uint8_t dscpmap[GQ_DSCPS];
	uint32_t set;
	unsigned int count;
	uint8_t index[GQ_BANDS_MAX];
	struct gq_values band[GQ_BANDS_MAX];
};

int gq_bands_parse(struct gq_bands *b, const char *name, struct gq_words *w);
int gq_bands_put(struct nlmsghdr *msg, const struct gq_bands *b);
void gq_bands_print(struct rtattr **tb);
void gq_bands_print_stats(struct rtattr *list);
void gq_bands_help(void);

#endif /* NETSTEER_TC_GQ_BANDS_H */
