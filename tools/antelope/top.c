// SPDX-License-Identifier: GPL-2.0-only
/*
 * antelope top: the busiest flows, again and again. On a terminal only, since it
 * draws over itself; --once prints one screen anywhere.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "client.h"
#include "cmd.h"
#include "request.h"
#include "say.h"
#include "signals.h"
#include "units.h"

#define LINES_ONCE	20
#define LINES_MIN	4

static const char help[] =
	"usage: antelope top [--interval TIME] [--once [--lines N]] [--json]\n"
	"\n"
	"The flows that move most, with the congestion control that each has and why. Ends\n"
	"with Ctrl-C.\n"
	"\n"
	"  --interval TIME  [1s]\n"
	"  --once           one screen; also when the output is not a terminal\n"
	"  --lines N        flows, at most [20, or what fits]\n"
	CLIENT_HELP
	"\n"
	"examples:\n"
	"  antelope top\n"
	"  antelope top --once --lines 5\n"
	"  antelope top --json | jq '.[].cc'\n";

enum { OPT_INTERVAL = 256, OPT_ONCE, OPT_LINES };

struct top {
	uint64_t interval_ns;
	uint64_t lines;		/* 0: what fits */
	bool once;
};

static int handle(int val, void *arg)
{
	struct top *t = arg;
	uint64_t v;

	switch (val) {
	case OPT_INTERVAL:
		if (!unit_parse(&unit_time, optarg, &v) && v >= 100000000 && v <= 3600000000000) {
			t->interval_ns = v;
			return 0;
		}
		return say_error(EINVAL, "--interval: \"%.40s\" is wrong; give 100ms to 1h",
				 optarg);
	case OPT_LINES:
		if (!unit_parse(&unit_count, optarg, &v) && v && v <= FLOWS_MAX) {
			t->lines = v;
			return 0;
		}
		return say_error(EINVAL, "--lines: \"%.40s\" is wrong; give 1 to %d", optarg,
				 FLOWS_MAX);
	}
	t->once = true;
	return 0;
}

static struct json_object *ask(const struct client_options *o, uint64_t lines)
{
	struct json_object *request = json_object_new_object();

	json_object_object_add(request, "verb", json_object_new_string("flows"));
	json_object_object_add(request, "limit", json_object_new_uint64(lines));
	return client_call(o, request);
}

static void print_flow(struct json_object *f, const char *end)
{
	char rate[CLIENT_SHORT], rtt[CLIENT_SHORT], low[CLIENT_SHORT], age[CLIENT_SHORT];

	printf("%-10llu %-26.26s %-10.10s %-11.11s %8s %7s %7s %5llu %4llu %7.2f %6s%s%s",
	       client_u64(f, "cookie"), client_text(f, "remote"),
	       client_text(f, "cc"), client_text(f, "why"),
	       client_short(client_u64(f, "bytes_per_s"), rate),
	       client_time(1000.0 * client_u64(f, "mean_rtt_us"), rtt),
	       client_time(1000.0 * client_u64(f, "min_rtt_us"), low),
	       client_u64(f, "lost"),
	       client_u64(f, "switches"), client_double(f, "reward"),
	       client_member(f, "age_ns") ? client_time(client_u64(f, "age_ns"), age) : "-",
	       client_bool(f, "override") ? " set" : "", end);
}

/* end: what comes after each line, to clear what was there before. */
static int print_screen(const struct client_options *o, uint64_t lines, const char *end)
{
	struct json_object *list = ask(o, lines);
	size_t i;

	if (!list)
		return -EIO;
	printf("%-10s %-26s %-10s %-11s %8s %7s %7s %5s %4s %7s %6s%s", "COOKIE", "REMOTE", "CC",
	       "WHY", "BYTES/S", "RTT", "LEAST", "LOST", "SW", "REWARD", "AGO", end);
	for (i = 0; i < json_object_array_length(list); i++)
		print_flow(json_object_array_get_idx(list, i), end);
	json_object_put(list);
	return 0;
}

static uint64_t screen_lines(const struct top *t)
{
	struct winsize size = { 0 };

	if (t->lines)
		return t->lines;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_row < LINES_MIN)
		return LINES_ONCE;
	return size.ws_row - 2;
}

/* The other screen of the terminal, which leaves what was there alone. */
static int follow(const struct client_options *o, const struct top *t)
{
	struct pollfd fd = { .events = POLLIN };
	sigset_t set = signals_block();
	int err;

	fd.fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd.fd < 0)
		return say_error(errno, "cannot wait for signals: %s", strerror(errno));
	fputs("\033[?1049h\033[?25l", stdout);
	do {
		fputs("\033[H", stdout);
		err = print_screen(o, screen_lines(t), "\033[K\n");
		fputs("\033[J", stdout);
		fflush(stdout);
	} while (!err && poll(&fd, 1, t->interval_ns / 1000000) == 0);
	fputs("\033[?25h\033[?1049l", stdout);
	fflush(stdout);
	close(fd.fd);
	return err;
}

int cmd_top(int argc, char **argv)
{
	static const struct option more[] = {
		{ "interval", required_argument, NULL, OPT_INTERVAL },
		{ "once", no_argument, NULL, OPT_ONCE },
		{ "lines", required_argument, NULL, OPT_LINES },
		{ 0 }
	};
	struct top t = { .interval_ns = 1000000000 };
	struct client_options o;
	int err = client_getopt(argc, argv, &o, help, more, handle, &t, 0, 0);

	if (err)
		return err - 1;
	if (o.json)
		return client_show(&o, ask(&o, t.lines ? t.lines : FLOWS_MAX), NULL);
	if (t.once || !isatty(STDOUT_FILENO))
		err = print_screen(&o, t.lines ? t.lines : LINES_ONCE, "\n");
	else
		err = follow(&o, &t);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
