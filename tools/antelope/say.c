// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "say.h"

/* One write, so that lines of several programs do not mix. */
static void put(const char *priority, const char *fmt, va_list ap)
{
	char line[2048];
	int n = 0;

	if (getenv("JOURNAL_STREAM"))
		n = snprintf(line, sizeof(line), "%s", priority);
	n += snprintf(line + n, sizeof(line) - n, "antelope: ");
	n += vsnprintf(line + n, sizeof(line) - n, fmt, ap);
	if (n > (int)sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n] = '\n';
	fwrite(line, 1, n + 1, stderr);
}

int say_error(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(SD_ERR, fmt, ap);
	va_end(ap);
	return -err;
}

void say_warning(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(SD_WARNING, fmt, ap);
	va_end(ap);
}

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(SD_INFO, fmt, ap);
	va_end(ap);
}
