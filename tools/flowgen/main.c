// SPDX-License-Identifier: GPL-2.0-only
/*
 * Command line of flowgen; see flowgen.h for how its modes work together.
 *
 * The options that a run was made with go to stderr before it starts, so that
 * its log says how to repeat it. Results are one JSON object on stdout.
 */
#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>

#include "flowgen.h"

struct mode {
	const char *name;
	const char *operand;	/* what it is called, NULL: takes none */
	int (*run)(const struct options *o, FILE *out);
};

static const struct mode modes[] = {
	{ "client", "HOST",  client_run },
	{ "server", NULL,    server_run },
	{ "record", "IFACE", record_run },
};

struct command {
	struct options o;
	const struct mode *mode;
};

enum {
	KEY_WARMUP = 0x100,
	KEY_SPREAD,
	KEY_SEED,
	KEY_CC,
};

static const struct argp_option option_list[] = {
	{ "class", 'c', "NxRATE", 0,
	  "N flows that ask for RATE: 500kbit, 2mbit, 1.5gbit or none; may be repeated", 1 },
	{ "port", 'p', "PORT", 0, "TCP port of the first class, the next has the next (5000)", 1 },
	{ "duration", 'd', "SECONDS", 0, "measured time (10); 0: until SIGTERM", 2 },
	{ "warmup", KEY_WARMUP, "SECONDS", 0, "time before that, not measured (1)", 2 },
	{ "spread", KEY_SPREAD, "SECONDS", 0, "client: start the flows within this time (0.5)", 2 },
	{ "seed", KEY_SEED, "N", 0, "client: seed of the start times (1)", 2 },
	{ "congestion", KEY_CC, "NAME", 0, "client: congestion control (the system's)", 2 },
	{ "output", 'o', "FILE", 0, "write the JSON to FILE instead of stdout", 3 },
	{ 0 }
};

static const char doc[] =
	"Send many TCP flows, each paced at a rate of its own, and measure what comes of it.\n"
	"\vModes:\n"
	"  client  opens the flows and keeps them busy; reports TCP_INFO\n"
	"  server  takes them; reports the payload rate that each achieved\n"
	"  record  watches a device; reports how far the gaps between a flow's\n"
	"          packets are from what its rate asks for (needs CAP_NET_RAW)\n"
	"\n"
	"Examples:\n"
	"  flowgen server --class 100x2mbit --class 10xnone > server.json\n"
	"  flowgen client 10.0.0.2 --class 100x2mbit --class 10xnone --seed 7\n"
	"  flowgen record veth1 --class 100x2mbit --class 10xnone --duration 5\n"
	"\n"
	"SIGINT or SIGTERM ends a run early, with a report of what there is.";

int fail(int err, const char *fmt, ...)
{
	va_list ap;

	fputs("flowgen: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, ": %s\n", strerror(err));
	return -err;
}

/* "2mbit" to bits a second; units are decimal, as tc's. */
static int parse_rate(const char *text, uint64_t *bps)
{
	static const struct {
		const char *unit;
		double factor;
	} units[] = {
		{ "bit", 1 }, { "kbit", 1e3 }, { "mbit", 1e6 }, { "gbit", 1e9 },
	};
	double value;
	char *end;
	size_t i;

	*bps = 0;
	if (!strcmp(text, "none"))
		return 0;
	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	value = strtod(text, &end);
	for (i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strcmp(end, units[i].unit))
			continue;
		value *= units[i].factor;
		/* the kernel takes bytes a second and reads all ones as no limit */
		if (!(value >= 8 && value <= 1e15))
			return -ERANGE;
		*bps = value;
		return 0;
	}
	return -EINVAL;
}

static int parse_class(struct options *o, const char *text)
{
	struct flow_class *c = &o->class[o->nr_classes];
	unsigned long flows;
	char *end;

	if (o->nr_classes == MAX_CLASSES)
		return -E2BIG;
	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	flows = strtoul(text, &end, 10);
	if (*end != 'x' || strlen(end + 1) >= sizeof(c->name) || parse_rate(end + 1, &c->rate_bps))
		return -EINVAL;
	if (!flows || flows > MAX_FLOWS - o->nr_flows)
		return -ERANGE;
	memcpy(c->name, end + 1, strlen(end + 1) + 1);
	c->flows = flows;
	o->nr_flows += flows;
	o->nr_classes++;
	return 0;
}

static int parse_seconds(const char *text, uint64_t *ns)
{
	char *end;
	double s = strtod(text, &end);

	if (!isdigit((unsigned char)*text) || *end || !(s <= 86400))
		return -EINVAL;
	*ns = s * NSEC_PER_SEC + 0.5;
	return 0;
}

static int parse_port(const char *text, uint16_t *port)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	if (!isdigit((unsigned char)*text) || *end || !v || v > 65535 - MAX_CLASSES)
		return -EINVAL;
	*port = v;
	return 0;
}

static int parse_seed(const char *text, uint64_t *seed)
{
	char *end;

	errno = 0;
	*seed = strtoull(text, &end, 10);
	return isdigit((unsigned char)*text) && !*end && !errno ? 0 : -EINVAL;
}

static void parse_arg(struct argp_state *state, struct command *c, const char *arg)
{
	size_t i;

	if (c->mode) {
		if (!c->mode->operand || c->o.operand)
			argp_error(state, "too many arguments: '%s'", arg);
		c->o.operand = arg;
		return;
	}
	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (!strcmp(arg, modes[i].name))
			c->mode = &modes[i];
	if (!c->mode)
		argp_error(state, "unknown mode '%s': client, server or record", arg);
}

static void parse_end(struct argp_state *state, const struct command *c)
{
	if (!c->mode)
		argp_error(state, "no mode: client, server or record");
	if (c->mode->operand && !c->o.operand)
		argp_error(state, "%s needs a %s", c->mode->name, c->mode->operand);
	if (!c->o.nr_classes)
		argp_error(state, "no flows: give at least one --class, such as 10x2mbit");
	if (c->mode->run == client_run && !c->o.duration_ns)
		argp_error(state, "a client needs a --duration above 0");
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct command *c = state->input;
	int err = 0;

	switch (key) {
	case 'c':
		err = parse_class(&c->o, arg);
		break;
	case 'p':
		err = parse_port(arg, &c->o.port);
		break;
	case 'd':
		err = parse_seconds(arg, &c->o.duration_ns);
		break;
	case KEY_WARMUP:
		err = parse_seconds(arg, &c->o.warmup_ns);
		break;
	case KEY_SPREAD:
		err = parse_seconds(arg, &c->o.spread_ns);
		break;
	case KEY_SEED:
		err = parse_seed(arg, &c->o.seed);
		break;
	case KEY_CC:
		c->o.cc = arg;
		break;
	case 'o':
		c->o.output = arg;
		break;
	case ARGP_KEY_ARG:
		parse_arg(state, c, arg);
		break;
	case ARGP_KEY_END:
		parse_end(state, c);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	if (err)
		argp_error(state, "bad value '%s': %s; see --help", arg, strerror(-err));
	return 0;
}

static void print_options(const struct command *c)
{
	const struct options *o = &c->o;
	unsigned int i;

	fprintf(stderr, "flowgen %s%s%s --port %u --seed %ju", c->mode->name,
		o->operand ? " " : "", o->operand ?: "", o->port, o->seed);
	fprintf(stderr, " --spread %g --warmup %g --duration %g", o->spread_ns / 1e9,
		o->warmup_ns / 1e9, o->duration_ns / 1e9);
	if (o->cc)
		fprintf(stderr, " --congestion %s", o->cc);
	for (i = 0; i < o->nr_classes; i++)
		fprintf(stderr, " --class %ux%s", o->class[i].flows, o->class[i].name);
	fputc('\n', stderr);
}

static int catch_signals(void)
{
	sigset_t stop;
	int fd;

	sigemptyset(&stop);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGTERM);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	fd = signalfd(-1, &stop, SFD_CLOEXEC);
	return fd < 0 ? fail(errno, "cannot take signals") : fd;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_list, .parser = parse_option, .doc = doc,
		.args_doc = "client HOST\nserver\nrecord IFACE",
	};
	struct command c = {
		.o = {
			.port = 5000, .seed = 1, .spread_ns = NSEC_PER_SEC / 2,
			.warmup_ns = NSEC_PER_SEC, .duration_ns = 10 * NSEC_PER_SEC,
		},
	};
	FILE *out = stdout;
	int err;

	if (argc < 2) {
		argp_help(&argp, stderr, ARGP_HELP_STD_HELP & ~ARGP_HELP_EXIT_OK, "flowgen");
		return EXIT_FAILURE;
	}
	setlinebuf(stderr);
	argp_parse(&argp, argc, argv, 0, NULL, &c);
	print_options(&c);
	c.o.signals = catch_signals();
	if (c.o.signals < 0)
		return EXIT_FAILURE;
	signal(SIGPIPE, SIG_IGN);

	if (c.o.output)
		out = fopen(c.o.output, "w");
	if (!out) {
		fail(errno, "cannot write %s", c.o.output);
		return EXIT_FAILURE;
	}
	err = c.mode->run(&c.o, out);
	if (fclose(out) && !err)
		err = fail(errno, "cannot write %s", c.o.output ?: "the report");
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
