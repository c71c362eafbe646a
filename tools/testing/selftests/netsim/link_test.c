// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model of a path (tools/netsim/link.c) against arithmetic. Nothing is
 * simulated: frames enter at chosen times. Expectations:
 *
 *  1. without a rate a frame arrives its latency later, to the ns
 *  2. frames back to back at a rate that divides nothing arrive at
 *     floor(bits so far * 10^9 / rate) + latency: no drift over 100,000
 *  3. a pause lets the rate begin anew, at the ns of the next frame
 *  4. of a burst pass the one in transmission and what fits the queue; the queue
 *     takes as many again as have left it
 *  5. ECN-capable frames that find more than the threshold get CE, with the right
 *     checksum, IPv4 and IPv6, tagged or not; others and short ones do not
 *  6. loss is within five standard deviations of what was asked; the seed decides
 *     which frames, and nothing else does
 *  7. jitter is between 0 and its bound, reaches both ends, and keeps order
 *  8. reordered frames come later by what was asked, and hold nobody up
 *  9. duplicates come twice at one time; a corrupt frame differs in one bit, and
 *     the sender's own frame in none
 * 10. an outage drops what is under way at any time of it, both ways, and no
 *     other pair; a partition what crosses it; both begin and end to the ns
 * 11. before time 0 is known there are no faults
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "link.h"

#define NSEC	1000000000ull

static struct ns_config cfg = { .seed = 1, .nr_nodes = 4 };
static struct ns_world world;
static struct ns_link lk;
static struct ns_path path;
static struct ns_frame *out;		/* of the last send(); NULL: dropped */
static uint64_t out_ns;
static int copies;

static void begin(struct ns_path p)
{
	ns_link_free(&lk);
	path = p;
	lk = (struct ns_link){ .path = &path, .from_node = 0, .to_node = 1, .to = 1 };
	ns_world_init(&world, &cfg);
}

/* A frame enters at t. Returns its arrival, or 0. */
static uint64_t send_frame(uint64_t t, const void *p, size_t len)
{
	struct ns_frame *frame = ns_frame_new(p, len);
	struct ns_arrival a[2];

	ns_frame_put(out);
	out = NULL;
	copies = ns_link_send(&lk, &world, t, frame, a);
	if (copies > 0) {
		out = a[0].frame;
		out_ns = a[0].time_ns;
	}
	if (copies == 2) {
		if (a[1].time_ns != out_ns || a[1].frame != out)
			copies = -1;
		ns_frame_put(a[1].frame);
	}
	ns_frame_put(frame);
	return copies > 0 ? out_ns : 0;
}

static uint64_t send_bytes(uint64_t t, size_t len)
{
	static const unsigned char zero[NS_FRAME_MAX];

	return send_frame(t, zero, len);
}

static bool test_latency(void)
{
	begin((struct ns_path){ .latency_ns = 1234567 });
	return send_bytes(5, 60) == 1234572 && send_bytes(5, 1514) == 1234572 &&
	       send_bytes(77, 60) == 1234644;
}

static bool test_rate(void)
{
	const uint64_t rate = 999999937;	/* a prime */
	uint64_t bits = 0, t0 = 1000, len, i;

	begin((struct ns_path){ .latency_ns = 7, .rate_bps = rate, .queue_bytes = UINT64_MAX });
	for (i = 0; i < 100000; i++) {
		len = 60 + i % 1455;
		bits += len * 8;
		if (send_bytes(t0, len) != t0 + (__uint128_t)bits * NSEC / rate + 7)
			return false;
	}
	return true;
}

static bool test_idle(void)
{
	begin((struct ns_path){ .latency_ns = 1, .rate_bps = 3000000, .queue_bytes = 1 << 20 });
	/* 1000 bytes take 2,666,666 2/3 ns */
	return send_bytes(10, 1000) == 10 + 2666666 + 1 &&
	       send_bytes(2666676, 1000) == 10 + 5333333 + 1 &&
	       send_bytes(9000000, 1000) == 9000000 + 2666666 + 1;
}

static bool test_queue(void)
{
	unsigned int i, passed = 0;

	begin((struct ns_path){ .latency_ns = 1, .rate_bps = 8000000, .queue_bytes = 10000 });
	for (i = 0; i < 100; i++)
		passed += send_bytes(0, 1000) != 0;
	if (passed != 11 || lk.stats.fate[NS_DROP_QUEUE] != 89 ||
	    lk.stats.queue_max_bytes != 10000 || lk.stats.sent_frames != 100)
		return false;
	/* at 3 ms three have left: the second and third transmission are over */
	for (i = 0, passed = 0; i < 100; i++)
		passed += send_bytes(3000000, 1000) != 0;
	return passed == 3;
}

static uint16_t ip_sum(const unsigned char *p)
{
	uint32_t sum = 0;
	int i;

	for (i = 0; i < 20; i += 2)
		sum += p[i] << 8 | p[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	return sum + (sum >> 16);
}

static size_t ip_frame(unsigned char *f, int version, unsigned int ecn, bool tagged)
{
	unsigned char *p = f + 12;
	uint16_t sum;

	memset(f, 0x5a, 100);
	if (tagged) {
		memcpy(p, "\x81\x00\x00\x07", 4);
		p += 4;
	}
	memcpy(p, version == 4 ? "\x08\x00" : "\x86\xdd", 2);
	p += 2;
	if (version == 6) {
		p[0] = 0x6a;
		p[1] = 0xc3 | ecn << 4;
		return 100;
	}
	p[0] = 0x45;
	p[1] = 0xa8 | ecn;
	p[10] = 0;
	p[11] = 0;
	sum = ~ip_sum(p);
	p[10] = sum >> 8;
	p[11] = sum;
	return 100;
}

/* One frame that finds the queue above or below the threshold: is it marked, and well? */
static bool ecn_case(int version, unsigned int ecn, bool tagged, bool full, bool marked)
{
	static const struct ns_path slow = {
		.latency_ns = 1, .rate_bps = 8000, .queue_bytes = 1 << 20, .ecn_bytes = 99,
	};
	unsigned char f[100], want[100];
	size_t len = ip_frame(f, version, ecn, tagged);
	const unsigned char *ip;

	begin(slow);
	send_bytes(0, 100);
	if (full)
		send_bytes(0, 100);
	if (!send_frame(0, f, len))
		return false;
	ip_frame(want, version, marked ? 3 : ecn, tagged);
	ip = out->data + 14 + (tagged ? 4 : 0);
	return !memcmp(out->data, want, len) && lk.stats.fate[NS_MARKED] == marked &&
	       (version == 6 || ip_sum(ip) == 0xffff);
}

static bool test_ecn(void)
{
	unsigned int ecn, tagged;
	int version;

	for (version = 4; version <= 6; version += 2)
		for (tagged = 0; tagged < 2; tagged++)
			for (ecn = 0; ecn < 4; ecn++)
				if (!ecn_case(version, ecn, tagged, true, ecn) ||
				    !ecn_case(version, ecn, tagged, false, false))
					return false;
	/* neither IP nor long enough: as it came */
	return send_frame(0, "123456123456\x08\x00\x45\x01", 16) &&
	       !memcmp(out->data, "123456123456\x08\x00\x45\x01", 16);
}

#define FRAMES	200000

static bool in_five_sigma(unsigned int n, unsigned int ppm)
{
	double p = ppm / 1e6, mean = FRAMES * p, d = n - mean;

	return d * d <= 25 * mean * (1 - p);
}

static unsigned int losses(struct ns_path p, unsigned char *lost)
{
	unsigned int i, n = 0;

	begin(p);
	for (i = 0; i < FRAMES; i++) {
		lost[i] = !send_bytes(i, 60);
		n += lost[i];
	}
	return n == lk.stats.fate[NS_DROP_LOSS] ? n : 0;
}

static bool test_loss(void)
{
	static const struct ns_path other = {
		.latency_ns = 9, .loss_ppm = 12345, .jitter_ns = 5, .duplicate_ppm = 1000,
		.corrupt_ppm = 1000,
	};
	static unsigned char a[FRAMES], b[FRAMES];
	unsigned int n = losses((struct ns_path){ .latency_ns = 1, .loss_ppm = 12345 }, a);

	if (!in_five_sigma(n, 12345))
		return false;
	/* other things by chance do not change it */
	losses(other, b);
	if (memcmp(a, b, sizeof(a)))
		return false;
	cfg.seed = 2;
	n = losses((struct ns_path){ .latency_ns = 1, .loss_ppm = 12345 }, b);
	cfg.seed = 1;
	return in_five_sigma(n, 12345) && memcmp(a, b, sizeof(a));
}

static bool test_jitter(void)
{
	uint64_t last = 0, t, min = UINT64_MAX, max = 0;
	unsigned int i;

	begin((struct ns_path){ .latency_ns = 100, .jitter_ns = 9 });
	for (i = 1; i < 10000; i++) {
		t = send_bytes(i * 1000ull, 60) - i * 1000ull;
		min = t < min ? t : min;
		max = t > max ? t : max;
	}
	if (min != 100 || max != 109)
		return false;
	begin((struct ns_path){ .latency_ns = 100, .jitter_ns = 5000 });
	for (i = 1; i < 10000; i++) {
		t = send_bytes(i, 60);
		if (t < last || t < i + 100 || t > i + 5100)
			return false;
		last = t;
	}
	return true;
}

static bool test_reorder(void)
{
	unsigned int i, late = 0;
	uint64_t t;

	begin((struct ns_path){ .latency_ns = 100, .reorder_ppm = 50000, .reorder_ns = 777 });
	for (i = 1; i <= FRAMES; i++) {
		t = send_bytes(i, 60) - i;
		if (t != 100 && t != 877)
			return false;
		late += t == 877;
	}
	return in_five_sigma(late, 50000) && late == lk.stats.fate[NS_REORDERED];
}

static bool test_copies(void)
{
	unsigned int i, k, bits, twice = 0, bad = 0;

	begin((struct ns_path){ .latency_ns = 1, .duplicate_ppm = 20000, .corrupt_ppm = 30000 });
	for (i = 0; i < FRAMES; i++) {
		send_bytes(i, 64);
		if (copies != 1 && copies != 2)
			return false;
		twice += copies == 2;
		for (k = 0, bits = 0; k < 64; k++)
			bits += __builtin_popcount(out->data[k]);
		if (bits > 1)
			return false;
		bad += bits;
	}
	return in_five_sigma(twice, 20000) && in_five_sigma(bad, 30000) &&
	       twice == lk.stats.fate[NS_DUPLICATED] && bad == lk.stats.fate[NS_CORRUPTED];
}

static struct ns_fault faults[] = {
	{ .kind = NS_FAULT_OUTAGE, .start_ns = 1000, .end_ns = 2000, .a = 1, .b = 0 },
	{ .kind = NS_FAULT_PARTITION, .start_ns = 5000, .end_ns = 6000, .group = { 0, 1, 1, 0 } },
	{ .kind = NS_FAULT_CRASH, .start_ns = 0, .end_ns = NS_NEVER, .a = 0 },
};

/* Which of `times`, ns after time 0, pass between two nodes? As bits. */
static unsigned int passes(uint32_t from, uint32_t to, const uint64_t *times, unsigned int n)
{
	unsigned int bits = 0, i;

	lk.last_ns = 0;
	lk.from_node = from;
	lk.to_node = to;
	for (i = 0; i < n; i++)
		bits |= (send_bytes(world.zero_ns + times[i], 60) != 0) << i;
	return bits;
}

static bool test_faults(void)
{
	static const uint64_t at[] = { 899, 900, 1999, 2000, 4899, 4900, 5999, 6000 };
	bool ok;

	cfg.faults = faults;
	cfg.nr_faults = 3;
	begin((struct ns_path){ .latency_ns = 100 });
	world.zero_ns = 1000000;
	/* both; the partition alone; the outage's pair the other way; neither */
	ok = passes(0, 1, at, 8) == 0x99 && passes(0, 2, at, 8) == 0x9f &&
	     passes(1, 0, at, 8) == 0x99 && passes(1, 2, at, 8) == 0xff &&
	     lk.stats.fate[NS_DROP_OUTAGE] == 4 && lk.stats.fate[NS_DROP_PARTITION] == 6;
	cfg.nr_faults = 0;
	return ok;
}

static bool test_before(void)
{
	bool ok;

	cfg.nr_faults = 3;
	begin((struct ns_path){ .latency_ns = 100 });
	ok = send_bytes(1500, 60) == 1600;
	world.zero_ns = 10000;
	ok = ok && send_bytes(1500, 60) == 1600 && !send_bytes(11500, 60);
	cfg.nr_faults = 0;
	return ok;
}

static const struct test_case tests[] = {
	{ test_latency,	"latency to the ns" },
	{ test_rate,	"a rate without drift" },
	{ test_idle,	"a rate that begins anew after a pause" },
	{ test_queue,	"drop-tail: as many pass as fit" },
	{ test_ecn,	"ECN: CE and its checksum" },
	{ test_loss,	"loss: as many as asked, by the seed alone" },
	{ test_jitter,	"jitter: within its bound, in order" },
	{ test_reorder,	"reordering: later, and nobody waits" },
	{ test_copies,	"duplicates and single flipped bits" },
	{ test_faults,	"outages and partitions, to the ns" },
	{ test_before,	"no faults before time 0" },
};

int main(void)
{
	ksft_print_header();
	if (sodium_init() < 0)
		return KSFT_FAIL;
	run_cases(tests, sizeof(tests) / sizeof(*tests));
	ns_link_free(&lk);
	ns_frame_put(out);
	ksft_finished();
}
