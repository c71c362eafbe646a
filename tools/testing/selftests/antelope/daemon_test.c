// SPDX-License-Identifier: GPL-2.0-only
/*
 * The daemon's parts, on made-up records. Expected:
 *
 * 1.	prefixes: IPv4 and IPv6 are read, written and compared; what is none is refused
 * 2.	requests: each verb with its keys; too much, too little, a wrong kind or range is
 *	refused
 * 3.	guard: switches that lose trip it once; ones that gain, or lose by chance, or are
 *	too few, do not; that the reward is relative to the flow's largest does not matter
 * 4.	priors: what a flow ends with is tried by the next; it stays if that does better, is
 *	replaced if it does worse, and is not tried again at once
 * 5.	priors: a flow that is short, limited by the application or adopted says nothing;
 *	the table is bounded, and what is forgotten is taken out of the kernel
 * 6.	flows: sums by CC, the busiest in order, bounded, the oldest goes first
 * 7.	logs: what is written is read again, over a rotation, with whole records
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flows.h"
#include "guard.h"
#include "kselftest.h"
#include "log.h"
#include "prior.h"
#include "request.h"

#define MS	1000000ull

static unsigned int wrong;

static void expect(bool right, const char *what, int line)
{
	if (right)
		return;
	wrong++;
	ksft_print_msg("line %d: %s\n", line, what);
}

#define EXPECT(x)	expect(x, #x, __LINE__)

static bool reads(const char *text, const char *as)
{
	char again[PREFIX_TEXT] = "";
	struct antelope_prefix p;

	if (prefix_parse(text, &p))
		return !as;
	return as && !strcmp(prefix_format(&p, again), as);
}

static void test_prefixes(void)
{
	struct antelope_prefix p, around;

	EXPECT(reads("10.0.0.0/8", "10.0.0.0/8"));
	EXPECT(reads("10.1.2.3", "10.1.2.3/32"));
	EXPECT(reads("0.0.0.0/0", "0.0.0.0/0"));
	EXPECT(reads("fd00::/64", "fd00::/64"));
	EXPECT(reads("::/0", "::/0"));
	EXPECT(reads("10.0.0.1/8", NULL));
	EXPECT(reads("10.0.0.0/33", NULL));
	EXPECT(reads("10.0.0.0/", NULL));
	EXPECT(reads("10.0.0.0/-1", NULL));
	EXPECT(reads("fd00::/129", NULL));
	EXPECT(reads("example.org/8", NULL));
	EXPECT(!prefix_parse("192.0.2.129", &p));
	prefix_around(&around, p.addr, 24, 48);
	EXPECT(around.prefixlen == 120 && around.addr[15] == 0 && around.addr[14] == 2);
	EXPECT(prefix_covers(&around, p.addr));
	EXPECT(!prefix_parse("192.0.3.1", &p) && !prefix_covers(&around, p.addr));
}

static bool asks(const char *text, int want)
{
	char err[REQUEST_ERR] = "";
	struct request r;
	int got = request_parse(&r, text, strlen(text), err);

	return got == want && !*err == !want;
}

static void test_requests(void)
{
	EXPECT(asks("{\"verb\":\"status\"}", 0));
	EXPECT(asks(" {\"verb\":\"flows\",\"limit\":1}", 0));
	EXPECT(asks("{\"verb\":\"set\",\"cookie\":18446744073709551615,\"cc\":\"\"}", 0));
	EXPECT(asks("{\"verb\":\"set\",\"cookie\":1,\"cc\":\"bbr\",\"for_ns\":5}", 0));
	EXPECT(asks("{\"verb\":\"set\",\"cookie\":1}", -EINVAL));
	EXPECT(asks("{\"verb\":\"set\",\"cookie\":0,\"cc\":\"bbr\"}", -EINVAL));
	EXPECT(asks("{\"verb\":\"set\",\"cookie\":-1,\"cc\":\"bbr\"}", -EINVAL));
	EXPECT(asks("{\"verb\":\"set\",\"cookie\":1.0,\"cc\":\"bbr\"}", -EINVAL));
	EXPECT(asks("{\"verb\":\"set\",\"cookie\":\"1\",\"cc\":\"bbr\"}", -EINVAL));
	EXPECT(asks("{\"verb\":\"set\",\"cookie\":1,\"cc\":\"sixteen_bytes_cc\"}", -EINVAL));
	EXPECT(asks("{\"verb\":\"set\",\"cookie\":1,\"cc\":\"b\\u0000r\"}", -EINVAL));
	EXPECT(asks("{\"verb\":\"flows\",\"limit\":0}", -EINVAL));
	EXPECT(asks("{\"verb\":\"flows\",\"limit\":10001}", -EINVAL));
	EXPECT(asks("{\"verb\":\"status\",\"limit\":1}", -EINVAL));
	EXPECT(asks("{\"verb\":\"stat\"}", -EINVAL));
	EXPECT(asks("{\"verb\":\"status\"} x", -EINVAL));
	EXPECT(asks("{\"verb\":{\"verb\":[[[[1]]]]}}", -EINVAL));
	EXPECT(asks("[]", -EINVAL));
	EXPECT(asks("", -EINVAL));
}

static struct antelope_record window(unsigned int why, unsigned int cc, unsigned int choice,
				     double rate, uint32_t rtt_us)
{
	struct antelope_record r = {
		.cookie = 1, .why = why, .cc = cc, .best = ANTELOPE_NO_CC, .choice = choice,
		.flags = ANTELOPE_REWARDED, .duration_ns = 100 * MS, .bytes = rate / 10,
		.packets = rate / 15000, .mean_rtt_us = rtt_us, .min_rtt_us = 20000,
	};

	r.delay = lround(65536 * log2(rtt_us / 20000.));
	return r;
}

/* A flow of 20 windows that is switched in the middle; did it trip? */
static bool guarded(struct guard *g, double before, double after)
{
	struct guard_flow f = { 0 };
	struct antelope_record r;
	bool trip = false;
	int i;

	for (i = 0; i < 20; i++) {
		r = window(i == 9 ? ANTELOPE_SWITCHED : ANTELOPE_KEPT, i > 9, i >= 9,
			   i > 9 ? after : before, 20000);
		/* as if each window were the flow's fastest */
		r.rate = 0;
		trip |= guard_record(g, &f, &r);
	}
	return trip;
}

static unsigned int trips(unsigned int flows, double before, double after, double noise)
{
	unsigned int i, n = 0;
	struct guard g;

	EXPECT(!guard_init(&g, 10, log2(1.1)));
	for (i = 0; i < flows; i++)
		n += guarded(&g, before, after * (i % 2 ? noise : 1 / noise));
	EXPECT(g.judged == flows && g.tripped == (n > 0));
	guard_free(&g);
	return n;
}

static void test_guard(void)
{
	EXPECT(trips(10, 1e6, 8e5, 1) == 1);
	EXPECT(trips(40, 1e6, 8e5, 1) == 1);
	EXPECT(trips(9, 1e6, 8e5, 1) == 0);
	EXPECT(trips(40, 1e6, 1.2e6, 1) == 0);
	EXPECT(trips(40, 1e6, 9.5e5, 1) == 0);
	/* 13 % less by the mean, but by a factor of 8 up or down */
	EXPECT(trips(10, 1e6, 8.7e5, 8) == 0);
}

static struct {
	unsigned int calls, removed;
	uint8_t cc;
} kernel;

static int write_kernel(void *arg, const struct antelope_prefix *to, uint8_t cc)
{
	(void)arg;
	(void)to;
	kernel.calls++;
	kernel.removed += cc == ANTELOPE_NO_CC;
	kernel.cc = cc;
	return 0;
}

/* A flow to 10.0.NET.1: what it begins and ends with, its rate, its windows. */
static void flow(struct priors *p, unsigned int net, unsigned int began, unsigned int ended,
		 double rate, unsigned int windows, unsigned int flags)
{
	const __u8 to[16] = { [10] = 0xff, 0xff, 10, 0, net, 1 };
	struct prior_flow f = { 0 };
	struct antelope_record r;
	unsigned int i;

	for (i = 0; i <= windows; i++) {
		r = window(ANTELOPE_KEPT, ended, ended, rate, 20000);
		r.flags |= flags;
		memcpy(r.remote, to, sizeof(to));
		if (!i) {
			r.why = flags & ANTELOPE_ADOPTED ? ANTELOPE_KEPT : ANTELOPE_OPENED;
			r.choice = began;
		} else if (i == windows) {
			r.why = ANTELOPE_CLOSED;
		}
		EXPECT(!priors_record(p, &f, &r));
	}
}

static void test_priors(void)
{
	struct priors p = { .max = 4, .write = write_kernel };
	unsigned int calls;

	flow(&p, 1, 0, 0, 1e6, 20, 0);
	EXPECT(kernel.cc == 0 && p.judged == 1);
	flow(&p, 1, 0, 2, 1e6, 20, 0);
	EXPECT(kernel.cc == 2);
	flow(&p, 1, 2, 2, 2e6, 20, 0);
	EXPECT(kernel.cc == 2);
	/* ends with 1, which is tried, and bad: as good as 2 again, and 1 not again */
	flow(&p, 1, 2, 1, 2e6, 20, 0);
	EXPECT(kernel.cc == 1);
	flow(&p, 1, 1, 1, 5e5, 20, 0);
	EXPECT(kernel.cc == 2);
	calls = kernel.calls;
	flow(&p, 1, 2, 1, 2e6, 20, 0);
	EXPECT(kernel.cc == 2 && kernel.calls == calls);
	/* no better by 7 %: what is there stays */
	flow(&p, 1, 0, 0, 2.05e6, 20, 0);
	EXPECT(kernel.cc == 2);
	priors_free(&p);
}

static void test_priors_bounds(void)
{
	struct priors p = { .max = 4, .write = write_kernel };
	unsigned int i;

	memset(&kernel, 0, sizeof(kernel));
	flow(&p, 1, 0, 1, 1e6, 2, 0);
	flow(&p, 1, 0, 1, 1e6, 20, ANTELOPE_APP_LIMITED);
	flow(&p, 1, 0, 1, 1e6, 20, ANTELOPE_ADOPTED);
	flow(&p, 1, ANTELOPE_NO_CC, 1, 1e6, 20, 0);
	EXPECT(kernel.calls == 0 && p.n == 0 && p.judged == 0);
	for (i = 0; i < 10; i++)
		flow(&p, i, 0, 0, 1e6, 20, 0);
	EXPECT(p.n == 4 && p.evicted == 6 && kernel.removed == 6 && kernel.calls == 16);
	priors_free(&p);
}

static void feed(struct flows *f, uint64_t cookie, uint8_t cc, unsigned int bytes)
{
	struct antelope_record r = window(ANTELOPE_KEPT, cc, cc, 0, 20000);
	struct flow_head *flow;

	r.cookie = cookie;
	r.bytes = bytes;
	flow = flows_record(f, &r);
	EXPECT(flow);
	if (flow)
		flows_done(f, flow, &r);
}

static void test_flows(void)
{
	struct flows f = { .max = 100 };
	const struct flow_head *list[3];
	unsigned int i;

	for (i = 1; i <= 150; i++)
		feed(&f, i, i % 2, i * 10);
	EXPECT(f.n == 100 && f.evicted == 50 && !flows_find(&f, 50) && flows_find(&f, 51));
	EXPECT(f.cc[0].flows == 50 && f.cc[1].flows == 50 && f.cc[0].windows == 75);
	feed(&f, 60, 1, 100000);
	EXPECT(f.cc[0].flows == 49 && f.cc[1].flows == 51 && flows_find(&f, 60)->windows == 2);
	EXPECT(flows_busiest(&f, list, 3) == 3 && list[0]->cookie == 60 &&
	       list[1]->cookie == 150 && list[2]->cookie == 149);
	/* 51 is the oldest now, 60 is not */
	for (i = 151; i <= 160; i++)
		feed(&f, i, 0, 1);
	EXPECT(!flows_find(&f, 51) && flows_find(&f, 60));
	flows_free(&f);
}

static uint64_t count(const char *path, uint64_t from)
{
	struct antelope_record r;
	struct log_reader *log;
	char err[LOG_ERR] = "";
	uint64_t n = 0;

	if (log_open(&log, path, err)) {
		ksft_print_msg("%s\n", err);
		wrong++;
		return 0;
	}
	while (log_next(log, &r, err) > 0)
		EXPECT(r.cookie == from + n++);
	EXPECT(!*err && !log_cut(log) && log_header(log)->ccs == 2 && log_records(log) == n);
	log_close(log);
	return n;
}

static void test_logs(void)
{
	struct log_about about = { .cc = { "reno", "cubic" }, .ccs = 2, .epoch = 7 };
	struct antelope_record r = { 0 };
	char dir[] = "/tmp/antelope-log-XXXXXX", path[64], old[68], err[LOG_ERR] = "";
	struct log_writer *log;
	struct log_reader *cut;
	uint64_t a, b;
	unsigned int i;

	if (!mkdtemp(dir))
		ksft_exit_fail_msg("no folder\n");
	snprintf(path, sizeof(path), "%s/log", dir);
	snprintf(old, sizeof(old), "%s.1", path);
	EXPECT(!log_create(&log, path, 65536, 1, &about, err));
	for (i = 1; i <= 500; i++) {
		r.cookie = i;
		EXPECT(!log_write(log, &r, err));
	}
	log_finish(log);
	a = count(old, 1);
	b = count(path, a + 1);
	EXPECT(a + b == 500 && a > 250 && a * sizeof(r) < 65536);
	EXPECT(truncate(path, sizeof(struct log_header) + 3 * sizeof(r) / 2) == 0);
	EXPECT(!log_open(&cut, path, err));
	EXPECT(log_next(cut, &r, err) == 1 &&
	       !log_next(cut, &r, err) &&
	       log_cut(cut) == sizeof(r) / 2);
	log_close(cut);
	unlink(path);
	unlink(old);
	rmdir(dir);
}

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "prefixes", test_prefixes },
	{ "requests", test_requests },
	{ "guard", test_guard },
	{ "priors", test_priors },
	{ "what priors leave out", test_priors_bounds },
	{ "flows", test_flows },
	{ "logs", test_logs },
};

int main(void)
{
	size_t i;

	ksft_print_header();
	ksft_set_plan(ARRAY_SIZE(tests));
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		wrong = 0;
		tests[i].run();
		ksft_test_result(!wrong, "%s\n", tests[i].name);
	}
	ksft_finished();
}
