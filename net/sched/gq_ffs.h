/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A set of small integers for sch_gq that finds its next member fast: the tree of
 * bitmaps of Eiffel's cFFS queue, which gq_wheel.h and gq_rank.h put buckets to.
 *
 * A bit of a word on level l + 1 is set if and only if the word on level l that it
 * stands for is not zero, so the first member at or after any position is found in
 * ceil(log_64 N) steps up and as many down, each one find-first-set.
 *
 * This file builds in the kernel and, for tests and instruction counts, in
 * userspace with the kernel's tools/include. It allocates nothing.
 */
#ifndef _NET_SCHED_GQ_FFS_H
#define _NET_SCHED_GQ_FFS_H

#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/types.h>

#ifndef __KERNEL__
/* tools/include has no __ffs64(). */
#define __ffs64(word)		((unsigned long)__builtin_ctzll(word))
#endif

#define GQ_FFS_LOG		6	/* log2 of the bits of a word */
#define GQ_FFS_LEVELS_MAX	4	/* 64^4 = 2^24 bits */
#define GQ_FFS_NONE		(~0U)

/**
 * struct gq_ffs - a set of small integers that finds its next member fast
 * @level: bitmaps, the leaves at index 0
 * @nbits: the set holds 0 .. @nbits - 1
 * @nlevels: levels in use
 */
struct gq_ffs {
	u64	*level[GQ_FFS_LEVELS_MAX];
	u32	nbits;
	u32	nlevels;
};

static inline u32 gq_ffs_level_bits(u32 nbits, u32 level)
{
	return ((nbits - 1) >> (GQ_FFS_LOG * level)) + 1;
}

static inline u32 gq_ffs_level_words(u32 nbits, u32 level)
{
	return gq_ffs_level_bits(nbits, level + 1);
}

static inline u32 gq_ffs_levels(u32 nbits)
{
	u32 n = 1;

	while (gq_ffs_level_words(nbits, n - 1) > 1)
		n++;
	return n;
}

/**
 * gq_ffs_size() - memory that a set needs
 * @nbits: 1 .. 2^24
 *
 * Return: bytes
 */
static inline size_t gq_ffs_size(u32 nbits)
{
	size_t words = 0;
	u32 l;

	for (l = 0; l < gq_ffs_levels(nbits); l++)
		words += gq_ffs_level_words(nbits, l);
	return words * sizeof(u64);
}

/**
 * gq_ffs_init() - make an empty set
 * @f: the set
 * @mem: gq_ffs_size() zeroed bytes, aligned to 8; they stay the caller's
 * @nbits: 1 .. 2^24
 */
static inline void gq_ffs_init(struct gq_ffs *f, void *mem, u32 nbits)
{
	u64 *words = mem;
	u32 l;

	f->nbits = nbits;
	f->nlevels = gq_ffs_levels(nbits);
	for (l = 0; l < f->nlevels; l++) {
		f->level[l] = words;
		words += gq_ffs_level_words(nbits, l);
	}
}

static inline bool gq_ffs_test(const struct gq_ffs *f, u32 bit)
{
	return f->level[0][bit >> GQ_FFS_LOG] >> (bit & 63) & 1;
}

/* Words above a word that was not zero already have their bit. */
static inline void gq_ffs_set(struct gq_ffs *f, u32 bit)
{
	u32 l;

	for (l = 0; l < f->nlevels; l++) {
		u64 *word = &f->level[l][bit >> GQ_FFS_LOG];
		u64 old = *word;

		*word = old | 1ULL << (bit & 63);
		if (old)
			return;
		bit >>= GQ_FFS_LOG;
	}
}

/* Words above a word that has not become zero keep their bit. */
static inline void gq_ffs_clear(struct gq_ffs *f, u32 bit)
{
	u32 l;

	for (l = 0; l < f->nlevels; l++) {
		u64 *word = &f->level[l][bit >> GQ_FFS_LOG];

		*word &= ~(1ULL << (bit & 63));
		if (*word)
			return;
		bit >>= GQ_FFS_LOG;
	}
}

/**
 * gq_ffs_next() - the first member at or after a position
 * @f: the set
 * @from: the position; may be past the end
 *
 * Climbs until a word has a bit at or after the position, then descends along
 * first set bits.
 *
 * Return: the member, or GQ_FFS_NONE
 */
static inline u32 gq_ffs_next(const struct gq_ffs *f, u32 from)
{
	u32 l;

	for (l = 0; l < f->nlevels; l++) {
		u32 word = from >> GQ_FFS_LOG;
		u64 bits;

		if (from >= gq_ffs_level_bits(f->nbits, l))
			break;

		bits = f->level[l][word] & ~0ULL << (from & 63);
		if (bits) {
			from = (word << GQ_FFS_LOG) + __ffs64(bits);
			while (l--)
				from = (from << GQ_FFS_LOG) +
				       __ffs64(f->level[l][from]);
			return from;
		}
		from = word + 1;
	}
	return GQ_FFS_NONE;
}

#endif /* _NET_SCHED_GQ_FFS_H */
