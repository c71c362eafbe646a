// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest is told to run: the command with its folder, an environment that is
 * the caller's without what belongs to the host's session, input and terminal.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "machine.h"

/* Settings of the host's session that mean nothing, or harm, in the guest. */
static bool env_stays_out(const char *e)
{
	static const char *const names[] = {
		"TMPDIR=", "TMP=", "TEMP=", "XDG_", "DISPLAY=", "WAYLAND_DISPLAY=", "SSH_",
		"DBUS_", "LD_", "MAKEFLAGS=", "MFLAGS=", "MAKELEVEL=", "MAKE_TERM", "OLDPWD=",
		"PWD=", "HOME=", "USER=", "LOGNAME=", "PATH=", "SUDO_", "_=", "SHLVL=",
		"NETSTEER_CLOCK=", "NETSTEER_LAB=",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strncmp(e, names[i], strlen(names[i])))
			return true;
	return false;
}

static void put(FILE *f, int tag, const char *fmt, ...)
{
	va_list ap;

	fputc(tag, f);
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	fputc('\0', f);
}

static bool in_path(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	for (; path; path = strchr(path, ':') ? strchr(path, ':') + 1 : NULL)
		if (!strncmp(path, dir, n) && (!path[n] || path[n] == ':'))
			return true;
	return false;
}

static void put_env(FILE *f, const struct options *o, const char *cwd)
{
	static const char *const sbin[] = {
		"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"
	};
	const char *path = getenv("PATH") ?: "";
	size_t i;
	char **e;

	for (e = environ; *e; e++)
		if (!env_stays_out(*e))
			put(f, CONFIG_ENV, "%s", *e);
	/* root's programs too, for a user who has only the others in PATH */
	fprintf(f, "%cPATH=%s", CONFIG_ENV, path);
	for (i = 0; i < sizeof(sbin) / sizeof(*sbin); i++)
		if (!in_path(path, sbin[i]))
			fprintf(f, "%s%s", *path || i ? ":" : "", sbin[i]);
	fputc('\0', f);
	put(f, CONFIG_ENV, "HOME=/root");
	put(f, CONFIG_ENV, "USER=root");
	put(f, CONFIG_ENV, "LOGNAME=root");
	put(f, CONFIG_ENV, "PWD=%s", cwd);
	put(f, CONFIG_ENV, "NETSTEER_LAB=%s", o->arch->name);
	/* Under QEMU virtual time is not exact: tests must not rely on it. */
	put(f, CONFIG_ENV, "NETSTEER_CLOCK=%s",
	    o->virtual_time && !strcmp(o->arch->name, "um") ? "virtual" : "real");
}

int command_write(const struct guest *g, const struct options *o, const char *cwd)
{
	static const char *const kinds[] = {
		[INPUT_NULL] = "null", [INPUT_FILE] = "file", [INPUT_LIVE] = "live",
	};
	int fd = memfd_create("command", MFD_CLOEXEC);
	int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FD_HIGH);
	FILE *f = copy < 0 ? NULL : fdopen(fd, "w");
	struct winsize w = { .ws_row = 24, .ws_col = 80 };
	unsigned int i;
	char **s;

	if (!f)
		return -errno;
	put(f, CONFIG_FS, "%s", o->arch->fs);
	put(f, CONFIG_CHANNEL, "%s", o->arch->channel);
	put(f, CONFIG_CWD, "%s", cwd);
	put(f, CONFIG_STDIN, "%s", kinds[g->input]);
	if (o->virtual_time)
		put(f, CONFIG_VIRTUAL, "yes");
	if (o->stage)
		put(f, CONFIG_STAGE, "%s", o->stage);
	for (i = 0; i < o->nr_shares; i++)
		put(f, CONFIG_SHARE, "%s", o->shares[i]);
	if (g->tty) {
		ioctl(0, TIOCGWINSZ, &w);
		put(f, CONFIG_TTY, "%u %u %u", w.ws_row, w.ws_col, g->tty_errors);
	}
	for (s = o->argv; *s; s++)
		put(f, CONFIG_ARG, "%s", *s);
	put_env(f, o, cwd);
	if (fclose(f)) {
		close(copy);
		return -EIO;
	}
	lseek(copy, 0, SEEK_SET);
	return copy;
}
