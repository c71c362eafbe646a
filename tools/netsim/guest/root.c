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
#include <sys/mount.h>
#include <sys/stat.h>

#include "init.h"

static int mount_stage(const char *at)
{
	if (!mount("none", at, "hostfs", MS_RDONLY, boot.stage))
		return 0;
	pid1_say("cannot mount the stage %s: %m", boot.stage);
	return -errno;
}

int build_root(void)
{
	int err;

	umask(022);
	err = boot.hostfs ? pid1_overlay_root(*boot.stage ? mount_stage : NULL) : 0;
	if (err)
		return err;
	err = pid1_mount_fresh() ?: pid1_mount("tmpfs", "/tmp", "mode=1777") ?:
	      pid1_mount("tmpfs", OUT_DIR, "mode=0755");
	mkdir("/etc", 0755);
	return err;
}
