// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the commands left in OUT_DIR goes to the run's folder: regular files, in
 * the order of their names, at most FILES_BYTES and FILES_NR of them in all.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init.h"

#define FILES_BYTES	(64ull * 1024 * 1024)
#define FILES_NR	1000
#define DEPTH_MAX	8
#define PATH_BYTES	200	/* below OUT_DIR */

struct left {
	unsigned long long bytes;
	unsigned int nr;
	char *why;
	size_t size;
};

static int too_much(struct left *left, const char *path, const char *what)
{
	snprintf(left->why, left->size, "%s/%s: %s; write less, or below /tmp", OUT_DIR,
		 path, what);
	return -EFBIG;
}

static int send_content(struct left *left, int fd, const char *path)
{
	uint8_t buf[GUEST_PAYLOAD];
	ssize_t n;
	int err;

	if (left->nr++ == FILES_NR)
		return too_much(left, path, "more than 1000 files");
	err = channel_send(GUEST_FILE, 0, path, strlen(path));
	while (!err && (n = read(fd, buf, sizeof(buf))) > 0) {
		left->bytes += n;
		if (left->bytes > FILES_BYTES)
			return too_much(left, path, "more than 64 MiB in all");
		err = channel_send(GUEST_DATA, 0, buf, n);
		if (!err && channel_full())
			err = channel_finish();
	}
	return err;
}

static int visible(const struct dirent *e)
{
	return strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int send_folder(struct left *left, const char *path, unsigned int depth);

static int send_entry(struct left *left, const char *path, unsigned int depth)
{
	char full[PATH_BYTES + sizeof(OUT_DIR) + 1];
	struct stat st;
	int fd, err;

	snprintf(full, sizeof(full), "%s/%s", OUT_DIR, path);
	if (lstat(full, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return send_folder(left, path, depth + 1);
	if (!S_ISREG(st.st_mode))
		return 0;
	fd = open(full, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = send_content(left, fd, path);
	close(fd);
	return err;
}

static int send_folder(struct left *left, const char *path, unsigned int depth)
{
	char full[PATH_BYTES + sizeof(OUT_DIR) + 1], name[PATH_BYTES];
	struct dirent **list;
	int n, i, err = 0;

	if (depth > DEPTH_MAX)
		return too_much(left, path, "folders too deep");
	snprintf(full, sizeof(full), "%s/%s", OUT_DIR, path);
	n = scandir(full, &list, visible, by_name);
	if (n < 0)
		return -errno;
	for (i = 0; i < n; i++) {
		if (!err && (size_t)snprintf(name, sizeof(name), "%s%s%s", path,
					     *path ? "/" : "", list[i]->d_name) >= sizeof(name))
			err = too_much(left, path, "a name too long");
		if (!err)
			err = send_entry(left, name, depth);
		free(list[i]);
	}
	free(list);
	return err;
}

int send_files(char *why, size_t size)
{
	struct left left = { .why = why, .size = size };
	int err = send_folder(&left, "", 0);

	if (err && err != -EFBIG)
		snprintf(why, size, "cannot read " OUT_DIR ": %s", strerror(-err));
	return err;
}
