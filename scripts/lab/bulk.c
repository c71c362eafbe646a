// SPDX-License-Identifier: GPL-2.0-only
/*
 * Input that is a lot. The serial line of a user-mode kernel costs a system call per
 * byte, so what comes goes into a file that the guest sees as GUEST_INPUT, in whole
 * pages, and the guest is told where (relay.c).
 *
 * Both sides must see the file, so it cannot lie in the sandbox's tmpfs. It has a
 * janitor: a child that waits for the end of this process, however it comes, and
 * then removes it.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "streams.h"

#define PAGE	4096

/* Waits for the end of its parent, then removes the file. Holds nothing else open. */
static void janitor(int fd, const char *path)
{
	char c;

	setsid();
	if (fd)
		dup2(fd, 0);
	close_range(1, ~0u, 0);
	while (read(0, &c, 1) < 0 && errno == EINTR)
		;
	unlink(path);
	_exit(0);
}

int bulk_open(struct guest *g)
{
	const char *dir = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";
	sigset_t all, old;
	int p[2], err;

	snprintf(g->input_path, sizeof(g->input_path), "%s/netsteer-input-XXXXXX", dir);
	if (pipe2(p, O_CLOEXEC))
		return -errno;
	/* no signal between making the file and having the janitor */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	g->input_fd = mkostemp(g->input_path, O_CLOEXEC);
	if (g->input_fd < 0 || ftruncate(g->input_fd, (off_t)1 << 40))
		goto fail;
	g->janitor_pid = fork();
	if (g->janitor_pid < 0)
		goto fail;
	if (!g->janitor_pid)
		janitor(p[0], g->input_path);
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(p[0]);
	g->janitor = p[1];
	return 0;
fail:
	err = -errno;
	if (g->input_fd >= 0)
		unlink(g->input_path);
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(p[0]);
	close(p[1]);
	return err;
}

static off_t whole_pages(size_t len)
{
	return (len + PAGE - 1) & ~(off_t)(PAGE - 1);
}

bool bulk_full(const struct bulk *b)
{
	return b->nr == BULK_CHUNKS;
}

int bulk_put(struct bulk *b, struct guest *g, const __u8 *data, size_t len,
	     __u8 where[BULK_WHERE])
{
	if (pwrite(g->input_fd, data, len, g->input_at) != (ssize_t)len) {
		fprintf(stderr, "vm: cannot buffer input in %s: %m; free some space\n",
			g->input_path);
		return -EIO;
	}
	put_le64(where, g->input_at);
	put_le32(where + 8, len);
	g->input_at += whole_pages(len);
	b->len[(b->head + b->nr++) % BULK_CHUNKS] = len;
	return 0;
}

void bulk_acked(struct bulk *b, const struct guest *g, size_t acked)
{
	off_t from = b->cut;

	b->acked += acked;
	while (b->nr && b->acked >= b->len[b->head]) {
		b->acked -= b->len[b->head];
		b->cut += whole_pages(b->len[b->head]);
		b->head = (b->head + 1) % BULK_CHUNKS;
		b->nr--;
	}
	/* only saves memory, so it may fail */
	if (b->cut > from)
		fallocate(g->input_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, from,
			  b->cut - from);
}

void bulk_free(struct guest *g)
{
	if (g->janitor < 0)
		return;
	close(g->janitor);
	waitpid(g->janitor_pid, NULL, 0);
	g->janitor = -1;
}
