// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into a user-mode kernel: the host's getrandom() is its only source of
 * true randomness, for the random pool and for every seed in it. Here that
 * becomes a stream that depends on NETSIM_SEED alone (SplitMix64: Steele, Lea and
 * Flood, OOPSLA 2014), so that two runs draw the same numbers. Not for secrets.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static uint64_t next(void)
{
	static uint64_t state;
	static int seeded;
	const char *seed;
	uint64_t z;

	if (!seeded) {
		seed = getenv("NETSIM_SEED");
		state = seed ? strtoull(seed, NULL, 10) : 0;
		seeded = 1;
	}
	state += 0x9e3779b97f4a7c15ull;
	z = state;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

ssize_t getrandom(void *buf, size_t len, unsigned int flags)
{
	unsigned char *p = buf;
	size_t done, n;
	uint64_t v;

	(void)flags;
	for (done = 0; done < len; done += n) {
		v = next();
		n = len - done < sizeof(v) ? len - done : sizeof(v);
		memcpy(p + done, &v, n);
	}
	return len;
}
