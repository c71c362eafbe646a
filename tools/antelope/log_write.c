// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes logs; log.h has their form.
 *
 * Records are collected in memory and written by the hundred. When a write comes
 * out short (a full disk, a signal), the file is cut back to its last whole record,
 * so that what is there can always be read; what did not fit is an error, after
 * which the writer can be used again.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "model.h"

#define BUFFERED	256	/* records: 64 KiB */

struct log_writer {
	int fd;
	char *path;
	uint64_t size;		/* of a file, at most */
	unsigned int keep;
	uint64_t written;	/* bytes in the file */
	struct log_header header;
	unsigned int n;
	struct antelope_record buffer[BUFFERED];
};

[[gnu::format(printf, 3, 4)]]
static int fail(char *err, const char *path, const char *fmt, ...)
{
	int code = -errno, n = snprintf(err, LOG_ERR, "log %.255s: ", path);
	va_list ap;

	va_start(ap, fmt);
	n += vsnprintf(err + n, LOG_ERR - n, fmt, ap);
	va_end(ap);
	if (n < LOG_ERR)
		snprintf(err + n, LOG_ERR - n, ": %s", strerror(-code));
	return code;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* FILE.2 to FILE.3, FILE.1 to FILE.2, FILE to FILE.1; without old ones, FILE goes. */
static int move_away(const struct log_writer *log, char *err)
{
	char from[PATH_MAX], to[PATH_MAX];
	unsigned int i;

	if (!log->keep)
		return unlink(log->path) && errno != ENOENT ?
			fail(err, log->path, "cannot remove it") : 0;
	for (i = log->keep; i > 0; i--) {
		if (snprintf(to, sizeof(to), "%s.%u", log->path, i) >= (int)sizeof(to)) {
			errno = ENAMETOOLONG;
			return fail(err, log->path, "cannot move it away");
		}
		if (i > 1)
			snprintf(from, sizeof(from), "%s.%u", log->path, i - 1);
		else
			snprintf(from, sizeof(from), "%s", log->path);
		if (rename(from, to) && errno != ENOENT)
			return fail(err, from, "cannot rename it to %.255s", to);
	}
	return 0;
}

/* All of it, or the file is as it was. */
static int put(struct log_writer *log, const void *data, size_t len, char *err)
{
	ssize_t n = write(log->fd, data, len);
	int code;

	if (n == (ssize_t)len) {
		log->written += len;
		return 0;
	}
	if (n >= 0)
		errno = ENOSPC;
	code = fail(err, log->path, "cannot write");
	if (ftruncate(log->fd, log->written))
		code = fail(err, log->path, "cannot cut it to its last whole record");
	return code;
}

static int start_file(struct log_writer *log, char *err)
{
	struct stat st;
	int code;

	if (!lstat(log->path, &st)) {
		if (!S_ISREG(st.st_mode)) {
			errno = EINVAL;
			return fail(err, log->path, "is no ordinary file; name another");
		}
		code = st.st_size ? move_away(log, err) : 0;
		if (code)
			return code;
	}
	log->fd = open(log->path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
		       0640);
	if (log->fd < 0)
		return fail(err, log->path, "cannot create it");
	log->written = 0;
	log->header.realtime_ns = clock_ns(CLOCK_REALTIME);
	log->header.monotonic_ns = clock_ns(CLOCK_MONOTONIC);
	return put(log, &log->header, sizeof(log->header), err);
}

int log_flush(struct log_writer *log, char *err)
{
	unsigned int n = log->n;

	log->n = 0;
	if (!n)
		return 0;
	if (log->fd < 0) {
		errno = EBADF;
		return fail(err, log->path, "is not open");
	}
	return put(log, log->buffer, n * sizeof(log->buffer[0]), err);
}

static int rotate(struct log_writer *log, char *err)
{
	if (log->fd >= 0)
		close(log->fd);
	log->fd = -1;
	return start_file(log, err);
}

int log_write(struct log_writer *log, const struct antelope_record *r, char *err)
{
	int code;

	log->buffer[log->n++] = *r;
	if (log->fd >= 0 &&
	    log->written + log->n * sizeof(*r) + sizeof(*r) > log->size) {
		code = log_flush(log, err);
		return code ? code : rotate(log, err);
	}
	return log->n == BUFFERED ? log_flush(log, err) : 0;
}

static void describe(struct log_writer *log, const struct log_about *about)
{
	struct log_header *h = &log->header;

	h->ccs = about->ccs;
	h->epoch = about->epoch;
	h->enabled = about->enabled;
	h->shadow = about->shadow;
	memcpy(h->cc, about->cc, sizeof(h->cc));
	memset(h->model, 0, sizeof(h->model));
	memcpy(h->model, about->model, strnlen(about->model, sizeof(h->model) - 1));
}

int log_begin(struct log_writer *log, const struct log_about *about, char *err)
{
	int code = log_flush(log, err);

	describe(log, about);
	return code ? code : rotate(log, err);
}

int log_create(struct log_writer **log, const char *path, uint64_t size,
	       unsigned int keep, const struct log_about *about, char *err)
{
	struct log_writer *l = calloc(1, sizeof(*l));
	int code = -ENOMEM;

	if (l)
		l->path = strdup(path);
	if (!l || !l->path || getrandom(l->header.run, sizeof(l->header.run), 0) !=
	    sizeof(l->header.run)) {
		code = fail(err, path, "cannot begin");
		goto fail;
	}
	l->fd = -1;
	l->size = size;
	l->keep = keep;
	memcpy(l->header.magic, LOG_MAGIC, sizeof(l->header.magic));
	l->header.version = LOG_VERSION;
	l->header.header_bytes = sizeof(l->header);
	l->header.record_bytes = sizeof(struct antelope_record);
	snprintf(l->header.schema, sizeof(l->header.schema), "%s", model_schema());
	describe(l, about);
	code = start_file(l, err);
	if (code)
		goto fail;
	*log = l;
	return 0;

fail:
	log_finish(l);
	return code;
}

void log_finish(struct log_writer *log)
{
	char err[LOG_ERR];

	if (!log)
		return;
	if (log->fd >= 0) {
		log_flush(log, err);
		close(log->fd);
	}
	free(log->path);
	free(log);
}
