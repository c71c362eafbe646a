/* SPDX-License-Identifier: GPL-2.0-only */
/* A model of random trees, for what does not care how good it is. */
#ifndef MODEL_RANDOM_H
#define MODEL_RANDOM_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "model.h"

/* splitmix64: Steele, Lea, Flood, OOPSLA 2014 */
static inline uint64_t model_draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static inline int32_t model_draw_value(uint64_t *state)
{
	return (int32_t)(model_draw(state) % (2 * MODEL_VALUE_MAX + 1)) - MODEL_VALUE_MAX;
}

static inline void model_random_forest(struct antelope_forest *f, unsigned int trees,
				       uint64_t *state)
{
	unsigned int i, j;

	memset(f, 0, sizeof(*f));
	f->trees = trees;
	f->base = model_draw_value(state);
	for (i = 0; i < trees; i++) {
		for (j = 0; j < ANTELOPE_NODES; j++) {
			f->tree[i].feature[j] = model_draw(state) % ANTELOPE_FEATURES;
			f->tree[i].threshold[j] = model_draw_value(state);
		}
		for (j = 0; j < ANTELOPE_LEAVES; j++)
			f->tree[i].leaf[j] = model_draw_value(state);
	}
}

/* CCs a, b, ...; every other forest is there. */
static inline void model_random(struct antelope_model *m, unsigned int ccs, unsigned int trees,
				uint64_t seed)
{
	struct model_training *t = &m->training;
	unsigned int i;

	memset(m, 0, sizeof(*m));
	m->version = 3;
	m->ccs = ccs;
	memset(m->parent, 'a', MODEL_DIGEST - 1);
	for (i = 0; i < ccs; i++)
		m->cc[i][0] = 'a' + i;
	*t = (struct model_training){ .seed = seed, .trees = 40, .depth = 3, .horizon_s = 2,
				      .sources = 2, .rate = 0.15, .gamma = 1, .holdout = 0.2,
				      .clip = 20, .bound = 1, .blur = 1,
				      .centred = 1 };
	snprintf(t->source[0].name, sizeof(t->source[0].name), "first \"log\" /1");
	memset(t->source[0].digest, 'b', MODEL_DIGEST - 1);
	t->source[0].records = 12345678901ull;
	snprintf(t->source[1].name, sizeof(t->source[1].name), "second");
	memset(t->source[1].digest, 'c', MODEL_DIGEST - 1);
	for (i = 0; i < ANTELOPE_FORESTS; i++) {
		if (i % ANTELOPE_CCS >= ccs || i / ANTELOPE_CCS == ANTELOPE_THROUGHPUT)
			continue;
		m->quality[i] = (struct model_quality){ 100 + i, 50, 0.1 + i / 7.0, 1.5 };
		model_random_forest(&m->forest[i], trees, &seed);
	}
}

#endif
