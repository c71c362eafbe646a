// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host side of the lab: starts a guest (guest.c), relays between the
 * command in it and this process's own standard streams, and reports.
 *
 * One loop over poll() has all events:
 *
 *	channel	  frames of the guest; read only while both outputs are empty,
 *		  so a slow reader of ours slows the command down, not memory
 *	stdin	  read only while the guest lacks input: at most INPUT_WINDOW
 *		  bytes are under way, and one frame waits to be written
 *	stdout, stderr  written without blocking; when a reader goes away, the
 *		  command's end of that stream is closed, so that it sees
 *		  SIGPIPE as it would on the host
 *	console	  the kernel's log, always read (console.c)
 *	signals	  INT, TERM, HUP, QUIT go to the command's process group; a
 *		  second one within two seconds, or any before the command
 *		  runs, ends the guest. WINCH resizes. CHLD: the guest is gone.
 *
 * States: BOOTING until FRAME_READY, RUNNING until FRAME_EXIT, then ENDED; only
 * these frames change the state, since the guest's process may be gone before
 * its last frames are read. From FRAME_EXIT, a kill or the end of the process on
 * there is a deadline; the loop ends at it, or when the process is gone and its
 * pipes are empty.
 * poll() and not a library's loop, so that the lab builds with a compiler
 * alone.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "streams.h"

#define SECOND_SIGNAL_MS	2000
/* Power off takes 20 ms (user-mode) to 1 s (QEMU); then it is stuck. */
#define LEAVE_MS		10000
#define REAP_MS			5000
#define LAST_LINES		20
#define ESCAPE_KEY		0x1d	/* Ctrl-] */
#define INPUT_READ		FRAME_MAX

enum state {
	BOOTING,
	RUNNING,
	ENDED,
};

struct lab {
	struct options opts;
	struct guest guest;
	struct console console;
	enum state state;
	int signals;
	struct frames rx;
	struct sink out[2];
	size_t tx_len, tx_done;
	__u8 tx[2 * (FRAME_HEADER + FRAME_MAX)];
	size_t unacked;
	struct bulk bulk;
	bool input_ended;
	int last_signal;
	long long last_signal_ms;
	long long deadline_ms;	/* 0 until the end has begun */
	bool killed, gone, escape, bad_channel, restarted;
	int status;		/* of the command, -1 until it is known */
	struct termios saved_terminal;
	bool raw_terminal;
};

static struct lab lab = {
	.signals = -1, .status = -1,
	.out = { { .fd = 1, .type = FRAME_OUT }, { .fd = 2, .type = FRAME_ERR } },
};

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

static void terminal_restore(void)
{
	if (lab.raw_terminal)
		tcsetattr(0, TCSADRAIN, &lab.saved_terminal);
	lab.raw_terminal = false;
}

static int terminal_raw(void)
{
	struct termios t;

	if (tcgetattr(0, &lab.saved_terminal))
		return -errno;
	t = lab.saved_terminal;
	cfmakeraw(&t);
	/* our own lines end as usual; the guest's pty has its own discipline */
	t.c_oflag = lab.saved_terminal.c_oflag;
	if (tcsetattr(0, TCSADRAIN, &t))
		return -errno;
	lab.raw_terminal = true;
	return 0;
}

static void kill_guest(void)
{
	if (lab.killed)
		return;
	lab.killed = true;
	lab.deadline_ms = now_ms() + REAP_MS;
	guest_kill(&lab.guest);
}

/* To the guest. The buffer always has room for control frames, see stdin_pull(). */
static void tx_frame(int type, const void *data, size_t len)
{
	if (sizeof(lab.tx) - lab.tx_len < FRAME_HEADER + len)
		return;
	frame_header(lab.tx + lab.tx_len, type, len);
	memcpy(lab.tx + lab.tx_len + FRAME_HEADER, data, len);
	lab.tx_len += FRAME_HEADER + len;
}

static int tx_push(void)
{
	ssize_t n;

	while (lab.tx_done < lab.tx_len) {
		n = write(lab.guest.tx, lab.tx + lab.tx_done, lab.tx_len - lab.tx_done);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n < 0)
			return -errno;
		lab.tx_done += n;
	}
	lab.tx_done = 0;
	lab.tx_len = 0;
	return 0;
}

static void push(struct sink *s)
{
	if (sink_push(s))
		tx_frame(FRAME_CLOSE, &(__u8){ s->type }, 1);
}

static int on_ready(const __u8 *data)
{
	/* a guest that restarts says so twice; its machine must not go round again */
	lab.restarted = lab.state != BOOTING;
	if (lab.restarted)
		return -EPROTO;
	lab.state = RUNNING;
	if (lab.opts.verbose)
		fprintf(stderr, "===> run %s (the guest took %u ms to boot)\n",
			lab.opts.argv[0], get_le32(data));
	return 0;
}

static int on_ack(const __u8 *data)
{
	size_t acked = get_le32(data);

	if (acked > lab.unacked)
		return -EPROTO;
	lab.unacked -= acked;
	if (lab.guest.input_fd >= 0)
		bulk_acked(&lab.bulk, &lab.guest, acked);
	return 0;
}

static int on_exit_status(const __u8 *data)
{
	if (lab.state != RUNNING || get_le32(data) > 255)
		return -EPROTO;
	lab.status = get_le32(data);
	lab.state = ENDED;
	lab.deadline_ms = now_ms() + LEAVE_MS;
	return 0;
}

static int on_frame(void *arg, int type, const __u8 *data, __u32 len)
{
	(void)arg;
	if (type == FRAME_OUT)
		return sink_add(&lab.out[0], data, len);
	if (type == FRAME_ERR)
		return sink_add(&lab.out[1], data, len);
	if (len != 4)
		return -EPROTO;
	if (type == FRAME_READY)
		return on_ready(data);
	if (type == FRAME_ACK)
		return on_ack(data);
	return on_exit_status(data);
}

static const char from_guest[] = {
	FRAME_READY, FRAME_OUT, FRAME_ERR, FRAME_ACK, FRAME_EXIT, 0
};

/* Returns whether there was something. */
static bool channel_pull(void)
{
	__u8 buf[FRAME_MAX];
	ssize_t n;

	if (sink_busy(&lab.out[0]) || sink_busy(&lab.out[1]) || lab.bad_channel)
		return false;
	n = read(lab.guest.rx, buf, sizeof(buf));
	if (n <= 0) {
		lab.gone |= !n;
		return false;
	}
	if (frames_feed(&lab.rx, from_guest, buf, n, on_frame, NULL)) {
		lab.bad_channel = true;
		kill_guest();
		return false;
	}
	push(&lab.out[1]);
	push(&lab.out[0]);
	return true;
}

static bool log_pull(int which, int fd)
{
	char buf[16384];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n > 0)
		console_feed(&lab.console, which, buf, n);
	return n > 0;
}

/* Two escape keys in a row, also across reads. */
static bool escape_typed(const __u8 *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] == ESCAPE_KEY && lab.escape)
			return true;
		lab.escape = p[i] == ESCAPE_KEY;
	}
	return false;
}

static int input_to_file(const __u8 *data, size_t len)
{
	__u8 where[BULK_WHERE];
	int err = bulk_put(&lab.bulk, &lab.guest, data, len, where);

	if (!err)
		tx_frame(FRAME_IN_FILE, where, sizeof(where));
	return err;
}

static bool input_wanted(void)
{
	return lab.state == RUNNING && lab.guest.input == INPUT_LIVE && !lab.input_ended &&
	       !lab.tx_len && !bulk_full(&lab.bulk) &&
	       lab.unacked + INPUT_READ <= INPUT_WINDOW;
}

static void stdin_pull(void)
{
	__u8 buf[INPUT_READ];
	ssize_t n;

	n = read(0, buf, sizeof(buf));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		lab.input_ended = true;
		tx_frame(FRAME_EOF, NULL, 0);
		return;
	}
	if (lab.guest.tty && escape_typed(buf, n)) {
		kill_guest();
		return;
	}
	lab.unacked += n;
	if (lab.guest.input_fd < 0)
		tx_frame(FRAME_IN, buf, n);
	else if (input_to_file(buf, n))
		kill_guest();
}

static void send_window(void)
{
	struct winsize w;
	__u8 size[4];

	if (!lab.guest.tty || ioctl(0, TIOCGWINSZ, &w))
		return;
	size[0] = w.ws_row;
	size[1] = w.ws_row >> 8;
	size[2] = w.ws_col;
	size[3] = w.ws_col >> 8;
	tx_frame(FRAME_WINDOW, size, sizeof(size));
}

static void on_termination(int sig)
{
	long long now = now_ms();
	bool second = lab.last_signal && now - lab.last_signal_ms < SECOND_SIGNAL_MS;

	lab.last_signal = sig;
	lab.last_signal_ms = now;
	if (lab.state != RUNNING || second) {
		kill_guest();
		return;
	}
	tx_frame(FRAME_SIGNAL, &(__u8){ sig }, 1);
}

static void on_child(void)
{
	int status;

	if (!lab.guest.pid || waitpid(lab.guest.pid, &status, WNOHANG) != lab.guest.pid)
		return;
	lab.guest.status = status;
	lab.guest.pid = 0;
	/* its namespace dies with it; the pipes tell when the last process is gone */
	lab.deadline_ms = now_ms() + REAP_MS;
}

static void on_signals(void)
{
	struct signalfd_siginfo si;

	while (read(lab.signals, &si, sizeof(si)) == sizeof(si)) {
		if (si.ssi_signo == SIGWINCH)
			send_window();
		else if (si.ssi_signo == SIGCHLD)
			on_child();
		else
			on_termination(si.ssi_signo);
	}
}

static int block_signals(void)
{
	static const int handled[] = {
		SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGCHLD
	};
	sigset_t set;
	size_t i;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	for (i = 0; i < sizeof(handled) / sizeof(*handled); i++)
		sigaddset(&set, handled[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	lab.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return lab.signals < 0 ? -errno : 0;
}

static int time_left_ms(void)
{
	long long left;

	if (!lab.deadline_ms)
		return -1;
	left = lab.deadline_ms - now_ms();
	return left < 0 ? 0 : left;
}

enum event {
	EV_SIGNALS, EV_CHANNEL, EV_TX, EV_CONSOLE, EV_EARLY, EV_STDIN, EV_STDOUT, EV_STDERR, EV_NR
};

static int relay_once(void)
{
	bool full = sink_busy(&lab.out[0]) || sink_busy(&lab.out[1]);
	struct pollfd p[EV_NR] = {
		[EV_SIGNALS] = { lab.signals, POLLIN, 0 },
		[EV_CHANNEL] = { full || lab.gone ? -1 : lab.guest.rx, POLLIN, 0 },
		[EV_TX] = { lab.tx_len ? lab.guest.tx : -1, POLLOUT, 0 },
		[EV_CONSOLE] = { lab.guest.console, POLLIN, 0 },
		[EV_EARLY] = { lab.guest.early, POLLIN, 0 },
		[EV_STDIN] = { input_wanted() ? 0 : -1, POLLIN, 0 },
		[EV_STDOUT] = { sink_busy(&lab.out[0]) ? lab.out[0].fd : -1, POLLOUT, 0 },
		[EV_STDERR] = { sink_busy(&lab.out[1]) ? lab.out[1].fd : -1, POLLOUT, 0 },
	};

	if (poll(p, EV_NR, time_left_ms()) < 0 && errno != EINTR)
		return -errno;
	if (p[EV_SIGNALS].revents)
		on_signals();
	if (p[EV_CONSOLE].revents && !log_pull(0, lab.guest.console) &&
	    p[EV_CONSOLE].revents & POLLHUP) {
		close(lab.guest.console);
		lab.guest.console = -1;
	}
	if (p[EV_EARLY].revents && !log_pull(1, lab.guest.early) &&
	    p[EV_EARLY].revents & POLLHUP) {
		close(lab.guest.early);
		lab.guest.early = -1;
	}
	if (p[EV_CHANNEL].revents)
		channel_pull();
	if (p[EV_STDIN].revents)
		stdin_pull();
	if (p[EV_STDOUT].revents)
		push(&lab.out[0]);
	if (p[EV_STDERR].revents)
		push(&lab.out[1]);
	/* a guest that is gone takes no input; its end shows elsewhere */
	if (tx_push())
		lab.tx_len = 0;
	return 0;
}

/* The last process that could have written anything has gone. */
static bool all_quiet(void)
{
	return !lab.guest.pid && lab.guest.early < 0 && lab.guest.console < 0 &&
	       !sink_busy(&lab.out[0]) && !sink_busy(&lab.out[1]) && (lab.gone || lab.bad_channel);
}

static int relay(void)
{
	int err;

	for (;;) {
		err = relay_once();
		if (err)
			return err;
		if (all_quiet())
			return 0;
		if (time_left_ms())
			continue;
		if (lab.killed || !lab.guest.pid)
			return 0;
		/* did not power off in time */
		kill_guest();
	}
}

static int end_status(void)
{
	const struct console *c = &lab.console;

	if (c->nr_reports) {
		fflush(c->reports);
		fprintf(stderr, "vm: the guest's kernel reported trouble (%u %s):\n%s",
			c->nr_reports, c->nr_reports == 1 ? "report" : "reports",
			c->reports_text);
		if (lab.status >= 0)
			fprintf(stderr, "vm: the command's own exit status was %d\n", lab.status);
		return STATUS_LAB;
	}
	if (lab.bad_channel) {
		fprintf(stderr, "vm: the guest %s; its last words:\n", lab.restarted ?
			"restarted" : "sent garbage on its channel");
		console_print_last(c, LAST_LINES);
		return STATUS_LAB;
	}
	if (lab.status >= 0)
		return lab.status;
	if (lab.last_signal && lab.killed)
		return 128 + lab.last_signal;
	if (lab.killed)
		return 128 + SIGKILL;
	fprintf(stderr, "vm: the guest ended before its command did; its last words:\n");
	console_print_last(c, LAST_LINES);
	return STATUS_LAB;
}

static int run(void)
{
	int err;

	sink_init(&lab.out[0]);
	sink_init(&lab.out[1]);
	err = block_signals() ?: console_init(&lab.console, lab.opts.verbose);
	if (err)
		return err;
	if (lab.opts.verbose)
		fprintf(stderr, "===> boot %s %s\n", arch_name(lab.opts.arch), lab.opts.kernel);
	err = guest_start(&lab.guest, &lab.opts);
	if (!err && lab.guest.tty)
		err = terminal_raw();
	if (!err)
		err = relay();
	guest_free(&lab.guest);
	console_finish(&lab.console);
	terminal_restore();
	return err;
}

int main(int argc, char **argv)
{
	int err, status;

	if (options_parse(&lab.opts, argc, argv))
		return 2;
	err = run();
	if (err) {
		fprintf(stderr, "vm: cannot run the lab: %s\n", strerror(-err));
		return STATUS_LAB;
	}
	status = end_status();
	console_free(&lab.console);
	free(lab.opts.append);
	return status;
}
