/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stand-ins for the functions of tc that its plugins call; see gq_fake_tc.c.
 */
#ifndef GQ_FAKE_TC_H
#define GQ_FAKE_TC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define FAKE_DEPTH	8

/* What the plugin printed: standard output as tc would have it, and errors. */
struct fake_tc {
	FILE *out;
	char *text;
	size_t len;
	FILE *err;
	char *err_text;
	size_t err_len;
	bool json;
	unsigned int depth;	/* of open arrays and objects */
	bool array[FAKE_DEPTH];	/* what is open there */
	unsigned int misuse;	/* calls that tc could not have served */
};

extern struct fake_tc fake;

int fake_begin(bool json);
void fake_end(void);

#endif /* GQ_FAKE_TC_H */
