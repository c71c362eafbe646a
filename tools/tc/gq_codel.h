/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CoDel on gq's command line; see gq_codel.c.
 */
#ifndef NETSTEER_TC_GQ_CODEL_H
#define NETSTEER_TC_GQ_CODEL_H

#include "gq_opt.h"

/* Settings that gq_codel.c reads and shows. */
#define GQ_CODEL_OPTS	3

int gq_codel_parse(struct gq_values *v, const char *name, struct gq_words *w);
int gq_codel_put(struct nlmsghdr *msg, const struct gq_values *v);
void gq_codel_print(struct rtattr **tb);
void gq_codel_help(void);

#endif /* NETSTEER_TC_GQ_CODEL_H */
