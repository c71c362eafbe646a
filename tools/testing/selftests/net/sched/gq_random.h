/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random numbers of the tests of gq's data structures in userspace. */
#ifndef GQ_RANDOM_H
#define GQ_RANDOM_H

#include <linux/types.h>

/*
 * xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift
 * generators, scrambled", 2016), so that every run is the same.
 */
static inline __u64 rnd(__u64 *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 2685821657736338717ULL;
}

#endif /* GQ_RANDOM_H */
