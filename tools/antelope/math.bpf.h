/* SPDX-License-Identifier: GPL-2.0-only */
/* Arithmetic without floating point. */
#ifndef ANTELOPE_MATH_BPF_H
#define ANTELOPE_MATH_BPF_H

#include "antelope.h"

/*
 * log2(v) in Q16, of 0 as of 1. Above the highest bit, v is 2^n (1 + f); log2(1 + f)
 * is f + f (1 - f) (a + b f), with a and b of the least largest error, below 0.001. A
 * function of its own, so that the verifier walks its 64 paths once.
 */
__noinline int antelope_log2(__u64 v)
{
	__u64 top = v | !v;
	__u32 n = 0;
	__s64 f, bend;

	if (top >> 32) {
		n += 32;
		top >>= 32;
	}
	if (top >> 16) {
		n += 16;
		top >>= 16;
	}
	if (top >> 8) {
		n += 8;
		top >>= 8;
	}
	if (top >> 4) {
		n += 4;
		top >>= 4;
	}
	if (top >> 2) {
		n += 2;
		top >>= 2;
	}
	n += top >> 1;
	f = (v | !v) << (63 - n) << 1 >> 48;
	bend = 27709 - (10433 * f >> 16);
	return (n << 16) + f + ((f * (65536 - f) >> 16) * bend >> 16);
}

/* a / b with so many fraction bits, at most ANTELOPE_RATIO_MAX; a below 2^48. */
static __always_inline __s32 ratio(__u64 a, __u64 b, __u32 bits)
{
	__u64 q = (a << bits) / (b | !b);

	return q < ANTELOPE_RATIO_MAX ? q : ANTELOPE_RATIO_MAX;
}

static __always_inline __s32 clamp_part(__s32 part)
{
	if (part > ANTELOPE_PART_MAX)
		return ANTELOPE_PART_MAX;
	return part < -ANTELOPE_PART_MAX ? -ANTELOPE_PART_MAX : part;
}

/* Instructions of v3 divide without sign only. */
static __always_inline __s64 divide(__s64 a, __u64 b)
{
	return a < 0 ? -(__s64)((__u64)-a / b) : (__s64)((__u64)a / b);
}

/* An index that the compiler does not know to be small already, so that its mask stays. */
static __always_inline __u32 slot(__u32 cc)
{
	barrier_var(cc);
	return cc & (ANTELOPE_CCS - 1);
}

static __always_inline __u64 larger(__u64 a, __u64 b)
{
	return a > b ? a : b;
}

#endif
