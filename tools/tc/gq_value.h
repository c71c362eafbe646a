/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values on gq's command line, in both directions; see gq_value.c.
 */
#ifndef NETSTEER_TC_GQ_VALUE_H
#define NETSTEER_TC_GQ_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a value is, and so the units in which it is written. */
enum gq_kind_id {
	GQ_FLAG,	/* a word without a value */
	GQ_NUMBER,
	GQ_PACKETS,
	GQ_PACKETS_OR_NONE,
	GQ_SIZE,
	GQ_RATE,
	GQ_RATE_OR_NONE,
	GQ_TIME,
	GQ_TIME_OR_NONE,
	GQ_TIME_US,	/* the attribute is in microseconds */
	GQ_RATE_OR_ZERO,
	GQ_RANKING,	/* name of a policy */
	GQ_QUEUE,	/* name of a rank queue */
};

bool gq_value_is_none(enum gq_kind_id kind, uint64_t val);
bool gq_value_is_name(enum gq_kind_id kind);
uint64_t gq_value_base(enum gq_kind_id kind);
int gq_value_parse(enum gq_kind_id kind, size_t size, const char *str,
		   uint64_t *val);
void gq_value_format(char *buf, size_t len, enum gq_kind_id kind, uint64_t val);

#endif /* NETSTEER_TC_GQ_VALUE_H */
