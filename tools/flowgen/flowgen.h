/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * flowgen: many paced TCP flows from one process, and what became of them.
 *
 * One list of flow classes, given to all three modes, says what is asked:
 *
 *   --class 50x2mbit --class 50x500kbit --class 10xnone
 *
 * Class i uses TCP port --port + i, so that the server and the recorder know a
 * flow's class, and with it the rate that was asked for, from a packet alone;
 * the three processes exchange nothing else.
 */
#ifndef FLOWGEN_H
#define FLOWGEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define NSEC_PER_SEC	1000000000ull
#define NSEC_PER_MSEC	1000000ull

#define MAX_CLASSES	32
#define MAX_FLOWS	65536u	/* as many as there are ports */

struct flow_class {
	char name[24];		/* as it was given: "2mbit" */
	unsigned int flows;
	uint64_t rate_bps;	/* bits of payload a second; 0: no rate asked */
};

/* Written by the command line, constant afterwards. */
struct options {
	struct flow_class class[MAX_CLASSES];
	unsigned int nr_classes;
	unsigned int nr_flows;		/* of all classes */
	const char *operand;		/* the client's host, the recorder's device */
	const char *output;		/* file for the JSON, NULL: stdout */
	const char *cc;			/* congestion control, NULL: the system's */
	uint16_t port;
	uint64_t seed;
	uint64_t spread_ns;		/* flows start within this time */
	uint64_t warmup_ns;		/* not measured */
	uint64_t duration_ns;		/* measured; 0: until a signal */
	int signals;			/* signalfd: SIGINT and SIGTERM end a run early */
};

int client_run(const struct options *o, FILE *out);
int server_run(const struct options *o, FILE *out);
int record_run(const struct options *o, FILE *out);

/* Errors as they are told: "flowgen: what: why". Returns -err. */
[[gnu::format(printf, 2, 3)]]
int fail(int err, const char *fmt, ...);

static inline uint64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

static inline struct timespec ns_to_timespec(uint64_t ns)
{
	return (struct timespec){ .tv_sec = ns / NSEC_PER_SEC, .tv_nsec = ns % NSEC_PER_SEC };
}

#endif
