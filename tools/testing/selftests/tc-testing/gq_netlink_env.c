// SPDX-License-Identifier: GPL-2.0
/*
 * A network namespace with a dummy device, packets of many kinds of flows that
 * go through its qdisc, and a look at the kernel's log.
 *
 * Flows differ in what gq looks at: sockets with and without a pacing rate,
 * connected ones and ones that are hashed, departure times near and far,
 * priorities, code points, marks. What is random is taken from random(), so
 * that a seed repeats it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/net_tstamp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"
#include "gq_netlink_env.h"

#define ADDRESS		"192.0.2.1"
#define PEER		"192.0.2.2"
#define PORT		9	/* discard */
#define PACKET_MAX	1400
/* Every fourth socket each: departure times, a rate, not connected, plain. */
#define KINDS		4

/* A new network namespace with a dummy device that is up, and a connection. */
int env_open(struct conn *c)
{
	const struct timeval patience = { .tv_sec = 20 };
	int on = 1;

	if (unshare(CLONE_NEWNET))
		return -errno;
	c->nl = mnl_socket_open(NETLINK_ROUTE);
	if (!c->nl || mnl_socket_bind(c->nl, 0, MNL_SOCKET_AUTOPID) ||
	    mnl_socket_setsockopt(c->nl, NETLINK_EXT_ACK, &on, sizeof(on)) ||
	    setsockopt(mnl_socket_get_fd(c->nl), SOL_SOCKET, SO_RCVTIMEO,
		       &patience, sizeof(patience)))
		return -errno;
	return add_dummy(c->nl);
}

static int set_address(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), err = 0;
	struct ifreq ifr = { .ifr_name = DEV };
	struct sockaddr_in *sin = (struct sockaddr_in *)&ifr.ifr_addr;

	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = inet_addr(ADDRESS);
	if (fd < 0 || ioctl(fd, SIOCSIFADDR, &ifr))
		err = -errno;
	sin->sin_addr.s_addr = inet_addr("255.255.255.0");
	if (!err && ioctl(fd, SIOCSIFNETMASK, &ifr))
		err = -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

static struct sockaddr_in peer(int port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = inet_addr(PEER),
	};
}

static int open_flow(unsigned int i)
{
	const struct sock_txtime txtime = { .clockid = CLOCK_MONOTONIC };
	struct sockaddr_in to = peer(PORT + i);
	unsigned int rate = 1000U << (i % 20);
	int fd, err = 0;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	switch (i % KINDS) {
	case 0:
		err = setsockopt(fd, SOL_SOCKET, SO_TXTIME, &txtime,
				 sizeof(txtime));
		break;
	case 1:
		err = setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate,
				 sizeof(rate));
		break;
	}
	if (!err && i % KINDS != 2)
		err = connect(fd, (struct sockaddr *)&to, sizeof(to));
	if (err) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

int traffic_open(struct traffic *t)
{
	unsigned int i;
	int err = set_address();

	memset(t, 0, sizeof(*t));
	if (err)
		return err;
	for (i = 0; i < TRAFFIC_FLOWS; i++) {
		t->fd[i] = open_flow(i);
		if (t->fd[i] < 0)
			return t->fd[i];
	}
	return 0;
}

void traffic_close(struct traffic *t)
{
	unsigned int i;

	for (i = 0; i < TRAFFIC_FLOWS; i++)
		if (t->fd[i] > 0)
			close(t->fd[i]);
}

/* Up to 2 ms ahead, seldom far beyond any wheel, seldom in the past. */
static uint64_t departure(void)
{
	struct timespec now;
	int64_t ahead = random() % 2000000;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!(random() % 16))
		ahead = random() % 8 * 1000000000LL - 1000000000;
	return now.tv_sec * 1000000000LL + now.tv_nsec + ahead;
}

static void send_one(struct traffic *t, unsigned int i)
{
	static char data[PACKET_MAX];
	char control[CMSG_SPACE(sizeof(uint64_t))] = { 0 };
	struct iovec iov = { data, 1 + random() % PACKET_MAX };
	struct sockaddr_in to = peer(1000 + random() % 3000);
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	uint64_t at;

	if (i % KINDS == 0 && random() % 2) {
		struct cmsghdr *cmsg = (void *)control;

		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_TXTIME;
		cmsg->cmsg_len = CMSG_LEN(sizeof(at));
		at = departure();
		memcpy(CMSG_DATA(cmsg), &at, sizeof(at));
	} else if (i % KINDS == 2) {
		msg.msg_name = &to;
		msg.msg_namelen = sizeof(to);
	}
	if (sendmsg(t->fd[i], &msg, 0) < 0)
		t->refused++;	/* by its send buffer, or by gq */
	else
		t->sent++;
}

void traffic_send(struct traffic *t, unsigned int packets)
{
	int val;

	while (packets--) {
		unsigned int i = random() % TRAFFIC_FLOWS;

		if (!(random() % 4)) {
			val = random() % 16;
			setsockopt(t->fd[i], SOL_SOCKET, SO_PRIORITY, &val,
				   sizeof(val));
			val = random() % 64 << 2;
			setsockopt(t->fd[i], IPPROTO_IP, IP_TOS, &val,
				   sizeof(val));
			val = random() % 100;
			setsockopt(t->fd[i], SOL_SOCKET, SO_MARK, &val,
				   sizeof(val));
		}
		send_one(t, i);
	}
}

/* What a counter of a dump says; 0 if it is not there. */
static uint64_t counter(const struct dump *d, int type)
{
	const struct nlattr *attr = (const void *)d->stats;
	int len = d->stats_len;

	for (; mnl_attr_ok(attr, len); attr = mnl_attr_next(attr)) {
		if (mnl_attr_get_type(attr) == type)
			return mnl_attr_get_payload_len(attr) == 4 ?
			       mnl_attr_get_u32(attr) : mnl_attr_get_u64(attr);
		len -= MNL_ALIGN(attr->nla_len);
	}
	return 0;
}

int totals_get(struct conn *c, struct totals *t)
{
	struct dump d;
	int err;

	err = get(c, &d);
	if (err)
		return err;
	t->qlen = d.qlen;
	t->enqueued = counter(&d, TCA_GQ_STATS_ENQUEUED);
	t->dequeued = counter(&d, TCA_GQ_STATS_DEQUEUED);
	t->evicted = counter(&d, TCA_GQ_STATS_EVICTED);
	t->alloc_errors = counter(&d, TCA_GQ_STATS_ALLOC_ERRORS);
	t->hash_resizes = counter(&d, TCA_GQ_STATS_HASH_RESIZES);
	t->hash_buckets = counter(&d, TCA_GQ_STATS_HASH_BUCKETS);
	t->flows = counter(&d, TCA_GQ_STATS_FLOWS);
	return 0;
}

bool totals_agree(const struct totals *t)
{
	return t->enqueued == t->dequeued + t->evicted + t->qlen;
}

/* The kernel's log from here on. Return: a file, or -1: it is not readable */
int log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

/* Nothing bad was logged since the last call; what was is printed. */
bool log_quiet(int fd)
{
	static const char *const bad[] = {
		"WARNING:", "BUG:", "Oops", "KASAN:", "UBSAN:", "ODEBUG:",
		"INFO: ", "possible ", "suspected memory leaks",
	};
	char line[1024];
	bool quiet = true;
	ssize_t len;
	size_t i;

	for (;;) {
		len = read(fd, line, sizeof(line) - 1);
		if (len < 0 && errno == EPIPE)
			continue;	/* overwritten before it was read */
		if (len <= 0)
			return quiet;
		line[len] = '\0';
		for (i = 0; i < ARRAY_SIZE(bad); i++) {
			if (!strstr(line, bad[i]))
				continue;
			printf("# log: %s", line);
			quiet = false;
			break;
		}
	}
}

/* The processor is emulated: some hundred times slower. */
bool emulated(void)
{
	char buf[4096] = { 0 };
	FILE *f = fopen("/proc/cpuinfo", "r");
	bool found = false;

	while (f && !found && fgets(buf, sizeof(buf), f))
		found = strstr(buf, "QEMU TCG");
	if (f)
		fclose(f);
	return found;
}
