/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device's side of vhost-user: messages, memory and rings of a virtio device
 * that a guest drives. Knows neither time nor what the bytes mean:
 * um_shim_dev.c hands over messages, and gives the replies back.
 */
#ifndef NETSIM_VHOST_USER_H
#define NETSIM_VHOST_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define VU_QUEUES	2
#define VU_QUEUE_SIZE	256	/* at most, and what the driver uses */
#define VU_REGIONS	2
#define VU_FDS		2	/* with one message */
#define VU_PAYLOAD	256
#define VU_CONFIG	64
#define VU_CHAIN	64	/* descriptors of one buffer */

enum vu_request {
	VU_GET_FEATURES = 1,
	VU_SET_FEATURES,
	VU_SET_OWNER,
	VU_RESET_OWNER,
	VU_SET_MEM_TABLE,
	VU_SET_VRING_NUM = 8,
	VU_SET_VRING_ADDR,
	VU_SET_VRING_BASE,
	VU_GET_VRING_BASE,
	VU_SET_VRING_KICK,
	VU_SET_VRING_CALL,
	VU_SET_VRING_ERR,
	VU_GET_PROTOCOL_FEATURES,
	VU_SET_PROTOCOL_FEATURES,
	VU_SET_VRING_ENABLE = 18,
	VU_SET_BACKEND_REQ_FD = 21,
	VU_GET_CONFIG = 24,
	VU_SET_CONFIG,
	VU_VRING_KICK = 35,
	VU_REQUESTS
};

#define VU_BACKEND_VRING_CALL	4u

#define VU_VERSION		1u
#define VU_REPLY		4u

struct vu_header {
	uint32_t request, flags, size;
};

#pragma pack(push, 1)
struct vu_message {
	struct vu_header header;
	union {
		uint64_t u64;
		struct { uint32_t index, num; } state;
		struct { uint32_t index, flags; uint64_t desc, used, avail, log; } addr;
		struct {
			uint32_t nr, padding;
			struct { uint64_t guest, size, user, offset; } region[VU_REGIONS];
		} memory;
		struct { uint32_t offset, size, flags; unsigned char data[VU_CONFIG]; } config;
		unsigned char bytes[VU_PAYLOAD];
	};
};

#pragma pack(pop)

struct vu_region {
	uint64_t guest, user, size;
	unsigned char *host;		/* of its first byte */
	void *map;
	size_t map_len;
};

struct vu_queue {
	uint16_t num, next_avail, next_used;
	bool enabled;
	uint64_t desc_at, avail_at, used_at;
	/* Found in the guest's memory, or NULL: then the queue is not ready. */
	const struct vu_desc *desc;
	const struct vu_avail *avail;
	struct vu_used *used;
};

struct vu_dev {
	/* Set by the owner. */
	uint64_t offered;		/* virtio features */
	unsigned char config[VU_CONFIG];
	size_t config_len;
	/* The driver has put buffers into this queue. false: the guest broke the rules. */
	bool (*kick)(struct vu_dev *dev, unsigned int queue);
	void (*backend_fd)(struct vu_dev *dev, int fd);	/* takes it over */
	/* Kept here. */
	uint64_t features, protocol;
	struct vu_region regions[VU_REGIONS];
	unsigned int nr_regions;
	struct vu_queue queues[VU_QUEUES];
	const char *error;		/* what the guest did wrong */
};

/* One buffer of the guest: first what the device reads, then what it writes. */
struct vu_chain {
	uint16_t head;
	unsigned int nr_out, nr_in;
	size_t out_len, in_len;
	struct iovec iov[VU_CHAIN];
};

void vu_init(struct vu_dev *dev);
void vu_free(struct vu_dev *dev);
/*
 * Handle a message that came complete, with its descriptors; those taken over are
 * set to -1. Returns 1 when `reply` is to be sent, 0 when not, -EPROTO when the
 * guest broke the rules; then dev->error says how.
 */
int vu_handle(struct vu_dev *dev, const struct vu_message *message, int *fds, unsigned int nr_fds,
	      struct vu_message *reply);

bool vu_ready(const struct vu_dev *dev, unsigned int queue);
/* The next buffer that the driver has made available. 1, 0: none, -EPROTO. */
int vu_pop(struct vu_dev *dev, unsigned int queue, struct vu_chain *chain);
/* Give the last `n` buffers back as if they had not been taken. */
void vu_unpop(struct vu_dev *dev, unsigned int queue, unsigned int n);
/* Buffers are done, with `len` bytes written; seen by the driver after vu_publish(). */
void vu_push(struct vu_dev *dev, unsigned int queue, uint16_t head, uint32_t len);
void vu_publish(struct vu_dev *dev, unsigned int queue);
/* The driver wants to be told about used buffers. */
bool vu_wants_call(const struct vu_dev *dev, unsigned int queue);
/* Whether the driver shall tell about new buffers. */
void vu_want_kick(struct vu_dev *dev, unsigned int queue, bool want);

/* Copy between a chain and plain memory; returns the number of bytes. */
size_t vu_copy_out(const struct vu_chain *chain, size_t skip, void *to, size_t len);
size_t vu_copy_in(const struct vu_chain *chain, size_t skip, const void *from, size_t len);

#endif
