// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into a user-mode kernel that runs in virtual time: its only source
 * of true randomness is the host's getrandom(), which seeds the random pool
 * and answers arch_get_random_longs(). Here it becomes a stream that depends on
 * NETSTEER_SEED alone (SplitMix64: Steele, Lea, Flood, OOPSLA 2014), so that
 * two runs draw the same numbers. Not for anything that must be secret.
 */
#include <linux/types.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static __u64 next(void)
{
	static __u64 state;
	static int seeded;
	const char *seed;
	__u64 z;

	if (!seeded) {
		seed = getenv("NETSTEER_SEED");
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
	__u64 v;

	(void)flags;
	for (done = 0; done < len; done += n) {
		v = next();
		n = len - done < sizeof(v) ? len - done : sizeof(v);
		memcpy(p + done, &v, n);
	}
	return len;
}
