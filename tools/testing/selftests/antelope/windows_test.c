// SPDX-License-Identifier: GPL-2.0
/*
 * What antelope's program sees of connections on known paths, by RTT_CB and, on a
 * kernel with windows of ACKs, by these. Of each:
 *
 *  1. the first record says that the flow has opened and the last that it has closed;
 *     between them windows are numbered and follow each other without a gap
 *  2. a window is as long as the settings ask for, in time and in round trips
 *  3. RTTs are those of the path; the rate is that of the link; bytes are those sent
 *  4. losses of the path show as such, and marks as marks: with DCTCP, whose ACKs tell each
 *  5. a flow without data to send is known as one; one with data is not
 *  6. IPv4 and IPv6: addresses and ports
 */
#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "bed.h"

static const char *feed;

static void ok(bool pass, const char *what)
{
	ksft_test_result(pass, "%s: %s\n", feed, what);
}

static bool is_window(const struct antelope_record *r)
{
	return r->why != ANTELOPE_OPENED && r->why != ANTELOPE_CLOSED;
}

static void test_sequence(const struct pair *p)
{
	const struct antelope_record *r = NULL, *last = NULL;
	bool right = true, fed = true;
	__u64 end = 0;
	int n = 0;

	while ((r = bed_next(p, r))) {
		right &= r->window == (unsigned int)n && (n ? r->why != ANTELOPE_OPENED :
			 r->why == ANTELOPE_OPENED) && r->epoch == 7;
		fed &= !(r->flags & ANTELOPE_ACKS) == !bed.config->acks &&
		       !(r->flags & ANTELOPE_ADOPTED);
		if (n > 1)
			right &= r->time_ns - r->duration_ns == end;
		end = r->time_ns;
		last = r;
		n++;
	}
	ok(right && fed && n > 6 && last->why == ANTELOPE_CLOSED,
	   "opened, windows, closed");
}

static bool lengths_are_right(const struct pair *p)
{
	const struct antelope_record *r = NULL;
	bool right = true;

	while ((r = bed_next(p, r))) {
		__u64 least = bed.config->window_ns, rtts = 4000ULL * r->min_rtt_us;

		if (!is_window(r))
			continue;
		if (rtts > least)
			least = rtts;
		right &= r->duration_ns >= least;
		/* the first is still in slow start */
		if (r->window > 2)
			right &= r->duration_ns < 2 * least + 4000ULL * r->mean_rtt_us;
	}
	return right && bed_count(p, -1) > 6;
}

/* 20 Mbit/s with headers: at most 2.42 MB/s of data, less what ACKs take in the same queue. */
static void test_path(const struct pair *p, long sent)
{
	const struct antelope_record *r = NULL;
	__u64 bytes = 0, busy_bytes = 0, busy_ns = 0;
	bool right = true;
	double link;

	while ((r = bed_next(p, r))) {
		double rate = exp2(r->x[ANTELOPE_F_THROUGHPUT] / 256.);

		bytes += r->bytes;
		if (!is_window(r) || r->window < 3)
			continue;
		busy_bytes += r->bytes;
		busy_ns += r->duration_ns;
		right &= r->min_rtt_us >= BED_RTT_US && r->min_rtt_us < BED_RTT_US + 2000 &&
			 r->mean_rtt_us > r->min_rtt_us &&
			 r->x[ANTELOPE_F_LOW_RTT] <= r->x[ANTELOPE_F_MEAN_RTT] &&
			 r->x[ANTELOPE_F_MEAN_RTT] <= r->x[ANTELOPE_F_HIGH_RTT] &&
			 fabs(rate * r->duration_ns / 1e9 - r->bytes) < 0.01 * r->bytes &&
			 r->x[ANTELOPE_F_SHARE] <= 1024 && !r->x[ANTELOPE_F_MARKED];
		if (!right)
			ksft_print_msg("window %u: %u..%u us, %.0f bytes/s\n", r->window,
				       r->min_rtt_us, r->mean_rtt_us, rate);
	}
	link = busy_bytes * 1e9 / busy_ns;
	ksft_print_msg("%s: %llu bytes in records, %ld received, %.0f bytes/s\n", feed,
		       bytes, sent, link);
	ok(right && link > 1.9e6 && link < 2.5e6 &&
	   fabs((double)bytes - sent) < 0.1 * sent, "RTTs, rate and bytes of the path");
}

/* Time first, then round trips are what a window has to wait for. */
static void test_clean(void)
{
	struct pair p;
	long sent;
	bool time;

	bed_netem("delay 10ms rate 20mbit");
	bed.config->window_ns = 500000000;
	bed_forget();
	bed_connect(&p, NULL);
	sent = bed_run(&p, 4000, 1 << 30);
	bed_close_pair(&p);
	test_sequence(&p);
	time = lengths_are_right(&p);
	test_path(&p, sent);
	bed.config->window_ns = 10000000;
	bed_connect(&p, NULL);
	bed_run(&p, 4000, 1 << 30);
	ok(time && lengths_are_right(&p), "length of windows, by time and by round trips");
	bed_close_pair(&p);
	bed.config->window_ns = 100000000;
}

/* lost and marked of all that has passed, in percent */
static void shares(const struct pair *p, double *lost, double *marked)
{
	const struct antelope_record *r = NULL;
	double packets = 0;

	*lost = 0;
	*marked = 0;
	while ((r = bed_next(p, r))) {
		if (!is_window(r))
			continue;
		packets += r->packets;
		*lost += 100. * r->lost;
		*marked += 100. * r->packets * r->x[ANTELOPE_F_MARKED] / 1024;
	}
	*lost /= packets + *lost / 100;
	*marked /= packets;
	ksft_print_msg("%s: %.0f packets, %.2f %% lost, %.2f %% marked\n", feed, packets,
		       *lost, *marked);
}

/* Two of a hundred, in both directions: ACKs that are lost lose nothing. */
static void test_losses(void)
{
	double lost, marked;
	struct pair p;

	bed_netem("delay 10ms rate 20mbit loss 2%");
	bed_connect(&p, &(struct peer){ .cc = "bbr" });
	bed_run(&p, 6000, 1 << 30);
	shares(&p, &lost, &marked);
	ok(lost > 1 && lost < 4 && !marked, "losses");
	bed_close_pair(&p);

	bed_sysctl("tcp_ecn", "1");
	bed_netem("delay 10ms rate 20mbit loss 2% ecn");
	bed_connect(&p, &(struct peer){ .cc = "dctcp" });
	bed_run(&p, 6000, 1 << 30);
	shares(&p, &lost, &marked);
	ok(marked > 1 && marked < 4 && lost < 0.2, "marks");
	bed_close_pair(&p);
	bed_sysctl("tcp_ecn", "2");
}

static void limited_windows(const struct pair *p, int *limited, int *all)
{
	const struct antelope_record *r = NULL;

	*limited = 0;
	*all = 0;
	while ((r = bed_next(p, r))) {
		if (!is_window(r))
			continue;
		*limited += !!(r->flags & ANTELOPE_APP_LIMITED);
		(*all)++;
	}
}

static void test_limited(void)
{
	int i, busy, busy_all, idle, idle_all;
	struct pair p;

	bed_netem("delay 10ms rate 20mbit");
	bed_connect(&p, NULL);
	bed_run(&p, 2000, 1 << 30);
	limited_windows(&p, &busy, &busy_all);
	bed_close_pair(&p);
	bed_connect(&p, NULL);
	for (i = 0; i < 100; i++) {
		bed_run(&p, 2000, 3000);
		usleep(30000);
	}
	limited_windows(&p, &idle, &idle_all);
	bed_close_pair(&p);
	ksft_print_msg("%s: limited %d of %d windows, and %d of %d\n", feed, busy, busy_all,
		       idle, idle_all);
	ok(busy_all > 3 && busy * 10 <= busy_all && idle_all > 5 && idle * 10 >= 9 * idle_all,
	   "limited by the application");
}

static bool has_addresses(const char *to, const char *from, const char *as, int flags)
{
	const struct antelope_record *r;
	struct in6_addr remote, local;
	struct pair p;
	bool right = true;

	inet_pton(AF_INET6, as, &remote);
	inet_pton(AF_INET6, from, &local);
	bed_forget();
	bed_connect(&p, &(struct peer){ .to = to });
	bed_run(&p, 300, 1 << 30);
	bed_close_pair(&p);
	for (r = bed_next(&p, NULL); r; r = bed_next(&p, r))
		right &= !memcmp(r->remote, &remote, 16) && !memcmp(r->local, &local, 16) &&
			 r->remote_port == BED_PORT && r->local_port > 1024 &&
			 (r->flags & ANTELOPE_IPV6) == flags;
	return right && bed_count(&p, -1) > 2;
}

static void test_addresses(void)
{
	bed_sh("ip -6 addr add fd00::1/128 dev lo nodad 2>/dev/null");
	ok(has_addresses("127.0.0.9", "::ffff:127.0.0.1", "::ffff:127.0.0.9", 0) &&
	   has_addresses("fd00::1", "fd00::1", "fd00::1", ANTELOPE_IPV6),
	   "addresses of IPv4 and IPv6");
}

static void test_all(const char *name, int acks)
{
	feed = name;
	bed_reset();
	bed.config->acks = acks;
	if (acks && !bed.acks) {
		int i;

		for (i = 0; i < 7; i++)
			ksft_test_result_skip("%s: no windows of ACKs in this kernel\n", name);
		return;
	}
	test_clean();
	test_losses();
	test_limited();
	test_addresses();
}

int main(void)
{
	ksft_print_header();
	bed_needs_clock();
	bed_open();
	ksft_set_plan(14);
	test_all("rtt", 0);
	test_all("acks", 20);
	ksft_finished();
}
