// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest could make up: vhost-user messages, rings and descriptors
 * (tools/netsim/vhost_user.c), and the records that a user-mode node leaves for
 * the simulator (um_take.c). Built with address and undefined-behaviour
 * sanitizers. Expectations:
 *
 *  1. a driver that keeps to the rules sets its device up, its buffers come out in
 *     order and with their bytes, what the device writes is where it should be
 *  2. a message of a wrong version, size, kind or number of descriptors, memory
 *     that is not there, a queue outside of it: each ends with -EPROTO and a reason
 *  3. so do chains that loop, leave the ring or the memory, wrap around, or read
 *     after writing, and an index that is further on than the ring is long
 *  4. records with impossible times, lengths, devices or kinds end with a reason,
 *     and no record after them is taken
 *  5. RANDOM messages, rings and records, valid ones with random changes among
 *     them, break none of that, nor anything else
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cases.h"
#include "um_take.h"
#include "vhost_user.h"

#define RANDOM		20000
#define GUEST		65536u	/* bytes of the guest's memory */
#define BASE		0x10000ull	/* its address there */
#define DESC_AT		0u
#define AVAIL_AT	0x2000u
#define USED_AT		0x3000u
#define DATA_AT		0x4000u
#define NUM		16u

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

static struct vu_dev dev;
static unsigned char *mem;
static int mem_fd;
static unsigned int kicks, taken;
/* Takes and returns all there is, as devices do. */
static bool on_kick(struct vu_dev *d, unsigned int queue)
{
	static unsigned char buffer[1 << 20];
	struct vu_chain c;
	int n, got;

	kicks++;
	for (n = 0; n < 64 && (got = vu_pop(d, queue, &c)) > 0; n++) {
		vu_copy_out(&c, lot(20), buffer, lot(sizeof(buffer)));
		vu_push(d, queue, c.head, vu_copy_in(&c, lot(20), buffer, lot(sizeof(buffer))));
	}
	if (vu_ready(d, queue)) {
		vu_publish(d, queue);
		vu_wants_call(d, queue);
		vu_want_kick(d, queue, lot(2));
	}
	return got >= 0;
}

static void on_fd(struct vu_dev *d, int fd)
{
	(void)d;
	close(fd);
}

static struct vu_message message(uint32_t request, uint32_t size)
{
	struct vu_message m;

	memset(&m, 0, sizeof(m));
	m.header = (struct vu_header){ request, VU_VERSION, size };
	return m;
}

static int handle(const struct vu_message *m, int fd)
{
	struct vu_message reply;
	int fds[VU_FDS] = { fd, -1 }, err;

	err = vu_handle(&dev, m, fds, fd >= 0, &reply);
	if (fds[0] >= 0)
		close(fds[0]);
	return err;
}

static int state(uint32_t request, uint32_t index, uint32_t num)
{
	struct vu_message m = message(request, 8);

	m.state.index = index;
	m.state.num = num;
	return handle(&m, -1);
}

static struct vu_message memory_table(void)
{
	struct vu_message m = message(VU_SET_MEM_TABLE, 40);

	m.memory.nr = 1;
	m.memory.region[0].guest = BASE;
	m.memory.region[0].user = BASE;
	m.memory.region[0].size = GUEST;
	return m;
}

static struct vu_message addresses(void)
{
	struct vu_message m = message(VU_SET_VRING_ADDR, 40);

	m.addr.desc = BASE + DESC_AT;
	m.addr.avail = BASE + AVAIL_AT;
	m.addr.used = BASE + USED_AT;
	return m;
}

/* As the kernel's driver does it. */
static bool set_up(void)
{
	struct vu_message m = message(VU_SET_FEATURES, 8), table = memory_table();
	struct vu_message ring = addresses();

	vu_free(&dev);
	memset(mem, 0, GUEST);
	dev = (struct vu_dev){ .kick = on_kick, .backend_fd = on_fd, .offered = 1ull << 32 };
	vu_init(&dev);
	m.u64 = 1ull << 32;
	return handle(&m, -1) == 0 && handle(&table, dup(mem_fd)) == 0 &&
	       state(VU_SET_VRING_NUM, 0, NUM) == 0 && handle(&ring, -1) == 0 &&
	       state(VU_SET_VRING_ENABLE, 0, 1) == 0 && vu_ready(&dev, 0);
}

static struct desc *descs(void)
{
	return (struct desc *)(mem + DESC_AT);
}

static void offer(uint16_t head, uint16_t idx)
{
	uint16_t *avail = (uint16_t *)(mem + AVAIL_AT);

	avail[2 + (uint16_t)(idx - 1) % NUM] = head;
	avail[1] = idx;
}

static bool test_good(void)
{
	struct vu_chain c;
	char text[16] = "";
	uint32_t *used = (uint32_t *)(mem + USED_AT);

	if (!set_up())
		return false;
	descs()[3] = (struct desc){ BASE + DATA_AT, 5, 1, 7 };
	descs()[7] = (struct desc){ BASE + DATA_AT + 100, 6, 1, 1 };
	descs()[1] = (struct desc){ BASE + GUEST - 8, 8, 2, 0 };
	memcpy(mem + DATA_AT, "hello", 5);
	memcpy(mem + DATA_AT + 100, " world", 6);
	if (vu_pop(&dev, 0, &c))
		return false;
	offer(3, 1);
	if (vu_pop(&dev, 0, &c) != 1 || c.head != 3 || c.out_len != 11 || c.in_len != 8 ||
	    vu_copy_out(&c, 3, text, sizeof(text)) != 8 || strcmp(text, "lo world") ||
	    vu_copy_in(&c, 0, "0123456789", 10) != 8 || memcmp(mem + GUEST - 8, "01234567", 8))
		return false;
	vu_push(&dev, 0, 3, 8);
	vu_publish(&dev, 0);
	return used[0] >> 16 == 1 && used[1] == 3 && used[2] == 8 && vu_pop(&dev, 0, &c) == 0;
}

static bool refused(struct vu_message m, int fd)
{
	dev.error = NULL;
	return handle(&m, fd) == -EPROTO && dev.error && *dev.error;
}

static bool test_messages(void)
{
	struct vu_message m;
	bool ok = set_up();

	m = message(VU_GET_FEATURES, 0);
	m.header.flags = 2;
	ok = ok && refused(m, -1);
	ok = ok && refused(message(VU_REQUESTS, 8), -1) && refused(message(7, 8), -1);
	ok = ok && refused(message(VU_SET_FEATURES, 7), -1);
	ok = ok && refused(message(VU_SET_FEATURES, VU_PAYLOAD + 1), -1);
	m = message(VU_SET_FEATURES, 8);
	m.u64 = 1;
	ok = ok && refused(m, -1);
	ok = ok && refused(message(VU_SET_BACKEND_REQ_FD, 0), -1);
	ok = ok && refused(memory_table(), -1);
	m = memory_table();
	m.memory.region[0].size = GUEST + 1;
	ok = ok && refused(m, dup(mem_fd));
	m = memory_table();
	m.memory.region[0].offset = UINT64_MAX - 4095;
	ok = ok && refused(m, dup(mem_fd));
	m = memory_table();
	m.memory.nr = 2;
	ok = ok && refused(m, dup(mem_fd));
	ok = ok && set_up() && state(VU_SET_VRING_NUM, VU_QUEUES, 8) == -EPROTO;
	ok = ok && state(VU_SET_VRING_NUM, 0, 12) == -EPROTO && state(VU_SET_VRING_NUM, 0, 512) < 0;
	m = addresses();
	m.addr.used = BASE + GUEST - 8 * NUM;
	ok = ok && refused(m, -1);
	m = addresses();
	m.addr.desc = UINT64_MAX - 15;
	ok = ok && refused(m, -1);
	ok = ok && set_up() && state(VU_VRING_KICK, 1, 0) == -EPROTO;
	m = message(VU_GET_CONFIG, 12);
	m.config.offset = 60;
	m.config.size = UINT32_MAX - 50;
	return ok && refused(m, -1);
}

static bool chain_refused(struct desc a, struct desc b)
{
	struct vu_chain c;

	if (!set_up())
		return false;
	descs()[0] = a;
	descs()[1] = b;
	offer(0, 1);
	return vu_pop(&dev, 0, &c) == -EPROTO && dev.error;
}

static bool test_chains(void)
{
	const struct desc good = { BASE, 4, 1, 1 }, end = { BASE, 4, 0, 0 };
	uint16_t *avail = (uint16_t *)(mem + AVAIL_AT);
	struct vu_chain c;

	if (!chain_refused(good, (struct desc){ BASE, 4, 1, 0 }) ||
	    !chain_refused((struct desc){ BASE, 4, 1, NUM }, end) ||
	    !chain_refused((struct desc){ BASE + GUEST - 3, 4, 0, 0 }, end) ||
	    !chain_refused((struct desc){ BASE - 1, 4, 0, 0 }, end) ||
	    !chain_refused((struct desc){ UINT64_MAX - 1, 4, 0, 0 }, end) ||
	    !chain_refused((struct desc){ BASE, UINT32_MAX, 0, 0 }, end) ||
	    !chain_refused((struct desc){ BASE, 4, 3, 1 }, end) ||
	    !chain_refused((struct desc){ BASE, 4, 4, 0 }, end))
		return false;
	set_up();
	avail[1] = NUM + 1;
	if (vu_pop(&dev, 0, &c) != -EPROTO)
		return false;
	set_up();
	offer(NUM, 1);
	return vu_pop(&dev, 0, &c) == -EPROTO;
}

static void on_record(void *arg, const struct um_record *r, const unsigned char *p)
{
	unsigned int i, *sum = arg;

	taken++;
	/* touches every byte, for AddressSanitizer */
	for (i = 0; i < r->len; i++)
		*sum += p[i];
}

static unsigned char *out;

static uint32_t record(uint32_t at, struct um_record r)
{
	memcpy(out + at, &r, sizeof(r));
	return at + um_record_bytes(r.len);
}

/* Two good ones, then r: what is said about it, and how many were taken. */
static bool record_case(struct um_record r, uint32_t cut, bool good)
{
	unsigned int sum = 0;
	const char *why;
	uint32_t n;

	n = record(0, (struct um_record){ 100, 60, 0, UM_FRAME, 1, 0 });
	n = record(n, (struct um_record){ 150, 3, 0, UM_CONTROL, 2, 0 });
	n = record(n, r);
	taken = 0;
	why = um_take(out, n - cut, 100, 200, 2, on_record, &sum);
	return good ? !why && taken == 3 : why && *why && taken == 2;
}

static bool test_records(void)
{
	return record_case((struct um_record){ 150, 60, 0, UM_FRAME, 0, 0 }, 0, true) &&
	       record_case((struct um_record){ 199, 0, 60, UM_UNDELIVERED, 1, 0 }, 0, true) &&
	       record_case((struct um_record){ 200, 60, 0, UM_FRAME, 0, 0 }, 0, false) &&
	       record_case((struct um_record){ 149, 60, 0, UM_FRAME, 0, 0 }, 0, false) &&
	       record_case((struct um_record){ 150, 60, 0, UM_FRAME, 2, 0 }, 0, false) &&
	       record_case((struct um_record){ 150, 60, 0, UM_CONTROL, 1, 0 }, 0, false) &&
	       record_case((struct um_record){ 150, 60, 0, 9, 0, 0 }, 0, false) &&
	       record_case((struct um_record){ 150, NS_FRAME_MAX + 1, 0, UM_FRAME, 0, 0 }, 0,
			   false) &&
	       record_case((struct um_record){ 150, 8, 8, UM_UNDELIVERED, 0, 0 }, 0, false) &&
	       record_case((struct um_record){ 150, 60, 0, UM_FRAME, 0, 0 }, 8, false) &&
	       record_case((struct um_record){ 150, 60, 0, UM_FRAME, 0, 0 }, 80, false) &&
	       um_take(out, UM_OUT_BYTES + 1, 0, 1, 1, on_record, NULL);
}

static void random_message(void)
{
	struct vu_message m = lot(2) ? memory_table() : addresses();
	unsigned char *p = m.bytes;
	unsigned int i;

	if (lot(3)) {
		m.header.request = lot(VU_REQUESTS + 2);
		m.header.size = lot(8) ? 40 : lot(VU_PAYLOAD + 2);
		for (i = 0; i < 8; i++)
			p[i] = lot(4) ? 0 : lot(256);
	}
	if (!lot(4))
		p[lot(40)] = lot(256);
	handle(&m, lot(2) ? dup(mem_fd) : -1);
}

static void random_ring(void)
{
	uint16_t *avail = (uint16_t *)(mem + AVAIL_AT);
	unsigned int i;

	for (i = 0; i < NUM; i++) {
		descs()[i] = (struct desc){ BASE + lot(GUEST), lot(300), lot(9) ? 0 : lot(3),
					    lot(NUM) };
		if (!lot(400))
			descs()[i].addr = lot(2) ? lot(UINT64_MAX) : BASE + GUEST - lot(300);
		if (!lot(400))
			descs()[i].len = lot(UINT32_MAX);
		avail[2 + i] = lot(500) ? lot(NUM) : lot(65536);
	}
	avail[1] += lot(50) ? lot(NUM) : lot(65536);
	state(VU_VRING_KICK, lot(9) ? 0 : lot(3), 0);
}

/* In a piece of memory that is exactly as long as it says. */
static unsigned int random_records(void)
{
	unsigned int k, sum = 0;
	struct um_record r;
	uint64_t t = 100;
	uint32_t n = 0;
	unsigned char *copy;

	for (k = lot(9); k; k--) {
		t += lot(lot(30) ? 10 : 99);
		r = (struct um_record){
			.time = t, .len = lot(lot(30) ? 99 : 70000), .size = lot(99),
			.kind = lot(30) ? 1 : lot(5), .dev = lot(30) ? 0 : lot(4),
		};
		n = record(n, r);
	}
	n -= n > 9 && !lot(9) ? lot(9) : 0;
	copy = malloc(n + !n);
	memcpy(copy, out, n);
	if (n > 99 && !lot(9))
		copy[lot(n)] = lot(256);
	taken = 0;
	um_take(copy, n, 100, 200, 2, on_record, &sum);
	free(copy);
	return taken;
}

static bool test_random(void)
{
	unsigned int i, k, refusals = 0, records = 0;

	for (i = 0; i < RANDOM; i++) {
		if (!set_up())
			return false;
		for (k = lot(8); k; k--)
			random_ring();
		for (k = lot(2); k; k--)
			random_message();
		random_ring();
		refusals += !!dev.error;
		records += random_records();
	}
	ksft_print_msg("%u of %u guests broke a rule; %u kicks, %u records taken\n", refusals,
		       RANDOM, kicks, records);
	return refusals > RANDOM / 10 && refusals < RANDOM && kicks > RANDOM &&
	       records > RANDOM / 2;
}

static const struct test_case tests[] = {
	{ test_good,	 "a driver that keeps to the rules" },
	{ test_messages, "messages that do not" },
	{ test_chains,	 "chains of buffers that do not" },
	{ test_records,	 "records that do not" },
	{ test_random,	 "random ones break nothing" },
};

int main(void)
{
	ksft_print_header();
	seed_random();
	mem_fd = memfd_create("guest", MFD_CLOEXEC);
	out = calloc(1, 10 * 70100);
	if (mem_fd < 0 || ftruncate(mem_fd, GUEST) || !out)
		return KSFT_FAIL;
	mem = mmap(NULL, GUEST, PROT_READ | PROT_WRITE, MAP_SHARED, mem_fd, 0);
	if (mem == MAP_FAILED)
		return KSFT_FAIL;
	run_cases(tests, sizeof(tests) / sizeof(*tests));
	vu_free(&dev);
	free(out);
	ksft_finished();
}
