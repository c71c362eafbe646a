// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames, from the node that sends to those that get them.
 *
 * A segment knows the addresses of its interfaces from the configuration, so
 * there is nothing to learn and nothing that depends on order: unicast goes to
 * the port with that address, everything else to all ports but the sender's. What
 * happens on the way is the path's (link.c); what arrives is put into the
 * destination's heap.
 *
 * Causality is checked here once more, whatever link.c and bound.c think: a
 * frame must not arrive before it was sent plus the latency, and not at a time
 * which the destination was already allowed to pass.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim_core.h"

#define ETH_MIN	14

static uint64_t mac_value(const unsigned char *mac)
{
	uint64_t v = 0;

	memcpy(&v, mac, 6);
	return v;
}

static int segment_init(struct ns_sim *sim, uint32_t index)
{
	const struct ns_segment *s = &sim->cfg->segments[index];
	struct ns_switch *sw = &sim->switches[index];
	uint32_t from, to, n = s->nr_ports;

	sw->cfg = s;
	sw->links = calloc((size_t)n * n, sizeof(*sw->links));
	sw->macs = calloc(n, sizeof(*sw->macs));
	if (!sw->links || !sw->macs)
		return -ENOMEM;
	for (from = 0; from < n; from++) {
		const struct ns_port *port = &s->ports[from];

		sw->macs[from] = mac_value(sim->cfg->nodes[port->node].nics[port->nic].mac);
		for (to = 0; to < n; to++)
			sw->links[from * n + to] = (struct ns_link){
				.path = &s->paths[from * n + to], .segment = index,
				.from = from, .to = to, .from_node = port->node,
				.to_node = s->ports[to].node, .to_nic = s->ports[to].nic,
			};
	}
	return 0;
}

int ns_switch_init(struct ns_sim *sim)
{
	uint32_t i;
	int err;

	sim->switches = calloc(sim->cfg->nr_segments, sizeof(*sim->switches));
	if (!sim->switches)
		return -ENOMEM;
	for (i = 0; i < sim->cfg->nr_segments; i++) {
		err = segment_init(sim, i);
		if (err)
			return err;
	}
	return 0;
}

void ns_switch_free(struct ns_sim *sim)
{
	uint32_t i, j;

	for (i = 0; sim->switches && i < sim->cfg->nr_segments; i++) {
		struct ns_switch *sw = &sim->switches[i];

		for (j = 0; sw->links && j < sw->cfg->nr_ports * sw->cfg->nr_ports; j++)
			ns_link_free(&sw->links[j]);
		free(sw->links);
		free(sw->macs);
	}
	free(sim->switches);
	sim->switches = NULL;
}

static void arrive(struct ns_sim *sim, struct ns_sim_node *source, struct ns_link *link,
		   uint64_t sent_ns, const struct ns_arrival *arrival)
{
	struct ns_sim_node *node = &sim->nodes[link->to_node];
	struct ns_event event = {
		.time = arrival->time_ns, .seq = source->seq++, .source = source->vm.id,
		.nic = link->to_nic, .frame = arrival->frame, .path = &link->stats,
	};

	if (event.time < sent_ns + link->path->latency_ns)
		sim->stats.causality++;
	if (node->vm.state == NS_ENDED) {
		link->stats.fate[NS_DROP_CRASH]++;
		ns_frame_put(event.frame);
		return;
	}
	if (event.time < node->vm.until) {
		/* Too late for its time; the run has failed, but goes on to its end. */
		sim->stats.causality += !sim->published;
		event.time = node->vm.until;
	}
	if (sim->published)
		ns_published_arrival(sim, arrival->time_ns - sim->shift_ns, event.time);
	if (ns_heap_push(&node->heap, &event)) {
		ns_frame_put(event.frame);
		ns_sim_stop(sim, -ENOMEM);
	}
	sim->dirty = true;
}

static void forward(struct ns_sim *sim, struct ns_sim_node *source, struct ns_link *link,
		    uint64_t t_ns, struct ns_frame *frame)
{
	struct ns_arrival arrivals[2];
	int i, n = ns_link_send(link, &sim->world, t_ns, frame, arrivals);

	if (n < 0)
		ns_sim_stop(sim, n);
	for (i = 0; i < n; i++)
		arrive(sim, source, link, t_ns, &arrivals[i]);
}

static void flood(struct ns_sim *sim, struct ns_sim_node *source, struct ns_switch *sw,
		  uint32_t from, uint64_t t_ns, struct ns_frame *frame)
{
	uint32_t to, n = sw->cfg->nr_ports;

	for (to = 0; to < n; to++)
		if (to != from)
			forward(sim, source, &sw->links[from * n + to], t_ns, frame);
}

static void route(struct ns_sim *sim, struct ns_sim_node *source, uint32_t nic, uint64_t t_ns,
		  struct ns_frame *frame)
{
	const struct ns_nic *cfg = &source->vm.cfg->nics[nic];
	struct ns_switch *sw = &sim->switches[cfg->segment];
	uint32_t to, n = sw->cfg->nr_ports;
	uint64_t mac = mac_value(frame->data);

	if (n > 2 && !(frame->data[0] & 1))
		for (to = 0; to < n; to++) {
			if (sw->macs[to] != mac)
				continue;
			if (to != cfg->port)
				forward(sim, source, &sw->links[cfg->port * n + to], t_ns, frame);
			return;
		}
	flood(sim, source, sw, cfg->port, t_ns, frame);
}

void ns_sim_tx(struct ns_vm *vm, uint32_t nic, uint64_t t_ns, const void *frame, size_t len)
{
	struct ns_sim_node *node = ns_sim_node(vm);
	struct ns_sim *sim = vm->sim;
	struct ns_frame *f;

	if (vm->state != NS_RUNNING)
		return;
	if (nic >= vm->cfg->nr_nics || len < ETH_MIN || len > NS_FRAME_MAX) {
		ns_sim_ended(vm, 0, "sent a frame that no interface could send");
		return;
	}
	if (t_ns < vm->now || t_ns >= vm->until) {
		ns_sim_ended(vm, 0, "sent a frame at a time which it was not given");
		return;
	}
	vm->now = t_ns;
	ns_switch_tell(node, t_ns);
	if (sim->hooks.frame)
		sim->hooks.frame(sim->ctx, vm, nic, NS_OUT, t_ns, frame, len);
	ns_trace_frame(&node->trace, nic, t_ns, frame, len);
	sim->stats.frames++;
	sim->stats.bytes += len;
	f = ns_frame_new(frame, len);
	if (!f) {
		ns_sim_stop(sim, -ENOMEM);
		return;
	}
	if (sim->published) {
		sim->shift_ns = ns_published_time(sim, t_ns) - t_ns;
		t_ns += sim->shift_ns;
	}
	route(sim, node, nic, t_ns, f);
	ns_frame_put(f);
}

void ns_switch_tell(struct ns_sim_node *node, uint64_t t_ns)
{
	struct ns_sim *sim = node->vm.sim;

	while (node->told < node->window_nr && node->window[node->told].time <= t_ns) {
		struct ns_event *e = &node->window[node->told++];

		if (!e->path)	/* control, or not delivered */
			continue;
		e->path->delivered_frames++;
		e->path->delivered_bytes += e->frame->len;
		sim->stats.deliveries++;
		if (sim->hooks.frame)
			sim->hooks.frame(sim->ctx, &node->vm, e->nic, NS_IN, e->time,
					 e->frame->data, e->frame->len);
	}
}

void ns_sim_undelivered(struct ns_vm *vm, uint32_t nic, uint64_t t_ns, size_t len)
{
	struct ns_sim_node *node = ns_sim_node(vm);
	size_t i;

	for (i = node->told; i < node->window_nr; i++) {
		struct ns_event *e = &node->window[i];

		if (!e->path || e->nic != nic || e->time != t_ns || e->frame->len != len)
			continue;
		e->path->fate[NS_DROP_DOWN]++;
		e->path = NULL;
		return;
	}
}

void ns_switch_lost(struct ns_sim_node *node)
{
	size_t i;

	for (i = 0; i < node->heap.nr; i++)
		if (node->heap.events[i].path)
			node->heap.events[i].path->fate[NS_DROP_CRASH]++;
	ns_heap_free(&node->heap);
}
