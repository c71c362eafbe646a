// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parser of what a guest sends (scripts/lab/proto.h), fed with noise.
 * Built with address and undefined-behaviour sanitizers.
 *
 * Expectations, each over STREAMS streams cut into pieces at random:
 *
 *  1. a stream of valid frames comes out as those frames, and nothing else
 *  2. a mutated stream gives the frames that a naive parser of the whole
 *     stream finds, and fails exactly where that one does
 *  3. so does a stream of noise
 *  4. no frame ever has a type that was not allowed or is longer than
 *     FRAME_MAX, and after a failure no more frames come
 *
 * The seed is printed; SEED in the environment sets it.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <time.h>

#include "kselftest.h"
#include "proto.h"

#define STREAMS		100000
#define STREAM_BYTES	2048
#define LONG_EVERY	1000		/* streams with frames of all lengths */
#define LONG_BYTES	(4 * FRAME_MAX)

static const char allowed[] = { FRAME_READY, FRAME_OUT, FRAME_ERR, FRAME_ACK, FRAME_EXIT, 0 };

/* What a parser found: how many frames, a sum over all of them, and the end. */
struct found {
	unsigned int nr;
	__u64 sum;
	bool bad;
	bool broke_rules;
};

static struct frames frames;
static __u8 stream[LONG_BYTES];
static __u64 random_state;

static __u32 rnd(__u32 below)
{
	/* xorshift64: Marsaglia, 2003 */
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 20) % below;
}

static int add(void *arg, int type, const __u8 *data, __u32 len)
{
	struct found *f = arg;
	__u32 i;

	if (f->bad || len > FRAME_MAX || !strchr(allowed, type))
		f->broke_rules = true;
	f->nr++;
	f->sum = f->sum * 31 + type;
	f->sum = f->sum * 31 + len;
	for (i = 0; i < len; i++)
		f->sum = f->sum * 31 + data[i];
	return 0;
}

/* The oracle: the definition of the format, on a stream that is all there. */
static void naive(struct found *f, size_t n)
{
	size_t at = 0;
	__u32 len;

	while (at < n) {
		if (!stream[at] || !strchr(allowed, stream[at])) {
			f->bad = true;
			return;
		}
		if (n - at < FRAME_HEADER)
			return;
		len = get_le32(stream + at + 1);
		if (len > FRAME_MAX) {
			f->bad = true;
			return;
		}
		if (n - at - FRAME_HEADER < len)
			return;
		add(f, stream[at], stream + at + FRAME_HEADER, len);
		at += FRAME_HEADER + len;
	}
}

static void in_pieces(struct found *f, size_t n)
{
	size_t at = 0, piece;
	int err = 0;

	memset(&frames, 0, offsetof(struct frames, buf));
	while (at < n) {
		piece = 1 + rnd(rnd(4) ? 16 : n);
		if (piece > n - at)
			piece = n - at;
		err = frames_feed(&frames, allowed, stream + at, piece, add, f);
		f->bad = err;
		at += piece;
	}
	if (err && frames_feed(&frames, allowed, stream, n, add, f) != -EPROTO)
		f->broke_rules = true;
}

static size_t fill_valid(size_t max, __u32 longest)
{
	size_t at = 0, i;
	__u32 len;

	for (;;) {
		len = rnd(longest + 1);
		if (at + FRAME_HEADER + len > max)
			return at;
		frame_header(stream + at, allowed[rnd(sizeof(allowed) - 1)], len);
		at += FRAME_HEADER;
		for (i = 0; i < len; i++)
			stream[at++] = rnd(256);
	}
}

static size_t valid(bool large)
{
	return large ? fill_valid(LONG_BYTES, FRAME_MAX) : fill_valid(STREAM_BYTES, 100);
}

static size_t mutated(bool large)
{
	size_t n = valid(large);
	__u32 changes = 1 + rnd(4);

	while (n && changes--)
		stream[rnd(n)] = rnd(3) ? rnd(256) : (rnd(2) ? 0 : 0xff);
	return n ? 1 + rnd(n) : 0;
}

static size_t noise(bool large)
{
	size_t i, n = 1 + rnd(large ? LONG_BYTES : STREAM_BYTES);

	for (i = 0; i < n; i++)
		stream[i] = rnd(2) ? rnd(256) : (__u8)allowed[rnd(sizeof(allowed))];
	return n;
}

static bool rules_kept = true;

static bool same(size_t (*fill)(bool large), bool never_bad)
{
	unsigned int i, frames_seen = 0;

	for (i = 0; i < STREAMS; i++) {
		struct found want = { 0 }, got = { 0 };
		size_t n = fill(i % LONG_EVERY == 0);

		naive(&want, n);
		in_pieces(&got, n);
		if (got.broke_rules)
			rules_kept = false;
		frames_seen += got.nr;
		if (got.nr == want.nr && got.sum == want.sum && got.bad == want.bad &&
		    !(never_bad && got.bad))
			continue;
		ksft_print_msg("stream %u: %u frames, expected %u; failed %d, expected %d\n",
			       i, got.nr, want.nr, got.bad, want.bad);
		return false;
	}
	ksft_print_msg("%u streams, %u frames\n", i, frames_seen);
	return frames_seen > 0;
}

int main(void)
{
	const char *seed = getenv("SEED");

	random_state = seed ? strtoull(seed, NULL, 0) : (__u64)time(NULL);
	random_state = random_state * 2 + 1;	/* never 0 */
	ksft_print_header();
	ksft_set_plan(4);
	ksft_print_msg("SEED=%llu\n", (unsigned long long)(random_state - 1) / 2);
	ksft_test_result(same(valid, true), "valid streams come out as they went in\n");
	ksft_test_result(same(mutated, false), "mutated streams fail where they should\n");
	ksft_test_result(same(noise, false), "noise fails where it should\n");
	ksft_test_result(rules_kept, "no frame breaks the rules\n");
	ksft_finished();
}
