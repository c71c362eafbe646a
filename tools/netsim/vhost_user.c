// SPDX-License-Identifier: GPL-2.0-only
/*
 * vhost-user, the device's side; see the vhost-user protocol in QEMU's
 * docs/interop/vhost-user.rst and the virtio 1.1 specification, 2.6.
 *
 * The guest is not trusted. Each message has a fixed smallest size in the table
 * below, and everything in it that selects something is bounded there where it
 * is used. An address counts only when all of what it starts lies within one
 * memory region. Descriptors are copied before they are looked at, since the
 * guest may change them meanwhile; the ring's index is read once. A chain ends
 * after VU_CHAIN descriptors or with an error. Nothing that the guest wrote is
 * ever an address of ours.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vhost_user.h"

/* The rings; virtio 1.1, 2.6.5 to 2.6.8. Little endian, as all hosts we know. */
struct vu_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

struct vu_avail {
	uint16_t flags, idx, ring[];
};

struct vu_used {
	uint16_t flags, idx;
	struct { uint32_t id, len; } ring[];
};

#define DESC_NEXT		1
#define DESC_WRITE		2
#define AVAIL_NO_INTERRUPT	1
#define USED_NO_NOTIFY		1

#define BIT_ULL(n)		(1ull << (n))
#define F_PROTOCOL_FEATURES	BIT_ULL(30)
#define P_BACKEND_REQ		BIT_ULL(5)
#define P_CONFIG		BIT_ULL(9)
#define P_INBAND		BIT_ULL(14)
#define PROTOCOL_OFFERED	(P_BACKEND_REQ | P_CONFIG | P_INBAND)
#define PROTOCOL_NEEDED		(P_BACKEND_REQ | P_INBAND)

#define VRING_INDEX_MASK	0xffu
#define REGION_MAX		BIT_ULL(36)

/* A message to be handled. */
struct vu_call {
	const struct vu_message *m;
	int *fds;
	unsigned int nr_fds;
	struct vu_message *reply;
};

static int fail(struct vu_dev *dev, const char *what)
{
	dev->error = what;
	return -EPROTO;
}

void vu_init(struct vu_dev *dev)
{
	dev->features = 0;
	dev->protocol = 0;
	dev->nr_regions = 0;
	dev->error = NULL;
	memset(dev->queues, 0, sizeof(dev->queues));
}

static void unmap(struct vu_dev *dev)
{
	unsigned int i;

	for (i = 0; i < VU_QUEUES; i++)
		dev->queues[i].desc = NULL;
	for (i = 0; i < dev->nr_regions; i++)
		munmap(dev->regions[i].map, dev->regions[i].map_len);

	dev->nr_regions = 0;
}

void vu_free(struct vu_dev *dev)
{
	unmap(dev);
}

/* All `len` bytes from a guest physical, or else user, address on; or NULL. */
static void *find(const struct vu_dev *dev, uint64_t at, uint64_t len, bool user)
{
	unsigned int i;

	for (i = 0; i < dev->nr_regions; i++) {
		const struct vu_region *r = &dev->regions[i];
		uint64_t offset = at - (user ? r->user : r->guest);

		if (offset < r->size && len <= r->size - offset)
			return r->host + offset;
	}
	return NULL;
}

static void find_ring(struct vu_dev *dev, struct vu_queue *q)
{
	q->desc = NULL;
	if (!q->num || (q->desc_at & 15) || (q->avail_at & 1) || (q->used_at & 3))
		return;
	q->avail = find(dev, q->avail_at, sizeof(*q->avail) + q->num * 2u, true);
	q->used = find(dev, q->used_at, sizeof(*q->used) + q->num * 8u, true);
	if (q->avail && q->used)
		q->desc = find(dev, q->desc_at, q->num * sizeof(*q->desc), true);
}

static int map_region(struct vu_dev *dev, const struct vu_message *m, unsigned int i, int fd)
{
	struct vu_region *r = &dev->regions[i];
	uint64_t size = m->memory.region[i].size, offset = m->memory.region[i].offset;
	uint64_t extra = offset & (sysconf(_SC_PAGESIZE) - 1);
	struct stat st;

	if (!size || size > REGION_MAX || offset > REGION_MAX || fstat(fd, &st) ||
	    (uint64_t)st.st_size < offset + size)
		return fail(dev, "shared memory that is not there");
	r->map_len = size + extra;
	r->map = mmap(NULL, r->map_len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset - extra);
	if (r->map == MAP_FAILED)
		return fail(dev, "shared memory that cannot be mapped");
	r->guest = m->memory.region[i].guest;
	r->user = m->memory.region[i].user;
	r->size = size;
	r->host = (unsigned char *)r->map + extra;
	dev->nr_regions = i + 1;
	return 0;
}

static int set_memory(struct vu_dev *dev, const struct vu_message *m, int *fds, unsigned int nr)
{
	unsigned int i;
	int err = 0;

	unmap(dev);
	if (!m->memory.nr || m->memory.nr > VU_REGIONS || m->memory.nr != nr ||
	    m->header.size < 8 + m->memory.nr * sizeof(m->memory.region[0]))
		return fail(dev, "a wrong number of memory regions");
	for (i = 0; i < nr && !err; i++)
		err = map_region(dev, m, i, fds[i]);
	for (i = 0; i < VU_QUEUES && !err; i++)
		find_ring(dev, &dev->queues[i]);
	return err;
}

static struct vu_queue *queue_of(struct vu_dev *dev, uint32_t index)
{
	if (index < VU_QUEUES)
		return &dev->queues[index];
	fail(dev, "a queue that the device does not have");
	return NULL;
}

static int get_features(struct vu_dev *dev, struct vu_call *c)
{
	c->reply->header.size = sizeof(c->reply->u64);
	c->reply->u64 = dev->offered | F_PROTOCOL_FEATURES;
	return 1;
}

static int set_features(struct vu_dev *dev, struct vu_call *c)
{
	if (c->m->u64 & ~(dev->offered | F_PROTOCOL_FEATURES))
		return fail(dev, "a feature that was not offered");
	dev->features = c->m->u64;
	return 0;
}

static int get_protocol(struct vu_dev *dev, struct vu_call *c)
{
	(void)dev;
	c->reply->header.size = sizeof(c->reply->u64);
	c->reply->u64 = PROTOCOL_OFFERED;
	return 1;
}

static int set_protocol(struct vu_dev *dev, struct vu_call *c)
{
	if ((c->m->u64 & ~PROTOCOL_OFFERED) || (c->m->u64 & PROTOCOL_NEEDED) != PROTOCOL_NEEDED)
		return fail(dev, "protocol features without which time cannot be kept");
	dev->protocol = c->m->u64;
	return 0;
}

static int set_mem_table(struct vu_dev *dev, struct vu_call *c)
{
	return set_memory(dev, c->m, c->fds, c->nr_fds);
}

static int set_num(struct vu_dev *dev, struct vu_call *c)
{
	struct vu_queue *q = queue_of(dev, c->m->state.index);
	uint32_t num = c->m->state.num;

	if (!q)
		return -EPROTO;
	if (!num || num > VU_QUEUE_SIZE || (num & (num - 1)))
		return fail(dev, "a queue of a bad size");
	q->num = num;
	find_ring(dev, q);
	return 0;
}

static int set_addr(struct vu_dev *dev, struct vu_call *c)
{
	struct vu_queue *q = queue_of(dev, c->m->addr.index);

	if (!q)
		return -EPROTO;
	q->desc_at = c->m->addr.desc;
	q->avail_at = c->m->addr.avail;
	q->used_at = c->m->addr.used;
	find_ring(dev, q);
	return q->desc ? 0 : fail(dev, "a queue outside of its memory");
}

static int set_base(struct vu_dev *dev, struct vu_call *c)
{
	struct vu_queue *q = queue_of(dev, c->m->state.index);

	if (!q)
		return -EPROTO;
	q->next_avail = c->m->state.num;
	q->next_used = c->m->state.num;
	return 0;
}

static int get_base(struct vu_dev *dev, struct vu_call *c)
{
	struct vu_queue *q = queue_of(dev, c->m->state.index);

	if (!q)
		return -EPROTO;
	q->enabled = false;
	c->reply->header.size = sizeof(c->reply->state);
	c->reply->state.index = c->m->state.index;
	c->reply->state.num = q->next_avail;
	return 1;
}

static int set_enable(struct vu_dev *dev, struct vu_call *c)
{
	struct vu_queue *q = queue_of(dev, c->m->state.index);

	if (!q)
		return -EPROTO;
	q->enabled = c->m->state.num == 1;
	return 0;
}

static int set_backend_fd(struct vu_dev *dev, struct vu_call *c)
{
	if (c->nr_fds != 1)
		return fail(dev, "no descriptor for what the device has to say");
	dev->backend_fd(dev, c->fds[0]);
	c->fds[0] = -1;
	return 0;
}

static int get_config(struct vu_dev *dev, struct vu_call *c)
{
	uint32_t head = offsetof(struct vu_message, config.data) - sizeof(c->m->header);
	uint32_t offset = c->m->config.offset, size = c->m->config.size;

	if (offset > VU_CONFIG || size > VU_CONFIG - offset)
		return fail(dev, "configuration space that does not exist");
	c->reply->header.size = head + size;
	c->reply->config.offset = offset;
	c->reply->config.size = size;
	memcpy(c->reply->config.data, dev->config + offset, size);
	return 1;
}

static int kick(struct vu_dev *dev, struct vu_call *c)
{
	if (!queue_of(dev, c->m->state.index))
		return -EPROTO;
	if (!vu_ready(dev, c->m->state.index))
		return fail(dev, "a notification of a queue that is not set up");
	if (dev->kick(dev, c->m->state.index))
		return 0;
	return dev->error ? -EPROTO : fail(dev, "buffers that make no sense");
}

/* Descriptors for notifications: asked for by others, not used in band. */
static int ignore(struct vu_dev *dev, struct vu_call *c)
{
	(void)dev;
	(void)c;
	return 0;
}

#define STATE	8
#define U64	8

static const struct {
	uint32_t min_size;
	int (*handle)(struct vu_dev *dev, struct vu_call *c);
} requests[VU_REQUESTS] = {
	[VU_GET_FEATURES] =		{ 0,		get_features },
	[VU_SET_FEATURES] =		{ U64,		set_features },
	[VU_SET_OWNER] =		{ 0,		ignore },
	[VU_RESET_OWNER] =		{ 0,		ignore },
	[VU_SET_MEM_TABLE] =		{ 40,		set_mem_table },
	[VU_SET_VRING_NUM] =		{ STATE,	set_num },
	[VU_SET_VRING_ADDR] =		{ 40,		set_addr },
	[VU_SET_VRING_BASE] =		{ STATE,	set_base },
	[VU_GET_VRING_BASE] =		{ STATE,	get_base },
	[VU_SET_VRING_KICK] =		{ U64,		ignore },
	[VU_SET_VRING_CALL] =		{ U64,		ignore },
	[VU_SET_VRING_ERR] =		{ U64,		ignore },
	[VU_GET_PROTOCOL_FEATURES] =	{ 0,		get_protocol },
	[VU_SET_PROTOCOL_FEATURES] =	{ U64,		set_protocol },
	[VU_SET_VRING_ENABLE] =		{ STATE,	set_enable },
	[VU_SET_BACKEND_REQ_FD] =	{ 0,		set_backend_fd },
	[VU_GET_CONFIG] =		{ 12,		get_config },
	[VU_SET_CONFIG] =		{ 12,		ignore },
	[VU_VRING_KICK] =		{ STATE,	kick },
};

int vu_handle(struct vu_dev *dev, const struct vu_message *m, int *fds, unsigned int nr_fds,
	      struct vu_message *reply)
{
	struct vu_call call = { m, fds, nr_fds, reply };
	uint32_t request = m->header.request;

	if (m->header.flags != VU_VERSION)
		return fail(dev, "a message of another version");
	if (request >= VU_REQUESTS || !requests[request].handle)
		return fail(dev, "a request that was not offered");
	if (m->header.size < requests[request].min_size || m->header.size > VU_PAYLOAD)
		return fail(dev, "a message of a wrong size");
	reply->header.request = request;
	reply->header.flags = VU_VERSION | VU_REPLY;
	return requests[request].handle(dev, &call);
}

bool vu_ready(const struct vu_dev *dev, unsigned int queue)
{
	return dev->queues[queue].enabled && dev->queues[queue].desc;
}

static int pop_chain(struct vu_dev *dev, struct vu_queue *q, uint16_t head, struct vu_chain *c)
{
	struct vu_desc d = { .next = head, .flags = DESC_NEXT };
	unsigned int n = 0;
	void *p;

	memset(c, 0, offsetof(struct vu_chain, iov));
	c->head = head;
	while (d.flags & DESC_NEXT) {
		if (d.next >= q->num || n == VU_CHAIN)
			return fail(dev, "a chain of buffers without end");
		memcpy(&d, &q->desc[d.next], sizeof(d));
		__asm__ volatile("" : : : "memory");
		p = find(dev, d.addr, d.len, false);
		if (!p || (d.flags & ~(DESC_NEXT | DESC_WRITE)))
			return fail(dev, "a buffer outside of its memory");
		if (!(d.flags & DESC_WRITE) && c->nr_in)
			return fail(dev, "a buffer to read after one to write");
		c->iov[n++] = (struct iovec){ p, d.len };
		if (d.flags & DESC_WRITE) {
			c->nr_in++;
			c->in_len += d.len;
		} else {
			c->nr_out++;
			c->out_len += d.len;
		}
	}
	return 1;
}

int vu_pop(struct vu_dev *dev, unsigned int queue, struct vu_chain *chain)
{
	struct vu_queue *q = &dev->queues[queue];
	uint16_t idx, head;

	if (!vu_ready(dev, queue))
		return 0;
	idx = __atomic_load_n(&q->avail->idx, __ATOMIC_ACQUIRE);
	if (idx == q->next_avail)
		return 0;
	if ((uint16_t)(idx - q->next_avail) > q->num)
		return fail(dev, "more buffers than the queue has room for");
	head = __atomic_load_n(&q->avail->ring[q->next_avail & (q->num - 1)], __ATOMIC_RELAXED);
	q->next_avail++;
	return pop_chain(dev, q, head, chain);
}

void vu_unpop(struct vu_dev *dev, unsigned int queue, unsigned int n)
{
	dev->queues[queue].next_avail -= n;
}

void vu_push(struct vu_dev *dev, unsigned int queue, uint16_t head, uint32_t len)
{
	struct vu_queue *q = &dev->queues[queue];
	unsigned int i = q->next_used++ & (q->num - 1);

	q->used->ring[i].id = head;
	q->used->ring[i].len = len;
}

void vu_publish(struct vu_dev *dev, unsigned int queue)
{
	struct vu_queue *q = &dev->queues[queue];

	__atomic_store_n(&q->used->idx, q->next_used, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

bool vu_wants_call(const struct vu_dev *dev, unsigned int queue)
{
	return !(__atomic_load_n(&dev->queues[queue].avail->flags, __ATOMIC_ACQUIRE) &
		 AVAIL_NO_INTERRUPT);
}

void vu_want_kick(struct vu_dev *dev, unsigned int queue, bool want)
{
	if (vu_ready(dev, queue))
		__atomic_store_n(&dev->queues[queue].used->flags, want ? 0 : USED_NO_NOTIFY,
				 __ATOMIC_RELEASE);
}

/* Between @buf and the buffers from @i to @end, after @skip bytes of them; @in: to them. */
static size_t copy(const struct vu_chain *chain, unsigned int i, unsigned int end, size_t skip,
		   unsigned char *buf, size_t len, bool in)
{
	size_t done = 0, n;

	for (; i < end && done < len; i++) {
		const struct iovec *v = &chain->iov[i];
		unsigned char *at = v->iov_base;

		if (skip >= v->iov_len) {
			skip -= v->iov_len;
			continue;
		}
		n = v->iov_len - skip;
		if (n > len - done)
			n = len - done;
		memcpy(in ? at + skip : buf + done, in ? buf + done : at + skip, n);
		skip = 0;
		done += n;
	}
	return done;
}

size_t vu_copy_out(const struct vu_chain *chain, size_t skip, void *to, size_t len)
{
	return copy(chain, 0, chain->nr_out, skip, to, len, false);
}

size_t vu_copy_in(const struct vu_chain *chain, size_t skip, const void *from, size_t len)
{
	return copy(chain, chain->nr_out, chain->nr_out + chain->nr_in, skip, (void *)from, len,
		    true);
}
