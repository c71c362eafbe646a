// SPDX-License-Identifier: GPL-2.0
/*
 * Allocations that fail on purpose: the kernel's fault injection, by its files
 * in /proc and debugfs (Documentation/fault-injection/fault-injection.rst).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "gq_netlink_faults.h"

/* What is needed to begin; -1: the kernel lacks it */
int faults_open(struct faults *f)
{
	f->nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	f->probability[0] = open(DEBUGFS "failslab/probability",
				 O_WRONLY | O_CLOEXEC);
	f->probability[1] = open(DEBUGFS "fail_page_alloc/probability",
				 O_WRONLY | O_CLOEXEC);
	return f->nth < 0 || f->probability[0] < 0 || f->probability[1] < 0 ?
	       -1 : 0;
}

int put_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static void write_or_die(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) < 0)
		ksft_exit_fail_perror("fault injection");
}

/* The @n-th allocation of this thread from now on fails; 0: none. */
void arm(const struct faults *f, unsigned int n)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", n);
	write_or_die(f->nth, text);
}

/* Whether it has failed. */
bool disarm(const struct faults *f)
{
	char text[16] = { 0 };
	bool failed;

	failed = pread(f->nth, text, sizeof(text) - 1, 0) > 0 && !atoi(text);
	arm(f, 0);
	return failed;
}

/* Allocations that could wait may fail too, and need not say so. */
void allow_all(const char *no)
{
	static const char *const files[] = {
		"failslab/ignore-gfp-wait", "fail_page_alloc/ignore-gfp-wait",
		"fail_page_alloc/ignore-gfp-highmem",
	};
	char path[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), DEBUGFS "%s", files[i]);
		put_file(path, no);
	}
	put_file(DEBUGFS "fail_page_alloc/min-order", *no == 'N' ? "0" : "1");
	put_file(DEBUGFS "failslab/verbose", *no == 'N' ? "0" : "2");
	put_file(DEBUGFS "fail_page_alloc/verbose", *no == 'N' ? "0" : "2");
}

/*
 * All allocations of the marked tasks fail, once they have had  bytes and
 *  bytes of whole pages. To end that takes nothing that may fail.
 */
void starve(const struct faults *f, unsigned int slab, unsigned int pages)
{
	static const char *const sets[] = { "failslab", "fail_page_alloc" };
	unsigned int space[] = { slab, pages };
	char path[128], text[16];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sets); i++) {
		snprintf(path, sizeof(path), DEBUGFS "%s/task-filter", sets[i]);
		put_file(path, "Y");
		snprintf(path, sizeof(path), DEBUGFS "%s/times", sets[i]);
		put_file(path, "-1");
		snprintf(path, sizeof(path), DEBUGFS "%s/space", sets[i]);
		snprintf(text, sizeof(text), "%u", space[i]);
		put_file(path, text);
	}
	for (i = 0; i < ARRAY_SIZE(sets); i++)
		write_or_die(f->probability[i], "100");
}

void feed(const struct faults *f)
{
	write_or_die(f->probability[0], "0");
	write_or_die(f->probability[1], "0");
}

/* Kernel threads that run work, and the one that makes more of them. */
void mark_workers(void)
{
	DIR *dir = opendir("/proc");
	char path[300], comm[32];
	struct dirent *de;

	while (dir && (de = readdir(dir))) {
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%s/comm", de->d_name);
		file = atoi(de->d_name) ? fopen(path, "r") : NULL;
		if (!file)
			continue;
		if (fgets(comm, sizeof(comm), file) &&
		    (!strncmp(comm, "kworker/u", 9) ||
		     !strcmp(comm, "kthreadd\n"))) {
			snprintf(path, sizeof(path), "/proc/%s/make-it-fail",
				 de->d_name);
			put_file(path, "1");
		}
		fclose(file);
	}
	if (dir)
		closedir(dir);
}
