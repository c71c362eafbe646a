// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CoDel on gq's command line: "codel [target TIME|off] [interval TIME]
 * [ecn|noecn]", or "nocodel".
 *
 * After the word "codel" come its own words, which mean nothing elsewhere. The
 * target is what switches CoDel on: "codel" without one sets the default, and
 * "nocodel" is "codel target off".
 */
#include <errno.h>
#include <linux/pkt_sched_gq.h>
#include <string.h>

#include "gq_codel.h"

#define GQ_CODEL_TARGET_NS	5000000U

static const struct gq_opt gq_codel_opts[] = {
	{ "target", TCA_GQ_CODEL_TARGET, 8, GQ_TIME_OR_NONE, 0, "TIME",
	  "a time with its unit, or off", "5ms",
	  "queueing delay that is acceptable" },
	{ "interval", TCA_GQ_CODEL_INTERVAL, 8, GQ_TIME, 0, "TIME",
	  "a time with its unit, 1024ns to 100s", "100ms",
	  "how long the delay must be above it" },
	{ "ecn", TCA_GQ_CODEL_ECN, 1, GQ_FLAG, 1, "",
	  "no value", "", "mark packets instead of dropping them" },
	{ "noecn", TCA_GQ_CODEL_ECN, 1, GQ_FLAG, 0, "",
	  "no value", "set", "drop packets" },
};

/* Return: -ENOENT when @name is none of ours */
int gq_codel_parse(struct gq_values *v, const char *name, struct gq_words *w)
{
	const uint32_t target = 1U << TCA_GQ_CODEL_TARGET;
	bool on = !strcmp(name, "codel");
	const struct gq_opt *opt;
	int err;

	if (!on && strcmp(name, "nocodel"))
		return -ENOENT;
	if (v->set & target) {
		fprintf(stderr,
			"gq: %s: given twice, or with its opposite; give it once\n",
			name);
		return -EINVAL;
	}
	while (on && w->argc > 0) {
		opt = gq_opt_find(gq_codel_opts, ARRAY_SIZE(gq_codel_opts),
				  *w->argv);
		if (!opt)
			break;
		w->argv++;
		w->argc--;
		err = gq_opt_parse(opt, w, v);
		if (err)
			return err;
	}
	if (!(v->set & target))
		v->val[TCA_GQ_CODEL_TARGET] = on ? GQ_CODEL_TARGET_NS :
						   GQ_CODEL_OFF;
	v->set |= target;
	return 0;
}

int gq_codel_put(struct nlmsghdr *msg, const struct gq_values *v)
{
	return gq_opts_put(gq_codel_opts, ARRAY_SIZE(gq_codel_opts), msg, v);
}

static bool gq_codel_shown(struct rtattr **tb)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(gq_codel_opts); i++) {
		const struct rtattr *attr = tb[gq_codel_opts[i].attr];

		if (attr && RTA_PAYLOAD(attr) == gq_codel_opts[i].size)
			return true;
	}
	return false;
}

/* As words that can be given back, also when it is off. */
void gq_codel_print(struct rtattr **tb)
{
	bool shown = gq_codel_shown(tb);

	if (shown) {
		gq_print_text("%s ", "codel");
		open_json_object("codel");
	}
	gq_opts_print(gq_codel_opts, ARRAY_SIZE(gq_codel_opts), tb, true);
	if (shown)
		close_json_object();
}

void gq_codel_help(void)
{
	fprintf(stderr,
		"  %-27s CoDel for each flow; its words follow it\n"
		"  %-27s the default\n", "codel", "nocodel");
	gq_opts_help(gq_codel_opts, ARRAY_SIZE(gq_codel_opts));
}
