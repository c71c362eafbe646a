// SPDX-License-Identifier: GPL-2.0
/*
 * Connections that were open before antelope, and those that stay when it goes.
 * Skipped where the kernel has no iterators. Expected:
 *
 *  1. one pass takes those of the program's cgroup and below, IPv4 and IPv6, and no
 *     others; a second pass finds none
 *  2. they are seen from then on, are called adopted, and keep their CC for the first
 *     window; then they are steered
 *  3. a pass of release lets all of them go: nothing is heard of them any more, and
 *     they go on with the CC that they have
 *  4. taken again, all begins again
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "kselftest.h"
#include "bed.h"
#include "adopt.skel.h"

#define FLOWS	3

static struct adopt_bpf *adopt;
static struct pair inside[FLOWS], outside;

/* How many sockets a pass has changed. */
static int pass(struct bpf_program *prog)
{
	struct bpf_link *link = bpf_program__attach_iter(prog, NULL);
	int fd = link ? bpf_iter_create(bpf_link__fd(link)) : -1, n, sum = 0;
	char buf[64];

	if (fd < 0)
		ksft_exit_fail_msg("no iterator: %s\n", strerror(errno));
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		sum += n;
	close(fd);
	bpf_link__destroy(link);
	return n < 0 ? -errno : sum;
}

static void run_all(int ms)
{
	int i;

	for (i = 0; i < FLOWS; i++)
		bed_run(&inside[i], ms, 1 << 30);
	bed_run(&outside, ms, 1 << 30);
}

static bool all_run(const char *cc, bool complain)
{
	int i;

	for (i = 0; i < FLOWS; i++) {
		if (!strcmp(bed_cc(&inside[i]), cc))
			continue;
		if (complain)
			ksft_print_msg("flow %d: %s, expected %s\n", i, bed_cc(&inside[i]), cc);
		return false;
	}
	return !strcmp(bed_cc(&outside), "cubic") && !bed_count(&outside, -1);
}

static void connect_all(void)
{
	static const struct peer peers[FLOWS] = {
		{ 0 }, { .cgroup = "a/b" }, { .to = "fd00::1" }
	};
	int i;

	bed_cgroup("a");
	bed_cgroup("a/b");
	bed_sh("ip -6 addr add fd00::1/128 dev lo nodad 2>/dev/null");
	for (i = 0; i < FLOWS; i++)
		bed_connect(&inside[i], &peers[i]);
	bed_connect(&outside, &(struct peer){ .cgroup = ".." });
}

static void test_taken(void)
{
	int first, second;

	run_all(200);
	first = bed_count(&inside[0], -1);
	bed_attach();
	run_all(200);
	ksft_test_result(!first && !bed_count(&inside[0], -1), "unseen before\n");
	first = pass(adopt->progs.adopt);
	second = pass(adopt->progs.adopt);
	ksft_print_msg("taken: %d, then %d\n", first, second);
	ksft_test_result(first == FLOWS && !second, "taken\n");
}

static void test_steered(void)
{
	static const __s32 prefer_bbr[BED_CCS] = { 0, 0, 65536, 0, 0, ANTELOPE_NO_SCORE };
	const struct antelope_record *r;
	bool right = true;
	int i;

	bed_model(prefer_bbr);
	for (i = 0; i < 20 && !all_run("bbr", false); i++)
		run_all(500);
	for (i = 0; i < FLOWS; i++) {
		r = bed_next(&inside[i], NULL);
		right &= r && r->window == 1 && r->cc == CUBIC && r->flags & ANTELOPE_ADOPTED &&
			 r->error == 0 &&
			 !(r->flags & ANTELOPE_ACKS) == !bed.config->acks;
	}
	ksft_test_result(right && all_run("bbr", true), "adopted, and steered\n");
}

static void test_released(void)
{
	int n = pass(adopt->progs.release), again = pass(adopt->progs.release);
	long before;

	bed_forget();
	before = bed_run(&inside[0], 1000, 1 << 30);
	run_all(500);
	ksft_print_msg("released: %d, then %d; %ld bytes/s\n", n, again, before);
	ksft_test_result(n == FLOWS && !again && before > 100000 && !bed_count(&inside[0], -1) &&
			 !bed_count(&inside[1], -1) && !bed_count(&inside[2], -1) &&
			 all_run("bbr", true), "released\n");
}

static void test_again(void)
{
	int n = pass(adopt->progs.adopt);

	run_all(500);
	ksft_test_result(n == FLOWS && bed_count(&inside[1], -1), "taken again\n");
}

static void test_all(int acks)
{
	int i;

	bed_reset();
	bed_detach();
	bed.config->acks = acks;
	connect_all();
	test_taken();
	test_steered();
	test_released();
	test_again();
	for (i = 0; i < FLOWS; i++)
		bed_close_pair(&inside[i]);
	bed_close_pair(&outside);
}

int main(void)
{
	ksft_print_header();
	bed_open();
	adopt = adopt_bpf__open();
	if (adopt)
		adopt->bss->root_cgroup = bed_cgroup("");
	if (!adopt || adopt_bpf__load(adopt))
		ksft_exit_skip("no iterators: %s\n", strerror(errno));
	bed_netem("delay 10ms rate 20mbit limit 40");
	ksft_set_plan(10);
	test_all(0);
	test_all(bed.acks ? 20 : 0);
	adopt_bpf__destroy(adopt);
	ksft_finished();
}
