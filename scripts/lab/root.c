// SPDX-License-Identifier: GPL-2.0-only
/*
 * The root file system that the command of a lab guest sees: the host's, with the
 * stage and a tmpfs over it (tools/lib/pid1.h), and the shared folders mounted in
 * it, which stay writable for real.
 */
#include <errno.h>
#include <fcntl.h>
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

static int mount_stage(const char *at)
{
	if (!mount_host("stage", cmd.stage, at, MS_RDONLY))
		return 0;
	pid1_say("cannot mount the stage %s: %m", cmd.stage);
	return -errno;
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
			pid1_say("cannot share %s: %m", cmd.shares[i]);
			return -errno;
		}
	}
	return 0;
}

int build_root(void)
{
	int err = pid1_overlay_root(cmd.stage ? mount_stage : NULL);

	if (err)
		return err;
	umask(022);
	/* the sandbox made /tmp just now; in virtual time it is as old as the guest */
	utimensat(AT_FDCWD, "/tmp", NULL, 0);
	return pid1_mount_fresh() ?: mount_shares();
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
