// SPDX-License-Identifier: GPL-2.0-only
/*
 * The simulator's side of the talk with the nodes' PID 1 (tools/netsim/guest.c),
 * fed with good, bad and random bytes. Built with address and undefined-
 * behaviour sanitizers. Expectations:
 *
 *  1. the node's file has one line for each thing, values escaped
 *  2. GO and OFF go to all nodes for the time of the latest cause plus the
 *     horizon, in whatever order the causes are fed and however bytes are cut
 *  3. time 0 is a whole second, after GO and not before the first second
 *  4. a node's word for its time counts within two horizons, else when it came
 *  5. a message of a wrong phase, length, type or magic ends the node, once, and
 *     nothing of it is heard after that
 *  6. so does output of, or an exit status for, a command that there is not
 *  7. names of files that leave their folder, hide or hold control characters end it
 *  8. a node that goes without saying bye is reported, one that crashes by
 *     configuration or said bye is not
 *  9. without a foreground command the stop time ends the run, not OFF
 * 10. a run that is held for a prompt ends when it is released
 * 11. RANDOM streams, valid ones with random changes, never break 5, or memory
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "config.h"
#include "guest.h"
#include "le.h"

#define HORIZON_NS	20000000ull
#define NS_PER_S	1000000000ull
#define NODES		2
#define RANDOM		30000
#define STREAM_MAX	(3 * 8192)

static struct ns_command commands[] = {
	{ .run = "echo a\\b\ntrue", .start_ns = 5 },
	{ .run = "sleep 9", .background = true },
};

static struct ns_sysctl sysctls[] = { { "net.ipv4.ip_forward", "1" } };
static const char words_said[9] = "\0\0\0\0\0\0\0\0x";
static char *words[] = { "sch_gq", "tc qdisc replace dev eth0 root gq" };

static struct ns_node nodes[NODES] = {
	{
		.name = "alpha", .nr_commands = 2, .commands = commands, .nr_nics = 1,
		.nr_sysctls = 1, .sysctls = sysctls, .nr_modules = 1, .modules = words,
		.nr_setup = 1, .setup = words + 1,
		.nics = { { .mac = { 2, 0, 0, 0, 0, 0xa1 }, .ifname = "eth0",
			    .addr4 = "10.0.0.1/24" } },
	},
	{ .name = "beta", .nr_commands = 1, .commands = commands },
};

static struct ns_config cfg = {
	.seed = 1, .stop_ns = NS_NEVER, .epoch_s = 1000, .nr_nodes = NODES, .nodes = nodes,
};

/* What was heard. */
static struct seen {
	unsigned int nr_sent, nr_failed, nr_files, nr_late;
	unsigned long long bytes;
	uint64_t sent_ns[8], time0_ns, exit_ns;
	uint8_t sent_type[8], sent[8][32];
	bool failed[NODES], stopped;
} seen;

void ns_config_hosts(const struct ns_config *c, const struct ns_node *node, FILE *f)
{
	fprintf(f, "%s knows %u\n", node->name, c->nr_nodes);
}

static int on_send(void *arg, uint32_t node, uint64_t t_ns, const void *p, size_t len)
{
	(void)arg;
	(void)node;
	if (seen.nr_sent < 8) {
		seen.sent_ns[seen.nr_sent] = t_ns;
		seen.sent_type[seen.nr_sent] = ((const uint8_t *)p)[2];
		memcpy(seen.sent[seen.nr_sent], p, len < 32 ? len : 32);
	}
	seen.nr_sent++;
	return 0;
}

static void on_go(void *arg, uint64_t time0_ns)
{
	(void)arg;
	seen.time0_ns = time0_ns;
}

static void on_output(void *arg, uint32_t node, uint32_t command, const void *p, size_t len)
{
	const uint8_t *in = p;

	(void)arg;
	(void)command;
	seen.nr_late += seen.failed[node];
	/* touches every byte, for AddressSanitizer */
	while (len--)
		seen.bytes += *in++ | 1;
}

static void on_exited(void *arg, uint32_t node, uint32_t command, int status,
		      uint64_t at_ns, int stopped)
{
	(void)arg;
	(void)command;
	(void)status;
	seen.nr_late += seen.failed[node];
	seen.exit_ns = at_ns;
	seen.stopped = stopped;
}

static void on_file(void *arg, uint32_t node, const char *path)
{
	(void)arg;
	seen.nr_late += seen.failed[node] || *path == '/' || strstr(path, "..");
	seen.nr_files++;
}

static void on_data(void *arg, uint32_t node, const void *p, size_t len)
{
	on_output(arg, node, 0, p, len);
}

static void on_failed(void *arg, uint32_t node, const char *why)
{
	(void)arg;
	seen.nr_late += seen.failed[node] || !*why;
	seen.failed[node] = true;
	seen.nr_failed++;
}

static const struct ns_guest_ops ops = {
	on_send, on_go, on_output, on_exited, on_file, on_data, on_failed, NULL,
};

static struct ns_guests *begin(void)
{
	struct ns_guests *g = ns_guests_new(&cfg, HORIZON_NS, &ops, NULL);

	memset(&seen, 0, sizeof(seen));
	if (!g)
		ksft_exit_fail_msg("no memory\n");
	return g;
}

static size_t message(uint8_t *to, int type, unsigned int command, const void *p, size_t len)
{
	const uint8_t head[] = { GUEST_MAGIC & 0xff, GUEST_MAGIC >> 8, type, 0,
				 command & 0xff, command >> 8, len & 0xff, len >> 8 };

	memcpy(to, head, sizeof(head));
	if (len)
		memcpy(to + sizeof(head), p, len);
	return sizeof(head) + len;
}

static int say(struct ns_guests *g, uint32_t node, uint64_t t, int type,
	       unsigned int command, const void *p, size_t len)
{
	uint8_t buf[GUEST_MESSAGE];

	return ns_guests_feed(g, node, t, buf, message(buf, type, command, p, len));
}

/* A message that has only its guest's clock, and an exit. */
static int say_time(struct ns_guests *g, uint32_t node, uint64_t t, int type, uint64_t said)
{
	return say(g, node, t, type, 0, &said, sizeof(said));
}

static int say_exit(struct ns_guests *g, uint32_t node, uint64_t t, unsigned int command)
{
	uint8_t p[12] = { 0 };

	return say(g, node, t, GUEST_EXIT, command, p, sizeof(p));
}

static struct ns_guests *begin_running(void)
{
	struct ns_guests *g = begin();

	say_time(g, 0, 0, GUEST_READY, 1000);
	say_time(g, 1, 0, GUEST_READY, 2000);
	return g;
}

static bool test_conf(void)
{
	static const char expected[] =
		"hostname alpha\n"
		"epoch 1000\n"
		"hosts alpha knows 2\\n\n"
		"nic eth0 02:00:00:00:00:a1 10.0.0.1/24 -\n"
		"module sch_gq\n"
		"sysctl net.ipv4.ip_forward 1\n"
		"setup tc qdisc replace dev eth0 root gq\n"
		"command 5 fg echo a\\\\b\\ntrue\n"
		"command 0 bg sleep 9\n";
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	bool ok;

	if (!f || ns_guest_conf(&cfg, 0, f))
		return false;
	fclose(f);
	ok = !strcmp(text, expected);
	if (!ok)
		ksft_print_msg("got:\n%s", text);
	free(text);
	return ok;
}

/* A whole life of both nodes, in one of the two orders, in pieces of `cut` bytes. */
static bool life(unsigned int first, size_t cut)
{
	static const uint64_t ready[] = { 700, 4100 }, done[] = { 3100000000, 3000000000 };
	struct ns_guests *g = begin();
	uint8_t buf[NODES][256];
	size_t len[NODES], k, n, at;
	bool ok = true;
	int stage;

	for (stage = 0; stage < 2; stage++) {
		for (k = 0; k < NODES; k++)
			len[k] = message(buf[k], stage ? GUEST_DONE : GUEST_READY, 0,
					 stage ? &done[k] : &ready[k], 8);
		for (k = 0; k < NODES; k++) {
			uint32_t node = (first + k) % NODES;

			for (at = 0; at < len[node]; at += n) {
				n = len[node] - at < cut ? len[node] - at : cut;
				ok &= !ns_guests_feed(g, node, stage ? done[node] - 99 : 0,
						      buf[node] + at, n);
			}
		}
	}
	ok &= seen.nr_sent == 4 && !seen.nr_failed;
	ok &= seen.sent_type[0] == GUEST_GO && seen.sent_type[1] == GUEST_GO;
	ok &= seen.sent_type[2] == GUEST_OFF && seen.sent_type[3] == GUEST_OFF;
	ok &= seen.sent_ns[0] == 4100 + HORIZON_NS && seen.sent_ns[1] == seen.sent_ns[0];
	ok &= seen.sent_ns[2] == 3100000000 + HORIZON_NS && seen.sent_ns[3] == seen.sent_ns[2];
	ok &= get_le64(seen.sent[0] + 8) == seen.sent_ns[0];
	ok &= get_le64(seen.sent[0] + 16) == seen.time0_ns;
	ok &= ns_guests_time0(g) == seen.time0_ns;
	ns_guests_free(g);
	return ok;
}

static bool test_life(void)
{
	size_t cut;

	for (cut = 1; cut <= 20; cut++)
		if (!life(0, cut) || !life(1, cut))
			return false;
	return true;
}

static bool time0_after(uint64_t ready, uint64_t expected)
{
	struct ns_guests *g = begin();

	say_time(g, 0, ready, GUEST_READY, 0);
	say_time(g, 1, ready, GUEST_READY, 0);
	ns_guests_free(g);
	if (seen.time0_ns == expected)
		return true;
	ksft_print_msg("ready at %llu: time 0 is %llu\n", (unsigned long long)ready,
		       (unsigned long long)seen.time0_ns);
	return false;
}

static bool test_time0(void)
{
	return time0_after(0, NS_PER_S) && time0_after(NS_PER_S - HORIZON_NS - 1, NS_PER_S) &&
	       time0_after(NS_PER_S - HORIZON_NS, 2 * NS_PER_S) &&
	       time0_after(7 * NS_PER_S, 8 * NS_PER_S);
}

/* GO goes for the time that counts plus the horizon. */
static bool ready_counts(uint64_t came, uint64_t said, uint64_t expected)
{
	struct ns_guests *g = begin();

	say_time(g, 0, came, GUEST_READY, said);
	say_time(g, 1, 0, GUEST_READY, 1);
	ns_guests_free(g);
	return seen.sent_ns[0] == expected + HORIZON_NS;
}

static bool test_when(void)
{
	const uint64_t t = 50 * NS_PER_S, slack = 2 * HORIZON_NS;

	return ready_counts(t, 0, t) && ready_counts(t, t + 5, t + 5) &&
	       ready_counts(t, t - slack, t - slack) && ready_counts(t, t + slack, t + slack) &&
	       ready_counts(t, t - slack - 1, t) && ready_counts(t, t + slack + 1, t) &&
	       ready_counts(t, UINT64_MAX, t);
}

/* One bad message, then a good one that must not be heard. */
static bool ends(struct ns_guests *g, const void *p, size_t len)
{
	unsigned long long before = seen.bytes;
	bool ok = ns_guests_feed(g, 0, 0, p, len) == -EPROTO;

	ok &= say(g, 0, 0, GUEST_OUTPUT, 0, words_said, 9) == -EPROTO;
	ok &= seen.nr_failed == 1 && !seen.nr_late && seen.bytes == before;
	ns_guests_free(g);
	return ok;
}

static bool test_protocol(void)
{
	static const struct {
		int type;
		size_t len;
	} bad[] = {
		{ GUEST_READY, 8 }, { GUEST_OUTPUT, 8 }, { GUEST_EXIT, 11 }, { GUEST_EXIT, 13 },
		{ GUEST_FILE, 0 }, { GUEST_FILE, 201 }, { GUEST_DATA, 1 }, { GUEST_DONE, 7 },
		{ GUEST_DONE, 9 }, { GUEST_ERROR, 0 }, { GUEST_BYE, 1 }, { GUEST_GO, 24 },
		{ GUEST_OFF, 0 }, { 0, 0 }, { 9, 0 }, { 255, 0 },
	};
	uint8_t buf[GUEST_MESSAGE], payload[256];
	size_t i;

	memset(payload, 'a', sizeof(payload));
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!ends(begin_running(), buf,
			  message(buf, bad[i].type, 0, payload, bad[i].len))) {
			ksft_print_msg("type %d, length %zu\n", bad[i].type, bad[i].len);
			return false;
		}
	/* the wrong magic, and more than a payload */
	message(buf, GUEST_OUTPUT, 0, words_said, 9);
	buf[0] ^= 1;
	if (!ends(begin_running(), buf, 9))
		return false;
	message(buf, GUEST_OUTPUT, 0, words_said, 9);
	buf[6] = (GUEST_PAYLOAD + 1) & 0xff;
	buf[7] = (GUEST_PAYLOAD + 1) >> 8;
	if (!ends(begin_running(), buf, 8))
		return false;
	/* before it was told to go */
	return ends(begin(), buf, message(buf, GUEST_OUTPUT, 0, words_said, 9));
}

static bool test_commands(void)
{
	struct ns_guests *g = begin_running();
	uint8_t buf[64], p[12] = { 0 };
	bool ok;

	ok = !say(g, 0, 0, GUEST_OUTPUT, 1, words_said, 9) && !say_exit(g, 0, 5, 1);
	ok &= seen.bytes && seen.exit_ns == 5 && !seen.stopped;
	/* it may speak on, but not end twice */
	ok &= !say(g, 0, 0, GUEST_OUTPUT, 1, words_said, 9);
	ok &= ends(g, buf, message(buf, GUEST_EXIT, 1, p, 12));
	ok &= ends(begin_running(), buf, message(buf, GUEST_OUTPUT, 2, words_said, 9));
	ok &= ends(begin_running(), buf, message(buf, GUEST_EXIT, GUEST_SHELL, p, 12));
	/* a prompt's first command is known once it was sent */
	g = begin_running();
	ok &= ns_guests_run(g, 0, 0, GUEST_SHELL + 1, "true") == -EINVAL;
	ok &= !ns_guests_run(g, 0, 0, GUEST_SHELL, "true");
	ok &= !say_exit(g, 0, 5, GUEST_SHELL);
	ok &= ends(g, buf, message(buf, GUEST_EXIT, GUEST_SHELL + 1, p, 12));
	return ok;
}

static bool path_ends(const char *path, size_t len)
{
	uint8_t buf[GUEST_MESSAGE];

	if (ends(begin_running(), buf, message(buf, GUEST_FILE, 0, path, len)) &&
	    !seen.nr_files)
		return true;
	ksft_print_msg("path %s\n", path);
	return false;
}

static bool test_files(void)
{
	static const char * const bad[] = {
		"../x", "/etc/passwd", "a/../b", "a//b", "a/", ".profile", "a/.b", "..", ".",
		"a\nb", "a\033[2Jb", "a b", "a\\b", "\303\244",
	};
	struct ns_guests *g = begin_running();
	bool ok;
	size_t i;

	ok = !say(g, 0, 0, GUEST_FILE, 0, "a/b-1.json", 10) &&
	     !say(g, 0, 0, GUEST_DATA, 0, "x", 1) && seen.nr_files == 1 && seen.bytes;
	ns_guests_free(g);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok &= path_ends(bad[i], strlen(bad[i]));
	ok &= path_ends("a\0b", 3);
	return ok;
}

static bool test_gone(void)
{
	struct ns_guests *g = begin_running();
	bool ok;

	ok = ns_guests_gone(g, 0, 5, 0) == -EPIPE;
	ns_guests_free(g);
	g = begin_running();
	ok &= !ns_guests_gone(g, 0, 7 * NS_PER_S, 1);
	/* the other one is not held up by it */
	ok &= !say_time(g, 1, 0, GUEST_DONE, 0) && seen.nr_sent == 3 &&
	      seen.sent_ns[2] == 7 * NS_PER_S + HORIZON_NS;
	ok &= !say(g, 1, 0, GUEST_BYE, 0, NULL, 0) && !ns_guests_gone(g, 1, 9, 0);
	ns_guests_free(g);
	return ok;
}

static bool test_stop(void)
{
	struct ns_guests *g;
	bool ok;

	commands[0].background = true;
	cfg.stop_ns = 2 * NS_PER_S;
	g = begin_running();
	ok = get_le64(seen.sent[0] + 24) == 2 * NS_PER_S;
	say_time(g, 0, 0, GUEST_DONE, 0);
	say_time(g, 1, 0, GUEST_DONE, 0);
	ok &= seen.nr_sent == 2;
	ok &= !say_exit(g, 0, 3 * NS_PER_S, 1) && seen.stopped;
	ns_guests_free(g);
	commands[0].background = false;
	cfg.stop_ns = NS_NEVER;
	return ok;
}

static bool test_hold(void)
{
	struct ns_guests *g = begin_running();
	bool ok;

	ns_guests_hold(g);
	say_time(g, 0, 0, GUEST_DONE, 5);
	say_time(g, 1, 0, GUEST_DONE, 0);
	ok = seen.nr_sent == 2 && ns_guests_heard(g, 0) == 5;
	ok &= !ns_guests_release(g, 77) && seen.nr_sent == 4;
	ok &= seen.sent_type[3] == GUEST_OFF && seen.sent_ns[3] == 77 + HORIZON_NS;
	ns_guests_free(g);
	return ok;
}

/* Messages that could come, most with lengths that fit. */
static size_t random_stream(uint8_t *to)
{
	static const uint8_t fixed[] = { [GUEST_READY] = 9, [GUEST_EXIT] = 12, [GUEST_DONE] = 8 };
	static const uint8_t common[] = { GUEST_OUTPUT, GUEST_FILE, GUEST_DATA };
	uint8_t payload[GUEST_PAYLOAD];
	size_t len = 0, n, i;

	len += message(to, GUEST_READY, 0, "\0\0\0\0\0\0\0\0r", 9);
	len += message(to + len, GUEST_FILE, 0, "a", 1);
	while (len < STREAM_MAX - 2 * GUEST_MESSAGE) {
		uint32_t type = lot(100) ? common[lot(3)] : 1 + lot(8);

		n = lot(64) ? 1 + lot(64) : GUEST_PAYLOAD;
		if (type < sizeof(fixed) && fixed[type])
			n = fixed[type];
		if (type == GUEST_FILE)
			n = 1 + lot(200);
		if (type == GUEST_OUTPUT && n < 9)
			n = 9;
		for (i = 0; i < n; i++)
			payload[i] = type == GUEST_FILE ? 'a' + lot(26) : lot(256);
		len += message(to + len, type, lot(2), payload, n);
	}
	for (i = lot(4) ? 0 : lot(8); i; i--)
		to[lot(len)] = lot(256);
	return len;
}

static bool test_random(void)
{
	static uint8_t stream[STREAM_MAX];
	unsigned int i, failed = 0;
	size_t len, at, n;

	for (i = 0; i < RANDOM; i++) {
		struct ns_guests *g = begin();
		uint8_t *copy;

		say_time(g, 1, 0, GUEST_READY, 0);
		len = random_stream(stream);
		for (at = 0; at < len; at += n) {
			n = 1 + lot(5000);
			n = n < len - at ? n : len - at;
			/* exactly as long as it says */
			copy = malloc(n);
			memcpy(copy, stream + at, n);
			ns_guests_feed(g, 0, lot(1000), copy, n);
			free(copy);
		}
		ns_guests_gone(g, 0, 0, lot(2));
		failed += seen.nr_failed;
		if (seen.nr_late || seen.nr_failed > 1)
			return false;
		ns_guests_free(g);
	}
	ksft_print_msg("%u of %u streams ended their node\n", failed, RANDOM);
	return failed > RANDOM / 10 && failed < RANDOM;
}

static const struct test_case tests[] = {
	{ test_conf,	 "netsim.conf has every line, values escaped" },
	{ test_life,	 "GO and OFF: latest cause plus horizon, in any order and cut" },
	{ test_time0,	 "time 0 is a whole second after GO" },
	{ test_when,	 "a node's own time counts when it is possible" },
	{ test_protocol, "a message that may not come ends the node, once" },
	{ test_commands, "so does one about a command that there is not" },
	{ test_files,	 "so does a file that is not below its folder" },
	{ test_gone,	 "a node that goes without bye is reported" },
	{ test_stop,	 "without a foreground command the stop time ends the run" },
	{ test_hold,	 "a run that is held ends when it is released" },
	{ test_random,	 "random streams break nothing" },
};

int main(void)
{
	ksft_print_header();
	seed_random();
	run_cases(tests, sizeof(tests) / sizeof(*tests));
	ksft_finished();
}
