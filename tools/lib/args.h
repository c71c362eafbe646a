/* SPDX-License-Identifier: GPL-2.0-only */
/* The arguments of a program that is to be run, put together piece by piece. */
#ifndef NETSTEER_ARGS_H
#define NETSTEER_ARGS_H

#include <stdbool.h>

#define ARGS_MAX	256
#define ARGS_ATTR(a)	__attribute__((a))

/* Begins as { 0 }; failed: there were too many, or no memory. v ends in NULL. */
struct args {
	char *v[ARGS_MAX + 1];
	unsigned int n;
	bool failed;
};

void args_add(struct args *a, const char *fmt, ...) ARGS_ATTR(format(printf, 2, 3));
/* list ends in NULL. */
void args_list(struct args *a, const char *const *list);
/* An option and its value. */
void args_option(struct args *a, const char *name, const char *fmt, ...)
	ARGS_ATTR(format(printf, 3, 4));
/* What stands between spaces in the text. */
void args_words(struct args *a, const char *text);
void args_free(struct args *a);

#endif
