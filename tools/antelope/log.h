/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A log: a header, then records as the kernel's program made them, until the end of
 * the file. All of one file belong to one run of the daemon and to one model; when
 * either changes, or the file has its size, a new file begins: FILE is the newest,
 * FILE.1 the one before. A flow is told by the run and its cookie, in whatever file.
 *
 * Numbers are in the byte order of the machine that wrote; version tells which.
 */
#ifndef ANTELOPE_LOG_H
#define ANTELOPE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "antelope.h"

#define LOG_MAGIC	"ANTELOG\n"
#define LOG_VERSION	1
#define LOG_ERR		512	/* bytes of a message */
#define LOG_SCHEMA	40	/* model_schema(), and zeros */
#define LOG_DIGEST	72	/* digest of the model, and zeros */

struct log_header {
	char magic[8];
	uint32_t version;
	uint32_t header_bytes;
	uint32_t record_bytes;
	uint32_t ccs;
	uint64_t realtime_ns;	/* when the file was begun, and by the records' clock */
	uint64_t monotonic_ns;
	uint8_t run[16];	/* random: the run of the daemon */
	uint32_t epoch;		/* of the model */
	uint8_t enabled;	/* mask of CCs that could be chosen */
	uint8_t shadow;
	uint8_t pad[2];
	char schema[LOG_SCHEMA];
	char model[LOG_DIGEST];	/* "": none */
	char cc[ANTELOPE_CCS][ANTELOPE_CC_NAME];
};

struct log_reader;

/*
 * Open a file and check its header. 0, or -errno and in err one line without a line
 * feed: file, cause and next step. err has LOG_ERR bytes.
 */
int log_open(struct log_reader **log, const char *path, char *err);
const struct log_header *log_header(const struct log_reader *log);
/*
 * 1 and a record whose numbers are in their ranges; 0 at the end; -errno and a message
 * in err. After the end, log_cut() tells the bytes of a last record that is not whole,
 * as a daemon leaves it that was killed while it wrote.
 */
int log_next(struct log_reader *log, struct antelope_record *r, char *err);
unsigned int log_cut(const struct log_reader *log);
uint64_t log_records(const struct log_reader *log);	/* so far */
void log_close(struct log_reader *log);

/* Is this record possible with so many CCs? NULL, or what is not. */
const char *log_check(const struct antelope_record *r, unsigned int ccs);

struct log_writer;

/* What a file is begun with; the writer fills in the rest. */
struct log_about {
	char cc[ANTELOPE_CCS][ANTELOPE_CC_NAME];
	unsigned int ccs;
	uint32_t epoch;
	uint8_t enabled;
	bool shadow;
	char model[LOG_DIGEST];
};

/*
 * Begin the file, after moving away what is there. Rotates at size bytes and keeps
 * `keep` old files. 0, or -errno with the error in err.
 */
int log_create(struct log_writer **log, const char *path, uint64_t size,
	       unsigned int keep, const struct log_about *about, char *err);
/* Begin a new file, for another model or other settings. */
int log_begin(struct log_writer *log, const struct log_about *about, char *err);
/* Buffered; only whole records ever get into the file. */
int log_write(struct log_writer *log, const struct antelope_record *r, char *err);
int log_flush(struct log_writer *log, char *err);
void log_finish(struct log_writer *log);	/* flushes; NULL is fine */

#endif
