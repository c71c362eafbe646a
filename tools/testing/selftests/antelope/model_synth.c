// SPDX-License-Identifier: GPL-2.0-only
/*
 * Logs of a known world. Windows are of one second and 1000 packets at the full rate;
 * each destination has a path of its own, and all flows to it are like it but for
 * noise. A flow keeps what was chosen for one window at least.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "model_synth.h"
#include "score.h"

#define NSEC_PER_SEC	1000000000ull
#define FULL_RATE	1e7		/* bytes/s */
#define MIN_RTT_US	10000

uint64_t synth_draw(uint64_t *state)
{
	/* splitmix64: Steele, Lea, Flood, OOPSLA 2014 */
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

double synth_uniform(uint64_t *state)
{
	return ldexp(synth_draw(state) >> 11, -53);
}

double synth_normal(uint64_t *state)
{
	double r = sqrt(-2 * log(1 - synth_uniform(state)));

	return r * cos(2 * M_PI * synth_uniform(state));
}

void synth_path_draw(struct synth_path *p, uint64_t *state)
{
	p->min_rtt = synth_draw(state) % 4096;
	p->loss = synth_draw(state) % 65536;
	p->lucky = synth_draw(state) & 1;
}

void synth_features(const struct synth_path *p, unsigned int cc, int32_t *x)
{
	memset(x, 0, ANTELOPE_FEATURES * sizeof(*x));
	x[ANTELOPE_F_CC] = cc;
	x[ANTELOPE_F_MIN_RTT] = p->min_rtt;
	x[ANTELOPE_F_LOSS] = p->loss;
}

/* bbr where much is lost, else vegas where the RTT is small, else cubic. */
unsigned int synth_best(const struct synth_path *p)
{
	if (p->loss >= 40000)
		return 0;
	return p->min_rtt < 1500 ? 2 : 1;
}

static double regions_rate(const struct synth_path *p, unsigned int cc)
{
	return cc == synth_best(p) ? 0 : -1;
}

double synth_no_delay(const struct synth_path *p, unsigned int cc)
{
	(void)p;
	(void)cc;
	return 0;
}

double synth_uniform_policy(const struct synth_path *p, unsigned int cc)
{
	(void)p;
	(void)cc;
	return 1.0 / 3;
}

const struct synth synth_regions = {
	.ccs = 3, .cc = { "bbr", "cubic", "vegas" },
	.rate = regions_rate, .delay = synth_no_delay, .policy = synth_uniform_policy,
	.noise = 0.3, .destinations = 60, .flows = 4, .windows = 60, .seed = 7,
};

static unsigned int choose(const struct synth *s, const struct synth_path *p, uint64_t *state)
{
	double lot = synth_uniform(state);
	unsigned int cc;

	for (cc = 0; cc + 1 < s->ccs; cc++) {
		lot -= s->policy(p, cc);
		if (lot < 0)
			break;
	}
	return cc;
}

/* What the window with this CC was like. */
static void earn(const struct synth *s, const struct synth_path *p, unsigned int cc,
		 struct antelope_record *r, uint64_t *state)
{
	double rate = s->rate(p, cc) + s->noise * synth_normal(state);

	r->duration_ns = NSEC_PER_SEC;
	r->bytes = FULL_RATE * exp2(rate - 2);
	r->packets = 1000;
	r->min_rtt_us = MIN_RTT_US;
	r->mean_rtt_us = MIN_RTT_US * exp2(s->delay(p, cc));
	r->flags = ANTELOPE_REWARDED;
}

static void score(const struct synth *s, struct antelope_record *r)
{
	unsigned int i, n;

	r->best = ANTELOPE_NO_CC;
	for (i = 0; i < ANTELOPE_CCS; i++)
		r->score[i] = ANTELOPE_NO_SCORE;
	for (i = 0; s->forest && i < s->ccs; i++) {
		n = r->objective * ANTELOPE_CCS + i;
		if (!s->forest[n].trees)
			continue;
		r->score[i] = score_forest(&s->forest[n], r->x);
		if (r->best == ANTELOPE_NO_CC || r->score[i] > r->score[r->best])
			r->best = i;
	}
}

static int write_flow(const struct synth *s, struct log_writer *log, unsigned int destination,
		      unsigned int flow, const struct synth_path *p, uint64_t *state)
{
	struct antelope_record r = { 0 };
	uint32_t to = htonl(0x0a000000 + (s->one_address ? 0 : destination));
	unsigned int cc = synth_draw(state) % s->ccs, w;
	char err[LOG_ERR];

	r.cookie = destination * 1000 + flow + 1;
	r.remote[10] = 0xff;
	r.remote[11] = 0xff;
	memcpy(&r.remote[12], &to, sizeof(to));
	for (w = 1; w <= s->windows; w++) {
		earn(s, p, s->shuffled ? synth_draw(state) % s->ccs : cc, &r, state);
		r.time_ns = w * NSEC_PER_SEC;
		r.window = w;
		r.cc = cc;
		synth_features(p, cc, r.x);
		score(s, &r);
		r.choice = choose(s, p, state);
		r.propensity = fmin(65535, s->policy(p, r.choice) * 65536);
		r.why = r.choice == cc ? ANTELOPE_KEPT : ANTELOPE_EXPLORED;
		if (w == s->windows)
			r.why = ANTELOPE_CLOSED;
		cc = r.choice;
		if (log_write(log, &r, err)) {
			fprintf(stderr, "%s\n", err);
			return -1;
		}
	}
	return 0;
}

int synth_log(const struct synth *s, const char *path)
{
	struct log_about about = { .ccs = s->ccs, .enabled = (1 << s->ccs) - 1 };
	uint64_t paths = s->seed, state = s->seed ^ 0x5eed;
	struct synth_path p;
	struct log_writer *log;
	char err[LOG_ERR];
	unsigned int i, j;
	int bad;

	for (i = 0; i < s->ccs; i++)
		snprintf(about.cc[i], ANTELOPE_CC_NAME, "%s", s->cc[i]);
	snprintf(about.model, sizeof(about.model), "%s", s->model ?: "");
	bad = log_create(&log, path, UINT64_MAX, 0, &about, err);
	if (bad) {
		fprintf(stderr, "%s\n", err);
		return bad;
	}
	for (i = 0; i < s->destinations && !bad; i++) {
		synth_path_draw(&p, &paths);
		for (j = 0; j < s->flows && !bad; j++)
			bad = write_flow(s, log, i, j, &p, &state);
	}
	bad = bad ?: log_flush(log, err);
	log_finish(log);
	return bad;
}

static int by_flow(const void *a, const void *b)
{
	const struct antelope_record *l = a, *r = b;

	if (l->window != r->window)
		return l->window < r->window ? -1 : 1;
	return l->cookie < r->cookie ? 1 : -1;
}

/* The header stays, and with it the run. */
int synth_mix(const char *from, const char *to)
{
	FILE *in = fopen(from, "re"), *out = fopen(to, "we");
	struct antelope_record *r = NULL;
	struct log_header h;
	size_t n = 0, room = 1 << 16;
	int bad = -EIO;

	if (in && out)
		r = malloc(room * sizeof(*r));
	if (r && fread(&h, sizeof(h), 1, in) == 1 && fwrite(&h, sizeof(h), 1, out) == 1) {
		n = fread(r, sizeof(*r), room, in);
		qsort(r, n, sizeof(*r), by_flow);
		bad = n && fwrite(r, sizeof(*r), n, out) == n ? 0 : -EIO;
	}
	free(r);
	if (in)
		fclose(in);
	if (out && fclose(out))
		bad = -EIO;
	return bad;
}
