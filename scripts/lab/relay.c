// SPDX-License-Identifier: GPL-2.0-only
/*
 * PID 1 of a lab guest: the command, on pipes or on a pty, and what is relayed
 * between it and the host until it ends.
 *
 * The loop never blocks on one direction: a host that does not take output still
 * gets its signals through. So at most one frame of output is pending, and the
 * command's own pipes give the back pressure. Input is bounded by the host, which
 * never sends more than INPUT_WINDOW unacknowledged bytes.
 *
 * The input of a user-mode kernel's serial line costs a system call per byte,
 * so the host puts bulk input in GUEST_INPUT, a sparse file that it only ever
 * appends to in whole pages, and sends where to find it: a page is never read
 * twice, so the page cache of the guest can never show old bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "init.h"

/* A stream from the command to the host. */
struct stream {
	int fd;
	int type;
};

struct relay {
	int channel;
	int signals;
	int to_cmd;		/* its standard input, -1 when closed */
	int input_file;		/* GUEST_INPUT, -1 when there is none */
	int pty;		/* the master, -1 without a terminal */
	pid_t pid;
	int status;		/* as wait() has it */
	bool ended, eof;
	struct stream from_cmd[2];
	struct frames rx;
	size_t tx_len, tx_done;	/* the one pending frame to the host */
	__u8 tx[FRAME_HEADER + FRAME_MAX];
	size_t in_len, in_done;	/* input that the command has not taken yet */
	__u32 taken;		/* taken, but not acknowledged yet */
	__u8 in[INPUT_WINDOW];
};

static struct relay relay = {
	.to_cmd = -1, .input_file = -1, .pty = -1,
	.from_cmd = { { -1, FRAME_OUT }, { -1, FRAME_ERR } },
};

int open_channel(void)
{
	struct termios t;
	int fd = open(cmd.channel, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0) {
		pid1_say("cannot open the channel %s: %m", cmd.channel);
		return -errno;
	}
	if (!tcgetattr(fd, &t)) {
		cfmakeraw(&t);
		if (tcsetattr(fd, TCSANOW, &t))
			return -errno;
	}
	relay.channel = fd;
	return 0;
}

/* In the child: run the command, or say why not in the shell's own codes. */
static void run_command(int in, int out, int err)
{
	sigset_t none;
	int code;

	setsid();
	if (relay.pty >= 0)
		ioctl(in, TIOCSCTTY, 0);
	dup2(in, 0);
	dup2(out, 1);
	dup2(err, 2);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (chdir(cmd.cwd)) {
		dprintf(2, "vm: the guest has no folder %s: %m; running in / (see --share)\n",
			cmd.cwd);
		if (chdir("/"))
			_exit(126);
	}
	environ = cmd.env;
	execvp(cmd.argv[0], cmd.argv);
	code = errno == ENOENT ? 127 : 126;
	dprintf(2, "vm: cannot run '%s' in the guest: %m\n", cmd.argv[0]);
	_exit(code);
}

static void set_window(int fd, unsigned int rows, unsigned int cols)
{
	struct winsize w = { .ws_row = rows, .ws_col = cols };

	ioctl(fd, TIOCSWINSZ, &w);
}

static int open_terminal(int child[3])
{
	unsigned int rows, cols, errors;
	int p[2];

	if (sscanf(cmd.tty, "%u %u %u", &rows, &cols, &errors) != 3)
		return -EINVAL;
	if (openpty(&relay.pty, &child[0], NULL, NULL, NULL))
		return -errno;
	fcntl(relay.pty, F_SETFD, FD_CLOEXEC);
	fcntl(child[0], F_SETFD, FD_CLOEXEC);
	set_window(relay.pty, rows, cols);
	child[1] = child[0];
	child[2] = child[0];
	relay.to_cmd = relay.pty;
	relay.from_cmd[0].fd = relay.pty;
	if (errors)
		return 0;
	if (pipe2(p, O_CLOEXEC))
		return -errno;
	relay.from_cmd[1].fd = p[0];
	child[2] = p[1];
	return 0;
}

static int open_pipes(int child[3])
{
	int p[2], i;

	for (i = 0; i < 2; i++) {
		if (pipe2(p, O_CLOEXEC))
			return -errno;
		relay.from_cmd[i].fd = p[0];
		child[1 + i] = p[1];
	}
	if (strcmp(cmd.input, "live")) {
		child[0] = !strcmp(cmd.input, "file") ? relay.input_file :
						       open("/dev/null", O_RDONLY | O_CLOEXEC);
		return child[0] < 0 ? -errno : 0;
	}
	if (pipe2(p, O_CLOEXEC))
		return -errno;
	child[0] = p[0];
	relay.to_cmd = p[1];
	fcntl(relay.to_cmd, F_SETFL, O_NONBLOCK);
	return 0;
}

int start_command(void)
{
	const struct timespec one = { .tv_sec = 1 };
	int child[3], i, err;

	/*
	 * Some programs, like ping(8) of Debian 12, take a clock in its first second for one
	 * that they never read. Where a second costs nothing, the command begins after it.
	 */
	if (cmd.virtual_time)
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &one, NULL);
	err = cmd.tty ? open_terminal(child) : open_pipes(child);
	if (err)
		return err;
	relay.pid = fork();
	if (relay.pid < 0)
		return -errno;
	if (!relay.pid)
		run_command(child[0], child[1], child[2]);
	for (i = 0; i < 3; i++)
		close(child[i]);
	for (i = 0; i < 2; i++)
		if (relay.from_cmd[i].fd >= 0)
			fcntl(relay.from_cmd[i].fd, F_SETFL, O_NONBLOCK);
	return 0;
}

static bool tx_busy(void)
{
	return relay.tx_done < relay.tx_len;
}

static void tx_frame(int type, size_t len)
{
	frame_header(relay.tx, type, len);
	relay.tx_len = FRAME_HEADER + len;
	relay.tx_done = 0;
}

static void tx_u32(int type, __u32 v)
{
	put_le32(relay.tx + FRAME_HEADER, v);
	tx_frame(type, 4);
}

static int tx_push(void)
{
	while (tx_busy()) {
		ssize_t n = write(relay.channel, relay.tx + relay.tx_done,
				  relay.tx_len - relay.tx_done);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		relay.tx_done += n;
	}
	return 0;
}

/* Waits; only for the frames before and after the loop. */
static int tx_finish(void)
{
	struct pollfd p = { .fd = relay.channel, .events = POLLOUT };
	int err = 0;

	while (!err && tx_busy()) {
		poll(&p, 1, -1);
		err = tx_push();
	}
	return err;
}

static void input_push(void)
{
	while (relay.to_cmd >= 0 && relay.in_done < relay.in_len) {
		ssize_t n = write(relay.to_cmd, relay.in + relay.in_done,
				  relay.in_len - relay.in_done);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {
			/* nobody reads: drop it all, but acknowledge, so that the host goes on */
			n = relay.in_len - relay.in_done;
			if (relay.pty < 0) {
				close(relay.to_cmd);
				relay.to_cmd = -1;
			}
		}
		relay.in_done += n;
		relay.taken += n;
	}
	if (relay.to_cmd < 0) {
		relay.taken += relay.in_len - relay.in_done;
		relay.in_done = relay.in_len;
	}
	if (relay.in_done < relay.in_len)
		return;
	relay.in_done = 0;
	relay.in_len = 0;
	if (relay.eof && relay.to_cmd >= 0 && relay.pty < 0) {
		close(relay.to_cmd);
		relay.to_cmd = -1;
	}
}

static __u8 *input_room(__u32 len)
{
	if (relay.in_done) {
		memmove(relay.in, relay.in + relay.in_done, relay.in_len - relay.in_done);
		relay.in_len -= relay.in_done;
		relay.in_done = 0;
	}
	if (len > sizeof(relay.in) - relay.in_len)
		return NULL;
	return relay.in + relay.in_len;
}

static int input_from_file(const __u8 *data)
{
	__u64 offset = get_le32(data) | (__u64)get_le32(data + 4) << 32;
	__u32 len = get_le32(data + 8), done = 0;
	__u8 *to = input_room(len);

	if (!to || relay.input_file < 0)
		return -EPROTO;
	while (done < len) {
		ssize_t n = pread(relay.input_file, to + done, len - done, offset + done);

		if (n <= 0)
			return -EIO;
		done += n;
	}
	posix_fadvise(relay.input_file, offset, len, POSIX_FADV_DONTNEED);
	relay.in_len += len;
	return 0;
}

static int close_stream(int type)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (relay.from_cmd[i].type != type || relay.from_cmd[i].fd < 0)
			continue;
		if (relay.from_cmd[i].fd != relay.pty)
			close(relay.from_cmd[i].fd);
		relay.from_cmd[i].fd = -1;
	}
	return 0;
}

static int on_frame(void *arg, int type, const __u8 *data, __u32 len)
{
	__u8 *to;

	(void)arg;
	switch (type) {
	case FRAME_IN:
		to = input_room(len);
		if (!to)
			return -EPROTO;
		memcpy(to, data, len);
		relay.in_len += len;
		return 0;
	case FRAME_IN_FILE:
		return len == 12 ? input_from_file(data) : -EPROTO;
	case FRAME_EOF:
		relay.eof = true;
		return 0;
	case FRAME_CLOSE:
		return len == 1 ? close_stream(data[0]) : -EPROTO;
	case FRAME_SIGNAL:
		if (len == 1 && !relay.ended)
			kill(-relay.pid, data[0]);
		return 0;
	case FRAME_WINDOW:
		if (len == 4 && relay.pty >= 0)
			set_window(relay.pty, data[0] | data[1] << 8, data[2] | data[3] << 8);
		return 0;
	}
	return -EPROTO;
}

static const char from_host[] = {
	FRAME_IN, FRAME_IN_FILE, FRAME_EOF, FRAME_CLOSE, FRAME_SIGNAL, FRAME_WINDOW, 0
};

static int rx_pull(void)
{
	__u8 buf[16384];
	ssize_t n;

	for (;;) {
		n = read(relay.channel, buf, sizeof(buf));
		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		if (!n)
			return -EPIPE;
		n = frames_feed(&relay.rx, from_host, buf, n, on_frame, NULL);
		if (n)
			return n;
	}
}

/* Returns whether there was something. */
static bool output_pull(struct stream *s)
{
	ssize_t n;

	if (s->fd < 0 || tx_busy())
		return false;
	n = read(s->fd, relay.tx + FRAME_HEADER, FRAME_MAX);
	if (n > 0) {
		tx_frame(s->type, n);
		return true;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	/* a pty says EIO when its last user has gone */
	close_stream(s->type);
	return false;
}

static void reap(void)
{
	struct signalfd_siginfo si;
	pid_t pid;
	int status;

	while (read(relay.signals, &si, sizeof(si)) == sizeof(si))
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != relay.pid)
			continue;
		relay.status = status;
		relay.ended = true;
	}
}

static int relay_once(void)
{
	struct pollfd p[] = {
		{ relay.signals, POLLIN, 0 },
		{ relay.channel, POLLIN | (tx_busy() ? POLLOUT : 0), 0 },
		{ tx_busy() ? -1 : relay.from_cmd[0].fd, POLLIN, 0 },
		{ tx_busy() ? -1 : relay.from_cmd[1].fd, POLLIN, 0 },
		{ relay.in_len ? relay.to_cmd : -1, POLLOUT, 0 },
	};
	int err;

	if (poll(p, sizeof(p) / sizeof(*p), -1) < 0 && errno != EINTR)
		return -errno;
	if (p[0].revents)
		reap();
	if (p[1].revents & ~POLLOUT) {
		err = rx_pull();
		if (err)
			return err;
	}
	input_push();
	if (!tx_busy() && relay.taken) {
		tx_u32(FRAME_ACK, relay.taken);
		relay.taken = 0;
	}
	if (!output_pull(&relay.from_cmd[1]))
		output_pull(&relay.from_cmd[0]);
	return tx_push();
}

/*
 * The command has ended; what it wrote is still in the pipes. Others may hold
 * them open for ever (daemons), so this takes what is there and no more.
 */
static int drain_output(void)
{
	int i, err = tx_finish();

	for (i = 1; i >= 0 && !err; i--)
		while (!err && output_pull(&relay.from_cmd[i]))
			err = tx_finish();
	return err;
}

static void kill_everything(void)
{
	kill(-1, SIGKILL);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	release_shares();
}

int serve(void)
{
	struct timespec now;
	int err, status;

	clock_gettime(CLOCK_BOOTTIME, &now);
	tx_u32(FRAME_READY, now.tv_sec * 1000 + now.tv_nsec / 1000000);
	err = tx_finish();
	while (!err && !relay.ended)
		err = relay_once();
	if (!err)
		err = drain_output();
	kill_everything();
	if (err)
		return err;
	status = WIFSIGNALED(relay.status) ? 128 + WTERMSIG(relay.status) :
					     WEXITSTATUS(relay.status);
	tx_u32(FRAME_EXIT, status);
	err = tx_finish();
	tcdrain(relay.channel);
	return err;
}

/* The files of GUEST_DIR go out of sight with the host's root: keep what is needed. */
int keep_input(void)
{
	if (!strcmp(cmd.input, "file")) {
		relay.input_file = open(GUEST_STDIN, O_RDONLY | O_CLOEXEC);
	} else if (!strcmp(cmd.input, "live") && !access(GUEST_INPUT, R_OK)) {
		relay.input_file = open(GUEST_INPUT, O_RDONLY | O_CLOEXEC);
		posix_fadvise(relay.input_file, 0, 0, POSIX_FADV_RANDOM);
	} else {
		return 0;
	}
	return relay.input_file < 0 ? -errno : 0;
}

int block_signals(void)
{
	sigset_t chld;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	relay.signals = signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK);
	return relay.signals < 0 ? -errno : 0;
}
