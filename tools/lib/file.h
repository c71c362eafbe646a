/* SPDX-License-Identifier: GPL-2.0-only */
/* A whole file in memory. */
#ifndef NETSTEER_FILE_H
#define NETSTEER_FILE_H

#include <stddef.h>

/*
 * A regular file of at most max bytes to *text, to be freed, with a 0 after its
 * end. Otherwise -errno, *text NULL, and a message "PROGRAM: FILE: ...". Never
 * hangs: a FIFO is no file.
 */
int file_read(const char *file, size_t max, char **text, size_t *len);

#endif
