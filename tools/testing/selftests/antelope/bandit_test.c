// SPDX-License-Identifier: GPL-2.0
/*
 * What stands for bpftune in the benchmark, by the rules of bpftune-tcp-conn(8), with
 * lots that this test gives out:
 *
 *  1. four connections get cubic, whatever was learnt
 *  2. one of these gives up when it has sent more than 1/64 again, not at that; a later
 *     one never does
 *  3. a cost moves by a quarter of the way to what the connection has shown; one with
 *     another congestion control than these, or without an RTT or a rate, teaches nothing
 *  4. then the least cost is chosen, of equal ones the first
 *  5. one in twenty is drawn by lot, of all
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "kselftest.h"

static uint32_t lots[8];
static unsigned int drawn;

static ssize_t next_lot(void *to, size_t len, unsigned int flags)
{
	(void)flags;
	memcpy(to, &lots[drawn++ % 8], len);
	return len;
}

#define getrandom next_lot
#include "bench/bandit.c"

/* draw(20) is not 0, so nothing is by lot */
static void no_lot(void)
{
	drawn = 0;
	lots[0] = 1;
}

static void learn(const char *cc, unsigned int rtt, unsigned long long rate)
{
	struct tcp_info info = { .tcpi_min_rtt = rtt, .tcpi_delivery_rate = rate };

	bandit_learn(cc, &info);
}

static bool gives_up(unsigned int again, unsigned int sent)
{
	struct tcp_info info = { .tcpi_total_retrans = again, .tcpi_segs_out = sent };

	return bandit_gives_up(&info);
}

static bool costs(double cubic, double bbr, double htcp, double dctcp)
{
	const double want[CHOICES] = { cubic, bbr, htcp, dctcp };
	size_t i;

	for (i = 0; i < CHOICES; i++) {
		if (fabs(choices[i].cost - want[i]) < 0.000001)
			continue;
		ksft_print_msg("cost of %s is %f, expected %f\n", choices[i].cc,
			       choices[i].cost, want[i]);
		return false;
	}
	return true;
}

/* cubic is not the best of what is known, and is given all the same */
static void test_first(void)
{
	int i, right = 0;

	choices[0].cost = 1;
	no_lot();
	for (i = 0; i < 4; i++)
		right += !strcmp(bandit_choose(), "cubic");
	choices[0].cost = 0;
	ksft_test_result(right == 4, "the first four\n");
}

static void test_gives_up(void)
{
	bool right = gives_up(2, 64) && !gives_up(1, 64) && gives_up(17, 1024) &&
		     !gives_up(16, 1024);

	bandit_choose();
	ksft_test_result(right && !gives_up(1024, 1024), "gives up\n");
}

static void test_costs(void)
{
	bool right;

	/* the best so far costs nothing: RTT and rate of the host are its own */
	learn("cubic", 10000, 1000);
	right = costs(0, 0, 0, 0);
	/* (20000 - 10000) / 10000 + (1000 - 500) / 1000, a quarter of it */
	learn("bbr", 20000, 500);
	right = right && costs(0, 0.375, 0, 0);
	/* the rate that counts is its largest: the same again goes on from there */
	learn("bbr", 20000, 250);
	right = right && costs(0, 0.375 + (1.5 - 0.375) / 4, 0, 0);
	/* twice the host's rate: what cubic has is half of it from now on */
	learn("htcp", 10000, 2000);
	learn("cubic", 10000, 1000);
	right = right && costs(0.125, 0.65625, 0, 0);
	learn("vegas", 10000, 9000);
	learn("dctcp", 0, 1000);
	learn("dctcp", 10000, 0);
	ksft_test_result(right && costs(0.125, 0.65625, 0, 0), "costs\n");
}

static void test_least(void)
{
	bool right;

	no_lot();
	right = !strcmp(bandit_choose(), "htcp");
	choices[2].cost = 0.2;
	no_lot();
	right = right && !strcmp(bandit_choose(), "dctcp");
	choices[3].cost = 0.2;
	no_lot();
	right = right && !strcmp(bandit_choose(), "cubic");
	ksft_test_result(right, "the least cost\n");
}

/* 20 and 40 are multiples of twenty, 19 and 21 are not */
static void test_lot(void)
{
	static const struct { uint32_t lot, which; const char *cc; } draws[] = {
		{ 20, 3, "dctcp" }, { 40, 5, "bbr" }, { 0, 0, "cubic" }, { 19, 3, "cubic" },
		{ 21, 3, "cubic" },
	};
	unsigned int i, right = 0;

	for (i = 0; i < 5; i++) {
		drawn = 0;
		lots[0] = draws[i].lot;
		lots[1] = draws[i].which;
		right += !strcmp(bandit_choose(), draws[i].cc);
	}
	ksft_test_result(right == 5, "by lot\n");
}

int main(void)
{
	ksft_print_header();
	ksft_set_plan(5);
	test_first();
	test_gives_up();
	test_costs();
	test_least();
	test_lot();
	ksft_finished();
}
