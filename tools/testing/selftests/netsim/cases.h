/* SPDX-License-Identifier: GPL-2.0-only */
/* A table of tests and how to run it; numbers by lot, the same for the same SEED. */
#ifndef NETSIM_CASES_H
#define NETSIM_CASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "kselftest.h"

struct test_case {
	bool (*run)(void);
	const char *what;
};

static inline void run_cases(const struct test_case *tests, size_t nr)
{
	size_t i;

	ksft_set_plan(nr);
	for (i = 0; i < nr; i++)
		ksft_test_result(tests[i].run(), "%s\n", tests[i].what);
}

static uint64_t random_state;

static inline void seed_random(void)
{
	const char *seed = getenv("SEED");

	random_state = seed ? strtoull(seed, NULL, 0) : (uint64_t)time(NULL);
	ksft_print_msg("SEED=%llu\n", (unsigned long long)random_state);
}

/* splitmix64: Steele, Lea and Flood, 2014 */
static inline uint64_t rnd(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static inline uint64_t lot(uint64_t n)
{
	return rnd(&random_state) % n;
}

#endif
