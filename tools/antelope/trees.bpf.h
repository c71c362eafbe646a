/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A forest's sum. Plain bounded loops: an interpreter has neither callbacks nor
 * kfuncs. Nothing in them branches but on the loops' own counters, so that the
 * verifier walks one path, once, whoever calls.
 */
#ifndef ANTELOPE_TREES_BPF_H
#define ANTELOPE_TREES_BPF_H

#include "state.h"

/*
 * The comparison is the sign of a difference, which fits: both are below 2^24 in size.
 * One barrier keeps the compiler from making a branch of it, the other from knowing i
 * and dropping the mask.
 */
static __always_inline __s32 walk(const struct antelope_tree *t, const __s32 *x)
{
	__u32 i = 0;
	int level;

#pragma unroll
	for (level = 0; level < ANTELOPE_DEPTH; level++) {
		__s32 above = x[t->feature[i & 7] & 15] - t->threshold[i & 7];

		barrier_var(above);
		above >>= 31;
		barrier_var(above);
		i = 2 * i + 2 + above;
	}
	return t->leaf[(i - ANTELOPE_NODES) & 7];
}

/* Sum of the forest for these features; 0 of no forest. */
__noinline int antelope_score(const struct antelope_forest *f, const struct antelope_x *x)
{
	__s64 sum;
	__u32 i;

	if (!f || !x)
		return 0;
	sum = f->base;
	for (i = 0; i < ANTELOPE_TREES; i++) {
		if (i >= f->trees)
			break;
		sum += walk(&f->tree[i], x->x);
	}
	/* ANTELOPE_NO_SCORE is no score */
	if (sum > 0x7fffffff)
		return 0x7fffffff;
	return sum < -0x7fffffff ? -0x7fffffff : sum;
}

#endif
