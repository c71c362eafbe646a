// SPDX-License-Identifier: GPL-2.0-only
/*
 * The simulator's core (tools/netsim/sim.c, bound.c, switch.c) with nodes that are
 * no kernels but a few lines here: they send at times of their own and answer
 * what they get, and end their windows in an order that a host would choose: at
 * random, different in each run. Expectations:
 *
 *  1. a frame arrives its latency after it was sent, at the node of its address;
 *     group and unknown addresses at all others; a link's two ends need none
 *  2. whatever the order on the host, what nodes send and get is the same: 20 runs
 *     of a random network with answers and forwarding, equal hashes; another
 *     seed, other hashes
 *  3. causality holds in all of them: counted by the core, and checked here
 *  4. nodes without a path between them are never further apart than the horizon
 *  5. bytes for PID 1 come at their time, in order with frames
 *  6. a pause stops everybody before its time and nobody after it
 *  7. a crash ends its node at its time, with all that came before it, and is no
 *     failure; what is on its way there is counted
 *  8. a node that sends outside of its window is ended before anybody gets that, and
 *     the run fails
 *  9. a node that says nothing is ended as hung; one that dies fails the run
 * 10. when all sleep for good the run ends, with an error
 */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "cases.h"
#include "loop.h"
#include "sim.h"

#define NODES		6
#define INPUTS		4096
#define MS		1000000ull
#define FRAME		64

static const unsigned char everybody[6] = { 255, 255, 255, 255, 255, 255 };

enum habit { QUIET, TALKS, FORWARDS, CHEATS, HANGS, DIES };

/* An imitation of a node. */
struct mock {
	struct ns_vm *vm;
	enum habit habit;
	unsigned int pairs;	/* 1: sends two at once */
	uint64_t next_ns, period_ns, stop_ns, answer_ns, until;
	unsigned int nr_in, got, controls, sum;	/* sum: of what came, in order */
	struct { uint64_t t; size_t len; unsigned char p[FRAME]; bool control; } in[INPUTS];
	uint64_t last_in, frames_ns[16];
};

static struct mock mocks[NODES];
static struct ns_node nodes[NODES];
static struct ns_segment segments[2];
static struct ns_port ports[2][NODES];
static struct ns_path paths[2][NODES * NODES];
static struct ns_config cfg;
static struct ns_sim *sim;
static struct ns_source pump = { .fd = -1 };
static uint64_t host_random, apart_max, early, paused_ns;
static unsigned int ended, crashed;
static struct ns_stats stats;

static void talk(struct mock *m, uint32_t nic, uint64_t t, const unsigned char *dst)
{
	unsigned char f[FRAME] = { 0 };

	memcpy(f, dst, 6);
	memcpy(f + 6, m->vm->cfg->nics[0].mac, 6);
	f[14] = m->got;
	memcpy(f + 24, &m->sum, sizeof(m->sum));
	memcpy(f + 16, &t, sizeof(t));
	ns_sim_tx(m->vm, nic, t, f, sizeof(f));
}

static void got(struct mock *m, unsigned int i)
{
	uint64_t sent;

	if (m->in[i].t < m->last_in)
		early++;
	m->last_in = m->in[i].t;
	if (m->in[i].control) {
		m->controls++;
		return;
	}
	if (m->got < 16)
		m->frames_ns[m->got] = m->in[i].t;
	m->got++;
	m->sum = m->sum * 31 + m->in[i].p[14];
	memcpy(&sent, m->in[i].p + 16, sizeof(sent));
	/* the least latency of all paths here */
	if (m->in[i].t < sent + MS)
		early++;
	if (m->answer_ns && m->in[i].t < m->stop_ns && m->next_ns > m->in[i].t + m->answer_ns)
		m->next_ns = m->in[i].t + m->answer_ns;
}

static void speak(struct mock *m, uint64_t t)
{
	uint64_t to = (t / 1000 + m->vm->id + m->got) % cfg.nr_nodes;

	if (m->habit == FORWARDS) {
		talk(m, 0, t, everybody);
		talk(m, 1, t, everybody);
	}
	if (m->habit != TALKS && m->habit != CHEATS)
		return;
	talk(m, 0, t, m->got % 3 ? nodes[to].nics[0].mac : everybody);
	m->got += m->pairs;
	if (m->pairs)
		talk(m, 0, t, nodes[to].nics[0].mac);
}

/* Everything in [now, until), in order of time; frames first. */
static void live(struct mock *m)
{
	unsigned int i = 0;
	uint64_t t;

	for (;;) {
		t = m->next_ns;
		if (i < m->nr_in && m->in[i].t <= t) {
			got(m, i++);
			continue;
		}
		if (t >= m->until || m->vm->state == NS_ENDED)
			break;
		speak(m, t);
		m->next_ns = t + m->period_ns < m->stop_ns ? t + m->period_ns : NS_NEVER;
	}
	m->nr_in = 0;
	if (m->habit == CHEATS && m->until > 20 * MS)
		talk(m, 0, m->until, nodes[0].nics[0].mac);
}

static void finish(struct mock *m)
{
	if (m->habit == DIES && m->until > 20 * MS) {
		ns_sim_ended(m->vm, 0, "dies for a test");
		return;
	}
	live(m);
	ns_sim_blocked(m->vm, m->next_ns);
}

/* One of those that run gets on, whichever. */
static void pumped(struct ns_source *source, uint32_t events)
{
	unsigned int i, n = 0, run[NODES];

	(void)source;
	(void)events;
	for (i = 0; i < cfg.nr_nodes; i++)
		if (mocks[i].vm && mocks[i].habit != HANGS &&
		    (mocks[i].vm->state == NS_RUNNING || mocks[i].vm->state == NS_STARTING))
			run[n++] = i;
	if (n)
		finish(&mocks[run[rnd(&host_random) % n]]);
	else
		usleep(1000);
}

static const char *mock_missing(const struct ns_boot *boot)
{
	(void)boot;
	return NULL;
}

static int mock_start(struct ns_vm *vm)
{
	mocks[vm->id].vm = vm;
	return 0;
}

static int put(struct ns_vm *vm, uint64_t t, const void *p, size_t len, bool control)
{
	struct mock *m = &mocks[vm->id];

	if (m->nr_in == INPUTS || len > FRAME)
		return -ENOBUFS;
	m->in[m->nr_in].t = t;
	m->in[m->nr_in].control = control;
	memcpy(m->in[m->nr_in++].p, p, len);
	return 0;
}

static int mock_inject(struct ns_vm *vm, uint32_t nic, uint64_t t, const void *p, size_t len)
{
	(void)nic;
	return put(vm, t, p, len, false);
}

static int mock_control(struct ns_vm *vm, uint64_t t, const void *p, size_t len)
{
	return put(vm, t, p, len, true);
}

static int mock_grant(struct ns_vm *vm, uint64_t until)
{
	uint64_t apart = until - ns_sim_now(sim);

	mocks[vm->id].until = until;
	if (apart > apart_max && apart < NS_NEVER / 2)
		apart_max = apart;
	return 0;
}

static void mock_stop(struct ns_vm *vm)
{
	mocks[vm->id].vm = NULL;
}

static const struct ns_backend mock_backend = {
	.name = "mock", .exact = true, .missing = mock_missing, .start = mock_start,
	.inject = mock_inject, .control = mock_control, .grant = mock_grant, .stop = mock_stop,
};

const struct ns_backend *ns_backend_find(const char *name)
{
	(void)name;
	return &mock_backend;
}

static void on_ended(void *ctx, struct ns_vm *vm, uint64_t t, int status, const char *why,
		     bool crash)
{
	(void)ctx;
	(void)vm;
	(void)t;
	(void)status;
	ended += !!why;
	crashed += crash;
}

static void on_paused(void *ctx, uint64_t t)
{
	unsigned int i;

	(void)ctx;
	for (i = 0; i < cfg.nr_nodes; i++)
		if (mocks[i].next_ns < t || mocks[i].last_in >= t)
			early++;
	paused_ns = t;
	ns_sim_resume(sim);
}

/* `n` nodes in one segment; all latencies are 1 ms until a test changes them. */
static void network(unsigned int n)
{
	unsigned int i;

	memset(mocks, 0, sizeof(mocks));
	memset(nodes, 0, sizeof(nodes));
	cfg = (struct ns_config){
		.seed = 1, .stop_ns = NS_NEVER, .nr_nodes = n, .nr_segments = 1,
		.nodes = nodes, .segments = segments,
	};
	segments[0] = (struct ns_segment){ .nr_ports = n, .ports = ports[0], .paths = paths[0] };
	for (i = 0; i < n; i++) {
		nodes[i].backend = "mock";
		nodes[i].nr_nics = 1;
		nodes[i].nics[0].port = i;
		memcpy(nodes[i].nics[0].mac, (unsigned char []){ 2, 0, 0, 0, 0, i + 1 }, 6);
		nodes[i].name[0] = 'a' + i;
		ports[0][i] = (struct ns_port){ i, 0 };
		mocks[i] = (struct mock){ .next_ns = NS_NEVER, .stop_ns = NS_NEVER };
	}
	for (i = 0; i < n * n; i++)
		paths[0][i] = (struct ns_path){ .latency_ns = MS };
}

static void (*at_start)(void);

static int simulate(unsigned int silence_s)
{
	static const struct ns_hooks hooks = { .ended = on_ended, .paused = on_paused };
	struct ns_boot boot = { .dir = "/", .silence_s = silence_s };
	int err, fd = eventfd(1, EFD_CLOEXEC);

	ended = 0;
	crashed = 0;
	early = 0;
	apart_max = 0;
	paused_ns = 0;
	err = ns_loop_open();
	pump.ready = pumped;
	if (!err)
		err = ns_loop_add(&pump, fd, EPOLLIN);
	sim = ns_sim_new(&cfg, &boot, &hooks, NULL);
	if (at_start)
		at_start();
	if (!err)
		err = ns_sim_run(sim);
	ns_sim_stats(sim, &stats);
	ns_loop_del(&pump);
	close(fd);
	ns_loop_close();
	return err;
}

static void done(void)
{
	ns_sim_free(sim);
	sim = NULL;
	at_start = NULL;
}

/* Once, at 5 ms, the first node sends to `dst`; the others' arrivals come out. */
static bool one_frame(unsigned int n, const void *dst, const uint64_t *want)
{
	unsigned int i;
	bool ok;

	network(n);
	for (i = 1; i < n; i++)
		paths[0][i].latency_ns = i * 3 * MS + i;
	mocks[0].habit = TALKS;
	mocks[0].next_ns = 5 * MS;
	mocks[0].stop_ns = 0;
	/* talks to the one whom talk() is told by live(): steer it by the count */
	mocks[0].got = dst ? 1 : 0;
	if (dst)
		for (i = 0; i < n; i++)
			memcpy(nodes[(5 * MS / 1000 + 1) % n].nics[0].mac, dst, 6);
	ok = simulate(0) == -EDEADLK && stats.frames == 1;
	for (i = 1; i < n; i++)
		ok = ok && mocks[i].frames_ns[0] == want[i];
	done();
	return ok;
}

static bool test_arrival(void)
{
	static const uint64_t all[] = { 0, 8 * MS + 1, 11 * MS + 2, 14 * MS + 3 };
	/* (5000 + 1) % 4 is the second node's */
	static const uint64_t second[] = { 0, 8 * MS + 1, 0, 0 };

	return one_frame(4, NULL, all) && one_frame(4, "\x02\x00\x00\x00\x00\x77", second) &&
	       one_frame(4, "\x03\x00\x00\x00\x00\x77", all) && one_frame(2, NULL, all);
}

/* Everybody talks and answers; a second segment joins the last to the first. */
static void crowd(uint64_t seed)
{
	unsigned int i;

	network(NODES);
	cfg.seed = seed;
	for (i = 0; i < NODES * NODES; i++) {
		paths[0][i].latency_ns = MS + rnd(&seed) % (9 * MS);
		paths[0][i].jitter_ns = rnd(&seed) % MS;
		paths[0][i].loss_ppm = 20000;
		paths[0][i].rate_bps = 10000000;
		paths[0][i].queue_bytes = 500;
	}
	for (i = 0; i < NODES; i++) {
		mocks[i].habit = TALKS;
		mocks[i].next_ns = rnd(&seed) % MS;
		mocks[i].period_ns = 300000 + rnd(&seed) % (4 * MS);
		mocks[i].stop_ns = 120 * MS;
		mocks[i].pairs = i & 1;
		mocks[i].answer_ns = 1 + rnd(&seed) % 2000;
	}
}

/* One talks, the others only answer; two links in a row, and nothing else to wait for. */
static void chain(uint64_t seed)
{
	unsigned int i;

	network(3);
	cfg.seed = seed;
	cfg.nr_segments = 2;
	segments[0].nr_ports = 2;
	segments[1] = (struct ns_segment){ .nr_ports = 2, .ports = ports[1], .paths = paths[1] };
	ports[1][0] = (struct ns_port){ 1, 1 };
	ports[1][1] = (struct ns_port){ 2, 0 };
	nodes[1].nr_nics = 2;
	nodes[1].nics[1] = (struct ns_nic){ .segment = 1, .port = 0, .mac = { 2, 9 } };
	nodes[2].nics[0] = (struct ns_nic){ .segment = 1, .port = 1, .mac = { 2, 8 } };
	memcpy(paths[1], paths[0], sizeof(paths[0]));
	paths[0][1].loss_ppm = 50000;
	for (i = 0; i < 3; i++) {
		mocks[i].habit = i == 1 ? FORWARDS : TALKS;
		mocks[i].answer_ns = i ? 1000 + i : 0;
		mocks[i].period_ns = i ? NS_NEVER / 2 : 110000;
		mocks[i].stop_ns = 120 * MS;
	}
	mocks[0].next_ns = 5;
}

static void print_stats(void)
{
	ksft_print_msg("%llu frames, %llu windows, %llu deliveries\n",
		       (unsigned long long)stats.frames, (unsigned long long)stats.windows,
		       (unsigned long long)stats.deliveries);
}

/* The same network in different orders: equal hashes, causality. */
static bool same(void (*make)(uint64_t seed), unsigned int runs)
{
	uint8_t first[32];
	unsigned int i;
	bool ok = true;

	for (i = 0; i < runs && ok; i++) {
		make(7);
		ok = simulate(0) == -EDEADLK && !early && !stats.causality && stats.frames > 300;
		if (!i)
			memcpy(first, stats.hash, sizeof(first));
		ok = ok && !memcmp(first, stats.hash, sizeof(first));
		done();
	}
	print_stats();
	make(8);
	simulate(0);
	ok = ok && memcmp(first, stats.hash, sizeof(first));
	done();
	return ok;
}

static bool test_order(void)
{
	return same(crowd, 20) && same(chain, 10);
}

static bool test_horizon(void)
{
	bool ok;

	network(4);
	/* two links with nothing between them */
	cfg.nr_segments = 2;
	segments[0].nr_ports = 2;
	segments[1] = (struct ns_segment){ .nr_ports = 2, .ports = ports[1], .paths = paths[1] };
	memcpy(ports[1], ports[0] + 2, 2 * sizeof(ports[0][0]));
	memcpy(paths[1], paths[0], sizeof(paths[0]));
	nodes[2].nics[0] = (struct ns_nic){ .segment = 1, .port = 0, .mac = { 2, 9 } };
	nodes[3].nics[0] = (struct ns_nic){ .segment = 1, .port = 1, .mac = { 2, 8 } };
	mocks[0].next_ns = 1;
	mocks[0].period_ns = 100000;
	mocks[2] = mocks[0];
	mocks[0].stop_ns = 3000 * MS;
	mocks[2].stop_ns = 3000 * MS;
	ok = simulate(0) == -EDEADLK && apart_max <= ns_sim_horizon(sim) && apart_max;
	done();
	return ok;
}

static void send_control(void)
{
	ns_sim_send(sim, 1, 10 * MS, "first", 5);
	ns_sim_send(sim, 1, 11 * MS, "second", 6);
}

static bool test_control(void)
{
	bool ok;

	crowd(3);
	at_start = send_control;
	ok = simulate(0) == -EDEADLK && mocks[1].controls == 2 && !early && !stats.causality;
	done();
	return ok;
}

static void pause_later(void)
{
	ns_sim_pause_at(sim, 77 * MS);
}

static bool test_pause(void)
{
	bool ok;

	crowd(4);
	at_start = pause_later;
	ok = simulate(0) == -EDEADLK && paused_ns == 77 * MS && !early;
	done();
	return ok;
}

static void set_zero(void)
{
	ns_sim_zero(sim, 10 * MS);
}

static bool test_crash(void)
{
	static struct ns_fault fault = {
		.kind = NS_FAULT_CRASH, .start_ns = 50 * MS, .end_ns = NS_NEVER, .a = 2,
	};
	uint64_t lost = 0;
	unsigned int i;
	bool ok;

	crowd(5);
	cfg.faults = &fault;
	cfg.nr_faults = 1;
	at_start = set_zero;
	ok = simulate(0) == -EDEADLK && crashed == 1 && !ended && !stats.causality &&
	     mocks[2].last_in < 60 * MS && mocks[2].last_in > 55 * MS &&
	     mocks[3].last_in > 100 * MS;
	for (i = 0; i < NODES; i++)
		lost += ns_sim_path_stats(sim, 0, i, 2)->fate[NS_DROP_CRASH];
	done();
	return ok && lost > 10;
}

static bool test_cheat(void)
{
	bool ok;

	crowd(6);
	mocks[3].habit = CHEATS;
	ok = simulate(0) == -ECHILD && ended == 1 && !stats.causality;
	done();
	return ok;
}

static bool test_death(void)
{
	bool ok;

	crowd(6);
	mocks[1].habit = DIES;
	ok = simulate(0) == -ECHILD && ended == 1 && !stats.causality;
	done();
	crowd(6);
	mocks[4].habit = HANGS;
	ok = ok && simulate(1) == -ECHILD && ended == 1;
	done();
	return ok;
}

static bool test_sleep(void)
{
	bool ok;

	network(3);
	ok = simulate(0) == -EDEADLK && !stats.frames;
	done();
	return ok;
}

static const struct test_case tests[] = {
	{ test_arrival,	"frames arrive their latency later, where they are addressed to" },
	{ test_order,	"20 orders on the host, one result; causality holds" },
	{ test_horizon,	"nobody is further ahead than the horizon" },
	{ test_control,	"bytes for PID 1 come in order with frames" },
	{ test_pause,	"a pause stops everybody at its time" },
	{ test_crash,	"a crash ends its node at its time, and is no failure" },
	{ test_cheat,	"a frame outside of the window ends its node" },
	{ test_death,	"a node that dies, or hangs, fails the run" },
	{ test_sleep,	"when all sleep for good the run ends" },
};

int main(void)
{
	ksft_print_header();
	host_random = getpid();
	run_cases(tests, sizeof(tests) / sizeof(*tests));
	ksft_finished();
}
