// SPDX-License-Identifier: GPL-2.0-only
/*
 * GUEST_CONF: read while the host's files are still in sight, done line by line
 * once the node has its own root. A line that fails ends the node, with a
 * sentence that names it and, for a program, quotes the last it said.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"

#define QUOTED		512	/* of what a failing program said */
#define CONF_MAX	(64u << 20)

static unsigned int nr_commands;

int read_conf(void)
{
	size_t len;

	return file_read(boot.conf, CONF_MAX, &boot.text, &len);
}

static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (*s == '\\' && s[1])
			*to++ = *++s == 'n' ? '\n' : *s;
		else
			*to++ = *s;
	}
	*to = '\0';
}

/* The last of what comes, until the other end is closed. */
static void read_tail(int fd, char *tail)
{
	char buf[QUOTED];
	size_t have = 0, keep;
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf) - 1)) > 0) {
		keep = have + n < QUOTED ? have : (size_t)(QUOTED - 1 - n);
		memmove(tail, tail + have - keep, keep);
		memcpy(tail + keep, buf, n);
		have = keep + n;
	}
	while (have && tail[have - 1] == '\n')
		have--;
	tail[have] = '\0';
}

static int run_program(char *const argv[], char *why, size_t size)
{
	char tail[QUOTED];
	int p[2], status;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid < 0) {
		close(p[0]);
		close(p[1]);
		return -errno;
	}
	if (!pid) {
		dup2(p[1], 1);
		dup2(p[1], 2);
		execvp(argv[0], argv);
		dprintf(2, "cannot run %s: %m", argv[0]);
		_exit(127);
	}
	close(p[1]);
	read_tail(p[0], tail);
	close(p[0]);
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	if (!status)
		return 0;
	snprintf(why, size, "%s%d: %s",
		 WIFSIGNALED(status) ? "ended by signal " : "ended with status ",
		 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
		 *tail ? tail : "it said nothing");
	return -ECHILD;
}

static int do_setup(char *value, char *why, size_t size)
{
	char *argv[4] = { "sh", "-c" };

	argv[2] = value;
	return run_program(argv, why, size);
}

static int do_module(char *value, char *why, size_t size)
{
	char *argv[16] = { "modprobe" }, *word;
	size_t n = 1;

	while ((word = strsep(&value, " ")) && n < sizeof(argv) / sizeof(*argv) - 1)
		if (*word)
			argv[n++] = word;
	return run_program(argv, why, size);
}

static int do_hostname(char *value, char *why, size_t size)
{
	(void)why;
	(void)size;
	if (sethostname(value, strlen(value)))
		return -errno;
	setenv("NETSIM_NODE", value, 1);
	return write_file("/etc/hostname", value);
}

static int do_epoch(char *value, char *why, size_t size)
{
	(void)why;
	(void)size;
	boot.epoch_s = strtoull(value, NULL, 10);
	return 0;
}

/* The whole file; also none but it answers, so a name is known or is not. */
static int do_hosts(char *value, char *why, size_t size)
{
	(void)why;
	(void)size;
	/* it may be a link into a folder that is not there */
	unlink("/etc/resolv.conf");
	return write_file("/etc/resolv.conf", "# no name server\n") ?:
	       write_file("/etc/hosts", value);
}

static int do_nic(char *value, char *why, size_t size)
{
	char name[16], mac[18], addr4[32], addr6[64];

	if (sscanf(value, "%15s %17s %31s %63s", name, mac, addr4, addr6) != 4)
		return -EINVAL;
	errno = -nic_setup(name, mac, addr4, addr6);
	if (errno == ENODEV)
		snprintf(why, size, "no interface has this address");
	return -errno;
}

static int do_sysctl(char *value, char *why, size_t size)
{
	char path[512] = "/proc/sys/", *s;
	char *key = strsep(&value, " ");
	int err;

	if (!value)
		return -EINVAL;
	strncat(path, key, sizeof(path) - strlen(path) - 1);
	/* as sysctl(8): the first of the two separators counts */
	s = strpbrk(key, "./");
	if (s && *s == '.')
		for (s = path + strlen("/proc/sys/"); *s; s++)
			*s = *s == '.' ? '/' : *s == '/' ? '.' : *s;
	err = write_file(path, value);
	if (err == -ENOENT)
		snprintf(why, size, "this kernel has no such setting; is its module missing?");
	return err;
}

static int do_command(char *value, char *why, size_t size)
{
	char *start = strsep(&value, " "), *how = strsep(&value, " ");

	(void)why;
	(void)size;
	if (!value)
		return -EINVAL;
	return job_add(nr_commands++, strtoull(start, NULL, 10), !strcmp(how, "fg"), value);
}

static const struct step {
	const char *key;
	int (*run)(char *value, char *why, size_t size);
} steps[] = {
	{ "hostname",	do_hostname },
	{ "epoch",	do_epoch },
	{ "hosts",	do_hosts },
	{ "nic",	do_nic },
	{ "module",	do_module },
	{ "sysctl",	do_sysctl },
	{ "setup",	do_setup },
	{ "command",	do_command },
};

static int run_line(char *line, char *why, size_t size)
{
	char quote[QUOTED] = "", value_was[80];
	char *key = strsep(&line, " ");
	int err = -EINVAL;
	size_t i;

	if (!line)
		return -EINVAL;
	unescape(line);
	snprintf(value_was, sizeof(value_was), "%s", line);
	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (!strcmp(steps[i].key, key))
			err = steps[i].run(line, quote, sizeof(quote));
	if (err)
		snprintf(why, size, "%s '%s': %s", key, value_was,
			 *quote ? quote : strerror(-err));
	return err;
}

int run_conf(char *why, size_t size)
{
	char *rest = boot.text, *line;
	int err = pid1_loopback_up();

	if (err) {
		snprintf(why, size, "interface lo: %s", strerror(-err));
		return err;
	}
	while (!err && (line = strsep(&rest, "\n")))
		if (*line)
			err = run_line(line, why, size);
	return err;
}
