// SPDX-License-Identifier: GPL-2.0-only
/*
 * gqctl apply FILE: replace all rules and intakes by those of a file.
 *
 * A line is empty, or
 *
 *	rank --out|--in ... --dscp CLASS ...	as gqctl rank add takes it
 *	intake --dev DEV --ifb IFB		as gqctl intake add takes it
 *
 * Words are separated by blanks; "..." keeps blanks in a word; # begins a
 * comment that ends with the line. All errors of a file are told, each with its
 * line and column; with one error nothing is changed.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gqctl.h"

#define WORDS_MAX	64	/* of a line */

static int add_rank(struct ruleset *set, const struct word *w, size_t nr,
		    const struct where *at)
{
	struct rule r;
	int err;

	err = rule_parse(&r, w, nr, *at, NULL);
	return err ?: ruleset_add(set, &r);
}

static int add_intake(struct ruleset *set, const struct word *w, size_t nr,
		      const struct where *at)
{
	struct intake in;
	int err;

	err = intake_parse(&in, w, nr, *at, NULL);
	return err ?: ruleset_add_intake(set, &in);
}

static const struct {
	const char *name;
	int (*add)(struct ruleset *set, const struct word *w, size_t nr, const struct where *at);
} statements[] = {
	{ "rank", add_rank },
	{ "intake", add_intake },
};

/* Take one word off @line, which is cut up. Returns what follows. */
static char *next_word(char *line, char **word, bool *unclosed)
{
	char *to;

	*word = to = line;
	while (*line && !isspace((unsigned char)*line)) {
		if (*line != '"') {
			*to++ = *line++;
			continue;
		}
		line++;
		while (*line && *line != '"')
			*to++ = *line++;
		if (!*line) {
			*unclosed = true;
			break;
		}
		line++;
	}
	if (*line)
		line++;
	*to = '\0';
	return line;
}

/* Returns the number of words, or -EINVAL. */
static int split(char *line, struct word *words, struct where *at)
{
	char *p = line, *word;
	bool unclosed = false;
	int nr = 0;

	for (;;) {
		while (isspace((unsigned char)*p))
			p++;
		if (!*p || *p == '#')
			return nr;
		at->column = p - line + 1;
		if (nr == WORDS_MAX)
			return complain(at, "more than %d words on a line", WORDS_MAX);
		p = next_word(p, &word, &unclosed);
		if (unclosed)
			return complain(at, "a quote is not closed on its line");
		words[nr++] = (struct word){ word, at->column };
	}
}

static int apply_line(struct ruleset *set, char *line, struct where at)
{
	struct word words[WORDS_MAX];
	size_t i;
	int nr;

	nr = split(line, words, &at);
	if (nr <= 0)
		return nr;
	at.column = words[0].column;
	for (i = 0; i < ARRAY_SIZE(statements); i++)
		if (!strcmp(words[0].text, statements[i].name))
			return statements[i].add(set, words + 1, nr - 1, &at);
	return complain(&at, "a line begins with rank or intake, not with \"%s\"", words[0].text);
}

static int read_file(struct ruleset *set, const char *name)
{
	struct where at = { .name = name };
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	FILE *f;
	int err = 0;

	f = strcmp(name, "-") ? fopen(name, "r") : stdin;
	if (!f)
		return fail(errno, "cannot read %s", name);
	while ((len = getline(&line, &size, f)) >= 0) {
		at.line++;
		at.column = 1;
		if (strlen(line) != (size_t)len)
			err = complain(&at, "a zero byte: this is no text file");
		else if (apply_line(set, line, at))
			err = -EINVAL;
	}
	if (ferror(f))
		err = fail(errno, "cannot read %s", name);
	free(line);
	if (f != stdin)
		fclose(f);
	return err;
}

int cmd_apply(int argc, char **argv, struct settings *s)
{
	struct ruleset old = { 0 }, set = { 0 };
	const char *name = NULL;
	int i, err;

	for (i = 0; i < argc; i++) {
		if (!common_option(argv[i], s))
			continue;
		if (name || (*argv[i] == '-' && argv[i][1]))
			return fail(EINVAL, "apply: unknown option \"%s\"; one FILE, and --check",
				    argv[i]);
		name = argv[i];
	}
	if (!name)
		return fail(EINVAL, "apply: which FILE? (- is standard input)");
	err = lock_rules() ?: ruleset_init(&old) ?: ruleset_init(&set);
	if (!err)
		err = read_file(&set, name);
	if (!err)
		err = nft_read(&old);
	if (!err)
		err = commit(&old, &set, s);
	if (!err && s->verbose)
		fprintf(stderr, "gqctl apply %s: %zu rules, %zu intakes%s\n", name, set.nr_rules,
			set.nr_intakes, s->check ? ", checked only" : "");
	ruleset_free(&set);
	ruleset_free(&old);
	return err;
}
