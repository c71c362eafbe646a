// SPDX-License-Identifier: GPL-2.0
/*
 * TCP_ACK_WINDOW: what the ACKs of a window add up to.
 *
 *  1. not allowed as long as net.ipv4.tcp_ack_window is 0
 *  2. sizes out of range are refused, and nothing is to be read yet
 *  3. a window has as many ACKs as asked for, and their number grows
 *  4. no RTT is shorter than the path, and minimum <= mean <= maximum
 *  5. the times by state add up to the duration of the window
 *  6. all windows together have the bytes that were sent
 *  7. losses and the time spent in recovery show, in a window with losses only
 *  8. time limited by the receiver's window shows
 *  9. a short buffer gets the beginning, and its length is said
 * 10. a listener's setting holds for the socket that it accepts
 * 11. inet_diag has the same window as the socket, and ss can read the dump
 * 12. size 0 stops it
 */
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kselftest.h"
#include "tcp_lib.h"

#define ACKS	16
#define RTT_US	20000

static void ok(bool pass, const char *what)
{
	ksft_test_result(pass, "%s\n", what);
}

static __u64 state_sum(const struct tcp_ack_window *w)
{
	__u64 sum = 0;
	size_t i;

	for (i = 0; i < sizeof(w->taw_state_us) / sizeof(*w->taw_state_us); i++)
		sum += w->taw_state_us[i];
	return sum;
}

static void test_refused(void)
{
	struct tcp_ack_window w;
	struct pair p;

	if (pair_open(&p, "cubic", 0))
		ksft_exit_fail_msg("no connection\n");
	ok(set_window(p.sender, ACKS) == -EOPNOTSUPP, "not allowed by default");
	if (net_sysctl("tcp_ack_window", "1"))
		ksft_exit_fail_msg("no net.ipv4.tcp_ack_window\n");
	ok(set_window(p.sender, -1) == -EINVAL &&
	   set_window(p.sender, TCP_ACK_WINDOW_MAX + 1) == -EINVAL &&
	   get_window(p.sender, &w) == -ENODATA, "bad sizes are refused");
	pair_close(&p);
}

/* Windows of all of a transfer, read after every few bytes. */
static void test_sums(void)
{
	struct tcp_ack_window w, last = { 0 };
	__u64 acked = 0, windows = 0;
	bool whole = true, sane = true, states = true;
	struct pair p;
	int i;

	if (pair_open(&p, "cubic", 0) || set_window(p.sender, 1))
		ksft_exit_fail_msg("no connection\n");
	/* One segment a time is one ACK and one window a time: none is missed. */
	for (i = 0; i < 50; i++) {
		pair_run(&p, 2000, 1000);
		usleep(RTT_US * 2);
		if (get_window(p.sender, &w))
			continue;
		whole &= w.taw_acks == 1 && w.taw_windows == last.taw_windows + 1;
		acked += w.taw_bytes_acked;
		windows++;
		last = w;
	}
	set_window(p.sender, ACKS);
	pair_run(&p, 1000, 1 << 30);
	if (get_window(p.sender, &w))
		ksft_exit_fail_msg("no window after a second of traffic\n");
	whole &= w.taw_acks == ACKS && w.taw_windows > last.taw_windows + 2;
	sane = w.taw_rtt_samples && w.taw_rtt_min_us >= RTT_US &&
	       w.taw_rtt_min_us * (__u64)w.taw_rtt_samples <= w.taw_rtt_sum_us &&
	       w.taw_rtt_sum_us <= w.taw_rtt_max_us * (__u64)w.taw_rtt_samples;
	states = w.taw_duration_us && state_sum(&w) == w.taw_duration_us &&
		 w.taw_state_us[0] == w.taw_duration_us;
	ok(whole, "a window has the ACKs asked for");
	ok(sane, "no RTT is shorter than the path");
	ok(states, "times by state add up to the duration");
	ok(windows == 50 && acked == 50 * 1000, "all windows have all bytes");
	if (windows != 50 || acked != 50 * 1000)
		ksft_print_msg("%llu windows, %llu bytes\n", windows, acked);
	pair_close(&p);
}

static void test_losses(void)
{
	struct tcp_ack_window before, w;
	struct pair p;
	int i;
	bool seen = false;

	if (pair_open(&p, "cubic", 0) || set_window(p.sender, ACKS))
		ksft_exit_fail_msg("no connection\n");
	pair_run(&p, 300, 1 << 30);
	get_window(p.sender, &before);
	net_change("delay 10ms loss 5%");
	for (i = 0; i < 100 && !seen; i++) {
		pair_run(&p, 50, 1 << 30);
		seen = !get_window(p.sender, &w) && w.taw_lost && w.taw_retrans &&
		       w.taw_state_us[3];
	}
	net_change("delay 10ms");
	ok(seen && before.taw_windows && !before.taw_lost && !before.taw_state_us[3] &&
	   state_sum(&w) == w.taw_duration_us, "losses and recovery show");
	pair_close(&p);
}

/* A receiver that reads once in a while: its window is what limits. */
static void test_limited(void)
{
	static char buf[1 << 20];
	__u64 limited = 0, free_limited = 0;
	struct tcp_ack_window w;
	struct pair p;
	int i;

	if (pair_open(&p, "cubic", 0) || set_window(p.sender, 4))
		ksft_exit_fail_msg("no connection\n");
	pair_run(&p, 200, 1 << 20);
	if (!get_window(p.sender, &w))
		free_limited = w.taw_rwnd_limited_us;
	for (i = 0; i < 20; i++) {
		while (write(p.sender, buf, sizeof(buf)) > 0)
			;
		usleep(RTT_US * 10);
		while (read(p.receiver, buf, sizeof(buf)) > 0)
			usleep(RTT_US);
		if (!get_window(p.sender, &w) && w.taw_rwnd_limited_us > limited)
			limited = w.taw_rwnd_limited_us;
	}
	ok(!free_limited && limited > RTT_US, "time limited by the receiver's window shows");
	pair_close(&p);
}

static void test_short(const struct pair *p)
{
	struct tcp_ack_window w;
	__u32 part[2] = { 0 };
	socklen_t len = sizeof(part);

	get_window(p->sender, &w);
	ok(!getsockopt(p->sender, IPPROTO_TCP, TCP_ACK_WINDOW, part, &len) &&
	   len == sizeof(part) && part[0] == w.taw_windows && part[1] == w.taw_acks,
	   "a short buffer gets the beginning");
}

/* Ask sock_diag for the socket that listens to us on lport; its window. */
static int diag_window(struct tcp_ack_window *w, __u16 sport)
{
	struct {
		struct nlmsghdr h;
		struct inet_diag_req_v2 r;
	} req = {
		.h = { sizeof(req), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 1, 0 },
		.r = { .sdiag_family = AF_INET, .sdiag_protocol = IPPROTO_TCP,
		       .idiag_ext = 1 << (INET_DIAG_INFO - 1), .idiag_states = ~0u },
	};
	static char buf[65536];
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG), found = 0;
	bool more = fd >= 0 && send(fd, &req, sizeof(req), 0) == sizeof(req);

	while (more) {
		int len = recv(fd, buf, sizeof(buf), 0);
		struct nlmsghdr *h = (void *)buf;

		more = len > 0;
		for (; NLMSG_OK(h, (unsigned int)len); h = NLMSG_NEXT(h, len)) {
			struct inet_diag_msg *m = NLMSG_DATA(h);
			struct nlattr *a = (void *)(m + 1);
			char *end = (char *)h + h->nlmsg_len;

			more &= h->nlmsg_type == SOCK_DIAG_BY_FAMILY;
			if (!more || ntohs(m->id.idiag_sport) != sport)
				continue;
			while ((char *)a + sizeof(*a) <= end && a->nla_len >= sizeof(*a)) {
				if (a->nla_type == INET_DIAG_ACK_WINDOW &&
				    a->nla_len == sizeof(*a) + sizeof(*w)) {
					memcpy(w, a + 1, sizeof(*w));
					found++;
				}
				a = (void *)((char *)a + NLA_ALIGN(a->nla_len));
			}
		}
	}
	if (fd >= 0)
		close(fd);
	return found;
}

static void test_readers(void)
{
	struct tcp_ack_window w, d = { 0 };
	struct sockaddr_in a;
	socklen_t len = sizeof(a);
	struct pair p, back;

	if (pair_open(&p, "cubic", ACKS) || set_window(p.sender, ACKS))
		ksft_exit_fail_msg("no connection\n");
	pair_run(&p, 500, 1 << 30);
	usleep(500000);
	test_short(&p);

	/* The accepted socket sends too. */
	back = (struct pair){ .sender = p.receiver, .receiver = p.sender };
	pair_run(&back, 500, 1 << 30);
	usleep(500000);
	ok(!get_window(p.receiver, &w) && w.taw_acks == ACKS, "a listener's setting is inherited");

	getsockname(p.sender, (struct sockaddr *)&a, &len);
	get_window(p.sender, &w);
	ok(diag_window(&d, ntohs(a.sin_port)) == 1 && !memcmp(&d, &w, sizeof(w)) &&
	   !system("ss -tinH state established | grep -q cwnd"),
	   "inet_diag has the same window");
	ok(!set_window(p.sender, 0) && get_window(p.sender, &w) == -ENODATA, "size 0 stops it");
	pair_close(&p);
}

int main(void)
{
	ksft_print_header();
	if (geteuid())
		ksft_exit_skip("needs root for a network namespace\n");
	if (access("/proc/sys/net/ipv4/tcp_ack_window", F_OK))
		ksft_exit_skip("this kernel has no net.ipv4.tcp_ack_window (patches/6.12)\n");
	if (net_init("delay 10ms"))
		ksft_exit_fail_msg("no network namespace with netem\n");
	ksft_set_plan(12);
	test_refused();
	test_sums();
	test_losses();
	test_limited();
	test_readers();
	ksft_finished();
}
