// SPDX-License-Identifier: GPL-2.0-only
/*
 * Talks to the daemon's socket as no well-meaning client would:
 *
 *   control_probe SOCKET CONNECTIONS BYTES TEXT
 *
 * opens so many connections, sends on each TEXT, again and again until it has BYTES,
 * without a line feed unless TEXT has one ("\n"), and prints what is answered until the
 * other side closes: a line each, "-" where nothing was said.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX	64

static int dial(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	fprintf(stderr, "control_probe: %s: %s\n", path, strerror(errno));
	exit(EXIT_FAILURE);
}

/* The daemon may have enough before it has all. */
static void say(int fd, const char *text, size_t bytes)
{
	size_t len = strlen(text), n;

	for (; bytes && len; bytes -= n) {
		n = len < bytes ? len : bytes;
		if (send(fd, text, n, MSG_NOSIGNAL) != (ssize_t)n)
			return;
	}
}

static void hear(int fd)
{
	char buf[65536];
	ssize_t n, sum = 0;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		fwrite(buf, 1, n, stdout);
		sum += n;
	}
	if (!sum)
		puts("-");
}

int main(int argc, char **argv)
{
	int fd[MAX], i, n;
	size_t bytes;
	char *feed;

	if (argc != 5 || atoi(argv[2]) < 1 || atoi(argv[2]) > MAX) {
		fprintf(stderr, "usage: control_probe SOCKET CONNECTIONS BYTES TEXT\n");
		return 2;
	}
	n = atoi(argv[2]);
	bytes = strtoul(argv[3], NULL, 0);
	feed = strstr(argv[4], "\\n");
	if (feed)
		memcpy(feed, "\n", 2);
	for (i = 0; i < n; i++)
		fd[i] = dial(argv[1]);
	for (i = 0; i < n; i++)
		say(fd[i], argv[4], bytes);
	for (i = 0; i < n; i++)
		hear(fd[i]);
	return EXIT_SUCCESS;
}
