// SPDX-License-Identifier: GPL-2.0
/*
 * Allocations that fail, one after the other, in all that gq does.
 *
 * For each operation: let its first allocation fail, undo what it did, let its
 * second one fail, and so on, until it comes to its end without a failure. The
 * kernel counts for us (/proc/thread-self/fail-nth, CONFIG_FAULT_INJECTION).
 * What fails is any allocation of the system call, gq's among them. Then the same
 * with all allocations failing that go beyond some budget, for a second one may
 * be tried in the place of the first (kvmalloc).
 *
 * The flow table grows in a work item, so there the kernel's workers are made
 * to fail, for as long as the test wants.
 *
 * Expectations
 *  1. create, graft: there is a gq with the settings asked for, or none.
 *  2. change, to other buckets, a policy, maps, with packets queued: all that
 *     was asked for, or nothing.
 *  3. delete, filter, dump: done, or refused.
 *  4. enqueue: without memory for a flow the packet leaves all the same, and is
 *     counted.
 *  5. The flow table grows less than it should without memory, and does so later.
 *  6. After each failure packets go through gq and are conserved.
 *  7. No warning in the kernel's log, no leak that kmemleak finds.
 */
#include <errno.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"
#include "gq_netlink_env.h"
#include "gq_netlink_faults.h"

#define KMEMLEAK	DEBUGFS "kmemleak"
/* No system call here allocates so often. */
#define FAILURES_MAX	1000U
/* Memory that there is before all allocations fail, in bytes. */
#define BUDGETS		40U
#define SLAB_STEP	1024U
#define PAGES_STEP	16384U
#define PLENTY		1000000000U
#define CHILD		0x100000U	/* 10: */
#define CHILD_PARENT	0x10001U	/* 1:1 */
/* More than the smallest flow table has chains, by far, and twice that. */
#define FLOWS		3000
/* Objects younger than 5 s are no leaks yet. */
#define KMEMLEAK_AGE	6

struct fail {
	struct conn c;
	struct traffic traffic;
	struct faults faults;
	int log;
	int fd;			/* sends the packet of an enqueue */
	uint32_t parent;	/* where the gq of the operation is */
};

/**
 * struct operation - what is done while allocations fail
 * @name: of the result
 * @parent: of the gq
 * @prepare: bring about the state before; no allocation fails
 * @act: do it; 0 or -errno
 * @whole: the settings dumped change as a whole or not at all
 * @least: allocations that must have failed, or the test tests nothing
 */
struct operation {
	const char *name;
	uint32_t parent;
	int (*prepare)(struct fail *f);
	int (*act)(struct fail *f);
	bool whole;
	unsigned int least;
};

/* What was tried, and what came of it. */
struct tally {
	unsigned int n;		/* the allocation that fails */
	bool budgets;		/* or else all that is beyond these: */
	unsigned int slab;	/* bytes */
	unsigned int pages;	/* bytes */
	bool failed;
	int err;
	unsigned int refused;
};

/* ---- Operations ---- */

/* An answer that was lost may still come, and be taken for the next one. */
static void drain(struct fail *f)
{
	char buf[16384];

	do {
		errno = 0;
	} while (recv(mnl_socket_get_fd(f->c.nl), buf, sizeof(buf),
		      MSG_DONTWAIT) >= 0 || errno == ENOBUFS);
}

static void at(struct fail *f, uint32_t parent, uint32_t handle)
{
	struct tcmsg *tcm = mnl_nlmsg_get_payload(f->c.req);

	tcm->tcm_parent = parent;
	tcm->tcm_handle = handle;
}

static int delete_root(struct fail *f)
{
	begin(&f->c, RTM_DELQDISC, 0, false);
	at(f, TC_H_ROOT, 0);
	send_it(&f->c);
	return 0;
}

/* A gq that holds packets back, with a band that has ranks. */
static int add_gq(struct fail *f, uint32_t parent, uint32_t handle)
{
	struct nlattr *list, *entry;

	begin_band(&f->c, &list, &entry, 1);
	put_num(&f->c, TCA_GQ_BAND_POLICY, GQ_POLICY_STFQ, 1);
	end_band(&f->c, list, entry);
	put_val(&f->c, TCA_GQ_MAXRATE, 100000);
	put_val(&f->c, TCA_GQ_BUCKETS, 4096);
	f->c.req->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
	at(f, parent, handle);
	return send_it(&f->c);
}

static int add_root(struct fail *f)
{
	return add_gq(f, TC_H_ROOT, HANDLE);
}

static int prepare_gq(struct fail *f)
{
	int err;

	delete_root(f);
	err = add_root(f);
	traffic_send(&f->traffic, 100);
	return err;
}

static int prepare_prio(struct fail *f)
{
	struct tc_prio_qopt opt = { .bands = 3, .priomap = { 0 } };

	delete_root(f);
	begin(&f->c, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, false);
	/* another kind in the place of begin()'s */
	f->c.req->nlmsg_len = NLMSG_LENGTH(sizeof(struct tcmsg));
	mnl_attr_put_strz(f->c.req, TCA_KIND, "prio");
	mnl_attr_put(f->c.req, TCA_OPTIONS, sizeof(opt), &opt);
	return send_it(&f->c);
}

static int graft(struct fail *f)
{
	return add_gq(f, CHILD_PARENT, CHILD);
}

static int change(struct fail *f)
{
	struct nlattr *list, *entry;
	uint8_t map[GQ_PRIOS] = { 0 };

	begin_band(&f->c, &list, &entry, 0);
	put_num(&f->c, TCA_GQ_BAND_POLICY, GQ_POLICY_EDT, 1);
	mnl_attr_nest_end(f->c.req, entry);
	entry = mnl_attr_nest_start(f->c.req, TCA_GQ_BAND_ENTRY);
	put_num(&f->c, TCA_GQ_BAND_INDEX, 1, 1);
	put_num(&f->c, TCA_GQ_BAND_POLICY, GQ_POLICY_SRPT, 1);
	end_band(&f->c, list, entry);
	put_val(&f->c, TCA_GQ_BUCKETS, 65536);
	put_val(&f->c, TCA_GQ_GRANULARITY, 1 << 20);
	put_val(&f->c, TCA_GQ_LIMIT, 20);
	put(&f->c, TCA_GQ_PRIOMAP, map, sizeof(map));
	return send_it(&f->c);
}

static int delete(struct fail *f)
{
	begin(&f->c, RTM_DELQDISC, 0, false);
	return send_it(&f->c);
}

static int filter(struct fail *f)
{
	struct tcmsg *tcm;
	struct nlattr *opts;

	begin(&f->c, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, false);
	tcm = mnl_nlmsg_get_payload(f->c.req);
	tcm->tcm_parent = HANDLE;
	tcm->tcm_handle = 0;
	tcm->tcm_info = 1 << 16 | htons(0x0003);	/* ETH_P_ALL */
	mnl_attr_put_strz(f->c.req, TCA_KIND, "matchall");
	opts = mnl_attr_nest_start(f->c.req, TCA_OPTIONS);
	mnl_attr_put_u32(f->c.req, TCA_MATCHALL_CLASSID, HANDLE | 2);
	mnl_attr_nest_end(f->c.req, opts);
	return send_it(&f->c);
}

static int dump(struct fail *f)
{
	struct dump d;

	return get(&f->c, &d);
}

/* A socket that gq has not seen. The ones before stay open: memory that they
 * gave back would be found as their flow.
 */
static int prepare_flow(struct fail *f)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = inet_addr("192.0.2.2"),
	};

	if (f->fd <= 0) {
		int err = prepare_gq(f);

		if (err)
			return err;
	}
	f->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (f->fd < 0 || connect(f->fd, (struct sockaddr *)&to, sizeof(to)))
		return -errno;
	return 0;
}

static int enqueue(struct fail *f)
{
	return send(f->fd, "flow", 4, MSG_DONTWAIT) == 4 ? 0 : -errno;
}

static const struct operation operations[] = {
	{ "create", TC_H_ROOT, delete_root, add_root, true, 10 },
	{ "graft", CHILD_PARENT, prepare_prio, graft, true, 10 },
	{ "change", TC_H_ROOT, prepare_gq, change, true, 5 },
	{ "delete", TC_H_ROOT, prepare_gq, delete, false, 2 },
	{ "filter", TC_H_ROOT, prepare_gq, filter, false, 5 },
	{ "dump", TC_H_ROOT, prepare_gq, dump, false, 2 },
	{ "enqueue", TC_H_ROOT, prepare_flow, enqueue, false, 3 },
};

/* ---- What must hold afterwards ---- */

static const char *flows_on(struct fail *f)
{
	const struct timespec pause = { .tv_nsec = 200000000 };
	struct totals before, now;
	struct dump d;
	int i;

	if (get(&f->c, &d))
		return "no answer";
	traffic_send(&f->traffic, 5);
	if (strcmp(d.kind, "gq"))
		return NULL;	/* refused, or deleted */
	if (totals_get(&f->c, &before))
		return "no counters";
	for (i = 0; i < 10; i++) {
		traffic_send(&f->traffic, 5);
		if (totals_get(&f->c, &now))
			return "no counters";
		if (now.enqueued > before.enqueued && totals_agree(&now))
			return NULL;
		/* it may be full */
		nanosleep(&pause, NULL);
	}
	return now.enqueued > before.enqueued ? "packets are not conserved" :
						"it takes no packets any more";
}

static bool same(const struct dump *a, const struct dump *b)
{
	return !strcmp(a->kind, b->kind) && same_settings(a, b);
}

/* @want: what dumps after a success, once that is known */
static const char *outcome(struct fail *f, const struct operation *op, int err,
			   const struct dump *before, const struct dump *want)
{
	struct dump now;

	/* -EIO: the answer was lost; -ENODEV: the name of the device was not
	 * found out
	 */
	if (err && err != -ENOMEM && err != -ENOBUFS && err != -EIO &&
	    err != -ENODEV)
		return "an unexpected error";
	if (get_at(&f->c, &now, op->parent))
		return "no answer";
	if (!op->whole)
		return NULL;
	/* without an answer it may be either */
	if (err && same(&now, before))
		return NULL;
	if ((!err || err == -EIO) && same(&now, want))
		return NULL;
	return err ? "refused, but changed" : "not what was asked for";
}

/* How it is dumped when no allocation fails. */
static int rehearse(struct fail *f, const struct operation *op,
		    struct dump *want)
{
	int err = op->prepare(f);

	if (!err)
		err = op->act(f);
	return err ? err : get_at(&f->c, want, op->parent);
}

/* Prepare, act while allocations fail, and see what came of it. */
static const char *one(struct fail *f, const struct operation *op,
		       const struct dump *want, struct tally *t)
{
	struct dump before;
	const char *wrong;

	if (op->prepare(f) || get_at(&f->c, &before, op->parent))
		return "can't be prepared";
	if (t->budgets)
		starve(&f->faults, t->slab, t->pages);
	else
		arm(&f->faults, t->n);
	t->err = op->act(f);
	feed(&f->faults);
	t->failed = disarm(&f->faults);
	drain(f);
	t->refused += !!t->err;
	wrong = outcome(f, op, t->err, &before, want);
	return wrong ? wrong : flows_on(f);
}

/* One failure at a time, until there is none. */
static const char *each(struct fail *f, const struct operation *op,
			const struct dump *want, struct tally *t)
{
	const char *wrong = NULL;

	t->failed = true;
	for (t->n = 1; t->failed && !wrong && t->n <= FAILURES_MAX; t->n++)
		wrong = one(f, op, want, t);
	t->n -= 2;	/* the last one had no fault */
	if (wrong)
		return wrong;
	if (t->failed)
		return "there is no end";
	if (t->err)
		return "refused without a fault";
	return t->n < op->least ? "too few allocations" : NULL;
}

/* From some allocation on all fail, also what is tried in place of another. */
static const char *all(struct fail *f, const struct operation *op,
		       const struct dump *want, struct tally *t)
{
	const char *wrong = NULL;
	unsigned int i;

	t->budgets = true;
	put_file("/proc/self/make-it-fail", "1");
	for (i = 0; i < 2 * BUDGETS && !wrong; i++) {
		t->slab = i < BUDGETS ? i * SLAB_STEP : PLENTY;
		t->pages = i < BUDGETS ? PLENTY : (i - BUDGETS) * PAGES_STEP;
		wrong = one(f, op, want, t);
	}
	put_file("/proc/self/make-it-fail", "0");
	return wrong;
}

static void try(struct fail *f, const struct operation *op)
{
	struct tally t = { 0 };
	const char *wrong;
	struct dump want;

	t.err = rehearse(f, op, &want);
	wrong = t.err ? "refused without a fault" : each(f, op, &want, &t);
	if (!wrong)
		wrong = all(f, op, &want, &t);
	ksft_test_result(!wrong, "%s: %u failures, %u budgets; %u times refused%s%s\n",
			 op->name, t.n, 2 * BUDGETS, t.refused,
			 wrong ? ": " : "", wrong ? wrong : "");
	if (wrong)
		ksft_print_msg("%s: failure %u, or budget %u, %u; error %d, \"%s\"\n",
			       op->name, t.n + 1, t.slab, t.pages, t.err,
			       f->c.ans.text);
}

/* Expectation 4: gq's own allocation was among those of an enqueue. */
static void flow_errors(struct fail *f)
{
	struct totals t;

	ksft_test_result(!totals_get(&f->c, &t) && t.alloc_errors,
			 "enqueue: without a flow the packet left: %llu\n",
			 (unsigned long long)t.alloc_errors);
}

/* Packets of @n flows that gq has not seen. */
static void new_flows(int fd, int first, int n)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = inet_addr("192.0.2.2"),
	};
	const struct timespec pause = { .tv_nsec = 2000000 };

	for (; n > 0; n--, first++) {
		to.sin_port = htons(first);
		sendto(fd, "flow", 4, MSG_DONTWAIT, (struct sockaddr *)&to,
		       sizeof(to));
		if (!(n % 100))
			nanosleep(&pause, NULL);
	}
}

/* Expectation 5 */
static void grow_table(struct fail *f)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;
	struct totals small, large;

	delete_root(f);
	begin(&f->c, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, true);
	put_val(&f->c, TCA_GQ_MAXRATE, 1000000000);
	put_val(&f->c, TCA_GQ_ORPHAN_MASK, 0xffffff);
	err = send_it(&f->c);
	mark_workers();
	starve(&f->faults, 0, 0);
	new_flows(fd, 1000, FLOWS);
	feed(&f->faults);
	err = err ? err : totals_get(&f->c, &small);
	new_flows(fd, 1000 + FLOWS, FLOWS);
	err = err ? err : totals_get(&f->c, &large);
	close(fd);
	if (err) {
		ksft_test_result_fail("flow table: error %d\n", err);
		return;
	}
	/* an urgent need is met without a worker, but less than well */
	ksft_test_result(small.flows > small.hash_buckets &&
			 large.flows <= large.hash_buckets &&
			 totals_agree(&large),
			 "flow table: %u flows in %u buckets without memory, then %u in %u\n",
			 small.flows, small.hash_buckets, large.flows,
			 large.hash_buckets);
}

/* Expectation 7 */
static void find_leaks(void)
{
	const struct timespec age = { .tv_sec = KMEMLEAK_AGE };
	char line[512];
	bool none = true;
	FILE *file;
	int i;

	for (i = 0; i < 2; i++) {
		nanosleep(&age, NULL);
		if (put_file(KMEMLEAK, "scan")) {
			ksft_test_result_skip("leaks: the kernel has no kmemleak\n");
			return;
		}
	}
	file = fopen(KMEMLEAK, "r");
	while (file && fgets(line, sizeof(line), file)) {
		printf("# %s", line);
		none = false;
	}
	if (file)
		fclose(file);
	ksft_test_result(file && none, "leaks: kmemleak finds none\n");
}

static void open_all(struct fail *f)
{
	int err;

	if (faults_open(&f->faults))
		ksft_exit_skip("needs root, CONFIG_FAULT_INJECTION, FAILSLAB, FAIL_PAGE_ALLOC\n");
	/* what leaked before is not our affair */
	put_file(KMEMLEAK, "scan");
	put_file(KMEMLEAK, "clear");
	err = env_open(&f->c);
	if (!err)
		err = add_root(f);
	if (!err)
		err = traffic_open(&f->traffic);
	if (err)
		ksft_exit_fail_msg("setup: %d %s; is the module sch_gq loaded?\n",
				   err, f->c.ans.text);
	f->log = log_open();
}

int main(void)
{
	static struct fail f;
	size_t i;

	ksft_print_header();
	open_all(&f);
	ksft_set_plan(ARRAY_SIZE(operations) + 4);
	srandom(1);
	allow_all("N");
	for (i = 0; i < ARRAY_SIZE(operations); i++)
		try(&f, &operations[i]);
	flow_errors(&f);
	grow_table(&f);
	allow_all("Y");
	delete_root(&f);
	traffic_close(&f.traffic);
	find_leaks();
	if (f.log < 0)
		ksft_test_result_skip("the kernel's log can't be read\n");
	else
		ksft_test_result(log_quiet(f.log),
				 "the kernel logs no warning\n");
	ksft_finished();
}
