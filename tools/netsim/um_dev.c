// SPDX-License-Identifier: GPL-2.0-only
/*
 * The devices of a user-mode node: virtio network interfaces, and a virtio
 * console that carries the control channel. vhost_user.c knows the protocol; here
 * are the sockets, and what the bytes mean.
 *
 * From the guest: it kicks, stands still, and gets its answer when everything
 * in the ring has been taken, so transmission takes no time and needs no interrupt;
 * how long a frame is under way is the simulator's business.
 *
 * To the guest: at the time of arrival, while it stands still, a frame goes into
 * the ring. If the driver has interrupts on, it is told over its request socket,
 * whose signal reaches the kernel before anything that is sent after it. Where
 * the ring has no room the frame is held, and the driver asked to kick when it
 * has; a real card would drop it, but the path's model is where frames are
 * lost here. An interface that was never up, or stays down, does drop.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "um.h"

#define RX	0
#define TX	1

#define NET_F_MAC		(1ull << 5)
#define NET_F_MRG_RXBUF		(1ull << 15)
#define F_VERSION_1		(1ull << 32)

struct net_header {
	uint8_t flags, gso_type;
	uint16_t hdr_len, gso_size, csum_start, csum_offset, num_buffers;
};

static bool is_control(const struct um_dev *dev)
{
	return dev->index == dev->um->nr_devs - 1;
}

void um_dev_name(const struct um_dev *dev, char name[16])
{
	if (is_control(dev))
		strcpy(name, "control");
	else
		snprintf(name, 16, "nic%u", dev->index);
}

static int send_all(int fd, const void *p, size_t len)
{
	ssize_t n = send(fd, p, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n == (ssize_t)len)
		return 0;
	/* the kernel's end is closed when the machine stops; that is told elsewhere */
	return n < 0 && errno == EPIPE ? 0 : -EPROTO;
}

int um_dev_call(struct um_dev *dev, unsigned int queue, bool answer)
{
	struct vu_message m = {
		.header = {
			.request = VU_BACKEND_VRING_CALL, .size = sizeof(m.state),
			.flags = VU_VERSION | (answer ? VU_NEED_REPLY : 0),
		},
		.state.index = queue,
	};

	if (dev->req.fd < 0)
		return -EPROTO;
	return send_all(dev->req.fd, &m, sizeof(m.header) + sizeof(m.state));
}

static void hold(struct um_dev *dev, uint64_t t_ns, const void *p, size_t len)
{
	struct um_held *h;

	if (dev->nr_held >= UM_HELD_MAX && !is_control(dev)) {
		ns_sim_undelivered(dev->um->vm, dev->index, t_ns, len);
		return;
	}
	h = malloc(sizeof(*h) + len);
	if (!h) {
		um_fail(dev->um, "has more frames waiting than there is memory for");
		return;
	}
	h->next = NULL;
	h->len = len;
	h->done = 0;
	memcpy(h->data, p, len);
	*dev->held_end = h;
	dev->held_end = &h->next;
	dev->nr_held++;
}

static void held_pop(struct um_dev *dev)
{
	struct um_held *h = dev->held;

	dev->held = h->next;
	if (!h->next)
		dev->held_end = &dev->held;
	dev->nr_held--;
	free(h);
}

/* A frame into as many buffers as it takes. 1, 0: no room, -EPROTO. */
static int put_frame(struct um_dev *dev, const void *p, size_t len)
{
	struct net_header head = { 0 };
	uint16_t heads[VU_QUEUE_SIZE];
	uint32_t lens[VU_QUEUE_SIZE];
	struct vu_chain chain, first;
	unsigned int n = 0, i;
	size_t done = 0;
	int got;

	do {
		got = n < VU_QUEUE_SIZE ? vu_pop(&dev->vu, RX, &chain) : 0;
		if (got <= 0) {
			vu_unpop(&dev->vu, RX, n);
			return got;
		}
		heads[n] = chain.head;
		if (!n) {
			if (chain.in_len < sizeof(head))
				return -EPROTO;
			first = chain;
			done = vu_copy_in(&chain, sizeof(head), p, len);
			lens[n++] = sizeof(head) + done;
		} else {
			lens[n] = vu_copy_in(&chain, 0, (const char *)p + done, len - done);
			done += lens[n++];
		}
	} while (done < len);
	head.num_buffers = n;
	vu_copy_in(&first, 0, &head, sizeof(head));
	for (i = 0; i < n; i++)
		vu_push(&dev->vu, RX, heads[i], lens[i]);
	return 1;
}

/* Bytes of the control channel: as many as fit. *done moves on. */
static int put_bytes(struct um_dev *dev, const void *p, size_t len, size_t *done)
{
	struct vu_chain chain;
	size_t n;
	int got;

	while (*done < len) {
		got = vu_pop(&dev->vu, RX, &chain);
		if (got <= 0)
			return got;
		n = vu_copy_in(&chain, 0, (const char *)p + *done, len - *done);
		vu_push(&dev->vu, RX, chain.head, n);
		*done += n;
	}
	return 1;
}

static int put(struct um_dev *dev, const void *p, size_t len, size_t *done)
{
	return is_control(dev) ? put_bytes(dev, p, len, done) : put_frame(dev, p, len);
}

/* Put what is held into the ring, as far as there is room. 1: all, 0: not all. */
static int put_held(struct um_dev *dev)
{
	int got = 1;

	while (dev->held && got > 0) {
		got = put(dev, dev->held->data, dev->held->len, &dev->held->done);
		if (got > 0)
			held_pop(dev);
	}
	return got;
}

int um_dev_deliver(struct um_dev *dev, uint64_t t_ns, const void *p, size_t len)
{
	size_t done = 0;
	int got = 0;

	if (!vu_ready(&dev->vu, RX) || (!dev->was_up && !is_control(dev))) {
		if (is_control(dev))
			hold(dev, t_ns, p, len);
		else
			ns_sim_undelivered(dev->um->vm, dev->index, t_ns, len);
		return 0;
	}
	if (!dev->held)
		got = put(dev, p, len, &done);
	if (got < 0)
		return got;
	if (!got) {
		hold(dev, t_ns, (const char *)p + done, len - done);
		vu_want_kick(&dev->vu, RX, true);
	}
	vu_publish(&dev->vu, RX);
	if (vu_wants_call(&dev->vu, RX))
		dev->call = true;
	return 0;
}

/* The driver has new buffers for what is to come. */
static bool refilled(struct um_dev *dev)
{
	int got;

	dev->was_up = true;
	vu_want_kick(&dev->vu, RX, false);
	if (!dev->held)
		return true;
	got = put_held(dev);
	if (got < 0)
		return false;
	vu_publish(&dev->vu, RX);
	if (!got)
		vu_want_kick(&dev->vu, RX, true);
	return !vu_wants_call(&dev->vu, RX) || !um_dev_call(dev, RX, false);
}

static void sent(struct um_dev *dev, uint64_t t, const unsigned char *p, size_t len)
{
	if (is_control(dev))
		ns_sim_control(dev->um->vm, t, p, len);
	else if (len > sizeof(struct net_header))
		ns_sim_tx(dev->um->vm, dev->index, t, p + sizeof(struct net_header),
			  len - sizeof(struct net_header));
}

/* Everything that the driver has put into the ring leaves now. */
static bool transmit(struct um_dev *dev)
{
	static unsigned char buffer[sizeof(struct net_header) + NS_FRAME_MAX];
	struct vu_chain chain;
	bool any = false;
	uint64_t t;
	int got;

	if (um_clock_now(dev->um, &t)) {
		dev->vu.error = "a time that it was not given";
		return false;
	}
	ns_sim_moved(dev->um->vm, t);
	while ((got = vu_pop(&dev->vu, TX, &chain)) > 0) {
		if (chain.out_len > sizeof(buffer))
			return false;
		vu_copy_out(&chain, 0, buffer, chain.out_len);
		sent(dev, t, buffer, chain.out_len);
		vu_push(&dev->vu, TX, chain.head, 0);
		any = true;
	}
	if (got < 0)
		return false;
	if (!any)
		return true;
	vu_publish(&dev->vu, TX);
	return !vu_wants_call(&dev->vu, TX) || !um_dev_call(dev, TX, false);
}

static bool kicked(struct vu_dev *vu, unsigned int queue)
{
	struct um_dev *dev = (struct um_dev *)((char *)vu - offsetof(struct um_dev, vu));

	/* Only a node that runs has anything to say. */
	if (dev->um->state != UM_RUNS && dev->um->state != UM_BOOTS)
		return false;
	return queue == RX ? refilled(dev) : transmit(dev);
}

static void answered(struct ns_source *source, uint32_t events)
{
	struct um_dev *dev = (struct um_dev *)((char *)source - offsetof(struct um_dev, req));
	struct { struct vu_header head; uint64_t value; } __attribute__((packed)) m;
	ssize_t n = recv(source->fd, &m, sizeof(m), MSG_DONTWAIT);

	(void)events;
	ns_sim_heard(dev->um->vm);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == sizeof(m)) {
		um_clock_called(dev->um);
		return;
	}
	ns_loop_del(source);
	if (n)
		um_fail(dev->um, "answers an interrupt with nonsense");
}

static void backend_fd(struct vu_dev *vu, int fd)
{
	struct um_dev *dev = (struct um_dev *)((char *)vu - offsetof(struct um_dev, vu));

	if (dev->req.fd >= 0) {
		ns_loop_del(&dev->req);
		close(dev->req.fd);
	}
	dev->req.ready = answered;
	if (ns_loop_add(&dev->req, fd, EPOLLIN)) {
		close(fd);
		dev->req.fd = -1;
		vu->error = "a request descriptor that is none";
	}
}

static void close_fds(struct um_dev *dev)
{
	while (dev->nr_fds)
		if (dev->fds[--dev->nr_fds] >= 0)
			close(dev->fds[dev->nr_fds]);
}

static void handle(struct um_dev *dev)
{
	struct vu_message reply;
	char why[120];
	int done;

	done = vu_handle(&dev->vu, &dev->message, dev->fds, dev->nr_fds, &reply);
	close_fds(dev);
	dev->fill = 0;
	if (dev->um->state == UM_DEAD)
		return;
	if (done > 0 && send_all(dev->sock.fd, &reply, sizeof(reply.header) + reply.header.size))
		dev->vu.error = "no room for answers";
	if (!dev->vu.error)
		return;
	snprintf(why, sizeof(why), "broke the rules of its device %u: %s", dev->index,
		 dev->vu.error);
	um_fail(dev->um, why);
}

/* Descriptors that come with a message; more than there can be are closed. */
static void take_fds(struct um_dev *dev, struct msghdr *msg)
{
	struct cmsghdr *c;
	size_t i, n;
	int fd;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (dev->nr_fds < VU_FDS)
				dev->fds[dev->nr_fds++] = fd;
			else
				close(fd);
		}
	}
}

static void dev_ready(struct ns_source *source, uint32_t events)
{
	struct um_dev *dev = (struct um_dev *)((char *)source - offsetof(struct um_dev, sock));
	size_t head = sizeof(dev->message.header);
	size_t want = dev->fill < head ? head : head + dev->message.header.size;
	struct iovec iov = { (char *)&dev->message + dev->fill, want - dev->fill };
	char control[CMSG_SPACE(VU_FDS * sizeof(int))];
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(source->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	(void)events;
	ns_sim_heard(dev->um->vm);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		ns_loop_del(source);
		return;
	}
	take_fds(dev, &msg);
	dev->fill += n;
	if (dev->fill < head)
		return;
	if (dev->message.header.size > VU_PAYLOAD) {
		um_fail(dev->um, "sends a device message that is too long");
		return;
	}
	if (dev->fill == head + dev->message.header.size)
		handle(dev);
	else if (dev->fill == head)
		dev_ready(source, events);
}

static void accepted(struct ns_source *source, uint32_t events)
{
	struct um_dev *dev = (struct um_dev *)((char *)source - offsetof(struct um_dev, listen));
	int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC);
	char name[16];

	(void)events;
	if (fd < 0)
		return;
	um_dev_name(dev, name);
	um_unlisten(dev->um, source, name);
	dev->sock.ready = dev_ready;
	if (ns_loop_add(&dev->sock, fd, EPOLLIN)) {
		close(fd);
		dev->sock.fd = -1;
		um_fail(dev->um, "cannot be listened to");
	}
}

int um_dev_init(struct um *um, unsigned int index)
{
	struct um_dev *dev = &um->devs[index];
	char name[16];
	int fd, err;

	dev->um = um;
	dev->index = index;
	dev->held_end = &dev->held;
	dev->vu.kick = kicked;
	dev->vu.backend_fd = backend_fd;
	dev->vu.offered = F_VERSION_1;
	if (!is_control(dev)) {
		dev->vu.offered |= NET_F_MAC | NET_F_MRG_RXBUF;
		memcpy(dev->vu.config, um->vm->cfg->nics[index].mac, 6);
	}
	vu_init(&dev->vu);
	um_dev_name(dev, name);
	fd = um_listen(um, name);
	if (fd < 0)
		return fd;
	dev->listen.ready = accepted;
	err = ns_loop_add(&dev->listen, fd, EPOLLIN);
	if (err) {
		close(fd);
		dev->listen.fd = -1;
	}
	return err;
}

static void drop(struct ns_source *source)
{
	if (source->fd < 0)
		return;
	ns_loop_del(source);
	close(source->fd);
	source->fd = -1;
}

void um_dev_free(struct um_dev *dev)
{
	drop(&dev->sock);
	drop(&dev->req);
	if (dev->vu.kick)
		vu_free(&dev->vu);
	close_fds(dev);
	while (dev->held)
		held_pop(dev);
}
