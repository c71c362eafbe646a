// SPDX-License-Identifier: GPL-2.0-only
/*
 * The simulator's core: lets nodes run.
 *
 * Whenever the loop has nothing left to handle, every node that is BLOCKED and
 * has something to do before its bound (bound.c) is given a window: all that
 * arrives in it is injected, then it is granted the time up to the bound. Nodes
 * run in parallel, as processes of the host; their frames come back through
 * ns_sim_tx() (switch.c), the end of a window through ns_sim_blocked().
 *
 * Which windows there are depends on the host; what happens in them does not.
 * So nothing that a guest can see may happen at the edge of a window: what the
 * front end sends to a guest has a virtual time and waits in the heap like a
 * frame, and a fault that takes a node's power waits until nothing earlier can
 * reach that node.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim_core.h"

#define WATCH_PERIOD_NS	1000000000ull

static int node_init(struct ns_sim *sim, uint32_t id, const struct ns_boot *boot)
{
	struct ns_sim_node *node = &sim->nodes[id];
	const struct ns_node *cfg = &sim->cfg->nodes[id];
	int n;

	node->crash_ns = NS_NEVER;
	node->vm = (struct ns_vm){
		.sim = sim, .config = sim->cfg, .cfg = cfg, .boot = boot, .id = id,
		.backend = ns_backend_find(cfg->backend), .state = NS_STARTING,
	};
	ns_trace_init(&node->trace);
	if (!node->vm.backend) {
		fprintf(stderr, "netsim: node %s: no backend '%s'\n", cfg->name, cfg->backend);
		return -EINVAL;
	}
	n = snprintf(node->vm.dir, sizeof(node->vm.dir), "%s/nodes/%s", boot->dir, cfg->name);
	if (n >= (int)sizeof(node->vm.dir)) {
		fprintf(stderr, "netsim: node %s: the path of its folder, %s..., is too long; %s\n",
			cfg->name, node->vm.dir, "use a shorter --out");
		return -ENAMETOOLONG;
	}
	return 0;
}

static void idle(struct ns_loop_idle *idle);
static void watch(struct ns_source *source, uint32_t events);

struct ns_sim *ns_sim_new(const struct ns_config *cfg, const struct ns_boot *boot,
			  const struct ns_hooks *hooks, void *ctx)
{
	struct ns_sim *sim = calloc(1, sizeof(*sim));
	uint32_t i;

	if (!sim || sodium_init() < 0)
		goto fail;
	sim->cfg = cfg;
	sim->hooks = *hooks;
	sim->ctx = ctx;
	sim->nr = cfg->nr_nodes;
	sim->pause_ns = NS_NEVER;
	sim->published = boot->published;
	sim->idle.idle = idle;
	sim->watch = (struct ns_source){ .fd = -1, .ready = watch };
	ns_world_init(&sim->world, cfg);
	sim->nodes = calloc(sim->nr, sizeof(*sim->nodes));
	if (!sim->nodes)
		goto fail;
	for (i = 0; i < sim->nr; i++)
		if (node_init(sim, i, boot))
			goto fail;
	if (ns_switch_init(sim) || ns_bound_init(sim))
		goto fail;
	return sim;
fail:
	ns_sim_free(sim);
	return NULL;
}

static void window_free(struct ns_sim_node *node)
{
	size_t i;

	for (i = 0; i < node->window_nr; i++)
		ns_frame_put(node->window[i].frame);
	node->window_nr = 0;
	node->told = 0;
}

void ns_sim_free(struct ns_sim *sim)
{
	uint32_t i;

	if (!sim)
		return;
	for (i = 0; sim->nodes && i < sim->nr; i++) {
		window_free(&sim->nodes[i]);
		free(sim->nodes[i].window);
		ns_heap_free(&sim->nodes[i].heap);
	}
	if (sim->switches)
		ns_switch_free(sim);
	free(sim->distance);
	free(sim->nodes);
	free(sim);
}

static int window_push(struct ns_sim_node *node, const struct ns_event *event)
{
	if (node->window_nr == node->window_size) {
		size_t size = node->window_size ? 2 * node->window_size : 16;
		struct ns_event *w = realloc(node->window, size * sizeof(*w));

		if (!w)
			return -ENOMEM;
		node->window = w;
		node->window_size = size;
	}
	node->window[node->window_nr++] = *event;
	return 0;
}

static int inject(struct ns_sim_node *node)
{
	struct ns_event event = ns_heap_pop(&node->heap);
	struct ns_vm *vm = &node->vm;

	if (window_push(node, &event)) {
		ns_frame_put(event.frame);
		return -ENOMEM;
	}
	if (event.source == NS_SOURCE_CONTROL)
		return vm->backend->control(vm, event.time, event.frame->data, event.frame->len);
	return vm->backend->inject(vm, event.nic, event.time, event.frame->data,
				   event.frame->len);
}

/* A window [low, until) for a node that is BLOCKED. */
static void grant(struct ns_sim_node *node, uint64_t low, uint64_t until)
{
	struct ns_vm *vm = &node->vm;
	int err = 0;

	vm->now = low;
	vm->until = until;
	while (!err && ns_heap_time(&node->heap) < until)
		err = inject(node);
	vm->state = NS_RUNNING;
	vm->windows++;
	vm->heard_ns = ns_loop_wall();
	vm->sim->stats.windows++;
	if (!err)
		err = vm->backend->grant(vm, until);
	if (err) {
		char why[64];

		snprintf(why, sizeof(why), "cannot be run on: %s", strerror(-err));
		ns_sim_ended(vm, 0, why);
	}
}

void ns_sim_blocked(struct ns_vm *vm, uint64_t next_ns)
{
	struct ns_sim_node *node = ns_sim_node(vm);
	struct ns_sim *sim = vm->sim;

	if (vm->state == NS_STARTING) {
		sim->boot_wall = ns_loop_wall();
	} else if (vm->state != NS_RUNNING) {
		return;
	} else if (next_ns < vm->until) {
		ns_sim_ended(vm, 0, "stopped before the time it was given");
		return;
	}
	ns_switch_tell(node, NS_NEVER);
	window_free(node);
	vm->now = vm->until;
	vm->next = next_ns;
	vm->state = NS_BLOCKED;
	vm->heard_ns = ns_loop_wall();
	sim->dirty = true;
}

/* After its end: the backend cleans up, others hear of it. */
static void bury(struct ns_sim *sim, struct ns_sim_node *node, bool crashed)
{
	struct ns_vm *vm = &node->vm;

	node->gone = false;
	vm->backend->stop(vm);
	if (node->line_len)
		ns_sim_console(vm, "\n", 1);
	ns_switch_tell(node, vm->now);
	window_free(node);
	ns_switch_lost(node);
	sim->alive--;
	sim->dirty = true;
	if (sim->hooks.ended)
		sim->hooks.ended(sim->ctx, vm, vm->now, node->status,
				 node->why[0] ? node->why : NULL, crashed);
	if (node->why[0])
		ns_sim_stop(sim, -ECHILD);
}

void ns_sim_ended(struct ns_vm *vm, int status, const char *why)
{
	struct ns_sim_node *node = ns_sim_node(vm);

	if (vm->state == NS_ENDED)
		return;
	vm->state = NS_ENDED;
	node->status = status;
	snprintf(node->why, sizeof(node->why), "%s", why ? why : "");
	node->gone = true;
	vm->sim->any_gone = true;
	vm->sim->dirty = true;
}

static void bury_all(struct ns_sim *sim)
{
	uint32_t i;

	sim->any_gone = false;
	for (i = 0; i < sim->nr; i++)
		if (sim->nodes[i].gone)
			bury(sim, &sim->nodes[i], false);
}

/* Everything before the crash is done, and nothing can reach the node before it. */
static bool crashes(struct ns_sim *sim, struct ns_sim_node *node, uint64_t low, uint64_t bound)
{
	if (node->crash_ns == NS_NEVER || low < node->crash_ns || bound < node->crash_ns)
		return false;
	node->vm.state = NS_ENDED;
	node->vm.now = node->crash_ns;
	bury(sim, node, true);
	return true;
}

static uint64_t min3(uint64_t a, uint64_t b, uint64_t c)
{
	if (b < a)
		a = b;
	return c < a ? c : a;
}

static void check_pause(struct ns_sim *sim, const uint64_t *low)
{
	uint32_t i;

	if (sim->paused || sim->pause_ns == NS_NEVER)
		return;
	for (i = 0; i < sim->nr; i++)
		if (sim->nodes[i].vm.state != NS_ENDED &&
		    (sim->nodes[i].vm.state != NS_BLOCKED || low[i] < sim->pause_ns))
			return;
	sim->paused = true;
	if (sim->hooks.paused)
		sim->hooks.paused(sim->ctx, sim->pause_ns);
}

/* All wait for each other's frames, and none is under way. */
static bool asleep(const struct ns_sim *sim, const uint64_t *low)
{
	uint32_t i;

	for (i = 0; i < sim->nr; i++)
		if (low[i] != NS_NEVER)
			return false;
	return sim->alive && !sim->paused;
}

/* See published.c. A node with nothing to do in its slice is past it at once. */
static void schedule_published(struct ns_sim *sim)
{
	struct ns_sim_node *node;
	uint64_t until, low;

	while (!sim->ending && (node = ns_published_next(sim, &until))) {
		if (ns_sim_now(sim) == NS_NEVER)
			return;
		low = ns_bound_low(node);
		until = min3(until, sim->pause_ns, node->crash_ns);
		if (until <= node->vm.until) {
			if (!crashes(sim, node, until, until))
				return;
		} else if (low < until) {
			grant(node, low, until);
		} else {
			node->vm.until = until;
		}
	}
}

static void schedule(struct ns_sim *sim)
{
	uint64_t low[NS_NODES_MAX], bound;
	uint32_t i;

	for (i = 0; i < sim->nr; i++)
		low[i] = ns_bound_low(&sim->nodes[i]);
	if (sim->published)
		schedule_published(sim);
	for (i = 0; i < sim->nr && !sim->published; i++) {
		struct ns_sim_node *node = &sim->nodes[i];

		if (node->vm.state != NS_BLOCKED)
			continue;
		if (low[i] >= sim->pause_ns && low[i] < node->crash_ns)
			continue;
		bound = ns_bound_until(sim, low, i);
		/* its end may have had something sent to nodes whose low is known */
		if (crashes(sim, node, low[i], bound)) {
			sim->dirty = true;
			return;
		}
		bound = min3(bound, sim->pause_ns, node->crash_ns);
		if (low[i] < bound)
			grant(node, low[i], bound);
	}
	check_pause(sim, low);
	if (asleep(sim, low)) {
		fprintf(stderr, "netsim: all nodes sleep for good, and no frame is under way\n");
		ns_sim_stop(sim, -EDEADLK);
	}
}

static void idle(struct ns_loop_idle *idle)
{
	struct ns_sim *sim = (struct ns_sim *)((char *)idle - offsetof(struct ns_sim, idle));

	while (sim->dirty && !sim->ending) {
		sim->dirty = false;
		if (sim->any_gone)
			bury_all(sim);
		if (!sim->alive)
			ns_loop_quit();
		else if (!sim->ending)
			schedule(sim);
	}
}

void ns_sim_moved(struct ns_vm *vm, uint64_t t_ns)
{
	if (vm->state == NS_RUNNING && t_ns > vm->now && t_ns < vm->until) {
		vm->now = t_ns;
		vm->sim->dirty = true;
	}
}

void ns_sim_heard(struct ns_vm *vm)
{
	vm->heard_ns = ns_loop_wall();
}

/* A guest that spins says nothing, and virtual time stands still for all. */
static void watch(struct ns_source *source, uint32_t events)
{
	struct ns_sim *sim = (struct ns_sim *)((char *)source - offsetof(struct ns_sim, watch));
	uint64_t now = ns_loop_wall(), expirations;
	uint32_t i;

	(void)events;
	if (read(source->fd, &expirations, sizeof(expirations)) < 0)
		return;
	for (i = 0; i < sim->nr; i++) {
		struct ns_vm *vm = &sim->nodes[i].vm;
		unsigned int limit = vm->boot->silence_s;
		char why[128];

		if ((vm->state != NS_RUNNING && vm->state != NS_STARTING) || !limit ||
		    now < vm->heard_ns + limit * 1000000000ull)
			continue;
		snprintf(why, sizeof(why),
			 "hangs: not a word for %u s of wall time, at virtual time %llu ns",
			 limit, (unsigned long long)vm->now);
		ns_sim_ended(vm, 0, why);
	}
}

static int start_all(struct ns_sim *sim)
{
	uint32_t i;
	int err;

	for (i = 0; i < sim->nr; i++) {
		struct ns_vm *vm = &sim->nodes[i].vm;

		vm->heard_ns = ns_loop_wall();
		err = vm->backend->start(vm);
		if (err) {
			vm->state = NS_ENDED;
			vm->backend->stop(vm);
			return err;
		}
		sim->alive++;
	}
	return 0;
}

int ns_sim_run(struct ns_sim *sim)
{
	uint32_t i;
	int err;

	sim->start_wall = ns_loop_wall();
	ns_loop_set_idle(&sim->idle);
	err = ns_loop_timer(&sim->watch, WATCH_PERIOD_NS);
	if (!err)
		err = start_all(sim);
	if (!err)
		err = ns_loop_run();
	if (err)
		ns_sim_stop(sim, err);
	for (i = 0; i < sim->nr; i++) {
		struct ns_vm *vm = &sim->nodes[i].vm;

		if (vm->state != NS_ENDED || sim->nodes[i].gone)
			vm->backend->stop(vm);
		vm->state = NS_ENDED;
	}
	if (sim->watch.fd >= 0) {
		ns_loop_del(&sim->watch);
		close(sim->watch.fd);
		sim->watch.fd = -1;
	}
	ns_loop_set_idle(NULL);
	sim->stats.wall_ns = ns_loop_wall() - sim->start_wall;
	return sim->err;
}

void ns_sim_stop(struct ns_sim *sim, int err)
{
	if (!sim->ending)
		sim->err = err;
	sim->ending = true;
	ns_loop_quit();
}

uint64_t ns_sim_horizon(const struct ns_sim *sim)
{
	return sim->horizon_ns;
}

uint64_t ns_sim_now(const struct ns_sim *sim)
{
	uint64_t now = NS_NEVER, low;
	uint32_t i;

	for (i = 0; i < sim->nr; i++) {
		low = ns_bound_low(&sim->nodes[i]);
		if (low < now)
			now = low;
	}
	return now < sim->pause_ns ? now : sim->pause_ns;
}

struct ns_vm *ns_sim_vm(struct ns_sim *sim, uint32_t node)
{
	return &sim->nodes[node].vm;
}

int ns_sim_send(struct ns_sim *sim, uint32_t node, uint64_t t_ns, const void *p, size_t len)
{
	struct ns_sim_node *n = &sim->nodes[node];
	struct ns_event event = {
		.time = t_ns, .seq = sim->control_seq++, .source = NS_SOURCE_CONTROL,
	};

	if (n->vm.state == NS_ENDED)
		return -ENOTCONN;
	if (t_ns < n->vm.until) {
		sim->stats.causality++;
		return -ETIME;
	}
	event.frame = ns_frame_new(p, len);
	if (!event.frame || ns_heap_push(&n->heap, &event)) {
		ns_frame_put(event.frame);
		return -ENOMEM;
	}
	sim->dirty = true;
	return 0;
}

void ns_sim_off(struct ns_sim *sim, uint32_t node)
{
	ns_sim_ended(&sim->nodes[node].vm, 0, NULL);
}

void ns_sim_zero(struct ns_sim *sim, uint64_t time0_ns)
{
	const struct ns_config *cfg = sim->cfg;
	uint32_t i;

	sim->world.zero_ns = time0_ns;
	for (i = 0; i < cfg->nr_faults; i++) {
		const struct ns_fault *f = &cfg->faults[i];
		uint64_t t = ns_add(time0_ns, f->start_ns);

		if (f->kind == NS_FAULT_CRASH && t < sim->nodes[f->a].crash_ns)
			sim->nodes[f->a].crash_ns = t;
	}
}

void ns_sim_pause_at(struct ns_sim *sim, uint64_t t_ns)
{
	sim->pause_ns = t_ns;
	sim->paused = false;
	sim->dirty = true;
}

void ns_sim_resume(struct ns_sim *sim)
{
	ns_sim_pause_at(sim, NS_NEVER);
}

void ns_sim_control(struct ns_vm *vm, uint64_t t_ns, const void *p, size_t len)
{
	if (vm->state != NS_ENDED && vm->sim->hooks.control)
		vm->sim->hooks.control(vm->sim->ctx, vm, t_ns, p, len);
}

void ns_sim_console(struct ns_vm *vm, const char *p, size_t len)
{
	struct ns_sim_node *node = ns_sim_node(vm);
	struct ns_sim *sim = vm->sim;
	size_t i;

	for (i = 0; i < len; i++) {
		if (p[i] != '\n' && node->line_len < NS_LINE_MAX - 1) {
			if (p[i] != '\r' && p[i])
				node->line[node->line_len++] = p[i];
			continue;
		}
		if (p[i] != '\n')
			i--;	/* too long: goes on in the next one */
		node->line[node->line_len] = '\0';
		node->line_len = 0;
		if (sim->hooks.console)
			sim->hooks.console(sim->ctx, vm, node->line);
	}
}

void ns_sim_stats(const struct ns_sim *sim, struct ns_stats *stats)
{
	crypto_hash_sha256_state all;
	uint32_t i;

	*stats = sim->stats;
	crypto_hash_sha256_init(&all);
	for (i = 0; i < sim->nr; i++) {
		const struct ns_vm *vm = &sim->nodes[i].vm;
		uint8_t hash[NS_HASH_BYTES];

		ns_trace_hash(&sim->nodes[i].trace, hash);
		crypto_hash_sha256_update(&all, hash, sizeof(hash));
		if (vm->now > stats->virtual_ns)
			stats->virtual_ns = vm->now;
		stats->late_frames += vm->late_frames;
		if (vm->late_max_ns > stats->late_max_ns)
			stats->late_max_ns = vm->late_max_ns;
	}
	crypto_hash_sha256_final(&all, stats->hash);
	stats->boot_wall_ns = sim->boot_wall ? sim->boot_wall - sim->start_wall : 0;
	if (!stats->wall_ns)
		stats->wall_ns = ns_loop_wall() - sim->start_wall;
}

const struct ns_path_stats *ns_sim_path_stats(const struct ns_sim *sim, uint32_t segment,
					      uint32_t from, uint32_t to)
{
	const struct ns_switch *sw = &sim->switches[segment];

	return &sw->links[from * sw->cfg->nr_ports + to].stats;
}

void ns_sim_node_hash(const struct ns_sim *sim, uint32_t node, uint8_t hash[32])
{
	ns_trace_hash(&sim->nodes[node].trace, hash);
}
