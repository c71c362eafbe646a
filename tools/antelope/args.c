// SPDX-License-Identifier: GPL-2.0-only
/* Options by a table; see args.h. */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "cmd.h"

#define ARGS_MAX	24
#define HELP_COLUMN	24

int args_fail(const char *verb, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "antelope %s: ", verb);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return ANTELOPE_USAGE;
}

static void print_default(const struct arg *a)
{
	if (a->kind == ARG_COUNT)
		printf(" [%lu]", *(unsigned long *)a->to);
	else if (a->kind == ARG_NUMBER)
		printf(" [%g]", *(double *)a->to);
	else if (a->kind == ARG_TEXT && *(const char **)a->to)
		printf(" [%s]", *(const char **)a->to);
}

static void print_arg(const struct arg *a)
{
	const char *line = a->help;
	int n = printf("  %c%c%s--%s%s%s", a->letter ? '-' : ' ', a->letter ?: ' ',
		       a->letter ? ", " : "  ", a->name, a->value ? " " : "", a->value ?: "");
	size_t len;

	if (n >= HELP_COLUMN)
		n = printf("\n") - 1;
	for (;;) {
		len = strcspn(line, "\n");
		printf("%*s%.*s", HELP_COLUMN - n, "", (int)len, line);
		if (!line[len])
			break;
		line += len + 1;
		n = printf("\n") - 1;
	}
	print_default(a);
	printf("\n");
}

static void print_help(const struct args *a)
{
	const struct arg *arg;

	printf("usage: antelope %s %s\n\n%s\n\n", a->verb, a->operands, a->about);
	for (arg = a->table; arg->name; arg++)
		print_arg(arg);
	printf("  -h, --help            this text\n\nexamples:\n%s", a->examples);
}

static int parse_value(const char *verb, const struct arg *a, const char *text)
{
	double value;
	char *end;

	if (a->kind == ARG_FLAG) {
		*(bool *)a->to = true;
		return 0;
	}
	if (a->kind == ARG_TEXT) {
		*(const char **)a->to = text;
		return 0;
	}
	errno = 0;
	value = strtod(text, &end);
	if (end == text || *end || errno || !isfinite(value) || value < a->min ||
	    value > a->max || (a->kind == ARG_COUNT && value != floor(value))) {
		args_fail(verb, "--%s: \"%.40s\" is no %s from %.10g to %.10g", a->name, text,
			  a->kind == ARG_COUNT ? "whole number" : "number", a->min, a->max);
		return -EINVAL;
	}
	if (a->kind == ARG_COUNT)
		*(unsigned long *)a->to = value;
	else
		*(double *)a->to = value;
	return 0;
}

int args_parse(int argc, char **argv, const struct args *a)
{
	struct option longs[ARGS_MAX + 2] = { { "help", no_argument, NULL, 'h' } };
	char letters[2 * ARGS_MAX + 2] = "h";
	size_t n = 0, len = 1;
	const struct arg *arg;
	int val;

	for (arg = a->table; arg->name; arg++, n++) {
		longs[n + 1] = (struct option){
			arg->name, arg->kind == ARG_FLAG ? no_argument : required_argument,
			NULL, 256 + n };
		if (!arg->letter)
			continue;
		letters[len++] = arg->letter;
		if (arg->kind != ARG_FLAG)
			letters[len++] = ':';
	}
	opterr = 0;
	optind = 0;
	while ((val = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (val == 'h') {
			print_help(a);
			return 0;
		}
		if (val == '?') {
			args_fail(a->verb, "%s is unknown or lacks a value; see antelope %s --help",
				  argv[optind - 1], a->verb);
			return -EINVAL;
		}
		arg = a->table;
		if (val >= 256)
			arg += val - 256;
		else
			while (arg->letter != val)
				arg++;
		if (parse_value(a->verb, arg, optarg))
			return -EINVAL;
	}
	if (a->missing && optind == argc) {
		args_fail(a->verb, "%s", a->missing);
		return -EINVAL;
	}
	return optind;
}
