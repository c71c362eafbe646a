/* SPDX-License-Identifier: GPL-2.0-only */
/* Options of "antelope run": each key of the settings is one, and wins over the file. */
#ifndef ANTELOPE_OPTIONS_H
#define ANTELOPE_OPTIONS_H

#include <stdbool.h>

#include "config.h"

#define OPTIONS_MAX	64	/* on a command line */

struct options {
	const char *file;	/* NULL: the usual one, if it is there */
	bool print;		/* the settings, and end */
	unsigned int n;
	struct {
		const struct config_key *key;
		const char *text;
	} set[OPTIONS_MAX];
};

/* 0; 1: --help was asked for and printed; -EINVAL with the error printed. */
int options_parse(struct options *o, int argc, char **argv);
/* Settings of defaults, file and options; errors are printed. Free c in any case. */
int options_config(const struct options *o, struct config *c);

#endif
