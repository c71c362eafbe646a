// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Words of gq's command line that set one attribute each: parsing, printing,
 * errors and help, all from a table of struct gq_opt.
 *
 * Reading stops at the first error, and nothing is put into tc's request before
 * all words are read.
 */
#include <errno.h>
#include <string.h>

#include "gq_opt.h"

/* The word after @name, or NULL and a message when there is none. */
const char *gq_next_word(struct gq_words *w, const char *name,
			 const char *expect)
{
	if (w->argc < 1) {
		fprintf(stderr, "gq: %s: value missing; expected %s\n", name,
			expect);
		return NULL;
	}
	w->argc--;
	return *w->argv++;
}

const struct gq_opt *gq_opt_find(const struct gq_opt *opts, size_t n,
				 const char *name)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!strcmp(opts[i].name, name))
			return &opts[i];
	}
	return NULL;
}

/* Read what follows the word of @opt. */
int gq_opt_parse(const struct gq_opt *opt, struct gq_words *w,
		 struct gq_values *v)
{
	const char *word;
	int err;

	if (v->set & 1U << opt->attr) {
		fprintf(stderr,
			"gq: %s: given twice, or with its opposite; give it once\n",
			opt->name);
		return -EINVAL;
	}
	v->set |= 1U << opt->attr;
	if (opt->kind == GQ_FLAG) {
		v->val[opt->attr] = opt->flag;
		return 0;
	}
	word = gq_next_word(w, opt->name, opt->expect);
	if (!word)
		return -EINVAL;
	err = gq_value_parse(opt->kind, opt->size, word, &v->val[opt->attr]);
	if (err)
		fprintf(stderr, "gq: %s \"%s\": %s; expected %s\n", opt->name,
			word, err == -ERANGE ? "too large" : "not valid",
			opt->expect);
	return err;
}

/* Put the values that were given into @msg. */
int gq_opts_put(const struct gq_opt *opts, size_t n, struct nlmsghdr *msg,
		const struct gq_values *v)
{
	uint32_t set = v->set;
	size_t i;

	for (i = 0; i < n; i++) {
		const struct gq_opt *opt = &opts[i];
		const void *data = &v->val[opt->attr];
		uint32_t val32 = v->val[opt->attr];
		uint8_t val8 = v->val[opt->attr];

		if (!(set & 1U << opt->attr))
			continue;
		set &= ~(1U << opt->attr);
		if (opt->size == 4)
			data = &val32;
		else if (opt->size == 1)
			data = &val8;
		if (addattr_l(msg, GQ_MSG_MAX, opt->attr, data, opt->size))
			return -EMSGSIZE;
	}
	return 0;
}

/* False when @attr has another length, which is an error of who sent it. */
bool gq_attr_fits(const struct rtattr *attr, const char *name, size_t size)
{
	if (RTA_PAYLOAD(attr) == size)
		return true;
	fprintf(stderr,
		"gq: attribute %s: unexpected length %zu, expected %zu; kernel and plugin differ\n",
		name, (size_t)RTA_PAYLOAD(attr), size);
	return false;
}

/* Read @attr of @size bytes into @val. False when it is absent or unfit. */
bool gq_attr_get(const struct rtattr *attr, const char *name, size_t size,
		 uint64_t *val)
{
	uint32_t val32;
	uint8_t val8;

	if (!attr || !gq_attr_fits(attr, name, size))
		return false;
	/* attributes are aligned to 4 bytes only */
	if (size == 8) {
		memcpy(val, RTA_DATA(attr), 8);
	} else if (size == 4) {
		memcpy(&val32, RTA_DATA(attr), 4);
		*val = val32;
	} else {
		memcpy(&val8, RTA_DATA(attr), 1);
		*val = val8;
	}
	return true;
}

void gq_print_text(const char *fmt, const char *str)
{
	print_color_string(PRINT_FP, COLOR_NONE, NULL, fmt, str);
}

/* Both words of a flag have a row: the one that is true now is shown. */
static void gq_print_flag(const struct gq_opt *opt, bool val, bool text)
{
	if (text && val == opt->flag)
		gq_print_text("%s ", opt->name);
	if (opt->flag)
		print_color_bool(PRINT_JSON, COLOR_NONE, opt->name, NULL, val);
}

static void gq_print_value(const struct gq_opt *opt, uint64_t val, bool text)
{
	/* rates stay in bytes, as everywhere in tc's JSON */
	uint64_t scale = opt->kind == GQ_TIME_US ? gq_value_base(opt->kind) : 1;
	char buf[64];

	gq_value_format(buf, sizeof(buf), opt->kind, val);
	if (text) {
		gq_print_text("%s ", opt->name);
		gq_print_text("%s ", buf);
	}
	if (gq_value_is_none(opt->kind, val))
		print_color_null(PRINT_JSON, COLOR_NONE, opt->name, NULL, NULL);
	else if (gq_value_is_name(opt->kind))
		print_color_string(PRINT_JSON, COLOR_NONE, opt->name, NULL,
				   buf);
	else
		print_color_lluint(PRINT_JSON, COLOR_NONE, opt->name, NULL,
				   val * scale);
}

/* Show the attributes that are in @tb; in text only when @text says so. */
void gq_opts_print(const struct gq_opt *opts, size_t n, struct rtattr **tb,
		   bool text)
{
	uint64_t val;
	size_t i;

	for (i = 0; i < n; i++) {
		const struct gq_opt *opt = &opts[i];

		if (!gq_attr_get(tb[opt->attr], opt->name, opt->size, &val))
			continue;
		if (opt->kind == GQ_FLAG)
			gq_print_flag(opt, val, text);
		else
			gq_print_value(opt, val, text);
	}
}

void gq_opts_help(const struct gq_opt *opts, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		const struct gq_opt *opt = &opts[i];

		fprintf(stderr, "  %-18s %-8s %s\n", opt->name, opt->arg,
			opt->help);
		if (opt->kind != GQ_FLAG)
			fprintf(stderr, "  %-27s %s; default %s\n", "",
				opt->expect, opt->init);
		else if (*opt->init)
			fprintf(stderr, "  %-27s the default\n", "");
	}
}
