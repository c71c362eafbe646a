// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads logs; log.h has their form. The file is not trusted: it may be of another
 * program, another machine, cut anywhere, or made to hurt. Nothing is taken from it
 * before it has been checked, and no length in it makes us allocate.
 */
#include <byteswap.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "model.h"

struct log_reader {
	FILE *file;
	char *path;
	struct log_header header;
	uint64_t records;
	unsigned int cut;
};

[[gnu::format(printf, 4, 5)]]
static int refuse(char *err, const char *path, int code, const char *fmt, ...)
{
	va_list ap;
	int n = snprintf(err, LOG_ERR, "%.255s: ", path);

	va_start(ap, fmt);
	vsnprintf(err + n, LOG_ERR - n, fmt, ap);
	va_end(ap);
	/* what a file holds must not look like a second message */
	for (; *err; err++)
		if ((unsigned char)*err < ' ' || *err == 0x7f)
			*err = '?';
	return code;
}

static bool zero_ended(const char *text, size_t size)
{
	return memchr(text, 0, size);
}

static int check_names(const struct log_header *h, const char *path, char *err)
{
	unsigned int i, j;

	if (!h->ccs || h->ccs > ANTELOPE_CCS)
		return refuse(err, path, -EBADMSG,
			      "names %u congestion controls, not 1 to %d; the file is damaged",
			      h->ccs, ANTELOPE_CCS);
	for (i = 0; i < h->ccs; i++) {
		if (!zero_ended(h->cc[i], ANTELOPE_CC_NAME) || !h->cc[i][0] ||
		    strspn(h->cc[i], "abcdefghijklmnopqrstuvwxyz0123456789_-") !=
		    strlen(h->cc[i]))
			return refuse(err, path, -EBADMSG,
				      "the name of congestion control %u is none; the file is damaged",
				      i);
		for (j = 0; j < i; j++)
			if (!strcmp(h->cc[i], h->cc[j]))
				return refuse(err, path, -EBADMSG,
					      "names \"%s\" twice; the file is damaged", h->cc[i]);
	}
	return 0;
}

static int check_header(const struct log_header *h, const char *path, char *err)
{
	if (memcmp(h->magic, LOG_MAGIC, sizeof(h->magic)))
		return refuse(err, path, -EBADMSG,
			      "is no log of antelope; \"antelope run --log FILE\" writes one");
	if (h->version == bswap_32(LOG_VERSION))
		return refuse(err, path, -EBADMSG,
			      "is of a machine with the other byte order; read it there");
	if (h->version != LOG_VERSION)
		return refuse(err, path, -EBADMSG,
			      "has version %u, this program reads %u; use the antelope that wrote it",
			      h->version, LOG_VERSION);
	if (!zero_ended(h->schema, sizeof(h->schema)) ||
	    !zero_ended(h->model, sizeof(h->model)) ||
	    strspn(h->model, "0123456789abcdef") != strlen(h->model))
		return refuse(err, path, -EBADMSG, "its header is damaged");
	if (strcmp(h->schema, model_schema()))
		return refuse(err, path, -EBADMSG,
			      "its features are of schema %.32s, this program has %s; use the antelope that wrote it",
			      h->schema, model_schema());
	if (h->header_bytes != sizeof(*h) || h->record_bytes != sizeof(struct antelope_record))
		return refuse(err, path, -EBADMSG,
			      "headers of %u bytes and records of %u, not %zu and %zu; the file is damaged",
			      h->header_bytes, h->record_bytes, sizeof(*h),
			      sizeof(struct antelope_record));
	return check_names(h, path, err);
}

int log_open(struct log_reader **log, const char *path, char *err)
{
	struct log_reader *l = calloc(1, sizeof(*l));
	struct stat st;
	size_t got;
	int code, fd;

	if (!l)
		return refuse(err, path, -ENOMEM, "no memory");
	l->path = strdup(path);
	/* not to hang on a FIFO that somebody named */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0) {
		l->file = fdopen(fd, "r");
		if (!l->file)
			close(fd);
	}
	if (!l->path || !l->file || fstat(fd, &st)) {
		code = refuse(err, path, -errno, "cannot be read: %s", strerror(errno));
		goto fail;
	}
	if (!S_ISREG(st.st_mode)) {
		code = refuse(err, path, -EINVAL, "is no ordinary file; give the file of a log");
		goto fail;
	}
	got = fread(&l->header, 1, sizeof(l->header), l->file);
	if (got < sizeof(l->header) && !memcmp(l->header.magic, LOG_MAGIC,
					       got < 8 ? got : 8)) {
		code = refuse(err, path, -EBADMSG,
			      "ends within its header, after %zu bytes; leave it out", got);
		goto fail;
	}
	code = check_header(&l->header, path, err);
	if (code)
		goto fail;
	*log = l;
	return 0;

fail:
	log_close(l);
	return code;
}

const struct log_header *log_header(const struct log_reader *log)
{
	return &log->header;
}

static bool is_cc(unsigned int cc, unsigned int ccs)
{
	return cc < ccs || cc == ANTELOPE_NO_CC;
}

const char *log_check(const struct antelope_record *r, unsigned int ccs)
{
	if (r->why >= ANTELOPE_WHYS)
		return "why";
	if (!is_cc(r->cc, ccs))
		return "cc";
	if (!is_cc(r->best, ccs))
		return "best";
	if (!is_cc(r->choice, ccs))
		return "choice";
	if (r->objective >= ANTELOPE_OBJECTIVES)
		return "objective";
	if (r->error > 0 || r->error < -4095)
		return "error";
	return NULL;
}

int log_next(struct log_reader *log, struct antelope_record *r, char *err)
{
	const char *bad;
	size_t got;

	got = fread(r, 1, sizeof(*r), log->file);
	if (ferror(log->file))
		return refuse(err, log->path, -EIO, "cannot be read after record %llu",
			      (unsigned long long)log->records);
	if (got < sizeof(*r)) {
		log->cut = got;
		return 0;
	}
	bad = log_check(r, log->header.ccs);
	if (bad)
		return refuse(err, log->path, -EBADMSG,
			      "\"%s\" of record %llu is out of range; the file is damaged there",
			      bad, (unsigned long long)log->records);
	log->records++;
	return 1;
}

unsigned int log_cut(const struct log_reader *log)
{
	return log->cut;
}

uint64_t log_records(const struct log_reader *log)
{
	return log->records;
}

void log_close(struct log_reader *log)
{
	if (!log)
		return;
	if (log->file)
		fclose(log->file);
	free(log->path);
	free(log);
}
