// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"

static void add(struct args *a, const char *fmt, va_list ap)
{
	if (a->n < ARGS_MAX && vasprintf(&a->v[a->n], fmt, ap) >= 0) {
		a->n++;
		return;
	}
	/* what a failed vasprintf() leaves there is nobody's */
	a->v[a->n] = NULL;
	a->failed = true;
}

void args_add(struct args *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(a, fmt, ap);
	va_end(ap);
}

void args_list(struct args *a, const char *const *list)
{
	for (; *list; list++)
		args_add(a, "%s", *list);
}

void args_option(struct args *a, const char *name, const char *fmt, ...)
{
	va_list ap;

	args_add(a, "%s", name);
	va_start(ap, fmt);
	add(a, fmt, ap);
	va_end(ap);
}

void args_words(struct args *a, const char *text)
{
	size_t len;

	for (; *text; text += len) {
		text += strspn(text, " ");
		len = strcspn(text, " ");
		if (len)
			args_add(a, "%.*s", (int)len, text);
	}
}

void args_free(struct args *a)
{
	while (a->n)
		free(a->v[--a->n]);
	memset(a, 0, sizeof(*a));
}
