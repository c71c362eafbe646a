// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Values on gq's command line: numbers with units, read and written.
 *
 * What is written can be read again, and is then the same value. tc's own
 * printers round (1234567bit becomes 1234Kbit) and its parsers work in floating
 * point, so here all is done in integers, of 128 bits where a product needs it;
 * and a value is written with the largest unit that divides it.
 *
 * A time needs its unit: a bare number is microseconds for some options of tc
 * and nanoseconds for others, so here it is refused.
 */
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <linux/pkt_sched_gq.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "gq_value.h"

/**
 * struct gq_unit - a unit of the command line
 * @name: as typed, in any case; "" is a number without unit
 * @mul: its size in the base unit of the kind
 * @shown: values are printed in it
 */
struct gq_unit {
	const char *name;
	uint64_t mul;
	bool shown;
};

/* Each table goes from large to small, so that printing takes the first. */
static const struct gq_unit gq_number_units[] = {
	{ "", 1, true },
	{ }
};

static const struct gq_unit gq_packet_units[] = {
	{ "p", 1, true },
	{ "", 1, false },
	{ }
};

static const struct gq_unit gq_size_units[] = {
	{ "mb", 1 << 20, false },
	{ "m", 1 << 20, false },
	{ "kb", 1 << 10, false },
	{ "k", 1 << 10, false },
	{ "b", 1, true },
	{ "", 1, false },
	{ }
};

/* In bits per second, with the names of tc(8): bps is bytes per second. */
static const struct gq_unit gq_rate_units[] = {
	{ "TiBps", 8ULL << 40, false },
	{ "TBps", 8000000000000, false },
	{ "Tibit", 1ULL << 40, false },
	{ "Tbit", 1000000000000, true },
	{ "GiBps", 8ULL << 30, false },
	{ "GBps", 8000000000, false },
	{ "Gibit", 1ULL << 30, false },
	{ "Gbit", 1000000000, true },
	{ "MiBps", 8ULL << 20, false },
	{ "MBps", 8000000, false },
	{ "Mibit", 1ULL << 20, false },
	{ "Mbit", 1000000, true },
	{ "KiBps", 8ULL << 10, false },
	{ "KBps", 8000, false },
	{ "Kibit", 1ULL << 10, false },
	{ "Kbit", 1000, true },
	{ "bit", 1, true },
	{ "", 1, false },
	{ "Bps", 8, true },
	{ }
};

static const struct gq_unit gq_time_units[] = {
	{ "s", 1000000000, true },
	{ "sec", 1000000000, false },
	{ "secs", 1000000000, false },
	{ "ms", 1000000, true },
	{ "msec", 1000000, false },
	{ "msecs", 1000000, false },
	{ "us", 1000, true },
	{ "usec", 1000, false },
	{ "usecs", 1000, false },
	{ "ns", 1, true },
	{ "nsec", 1, false },
	{ "nsecs", 1, false },
	{ }
};

/**
 * struct gq_kind - a way to write a value
 * @units: units, from large to small
 * @base: size of the attribute's unit in the base unit of @units
 * @exact: a value that is not a whole number of @base is refused, not rounded
 * @none: word for @most, or NULL
 * @most: the value that this word means
 * @names: names of the values 0, 1, .., NULL at the end; numbers are valid too
 */
struct gq_kind {
	const struct gq_unit *units;
	uint64_t base;
	bool exact;
	const char *none;
	uint64_t most;
	const char *const *names;
};

/* By enum gq_policy. */
static const char *const gq_policy_names[] = {
	"drr", "edt", "prio", "stfq", "srpt", "pfabric", "lstf", "hclock", NULL
};

/* By enum gq_queue. */
static const char *const gq_queue_names[] = { "cffs", "approx", NULL };

static_assert(sizeof(gq_policy_names) / sizeof(char *) ==
	      __GQ_POLICY_MAX + 1, "a policy has no name");
static_assert(sizeof(gq_queue_names) / sizeof(char *) ==
	      __GQ_QUEUE_MAX + 1, "a queue has no name");

static const struct gq_kind gq_kinds[] = {
	[GQ_NUMBER]	  = { gq_number_units, 1, true },
	[GQ_PACKETS]	  = { gq_packet_units, 1, true },
	[GQ_PACKETS_OR_NONE] = { gq_packet_units, 1, true, "none",
				 GQ_LIMIT_MAX },
	[GQ_SIZE]	  = { gq_size_units, 1, true },
	[GQ_RATE]	  = { gq_rate_units, 8, false },
	[GQ_RATE_OR_NONE] = { gq_rate_units, 8, false, "unlimited",
			      GQ_RATE_UNLIMITED },
	[GQ_RATE_OR_ZERO] = { gq_rate_units, 8, false, "none", 0 },
	[GQ_TIME]	  = { gq_time_units, 1, true },
	[GQ_TIME_OR_NONE] = { gq_time_units, 1, true, "off",
			      GQ_CE_THRESHOLD_OFF },
	[GQ_TIME_US]	  = { gq_time_units, 1000, true },
	[GQ_RANKING]	  = { gq_number_units, 1, true,
			      .names = gq_policy_names },
	[GQ_QUEUE]	  = { gq_number_units, 1, true,
			      .names = gq_queue_names },
};

/* The value that has a word instead of a number. */
bool gq_value_is_none(enum gq_kind_id kind, uint64_t val)
{
	return gq_kinds[kind].none && val == gq_kinds[kind].most;
}

/* Values of this kind have names. */
bool gq_value_is_name(enum gq_kind_id kind)
{
	return gq_kinds[kind].names;
}

/* What the attribute counts in, in the base unit: 1000 for us in ns. */
uint64_t gq_value_base(enum gq_kind_id kind)
{
	return gq_kinds[kind].base;
}

static const struct gq_unit *gq_find_unit(const struct gq_unit *units,
					  const char *name)
{
	for (; units->name; units++) {
		if (!strcasecmp(units->name, name))
			return units;
	}
	return NULL;
}

/*
 * Read @str, a decimal number with a unit, into @val. Returns -EINVAL when it
 * is none, -ERANGE when it has more than 64 bits.
 */
static int gq_scan(const struct gq_kind *kind, const char *str, uint64_t *val)
{
	unsigned __int128 num = 0, den = kind->base;
	const struct gq_unit *unit;
	bool point = false;

	if (!isdigit((unsigned char)*str))
		return -EINVAL;
	for (; isdigit((unsigned char)*str) || (*str == '.' && !point); str++) {
		if (*str == '.') {
			point = true;
			continue;
		}
		num = num * 10 + (unsigned int)(*str - '0');
		if (point)
			den *= 10;
		if (num > UINT64_MAX || den > UINT64_MAX)
			return -ERANGE;
	}
	unit = gq_find_unit(kind->units, str);
	if (!unit)
		return -EINVAL;
	num *= unit->mul;
	if (kind->exact && num % den)
		return -EINVAL;
	num /= den;
	if (num > UINT64_MAX)
		return -ERANGE;
	*val = num;
	return 0;
}

/* The same for a mask or a count, which may also be in base 16. */
static int gq_scan_hex(const char *str, uint64_t *val)
{
	uint64_t num = 0;

	if (!*str)
		return -EINVAL;
	for (; isxdigit((unsigned char)*str); str++) {
		int c = tolower((unsigned char)*str);

		if (num >> 60)
			return -ERANGE;
		num = num << 4 | (unsigned int)(c <= '9' ? c - '0' :
						c - 'a' + 10);
	}
	if (*str)
		return -EINVAL;
	*val = num;
	return 0;
}

/*
 * Read @str into @val, of which @size bytes are used. Returns -EINVAL when it
 * is not of this kind, -ERANGE when it has more than @size bytes.
 */
int gq_value_parse(enum gq_kind_id kind, size_t size, const char *str,
		   uint64_t *val)
{
	const struct gq_kind *k = &gq_kinds[kind];
	int err, i;

	if (k->none && !strcmp(str, k->none)) {
		*val = k->most;
		return 0;
	}
	for (i = 0; k->names && k->names[i]; i++) {
		if (!strcmp(str, k->names[i])) {
			*val = i;
			return 0;
		}
	}
	if (kind == GQ_NUMBER && !strncasecmp(str, "0x", 2))
		err = gq_scan_hex(str + 2, val);
	else
		err = gq_scan(k, str, val);
	if (!err && size < 8 && *val >> (8 * size))
		err = -ERANGE;
	return err;
}

/* Write @val with the largest unit that divides it. */
void gq_value_format(char *buf, size_t len, enum gq_kind_id kind, uint64_t val)
{
	const struct gq_kind *k = &gq_kinds[kind];
	unsigned __int128 num = (unsigned __int128)val * k->base;
	const struct gq_unit *unit, *best = NULL;
	uint64_t i;

	if (gq_value_is_none(kind, val)) {
		snprintf(buf, len, "%s", k->none);
		return;
	}
	for (i = 0; k->names && k->names[i]; i++) {
		if (i == val) {
			snprintf(buf, len, "%s", k->names[i]);
			return;
		}
	}
	for (unit = k->units; unit->name; unit++) {
		if (!unit->shown || num % unit->mul ||
		    num / unit->mul > UINT64_MAX)
			continue;
		/* 0 is a multiple of all: write it in the smallest */
		if (!best || (!val && unit->mul < best->mul))
			best = unit;
	}
	snprintf(buf, len, "%llu%s", (unsigned long long)(num / best->mul),
		 best->name);
}
