// SPDX-License-Identifier: GPL-2.0-only
/*
 * PID 1 of a lab guest.
 *
 * The kernel starts this program from the host's root file system, which it
 * sees read-only. In order, it
 *
 *  1. reads what to run (GUEST_COMMAND, written by run.c);
 *  2. builds the root that the command sees: an overlay of a tmpfs over the
 *     stage (our modules and tools) over the host's root, with fresh /proc,
 *     /sys, /dev, /run, and the shared folders mounted on top;
 *  3. starts the command in a session of its own, on pipes or on a pty;
 *  4. relays between the command and the host until the command ends (relay.c),
 *     and reaps whatever orphans the command leaves;
 *  5. kills the rest, writes shared folders back, tells the exit status and
 *     powers off.
 *
 * Everything here fails hard: exit from PID 1 panics the kernel, and the host
 * then shows the reason from the console.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "file.h"
#include "init.h"

#define COMMAND_MAX	(16u << 20)	/* bytes; arguments may have 2 MiB */

const char *const pid1_name = "lab init";
struct command cmd;

static int add_string(char **list, unsigned int *nr, unsigned int max, char *s)
{
	if (*nr == max)
		return -E2BIG;
	list[(*nr)++] = s;
	return 0;
}

static int read_command(void)
{
	size_t len;
	char *s;
	int err = file_read(GUEST_COMMAND, COMMAND_MAX, &cmd.text, &len);

	for (s = cmd.text; !err && s < cmd.text + len; s += strlen(s) + 1) {
		switch (*s) {
		case CONFIG_ARG:
			err = add_string(cmd.argv, &cmd.nr_args, MAX_ARGS, s + 1);
			break;
		case CONFIG_ENV:
			err = add_string(cmd.env, &cmd.nr_env, MAX_ARGS, s + 1);
			break;
		case CONFIG_SHARE:
			err = add_string(cmd.shares, &cmd.nr_shares, MAX_SHARES, s + 1);
			break;
		case CONFIG_CWD:
			cmd.cwd = s + 1;
			break;
		case CONFIG_FS:
			cmd.fs = s + 1;
			break;
		case CONFIG_CHANNEL:
			cmd.channel = s + 1;
			break;
		case CONFIG_STAGE:
			cmd.stage = s + 1;
			break;
		case CONFIG_STDIN:
			cmd.input = s + 1;
			break;
		case CONFIG_TTY:
			cmd.tty = s + 1;
			break;
		case CONFIG_VIRTUAL:
			cmd.virtual_time = s + 1;
			break;
		default:
			err = -EINVAL;
		}
	}
	if (!err && (!cmd.nr_args || !cmd.fs || !cmd.channel || !cmd.input || !cmd.cwd))
		err = -EINVAL;
	return err;
}

/* A kernel without networking is fine too. */
static int loopback_up(void)
{
	int err = pid1_loopback_up();

	return err == -EAFNOSUPPORT ? 0 : err;
}

/* As a lab: a name of its own, and as many files as a test with many flows opens. */
static int set_limits(void)
{
	return sethostname("lab", 3) ? -errno : pid1_set_limits();
}

static const struct step {
	int (*run)(void);
	const char *what;
} steps[] = {
	{ read_command,		"read " GUEST_COMMAND },
	{ keep_input,		"open the command's input" },
	{ build_root,		"build the root file system" },
	{ loopback_up,		"bring up lo" },
	{ set_limits,		"set the host name and the limit of open files" },
	{ open_channel,		"open the channel to the host" },
	{ block_signals,	"set up signals" },
	{ start_command,	"start the command" },
	{ serve,		"relay between the command and the host" },
};

int main(void)
{
	size_t i;
	int err;

	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		err = steps[i].run();
		if (!err)
			continue;
		pid1_say("cannot %s: %s", steps[i].what, strerror(-err));
		return 1;
	}
	reboot(RB_POWER_OFF);
	pid1_say("cannot power off: %m");
	return 1;
}
