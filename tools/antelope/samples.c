// SPDX-License-Identifier: GPL-2.0-only
/*
 * From logs to samples.
 *
 * CCs are numbered by name, whatever numbers the logs gave them; nothing depends on
 * the order in which flows were mixed in a file. Rotated files (FILE.1, FILE.2) are
 * one run with FILE; others are runs of their own, even where the daemon drew the
 * same random number for both, as it does in a lab whose luck is seeded.
 */
#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "samples.h"

#define X_MAX		0x800000	/* exact in libxgboost's floats */

struct run {
	char stem[256];		/* path without the number of a rotated file */
	uint8_t id[16];
};

[[gnu::format(printf, 3, 4)]]
static int refuse(char *err, const char *path, const char *fmt, ...)
{
	char what[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	snprintf(err, MODEL_ERR, "%.255s: %s", path, what);
	return -EINVAL;
}

unsigned int samples_cc(const struct samples *all, const char *name)
{
	unsigned int i;

	for (i = 0; i < all->ccs; i++)
		if (!strncmp(all->cc[i], name, ANTELOPE_CC_NAME))
			return i;
	return ANTELOPE_NO_CC;
}

void samples_free(struct samples *all)
{
	free(all->s);
	memset(all, 0, sizeof(*all));
}

static int digest_file(const char *path, char *digest)
{
	unsigned char hash[(MODEL_DIGEST - 1) / 2], block[65536];
	crypto_generichash_state state;
	FILE *f = fopen(path, "re");
	size_t n;

	if (!f)
		return -errno;
	crypto_generichash_init(&state, NULL, 0, sizeof(hash));
	while ((n = fread(block, 1, sizeof(block), f)))
		crypto_generichash_update(&state, block, n);
	crypto_generichash_final(&state, hash, sizeof(hash));
	sodium_bin2hex(digest, MODEL_DIGEST, hash, sizeof(hash));
	n = ferror(f);
	fclose(f);
	return n ? -EIO : 0;
}

/* The file's name without folders, in what every JSON reader takes. */
static void set_source(struct model_source *to, const char *path)
{
	const char *name = strrchr(path, '/');
	size_t i;

	name = name ? name + 1 : path;
	for (i = 0; name[i] && i < sizeof(to->name) - 1; i++)
		to->name[i] = name[i] >= ' ' && name[i] <= '~' ? name[i] : '?';
	to->name[i] = 0;
}

static int by_name(const void *a, const void *b)
{
	return strncmp(a, b, ANTELOPE_CC_NAME);
}

static int add_names(struct samples *all, const char *path, const struct log_header *h, char *err)
{
	unsigned int i;

	for (i = 0; i < h->ccs; i++) {
		if (samples_cc(all, h->cc[i]) != ANTELOPE_NO_CC)
			continue;
		if (all->ccs == ANTELOPE_CCS)
			return refuse(err, path, "has one CC more than %d; leave it out",
				      ANTELOPE_CCS);
		memcpy(all->cc[all->ccs++], h->cc[i], ANTELOPE_CC_NAME);
	}
	qsort(all->cc, all->ccs, ANTELOPE_CC_NAME, by_name);
	return 0;
}

static uint32_t find_run(struct samples *all, struct run *runs, const char *path,
			 const struct log_header *h)
{
	struct run run = { 0 };
	size_t len = strlen(path), end = len;
	unsigned int i;

	while (end && strchr("0123456789", path[end - 1]))
		end--;
	if (end && end < len && path[end - 1] == '.')
		len = end - 1;
	snprintf(run.stem, sizeof(run.stem), "%.*s", (int)len, path);
	memcpy(run.id, h->run, sizeof(run.id));
	for (i = 0; i < all->runs; i++)
		if (!memcmp(&runs[i], &run, sizeof(run)))
			return i;
	runs[i] = run;
	return all->runs++;
}

static struct sample *new_sample(struct samples *all)
{
	struct sample *s;
	size_t room;

	if (all->n == all->room) {
		room = all->room ? 2 * all->room : 4096;
		s = realloc(all->s, room * sizeof(*s));
		if (!s)
			return NULL;
		all->s = s;
		all->room = room;
	}
	return memset(&all->s[all->n++], 0, sizeof(*s));
}

static bool possible(const struct antelope_record *r)
{
	unsigned int i;

	for (i = 0; i < ANTELOPE_FEATURES; i++)
		if (r->x[i] <= -X_MAX || r->x[i] >= X_MAX)
			return false;
	return r->window < UINT32_MAX && r->duration_ns < UINT64_MAX / 1024;
}

static void fill(struct sample *s, const struct antelope_record *r, const uint8_t *number)
{
	unsigned int i;

	s->cookie = r->cookie;
	s->time_ns = r->time_ns;
	s->window = r->window;
	s->why = r->why;
	s->cc = r->cc < ANTELOPE_CCS ? number[r->cc] : ANTELOPE_NO_CC;
	s->best = r->best < ANTELOPE_CCS ? number[r->best] : ANTELOPE_NO_CC;
	s->choice = r->choice < ANTELOPE_CCS ? number[r->choice] : ANTELOPE_NO_CC;
	s->objective = r->objective;
	s->flags = r->flags;
	s->propensity = r->propensity == 0xffff ? 1 : r->propensity / 65536.0f;
	s->duration_ns = r->duration_ns;
	s->bytes = r->bytes;
	s->packets = r->packets;
	s->lost = r->lost;
	s->mean_rtt_us = r->mean_rtt_us;
	s->min_rtt_us = r->min_rtt_us;
	memcpy(s->remote, r->remote, sizeof(s->remote));
	memcpy(s->x, r->x, sizeof(s->x));
	s->x[ANTELOPE_F_CC] = s->cc == ANTELOPE_NO_CC || !s->window ? ANTELOPE_CCS : s->cc;
	for (i = 0; i < ANTELOPE_CCS; i++)
		s->score[i] = ANTELOPE_NO_SCORE;
	for (i = 0; i < ANTELOPE_CCS; i++)
		if (number[i] != ANTELOPE_NO_CC)
			s->score[number[i]] = r->score[i];
}

static int read_records(struct samples *all, struct log_reader *log, const char *path,
			uint32_t run, char *err)
{
	const struct log_header *h = log_header(log);
	uint8_t number[ANTELOPE_CCS], enabled = 0;
	struct antelope_record r;
	struct sample *s;
	unsigned int i;
	int got;

	for (i = 0; i < ANTELOPE_CCS; i++) {
		number[i] = i < h->ccs ? samples_cc(all, h->cc[i]) : ANTELOPE_NO_CC;
		if (i < h->ccs && h->enabled & 1 << i)
			enabled |= 1 << number[i];
	}
	while ((got = log_next(log, &r, err)) == 1) {
		if (!possible(&r))
			return refuse(err, path, "record %llu is damaged; leave the file out",
				      (unsigned long long)log_records(log));
		s = new_sample(all);
		if (!s)
			return refuse(err, path, "no memory for its records; read fewer logs");
		fill(s, &r, number);
		s->run = run;
		s->enabled = enabled;
		s->file = all->files;
	}
	all->cut += !!log_cut(log);
	all->source[all->files].records = log_records(log);
	return got;
}

static int order(const void *left, const void *right)
{
	const struct sample *a = left, *b = right;

	if (a->run != b->run)
		return a->run < b->run ? -1 : 1;
	if (a->cookie != b->cookie)
		return a->cookie < b->cookie ? -1 : 1;
	if (a->window != b->window)
		return a->window < b->window ? -1 : 1;
	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns ? -1 : 1;
	return 0;
}

/* Flows of a run to one destination are told by the run and the address. */
static int by_destination(const void *left, const void *right)
{
	const struct sample *a = *(struct sample * const *)left;
	const struct sample *b = *(struct sample * const *)right;

	if (a->run != b->run)
		return a->run < b->run ? -1 : 1;
	return memcmp(a->remote, b->remote, sizeof(a->remote));
}

static int number_groups(struct samples *all)
{
	struct sample **p = malloc((all->n ?: 1) * sizeof(*p));
	size_t i;

	if (!p)
		return -ENOMEM;
	for (i = 0; i < all->n; i++)
		p[i] = &all->s[i];
	qsort(p, all->n, sizeof(*p), by_destination);
	for (i = 0; i < all->n; i++) {
		if (i && by_destination(&p[i - 1], &p[i]))
			all->groups++;
		p[i]->group = all->groups;
	}
	all->groups += !!all->n;
	free(p);
	return 0;
}

static int finish(struct samples *all, const struct judgement *by)
{
	size_t i;

	qsort(all->s, all->n, sizeof(*all->s), order);
	for (i = 0; i < all->n; i++) {
		if (i && (all->s[i - 1].run != all->s[i].run ||
			  all->s[i - 1].cookie != all->s[i].cookie))
			all->flows++;
		all->s[i].flow = all->flows;
	}
	all->flows += !!all->n;
	return number_groups(all) ?: samples_earn(all, by);
}

static int read_log(struct samples *all, struct run *runs, const char *path, bool names,
		    char *err)
{
	struct log_reader *log;
	int bad;

	bad = log_open(&log, path, err);
	if (bad)
		return bad;
	if (names) {
		bad = add_names(all, path, log_header(log), err);
		goto close;
	}
	set_source(&all->source[all->files], path);
	snprintf(all->model[all->files], MODEL_DIGEST, "%.64s", log_header(log)->model);
	bad = digest_file(path, all->source[all->files].digest);
	if (bad)
		refuse(err, path, "cannot be read: %s", strerror(-bad));
	else
		bad = read_records(all, log, path, find_run(all, runs, path, log_header(log)),
				   err);
	all->files++;
close:
	log_close(log);
	return bad;
}

int samples_read(struct samples *all, char * const *path, unsigned int paths,
		 const struct judgement *by, char *err)
{
	struct run *runs;
	unsigned int i;
	int bad = 0;

	memset(all, 0, sizeof(*all));
	if (paths > MODEL_SOURCES)
		return refuse(err, path[MODEL_SOURCES], "is one log too many; give %d at most",
			      MODEL_SOURCES);
	runs = calloc(paths ?: 1, sizeof(*runs));
	if (!runs)
		return refuse(err, "logs", "no memory");
	/* names first: numbers of CCs are those of the sorted names of all */
	for (i = 0; i < paths && !bad; i++)
		bad = read_log(all, runs, path[i], true, err);
	for (i = 0; i < paths && !bad; i++)
		bad = read_log(all, runs, path[i], false, err);
	if (!bad && finish(all, by))
		bad = refuse(err, "logs", "no memory for %zu records; read fewer", all->n);
	free(runs);
	return bad;
}
