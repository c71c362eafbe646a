/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers with a unit, as tc reads them: 10ms, 100Mbit, 64KiB, 0.1%. */
#ifndef NETSTEER_UNITS_H
#define NETSTEER_UNITS_H

#include <stddef.h>
#include <stdint.h>

struct unit {
	const char *name;
	uint64_t factor;
};

/* units: from small to large; the first name of a factor is the one written */
struct unit_quantity {
	const char *want;	/* "a time such as 10ms (ns, us, ...)" */
	const struct unit *units;
	size_t nr_units;
};

extern const struct unit_quantity unit_time, unit_rate, unit_size, unit_share, unit_count;

#define UNIT_TEXT	32	/* room for unit_format() */

/*
 * Exact: a value that is no whole number of the smallest unit is refused rather
 * than rounded. -EINVAL: not a number with a known unit; -ERANGE: too large for
 * 64 bits, or finer than the smallest unit.
 */
int unit_parse(const struct unit_quantity *q, const char *text, uint64_t *value);
/* In the largest unit that says it without a fraction; returns buf. */
const char *unit_format(const struct unit_quantity *q, uint64_t value,
			char buf[UNIT_TEXT]);
/* UNIX seconds, "2026-01-31" or "2026-01-31T12:00:00Z". -EINVAL: neither. */
int unit_epoch(const char *text, uint64_t *seconds);

#endif
