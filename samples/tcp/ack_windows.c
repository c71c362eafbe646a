// SPDX-License-Identifier: GPL-2.0-only
/*
 * Send to ADDRESS PORT (IPv4) for SECONDS, and print each window of ACKS ACKs as a
 * line of JSON. With CC, change to that congestion control after half of the time.
 *
 *	ack_windows ADDRESS PORT ACKS SECONDS [CC]
 *
 * The kernel must have patches/6.12 of netsteer, and allow it:
 *	sysctl -w net.ipv4.tcp_ack_window=1
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static int connect_to(const char *address, const char *port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(atoi(port)),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0), lowat = 65536;

	if (fd >= 0 && inet_pton(AF_INET, address, &to.sin_addr) == 1 &&
	    !connect(fd, (struct sockaddr *)&to, sizeof(to)) &&
	    !setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &lowat, sizeof(lowat)))
		return fd;
	fprintf(stderr, "ack_windows: %s port %s: %s\n", address, port, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* The last complete window, if it is not the one that *last says. */
static void print_window(int fd, __u32 *last)
{
	struct tcp_ack_window w = { 0 };
	socklen_t len = sizeof(w);

	if (getsockopt(fd, IPPROTO_TCP, TCP_ACK_WINDOW, &w, &len) || w.taw_windows == *last)
		return;
	*last = w.taw_windows;
	printf("{\"window\":%u,\"acks\":%u,\"us\":%llu,\"bytes\":%llu,\"lost\":%u,", w.taw_windows,
	       w.taw_acks, w.taw_duration_us, w.taw_bytes_acked, w.taw_lost);
	printf("\"rtt_min_us\":%u,\"rtt_mean_us\":%llu,\"rtt_max_us\":%u,", w.taw_rtt_min_us,
	       w.taw_rtt_samples ? w.taw_rtt_sum_us / w.taw_rtt_samples : 0, w.taw_rtt_max_us);
	printf("\"cwnd\":%u,\"cc\":\"%.16s\",\"changes\":%u}\n", w.taw_cwnd, w.taw_cc,
	       w.taw_cc_switches);
}

static int run(int fd, int acks, double duration, const char *cc)
{
	double begin = seconds(), now;
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	static const char zeros[16384];
	__u32 last = 0;

	if (setsockopt(fd, IPPROTO_TCP, TCP_ACK_WINDOW, &acks, sizeof(acks))) {
		fprintf(stderr, "ack_windows: TCP_ACK_WINDOW %d: %s; %s\n", acks, strerror(errno),
			"1 to 65535, and only with sysctl -w net.ipv4.tcp_ack_window=1");
		return 1;
	}
	while ((now = seconds() - begin) < duration) {
		/* Windows that end between two looks are not seen: look often. */
		if (poll(&p, 1, 1) > 0 &&
		    send(fd, zeros, sizeof(zeros), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
		    errno != EAGAIN)
			break;
		print_window(fd, &last);
		if (!cc || now < duration / 2)
			continue;
		if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, cc, strlen(cc))) {
			fprintf(stderr, "ack_windows: %s: %s\n", cc, strerror(errno));
			return 1;
		}
		cc = NULL;
	}
	return 0;
}

int main(int argc, char **argv)
{
	int fd, ret;

	if (argc < 5 || argc > 6) {
		fprintf(stderr, "usage: ack_windows ADDRESS PORT ACKS SECONDS [CC]\n"
			"example: ack_windows 192.0.2.1 5001 20 5 bbr\n");
		return 2;
	}
	fd = connect_to(argv[1], argv[2]);
	if (fd < 0)
		return 1;
	ret = run(fd, atoi(argv[3]), atof(argv[4]), argc == 6 ? argv[5] : NULL);
	close(fd);
	return ret;
}
