// SPDX-License-Identifier: GPL-2.0-only
/*
 * The root file system that the command of a lab guest sees.
 *
 * The kernel has mounted the host's root, read-only. Over it comes an overlay:
 * the stage, then a tmpfs that takes every change. The overlay then takes the
 * place of the root, and the guest's own file systems and the shared folders are
 * mounted in it. Nothing of the host's /proc, /sys, /dev or /run shows through.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init.h"

/* The host's folder at path, or the 9p export that run.c names so. */
static int mount_host(const char *tag, const char *path, const char *at, unsigned long flags)
{
	char opts[128];

	if (!strcmp(cmd.fs, "hostfs"))
		return mount("none", at, "hostfs", flags, path);
	snprintf(opts, sizeof(opts), "trans=virtio,version=9p2000.L,msize=512000,cache=%s",
		 flags & MS_RDONLY ? "loose" : "mmap");
	return mount(tag, at, "9p", flags, opts);
}

struct mount {
	const char *fs, *at;
	bool optional;		/* this kernel may lack it */
	const char *opts;
};

static const struct mount mounts[] = {
	{ "proc",	"/proc",		false, NULL },
	{ "sysfs",	"/sys",			false, NULL },
	{ "devtmpfs",	"/dev",			false, "mode=0755" },
	{ "devpts",	"/dev/pts",		false, "mode=0620,ptmxmode=0666" },
	{ "tmpfs",	"/dev/shm",		false, "mode=1777" },
	{ "mqueue",	"/dev/mqueue",		true, NULL },
	{ "tmpfs",	"/run",			false, "mode=0755" },
	{ "bpf",	"/sys/fs/bpf",		true, NULL },
	{ "cgroup2",	"/sys/fs/cgroup",	true, NULL },
	{ "debugfs",	"/sys/kernel/debug",	true, NULL },
	{ "tracefs",	"/sys/kernel/tracing",	true, NULL },
};

static int mount_fresh(void)
{
	static const char * const links[][2] = {
		{ "/proc/self/fd", "/dev/fd" },		{ "/proc/self/fd/0", "/dev/stdin" },
		{ "/proc/self/fd/1", "/dev/stdout" },	{ "/proc/self/fd/2", "/dev/stderr" },
	};
	size_t i;

	for (i = 0; i < sizeof(mounts) / sizeof(*mounts); i++) {
		const struct mount *m = &mounts[i];

		mkdir(m->at, 0755);
		if (!mount(m->fs, m->at, m->fs, 0, m->opts) || m->optional)
			continue;
		say("cannot mount %s on %s: %m", m->fs, m->at);
		return -errno;
	}
	for (i = 0; i < sizeof(links) / sizeof(*links); i++)
		if (symlink(links[i][0], links[i][1]) && errno != EEXIST)
			return -errno;
	mkdir("/run/lock", 01777);
	mkdir("/run/netns", 0755);
	return 0;
}

static int make_dirs(const char *path)
{
	char part[4096];
	size_t i;

	if (strlen(path) >= sizeof(part))
		return -ENAMETOOLONG;
	for (i = 0; path[i]; i++) {
		part[i] = path[i];
		if (!i || (path[i + 1] != '/' && path[i + 1]))
			continue;
		part[i + 1] = '\0';
		if (mkdir(part, 0755) && errno != EEXIST)
			return -errno;
	}
	return 0;
}

static int mount_shares(void)
{
	unsigned int i;
	char tag[16];

	for (i = 0; i < cmd.nr_shares; i++) {
		snprintf(tag, sizeof(tag), "share%u", i);
		if (make_dirs(cmd.shares[i]) ||
		    mount_host(tag, cmd.shares[i], cmd.shares[i], 0)) {
			say("cannot share %s: %m", cmd.shares[i]);
			return -errno;
		}
	}
	return 0;
}

/* HOME is /root, which the host may not let its own user see: then it begins empty. */
static int home(void)
{
	if (!access("/root", R_OK | W_OK | X_OK))
		return 0;
	return mount("tmpfs", "/root", "tmpfs", 0, "mode=0700") ? -errno : 0;
}

/* The overlay takes the place of the root; see switch_root(8) for the moves. */
int build_root(void)
{
	const char *opts = "lowerdir=/,upperdir=" SCRATCH "/up,workdir=" SCRATCH "/work";

	if (mount("tmpfs", SCRATCH, "tmpfs", 0, "mode=0755"))
		return -errno;
	if (mkdir(SCRATCH "/up", 0755) || mkdir(SCRATCH "/work", 0755) ||
	    mkdir(SCRATCH "/stage", 0755) || mkdir(SCRATCH "/root", 0755))
		return -errno;
	if (cmd.stage) {
		/* a mount of its own: overlayfs refuses a layer inside another */
		if (mount_host("stage", cmd.stage, SCRATCH "/stage", MS_RDONLY)) {
			say("cannot mount the stage %s: %m", cmd.stage);
			return -errno;
		}
		opts = "lowerdir=" SCRATCH "/stage:/,upperdir=" SCRATCH "/up,workdir=" SCRATCH
		       "/work";
	}
	if (mount("overlay", SCRATCH "/root", "overlay", 0, opts)) {
		say("cannot mount the overlay root: %m");
		return -errno;
	}
	if (chdir(SCRATCH "/root") || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") ||
	    chdir("/"))
		return -errno;
	umask(022);
	/* the sandbox made /tmp just now; in virtual time it is as old as the guest */
	utimensat(AT_FDCWD, "/tmp", NULL, 0);
	return home() ?: mount_fresh() ?: mount_shares();
}

/* Writes them back. A share that is still in use goes when its user does. */
void release_shares(void)
{
	unsigned int i;

	for (i = cmd.nr_shares; i-- > 0;)
		if (umount(cmd.shares[i]))
			umount2(cmd.shares[i], MNT_DETACH);
	sync();
}
