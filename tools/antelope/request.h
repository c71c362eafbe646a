/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is asked by the control socket: one line of JSON, an object, such as
 *
 *	{"verb":"set","cookie":4711,"cc":"bbr","for_ns":10000000000}
 *
 * and one line is the answer: {"ok":true,"result":...} or {"ok":false,"error":"..."}.
 * Then the connection ends.
 */
#ifndef ANTELOPE_REQUEST_H
#define ANTELOPE_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "antelope.h"

#define REQUEST_MAX	4096		/* bytes of a line */
#define REQUEST_ERR	256
#define ANSWER_MAX	(8 << 20)	/* of an answer; that of 10,000 flows is half of it */
#define FLOWS_MAX	10000		/* in an answer */

enum request_verb {
	REQUEST_STATUS,
	REQUEST_FLOWS,		/* limit */
	REQUEST_EXPLAIN,	/* cookie */
	REQUEST_SET,		/* cookie, cc ("": end it), for_ns (0: as long as it lives) */
	REQUEST_PRIORS,		/* limit */
	REQUEST_RELOAD,
	REQUEST_VERBS
};

struct request {
	enum request_verb verb;
	uint64_t cookie;
	uint64_t for_ns;
	uint64_t limit;
	char cc[ANTELOPE_CC_NAME];
};

/* 0; or -EINVAL and in err what is wrong. The text is not trusted. */
int request_parse(struct request *r, const char *text, size_t len, char *err);

#endif
