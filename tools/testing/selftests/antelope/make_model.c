// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes a model that always expects the same of each CC:
 *
 *   make_model FILE [OBJECTIVE:]CC=REWARD...
 *
 * Without an objective it is that of all.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

static unsigned int cc_number(struct antelope_model *m, const char *name)
{
	unsigned int i = model_cc(m, name);

	if (i != ANTELOPE_NO_CC || m->ccs == ANTELOPE_CCS || strlen(name) >= sizeof(m->cc[0]))
		return i;
	memcpy(m->cc[m->ccs], name, strlen(name));
	return m->ccs++;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* pass 0 collects the names, which are sorted then; pass 1 sets the forests */
static int take(struct antelope_model *m, const char *text, int pass)
{
	char word[64], *colon, *eq, *cc = word;
	struct antelope_forest *f;
	int objective = -1, i;
	unsigned int n;

	snprintf(word, sizeof(word), "%s", text);
	eq = strchr(word, '=');
	colon = strchr(word, ':');
	if (!eq)
		return -EINVAL;
	*eq = '\0';
	if (colon) {
		*colon = '\0';
		objective = model_objective(word);
		cc = colon + 1;
	}
	n = cc_number(m, cc);
	if (n == ANTELOPE_NO_CC || (colon && objective < 0))
		return -EINVAL;
	for (i = 0; i < ANTELOPE_OBJECTIVES && pass; i++) {
		if (objective >= 0 && objective != i)
			continue;
		f = &m->forest[i * ANTELOPE_CCS + n];
		f->trees = 1;
		f->cc = n;
		f->base = atof(eq + 1) * (1 << ANTELOPE_REWARD_BITS);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct antelope_model *m = calloc(1, sizeof(*m));
	char err[MODEL_ERR] = "give FILE CC=REWARD...";
	int pass, i, bad = !m || argc < 3;

	for (pass = 0; pass < 2 && !bad; pass++) {
		for (i = 2; i < argc && !bad; i++)
			bad = take(m, argv[i], pass);
		qsort(m->cc, m->ccs, sizeof(m->cc[0]), by_name);
	}
	if (!bad) {
		m->version = 1;
		m->training.trees = 1;
		m->training.depth = 1;
		m->training.clip = 1;
		bad = model_save(m, argv[1], err);
	}
	if (bad)
		fprintf(stderr, "make_model: %s\n", err);
	model_free(m);
	return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
