// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

static int fail(const char *file, int err, const char *next)
{
	fprintf(stderr, "%s: %s: cannot read it: %s; %s\n", program_invocation_short_name,
		file, strerror(err), next);
	return -err;
}

int file_read(const char *file, size_t max, char **text, size_t *len)
{
	struct stat st;
	char next[64];
	ssize_t got;
	int fd, err;

	*text = NULL;
	*len = 0;
	/* not to hang on a FIFO that somebody named in a file */
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return fail(file, errno, "check the name");
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || (size_t)st.st_size > max) {
		snprintf(next, sizeof(next), "give a regular file of at most %zu KiB", max >> 10);
		err = fail(file, EINVAL, next);
		goto out;
	}
	*text = malloc(st.st_size + 1);
	if (!*text) {
		err = fail(file, ENOMEM, "close other programs");
		goto out;
	}
	while (*len < (size_t)st.st_size) {
		got = read(fd, *text + *len, st.st_size - *len);
		if (got < 0) {
			err = fail(file, errno, "check the file system");
			free(*text);
			*text = NULL;
			goto out;
		}
		if (!got)
			break;
		*len += got;
	}
	(*text)[*len] = '\0';
	err = 0;
out:
	close(fd);
	return err;
}
