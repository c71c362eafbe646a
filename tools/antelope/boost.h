/* SPDX-License-Identifier: GPL-2.0-only */
/* Forests of gradient-boosted trees: libxgboost grows them, we make integers of them. */
#ifndef ANTELOPE_BOOST_H
#define ANTELOPE_BOOST_H

#include <stddef.h>
#include <stdint.h>
#include <xgboost/c_api.h>

#include "antelope.h"

struct boost {
	uint64_t seed;
	uint32_t trees;
	uint32_t depth;
	double rate;		/* share of each tree's correction that is taken */
	double gamma;		/* a split must gain that much */
	double leaf;		/* weight that a leaf must hold: destinations */
};

/*
 * x: n rows of ANTELOPE_FEATURES, y: what to predict, w: weights. The prediction
 * starts at base, Q16. Both return 0, or -errno and a message in err (MODEL_ERR
 * bytes). boost_fit()'s booster is for boost_free().
 */
int boost_fit(const struct boost *b, const float *x, const float *y, const float *w, size_t n,
	      int32_t base, BoosterHandle *booster, char *err);
/* gain, if not NULL: what splits by each feature gained is added to it. */
int boost_export(BoosterHandle booster, int32_t base, struct antelope_forest *to, double *gain,
		 char *err);
void boost_free(BoosterHandle booster);

#endif
