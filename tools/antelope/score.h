/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A forest's score of a window, outside the kernel: replay and the tests say by it
 * what the kernel's program must say. All is integer; nothing is rounded here.
 */
#ifndef ANTELOPE_SCORE_H
#define ANTELOPE_SCORE_H

#include "antelope.h"

static inline __s32 score_tree(const struct antelope_tree *t, const __s32 *x)
{
	unsigned int i = 0;

	while (i < ANTELOPE_NODES)
		i = 2 * i + 1 + (x[t->feature[i]] >= t->threshold[i]);
	return t->leaf[i - ANTELOPE_NODES];
}

static inline __s32 score_forest(const struct antelope_forest *f, const __s32 *x)
{
	__s32 sum = f->base;
	unsigned int i;

	for (i = 0; i < f->trees; i++)
		sum += score_tree(&f->tree[i], x);
	return sum;
}

#endif
