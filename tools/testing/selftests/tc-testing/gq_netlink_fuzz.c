// SPDX-License-Identifier: GPL-2.0
/*
 * Random requests to a gq by raw netlink, while packets go through it.
 *
 * Requests are made of valid settings, and most of them are then spoiled in one
 * of many ways. A plain model of the settings, kept here, says what must come of
 * those whose end is known; of the others only that it is one or the other.
 *
 *	generate --> expectation: accept, refuse, or either
 *	   |              |
 *	   v              v
 *	 send ---> answer ---> dump ---> compare with the model, or with before
 *	                         |
 *	                         +-----> send to a second gq, compare its dump
 *
 * The second gq is in a network namespace of its own. Now and then the first one
 * is deleted and added with a random request, with room for ranks or without.
 *
 * Expectations
 *  1. What must be accepted is, what must be refused is.
 *  2. Who is refused hears why, and nothing has changed, byte by byte.
 *  3. What is accepted is dumped as it was asked for: each setting once, of its
 *     length and in its range; all others as before.
 *  4. What is dumped is accepted by another gq, which then dumps the same.
 *  5. Packets are conserved throughout, and the kernel logs no warning.
 *  6. Each kind of request was tried, and some of each fate.
 */
#include <errno.h>
#include <getopt.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "kselftest.h"
#include "gq_netlink_fuzz.h"

#define COUNT		100000U
/* Under emulation, where one takes some hundred times as long. */
#define COUNT_EMULATED	2000U
#define FAILURES_SHOWN	20U
/* Requests between two additions of a qdisc, two looks at its counters. */
#define ADD_EVERY	100
#define TOTALS_EVERY	50

/* ---- Requests and what comes of them ---- */

/* Of the request, for reports: its message is built over by the next one. */
static void keep_sent(struct fuzz *z)
{
	uint8_t *at = options(z, &z->sent_len);

	if (z->sent_len > sizeof(z->sent))
		z->sent_len = sizeof(z->sent);
	memcpy(z->sent, at, z->sent_len);
}

static void complain(struct fuzz *z, unsigned int n, const char *kind,
		     const char *what)
{
	unsigned int i;

	if (z->failed++ >= FAILURES_SHOWN)
		return;
	ksft_print_msg("request %u, %s: %s; answer %d \"%s\"\n", n, kind, what,
		       z->c.ans.err, z->c.ans.text);
	printf("#   options:");
	for (i = 0; i < z->sent_len; i++)
		printf("%s%02x", i % 4 ? "" : " ", z->sent[i]);
	printf("\n");
}

/* Put what was dumped into the twin, and see the same there. */
static const char *round_trip(struct fuzz *z, const struct dump *d)
{
	struct dump copy;

	begin_change(&z->twin);
	memcpy(mnl_nlmsg_get_payload_tail(z->twin.req), d->opts, d->opts_len);
	z->twin.req->nlmsg_len += MNL_ALIGN(d->opts_len);
	if (send_it(&z->twin))
		return "a second gq refuses the dump";
	if (get(&z->twin, &copy))
		return "the second gq does not dump";
	return same_settings(d, &copy) ? NULL :
	       "a second gq with the dump's settings dumps others";
}

/* A band that is not in use is not dumped: use all of them for a moment. */
static int learn(struct fuzz *z, const struct dump *d)
{
	struct dump all;

	if (!model_read(&z->now, d, false))
		return -EINVAL;
	begin_change(&z->c);
	put_val(&z->c, TCA_GQ_BANDS, GQ_BANDS_MAX);
	if (send_it(&z->c) || get(&z->c, &all) ||
	    !model_read(&z->now, &all, true))
		return -EINVAL;
	z->now.val[TCA_GQ_BANDS] = value(d, TCA_GQ_BANDS);
	begin_change(&z->c);
	put_val(&z->c, TCA_GQ_BANDS, z->now.val[TCA_GQ_BANDS]);
	return send_it(&z->c);
}

/* What is wrong with the state after a request that was accepted; or NULL */
static const char *after_accept(struct fuzz *z, enum fate end)
{
	struct model seen = z->next;
	struct dump d;

	if (end == REFUSE)
		return "accepted";
	if (get(&z->c, &d) || strcmp(d.kind, "gq"))
		return "accepted, but no gq dumps";
	if (!model_read(&seen, &d, false))
		return "accepted, and dumped wrongly";
	if (end == UNSURE)
		return learn(z, &d) ? "its bands can't be seen" :
				      round_trip(z, &d);
	model_settle(&z->next);
	if (!model_equal(&z->next, &seen))
		return "accepted, but dumped as something else";
	z->now = z->next;
	return round_trip(z, &d);
}

static const char *after_refusal(struct fuzz *z, enum fate end,
				 const struct dump *before)
{
	struct dump d;

	if (end == ACCEPT)
		return "refused";
	if (z->c.ans.err != -EINVAL && z->c.ans.err != -ERANGE &&
	    z->c.ans.err != -EOPNOTSUPP)
		return "refused with an unexpected error";
	if (!z->c.ans.text[0])
		return "refused without a word";
	if (get(&z->c, &d))
		return "refused, and nothing dumps";
	if (strcmp(before->kind, d.kind))
		return "refused, but the qdisc is another one";
	return same_settings(before, &d) ? NULL : "refused, but changed";
}

/* One random request; @flags say whether it changes or adds. */
static void request(struct fuzz *z, unsigned int n, int flags)
{
	const char *wrong;
	struct dump before;
	enum fate end;
	struct kind *kind;

	if (get(&z->c, &before)) {
		complain(z, n, "dump", "no answer");
		return;
	}
	begin(&z->c, RTM_NEWQDISC, flags, true);
	kind = make_request(z, &end);
	keep_sent(z);
	if (end == ACCEPT && !model_possible(&z->next, flags))
		end = REFUSE;
	z->fates[end]++;
	wrong = send_it(&z->c) ? after_refusal(z, end, &before) : after_accept(z, end);
	if (wrong)
		complain(z, n, kind->name, wrong);
}

/* A gq on @c with all bands to be seen; @m is what it has. */
static int add(struct conn *c, struct model *m, int policy)
{
	struct nlattr *list, *entry;
	struct dump d;
	int err;

	begin(c, RTM_DELQDISC, 0, false);
	send_it(c);
	begin_band(c, &list, &entry, GQ_BANDS_MAX - 1);
	put_num(c, TCA_GQ_BAND_POLICY, policy, 1);
	end_band(c, list, entry);
	put_val(c, TCA_GQ_BANDS, GQ_BANDS_MAX);
	c->req->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
	err = send_it(c);
	if (!err)
		err = get(c, &d);
	if (err || strcmp(d.kind, "gq"))
		return err ? err : -ENOENT;
	m->room = model_needs(policy);
	return model_read(m, &d, true) ? 0 : -EINVAL;
}

/* Delete the qdisc, try to add one, and begin again with a known one. */
static int add_again(struct fuzz *z, unsigned int n)
{
	static const int any[] = { GQ_POLICY_DRR, GQ_POLICY_EDT,
				   GQ_POLICY_HCLOCK };

	begin(&z->c, RTM_DELQDISC, 0, false);
	if (send_it(&z->c))
		return z->c.ans.err;
	z->now = z->fresh;
	request(z, n, NLM_F_CREATE | NLM_F_EXCL);
	return add(&z->c, &z->now, any[random() % ARRAY_SIZE(any)]);
}

static const char *totals(struct fuzz *z)
{
	struct totals t;
	int i;

	/* a packet may leave between two of its counters */
	for (i = 0; i < 10; i++) {
		if (totals_get(&z->c, &t))
			return "the counters do not dump";
		if (totals_agree(&t))
			return NULL;
	}
	return "packets are not conserved";
}

static int run(struct fuzz *z, unsigned int count)
{
	const struct timespec pause = { .tv_nsec = 50000 };
	const char *wrong;
	unsigned int n;
	int err;

	for (n = 0; n < count; n++) {
		if (n % ADD_EVERY == ADD_EVERY - 1) {
			err = add_again(z, n);
			if (err)
				return err;
		} else {
			request(z, n, 0);
		}
		traffic_send(&z->traffic, random() % 8);
		if (!(random() % 8))
			nanosleep(&pause, NULL);
		wrong = n % TOTALS_EVERY ? NULL : totals(z);
		if (wrong)
			complain(z, n, "counters", wrong);
	}
	return 0;
}

/* The model of a gq that is added: all bands as the kernel has them. */
static int learn_defaults(struct fuzz *z)
{
	struct dump d;
	int err = add(&z->twin, &z->fresh, GQ_POLICY_DRR);

	if (err)
		return err;
	begin(&z->twin, RTM_DELQDISC, 0, false);
	send_it(&z->twin);
	begin(&z->twin, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, false);
	err = send_it(&z->twin);
	if (!err)
		err = get(&z->twin, &d);
	if (!err && !model_read(&z->fresh, &d, false))
		err = -EINVAL;
	return err;
}

static int open_both(struct fuzz *z)
{
	struct model twin;
	int err;

	err = env_open(&z->twin);
	if (err == -EPERM)
		ksft_exit_skip("needs root, for a network namespace\n");
	if (!err)
		err = learn_defaults(z);
	if (err)
		ksft_exit_fail_msg("no gq (%d %s); is the module sch_gq loaded?\n",
				   err, z->twin.ans.text);
	err = add(&z->twin, &twin, GQ_POLICY_HCLOCK);
	if (!err)
		err = env_open(&z->c);
	if (!err)
		err = traffic_open(&z->traffic);
	if (!err)
		err = add(&z->c, &z->now, GQ_POLICY_HCLOCK);
	z->log = log_open();
	return err;
}

static void report(struct fuzz *z, int err)
{
	bool all = true;
	size_t i;

	ksft_print_msg("%u to be accepted, %u refused, %u either; %lu packets sent, %lu not\n",
		       z->fates[ACCEPT], z->fates[REFUSE], z->fates[UNSURE],
		       z->traffic.sent, z->traffic.refused);
	for (i = 0; i < nr_kinds; i++) {
		ksft_print_msg("%6u %s\n", kinds[i].tried, kinds[i].name);
		all &= kinds[i].tried > 0;
	}
	for (i = 0; i < FATES; i++)
		all &= z->fates[i] > 0;
	ksft_test_result(!err && !z->failed,
			 "requests: %u not as expected\n", z->failed);
	ksft_test_result(all && z->traffic.sent,
			 "each kind and each fate was tried, under traffic\n");
	if (z->log < 0)
		ksft_test_result_skip("the kernel's log can't be read\n");
	else
		ksft_test_result(log_quiet(z->log),
				 "the kernel logs no warning\n");
}

static void help(const char *name)
{
	printf("usage: %s [--seed N] [--count N]\n\n"
	       "Sends random requests to a gq while packets go through it.\n\n"
	       "  --seed N   of the random numbers (default: a random one)\n"
	       "  --count N  requests (default %u; %u where the processor is emulated)\n\n"
	       "example: %s --seed 7 --count 1000\n",
	       name, COUNT, COUNT_EMULATED, name);
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "count", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	unsigned int seed = 1, count = emulated() ? COUNT_EMULATED : COUNT;
	static struct fuzz z;
	int opt, err;

	if (getrandom(&seed, sizeof(seed), 0) < 0)
		perror("getrandom");
	while ((opt = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		switch (opt) {
		case 's':
			seed = strtoul(optarg, NULL, 0);
			break;
		case 'c':
			count = strtoul(optarg, NULL, 0);
			break;
		default:
			help(argv[0]);
			return opt == 'h' ? 0 : 2;
		}
	}
	ksft_print_header();
	ksft_print_msg("%u requests, --seed %u\n", count, seed);
	srandom(seed);
	err = open_both(&z);
	if (err)
		ksft_exit_fail_msg("setup: %d %s\n", err, z.c.ans.text);
	ksft_set_plan(3);
	err = run(&z, count);
	if (err)
		ksft_print_msg("ended early: no gq can be added: %d %s\n", err,
			       z.c.ans.text);
	report(&z, err);
	traffic_close(&z.traffic);
	ksft_finished();
}
