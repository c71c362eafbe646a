// SPDX-License-Identifier: GPL-2.0-only
/*
 * Settings and model to the kernel's program, at start and again.
 *
 * Again, everything that can be wrong is looked at first; from then on nothing
 * fails, or it is undone. What cannot change while the daemon runs is refused by
 * name: the numbers of the CCs are those of its start, so a CC may go and come
 * back, but a new one is left out until the next start.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon.h"
#include "say.h"

uint64_t daemon_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

unsigned int daemon_cc(const struct daemon *d, const char *name)
{
	unsigned int i;

	for (i = 0; i < d->kernel.ccs; i++)
		if (!strcmp(name, d->kernel.cc[i]))
			return i;
	return ANTELOPE_NO_CC;
}

/* By the settings c, with the numbers that the program has. */
static void fill(struct antelope_config *to, const struct config *c)
{
	unsigned int i;

	to->window_ns = c->window_time;
	to->calm_ns = c->window_calm;
	to->dwell_ns = c->dwell;
	to->dwell_windows = c->dwell_windows;
	to->window_rtts = c->window_rtts;
	to->confirm = c->confirm;
	to->margin = c->margin;
	to->rollback = c->rollback;
	to->explore = c->explore;
	to->trial_rtts = c->trial_rtts;
	to->trial_upside = c->trial_upside;
	to->acks = c->patched == PATCHED_AUTO ? c->window_acks : 0;
	to->shadow = c->shadow;
	to->objective = c->objective;
	to->first = ANTELOPE_NO_CC;
	to->enabled = 0;
	for (i = 0; i < to->ccs; i++) {
		if (config_cc(c, to->cc[i]) != ANTELOPE_NO_CC)
			to->enabled |= 1 << i;
		if (!strcmp(c->first, to->cc[i]))
			to->first = i;
	}
}

/* The model of the settings, or NULL when they name none. */
static int load_model(const struct config *c, struct antelope_model **model)
{
	char err[MODEL_ERR];
	int bad;

	*model = NULL;
	if (!*c->model)
		return 0;
	bad = model_load(model, c->model, err);
	return bad ? say_error(-bad, "%s", err) : 0;
}

static int set_forests(struct daemon *d, const struct antelope_model *model)
{
	struct antelope_forest *forests = NULL;
	unsigned int known;
	int err;

	if (model) {
		forests = calloc(ANTELOPE_FORESTS, sizeof(*forests));
		if (!forests)
			return say_error(ENOMEM, "no memory for the model");
		known = model_forests(model, d->kernel.cc, d->kernel.ccs, forests);
		if (known < d->kernel.ccs)
			say_warning("model: %u of %u congestion controls are not in it, and not chosen by score",
				    d->kernel.ccs - known, d->kernel.ccs);
	}
	err = engine_set_forests(d->engine, forests);
	free(forests);
	return err ? say_error(-err, "cannot give the model to the kernel: %s", strerror(-err)) : 0;
}

static void set_pins(struct daemon *d, const struct config *c, bool on)
{
	const struct config_pin *pin;
	char text[PREFIX_TEXT];
	int err;

	for (pin = c->pins; pin < c->pins + c->nr_pins; pin++) {
		err = engine_set_prior(d->engine, &pin->to,
				       on ? daemon_cc(d, pin->name) : ANTELOPE_NO_CC, d->epoch);
		if (err && on)
			say_warning("pins: %s: cannot be set: %s", prefix_format(&pin->to, text),
				    strerror(-err));
	}
}

void daemon_begin_log(struct daemon *d)
{
	struct log_about about = {
		.ccs = d->kernel.ccs,
		.epoch = d->kernel.epoch,
		.enabled = d->kernel.enabled,
		.shadow = d->kernel.shadow,
	};
	int err;

	d->log_error[0] = '\0';
	if (!*d->config.log)
		return;
	memcpy(about.cc, d->kernel.cc, sizeof(about.cc));
	if (d->model)
		memcpy(about.model, d->model->digest, sizeof(d->model->digest));
	if (d->log)
		err = log_begin(d->log, &about, d->log_error);
	else
		err = log_create(&d->log, d->config.log, d->config.log_size, d->config.log_keep,
				 &about, d->log_error);
	if (err)
		say_error(-err, "%s", d->log_error);
}

int daemon_configure(struct daemon *d)
{
	struct antelope_config *k = &d->kernel;
	int err = load_model(&d->config, &d->model);

	if (err)
		return err;
	k->ccs = d->config.ccs;
	memcpy(k->cc, d->config.cc, sizeof(k->cc));
	fill(k, &d->config);
	k->epoch = ++d->epoch;
	err = engine_set_objectives(d->engine, &d->config);
	if (!err)
		err = set_forests(d, d->model);
	if (err)
		return err;
	set_pins(d, &d->config, true);
	engine_configure(d->engine, k);
	return 0;
}

/* What a daemon that runs can't do; a new CC is only left out. */
static int check_fixed(const struct daemon *d, struct config *new)
{
	unsigned int i = 0;

	if (strcmp(new->cgroup, d->config.cgroup))
		return say_error(EINVAL, "cgroup: cannot change; restart antelope for %s",
				 new->cgroup);
	if (strcmp(new->control, d->config.control))
		return say_error(EINVAL, "control: cannot change; restart antelope for %s",
				 new->control);
	while (i < new->ccs) {
		if (daemon_cc(d, new->cc[i]) != ANTELOPE_NO_CC) {
			i++;
			continue;
		}
		say_warning("cc: \"%s\" is left out until antelope is restarted", new->cc[i]);
		config_drop_cc(new, i);
	}
	return new->ccs ? 0 : say_error(EINVAL, "cc: none of these was there at the start");
}

/* All that can fail; the program is as before if it does. */
static int try_new(struct daemon *d, const struct config *new, struct antelope_model *model)
{
	struct guard guard;
	int err = guard_init(&guard, new->guard_flows, new->guard_loss / 65536.0);

	if (!err)
		err = set_forests(d, model);
	if (!err && engine_set_objectives(d->engine, new)) {
		set_forests(d, d->model);
		engine_set_objectives(d->engine, &d->config);
		err = -EINVAL;
	}
	if (err) {
		guard_free(&guard);
		return err;
	}
	guard_free(&d->guard);
	d->guard = guard;
	return 0;
}

static void take_over(struct daemon *d, struct config *new, struct antelope_model *model)
{
	set_pins(d, &d->config, false);
	config_free(&d->config);
	d->config = *new;
	model_free(d->model);
	d->model = model;
	d->kernel.epoch = ++d->epoch;
	fill(&d->kernel, &d->config);
	set_pins(d, &d->config, true);
	engine_configure(d->engine, &d->kernel);
	d->flows.max = d->config.flows;
	d->priors.max = d->config.prefixes;
	d->reloads++;
	if (!*d->config.log) {
		log_finish(d->log);
		d->log = NULL;
	}
	daemon_begin_log(d);
}

int daemon_reload(struct daemon *d)
{
	struct antelope_model *model = NULL;
	struct config new;
	int err = options_config(&d->options, &new);

	if (!err)
		err = check_fixed(d, &new);
	if (!err)
		err = load_model(&new, &model);
	if (!err)
		err = try_new(d, &new, model);
	if (err) {
		say_error(-err, "reload: the settings and the model stay as they were");
		model_free(model);
		config_free(&new);
		return err;
	}
	take_over(d, &new, model);
	say("reload: epoch %u, %s", d->kernel.epoch, d->model ? d->config.model : "no model");
	return 0;
}
