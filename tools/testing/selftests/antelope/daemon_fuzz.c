// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the daemon reads from others, against anything: for each of ROUNDS texts that
 * were right before some bytes of them were changed, moved, doubled or cut. Expected:
 *
 * 1.	requests of the control socket: refused with one printable line, or all numbers
 *	are within their ranges and all names end
 * 2.	logs: refused with one line, or every record is one that log_check() passes; not
 *	more records than the file has room for
 * 3.	settings: refused, or what is taken is within its ranges, and printed and read
 *	again it is the same
 *
 * Each text lies in a block, or a file, of exactly its size, so that AddressSanitizer
 * sees a byte too many. Options: -n ROUNDS, -s SEED.
 */
#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config.h"
#include "kselftest.h"
#include "log.h"
#include "model_random.h"
#include "request.h"

#define TEXT_MAX	65536

struct text {
	size_t len;
	char at[TEXT_MAX];
};

static uint64_t state = 1;

static uint64_t below(uint64_t n)
{
	return model_draw(&state) % n;
}

/* A part of it is changed, left out, or there twice. */
static void mutate(struct text *t, const char *likely, size_t nr_likely)
{
	size_t at = below(t->len), n = 1 + below(t->len - at > 24 ? 24 : t->len - at);

	switch (below(5)) {
	case 0:
		t->at[at] = below(256);
		break;
	case 1:
		t->at[at] = likely[below(nr_likely)];
		break;
	case 2:
		memmove(t->at + at, t->at + at + n, t->len - at - n);
		t->len -= n;
		break;
	case 3:
		if (t->len + n > TEXT_MAX)
			break;
		memmove(t->at + at + n, t->at + at, t->len - at);
		t->len += n;
		break;
	case 4:
		if (!below(8))
			t->len = at;
		break;
	}
	if (!t->len)
		t->at[t->len++] = '\n';
}

static void mutate_some(struct text *t, const char *likely, size_t nr_likely)
{
	unsigned int n = 1 + below(6);

	while (n--)
		mutate(t, likely, nr_likely);
}

static bool printable(const char *line)
{
	if (!*line)
		return false;
	for (; *line; line++)
		if (!isprint((unsigned char)*line))
			return false;
	return true;
}

static bool request_is_right(const struct request *r)
{
	return r->verb < REQUEST_VERBS && r->limit >= 1 && r->limit <= FLOWS_MAX &&
	       memchr(r->cc, 0, sizeof(r->cc)) && r->for_ns <= 1ull << 62 &&
	       (r->cookie || (r->verb != REQUEST_SET && r->verb != REQUEST_EXPLAIN));
}

static bool try_request(unsigned int *taken)
{
	static const char * const seeds[] = {
		"{\"verb\":\"status\"}", "{\"verb\":\"flows\",\"limit\":20}",
		"{\"verb\":\"explain\",\"cookie\":4711}", "{\"verb\":\"reload\"}",
		"{\"verb\":\"set\",\"cookie\":4711,\"cc\":\"bbr\",\"for_ns\":10000000000}",
		"{\"verb\":\"priors\",\"limit\":1}", "[[[[[[[[1]]]]]]]]",
	};
	static const char likely[] = "{}[]\",:0123456789-+.eE\\u\n \x80\xff";
	const char *seed = seeds[below(ARRAY_SIZE(seeds))];
	char err[REQUEST_ERR] = "", *exact;
	static struct text t;
	struct request r;
	int bad;

	t.len = strlen(seed);
	memcpy(t.at, seed, t.len);
	mutate_some(&t, likely, sizeof(likely));
	exact = malloc(t.len);
	memcpy(exact, t.at, t.len);
	bad = request_parse(&r, exact, t.len, err);
	free(exact);
	*taken += !bad;
	return bad ? printable(err) : request_is_right(&r);
}

static int file_of(const struct text *t, char path[32])
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, t->at, t->len) != (ssize_t)t->len)
		ksft_exit_fail_msg("cannot make a file\n");
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

static void log_text(struct text *t)
{
	struct log_header h = { .magic = LOG_MAGIC, .version = LOG_VERSION,
				.header_bytes = sizeof(h),
				.record_bytes = sizeof(struct antelope_record), .ccs = 3 };
	struct antelope_record r = { .cookie = 1, .why = ANTELOPE_KEPT, .best = 2 };
	unsigned int i, n = below(8);

	snprintf(h.schema, sizeof(h.schema), "%s", model_schema());
	for (i = 0; i < h.ccs; i++)
		snprintf(h.cc[i], sizeof(h.cc[i]), "cc%u", i);
	memcpy(t->at, &h, sizeof(h));
	for (i = 0; i < n; i++)
		memcpy(t->at + sizeof(h) + i * sizeof(r), &r, sizeof(r));
	t->len = sizeof(h) + n * sizeof(r);
}

static bool try_log(unsigned int *taken)
{
	static const char likely[] = { 0, 1, 2, 3, 8, 9, 0x7f, 0x80, 0xff };
	struct antelope_record r;
	struct log_reader *log;
	char err[LOG_ERR] = "", path[32];
	static struct text t;
	int fd, got;
	bool right;

	log_text(&t);
	mutate_some(&t, likely, sizeof(likely));
	fd = file_of(&t, path);
	if (log_open(&log, path, err)) {
		close(fd);
		return *err && !strchr(err, '\n');
	}
	++*taken;
	right = true;
	while ((got = log_next(log, &r, err)) > 0)
		right &= !log_check(&r, log_header(log)->ccs);
	right &= log_records(log) <= t.len / sizeof(r) && (got == 0 || *err);
	log_close(log);
	close(fd);
	return right;
}

static void config_text(const struct config *c, struct text *t)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	config_print(c, f);
	fclose(f);
	if (len > TEXT_MAX / 2)
		ksft_exit_fail_msg("settings of %zu bytes\n", len);
	memcpy(t->at, text, len);
	t->len = len;
	free(text);
}

static bool config_is_right(const struct config *c)
{
	unsigned int i;

	for (i = 0; i < c->nr_pins; i++)
		if (c->pins[i].cc >= c->ccs || c->pins[i].to.prefixlen > 128)
			return false;
	return c->ccs >= 1 && c->ccs <= ANTELOPE_CCS && c->log_size >= 65536 &&
	       c->objective < ANTELOPE_OBJECTIVES && c->explore <= 65536 && c->confirm >= 1 &&
	       c->flows >= 1 && c->window_time >= 1000000 && strlen(c->control) <= 100;
}

/* Read, and read again what is printed of it. */
static bool try_config(unsigned int *taken)
{
	static const char more[] =
		"objectives:\n  - cgroup: web\n    objective: latency\n"
		"pins:\n  - to: \"10.0.0.0/8\"\n    cc: bbr\n"
		"  - to: \"fd00::/64\"\n    cc: cubic\n";
	static const char likely[] = ":-#[]{}\"'0123456789 %&*?|>msKMib/\n\t\x80\xff";
	static struct text t, again;
	struct config c, d;
	char path[32];
	bool right = true;
	int fd;

	config_init(&c);
	config_text(&c, &t);
	memcpy(t.at + t.len, more, sizeof(more) - 1);
	t.len += sizeof(more) - 1;
	mutate_some(&t, likely, sizeof(likely) - 1);
	fd = file_of(&t, path);
	if (!config_load(&c, path)) {
		++*taken;
		right = config_is_right(&c);
		config_text(&c, &t);
		close(fd);
		fd = file_of(&t, path);
		config_init(&d);
		right &= !config_load(&d, path);
		config_text(&d, &again);
		right &= t.len == again.len && !memcmp(t.at, again.at, t.len);
		config_free(&d);
	}
	config_free(&c);
	close(fd);
	return right;
}

static const struct {
	const char *name;
	bool (*try)(unsigned int *taken);
	unsigned int share;	/* of the rounds, one in so many */
} targets[] = {
	{ "requests", try_request, 1 },
	{ "logs", try_log, 2 },
	{ "settings", try_config, 10 },
};

int main(int argc, char **argv)
{
	unsigned int i, n, wrong, taken, rounds = 100000;
	int opt, err;

	while ((opt = getopt(argc, argv, "n:s:")) != -1) {
		if (opt == 'n')
			rounds = strtoul(optarg, NULL, 0);
		else if (opt == 's')
			state = strtoull(optarg, NULL, 0);
		else
			return 2;
	}
	ksft_print_header();
	ksft_set_plan(ARRAY_SIZE(targets));
	/* the reader of settings prints its errors */
	err = dup(STDERR_FILENO);
	if (!freopen("/dev/null", "w", stderr))
		ksft_exit_fail_msg("no /dev/null\n");
	for (i = 0; i < ARRAY_SIZE(targets); i++) {
		wrong = 0;
		taken = 0;
		for (n = 0; n < rounds / targets[i].share; n++)
			wrong += !targets[i].try(&taken);
		ksft_print_msg("%s: %u texts, %u taken, %u wrong\n", targets[i].name, n, taken,
			       wrong);
		/* neither all nor none: the reader is reached */
		ksft_test_result(!wrong && taken && taken < n, "%s\n", targets[i].name);
	}
	fflush(stderr);
	dup2(err, STDERR_FILENO);
	ksft_finished();
}
