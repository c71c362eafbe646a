// SPDX-License-Identifier: GPL-2.0-only
/*
 * The options of the lab, as scripts/vm passes them on. Each refusal names what
 * was refused and what would do.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab.h"

/* A number with an optional M or G, in MiB; 0 when it is none. */
static unsigned long parse_mem(const char *s)
{
	unsigned long n;
	char *end;

	if (*s < '0' || *s > '9')
		return 0;
	n = strtoul(s, &end, 10);
	if (*end == 'G' || *end == 'g')
		n *= 1024;
	if (*end && end[1])
		return 0;
	return strchr("MmGg", *end) ? n : 0;
}

static unsigned long parse_number(const char *s)
{
	unsigned long n;
	char *end;

	if (*s < '0' || *s > '9')
		return 0;
	n = strtoul(s, &end, 10);
	return *end ? 0 : n;
}

static int add_share(struct options *o, const char *path)
{
	struct stat st;
	char *real = realpath(path, NULL);

	if (!real || stat(real, &st) || !S_ISDIR(st.st_mode)) {
		fprintf(stderr, "vm: cannot share %s: not a folder here; make it first\n", path);
		free(real);
		return -ENOTDIR;
	}
	if (o->nr_shares == MAX_SHARES || strchr(real, ',')) {
		fprintf(stderr, "vm: cannot share %s: too many shares, or a comma in it\n", path);
		free(real);
		return -EINVAL;
	}
	o->shares[o->nr_shares++] = real;
	return 0;
}

static int refuse(const char *what, const char *value, const char *want)
{
	fprintf(stderr, "vm: bad %s '%s': %s; see scripts/vm --help\n", what, value, want);
	return -EINVAL;
}

static const struct option longopts[] = {
	{ "arch",		required_argument, NULL, 'a' },
	{ "kernel",		required_argument, NULL, 'k' },
	{ "init",		required_argument, NULL, 'i' },
	{ "stage",		required_argument, NULL, 'g' },
	{ "tree",		required_argument, NULL, 'T' },
	{ "cache",		required_argument, NULL, 'C' },
	{ "seed-lib",		required_argument, NULL, 'l' },
	{ "mem",		required_argument, NULL, 'm' },
	{ "cpus",		required_argument, NULL, 'c' },
	{ "seed",		required_argument, NULL, 's' },
	{ "share",		required_argument, NULL, 'S' },
	{ "append",		required_argument, NULL, 'A' },
	{ "virtual-time",	no_argument, NULL, 't' },
	{ "kvm",		no_argument, NULL, 'K' },
	{ "verbose",		no_argument, NULL, 'v' },
	{ "debug",		no_argument, NULL, 'd' },
	{ NULL, 0, NULL, 0 }
};

static int parse_option(struct options *o, int c)
{
	switch (c) {
	case 'a':
		o->arch = arch_find(optarg);
		return o->arch ? 0 : refuse("--arch", optarg, "um or x86_64");
	case 'k':
		o->kernel = o->kernel ?: optarg;
		return 0;
	case 'i':
		o->init = optarg;
		return 0;
	case 'g':
		o->stage = optarg;
		return 0;
	case 'T':
		o->tree = optarg;
		return 0;
	case 'C':
		o->cache = optarg;
		return 0;
	case 'l':
		o->seed_lib = optarg;
		return 0;
	case 'm':
		o->mem_mib = parse_mem(optarg);
		return o->mem_mib >= 64 && o->mem_mib <= 1 << 20 ? 0 :
			refuse("--mem", optarg, "a number with M or G, at least 64M");
	case 'c':
		o->cpus = parse_number(optarg);
		return o->cpus && o->cpus <= 255 ? 0 : refuse("--cpus", optarg, "1 to 255");
	case 's':
		o->seed = parse_number(optarg);
		return o->seed ? 0 : refuse("--seed", optarg, "a number from 1 on");
	case 'S':
		return add_share(o, optarg);
	case 'A':
		free(o->append);
		o->append = strdup(optarg);
		return o->append ? 0 : -ENOMEM;
	case 't':
		o->virtual_time = true;
		return 0;
	case 'K':
		o->kvm = true;
		return 0;
	case 'v':
		o->verbose = true;
		return 0;
	case 'd':	/* scripts/vm has chosen the kernel by it */
		return 0;
	}
	return -EINVAL;
}

int options_parse(struct options *o, int argc, char **argv)
{
	static char *shell[2];
	int c, err;

	*o = (struct options){ .arch = arch_find("um"), .cpus = 1 };
	opterr = 0;
	while ((c = getopt_long(argc, argv, "+:v", longopts, NULL)) != -1) {
		if (c == '?' || c == ':') {
			fprintf(stderr, "vm: %s: '%s'; see scripts/vm --help\n",
				c == '?' ? "no such option" : "an option lacks its value",
				argv[optind - 1]);
			return -EINVAL;
		}
		err = parse_option(o, c);
		if (err)
			return err;
	}
	if (!o->mem_mib)
		o->mem_mib = arch_mem_mib(o->arch);
	if (o->seed && !o->virtual_time)
		return refuse("--seed", "N", "only with --virtual-time, elsewhere chance is real");
	if (!o->seed)
		o->seed = 1;
	if (o->cpus > 1 && !arch_smp(o->arch))
		return refuse("--cpus", "2 or more", "--arch um has one processor, x86_64 more");
	if (!o->kernel || !o->init)
		return refuse("call", argv[0], "scripts/vm starts this program");
	o->argv = argv + optind;
	if (*o->argv)
		return 0;
	shell[0] = getenv("SHELL") ?: "/bin/sh";
	o->argv = shell;
	if (isatty(0) && isatty(1))
		fprintf(stderr, "vm: a shell in the lab (%s). Leave it with 'exit' or Ctrl-D;"
			" Ctrl-] typed twice kills the guest.\n", arch_name(o->arch));
	return 0;
}
