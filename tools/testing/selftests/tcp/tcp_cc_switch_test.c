// SPDX-License-Identifier: GPL-2.0
/*
 * A live connection that changes its congestion control.
 *
 *  1. a choice before the connection is no change, nor is the same name again
 *  2. a change counts, in TcpExtTCPCCSwitch and for the connection
 *  3. the tracepoint tells both names and the state that is left behind
 *  4. without tcp_cc_handoff, cubic goes on with bbr's window, over twice the BDP
 *  5. with it, cubic begins at about the BDP, out of slow start
 *  6. without it, bbr after cubic begins its startup
 *  7. with it, bbr after cubic begins with bandwidth and RTT of the path
 *  8. with it, westwood after cubic survives an early loss
 *  9. each of five hands over to each other one, and 500 ms bring at least three
 *     quarters of what they brought before, or of what the new one by itself does
 * 10. what has no state of its own to import gets TCP's (reno)
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kselftest.h"
#include "tcp_lib.h"

#define TRACING		"/sys/kernel/tracing/"
/* 20 Mbit/s, RTT 20 ms, segments of 1500 bytes */
#define PATH		"delay 10ms rate 20mbit"
#define BDP_PKTS	33
#define RATE_BYTES	2500000
#define TOTAL		1000000000L

static void ok(bool pass, const char *what)
{
	ksft_test_result(pass, "%s\n", what);
}

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC), ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

/* A connection of cc that has filled the path. */
static void begin(struct pair *p, const char *cc)
{
	if (pair_open(p, cc, 0))
		ksft_exit_fail_msg("no connection with %s\n", cc);
	pair_run(p, 2000, TOTAL);
}

static void handoff(bool on)
{
	if (net_sysctl("tcp_cc_handoff", on ? "1" : "0"))
		ksft_exit_fail_msg("no net.ipv4.tcp_cc_handoff\n");
}

static void test_counted(void)
{
	long before = net_counter("TCPCCSwitch"), none, after;
	struct tcp_ack_window w;
	struct pair p;

	begin(&p, "cubic");
	set_cc(p.sender, "cubic");
	none = net_counter("TCPCCSwitch");
	ok(before >= 0 && none == before, "a choice before the connection is no change");

	net_sysctl("tcp_ack_window", "1");
	set_window(p.sender, 4);
	set_cc(p.sender, "bbr");
	set_cc(p.sender, "vegas");
	pair_run(&p, 500, TOTAL);
	after = net_counter("TCPCCSwitch");
	ok(after == none + 2 && !get_window(p.sender, &w) && w.taw_cc_switches == 2 &&
	   !strcmp(w.taw_cc, "vegas"), "a change counts");
	pair_close(&p);
}

static void test_trace(void)
{
	static char buf[65536];
	struct pair p;
	int fd, n = 0;
	char *line;

	mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
	if (put(TRACING "events/tcp/tcp_cc_switch/enable", "1")) {
		ksft_test_result_skip("no tracefs here\n");
		return;
	}
	put(TRACING "trace", "");
	begin(&p, "bbr");
	set_cc(p.sender, "cubic");
	put(TRACING "events/tcp/tcp_cc_switch/enable", "0");
	fd = open(TRACING "trace", O_RDONLY);
	while (fd >= 0 && n < (int)sizeof(buf) - 1) {
		int got = read(fd, buf + n, sizeof(buf) - 1 - n);

		if (got <= 0)
			break;
		n += got;
	}
	buf[n] = 0;
	line = strstr(buf, "tcp_cc_switch:");
	ok(line && strstr(line, "family=AF_INET src=127.0.0.1:") &&
	   strstr(line, "from=bbr to=cubic ca_state=0") &&
	   strstr(line, " snd_cwnd=") && strstr(line, "switches=1"),
	   "the tracepoint tells names and state");
	if (fd >= 0)
		close(fd);
	pair_close(&p);
}

static void test_after_bbr(bool warm)
{
	struct tcp_info info;
	struct pair p;

	handoff(warm);
	begin(&p, "bbr");
	set_cc(p.sender, "cubic");
	info = get_info(p.sender);
	ksft_print_msg("cubic after bbr, handoff %d: cwnd %u, ssthresh %u\n", warm,
		       info.tcpi_snd_cwnd, info.tcpi_snd_ssthresh);
	if (!warm)
		ok(info.tcpi_snd_cwnd > BDP_PKTS * 2, "cold: cubic goes on with bbr's window");
	else
		ok(info.tcpi_snd_ssthresh >= BDP_PKTS / 2 &&
		   info.tcpi_snd_ssthresh <= BDP_PKTS * 2 &&
		   info.tcpi_snd_cwnd == info.tcpi_snd_ssthresh,
		   "warm: cubic begins at the BDP");
	pair_close(&p);
}

static void test_to_bbr(bool warm)
{
	union tcp_cc_info cc = { 0 };
	socklen_t len = sizeof(cc);
	unsigned long long bw;
	struct pair p;

	handoff(warm);
	begin(&p, "cubic");
	set_cc(p.sender, "bbr");
	pair_run(&p, 100, TOTAL);
	getsockopt(p.sender, IPPROTO_TCP, TCP_CC_INFO, &cc, &len);
	bw = (unsigned long long)cc.bbr.bbr_bw_hi << 32 | cc.bbr.bbr_bw_lo;
	ksft_print_msg("bbr after cubic, handoff %d: %llu bytes/s, RTT %u us, gain %u/256\n",
		       warm, bw, cc.bbr.bbr_min_rtt, cc.bbr.bbr_pacing_gain);
	if (!warm)
		ok(cc.bbr.bbr_pacing_gain > 512, "cold: bbr begins its startup");
	else
		ok(bw > RATE_BYTES / 2 && bw < RATE_BYTES * 3 / 2 &&
		   cc.bbr.bbr_min_rtt >= 20000 && cc.bbr.bbr_min_rtt < 40000 &&
		   cc.bbr.bbr_pacing_gain &&
		   cc.bbr.bbr_pacing_gain < 512, "warm: bbr begins with the path's bandwidth");
	pair_close(&p);
}

/* Right after the change a loss sets the threshold: by bandwidth and RTT. */
static void test_westwood(void)
{
	struct tcp_info info = { 0 };
	struct pair p;
	int i;

	handoff(true);
	begin(&p, "cubic");
	set_cc(p.sender, "westwood");
	net_change(PATH " loss 10%");
	for (i = 0; i < 200 && info.tcpi_ca_state != 3; i++) {
		pair_run(&p, 2, TOTAL);
		info = get_info(p.sender);
	}
	net_change(PATH);
	ksft_print_msg("westwood after cubic: ssthresh %u after a loss\n",
		       info.tcpi_snd_ssthresh);
	ok(info.tcpi_ca_state == 3 && info.tcpi_snd_ssthresh >= BDP_PKTS / 2,
	   "warm: westwood survives an early loss");
	pair_close(&p);
}

/* What cc by itself brings in 500 ms, when it has been going for three seconds. */
static long alone(const char *cc)
{
	struct pair p;
	long got;

	if (pair_open(&p, cc, 0))
		ksft_exit_fail_msg("no %s\n", cc);
	pair_run(&p, 3000, TOTAL);
	got = pair_run(&p, 500, TOTAL);
	pair_close(&p);
	return got;
}

static void test_all_pairs(void)
{
	static const char * const cc[] = { "bbr", "cubic", "illinois", "vegas", "westwood" };
	const int n = sizeof(cc) / sizeof(*cc);
	struct pair p;
	bool good = true;
	long own[5];
	int i, j;

	handoff(true);
	for (i = 0; i < n; i++)
		own[i] = alone(cc[i]);
	for (i = 0; i < n; i++) {
		for (j = 0; j < n; j++) {
			long before, after;

			if (i == j)
				continue;
			if (pair_open(&p, cc[i], 0))
				ksft_exit_fail_msg("no %s\n", cc[i]);
			pair_run(&p, 1000, TOTAL);
			before = pair_run(&p, 500, TOTAL);
			if (set_cc(p.sender, cc[j]))
				ksft_exit_fail_msg("no %s\n", cc[j]);
			after = pair_run(&p, 500, TOTAL);
			if (after < (before < own[j] ? before : own[j]) * 3 / 4) {
				ksft_print_msg("%s to %s: %ld, then %ld bytes; %ld alone\n",
					       cc[i], cc[j], before, after, own[j]);
				good = false;
			}
			pair_close(&p);
		}
	}
	ok(good, "each of five hands over to each other one");
}

static void test_reno(void)
{
	struct tcp_info info;
	struct pair p;

	handoff(true);
	begin(&p, "bbr");
	set_cc(p.sender, "reno");
	info = get_info(p.sender);
	ok(info.tcpi_snd_ssthresh >= BDP_PKTS / 2 && info.tcpi_snd_ssthresh <= BDP_PKTS * 2 &&
	   pair_run(&p, 500, TOTAL) > RATE_BYTES / 4, "reno after bbr has the BDP as threshold");
	pair_close(&p);
}

int main(void)
{
	ksft_print_header();
	if (geteuid())
		ksft_exit_skip("needs root for a network namespace\n");
	if (access("/proc/sys/net/ipv4/tcp_cc_handoff", F_OK))
		ksft_exit_skip("this kernel has no net.ipv4.tcp_cc_handoff (patches/6.12)\n");
	/* Segments of a packet each, as a link has them: one of 64 KiB takes 26 ms. */
	if (net_init(PATH) || system("ip link set lo gso_max_segs 1"))
		ksft_exit_fail_msg("no network namespace with netem\n");
	ksft_set_plan(10);
	test_counted();
	test_trace();
	test_after_bbr(false);
	test_after_bbr(true);
	test_to_bbr(false);
	test_to_bbr(true);
	test_westwood();
	test_all_pairs();
	test_reno();
	ksft_finished();
}
