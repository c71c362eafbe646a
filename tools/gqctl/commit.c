// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bring the kernel from one set of rules to another.
 *
 * All that can be refused is refused before the first change: a band without a
 * gq, and, by a dry run, whatever nf_tables has against the rules. Then the
 * rules are set as one transaction, then each gq by one request. If one of these
 * fails, what was changed is changed back.
 *
 * The bands of rules for --out --dev DEV go to each gq of DEV, all others to
 * each gq there is: what comes in may leave by any device, or pass an ifb. Only
 * entries of the DSCP map that rules name are touched, and taken back with the
 * last rule that names them, unless someone else has changed them. A gq that has
 * too few bands gets more.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "gqctl.h"

#define LOCK_TRIES	200
#define LOCK_WAIT_NS	50000000

/*
 * Two that change the rules at once would lose one change. An abstract socket
 * belongs to the network namespace, as the rules do, and to no file system; it
 * is gone when the process is.
 */
int lock_rules(void)
{
	static const struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "\0gqctl" };
	const struct timespec wait = { .tv_nsec = LOCK_WAIT_NS };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int i;

	if (fd < 0)
		return fail(errno, "cannot make the lock");
	for (i = 0; i < LOCK_TRIES; i++) {
		if (!bind(fd, (const struct sockaddr *)&name,
			  offsetof(struct sockaddr_un, sun_path) + sizeof("\0gqctl")))
			return 0;
		nanosleep(&wait, NULL);
	}
	close(fd);
	return fail(EBUSY, "another gqctl changes the rules; try again");
}

static bool concerns(const struct rule *r, const struct gq *q)
{
	return r->band != NO_BAND &&
	       (r->dir == DIR_IN || !*r->dev || !strcmp(r->dev, q->dev));
}

/* What @q shall be under @set instead of @old. */
static struct gq plan(const struct gq *q, const struct ruleset *old, const struct ruleset *set)
{
	const struct rule *r;
	struct gq want = *q;
	size_t i;

	for (i = 0; i < old->nr_rules; i++) {
		r = &old->rule[i];
		if (concerns(r, q) && q->dscpmap[r->dscp] == r->band)
			want.dscpmap[r->dscp] = GQ_DSCP_NONE;
	}
	for (i = 0; i < set->nr_rules; i++) {
		r = &set->rule[i];
		if (!concerns(r, q))
			continue;
		want.dscpmap[r->dscp] = r->band;
		if (want.bands <= r->band)
			want.bands = r->band + 1;
		if (r->strict)
			want.strict |= 1 << r->band;
	}
	return want;
}

static int check_bands(const struct ruleset *set, const struct gq_list *list)
{
	const struct rule *r;
	size_t i, k;

	for (i = 0; i < set->nr_rules; i++) {
		r = &set->rule[i];
		if (!r->fresh || r->band == NO_BAND)
			continue;
		for (k = 0; k < list->nr && !concerns(r, &list->gq[k]); k++)
			;
		if (k == list->nr) {
			complain(&r->at,
				 "--band %d: no gq on %s; try tc qdisc replace dev %s root gq",
				 r->band, r->dir == DIR_OUT && *r->dev ? r->dev : "any device",
				 *r->dev ? r->dev : "DEV");
			return -ENODEV;
		}
	}
	return 0;
}

static int check_intakes(const struct ruleset *set)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < set->nr_intakes; i++)
		if (set->intake[i].at.name)
			err = ifb_check(&set->intake[i]);
	return err;
}

static void tell(const struct gq *from, const struct gq *to)
{
	char name[64];
	int i;

	gq_name(from, name, sizeof(name));
	if (from->bands != to->bands)
		fprintf(stderr, "gq of %s: bands %u -> %u\n", name, from->bands, to->bands);
	for (i = 0; i < GQ_BANDS_MAX; i++)
		if ((from->strict ^ to->strict) & 1 << i)
			fprintf(stderr, "gq of %s: band %d strict\n", name, i);
	for (i = 0; i < GQ_DSCPS; i++) {
		if (from->dscpmap[i] == to->dscpmap[i])
			continue;
		fprintf(stderr, "gq of %s: DSCP %s ", name, dscp_name(i));
		if (to->dscpmap[i] == GQ_DSCP_NONE)
			fputs("by the priomap\n", stderr);
		else
			fprintf(stderr, "to band %u\n", to->dscpmap[i]);
	}
}

static bool differs(const struct gq *a, const struct gq *b)
{
	return a->bands != b->bands || a->strict != b->strict ||
	       memcmp(a->dscpmap, b->dscpmap, GQ_DSCPS);
}

/* Set all gqs, or none. */
static int write_bands(const struct ruleset *old, const struct ruleset *set,
		       const struct gq_list *list, const struct settings *s)
{
	struct gq want;
	size_t i;
	int err = 0;

	for (i = 0; i < list->nr; i++) {
		want = plan(&list->gq[i], old, set);
		if (!differs(&list->gq[i], &want))
			continue;
		if (s->verbose)
			tell(&list->gq[i], &want);
		if (s->check)
			continue;
		err = gq_write(&list->gq[i], &want);
		if (err)
			break;
	}
	while (err && i-- > 0) {
		want = plan(&list->gq[i], old, set);
		if (differs(&list->gq[i], &want))
			gq_write(&want, &list->gq[i]);
	}
	return err;
}

int commit(const struct ruleset *old, const struct ruleset *set, const struct settings *s)
{
	const struct settings quiet = { 0 };
	struct ruleset now = *set;
	struct gq_list list;
	int err;

	err = gq_read(&list);
	if (err)
		return err;
	err = check_bands(set, &list);
	if (!err)
		err = check_intakes(set);
	if (!err)
		err = nft_write(old, set, s);
	if (!err) {
		err = write_bands(old, set, &list, s);
		if (err && !s->check) {
			now.inet = set->nr_rules || set->nr_intakes;
			now.netdev = set->nr_intakes;
			if (nft_write(&now, old, &quiet))
				fail(EIO, "and the rules could not be set back; see gqctl show");
		}
	}
	free(list.gq);
	return err;
}
