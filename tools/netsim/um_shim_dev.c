// SPDX-License-Identifier: GPL-2.0-only
/*
 * The devices of a user-mode node, in its own process: virtio network interfaces,
 * and a virtio console that carries the control channel. vhost_user.c knows the
 * protocol and the rings; here is what the bytes mean.
 *
 * From the guest: a kick takes all that is in the ring, with the present time,
 * before it returns. So transmission takes no time and needs no interrupt; how
 * long a frame is under way is the simulator's business. Acknowledgments are not
 * offered, so a kick costs no system call at all.
 *
 * To the guest: at the time of arrival, while it stands still, a frame goes into
 * the ring, and if the driver has interrupts on, it is told over its request
 * socket. Where the ring has no room the frame is held, and the driver asked to
 * kick when it has; a real card would drop it, but it is the path's model in
 * which frames are lost here. An interface that was never up, or stays down,
 * does drop.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "um_shim.h"
#include "vhost_user.h"

#define DEVS		(NS_NICS_MAX + 1)
#define FDS		256	/* the kernel opens its devices early, so below this */
#define HELD_MAX	4096u

#define RX		0
#define TX		1

#define BIT_ULL(n)		(1ull << (n))
#define NET_F_MAC		BIT_ULL(5)
#define NET_F_MRG_RXBUF		BIT_ULL(15)
#define F_VERSION_1		BIT_ULL(32)

struct net_header {
	uint8_t flags, gso_type;
	uint16_t hdr_len, gso_size, csum_start, csum_offset, num_buffers;
};

struct held {
	struct held *next;
	uint32_t len, done;
	unsigned char data[];
};

struct dev {
	struct vu_dev vu;
	unsigned int index;
	bool is_control;
	int answers;		/* our end of the kernel's socket */
	int req;		/* to tell the driver */
	struct held *held, **held_end;
	unsigned int nr_held;
	bool was_up;		/* the guest has offered buffers at least once */
	bool call;		/* to be told in this step */
};

static struct dev devs[DEVS];
static unsigned char dev_of_fd[FDS];	/* index + 1 */

static void bad(const struct dev *dev)
{
	shim_die("device %u: %s", dev->index, dev->vu.error ? dev->vu.error : "bad buffers");
}

static void hold(struct dev *dev, const unsigned char *p, uint32_t len)
{
	struct held *h;

	if (dev->nr_held >= HELD_MAX && !dev->is_control) {
		shim_out(UM_UNDELIVERED, dev->index, 0, len);
		return;
	}
	h = malloc(sizeof(*h) + len);
	if (!h)
		shim_die("no memory for what waits for the guest");
	h->next = NULL;
	h->len = len;
	h->done = 0;
	memcpy(h->data, p, len);
	*dev->held_end = h;
	dev->held_end = &h->next;
	dev->nr_held++;
}

static void held_pop(struct dev *dev)
{
	struct held *h = dev->held;

	dev->held = h->next;
	if (!h->next)
		dev->held_end = &dev->held;
	dev->nr_held--;
	free(h);
}

/* A frame into as many buffers as it takes. False: there is no room. */
static bool put_frame(struct dev *dev, const unsigned char *p, uint32_t len)
{
	struct net_header head = { 0 };
	uint16_t heads[VU_QUEUE_SIZE];
	uint32_t lens[VU_QUEUE_SIZE];
	struct vu_chain chain, first;
	unsigned int n = 0, i;
	uint32_t done = 0;
	int got;

	do {
		got = n < VU_QUEUE_SIZE ? vu_pop(&dev->vu, RX, &chain) : 0;
		if (got < 0 || (got && !n && chain.in_len < sizeof(head)))
			bad(dev);
		if (!got) {
			vu_unpop(&dev->vu, RX, n);
			return false;
		}
		heads[n] = chain.head;
		lens[n] = vu_copy_in(&chain, n ? 0 : sizeof(head), p + done, len - done);
		done += lens[n];
		if (!n) {
			first = chain;
			lens[n] += sizeof(head);
		}
		n++;
	} while (done < len);
	head.num_buffers = n;
	vu_copy_in(&first, 0, &head, sizeof(head));
	for (i = 0; i < n; i++)
		vu_push(&dev->vu, RX, heads[i], lens[i]);
	return true;
}

/* Bytes of the control channel: as many as fit. *done moves on. */
static bool put_bytes(struct dev *dev, const unsigned char *p, uint32_t len, uint32_t *done)
{
	struct vu_chain chain;
	uint32_t n;
	int got;

	while (*done < len) {
		got = vu_pop(&dev->vu, RX, &chain);
		if (got < 0)
			bad(dev);
		if (!got)
			return false;
		n = vu_copy_in(&chain, 0, p + *done, len - *done);
		vu_push(&dev->vu, RX, chain.head, n);
		*done += n;
	}
	return true;
}

static bool put(struct dev *dev, const unsigned char *p, uint32_t len, uint32_t *done)
{
	return dev->is_control ? put_bytes(dev, p, len, done) : put_frame(dev, p, len);
}

/* What is held goes into the ring, as far as there is room. True: all of it. */
static bool put_held(struct dev *dev)
{
	while (dev->held) {
		if (!put(dev, dev->held->data, dev->held->len, &dev->held->done))
			return false;
		held_pop(dev);
	}
	return true;
}

void shim_dev_deliver(const struct um_record *record, const void *bytes)
{
	struct dev *dev = &devs[record->dev];
	bool ready = record->dev < DEVS && vu_ready(&dev->vu, RX);
	uint32_t done = 0;

	if (!ready || (!dev->was_up && !dev->is_control)) {
		if (record->kind == UM_CONTROL)
			shim_die("the control channel is not open");
		shim_out(UM_UNDELIVERED, record->dev, 0, record->len);
		return;
	}
	if (dev->held || !put(dev, bytes, record->len, &done)) {
		hold(dev, (const unsigned char *)bytes + done, record->len - done);
		vu_want_kick(&dev->vu, RX, true);
	}
	vu_publish(&dev->vu, RX);
	if (vu_wants_call(&dev->vu, RX))
		dev->call = true;
}

static void call(struct dev *dev, unsigned int queue)
{
	struct vu_message m = {
		.header = { VU_BACKEND_VRING_CALL, VU_VERSION, sizeof(m.state) },
		.state.index = queue,
	};
	size_t len = sizeof(m.header) + sizeof(m.state);

	if (syscall(SYS_sendto, dev->req, &m, len, MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0) !=
	    (ssize_t)len)
		shim_die("device %u: the kernel takes no interrupts", dev->index);
}

void shim_dev_interrupt(void)
{
	unsigned int i;
	int left;

	for (i = 0; i < DEVS; i++) {
		if (!devs[i].call)
			continue;
		devs[i].call = false;
		call(&devs[i], RX);
		/* It must have been heard by now, or it would be late. */
		if (ioctl(devs[i].req, SIOCOUTQ, &left) || left)
			shim_die("device %u: an interrupt was not heard in time", i);
	}
}

/* The driver has new buffers for what is to come. */
static void refilled(struct dev *dev)
{
	bool all;

	dev->was_up = true;
	vu_want_kick(&dev->vu, RX, false);
	if (!dev->held)
		return;
	all = put_held(dev);
	vu_publish(&dev->vu, RX);
	if (!all)
		vu_want_kick(&dev->vu, RX, true);
	if (vu_wants_call(&dev->vu, RX))
		call(dev, RX);
}

static void sent(struct dev *dev, const struct vu_chain *chain)
{
	size_t head = dev->is_control ? 0 : sizeof(struct net_header), len;

	if (chain->out_len <= head)
		return;
	len = chain->out_len - head;
	if (len > NS_FRAME_MAX)
		shim_die("device %u: sends %zu bytes at once", dev->index, len);
	vu_copy_out(chain, head, shim_out(dev->is_control ? UM_CONTROL : UM_FRAME, dev->index,
					  len, 0), len);
}

/* Everything that the driver has put into the ring leaves now. */
static void transmit(struct dev *dev)
{
	struct vu_chain chain;
	bool any = false;
	int got;

	while ((got = vu_pop(&dev->vu, TX, &chain)) > 0) {
		sent(dev, &chain);
		vu_push(&dev->vu, TX, chain.head, 0);
		any = true;
	}
	if (got < 0)
		bad(dev);
	if (!any)
		return;
	vu_publish(&dev->vu, TX);
	if (vu_wants_call(&dev->vu, TX))
		call(dev, TX);
}

static bool kicked(struct vu_dev *vu, unsigned int queue)
{
	struct dev *dev = (struct dev *)((char *)vu - offsetof(struct dev, vu));

	if (queue == RX)
		refilled(dev);
	else
		transmit(dev);
	return true;
}

static void backend_fd(struct vu_dev *vu, int fd)
{
	struct dev *dev = (struct dev *)((char *)vu - offsetof(struct dev, vu));

	if (dev->req > 0)
		close(dev->req);
	dev->req = fd;
}

bool shim_dev_owns(int fd)
{
	return fd >= 0 && fd < FDS && dev_of_fd[fd];
}

/* Descriptors of the message, as copies: the kernel keeps its own. */
static unsigned int copy_fds(const struct msghdr *msg, int fds[VU_FDS])
{
	struct cmsghdr *c;
	unsigned int n = 0, i, nr;
	int fd;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR((struct msghdr *)msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		nr = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < nr && n < VU_FDS; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			fds[n++] = dup(fd);
		}
	}
	return n;
}

ssize_t shim_dev_send(int fd, const struct msghdr *msg)
{
	struct dev *dev = &devs[dev_of_fd[fd] - 1];
	const struct iovec *iov = msg->msg_iov;
	struct vu_message m, reply;
	int fds[VU_FDS];
	unsigned int n;
	size_t len;

	/* the kernel sends each message by one call */
	if (msg->msg_iovlen != 1 || iov->iov_len < sizeof(m.header) || iov->iov_len > sizeof(m))
		shim_die("device %u: a message of %zu bytes", dev->index, iov->iov_len);
	memcpy(&m, iov->iov_base, iov->iov_len);
	memset((char *)&m + iov->iov_len, 0, sizeof(m) - iov->iov_len);
	n = copy_fds(msg, fds);
	switch (vu_handle(&dev->vu, &m, fds, n, &reply)) {
	case 0:
		break;
	case 1:
		len = sizeof(reply.header) + reply.header.size;
		if (syscall(SYS_write, dev->answers, &reply, len) != (ssize_t)len)
			shim_die("device %u: answers are not read", dev->index);
		break;
	default:
		bad(dev);
	}
	while (n--)
		if (fds[n] >= 0)
			close(fds[n]);
	return iov->iov_len;
}

static int index_of(const char *name, const struct um_memory *memory)
{
	unsigned int i;

	if (!strcmp(name, "control"))
		return memory->nr_nics;
	if (sscanf(name, "nic%u", &i) == 1 && i < memory->nr_nics)
		return i;
	return -1;
}

int shim_dev_connect(int fd, const char *name, const struct um_memory *memory)
{
	int index = index_of(name, memory), pair[2];
	struct dev *dev = &devs[index];

	if (index < 0 || index >= DEVS || fd >= FDS)
		return -ENOENT;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	/* what the kernel reads answers from takes the place of its socket */
	if (dup2(pair[0], fd) < 0)
		return -errno;
	close(pair[0]);
	dev->answers = pair[1];
	dev->index = index;
	dev->is_control = index == (int)memory->nr_nics;
	dev->held_end = &dev->held;
	dev->vu.kick = kicked;
	dev->vu.backend_fd = backend_fd;
	dev->vu.offered = F_VERSION_1;
	if (!dev->is_control) {
		dev->vu.offered |= NET_F_MAC | NET_F_MRG_RXBUF;
		memcpy(dev->vu.config, memory->macs[index], 6);
	}
	vu_init(&dev->vu);
	dev_of_fd[fd] = index + 1;
	return 0;
}
