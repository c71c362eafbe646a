// SPDX-License-Identifier: GPL-2.0-only
/*
 * netsim shell: a prompt in a node of a simulated network.
 *
 * WAITING	the run goes to the time that --at asks for; ns_sim_pause_at()
 * STARTING	the node stands there; a shell is started in it
 * PROMPT	all nodes stand still while the user types
 * BUSY		a line runs, and virtual time with it, in all nodes
 * LEAVING	the shell has ended, the run goes to its end
 *
 * The shell in the node is one process that lives as long as the prompt, so that
 * variables and the folder stay. It reads lines as an eval of the line, then a
 * printf of its status behind a byte that hardly anything prints; that ends
 * BUSY. Other nodes may have run up to the horizon further than this one by
 * then, so all go to the same time, one horizon later, before they stand still.
 * It depends on what was typed alone, so a session from a file repeats exactly.
 *
 * Lines come from a terminal, a pipe or a file: the last never makes epoll wait,
 * and is read at once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "units.h"
#include "loop.h"

#define MARK		1
#define LINE_BYTES	16384

static const char help[] =
	"usage: netsim shell [OPTIONS] FILE NODE\n"
	"\n"
	"Simulates FILE, and gives a prompt in NODE. Virtual time stands still at the\n"
	"prompt, and passes in all nodes while a command runs. Commands read no input\n"
	"but /dev/null. Lines may also come from a pipe or a file.\n"
	"\n"
	"  --at TIME             the first prompt, counted from time 0; default 0s\n"
	"  --go-on               after the prompt, simulate to the end of the run;\n"
	"                        otherwise the end of the prompt ends it\n"
	NS_RUN_OPTIONS
	"\n"
	"Leave with exit or Ctrl-D; Ctrl-C ends the run. Status: that of the run when it\n"
	"failed, else that of the shell.\n"
	"\n"
	"examples:\n"
	"  netsim shell pair.yaml a\n"
	"  netsim shell --at 2s dumbbell.yaml r1\n"
	"  echo 'ping -c 1 b' | netsim shell -q --snaplen 0 pair.yaml a\n";

enum state {
	WAITING,
	STARTING,
	PROMPT,
	BUSY,
	LEAVING,
};

static struct shell {
	enum state state;
	struct ns_run run;
	struct ns_source input;
	uint32_t node;
	uint64_t at_ns, now_ns;
	int status;		/* of the last line, then of the shell */
	bool go_on, quiet, terminal, waits, input_ended, in_mark;
	size_t nr_line, nr_mark;
	char line[LINE_BYTES];
	char mark[4];
} shell;

static void show_prompt(void)
{
	uint64_t t = shell.now_ns - shell.run.time0_ns;

	if (!shell.terminal)
		return;
	printf("%s %llu.%09llu> ", shell.run.cfg->nodes[shell.node].name,
	       (unsigned long long)t / 1000000000, (unsigned long long)t % 1000000000);
	fflush(stdout);
}

static void fail(const char *what, int err)
{
	ns_run_fail(&shell.run, "the prompt of node %s: %s: %s",
		    shell.run.cfg->nodes[shell.node].name, what, strerror(-err));
	ns_sim_stop(shell.run.sim, err);
}

static void send_input(const char *p, size_t len)
{
	int err = ns_guests_input(shell.run.guests, shell.node, shell.now_ns, GUEST_SHELL,
				  p, len);

	if (err)
		fail("cannot send a line", err);
}

/* 'LINE' for eval, and what tells that it is done. */
static void send_line(const char *line, size_t len)
{
	char *text = NULL;
	size_t size, i;
	FILE *f = open_memstream(&text, &size);

	if (!f) {
		fail("cannot send a line", -errno);
		return;
	}
	fputs("command eval '", f);
	for (i = 0; i < len; i++) {
		if (line[i] == '\'')
			fputs("'\\''", f);
		else
			fputc(line[i], f);
	}
	fputs("' </dev/null\nnetsim_mark $?\n", f);
	if (fclose(f))
		fail("cannot send a line", -ENOMEM);
	else
		send_input(text, size);
	free(text);
}

/* The status comes behind the mark, and stays that of the line for the next one. */
static void send_preface(void)
{
	char text[96];

	snprintf(text, sizeof(text),
		 "netsim_mark() { printf '\\%03o%%d\\n' \"$1\"; return \"$1\"; }\n", MARK);
	send_input(text, strlen(text));
}

static void run_on(void)
{
	shell.state = BUSY;
	if (shell.waits)
		ns_loop_del(&shell.input);
	shell.waits = false;
	ns_sim_resume(shell.run.sim);
}

/* A whole line, or the rest when nothing follows. Returns whether one was run. */
static bool take_line(void)
{
	char *end = memchr(shell.line, '\n', shell.nr_line);
	size_t len = end ? (size_t)(end - shell.line) : shell.nr_line, used;

	if (!end && !shell.input_ended && shell.nr_line < sizeof(shell.line))
		return false;
	if (!end && shell.input_ended && !shell.nr_line) {
		send_input(NULL, 0);
	} else {
		used = end ? len + 1 : len;
		send_line(shell.line, len);
		shell.nr_line -= used;
		memmove(shell.line, shell.line + used, shell.nr_line);
	}
	run_on();
	return true;
}

static void read_input(void)
{
	ssize_t n = read(STDIN_FILENO, shell.line + shell.nr_line,
			 sizeof(shell.line) - shell.nr_line);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		shell.input_ended = true;
	else
		shell.nr_line += n;
}

static void input_ready(struct ns_source *source, uint32_t events)
{
	(void)source;
	(void)events;
	read_input();
	take_line();
}

/* All nodes stand still: wait for a line, unless one is here. */
static void prompt(void)
{
	int err;

	shell.state = PROMPT;
	show_prompt();
	if (take_line())
		return;
	err = ns_loop_add(&shell.input, STDIN_FILENO, EPOLLIN);
	shell.waits = !err;
	if (!err)
		return;
	/* a file */
	do {
		read_input();
	} while (!take_line());
}

static void on_go(void *arg, uint64_t time0_ns)
{
	(void)arg;
	ns_sim_pause_at(shell.run.sim, time0_ns + shell.at_ns);
}

static void on_paused(void *arg, uint64_t t_ns)
{
	int err;

	(void)arg;
	shell.now_ns = t_ns;
	if (shell.state != WAITING) {
		prompt();
		return;
	}
	shell.state = STARTING;
	err = ns_guests_run(shell.run.guests, shell.node, t_ns, GUEST_SHELL, "exec sh");
	if (err)
		fail("cannot start a shell", err);
	send_preface();
	prompt();
}

/* It was no mark: what was held back is output. */
static void release_mark(void)
{
	putchar(MARK);
	fwrite(shell.mark, 1, shell.nr_mark, stdout);
	shell.in_mark = false;
}

static void line_done(void)
{
	shell.in_mark = false;
	shell.mark[shell.nr_mark] = '\0';
	shell.status = atoi(shell.mark);
	if (shell.state == BUSY)
		ns_sim_pause_at(shell.run.sim,
				ns_guests_heard(shell.run.guests, shell.node) +
				ns_sim_horizon(shell.run.sim));
}

/* What the line printed, until the mark, digits and a newline. */
static void take_output(char c)
{
	bool digit = c >= '0' && c <= '9';

	if (shell.in_mark && digit && shell.nr_mark < sizeof(shell.mark) - 1) {
		shell.mark[shell.nr_mark++] = c;
		return;
	}
	if (shell.in_mark && c == '\n' && shell.nr_mark) {
		line_done();
		return;
	}
	if (shell.in_mark)
		release_mark();
	shell.in_mark = c == MARK;
	shell.nr_mark = 0;
	if (!shell.in_mark)
		putchar(c);
}

static void on_output(void *arg, uint32_t node, uint32_t command, const void *p, size_t len)
{
	const char *in = p;

	(void)arg;
	(void)node;
	(void)command;
	while (len--)
		take_output(*in++);
	fflush(stdout);
}

static void on_exited(void *arg, uint32_t node, uint32_t command, int status, uint64_t at_ns)
{
	(void)arg;
	(void)node;
	(void)command;
	if (shell.state == LEAVING)
		return;
	shell.state = LEAVING;
	shell.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	if (shell.go_on)
		ns_guests_release(shell.run.guests, at_ns);
	else
		ns_guests_off(shell.run.guests, at_ns);
}

/* The stop time, a crash: without its node a prompt is of no use. */
static void on_ended(void *arg, uint32_t node)
{
	(void)arg;
	if (node != shell.node || shell.state == LEAVING)
		return;
	if (!shell.quiet)
		fprintf(stderr, "%s=> node %s has ended\n", shell.terminal ? "\n" : "",
			shell.run.cfg->nodes[node].name);
	if (shell.waits)
		ns_loop_del(&shell.input);
	shell.waits = false;
	shell.state = LEAVING;
	ns_sim_resume(shell.run.sim);
	if (!shell.go_on)
		ns_guests_off(shell.run.guests, ns_sim_now(shell.run.sim));
	else
		ns_guests_release(shell.run.guests, ns_sim_now(shell.run.sim));
}

static const struct ns_run_watch watch = {
	.go = on_go, .paused = on_paused, .output = on_output, .exited = on_exited,
	.ended = on_ended,
};

static int simulate(const struct ns_config *cfg, struct ns_run_options *opt)
{
	int status = EXIT_FAILURE;

	shell.quiet = opt->quiet;
	shell.terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	shell.input.ready = input_ready;
	/* nothing else writes to the terminal */
	opt->quiet = true;
	if (ns_run_open(&shell.run, cfg, opt))
		goto out;
	shell.run.watch = &watch;
	ns_guests_hold(shell.run.guests);
	if (!shell.quiet)
		fprintf(stderr, "=> netsim %s, node %s, seed %llu, folder %s\n", cfg->path,
			cfg->nodes[shell.node].name, (unsigned long long)cfg->seed,
			shell.run.dir);
	if (ns_run_go(&shell.run))
		goto out;
	status = ns_run_status(&shell.run);
	if (!status)
		status = shell.status;
out:
	ns_run_close(&shell.run);
	return status;
}

static int handle(int val, void *arg)
{
	(void)arg;
	if (val == 'g') {
		shell.go_on = true;
		return 0;
	}
	if (!unit_parse(&unit_time, optarg, &shell.at_ns) && shell.at_ns < NS_NEVER / 2)
		return 0;
	fprintf(stderr, "netsim: shell: --at \"%.40s\" is wrong; give %s\n", optarg,
		unit_time.want);
	return -EINVAL;
}

static int find_node(const struct ns_config *cfg, const char *name)
{
	for (shell.node = 0; shell.node < cfg->nr_nodes; shell.node++)
		if (!strcmp(cfg->nodes[shell.node].name, name))
			return 0;
	fprintf(stderr, "netsim: shell: there is no node %.40s; the first of %u is %s\n", name,
		cfg->nr_nodes, cfg->nodes[0].name);
	return -ENOENT;
}

int cmd_shell(int argc, char **argv)
{
	static const struct option more[] = {
		{ "at", required_argument, NULL, 'a' },
		{ "go-on", no_argument, NULL, 'g' },
		{ NULL, 0, NULL, 0 },
	};
	struct ns_run_options opt;
	struct ns_config cfg;
	int status;

	status = ns_run_getopt(argc, argv, &opt, help, NULL, more, handle, NULL);
	if (status)
		return status - 1;
	if (argc - optind != 2) {
		fprintf(stderr, "netsim: shell: which file and node? see netsim shell --help\n");
		return NS_USAGE;
	}
	if (ns_run_config(&cfg, argv[optind], &opt))
		return NS_USAGE;
	status = NS_USAGE;
	if (!find_node(&cfg, argv[optind + 1]))
		status = simulate(&cfg, &opt);
	ns_config_free(&cfg);
	return status;
}
