// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model file's reader against anything. Expected, for each of ROUNDS files which
 * were a model before some bytes, numbers or lines of them were changed:
 *
 * 1.	it is refused with a message, or it is the model that it was
 * 2.	what is taken has numbers in range only, whatever its digest says
 *
 * In every second round the digest is made to fit again, where that can be done, so
 * that the digest protects the reader from nothing. Each text lies in a block of
 * exactly its size, so that AddressSanitizer sees a byte too many. Options: -n
 * ROUNDS, -s SEED.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "kselftest.h"
#include "model_format.h"
#include "model_random.h"

static uint64_t state = 1;

static uint64_t below(uint64_t n)
{
	return model_draw(&state) % n;
}

struct text {
	char *at;
	size_t len;
};

static struct text written(const struct antelope_model *m, const char *digest)
{
	struct text t = { 0 };
	FILE *f = open_memstream(&t.at, &t.len);

	if (!f)
		ksft_exit_fail_msg("no memory\n");
	model_write(f, m, digest);
	fclose(f);
	return t;
}

static void put_byte(struct text *t)
{
	static const char likely[] = "{}[]\",:0123456789-+.eE\\u\n \x80\xff";

	t->at[below(t->len)] = below(2) ? likely[below(sizeof(likely))] : (char)below(256);
}

/* A number becomes another that a reader might not expect. */
static void put_number(struct text *t)
{
	static const char * const odd[] = { "-1", "0", "16", "255", "4294967296", "1e3", "-0",
		"16777217", "-16777217", "9223372036854775808", "NaN", "1.5", "null", "\"1\"" };
	size_t from = below(t->len), to;
	struct text n = { 0 };
	int len;

	while (from < t->len && (t->at[from] < '0' || t->at[from] > '9'))
		from++;
	for (to = from; to < t->len && t->at[to] >= '0' && t->at[to] <= '9';)
		to++;
	len = asprintf(&n.at, "%.*s%s%.*s", (int)from, t->at, odd[below(ARRAY_SIZE(odd))],
		       (int)(t->len - to), t->at + to);
	if (len < 0)
		ksft_exit_fail_msg("no memory\n");
	free(t->at);
	*t = n;
	t->len = len;
}

static void cut(struct text *t)
{
	t->len = below(t->len) + 1;
}

/* A piece goes elsewhere, or stands twice. */
static void move(struct text *t)
{
	size_t n = below(t->len < 200 ? t->len : 200), from = below(t->len - n),
	       to = below(t->len - n);

	memmove(t->at + to, t->at + from, n);
}

static void drop(struct text *t)
{
	size_t n = below(t->len < 50 ? t->len : 50), from = below(t->len - n);

	memmove(t->at + from, t->at + from + n, t->len - from - n);
	t->len -= n;
}

/* A model in which anything may stand, and its true digest. */
static void disturb(struct antelope_model *m)
{
	unsigned int n = below(ANTELOPE_FORESTS);
	struct antelope_forest *f = &m->forest[n];
	struct antelope_tree *t = &f->tree[below(2)];

	switch (below(6)) {
	case 0:
		t->feature[below(ANTELOPE_NODES)] = below(256);
		break;
	case 1:
		t->threshold[below(ANTELOPE_NODES)] = model_draw(&state);
		break;
	case 2:
		t->leaf[below(ANTELOPE_LEAVES)] = model_draw(&state);
		break;
	case 3:
		f->base = model_draw(&state);
		break;
	case 4:
		m->cc[0][0] = 1 + below(127);
		break;
	case 5:
		m->version = below(3);
		break;
	}
}

static bool in_range(const struct antelope_model *m)
{
	const struct antelope_forest *f;
	const struct antelope_tree *t;
	unsigned int i, j, k;

	for (i = 0; i < ANTELOPE_FORESTS; i++) {
		f = &m->forest[i];
		if (f->trees > ANTELOPE_TREES || (f->trees && i % ANTELOPE_CCS >= m->ccs) ||
		    abs(f->base) > MODEL_VALUE_MAX)
			return false;
		for (j = 0; j < f->trees; j++) {
			t = &f->tree[j];
			for (k = 0; k < ANTELOPE_NODES; k++)
				if (t->feature[k] >= ANTELOPE_FEATURES ||
				    abs(t->threshold[k]) > MODEL_VALUE_MAX)
					return false;
			for (k = 0; k < ANTELOPE_LEAVES; k++)
				if (abs(t->leaf[k]) > MODEL_VALUE_MAX)
					return false;
		}
	}
	return m->ccs && m->ccs <= ANTELOPE_CCS && m->version;
}

static struct text make(const struct antelope_model *good, bool fitting)
{
	static void (* const change[])(struct text *t) = {
		put_byte, put_number, cut, move, drop };
	static struct antelope_model m;
	char digest[MODEL_DIGEST];
	unsigned int times;
	struct text t;

	m = *good;
	if (fitting) {
		for (times = 1 + below(3); times; times--)
			disturb(&m);
		if (model_digest(&m, digest))
			ksft_exit_fail_msg("no memory\n");
		return written(&m, digest);
	}
	t = written(&m, m.digest);
	for (times = 1 + below(4); times && t.len > 1; times--)
		change[below(ARRAY_SIZE(change))](&t);
	return t;
}

static bool round_is_good(const struct antelope_model *good, bool fitting, uint64_t *taken)
{
	struct text t = make(good, fitting);
	struct antelope_model *m = NULL;
	char *exact = malloc(t.len), err[MODEL_ERR] = "";
	bool fine;

	memcpy(exact, t.at, t.len);
	if (model_parse(&m, "fuzz", exact, t.len, err)) {
		fine = !m && !strncmp(err, "fuzz: ", 6) && !strchr(err, '\n');
	} else {
		fine = in_range(m) &&
		       (fitting || !memcmp(m->forest, good->forest, sizeof(m->forest)));
		++*taken;
	}
	if (!fine)
		ksft_print_msg("wrong: \"%s\" of %zu bytes\n", err, t.len);
	model_free(m);
	free(exact);
	free(t.at);
	return fine;
}

int main(int argc, char **argv)
{
	uint64_t rounds = 10000, i, taken = 0, wrong = 0;
	static struct antelope_model good;
	int opt;

	while ((opt = getopt(argc, argv, "n:s:h")) != -1) {
		if (opt == 'n')
			rounds = strtoull(optarg, NULL, 0);
		else if (opt == 's')
			state = strtoull(optarg, NULL, 0);
		else
			break;
	}
	if (opt != -1) {
		printf("usage: model_fuzz [-n ROUNDS] [-s SEED]\n"
		       "example: model_fuzz -n 1000000 -s 7\n");
		return opt == 'h' ? 0 : KSFT_FAIL;
	}
	ksft_print_header();
	ksft_set_plan(2);
	ksft_print_msg("%llu rounds, seed %llu\n", (unsigned long long)rounds,
		       (unsigned long long)state);
	model_random(&good, 2, 1, 5);
	memset(&good.forest[1], 0, sizeof(good.forest[1]));
	if (model_digest(&good, good.digest))
		ksft_exit_fail_msg("no memory\n");
	for (i = 0; i < rounds; i++)
		wrong += !round_is_good(&good, i % 2, &taken);
	ksft_test_result(!wrong, "%llu changed models, %llu wrong\n", (unsigned long long)rounds,
			 (unsigned long long)wrong);
	/* else all stop at the first byte, and nothing is tried */
	ksft_test_result(taken > rounds / 50 && taken < rounds * 3 / 4, "%llu were taken\n",
			 (unsigned long long)taken);
	ksft_finished();
}
