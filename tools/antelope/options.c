// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "say.h"

enum { OPT_CONFIG = 256, OPT_PRINT, OPT_KEY };

#define OPTION_NAME	24

/* --window-rtts and --window_rtts are both fine; getopt compares with the first. */
static void dashes(char *word)
{
	for (; *word && *word != '='; word++)
		if (*word == '_')
			*word = '-';
}

static bool is_flag(const struct config_key *key)
{
	return !strcmp(config_form(key), "yes|no");
}

static void print_keys(void)
{
	const struct config_key *key;
	unsigned int i;
	char left[64];

	for (i = 0; i < config_nr_keys; i++) {
		key = &config_keys[i];
		snprintf(left, sizeof(left), is_flag(key) ? "--%s[=%s]" : "--%s %s", key->name,
			 config_form(key));
		dashes(left);
		printf("  %-25s%s", left, key->help);
		if (*key->fallback)
			printf(" [%s]", key->fallback);
		putchar('\n');
	}
}

static void print_help(void)
{
	fputs("usage: antelope run [--config FILE] [OPTIONS]\n"
	      "\n"
	      "Chooses the congestion control of the flows of a cgroup until it is stopped.\n"
	      "SIGHUP, or \"antelope reload\", reads the file and the model again.\n"
	      "\n"
	      "  --config FILE            settings [" CONFIG_FILE ", if it is there]\n"
	      "  --print                  only print the settings, as such a file\n"
	      "  -h, --help               this text\n"
	      "\n"
	      "Settings, which win over the file's:\n", stdout);
	print_keys();
	fputs("\n"
	      "examples:\n"
	      "  antelope run --model /usr/share/antelope/default.json --shadow\n"
	      "  antelope run --cgroup /sys/fs/cgroup/web.slice --objective latency\n"
	      "  antelope run --explore 5% --log windows.log --cc cubic,bbr\n", stdout);
}

static void make_options(struct option opts[], char names[][OPTION_NAME])
{
	unsigned int i;

	for (i = 0; i < config_nr_keys; i++) {
		snprintf(names[i], OPTION_NAME, "%s", config_keys[i].name);
		dashes(names[i]);
		opts[i].name = names[i];
		/* yes or no may be left out */
		opts[i].has_arg = is_flag(&config_keys[i]) ?
			optional_argument : required_argument;
		opts[i].val = OPT_KEY + i;
	}
	opts[i++] = (struct option){ "config", required_argument, NULL, OPT_CONFIG };
	opts[i++] = (struct option){ "print", no_argument, NULL, OPT_PRINT };
	opts[i++] = (struct option){ "help", no_argument, NULL, 'h' };
	opts[i] = (struct option){ 0 };
}

static int add(struct options *o, const struct config_key *key, const char *text)
{
	if (o->n == OPTIONS_MAX)
		return say_error(EINVAL, "more than %d options; use a file", OPTIONS_MAX);
	o->set[o->n].key = key;
	o->set[o->n++].text = text ? text : "yes";
	return 0;
}

int options_parse(struct options *o, int argc, char **argv)
{
	struct option opts[CONFIG_KEYS + 4] = { 0 };
	char names[CONFIG_KEYS][OPTION_NAME];
	int i, val, err = 0;

	memset(o, 0, sizeof(*o));
	make_options(opts, names);
	for (i = 1; i < argc; i++)
		if (!strncmp(argv[i], "--", 2))
			dashes(argv[i]);
	while (!err && (val = getopt_long(argc, argv, "h", opts, NULL)) != -1) {
		if (val == 'h') {
			print_help();
			return 1;
		}
		if (val == OPT_CONFIG)
			o->file = optarg;
		else if (val == OPT_PRINT)
			o->print = true;
		else
			err = val == '?' ? -EINVAL : add(o, &config_keys[val - OPT_KEY], optarg);
	}
	if (!err && optind < argc)
		err = say_error(EINVAL, "run: \"%.40s\" is no option", argv[optind]);
	if (err)
		fputs("antelope: see antelope run --help\n", stderr);
	return err;
}

int options_config(const struct options *o, struct config *c)
{
	const char *file = o->file;
	char err[CONFIG_ERR];
	unsigned int i;
	int bad = config_init(c);

	if (!file && !access(CONFIG_FILE, F_OK))
		file = CONFIG_FILE;
	if (!bad && file)
		bad = config_load(c, file);
	for (i = 0; i < o->n && !bad; i++)
		if (config_set(c, o->set[i].key, o->set[i].text, err))
			bad = say_error(EINVAL, "--%s: %s", o->set[i].key->name, err);
	if (!bad && config_resolve(c, err))
		bad = say_error(EINVAL, "%s", err);
	return bad;
}
