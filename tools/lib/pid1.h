/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For PID 1 of a guest, a static program: its words, and a root file system made of
 * the host's.
 */
#ifndef NETSTEER_PID1_H
#define NETSTEER_PID1_H

#define PID1_ATTR(a)	__attribute__((a))

/* Any folder that surely is on the host's root: a tmpfs covers it. */
#define PID1_SCRATCH	"/tmp"

/* Who speaks, such as "lab init": for the program to define. */
extern const char *const pid1_name;

/* To the kernel's log, which the host reads: there is nobody else to tell. */
void pid1_say(const char *fmt, ...) PID1_ATTR(format(printf, 1, 2));

/*
 * The kernel has mounted the host's root, read-only. Over it comes an overlay: what
 * stage() mounts at the folder given to it, or nothing if stage is NULL; then a
 * tmpfs that takes every change. The overlay then takes the place of the root.
 */
int pid1_overlay_root(int (*stage)(const char *at));

/* Of the same name on the file system type; told if it fails. */
int pid1_mount(const char *fs, const char *at, const char *opts);
/*
 * The kernel's own file systems, a private /run, and /root if the host does not let
 * this user have it: nothing of the host's /proc, /sys, /dev or /run shows through.
 */
int pid1_mount_fresh(void);
/* As many open files as a test with many flows needs. */
int pid1_set_limits(void);
/* Set interface lo up. -ENODEV and the like where there is no network. */
int pid1_loopback_up(void);

#endif
