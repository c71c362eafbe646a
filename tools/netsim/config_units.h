/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers with a unit, as tc reads them: 10ms, 100Mbit, 64KiB, 0.1%. */
#ifndef NETSIM_CONFIG_UNITS_H
#define NETSIM_CONFIG_UNITS_H

#include <stddef.h>
#include <stdint.h>

struct ns_unit {
	const char *name;
	uint64_t factor;
};

/* units: from small to large; the first name of a factor is the one written */
struct ns_quantity {
	const char *want;	/* "a time such as 10ms (ns, us, ...)" */
	const struct ns_unit *units;
	size_t nr_units;
};

extern const struct ns_quantity ns_time, ns_rate, ns_size, ns_share, ns_count;

#define NS_UNIT_TEXT	32	/* room for ns_unit_format() */

/*
 * Exact: a value that is no whole number of the smallest unit is refused rather
 * than rounded. -EINVAL: not a number with a known unit; -ERANGE: too large for
 * 64 bits, or finer than the smallest unit.
 */
int ns_unit_parse(const struct ns_quantity *q, const char *text, uint64_t *value);
/* In the largest unit that says it without a fraction; returns buf. */
const char *ns_unit_format(const struct ns_quantity *q, uint64_t value,
			   char buf[NS_UNIT_TEXT]);
/* UNIX seconds, "2026-01-31" or "2026-01-31T12:00:00Z". -EINVAL: neither. */
int ns_epoch_parse(const char *text, uint64_t *seconds);

#endif
