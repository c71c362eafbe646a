// SPDX-License-Identifier: GPL-2.0-only
/* Options that run, check and shell share. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "units.h"

#define SNAPLEN_DEFAULT	256	/* headers, and what an application says first */
#define MORE_MAX	8

enum {
	OPT_OUT = 256, OPT_SEED, OPT_STOP, OPT_SNAPLEN, OPT_SILENCE, OPT_KERNEL,
	OPT_KERNEL_X86_64, OPT_STAGE, OPT_STAGE_X86_64, OPT_LIB, OPT_SCHEDULE, OPT_JSON,
};

static const struct option common[] = {
	{ "out", required_argument, NULL, OPT_OUT },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "stop", required_argument, NULL, OPT_STOP },
	{ "snaplen", required_argument, NULL, OPT_SNAPLEN },
	{ "silence", required_argument, NULL, OPT_SILENCE },
	{ "kernel", required_argument, NULL, OPT_KERNEL },
	{ "kernel-x86_64", required_argument, NULL, OPT_KERNEL_X86_64 },
	{ "stage", required_argument, NULL, OPT_STAGE },
	{ "stage-x86_64", required_argument, NULL, OPT_STAGE_X86_64 },
	{ "lib", required_argument, NULL, OPT_LIB },
	{ "schedule", required_argument, NULL, OPT_SCHEDULE },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
};

#define NR_COMMON	(sizeof(common) / sizeof(*common))

static int parse_number(const char *name, const char *text, const struct unit_quantity *q,
			uint64_t min, uint64_t max, uint64_t *value)
{
	char low[UNIT_TEXT], high[UNIT_TEXT];

	if (!unit_parse(q, text, value) && *value >= min && *value <= max)
		return 0;
	fprintf(stderr, "netsim: --%s: \"%.40s\" is wrong; give %s, %s to %s\n", name, text,
		q->want, unit_format(q, min, low), unit_format(q, max, high));
	return -EINVAL;
}

static int parse_schedule(const char *text, bool *published)
{
	*published = !strcmp(text, "published");
	if (*published || !strcmp(text, "windows"))
		return 0;
	fprintf(stderr, "netsim: --schedule: \"%.40s\" is wrong; give windows or published\n",
		text);
	return -EINVAL;
}

static int parse_common(int val, struct ns_run_options *opt)
{
	uint64_t v = 0;
	int err = 0;

	switch (val) {
	case OPT_OUT:
		opt->out = optarg;
		break;
	case OPT_SEED:
		err = parse_number("seed", optarg, &unit_count, 1, UINT64_MAX, &opt->seed);
		break;
	case OPT_STOP:
		err = parse_number("stop", optarg, &unit_time, 1, NS_NEVER / 2, &opt->stop_ns);
		break;
	case OPT_SNAPLEN:
		err = parse_number("snaplen", optarg, &unit_count, 0, NS_FRAME_MAX, &v);
		opt->snaplen = v;
		break;
	case OPT_SILENCE:
		err = parse_number("silence", optarg, &unit_count, 1, 86400, &v);
		opt->silence_s = v;
		break;
	case OPT_KERNEL:
	case OPT_KERNEL_X86_64:
		opt->kernel[val - OPT_KERNEL] = optarg;
		break;
	case OPT_STAGE:
	case OPT_STAGE_X86_64:
		opt->stage[val - OPT_STAGE] = optarg;
		break;
	case OPT_LIB:
		opt->lib = optarg;
		break;
	case OPT_SCHEDULE:
		err = parse_schedule(optarg, &opt->published);
		break;
	case OPT_JSON:
		opt->json = true;
		break;
	case 'q':
		opt->quiet = true;
		break;
	}
	return err;
}

int ns_run_getopt(int argc, char **argv, struct ns_run_options *opt, const char *help,
		  const char *short_more, const struct option *more,
		  int (*handle)(int val, void *arg), void *arg)
{
	struct option all[NR_COMMON + MORE_MAX + 1] = { 0 };
	char letters[32];
	size_t n = 0;
	int val, err;

	memset(opt, 0, sizeof(*opt));
	opt->snaplen = SNAPLEN_DEFAULT;
	opt->argv = argv;
	memcpy(all, common, sizeof(common));
	for (; more && more[n].name && n < MORE_MAX; n++)
		all[NR_COMMON + n] = more[n];
	snprintf(letters, sizeof(letters), "qh%s", short_more ? short_more : "");
	while ((val = getopt_long(argc, argv, letters, all, NULL)) != -1) {
		if (val == 'h') {
			fputs(help, stdout);
			return 1;
		}
		if (val == '?')
			err = -EINVAL;
		else if (val == 'q' || (val >= OPT_OUT && val <= OPT_JSON))
			err = parse_common(val, opt);
		else
			err = handle(val, arg);
		if (err) {
			fprintf(stderr, "netsim: see netsim %s --help\n", argv[0]);
			return NS_USAGE + 1;
		}
	}
	return 0;
}

int ns_run_config(struct ns_config *cfg, const char *file, const struct ns_run_options *opt)
{
	int err = ns_config_load(cfg, file);

	if (err)
		return err;
	if (opt->seed)
		cfg->seed = opt->seed;
	if (opt->stop_ns)
		cfg->stop_ns = opt->stop_ns;
	return 0;
}
