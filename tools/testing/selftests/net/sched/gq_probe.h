/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What gq_send and gq_recv share: the payload, clocks, the command line.
 *
 * Both programs take only "--name VALUE" options with unsigned numbers or
 * words. A table has a row for each, which parsing and --help read.
 */
#ifndef _GQ_PROBE_H
#define _GQ_PROBE_H

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define GQ_PROBE_MAGIC	0x67715f70
#define NSEC_PER_SEC	1000000000LL
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* The first bytes of each packet; sender and receiver share a machine. */
struct gq_probe {
	uint32_t magic;
	uint32_t flow;
	uint64_t seq;		/* of the flow */
	int64_t sent_ns;	/* CLOCK_MONOTONIC, before the send call */
	int64_t due_ns;		/* departure time asked for, 0: none */
};

enum gq_opt_kind {
	GQ_OPT_NUM,
	GQ_OPT_STR,
	GQ_OPT_FLAG,
};

struct gq_opt {
	const char *name;
	enum gq_opt_kind kind;
	size_t offset;		/* uint64_t, const char * or bool */
	const char *arg;
	const char *help;
};

#define GQ_OPT_MAX	32

static inline int64_t gq_now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/*
 * How far @clock is ahead of CLOCK_MONOTONIC, from the narrowest of a few
 * readings between two others. (In virtual time each reading takes the same
 * 256 ns, so the result is exact.)
 */
static inline int64_t gq_clock_offset(clockid_t clock)
{
	int64_t before, there, after, best = INT64_MAX, offset = 0;
	int i;

	for (i = 0; i < 16; i++) {
		before = gq_now(CLOCK_MONOTONIC);
		there = gq_now(clock);
		after = gq_now(CLOCK_MONOTONIC);
		if (after - before < best) {
			best = after - before;
			offset = there - (before + best / 2);
		}
	}
	return offset;
}

static inline void gq_sleep_until(int64_t ns)
{
	struct timespec ts = {
		.tv_sec = ns / NSEC_PER_SEC,
		.tv_nsec = ns % NSEC_PER_SEC,
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) ==
	       EINTR)
		;
}

static inline void gq_help(const struct gq_opt *opts, size_t n,
			   const char *head, const char *examples)
{
	size_t i;

	printf("%s\n", head);
	for (i = 0; i < n; i++)
		printf("  --%s %-*s %s\n", opts[i].name,
		       (int)(16 - strlen(opts[i].name)), opts[i].arg,
		       opts[i].help);
	printf("\nexamples:\n%s", examples);
}

static inline int gq_opt_set(const struct gq_opt *opt, void *cfg,
			     const char *val)
{
	void *field = (char *)cfg + opt->offset;
	char *end;

	switch (opt->kind) {
	case GQ_OPT_FLAG:
		*(bool *)field = true;
		return 0;
	case GQ_OPT_STR:
		*(const char **)field = val;
		return 0;
	case GQ_OPT_NUM:
		errno = 0;
		*(uint64_t *)field = strtoull(val, &end, 10);
		if (!errno && *val >= '0' && *val <= '9' && !*end)
			return 0;
	}
	fprintf(stderr, "--%s \"%s\": not a number without sign and unit\n",
		opt->name, val);
	return -EINVAL;
}

/* Return: 0, 1 when --help was asked for, -EINVAL */
static inline int gq_parse(int argc, char **argv, const struct gq_opt *opts,
			   size_t n, void *cfg)
{
	struct option longs[GQ_OPT_MAX + 2] = { };
	size_t i;
	int c, err;

	for (i = 0; i < n; i++) {
		longs[i].name = opts[i].name;
		longs[i].has_arg = opts[i].kind == GQ_OPT_FLAG ?
				   no_argument : required_argument;
		longs[i].val = 256 + i;
	}
	longs[n].name = "help";
	longs[n].val = 'h';
	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (c == 'h')
			return 1;
		if (c < 256)
			return -EINVAL;
		err = gq_opt_set(&opts[c - 256], cfg, optarg);
		if (err)
			return err;
	}
	if (optind == argc)
		return 0;
	fprintf(stderr, "%s: unexpected argument; see --help\n", argv[optind]);
	return -EINVAL;
}

#endif /* _GQ_PROBE_H */
