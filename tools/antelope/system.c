// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module of a congestion control is loaded by the kernel itself when a socket of
 * a process with CAP_NET_ADMIN asks for it by name: so nobody here needs the right
 * to load modules, or to know where modprobe is.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/socket.h>
#include <unistd.h>

#include "say.h"
#include "system.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define BTF_FILE	"/sys/kernel/btf/vmlinux"

static const struct {
	cap_value_t cap;
	const char *name, *what;
} caps[] = {
	{ CAP_BPF, "CAP_BPF", "load programs" },
	{ CAP_PERFMON, "CAP_PERFMON", "read sockets in them" },
	{ CAP_NET_ADMIN, "CAP_NET_ADMIN", "attach them, and choose any congestion control" },
};

static int check_caps(void)
{
	cap_t have = cap_get_proc();
	cap_flag_value_t set;
	size_t i;
	int err = 0;

	if (!have)
		return say_error(errno, "cannot read the capabilities: %s", strerror(errno));
	for (i = 0; i < ARRAY_SIZE(caps) && !err; i++) {
		if (cap_get_flag(have, caps[i].cap, CAP_EFFECTIVE, &set) || set != CAP_SET)
			err = say_error(EPERM,
					"no permission: %s is missing (to %s); run as root or by antelope.service",
					caps[i].name, caps[i].what);
	}
	cap_free(have);
	return err;
}

int system_check(void)
{
	int err = check_caps();

	if (!err && access(BTF_FILE, R_OK))
		err = say_error(errno, "%s: %s; a kernel with CONFIG_DEBUG_INFO_BTF is needed",
				BTF_FILE, strerror(errno));
	return err;
}

int system_load_ccs(struct config *c)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), code;
	unsigned int i = 0;

	if (fd < 0)
		return say_error(errno, "cannot open a socket: %s", strerror(errno));
	while (i < c->ccs) {
		if (!setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, c->cc[i], strlen(c->cc[i]))) {
			i++;
			continue;
		}
		code = errno;
		say_warning("congestion control \"%s\" is left out: %s; modprobe tcp_%s tells why",
			    c->cc[i], code == ENOENT ? "no such module" : strerror(code),
			    c->cc[i]);
		if (!strcmp(c->first, c->cc[i]))
			say_warning("first: \"%s\" is left out, the system's own is first",
				    c->first);
		config_drop_cc(c, i);
	}
	close(fd);
	return c->ccs ? 0 : say_error(ENOENT, "no congestion control of the list cc can be had");
}

static const char *const sysctls[SYSTEM_SWITCHES] = {
	[SYSTEM_ACK_WINDOW] = "tcp_ack_window",
	[SYSTEM_HANDOFF] = "tcp_cc_handoff",
};

/* Returns a digit, or -errno. */
static int sysctl_get(const char *name)
{
	char path[64], value;
	int fd, n, err;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, &value, 1);
	err = n < 0 ? -errno : -EIO;
	close(fd);
	return n == 1 && value >= '0' && value <= '9' ? value - '0' : err;
}

static int sysctl_set(const char *name, int to)
{
	char path[64], value[2] = { '0' + to, '\n' };
	int fd, err = 0;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, value, sizeof(value)) != sizeof(value))
		err = -errno;
	close(fd);
	return err;
}

/* What a run that was killed has noted is what was there before it. */
static void read_note(struct system_switches *s)
{
	FILE *f = fopen(s->note, "re");
	char name[32];
	int value, i;

	if (!f)
		return;
	while (fscanf(f, "%31s %d", name, &value) == 2)
		for (i = 0; i < SYSTEM_SWITCHES; i++)
			if (!strcmp(name, sysctls[i]) && (value == 0 || value == 1))
				s->before[i] = value;
	fclose(f);
}

static int write_note(const struct system_switches *s)
{
	FILE *f = fopen(s->note, "we");
	int i, err;

	if (!f)
		return -errno;
	for (i = 0; i < SYSTEM_SWITCHES; i++)
		if (s->before[i] >= 0)
			fprintf(f, "%s %d\n", sysctls[i], s->before[i]);
	err = ferror(f) ? -EIO : 0;
	return fclose(f) ? -errno : err;
}

static void switch_one(struct system_switches *s, int i)
{
	int err = s->before[i] ? 0 : sysctl_set(sysctls[i], 1);

	if (err) {
		say_warning("net.ipv4.%s stays off: %s; this is as on an unpatched kernel",
			    sysctls[i], strerror(-err));
		s->before[i] = -1;
		return;
	}
	s->there[i] = true;
	if (s->before[i])
		say("net.ipv4.%s is on already", sysctls[i]);
	else
		say("net.ipv4.%s is set, until antelope stops", sysctls[i]);
}

void system_switch_on(struct system_switches *s, const char *control)
{
	int i, err, now, found = 0;

	memset(s, 0, sizeof(*s));
	snprintf(s->note, sizeof(s->note), "%s.sysctl", control);
	for (i = 0; i < SYSTEM_SWITCHES; i++)
		s->before[i] = -1;
	read_note(s);
	for (i = 0; i < SYSTEM_SWITCHES; i++) {
		now = sysctl_get(sysctls[i]);
		if (now < 0)
			s->before[i] = -1;
		else if (s->before[i] < 0)
			s->before[i] = now;
		found += now >= 0;
	}
	err = found ? write_note(s) : 0;
	if (err)
		say_warning("%s: cannot be written: %s; sysctls stay on if antelope is killed",
			    s->note, strerror(-err));
	for (i = 0; i < SYSTEM_SWITCHES; i++)
		if (s->before[i] >= 0)
			switch_one(s, i);
}

void system_switch_back(struct system_switches *s)
{
	int i, err;

	for (i = 0; i < SYSTEM_SWITCHES; i++) {
		if (!s->there[i] || s->before[i])
			continue;
		err = sysctl_set(sysctls[i], 0);
		if (err)
			say_warning("net.ipv4.%s stays on: %s", sysctls[i], strerror(-err));
	}
	if (s->note[0])
		unlink(s->note);
}
