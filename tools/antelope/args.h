/* SPDX-License-Identifier: GPL-2.0-only */
/* Options of the verbs that work on files, by a table that is also their help. */
#ifndef ANTELOPE_ARGS_H
#define ANTELOPE_ARGS_H

#include <stdbool.h>

enum arg_kind {
	ARG_FLAG,		/* bool; takes no value */
	ARG_TEXT,		/* const char * */
	ARG_COUNT,		/* unsigned long */
	ARG_NUMBER,		/* double */
};

struct arg {
	const char *name;	/* without --; NULL ends a table */
	char letter;		/* or 0 */
	enum arg_kind kind;
	void *to;		/* its value before is the default */
	double min;
	double max;
	const char *value;	/* what the help calls it */
	const char *help;	/* a line feed in it is followed by the rest */
};

struct args {
	const char *verb;
	const char *operands;	/* "LOG... -o MODEL" */
	const char *about;
	const char *examples;
	const char *missing;	/* said when there is no operand; NULL: that is right */
	const struct arg *table;
};

/*
 * Number in argv of the first operand; operands are moved behind the options. After
 * --help 0, which is no operand; -EINVAL after a message.
 */
int args_parse(int argc, char **argv, const struct args *a);

/* "antelope VERB: MESSAGE" and a line feed to stderr; returns ANTELOPE_USAGE. */
[[gnu::format(printf, 2, 3)]]
int args_fail(const char *verb, const char *fmt, ...);

#endif
