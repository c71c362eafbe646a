// SPDX-License-Identifier: GPL-2.0
/*
 * Antelope's program steers real connections; what the kernel says that their
 * congestion control is counts, and that it agrees with the records:
 *
 *  1. a forest that prefers another CC: it is switched to, at the end of a window
 *  2. in shadow mode the same is recorded, and no flow is touched
 *  3. first choice: the longest prefix, IPv4 and IPv6, then the settings, then the
 *     kernel's; nothing that is not enabled; instead of these two what a model
 *     expects to be better by more than the margin
 *  4. an override: at the next callback; held while it lasts; then it is gone
 *  5. a CC that is not loaded: ENOENT, and not tried again at once; the flow stays
 *  6. a route that locks its CC: EPERM, the same
 *  7. DCTCP is chosen with ECN, and without it is not
 *  8. the nearest cgroup with an objective decides; flows elsewhere are not seen
 *  9. exploration moves flows; each stays for at least the dwell
 * 10. 1000 flows at once: each has its records; when they are closed nothing is left
 * 11. the program goes while flows run: they go on with the CC that they have
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "kselftest.h"
#include "bed.h"

#define NO	ANTELOPE_NO_SCORE

static const __s32 prefer_bbr[BED_CCS] = { 0, 0, 65536, 0, 0, NO };

static bool runs(const struct pair *p, const char *cc)
{
	if (!strcmp(bed_cc(p), cc))
		return true;
	ksft_print_msg("CC is %s, expected %s\n", bed_cc(p), cc);
	return false;
}

static void test_switch(void)
{
	const struct antelope_record *r, *next;
	struct pair p;
	bool right;

	bed_reset();
	bed_connect(&p, NULL);
	bed_model(prefer_bbr);
	bed_run(&p, 1000, 1 << 30);
	r = bed_find(&p, ANTELOPE_SWITCHED);
	next = r ? bed_next(&p, r) : NULL;
	right = next && r->cc == CUBIC && r->choice == BBR && r->best == BBR && !r->error &&
		r->score[BBR] == 65536 && !r->score[RENO] && r->score[MISSING] == NO &&
		r->switches == 1 && r->x[ANTELOPE_F_CC] == CUBIC && next->cc == BBR &&
		next->x[ANTELOPE_F_CC] == BBR;
	ksft_test_result(right && runs(&p, "bbr") && bed_count(&p, ANTELOPE_SWITCHED) == 1,
			 "switched by score\n");
	bed_close_pair(&p);
}

static void test_shadow(void)
{
	const struct antelope_record *r;
	struct antelope_override o = { .expiry_ns = ~0ULL, .cc = RENO };
	struct pair p;

	bed_reset();
	bed.config->shadow = 1;
	bed.config->first = VEGAS;
	bed_model(prefer_bbr);
	bed_connect(&p, NULL);
	bed_run(&p, 1000, 1 << 30);
	bpf_map_update_elem(bpf_map__fd(bed.skel->maps.override), &p.cookie, &o, 0);
	bed_run(&p, 500, 1 << 30);
	r = bed_find(&p, ANTELOPE_SHADOW);
	ksft_test_result(r && r->best == BBR && r->choice == CUBIC && runs(&p, "cubic") &&
			 !bed_count(&p, ANTELOPE_SWITCHED), "shadow\n");
	bed_close_pair(&p);
}

static void prefix(const char *address, int bits, __u8 cc)
{
	struct antelope_prefix key = { .prefixlen = bits };
	struct antelope_prior value = { .cc = cc, .epoch = 3 };

	inet_pton(AF_INET6, address, key.addr);
	bpf_map_update_elem(bpf_map__fd(bed.skel->maps.prior), &key, &value, 0);
}

static bool first(const char *to, const char *cc, __u8 number, __u32 epoch)
{
	const struct antelope_record *r;
	struct pair p;
	bool right;

	bed_connect(&p, &(struct peer){ .to = to });
	bed_run(&p, 100, 100000);
	r = bed_next(&p, NULL);
	right = r && r->why == ANTELOPE_OPENED && r->choice == number && r->epoch == epoch &&
		runs(&p, cc);
	if (!right)
		ksft_print_msg("to %s: choice %u, epoch %u\n", to, r ? r->choice : 0,
			       r ? r->epoch : 0);
	bed_close_pair(&p);
	return right;
}

static void test_prior(void)
{
	bool right;

	bed_reset();
	bed_sh("ip -6 addr add fd00::1/128 dev lo nodad 2>/dev/null");
	bed_sh("ip -6 addr add fd00:1::1/128 dev lo nodad 2>/dev/null");
	prefix("::ffff:127.0.0.0", 96 + 8, RENO);
	prefix("::ffff:127.0.2.0", 96 + 24, VEGAS);
	prefix("::ffff:127.0.3.0", 96 + 24, BBR);
	prefix("fd00:1::", 64, BBR);
	right = first("127.0.1.1", "reno", RENO, 3) && first("127.0.2.1", "vegas", VEGAS, 3) &&
		first("fd00:1::1", "bbr", BBR, 3) && first("fd00::1", "cubic", CUBIC, 7);
	bed.config->first = VEGAS;
	right &= first("127.0.1.1", "reno", RENO, 3) && first("fd00::1", "vegas", VEGAS, 7);
	bed.config->enabled &= ~(1 << BBR);
	right &= first("127.0.3.1", "vegas", VEGAS, 7);
	bed.config->enabled |= 1 << BBR;
	bed.config->margin = 65536;
	bed_model(prefer_bbr);
	right &= first("fd00::1", "vegas", VEGAS, 7);
	bed.config->margin = 65535;
	ksft_test_result(right && first("fd00::1", "bbr", BBR, 7) &&
			 first("127.0.1.1", "reno", RENO, 3), "first choice\n");
}

static bool override_lasts(struct pair *p, __u64 now_ns)
{
	struct antelope_override o = { .expiry_ns = now_ns + 1000000000, .epoch = 9, .cc = VEGAS };
	int fd = bpf_map__fd(bed.skel->maps.override);
	const struct antelope_record *r;

	bpf_map_update_elem(fd, &p->cookie, &o, 0);
	bed_run(p, 60, 1 << 30);	/* less than a window */
	r = bed_find(p, ANTELOPE_OVERRIDDEN);
	if (!r || r->choice != VEGAS || r->epoch != 9 || !runs(p, "vegas"))
		return false;
	bed_run(p, 800, 1 << 30);
	return runs(p, "vegas") && !bpf_map_lookup_elem(fd, &p->cookie, &o);
}

static void test_override(void)
{
	const struct antelope_record *r = NULL, *last = NULL;
	struct antelope_override o;
	struct pair p;
	bool lasts;

	bed_reset();
	bed_model(prefer_bbr);
	bed.config->confirm = 100;
	bed_connect(&p, NULL);
	bed_run(&p, 500, 1 << 30);
	while ((r = bed_next(&p, r)))
		last = r;
	lasts = last && override_lasts(&p, last->time_ns);
	bed.config->confirm = 2;
	bed_run(&p, 3000, 1 << 30);
	ksft_test_result(lasts && runs(&p, "bbr") &&
			 bpf_map_lookup_elem(bpf_map__fd(bed.skel->maps.override), &p.cookie, &o),
			 "override\n");
	bed_close_pair(&p);
}

/* Refused with that error, once in 8 windows; the flow keeps what it has. */
static bool refused(const char *to, const __s32 *scores, const char *cc, int error)
{
	const struct antelope_record *r;
	struct pair p;
	bool right;

	bed_no_model();
	bed_connect(&p, &(struct peer){ .to = to });
	bed_model(scores);
	bed_run(&p, 900, 1 << 30);
	r = bed_find(&p, ANTELOPE_REFUSED);
	right = r && r->error == -error && r->choice == r->cc && !r->switches &&
		bed_count(&p, ANTELOPE_REFUSED) == 1 && runs(&p, cc);
	bed_run(&p, 1000, 1 << 30);
	right &= bed_count(&p, ANTELOPE_REFUSED) == 2;
	if (!right)
		ksft_print_msg("%d times, error %d\n", bed_count(&p, ANTELOPE_REFUSED),
			       r ? r->error : 0);
	bed_close_pair(&p);
	return right;
}

static void test_refused(void)
{
	static const __s32 prefer_missing[BED_CCS] = { NO, 0, NO, NO, NO, 65536 };
	static const __s32 prefer_vegas[BED_CCS] = { 0, NO, NO, 65536, NO, NO };

	bed_reset();
	ksft_test_result(refused(NULL, prefer_missing, "cubic", ENOENT),
			 "a CC that is not there\n");
	bed_sh("ip route replace local 127.0.7.1 dev lo table local congctl lock reno");
	ksft_test_result(refused("127.0.7.1", prefer_vegas, "reno", EPERM),
			 "a route that locks its CC\n");
}

static void test_dctcp(void)
{
	static const __s32 prefer_dctcp[BED_CCS] = { 0, 0, 0, 0, 65536, NO };
	struct pair p;
	bool without, with;

	bed_reset();
	bed_model(prefer_dctcp);
	bed_connect(&p, NULL);
	bed_run(&p, 1000, 1 << 30);
	without = runs(&p, "cubic") && bed_count(&p, ANTELOPE_KEPT) > 5;
	bed_close_pair(&p);
	bed_sysctl("tcp_ecn", "1");
	bed_connect(&p, NULL);
	bed_run(&p, 1000, 1 << 30);
	with = runs(&p, "dctcp");
	bed_close_pair(&p);
	bed_sysctl("tcp_ecn", "2");
	ksft_test_result(without && with, "DCTCP with ECN\n");
}

static bool objective_is(const char *cgroup, __u64 id, __u8 objective)
{
	const struct antelope_record *r;
	struct pair p;
	bool right;

	bed_connect(&p, &(struct peer){ .cgroup = cgroup });
	bed_run(&p, 300, 1 << 30);
	right = true;
	for (r = bed_next(&p, NULL); r; r = bed_next(&p, r))
		right &= r->objective == objective && r->cgroup == id;
	right &= bed_count(&p, -1) > 2;
	if (!right)
		ksft_print_msg("cgroup %s: %d records\n", cgroup, bed_count(&p, -1));
	bed_close_pair(&p);
	return right;
}

static void test_objective(void)
{
	int fd = bpf_map__fd(bed.skel->maps.objective);
	__u8 latency = ANTELOPE_LATENCY, throughput = ANTELOPE_THROUGHPUT;
	__u64 own, inner, root;
	struct pair p;
	bool right;

	bed_reset();
	root = bed_cgroup("");
	own = bed_cgroup("a");
	inner = bed_cgroup("a/b");
	right = objective_is("a/b", inner, ANTELOPE_BALANCED);
	bpf_map_update_elem(fd, &own, &latency, 0);
	right &= objective_is("a/b", inner, ANTELOPE_LATENCY) &&
		 objective_is("a", own, ANTELOPE_LATENCY) &&
		 objective_is("", root, ANTELOPE_BALANCED);
	bpf_map_update_elem(fd, &inner, &throughput, 0);
	bed.config->objective = ANTELOPE_LATENCY;
	right &= objective_is("a/b", inner, ANTELOPE_THROUGHPUT) &&
		 objective_is("", root, ANTELOPE_LATENCY);
	bed_connect(&p, &(struct peer){ .cgroup = ".." });
	bed_run(&p, 300, 1 << 30);
	ksft_test_result(right && !bed_count(&p, -1), "objective by cgroup\n");
	bed_close_pair(&p);
}

static void test_explore(void)
{
	const struct antelope_record *r = NULL;
	__u64 last_ns = 0;
	struct pair p;
	bool right = true;
	int moved = 0;

	bed_reset();
	bed.config->enabled &= ~(1 << MISSING);
	bed.config->explore = 65536;
	bed.config->dwell_ns = 500000000;
	bed_connect(&p, NULL);
	bed_run(&p, 10000, 1 << 30);
	while ((r = bed_next(&p, r))) {
		if (r->choice == r->cc)
			continue;
		right &= r->why == ANTELOPE_EXPLORED && r->propensity == 65536 / 4 &&
			 (!moved || r->time_ns - last_ns >= 500000000);
		last_ns = r->time_ns;
		moved++;
	}
	ksft_print_msg("moved %d times in 10 s\n", moved);
	ksft_test_result(right && moved > 5 && moved <= 20, "exploration\n");
	bed_close_pair(&p);
}

#define MANY	1000

static long meminfo_kb(const char *field)
{
	char line[128], name[32];
	long kb = -1, value;
	FILE *file = fopen("/proc/meminfo", "r");

	while (file && kb < 0 && fgets(line, sizeof(line), file))
		if (sscanf(line, "%31[^:]: %ld", name, &value) == 2 && !strcmp(name, field))
			kb = value;
	if (file)
		fclose(file);
	return kb;
}

static bool many(void)
{
	static struct pair pairs[MANY];
	bool right = true;
	int i, round;

	bed_forget();
	for (i = 0; i < MANY; i++)
		bed_connect(&pairs[i], &(struct peer){ .both = true });
	for (round = 0; round < 3; round++) {
		for (i = 0; i < MANY; i++)
			bed_run(&pairs[i], 1000, 3000);
	}
	for (i = 0; i < MANY; i++)
		bed_close_pair(&pairs[i]);
	for (i = 0; i < MANY; i++)
		right &= bed_count(&pairs[i], ANTELOPE_OPENED) == 1 &&
			 bed_count(&pairs[i], ANTELOPE_CLOSED) == 1;
	return right;
}

/* Called often enough, and nothing was lost for want of memory. */
static bool counted(void)
{
	struct antelope_counters c[256] = { 0 }, sum = { 0 };
	__u32 zero = 0;
	int i;

	if (libbpf_num_possible_cpus() > 256 ||
	    bpf_map_lookup_elem(bpf_map__fd(bed.skel->maps.counters), &zero, c))
		return false;
	for (i = 0; i < 256; i++) {
		sum.callbacks += c[i].callbacks;
		sum.flows_untracked += c[i].flows_untracked;
		sum.records_lost += c[i].records_lost;
	}
	return sum.callbacks > 9 * MANY && !sum.flows_untracked && !sum.records_lost;
}

/*
 * How much so many may add. A kernel with KASAN holds back what is freed, up to 1/32 of
 * the memory (QUARANTINE_FRACTION of mm/kasan/quarantine.c); there kmemleak tells.
 */
static long left_kb(int flows)
{
	bool debug = !access("/sys/kernel/debug/kmemleak", F_OK);

	return flows / 10 + (debug ? meminfo_kb("MemTotal") / 32 : 0);
}

/*
 * Caches of the kernel are warm after two rounds; then hardly any is added. Two flows
 * at each connection: the receiver has one.
 */
static void test_many(void)
{
	long before, after;
	bool right;

	bed_reset();
	bed_netem("delay 1ms");
	many();
	many();
	usleep(100000);
	before = meminfo_kb("SUnreclaim");
	right = many();
	right &= many();
	usleep(100000);
	after = meminfo_kb("SUnreclaim");
	ksft_print_msg("kernel memory before %ld kB, after %d flows more %ld kB\n", before,
		       4 * MANY, after);
	ksft_test_result(right && counted() && after - before < left_kb(4 * MANY),
			 "%d flows\n", MANY);
	bed_netem("delay 10ms rate 20mbit limit 40");
}

static void test_gone(void)
{
	struct pair p;
	long before;

	bed_reset();
	bed_model(prefer_bbr);
	bed_connect(&p, NULL);
	bed_run(&p, 1000, 1 << 30);
	before = bed_run(&p, 1000, 1 << 30);
	bed_close();
	ksft_test_result(before > 1000000 && bed_run(&p, 1000, 1 << 30) > before / 2 &&
			 runs(&p, "bbr"), "without the program\n");
	bed_close_pair(&p);
}

int main(void)
{
	ksft_print_header();
	bed_needs_clock();
	bed_open();
	bed_netem("delay 10ms rate 20mbit limit 40");
	ksft_set_plan(11);
	test_switch();
	test_shadow();
	test_prior();
	test_override();
	test_refused();
	test_dctcp();
	test_objective();
	test_explore();
	test_many();
	test_gone();
	ksft_finished();
}
