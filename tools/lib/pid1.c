// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "pid1.h"

void pid1_say(const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int fd, n;

	n = snprintf(line, sizeof(line), "<3>%s: ", pid1_name);
	va_start(ap, fmt);
	n += vsnprintf(line + n, sizeof(line) - n, fmt, ap);
	va_end(ap);
	if (n > (int)sizeof(line) - 1)
		n = sizeof(line) - 1;
	fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (fd < 0) {
		/* a node of our own: this may still be the /dev of the host's root */
		mknod(PID1_SCRATCH "/kmsg", S_IFCHR | 0600, makedev(1, 11));
		fd = open(PID1_SCRATCH "/kmsg", O_WRONLY | O_CLOEXEC);
	}
	if (fd < 0)
		return;
	if (write(fd, line, n) < 0)
		errno = 0;
	close(fd);
}

/* For the moves at the end see switch_root(8). */
int pid1_overlay_root(int (*stage)(const char *at))
{
	const char *opts = "lowerdir=/,upperdir=" PID1_SCRATCH "/up,workdir=" PID1_SCRATCH
			   "/work";
	int err;

	if (mount("tmpfs", PID1_SCRATCH, "tmpfs", 0, "mode=0755") ||
	    mkdir(PID1_SCRATCH "/up", 0755) || mkdir(PID1_SCRATCH "/work", 0755) ||
	    mkdir(PID1_SCRATCH "/stage", 0755) || mkdir(PID1_SCRATCH "/root", 0755))
		return -errno;
	if (stage) {
		/* a mount of its own: overlayfs refuses a layer inside another */
		err = stage(PID1_SCRATCH "/stage");
		if (err)
			return err;
		opts = "lowerdir=" PID1_SCRATCH "/stage:/,upperdir=" PID1_SCRATCH
		       "/up,workdir=" PID1_SCRATCH "/work";
	}
	if (mount("overlay", PID1_SCRATCH "/root", "overlay", 0, opts)) {
		pid1_say("cannot mount the overlay root: %m");
		return -errno;
	}
	if (chdir(PID1_SCRATCH "/root") || mount(".", "/", NULL, MS_MOVE, NULL) ||
	    chroot(".") || chdir("/"))
		return -errno;
	return 0;
}

int pid1_mount(const char *fs, const char *at, const char *opts)
{
	mkdir(at, 0755);
	if (!mount(fs, at, fs, 0, opts))
		return 0;
	pid1_say("cannot mount %s on %s: %m", fs, at);
	return -errno;
}

static const struct fresh {
	const char *fs, *at;
	bool optional;		/* this kernel may lack it */
	const char *opts;
} fresh[] = {
	{ "proc",	"/proc",		false, NULL },
	{ "sysfs",	"/sys",			false, NULL },
	{ "devtmpfs",	"/dev",			false, "mode=0755" },
	{ "devpts",	"/dev/pts",		true,  "mode=0620,ptmxmode=0666" },
	{ "tmpfs",	"/dev/shm",		false, "mode=1777" },
	{ "mqueue",	"/dev/mqueue",		true,  NULL },
	{ "tmpfs",	"/run",			false, "mode=0755" },
	{ "bpf",	"/sys/fs/bpf",		true,  NULL },
	{ "cgroup2",	"/sys/fs/cgroup",	true,  NULL },
	{ "debugfs",	"/sys/kernel/debug",	true,  NULL },
	{ "tracefs",	"/sys/kernel/tracing",	true,  NULL },
};

static const char *const links[][2] = {
	{ "/proc/self/fd",	"/dev/fd" },
	{ "/proc/self/fd/0",	"/dev/stdin" },
	{ "/proc/self/fd/1",	"/dev/stdout" },
	{ "/proc/self/fd/2",	"/dev/stderr" },
};

static int mount_one(const struct fresh *m)
{
	if (!m->optional)
		return pid1_mount(m->fs, m->at, m->opts);
	mkdir(m->at, 0755);
	mount(m->fs, m->at, m->fs, 0, m->opts);
	return 0;
}

int pid1_mount_fresh(void)
{
	size_t i;
	int err;

	for (i = 0; i < sizeof(fresh) / sizeof(*fresh); i++) {
		err = mount_one(&fresh[i]);
		if (err)
			return err;
	}
	for (i = 0; i < sizeof(links) / sizeof(*links); i++)
		if (symlink(links[i][0], links[i][1]) && errno != EEXIST)
			return -errno;
	mkdir("/run/lock", 01777);
	mkdir("/run/netns", 0755);
	/* sshd's folder for its unprivileged half */
	mkdir("/run/sshd", 0755);
	mkdir("/root", 0700);
	if (!access("/root", R_OK | W_OK | X_OK))
		return 0;
	return pid1_mount("tmpfs", "/root", "mode=0700");
}

int pid1_set_limits(void)
{
	struct rlimit files = { .rlim_cur = 65536, .rlim_max = 65536 };

	return setrlimit(RLIMIT_NOFILE, &files) ? -errno : 0;
}

int pid1_loopback_up(void)
{
	struct ifreq req = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, SIOCSIFFLAGS, &req))
		err = -errno;
	close(fd);
	return err;
}
