/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words of gq's command line that set one attribute each; see gq_opt.c.
 */
#ifndef NETSTEER_TC_GQ_OPT_H
#define NETSTEER_TC_GQ_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gq_value.h"
#include "iproute2.h"

/* Room in tc's request for our attributes; all of them need 1200 bytes. */
#define GQ_MSG_MAX	2048
/* More than any attribute that has a word. */
#define GQ_ATTR_MAX	32

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/**
 * struct gq_opt - a word of the command line
 * @name: the word
 * @attr: the attribute that it sets
 * @size: length of the attribute's payload
 * @kind: how its value is written
 * @flag: GQ_FLAG: the value that the word stands for
 * @arg: form of the value, for the help
 * @expect: what is valid
 * @init: default, for the help
 * @help: one line about it
 */
struct gq_opt {
	const char *name;
	uint16_t attr;
	uint8_t size;
	uint8_t kind;
	uint8_t flag;
	const char *arg;
	const char *expect;
	const char *init;
	const char *help;
};

/* What the command line said: values by attribute, and which were given. */
struct gq_values {
	uint64_t val[GQ_ATTR_MAX];
	uint32_t set;
};

/* The words that are still to be read. */
struct gq_words {
	int argc;
	char **argv;
};

const char *gq_next_word(struct gq_words *w, const char *name,
			 const char *expect);
const struct gq_opt *gq_opt_find(const struct gq_opt *opts, size_t n,
				 const char *name);
int gq_opt_parse(const struct gq_opt *opt, struct gq_words *w,
		 struct gq_values *v);
int gq_opts_put(const struct gq_opt *opts, size_t n, struct nlmsghdr *msg,
		const struct gq_values *v);
void gq_opts_print(const struct gq_opt *opts, size_t n, struct rtattr **tb,
		   bool text);
void gq_opts_help(const struct gq_opt *opts, size_t n);

bool gq_attr_get(const struct rtattr *attr, const char *name, size_t size,
		 uint64_t *val);
bool gq_attr_fits(const struct rtattr *attr, const char *name, size_t size);
void gq_print_text(const char *fmt, const char *str);

#endif /* NETSTEER_TC_GQ_OPT_H */
