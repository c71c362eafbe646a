// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a record leads to, besides what the kernel's program has done already. A
 * record is checked like one of a file: what is behind it is an index of tables.
 */
#include <errno.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "daemon.h"
#include "say.h"

#define FOREVER	UINT64_MAX

int daemon_override(struct daemon *d, struct flow_head *flow, uint8_t cc, uint64_t expiry_ns)
{
	int err = engine_set_override(d->engine, flow->cookie, cc, ++d->epoch, expiry_ns);

	if (!err)
		flow->override_ns = expiry_ns;
	return err;
}

static const struct config_pin *pin_of(const struct config *c, const __u8 addr[16])
{
	const struct config_pin *best = NULL, *pin;

	for (pin = c->pins; pin < c->pins + c->nr_pins; pin++)
		if ((!best || pin->to.prefixlen > best->to.prefixlen) &&
		    prefix_covers(&pin->to, addr))
			best = pin;
	return best;
}

/* A flow to a pinned destination begins by its prior, and must not leave it. */
static void pin_flow(struct daemon *d, struct flow_head *flow, const struct config_pin *pin)
{
	unsigned int cc = daemon_cc(d, pin->name);
	int err;

	if (flow->pinned || cc == ANTELOPE_NO_CC)
		return;
	err = daemon_override(d, flow, cc, FOREVER);
	if (err)
		say_warning("pins: flow %llu: %s", (unsigned long long)flow->cookie,
			    strerror(-err));
	flow->pinned = !err;
}

static void end_override(struct daemon *d, struct flow_head *flow,
			 const struct antelope_record *r)
{
	if (flow->override_ns && (r->why == ANTELOPE_CLOSED || flow->override_ns <= r->time_ns))
		daemon_override(d, flow, ANTELOPE_NO_CC, 0);
}

static void trip(struct daemon *d)
{
	d->kernel.shadow = 1;
	engine_configure(d->engine, &d->kernel);
	say_warning("guard: the last %u switches have changed the reward by %.3f, mean of logarithms; shadow mode from now on, \"antelope reload\" ends it",
		    d->guard.size, guard_mean(&d->guard));
	sd_notify(0, "STATUS=shadow mode: the last switches have not paid");
	daemon_begin_log(d);
}

/* A log that fails is tried again with what comes next; decisions go on. */
static void log_failed(struct daemon *d, int bad, const char *err)
{
	d->log_lost++;
	if (strcmp(err, d->log_error))
		say_error(-bad, "%s", err);
	memcpy(d->log_error, err, strlen(err) + 1);
}

void daemon_flush_log(struct daemon *d)
{
	char err[LOG_ERR];
	int bad = d->log ? log_flush(d->log, err) : 0;

	if (bad)
		log_failed(d, bad, err);
}

static void write_log(struct daemon *d, const struct antelope_record *r)
{
	char err[LOG_ERR];
	int bad;

	if (!d->log)
		return;
	bad = log_write(d->log, r, err);
	if (bad)
		log_failed(d, bad, err);
	else
		d->logged++;
}

void daemon_record(void *daemon, const struct antelope_record *r)
{
	struct daemon *d = daemon;
	const struct config_pin *pin;
	struct flow_head *flow;

	if (log_check(r, d->kernel.ccs)) {
		d->flows.impossible++;
		return;
	}
	write_log(d, r);
	flow = flows_record(&d->flows, r);
	pin = pin_of(&d->config, r->remote);
	if (!flow)
		return;
	if (!pin && d->config.learn && priors_record(&d->priors, &flow->prior, r))
		d->flows.impossible++;
	if (guard_record(&d->guard, &flow->guard, r) && !d->kernel.shadow)
		trip(d);
	end_override(d, flow, r);
	if (pin && r->why != ANTELOPE_CLOSED)
		pin_flow(d, flow, pin);
	flows_done(&d->flows, flow, r);
}
