/* SPDX-License-Identifier: GPL-2.0-only */
/* What people are told that numbers of antelope.h mean. */
#ifndef ANTELOPE_NAMES_H
#define ANTELOPE_NAMES_H

#include "antelope.h"

struct feature_name {
	const char *name;	/* as in ANTELOPE_SCHEMA */
	const char *unit;	/* of its value once it is scaled */
	const char *what;
	unsigned int bits;	/* of fraction */
};

/* By enum antelope_feature. */
extern const struct feature_name feature_names[ANTELOPE_FEATURES];
/* By enum antelope_why; what completes "CC, because ...". */
extern const struct why_name {
	const char *name, *what;
} why_names[ANTELOPE_WHYS];

/* Reward of the record by its objective, Q16 logarithm. */
__s32 record_reward(const struct antelope_record *r);

#endif
