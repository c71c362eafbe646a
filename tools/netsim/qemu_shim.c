// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into an unmodified qemu-system-x86_64, this makes its virtual clock
 * the simulator's.
 *
 * Under TCG with -icount shift=0,sleep=off the virtual clock counts executed
 * instructions, one a ns, and jumps to the next timer when every CPU halts. All
 * that moves the clock holds QEMU's big lock (BQL) or waits for it. So a virtual
 * timer whose callback does not return stops the machine at exactly its time:
 *
 *	arm()		for the end of the window, or the first frame due before
 *	fire()		the callback: delivers what is due; at the window's end ...
 *	converse()	... tells the simulator and blocks until the next GRANT
 *
 * What the guest sends reaches QEMU's dgram netdev and socket chardevs, which
 * call send() and sendmsg(): these are ours, read the clock and tell the
 * simulator. Called from an instruction of the guest or a virtual timer, they see
 * exact times; nothing passes through the main loop, whose times are the host's.
 * QEMU exports its functions to its modules, and thereby to us.
 *
 * Ties: a timer that expires with ours may have been armed before or after it,
 * which depends on when the simulator granted. So ours steps behind all others of
 * the same ns (LAPS). What the guest then sends at `until` itself is held back
 * until the next window, to which it belongs.
 *
 * A race, found by frames delivered late: the CPU thread drops the BQL while it
 * executes instructions. When it halts a CPU in there, the main thread can see all
 * CPUs idle and move the clock before the instructions are accounted. Therefore
 * other threads get the BQL only while the CPU thread sleeps (turn_*); QEMU lets
 * its profiler replace the function that takes the BQL, and so do we.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "qemu_proto.h"

#define NS_ATTR(a)	__attribute__((a))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof(*(a)))
#define EXPORT		NS_ATTR(visibility("default"))
#define CPU_THREAD	"ALL CPUs/TCG"	/* as QEMU names it with debug-threads=on */
#define CLOCK_VIRTUAL	1		/* QEMU_CLOCK_VIRTUAL */
#define TIMERS_ALL	(-1)		/* whatever their attributes */
#define LAPS		16
#define REPORT_NS	50000000l	/* of wall time */
#define RETRY_MIN_NS	100000ull	/* when the guest has no buffer; then doubled */
#define RETRY_MAX_NS	100000000ull

struct netdev;
struct chardev;
struct bql;
typedef void sent_fn(struct netdev *nc, ssize_t len);

/* A variable of QEMU's that says how it takes the BQL. */
struct lock_fn {
	void (*take)(struct bql *m, const char *file, int line);
};

/* What we use of QEMU 7.2 to 10.0. */
static struct {
	int64_t (*clock_ns)(int clock);
	int64_t (*deadline_ns)(int clock, int attributes);
	void (*timer_init)(void *timer, void *lists, int clock, int scale, int attributes,
			   void (*fn)(void *arg), void *arg);
	void (*timer_mod)(void *timer, int64_t t_ns);
	bool (*cpus_idle)(void);
	struct netdev *(*find_netdev)(const char *id);
	int (*can_send)(struct netdev *nc);
	ssize_t (*send_packet)(struct netdev *nc, const void *p, int len, sent_fn *sent);
	void (*purge)(struct netdev *nc);
	struct chardev *(*find_chardev)(const char *id);
	int (*can_write)(struct chardev *chr);
	void (*write)(struct chardev *chr, const void *p, int len);
	void (*memory)(uint64_t address, void *p, uint64_t len, bool is_write);
	struct lock_fn *bql_lock;
	void (*unlock)(struct bql *m, const char *file, int line);
} q;

/* In the order of qs_symbols. */
static void *const slots[] = {
	&q.clock_ns, &q.deadline_ns, &q.timer_init, &q.timer_mod, &q.cpus_idle, &q.find_netdev,
	&q.can_send, &q.send_packet, &q.purge, &q.find_chardev, &q.can_write, &q.write,
	&q.memory, &q.unlock, &q.bql_lock,
};

static_assert(ARRAY_SIZE(slots) == ARRAY_SIZE(qs_symbols), "each symbol has its slot");

/* A message that waits: for its time, or for the next window. */
struct item {
	struct item *next;
	struct qs_msg m;
	unsigned char data[];
};

struct list {
	struct item *first, **end;
};

/* All of it is protected by the BQL. */
static struct {
	alignas(16) char timer[256];	/* a QEMUTimer, of 48 bytes */
	bool active;
	unsigned int laps;
	uint64_t until;			/* the window's end; 0: none granted yet */
	struct list due;		/* to the guest, in order of time */
	struct list held;		/* from the guest, at `until` or after */
	struct qs_blocked stat;
	struct nic {
		struct netdev *dev;
		uint32_t waiting;	/* frames that QEMU queues for the guest */
		bool was_up;
	} nic[NS_NICS_MAX];
	struct chardev *control;
	unsigned char *input;		/* control bytes to the guest */
	size_t input_len, input_room;
	uint64_t input_at, input_wait;	/* next try; NS_NEVER: nothing to write */
	char line[256];			/* of the console, that is not complete */
	size_t line_len;
	bool granted;			/* also read by the thread that reports */
} s;

static noreturn void fatal(const char *fmt, ...) NS_ATTR(format(printf, 1, 2));
static noreturn void fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("netsim: qemu: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	_exit(3);
}

static void list_add(struct list *l, const struct qs_msg *m, const void *data)
{
	struct item *i = malloc(sizeof(*i) + m->len);

	if (!i)
		fatal("out of memory for a frame");
	i->next = NULL;
	i->m = *m;
	memcpy(i->data, data, m->len);
	if (!l->first)
		l->end = &l->first;
	*l->end = i;
	l->end = &i->next;
}

static void list_drop(struct list *l)
{
	struct item *i = l->first;

	l->first = i->next;
	free(i);
}

/*
 * The BQL's turn.
 */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn_over = PTHREAD_COND_INITIALIZER;
static bool cpu_runs;	/* written by the CPU thread, holding BQL and turn */
static __thread bool on_cpu;
static void (*real_lock)(struct bql *m, const char *file, int line);
static int (*real_wait)(pthread_cond_t *c, pthread_mutex_t *m);

static void turn_set(bool runs)
{
	pthread_mutex_lock(&turn);
	cpu_runs = runs;
	if (!runs)
		pthread_cond_broadcast(&turn_over);
	pthread_mutex_unlock(&turn);
}

static void turn_lock(struct bql *m, const char *file, int line)
{
	real_lock(m, file, line);
	if (on_cpu) {
		if (!cpu_runs)
			turn_set(true);
		return;
	}
	while (cpu_runs) {
		q.unlock(m, file, line);
		pthread_mutex_lock(&turn);
		while (cpu_runs)
			real_wait(&turn_over, &turn);
		pthread_mutex_unlock(&turn);
		real_lock(m, file, line);
	}
}

EXPORT int pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m)
{
	int err;

	if (!on_cpu || !cpu_runs)
		return real_wait(c, m);
	turn_set(false);
	err = real_wait(c, m);
	turn_set(true);
	return err;
}

/*
 * Towards the simulator.
 */
static void tell(const struct qs_msg *m, const void *data)
{
	struct iovec v[] = {
		{ .iov_base = (void *)m, .iov_len = sizeof(*m) },
		{ .iov_base = (void *)data, .iov_len = m->len },
	};
	ssize_t n;

	do
		n = writev(QS_FD, v, 2);
	while (n < 0 && errno == EINTR);
	/* without a simulator there is no time left to run in */
	if (n < 0)
		_exit(0);
}

static void emit(uint8_t type, uint8_t nic, const void *p, size_t len)
{
	struct qs_msg m = {
		.type = type, .nic = nic, .len = len, .t = q.clock_ns(CLOCK_VIRTUAL),
	};

	if (m.t >= s.until || s.held.first)
		list_add(&s.held, &m, p);
	else
		tell(&m, p);
}

/* The guest writes its console byte by byte; to be told line by line. */
static void emit_console(const char *p, size_t len)
{
	for (; len; len--, p++) {
		s.line[s.line_len++] = *p;
		if (*p != '\n' && s.line_len < sizeof(s.line))
			continue;
		emit(QS_CONSOLE, 0, s.line, s.line_len);
		s.line_len = 0;
	}
}

/* What was said too late for the last window, now that there is a next one. */
static void tell_held(void)
{
	while (s.held.first && s.held.first->m.t < s.until) {
		tell(&s.held.first->m, s.held.first->data);
		list_drop(&s.held);
	}
}

/*
 * Towards the guest.
 */
/* QEMU queues a frame until the driver has room; then, or when it is purged: */
static void sent(struct netdev *nc, ssize_t len)
{
	unsigned int i;

	(void)len;
	for (i = 0; i < NS_NICS_MAX; i++)
		if (s.nic[i].dev == nc)
			s.nic[i].waiting--;
}

static bool deliver(struct nic *nic, const struct item *i)
{
	if (nic->waiting >= QS_WAITING || !q.can_send(nic->dev))
		return false;
	nic->waiting++;
	if (q.send_packet(nic->dev, i->data, i->m.len, sent)) {
		nic->waiting--;
		nic->was_up = true;
		return true;
	}
	/* no driver has ever offered room: nobody is there */
	if (!nic->was_up)
		q.purge(nic->dev);
	return nic->was_up;
}

static void deliver_frame(const struct item *i, uint64_t now)
{
	uint32_t len = i->m.len;

	if (now > i->m.t) {
		s.stat.late++;
		if (now - i->m.t > s.stat.late_max_ns)
			s.stat.late_max_ns = now - i->m.t;
	}
	if (!deliver(&s.nic[i->m.nic], i))
		emit(QS_UNDELIVERED, i->m.nic, &len, sizeof(len));
}

static void input_add(const void *p, size_t len)
{
	void *buf;

	if (s.input_len + len > s.input_room) {
		buf = realloc(s.input, s.input_len + len);
		if (!buf)
			fatal("out of memory for control bytes");
		s.input = buf;
		s.input_room = s.input_len + len;
	}
	memcpy(s.input + s.input_len, p, len);
	s.input_len += len;
	s.input_at = 0;
	s.input_wait = RETRY_MIN_NS;
}

static void input_write(uint64_t now)
{
	int room = q.can_write(s.control);
	size_t n = room > 0 ? (size_t)room : 0;

	if (n > s.input_len)
		n = s.input_len;
	if (n) {
		q.write(s.control, s.input, n);
		s.input_len -= n;
		memmove(s.input, s.input + n, s.input_len);
		s.input_wait = RETRY_MIN_NS;
	}
	s.input_at = NS_NEVER;
	if (!s.input_len)
		return;
	s.input_at = now + s.input_wait;
	if (s.input_wait < RETRY_MAX_NS)
		s.input_wait *= 2;
}

/*
 * The window.
 */
static void take(const struct qs_msg *m, const void *data)
{
	switch (m->type) {
	case QS_FRAME:
		if (m->nic >= NS_NICS_MAX || !s.nic[m->nic].dev)
			fatal("a frame for interface %u, which this machine has not", m->nic);
		list_add(&s.due, m, data);
		break;
	case QS_CONTROL:
		list_add(&s.due, m, data);
		break;
	case QS_GRANT:
		s.until = m->t;
		break;
	default:
		fatal("a message of unknown type %u from the simulator", m->type);
	}
}

static uint64_t next_event(uint64_t now)
{
	int64_t ns = q.deadline_ns(CLOCK_VIRTUAL, TIMERS_ALL);
	uint64_t next = ns < 0 ? NS_NEVER : now + ns;

	if (!q.cpus_idle() || s.held.first)
		return now;
	if (s.due.first && s.due.first->m.t < next)
		next = s.due.first->m.t;
	return s.input_at < next ? s.input_at : next;
}

static void converse(uint64_t now)
{
	static union {
		struct qs_msg m;
		char bytes[sizeof(struct qs_msg) + QS_PAYLOAD];
	} buf;
	struct qs_msg m = { .type = QS_BLOCKED, .len = sizeof(s.stat), .t = now };
	ssize_t n;

	s.stat.next = next_event(now);
	__atomic_store_n(&s.granted, false, __ATOMIC_RELAXED);
	tell(&m, &s.stat);
	while (s.until <= now) {
		n = recv(QS_FD, &buf, sizeof(buf), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(0);
		if ((size_t)n < sizeof(buf.m) || n - sizeof(buf.m) != buf.m.len)
			fatal("a message of %zd bytes that is cut", n);
		take(&buf.m, buf.bytes + sizeof(buf.m));
	}
	__atomic_store_n(&s.granted, true, __ATOMIC_RELAXED);
	tell_held();
}

/*
 * In a long window, others may go on as soon as they know that this machine is past
 * what concerns them, and a guest that computes must not seem to hang. The
 * clock's reading is safe in any thread, and what was before it has been told.
 */
static void *report(void *arg)
{
	const struct timespec period = { .tv_nsec = REPORT_NS };
	struct qs_msg m = { .type = QS_MOVED };
	uint64_t t;

	for (;;) {
		nanosleep(&period, NULL);
		if (!__atomic_load_n(&s.granted, __ATOMIC_RELAXED))
			continue;
		t = q.clock_ns(CLOCK_VIRTUAL);
		if (t != m.t) {
			m.t = t;
			tell(&m, NULL);
		}
	}
	return arg;
}

static void arm(void)
{
	uint64_t t = s.until;

	if (s.due.first && s.due.first->m.t < t)
		t = s.due.first->m.t;
	if (s.input_at < t)
		t = s.input_at;
	q.timer_mod(s.timer, t > INT64_MAX ? INT64_MAX : (int64_t)t);
}

/* Each must still be a PAUSE: the guest's memory is as the kernel's file has it. */
static void quicken(void)
{
	const char *list = getenv(QS_PAUSES);
	unsigned char code[2];
	uint64_t at;
	char *end;

	for (; list; list = end) {
		at = strtoull(list, &end, 16);
		if (end == list)
			break;
		q.memory(at, code, sizeof(code), false);
		if (code[0] == 0xf3 && code[1] == 0x90)
			q.memory(at, (unsigned char []){ 0x90, 0x90 }, sizeof(code), true);
	}
}

static void attach(void)
{
	pthread_t thread;
	unsigned int i;
	char id[16];

	for (i = 0; i < NS_NICS_MAX; i++) {
		snprintf(id, sizeof(id), "nic%u", i);
		s.nic[i].dev = q.find_netdev(id);
	}
	s.control = q.find_chardev("control");
	if (!s.control)
		fatal("the machine has no chardev \"control\"");
	quicken();
	if (pthread_create(&thread, NULL, report, NULL))
		fatal("cannot start a thread");
	pthread_detach(thread);
	s.active = true;
}

static void fire(void *arg)
{
	uint64_t now = q.clock_ns(CLOCK_VIRTUAL);

	(void)arg;
	if (!q.deadline_ns(CLOCK_VIRTUAL, TIMERS_ALL) && s.laps++ < LAPS) {
		q.timer_mod(s.timer, now);
		return;
	}
	s.laps = 0;
	if (!s.active)
		attach();
	if (now >= s.until)
		converse(now);
	while (s.due.first && s.due.first->m.t <= now) {
		if (s.due.first->m.type == QS_FRAME)
			deliver_frame(s.due.first, now);
		else
			input_add(s.due.first->data, s.due.first->m.len);
		list_drop(&s.due);
	}
	if (s.input_at <= now)
		input_write(now);
	arm();
}

/*
 * Where QEMU meets us.
 */
EXPORT int pthread_setname_np(pthread_t thread, const char *name)
{
	static int (*real)(pthread_t thread, const char *name);

	if (!real)
		real = dlsym(RTLD_NEXT, "pthread_setname_np");
	if (q.timer_mod && !strcmp(name, CPU_THREAD)) {
		/* no instruction has run yet */
		on_cpu = true;
		s.input_at = NS_NEVER;
		q.timer_init(s.timer, NULL, CLOCK_VIRTUAL, 1, 0, fire, NULL);
		q.timer_mod(s.timer, 0);
	}
	return real(thread, name);
}

EXPORT ssize_t send(int fd, const void *p, size_t len, int flags)
{
	if (!s.active || fd < QS_FD_NIC || fd >= QS_FD_NIC + NS_NICS_MAX)
		return sendto(fd, p, len, flags, NULL, 0);
	if (len >= QS_FRAME_MIN && len <= NS_FRAME_MAX)
		emit(QS_FRAME, fd - QS_FD_NIC, p, len);
	return len;
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	static ssize_t (*real)(int fd, const struct msghdr *msg, int flags);
	size_t i, n, done, total = 0;

	if (!s.active || (fd != QS_FD_CONSOLE && fd != QS_FD_CONTROL)) {
		if (!real)
			real = dlsym(RTLD_NEXT, "sendmsg");
		return real(fd, msg, flags);
	}
	for (i = 0; i < msg->msg_iovlen; i++) {
		const struct iovec *v = &msg->msg_iov[i];

		total += v->iov_len;
		if (fd == QS_FD_CONSOLE) {
			emit_console(v->iov_base, v->iov_len);
			continue;
		}
		for (done = 0; done < v->iov_len; done += n) {
			n = v->iov_len - done < QS_BYTES ? v->iov_len - done : QS_BYTES;
			emit(QS_CONTROL, 0, (char *)v->iov_base + done, n);
		}
	}
	return total;
}

/* A kernel's last words may come at a time that was not granted any more. */
static void NS_ATTR(destructor) finish(void)
{
	struct item *i;

	for (i = s.held.first; i; i = i->next)
		if (i->m.type == QS_CONSOLE)
			fwrite(i->data, 1, i->m.len, stderr);
	fwrite(s.line, 1, s.line_len, stderr);
}

static void NS_ATTR(constructor) start(void)
{
	unsigned int i;
	void *fn;

	if (strncmp(program_invocation_short_name, "qemu-system-", 12))
		return;
	for (i = 0; i < ARRAY_SIZE(slots); i++) {
		fn = dlsym(RTLD_DEFAULT, qs_symbols[i].name);
		if (!fn && qs_symbols[i].older)
			fn = dlsym(RTLD_DEFAULT, qs_symbols[i].older);
		if (!fn)
			fatal("this QEMU does not export %s; try scripts/qemu-backports",
			      qs_symbols[i].name);
		memcpy(slots[i], &fn, sizeof(fn));
	}
	/* the other version waits differently */
	fn = dlvsym(RTLD_NEXT, "pthread_cond_wait", "GLIBC_2.3.2");
	if (!fn)
		fatal("the C library has no pthread_cond_wait of GLIBC_2.3.2");
	memcpy(&real_wait, &fn, sizeof(fn));
	real_lock = q.bql_lock->take;
	q.bql_lock->take = turn_lock;
}
