// SPDX-License-Identifier: GPL-2.0-only
/*
 * The root file system of a node.
 *
 * A user-mode kernel has the host's root, read-only, through hostfs. Over it comes
 * an overlay: our stage (modules and tools), then a tmpfs that takes every change;
 * so a node needs no image, and leaves nothing but what it puts into /out. Under
 * QEMU the root is an initramfs, already private. Both get fresh kernel file
 * systems, so that nothing of the host's /proc, /sys, /dev or /run shows.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "init.h"

/* Any folder that surely is on the host's root. */
#define SCRATCH		"/tmp"

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
	{ "tmpfs",	"/run",			false, "mode=0755" },
	{ "tmpfs",	"/tmp",			false, "mode=1777" },
	{ "tmpfs",	OUT_DIR,		false, "mode=0755" },
	{ "bpf",	"/sys/fs/bpf",		true,  NULL },
	{ "cgroup2",	"/sys/fs/cgroup",	true,  NULL },
	{ "debugfs",	"/sys/kernel/debug",	true,  NULL },
	{ "tracefs",	"/sys/kernel/tracing",	true,  NULL },
};

static const char * const links[][2] = {
	{ "/proc/self/fd",	"/dev/fd" },
	{ "/proc/self/fd/0",	"/dev/stdin" },
	{ "/proc/self/fd/1",	"/dev/stdout" },
	{ "/proc/self/fd/2",	"/dev/stderr" },
};

static int mount_fresh(void)
{
	size_t i;

	for (i = 0; i < sizeof(fresh) / sizeof(*fresh); i++) {
		const struct fresh *m = &fresh[i];

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
	/* sshd's folder for its unprivileged half */
	mkdir("/run/sshd", 0755);
	return 0;
}

/* The overlay takes the place of the root; see switch_root(8) for the moves. */
static int overlay_root(void)
{
	const char *opts = "lowerdir=/,upperdir=" SCRATCH "/up,workdir=" SCRATCH "/work";

	if (mount("tmpfs", SCRATCH, "tmpfs", 0, "mode=0755") ||
	    mkdir(SCRATCH "/up", 0755) || mkdir(SCRATCH "/work", 0755) ||
	    mkdir(SCRATCH "/stage", 0755) || mkdir(SCRATCH "/root", 0755))
		return -errno;
	if (*boot.stage) {
		/* a mount of its own: overlayfs refuses a layer inside another */
		if (mount("none", SCRATCH "/stage", "hostfs", MS_RDONLY, boot.stage)) {
			say("cannot mount the stage %s: %m", boot.stage);
			return -errno;
		}
		opts = "lowerdir=" SCRATCH "/stage:/,upperdir=" SCRATCH "/up,workdir="
		       SCRATCH "/work";
	}
	if (mount("overlay", SCRATCH "/root", "overlay", 0, opts)) {
		say("cannot mount the overlay root: %m");
		return -errno;
	}
	if (chdir(SCRATCH "/root") || mount(".", "/", NULL, MS_MOVE, NULL) ||
	    chroot(".") || chdir("/"))
		return -errno;
	return 0;
}

int build_root(void)
{
	int err;

	umask(022);
	err = boot.hostfs ? overlay_root() : 0;
	if (err)
		return err;
	err = mount_fresh();
	if (err)
		return err;
	mkdir("/etc", 0755);
	mkdir("/root", 0700);
	/* the host may not let its own user see /root: then it begins empty */
	if (access("/root", R_OK | W_OK | X_OK) &&
	    mount("tmpfs", "/root", "tmpfs", 0, "mode=0700"))
		return -errno;
	return 0;
}
