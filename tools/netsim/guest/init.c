// SPDX-License-Identifier: GPL-2.0-only
/*
 * PID 1 of a simulated node, static, for a user-mode kernel and for QEMU.
 *
 * SETUP	root, then what GUEST_CONF says; ends with GUEST_READY
 * READY	waits for GUEST_GO, which brings time 0
 * RUNNING	starts commands at their times, passes on what they say and how
 *		they end; GUEST_DONE when nothing in the foreground is left
 * ENDING	after GUEST_OFF or at the stop time: TERM to every process; those
 *		that are still there GRACE_NS later get KILL
 * ENDED	no process is left: files, GUEST_BYE, power off
 *
 * One poll() loop has it all. Time is CLOCK_MONOTONIC, which no command can set;
 * GUEST_GO says where on it time 0 is. A user-mode kernel began at the given
 * epoch, so there CLOCK_REALTIME minus that is the simulator's own clock, to the
 * tick; other guests set their clock by GUEST_GO.
 *
 * What fails before the channel is open goes to the kernel's log, and ending
 * PID 1 panics: the simulator shows the console's last lines.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "init.h"

#define GRACE_NS	NS_PER_S
#define HOSTFS_MAGIC	0x00c0ffee	/* HOSTFS_SUPER_MAGIC of the kernel */

enum state {
	READY,
	RUNNING,
	ENDING,
	ENDED,
};

const char *const pid1_name = "netsim init";
struct boot boot = { .conf = "/" GUEST_CONF, .channel = "/dev/ttyS0" };

static struct {
	enum state state;
	int signals, timer;
	uint64_t time0_ns;	/* on CLOCK_MONOTONIC */
	uint64_t stop_ns;	/* on it too, or UINT64_MAX */
	uint64_t kill_ns;	/* when ENDING gets rough */
	bool told_done;
} life;

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

uint64_t virtual_ns(void)
{
	return boot.hostfs ? clock_ns(CLOCK_REALTIME) - boot.epoch_s * NS_PER_S : 0;
}

int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	size_t len = strlen(text);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, len) != (ssize_t)len)
		err = -errno;
	close(fd);
	return err;
}

/* The words "netsim.KEY=VALUE" of the kernel's command line. */
static int read_cmdline(void)
{
	static const struct {
		const char *key;
		char *to;
		size_t size;
	} words[] = {
		{ "netsim.conf=",	boot.conf,	sizeof(boot.conf) },
		{ "netsim.channel=",	boot.channel,	sizeof(boot.channel) },
		{ "netsim.stage=",	boot.stage,	sizeof(boot.stage) },
	};
	char line[4096], *rest = line, *word;
	struct statfs fs;
	ssize_t n = -1;
	size_t i;
	int fd;

	if (statfs("/", &fs))
		return -errno;
	boot.hostfs = fs.f_type == HOSTFS_MAGIC;
	mkdir("/proc", 0755);
	if (mount("proc", "/proc", "proc", 0, NULL))
		return -errno;
	fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, line, sizeof(line) - 1);
		close(fd);
	}
	if (n < 0)
		return -errno;
	line[n] = '\0';
	while ((word = strsep(&rest, "\n ")))
		for (i = 0; i < sizeof(words) / sizeof(*words); i++)
			if (!strncmp(word, words[i].key, strlen(words[i].key)))
				snprintf(words[i].to, words[i].size, "%s",
					 word + strlen(words[i].key));
	return 0;
}

static int prepare(void)
{
	sigset_t set;

	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", "/root", 1);
	setenv("USER", "root", 1);
	setenv("LOGNAME", "root", 1);
	setenv("LANG", "C.UTF-8", 1);
	unsetenv("TERM");
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	life.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	life.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (life.signals < 0 || life.timer < 0)
		return -errno;
	return pid1_set_limits();
}

static int open_channel(void)
{
	return channel_open(boot.channel);
}

static int set_up(void)
{
	char why[GUEST_PAYLOAD];
	uint8_t ready[8 + sizeof(((struct utsname *)0)->release)];
	struct utsname name;
	int err = run_conf(why, sizeof(why));

	if (err) {
		channel_send(GUEST_ERROR, 0, why, strlen(why));
		return channel_finish() ?: -ECANCELED;
	}
	uname(&name);
	put_le64(ready, virtual_ns());
	memcpy(ready + 8, name.release, strlen(name.release));
	return channel_send(GUEST_READY, 0, ready, 8 + strlen(name.release));
}

/* "now" is what the simulator's clock said when these bytes could be seen. */
static int on_go(const uint8_t *p)
{
	uint64_t now = get_le64(p), time0 = get_le64(p + 8), stop = get_le64(p + 16);
	uint64_t wall = boot.epoch_s * NS_PER_S + now;
	struct timespec t = { wall / NS_PER_S, wall % NS_PER_S };

	if (life.state != READY)
		return -EPROTO;
	if (boot.hostfs)
		now = virtual_ns();
	else if (clock_settime(CLOCK_REALTIME, &t))
		return -errno;
	life.time0_ns = clock_ns(CLOCK_MONOTONIC) + time0 - now;
	life.stop_ns = stop == UINT64_MAX ? stop : life.time0_ns + stop;
	life.state = RUNNING;
	return 0;
}

static void end_all(void)
{
	if (life.state >= ENDING)
		return;
	life.state = ENDING;
	life.kill_ns = clock_ns(CLOCK_MONOTONIC) + GRACE_NS;
	kill(-1, SIGTERM);
	/* a stopped process takes no TERM */
	kill(-1, SIGCONT);
}

static int on_run(unsigned int command, const uint8_t *p, size_t len)
{
	char text[GUEST_PAYLOAD + 1];

	if (command < GUEST_SHELL || life.state != RUNNING)
		return -EPROTO;
	memcpy(text, p, len);
	text[len] = '\0';
	return job_add(command, 0, false, text);
}

static int on_message(enum guest_type type, unsigned int command, const uint8_t *p,
		      size_t len)
{
	switch (type) {
	case GUEST_GO:
		return len == 24 ? on_go(p) : -EPROTO;
	case GUEST_RUN:
		return on_run(command, p, len);
	case GUEST_INPUT:
		return job_input(command, p, len);
	case GUEST_OFF:
		end_all();
		return 0;
	default:
		return -EPROTO;
	}
}

/* Do what is due, and have the timer wait for what is next. */
static int on_time(void)
{
	struct itimerspec when = { { 0, 0 }, { 0, 0 } };
	uint64_t now = clock_ns(CLOCK_MONOTONIC), next = UINT64_MAX;

	if (life.state == RUNNING && now >= life.stop_ns)
		end_all();
	if (life.state == RUNNING && now < life.time0_ns)
		next = life.time0_ns;
	else if (life.state == RUNNING)
		next = jobs_start(now - life.time0_ns);
	if (life.state == RUNNING && now >= life.time0_ns) {
		if (next != UINT64_MAX)
			next += life.time0_ns;
		if (next > life.stop_ns)
			next = life.stop_ns;
	}
	if (life.state == ENDING && now >= life.kill_ns)
		kill(-1, SIGKILL);
	else if (life.state == ENDING)
		next = life.kill_ns;
	if (next != UINT64_MAX) {
		when.it_value.tv_sec = next / NS_PER_S;
		when.it_value.tv_nsec = next % NS_PER_S;
	}
	return timerfd_settime(life.timer, TFD_TIMER_ABSTIME, &when, NULL) ? -errno : 0;
}

static int tell_done(void)
{
	uint8_t p[8];

	if (life.told_done || life.state != RUNNING || !jobs_done())
		return 0;
	life.told_done = true;
	put_le64(p, virtual_ns());
	return channel_send(GUEST_DONE, 0, p, sizeof(p));
}

static void empty(int fd)
{
	uint8_t buf[4096];

	while (read(fd, buf, sizeof(buf)) > 0)
		;
}

/* One turn of the loop: wait, then look at everything. */
static int turn(void)
{
	unsigned int max = 3 + 2 * jobs_nr();
	struct pollfd *p = calloc(max, sizeof(*p));
	unsigned int n;
	int err = 0;

	if (!p)
		return -ENOMEM;
	p[0] = (struct pollfd){ life.signals, POLLIN, 0 };
	p[1] = (struct pollfd){ life.timer, POLLIN, 0 };
	p[2] = (struct pollfd){ channel_fd(), POLLIN | (channel_busy() ? POLLOUT : 0), 0 };
	n = 3 + jobs_poll(p + 3, max - 3);
	if (poll(p, n, -1) < 0 && errno != EINTR)
		err = -errno;
	if (!err && p[2].revents & ~POLLOUT)
		err = channel_pull(on_message);
	free(p);
	empty(life.signals);
	empty(life.timer);
	jobs_relay();
	err = err ?: on_time();
	if (!jobs_reap() && life.state == ENDING)
		life.state = ENDED;
	return err ?: tell_done() ?: channel_push();
}

static int serve(void)
{
	char why[512];
	int err = 0;

	while (!err && life.state != ENDED)
		err = turn();
	if (err)
		return err;
	jobs_cancel();
	jobs_drain();
	if (send_files(why, sizeof(why)))
		channel_send(GUEST_ERROR, 0, why, strlen(why));
	channel_send(GUEST_BYE, 0, NULL, 0);
	return channel_finish();
}

static const struct step {
	int (*run)(void);
	const char *what;
} steps[] = {
	{ read_cmdline,		"read the kernel's command line" },
	{ read_conf,		"read " GUEST_CONF },
	{ build_root,		"build the root file system" },
	{ prepare,		"set up signals, timers and limits" },
	{ open_channel,		"open the channel to the simulator" },
	{ set_up,		"set up the node" },
	{ serve,		"serve the commands" },
};

int main(void)
{
	size_t i;
	int err;

	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		err = steps[i].run();
		if (!err)
			continue;
		/* the simulator was told why, or has gone, or the power goes already */
		if (err == -ECANCELED || err == -EPIPE)
			break;
		pid1_say("cannot %s: %s", steps[i].what, strerror(-err));
		return 1;
	}
	/* After its last word the simulator switches this node off; if not: */
	sleep(1);
	reboot(RB_POWER_OFF);
	/* without ACPI there is no power to switch off; QEMU has -no-reboot */
	reboot(RB_AUTOBOOT);
	return 1;
}
