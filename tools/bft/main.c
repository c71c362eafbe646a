// SPDX-License-Identifier: GPL-2.0-only
/*
 * Command line of bracha; bracha.h says which file does what.
 *
 * The options that a run was made with go to stderr before it starts, so that
 * its log says how to repeat it.
 */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "bracha.h"

struct command {
	struct options o;
	const char *id, *config, *messages, *faulty;
	const char *public, *secret;
	const char *keygen, *nodes;
};

enum {
	KEY_NODELAY = 0x100,
	KEY_COMPAT,
	KEY_BYZ,
	KEY_FAULTY,
	KEY_KEYS,
	KEY_SECRET,
	KEY_KEYGEN,
	KEY_NODES,
	KEY_SEED,
	KEY_TIMEOUT,
	KEY_START,
	KEY_LINGER,
	KEY_MEMORY,
};

static const struct argp_option option_list[] = {
	{ "id", 'i', "ID", 0, "this node: the address of line ID of the list, from 0", 1 },
	{ "config", 'c', "FILE", 0, "number of messages, then the nodes' ADDRESS:PORT", 1 },
	{ "messages", 'm', "N", 0, "messages that each node broadcasts (those of the file)", 1 },
	{ "binary", 'b', NULL, 0, "messages of 16 bytes instead of JSON", 2 },
	{ "nodelay", KEY_NODELAY, NULL, 0, "TCP_NODELAY: no waiting for more to send", 2 },
	{ "keys", KEY_KEYS, "FILE", 0, "public keys of all nodes: sign and encrypt", 3 },
	{ "secret", KEY_SECRET, "FILE", 0, "secret key of this node", 3 },
	{ "keygen", KEY_KEYGEN, "DIR", 0, "make DIR/keys and DIR/node-ID.key, and end", 3 },
	{ "nodes", KEY_NODES, "N", 0, "keygen: for how many nodes", 3 },
	{ "byz", KEY_BYZ, "MODE", 0, "be faulty; see below", 4 },
	{ "faulty", KEY_FAULTY, "ID,...", 0, "nodes whose messages nobody waits for", 4 },
	{ "compat", KEY_COMPAT, NULL, 0, "thresholds of the published simulator: f = n / 3", 4 },
	{ "seed", KEY_SEED, "N", 0, "seed of --byz, and of nonces: for tests (0)", 4 },
	{ "timeout", KEY_TIMEOUT, "SECONDS", 0, "give up after this time (0: never)", 5 },
	{ "start", KEY_START, "SECONDS", 0, "start without those missing then (0: never)", 5 },
	{ "linger", KEY_LINGER, "SECONDS", 0, "serve the others, once done, so long (10)", 5 },
	{ "memory", KEY_MEMORY, "MB", 0, "refuse what might take more (1024)", 5 },
	{ "json", 'j', NULL, 0, "report as JSON, without lines for each message", 6 },
	{ "quiet", 'q', NULL, 0, "no lines for each message", 6 },
	{ 0 }
};

static const char doc[] =
	"A node of Bracha's reliable broadcast over TCP: with fewer than a third of the\n"
	"nodes faulty, all correct ones deliver the same messages.\n"
	"\vFaulty modes (--byz):\n"
	"  silent      says nothing\n"
	"  equivocate  tells each half of the nodes something else\n"
	"  selective   the same, and lets a single node deliver early\n"
	"  forge       speaks in the name of others\n"
	"  replay      says everything again\n"
	"  chaos       drops, changes and doubles\n"
	"  garbage     sends what is no message\n"
	"\n"
	"Examples:\n"
	"  bracha --id 0 --config hosts.txt --messages 50 --json\n"
	"  bracha 2 hosts.txt --nodelay\n"
	"  bracha --id 3 --config hosts.txt --faulty 3 --byz equivocate\n"
	"  bracha --keygen keys --nodes 4\n"
	"  bracha 0 hosts.txt --keys keys/keys --secret keys/node-0.key\n"
	"\n"
	"hosts.txt, the same for all, for 50 messages each:\n"
	"  50\n"
	"  10.0.0.1:42512\n"
	"  10.0.0.2:42512\n"
	"  ...\n"
	"\n"
	"SIGINT or SIGTERM ends a run early, with a report of what there is.";

static void tell(const char *fmt, va_list ap)
{
	fputs("bracha: ", stderr);
	vfprintf(stderr, fmt, ap);
}

int fail(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(fmt, ap);
	va_end(ap);
	fprintf(stderr, ": %s\n", strerror(err));
	return -err;
}

void note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

static unsigned long parse_number(struct argp_state *state, const char *what, const char *text,
				  unsigned long max)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || value > max)
		argp_error(state, "%s %s: want a number up to %lu", what, text, max);
	return value;
}

static uint64_t parse_seconds(struct argp_state *state, const char *what, const char *text)
{
	double value;
	char *end;

	value = strtod(text, &end);
	if (end == text || *end || !(value >= 0 && value <= 1e6))
		argp_error(state, "%s %s: want seconds, 0 to 1000000", what, text);
	return value * NSEC_PER_SEC;
}

static int parse_timing(int key, char *arg, struct argp_state *state)
{
	struct options *o = &((struct command *)state->input)->o;

	switch (key) {
	case KEY_TIMEOUT:
		o->timeout_ns = parse_seconds(state, "--timeout", arg);
		return 0;
	case KEY_START:
		o->start_ns = parse_seconds(state, "--start", arg);
		return 0;
	case KEY_LINGER:
		o->linger_ns = parse_seconds(state, "--linger", arg);
		return 0;
	case KEY_MEMORY:
		o->memory_bytes = (uint64_t)parse_number(state, "--memory", arg, 1u << 30) << 20;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int parse_positional(struct command *c, char *arg)
{
	if (!c->id)
		c->id = arg;
	else if (!c->config)
		c->config = arg;
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

static void check_command(struct command *c, struct argp_state *state)
{
	if (c->keygen) {
		if (!c->nodes)
			argp_error(state, "--keygen: for how many nodes? give --nodes");
		c->o.nodes = parse_number(state, "--nodes", c->nodes, RBC_MAX_NODES);
		return;
	}
	if (!c->id || !c->config)
		argp_error(state, "give --id and --config");
	c->o.id = parse_number(state, "--id", c->id, RBC_MAX_NODES - 1);
	if (c->messages)
		c->o.messages = parse_number(state, "--messages", c->messages, RBC_MAX_MESSAGES);
	if (c->messages && !c->o.messages)
		argp_error(state, "--messages: want at least 1");
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct command *c = state->input;
	const struct {
		int key;
		const char **to;
	} strings[] = {
		{ 'i', &c->id }, { 'c', &c->config }, { 'm', &c->messages },
		{ KEY_FAULTY, &c->faulty }, { KEY_KEYS, &c->public }, { KEY_SECRET, &c->secret },
		{ KEY_KEYGEN, &c->keygen }, { KEY_NODES, &c->nodes },
	};
	const struct {
		int key;
		bool *to;
	} flags[] = {
		{ KEY_NODELAY, &c->o.nodelay }, { KEY_COMPAT, &c->o.compat },
		{ 'j', &c->o.json }, { 'q', &c->o.quiet },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(strings); i++)
		if (strings[i].key == key) {
			*strings[i].to = arg;
			return 0;
		}
	for (i = 0; i < ARRAY_SIZE(flags); i++)
		if (flags[i].key == key) {
			*flags[i].to = true;
			return 0;
		}
	switch (key) {
	case 'b':
		c->o.wire = WIRE_BINARY;
		return 0;
	case KEY_BYZ:
		c->o.byz = byz_find(arg);
		if (!c->o.byz)
			argp_error(state, "--byz %s: no such mode; see --help", arg);
		return 0;
	case KEY_SEED:
		c->o.seed = parse_number(state, "--seed", arg, UINT64_MAX);
		c->o.has_seed = true;
		return 0;
	case ARGP_KEY_ARG:
		return parse_positional(c, arg);
	case ARGP_KEY_END:
		if (state->argc == 1)
			argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
		check_command(c, state);
		return 0;
	default:
		return parse_timing(key, arg, state);
	}
}

/* The most that state and logs can take, whatever the others send. */
static int check_memory(const struct options *o)
{
	uint64_t said = (uint64_t)o->messages * (2 * o->nodes + 1) + 2;
	uint64_t logs = said * (o->wire == WIRE_JSON ? MSG_MAX_BYTES : MSG_BINARY_BYTES) * 2;
	uint64_t worst = rbc_worst_bytes(o->nodes, o->messages);

	/* A faulty node has a log for each peer, and up to four messages for one. */
	worst += o->byz ? logs * 4 * o->nodes : logs;
	if (worst <= o->memory_bytes)
		return 0;
	return fail(E2BIG, "%u nodes, %u messages might take %llu MB; fewer, or --memory",
		    o->nodes, o->messages, (unsigned long long)(worst >> 20));
}

static int open_signals(struct options *o)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return fail(errno, "cannot block signals");
	o->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return o->signals < 0 ? fail(errno, "cannot watch signals") : 0;
}

static int prepare(struct command *c)
{
	struct options *o = &c->o;
	int err = config_read(o, c->config, c->messages);

	if (!err && c->faulty)
		err = config_faulty(o, c->faulty);
	if (!err)
		err = keys_load(&o->keys, c->public, c->secret, o->nodes, o->id);
	if (!err)
		err = check_memory(o);
	if (!err)
		err = open_signals(o);
	if (err)
		return err;
	if (o->byz)
		o->faulty[o->id] = true;
	o->keys.seed = o->has_seed ? &o->seed : NULL;
	note("node %u of %u, %u messages, %s%s%s, %s thresholds, seed %llu%s%s", o->id, o->nodes,
	     o->messages, o->wire == WIRE_JSON ? "json" : "binary", o->nodelay ? ", nodelay" : "",
	     o->keys.on ? ", keys" : "", o->compat ? "published" : "Bracha's",
	     (unsigned long long)o->seed, o->byz ? ", faulty: " : "", o->byz ? o->byz->name : "");
	return 0;
}

int main(int argc, char **argv)
{
	static struct command c = {
		.o = { .linger_ns = 10 * NSEC_PER_SEC, .memory_bytes = 1ull << 30, .signals = -1 },
	};
	static const struct argp argp = {
		option_list, parse_option, "[ID CONFIG]", doc, NULL, NULL, NULL
	};
	int err;

	if (sodium_init() < 0) {
		note("libsodium does not start");
		return EXIT_FAILURE;
	}
	argp_parse(&argp, argc, argv, 0, NULL, &c);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (c.keygen) {
		err = keys_make(c.keygen, c.o.nodes);
	} else {
		err = prepare(&c);
		if (!err)
			err = node_run(&c.o, stdout);
		if (c.o.signals >= 0)
			close(c.o.signals);
	}
	sodium_memzero(&c.o.keys, sizeof(c.o.keys));
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
