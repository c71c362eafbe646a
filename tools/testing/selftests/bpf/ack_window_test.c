// SPDX-License-Identifier: GPL-2.0
/*
 * BPF_SOCK_OPS_ACK_WINDOW_CB and BPF_SOCK_OPS_CLOSE_CB, and what a sock_ops
 * program reads through pointers that BTF knows. ack_window.bpf.c is attached to a
 * cgroup that this process is in.
 *
 *  1. without the flag, a program is not called, and windows are added up
 *  2. the flag and, from a program, TCP_ACK_WINDOW are accepted; at the end of
 *     each window the arguments are what bpf_getsockopt() says, none is left out
 *  3. with the last one, which close completes, all windows have all bytes
 *  4. close comes once for each end, after the last window, and says the state:
 *     of the one that closed first and of the accepted one
 *  5. after a reset, too, for both ends
 *  6. a connection without any ACK in its last window says so at close
 *  7. the program changes the congestion control within the call: the next window
 *     is the new one's, and says that it is one change more
 *  8. tcp_sock has the window of the context, an RTT deviation, and the packets
 *     that were lost, as many as the windows have
 *  9. a load through a pointer that is NULL gives 0
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest.h"
#include "tcp_lib.h"
#include "ack_window.h"
#include "ack_window.skel.h"

#define ACKS		8
#define BYTES		10000000
/* An emulated processor among others takes long. */
#define PATIENCE_MS	60000
#define CGROUP		"/sys/fs/cgroup"

/* Both ends of a connection: what the program has seen of them. */
struct ends {
	struct pair p;
	__u64 cookie[2];
	struct seen sender, receiver;
};

static struct ack_window_bpf *skel;
static char cgroup[64];

static void ok(bool pass, const char *what)
{
	ksft_test_result(pass, "%s\n", what);
}

static __u64 cookie_of(int fd)
{
	socklen_t len = sizeof(__u64);
	__u64 cookie = 0;

	getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len);
	return cookie;
}

static int move_to(const char *dir)
{
	char path[96];
	int fd, ret;

	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	ret = write(fd, "0", 1) == 1 ? 0 : -errno;
	close(fd);
	return ret;
}

static void leave(void)
{
	if (!*cgroup)
		return;
	move_to(CGROUP);
	rmdir(cgroup);
}

/* Attach to a cgroup of our own; the link goes with the process. */
static int attach(void)
{
	int fd, err;

	skel = ack_window_bpf__open_and_load();
	if (!skel)
		return -errno;
	snprintf(cgroup, sizeof(cgroup), CGROUP "/ack_window_test.%d", getpid());
	if (mkdir(cgroup, 0755)) {
		*cgroup = 0;
		return -errno;
	}
	atexit(leave);
	fd = open(cgroup, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return -errno;
	skel->links.ack_window = bpf_program__attach_cgroup(skel->progs.ack_window, fd);
	err = skel->links.ack_window ? 0 : -errno;
	close(fd);
	return err ?: move_to(cgroup);
}

static void begin(struct ends *e)
{
	memset(e, 0, sizeof(*e));
	if (pair_open(&e->p, "cubic", 0))
		ksft_exit_fail_msg("no connection\n");
	e->cookie[0] = cookie_of(e->p.sender);
	e->cookie[1] = cookie_of(e->p.receiver);
}

static void look(struct ends *e)
{
	int map = bpf_map__fd(skel->maps.sockets);

	if (bpf_map_lookup_elem(map, &e->cookie[0], &e->sender) ||
	    bpf_map_lookup_elem(map, &e->cookie[1], &e->receiver))
		ksft_exit_fail_msg("the program has not seen the connection\n");
}

/* The sender closes first, the receiver when it has all; then look. */
static void end(struct ends *e)
{
	char byte;

	shutdown(e->p.sender, SHUT_WR);
	usleep(100000);
	while (read(e->p.receiver, &byte, 1) > 0)
		;
	close(e->p.receiver);
	usleep(100000);
	close(e->p.sender);
	e->p = (struct pair){ -1, -1 };
	usleep(100000);
	look(e);
}

static void print(const struct seen *s)
{
	ksft_print_msg("%u windows, %u changes, to %s; errors %d %d %d\n", s->windows,
		       s->changes, s->cc, s->flags_err, s->set_err, s->change_err);
	ksft_print_msg("of these %u not read, %u differ, %u skipped, %u not full\n",
		       s->get_err, s->differ, s->skipped, s->not_full);
}

static void test_no_flag(void)
{
	struct tcp_ack_window w;
	struct ends e;

	skel->data->calls = false;
	begin(&e);
	pair_run(&e.p, PATIENCE_MS, BYTES);
	ok(!get_window(e.p.sender, &w) && w.taw_windows, "windows without the flag");
	end(&e);
	ok(!e.sender.set_err && !e.sender.windows && !e.sender.closes && !e.receiver.closes,
	   "no calls without the flag");
	skel->data->calls = true;
}

static void test_calls(void)
{
	struct ends e;

	begin(&e);
	pair_run(&e.p, PATIENCE_MS, BYTES);
	end(&e);
	ok(!e.sender.flags_err && !e.sender.set_err && !e.receiver.flags_err &&
	   e.sender.windows > 5 && !e.sender.get_err && !e.sender.differ &&
	   !e.sender.skipped && !e.sender.not_full, "a call at the end of each window");
	print(&e.sender);
	/* One more for the FIN. */
	ok(e.sender.bytes == BYTES + 1, "windows have all bytes");
	if (e.sender.bytes != BYTES + 1)
		ksft_print_msg("%u windows, %llu bytes\n", e.sender.windows, e.sender.bytes);
	ok(e.sender.closes == 1 && e.receiver.closes == 1 && !e.sender.after_close &&
	   e.sender.close_windows == e.sender.windows &&
	   e.sender.close_acks < ACKS && e.sender.close_state == BPF_TCP_FIN_WAIT2 &&
	   e.receiver.close_state == BPF_TCP_LAST_ACK, "close comes once, after the last window");
}

static void test_reset(void)
{
	const struct linger abort = { .l_onoff = 1 };
	struct ends e;

	begin(&e);
	pair_run(&e.p, 200, BYTES * 100L);
	setsockopt(e.p.sender, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
	close(e.p.sender);
	usleep(200000);
	look(&e);
	close(e.p.receiver);
	usleep(100000);
	look(&e);
	ok(e.sender.closes == 1 && e.receiver.closes == 1 && !e.sender.after_close &&
	   e.sender.windows && e.sender.close_state == BPF_TCP_ESTABLISHED &&
	   e.receiver.close_state == BPF_TCP_ESTABLISHED, "close comes once after a reset");
}

/* A window that close finds empty: one ACK each, and nothing after the FIN's. */
static void test_empty(void)
{
	struct ends e;

	skel->data->acks = 1;
	begin(&e);
	pair_run(&e.p, 1000, 1000);
	end(&e);
	skel->data->acks = ACKS;
	ok(e.sender.windows == 2 && e.sender.closes == 1 && !e.sender.close_acks &&
	   e.sender.close_windows == 2 && e.sender.bytes == 1001,
	   "close says that its window is empty");
	if (e.sender.windows != 2)
		ksft_print_msg("%u windows, %u ACKs at close\n", e.sender.windows,
			       e.sender.close_acks);
}

static void test_change(void)
{
	struct ends e;
	char cc[16] = "";
	socklen_t len = sizeof(cc);

	memcpy(skel->bss->change_to, "vegas", 6);
	skel->bss->change_at = 3;
	skel->data->acks = 4;
	begin(&e);
	pair_run(&e.p, PATIENCE_MS, BYTES);
	getsockopt(e.p.sender, IPPROTO_TCP, TCP_CONGESTION, cc, &len);
	look(&e);
	ok(!e.sender.change_err && !strcmp(cc, "vegas") && !strcmp(e.sender.cc, "vegas") &&
	   e.sender.windows > 3 && e.sender.changes == 1, "a change within the call");
	print(&e.sender);
	skel->bss->change_at = 0;
	skel->data->acks = ACKS;
	end(&e);
}

static void test_pointers(void)
{
	struct ends e;

	begin(&e);
	pair_run(&e.p, 200, BYTES * 100L);
	net_change("delay 10ms loss 2%");
	pair_run(&e.p, 2000, BYTES * 100L);
	net_change("delay 10ms");
	pair_run(&e.p, 500, BYTES * 100L);
	look(&e);
	ok(e.sender.looked == e.sender.windows && e.sender.windows > 5 &&
	   !e.sender.cwnd_differs && !e.sender.no_mdev && e.sender.lost &&
	   e.sender.lost == e.sender.window_lost, "tcp_sock says what the context says");
	ksft_print_msg("%u windows, lost %u by tcp_sock, %u by the windows\n",
		       e.sender.windows, e.sender.lost, e.sender.window_lost);
	ok(!e.sender.not_null && !e.sender.through_null, "a load through NULL gives 0");
	pair_close(&e.p);
}

int main(void)
{
	int err;

	ksft_print_header();
	if (geteuid())
		ksft_exit_skip("needs root for a network namespace and BPF\n");
	if (access("/proc/sys/net/ipv4/tcp_ack_window", F_OK))
		ksft_exit_skip("this kernel has no net.ipv4.tcp_ack_window (patches/6.12)\n");
	if (access("/sys/kernel/btf/vmlinux", R_OK) || access(CGROUP "/cgroup.procs", W_OK))
		ksft_exit_skip("no BTF, or no cgroup v2 at " CGROUP "\n");
	err = attach();
	if (err)
		ksft_exit_fail_msg("no program at a cgroup: %s\n", strerror(-err));
	if (net_init("delay 10ms") || net_sysctl("tcp_ack_window", "1"))
		ksft_exit_fail_msg("no network namespace with netem\n");
	ksft_set_plan(10);
	test_no_flag();
	test_calls();
	test_reset();
	test_empty();
	test_change();
	test_pointers();
	ack_window_bpf__destroy(skel);
	ksft_finished();
}
