// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "names.h"

#define Q16	65536.0

typedef struct json_object *(*answer_fn)(struct daemon *d, const struct request *r, char *err);

static void put_u64(struct json_object *o, const char *key, uint64_t value)
{
	json_object_object_add(o, key, json_object_new_uint64(value));
}

static void put_text(struct json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, value ? json_object_new_string(value) : NULL);
}

static void put_bool(struct json_object *o, const char *key, bool value)
{
	json_object_object_add(o, key, json_object_new_boolean(value));
}

/* Six digits are more than a Q16 has. */
static void put_double(struct json_object *o, const char *key, double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.6f", value);
	json_object_object_add(o, key, json_object_new_double_s(value, text));
}

static const char *cc_name(const struct daemon *d, unsigned int cc)
{
	return cc < d->kernel.ccs ? d->kernel.cc[cc] : NULL;
}

static struct json_object *model_status(const struct daemon *d)
{
	struct json_object *o;

	if (!d->model)
		return NULL;
	o = json_object_new_object();
	put_text(o, "file", d->config.model);
	put_u64(o, "version", d->model->version);
	put_text(o, "digest", d->model->digest);
	return o;
}

static struct json_object *counters_status(struct daemon *d)
{
	struct antelope_counters c;
	struct json_object *o;

	if (engine_counters(d->engine, &c))
		return NULL;
	o = json_object_new_object();
	put_u64(o, "callbacks", c.callbacks);
	put_u64(o, "windows", c.windows);
	put_u64(o, "decisions", c.decisions);
	put_u64(o, "mean_decision_ns", c.decisions ? c.decision_ns / c.decisions : 0);
	put_u64(o, "switches", c.switches);
	put_u64(o, "explored", c.explored);
	put_u64(o, "tried", c.tried);
	put_u64(o, "followed", c.followed);
	put_u64(o, "rolled_back", c.rolled_back);
	put_u64(o, "refused", c.refused);
	put_u64(o, "records_lost", c.records_lost);
	put_u64(o, "flows_untracked", c.flows_untracked);
	return o;
}

static struct json_object *ccs_status(const struct daemon *d)
{
	struct json_object *list = json_object_new_array(), *o;
	const struct cc_sums *s;
	uint64_t flows = 0;
	unsigned int i;

	for (i = 0; i < d->kernel.ccs; i++)
		flows += d->flows.cc[i].flows;
	for (i = 0; i < d->kernel.ccs; i++) {
		s = &d->flows.cc[i];
		o = json_object_new_object();
		put_text(o, "cc", d->kernel.cc[i]);
		put_bool(o, "enabled", d->kernel.enabled >> i & 1);
		put_u64(o, "flows", s->flows);
		put_double(o, "share", flows ? (double)s->flows / flows : 0);
		put_u64(o, "windows", s->windows);
		put_u64(o, "bytes", s->bytes);
		if (s->rewarded)
			put_double(o, "mean_reward", s->reward / s->rewarded);
		else
			put_text(o, "mean_reward", NULL);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *guard_status(const struct daemon *d)
{
	struct json_object *o = json_object_new_object();

	put_u64(o, "flows", d->guard.size);
	put_u64(o, "judged", d->guard.judged);
	put_double(o, "mean_gain", guard_mean(&d->guard));
	put_bool(o, "tripped", d->guard.tripped);
	return o;
}

static struct json_object *log_status(const struct daemon *d)
{
	struct json_object *o;

	if (!*d->config.log)
		return NULL;
	o = json_object_new_object();
	put_text(o, "file", d->config.log);
	put_u64(o, "records", d->logged);
	put_u64(o, "failed", d->log_lost);
	put_text(o, "error", *d->log_error ? d->log_error : NULL);
	return o;
}

static const char *shadow_why(const struct daemon *d)
{
	if (d->config.shadow)
		return "settings";
	return d->kernel.shadow ? "guard" : NULL;
}

static void put_why(struct json_object *o, const struct daemon *d)
{
	struct json_object *why = json_object_new_object();
	unsigned int i;

	for (i = 0; i < ANTELOPE_WHYS; i++)
		put_u64(why, why_names[i].name, d->flows.why[i]);
	json_object_object_add(o, "why", why);
}

static void count_live(void *arg, const struct antelope_live *l)
{
	(void)l;
	(*(uint64_t *)arg)++;
}

/* null where the kernel has no iterators over sockets */
static void put_live(struct json_object *o, struct daemon *d)
{
	uint64_t n = 0;

	if (engine_list(d->engine, count_live, &n))
		put_text(o, "connections", NULL);
	else
		put_u64(o, "connections", n);
}

static struct json_object *answer_status(struct daemon *d, const struct request *r, char *err)
{
	struct json_object *o = json_object_new_object();

	(void)r;
	(void)err;
	put_text(o, "version", ANTELOPE_VERSION);
	put_text(o, "cgroup", d->config.cgroup);
	put_u64(o, "uptime_ns", daemon_now_ns() - d->started_ns);
	put_text(o, "objective", model_objective_name(d->kernel.objective));
	put_u64(o, "epoch", d->kernel.epoch);
	put_u64(o, "reloads", d->reloads);
	put_bool(o, "shadow", d->kernel.shadow);
	put_text(o, "shadow_by", shadow_why(d));
	put_bool(o, "ack_windows", d->switches.there[SYSTEM_ACK_WINDOW] && d->kernel.acks);
	put_bool(o, "handoff", d->switches.there[SYSTEM_HANDOFF]);
	json_object_object_add(o, "model", model_status(d));
	put_u64(o, "flows", d->flows.n);
	put_live(o, d);
	put_u64(o, "flows_opened", d->flows.opened);
	put_u64(o, "flows_closed", d->flows.closed);
	put_u64(o, "flows_evicted", d->flows.evicted);
	put_u64(o, "flows_adopted", d->adopted > 0 ? d->adopted : 0);
	put_u64(o, "records", d->flows.records);
	put_u64(o, "records_impossible", d->flows.impossible);
	json_object_object_add(o, "kernel", counters_status(d));
	put_why(o, d);
	json_object_object_add(o, "ccs", ccs_status(d));
	json_object_object_add(o, "guard", guard_status(d));
	put_u64(o, "prefixes", d->priors.n);
	put_u64(o, "pins", d->config.nr_pins);
	json_object_object_add(o, "log", log_status(d));
	return o;
}

static void put_endpoint(struct json_object *o, const char *key, const __u8 addr[16],
			 unsigned int port)
{
	char address[PREFIX_TEXT], text[PREFIX_TEXT + 16];

	address_format(addr, address);
	snprintf(text, sizeof(text), strchr(address, ':') ? "[%s]:%u" : "%s:%u", address, port);
	put_text(o, key, text);
}

static struct json_object *flow_object(const struct daemon *d, const struct flow_head *f)
{
	const struct antelope_record *r = &f->last;
	struct json_object *o = json_object_new_object();

	put_u64(o, "cookie", f->cookie);
	put_endpoint(o, "local", r->local, r->local_port);
	put_endpoint(o, "remote", r->remote, r->remote_port);
	put_text(o, "cc", cc_name(d, r->choice));
	put_text(o, "why", why_names[r->why].name);
	put_text(o, "best", cc_name(d, r->best));
	put_text(o, "objective", model_objective_name(r->objective));
	put_u64(o, "windows", f->windows);
	put_u64(o, "switches", r->switches);
	put_u64(o, "bytes", f->bytes);
	put_u64(o, "bytes_per_s", r->duration_ns ? r->bytes * 1000000000ull / r->duration_ns : 0);
	put_u64(o, "mean_rtt_us", r->mean_rtt_us);
	put_u64(o, "min_rtt_us", r->min_rtt_us);
	put_u64(o, "lost", r->lost);
	put_double(o, "reward", record_reward(r) / Q16);
	put_u64(o, "age_ns", daemon_now_ns() - r->time_ns);
	put_bool(o, "override", f->override_ns);
	put_bool(o, "adopted", r->flags & ANTELOPE_ADOPTED);
	return o;
}

struct live_list {
	struct daemon *d;
	struct json_object *list;
	size_t room;
};

/* The table has nothing of it: it was silent since the daemon has started. */
static void add_live(void *arg, const struct antelope_live *l)
{
	struct live_list *to = arg;
	struct json_object *o;

	if (!to->room || flows_find(&to->d->flows, l->cookie))
		return;
	to->room--;
	o = json_object_new_object();
	put_u64(o, "cookie", l->cookie);
	put_endpoint(o, "local", l->local, l->local_port);
	put_endpoint(o, "remote", l->remote, l->remote_port);
	put_text(o, "cc", l->cc);
	put_text(o, "why", l->watched ? "silent" : "unwatched");
	put_u64(o, "windows", 0);
	put_u64(o, "switches", 0);
	put_u64(o, "bytes", l->bytes_acked);
	put_u64(o, "bytes_per_s", 0);
	put_u64(o, "mean_rtt_us", l->mean_rtt_us);
	put_u64(o, "min_rtt_us", l->min_rtt_us);
	put_u64(o, "lost", 0);
	json_object_array_add(to->list, o);
}

static struct json_object *answer_flows(struct daemon *d, const struct request *r, char *err)
{
	const struct flow_head **list = calloc(r->limit, sizeof(*list));
	struct json_object *o = NULL;
	struct live_list live;
	size_t n, i;

	if (!list) {
		snprintf(err, REQUEST_ERR, "no memory");
		return NULL;
	}
	o = json_object_new_array();
	n = flows_busiest(&d->flows, list, r->limit);
	for (i = 0; i < n; i++)
		json_object_array_add(o, flow_object(d, list[i]));
	free(list);
	live = (struct live_list){ d, o, r->limit - n };
	if (live.room)
		engine_list(d->engine, add_live, &live);
	return o;
}

static struct json_object *features_object(const struct antelope_record *r)
{
	struct json_object *list = json_object_new_array(), *o;
	unsigned int i;

	for (i = 0; i < ANTELOPE_FEATURES; i++) {
		o = json_object_new_object();
		put_text(o, "name", feature_names[i].name);
		put_double(o, "value", (double)r->x[i] / (1 << feature_names[i].bits));
		put_text(o, "unit", feature_names[i].unit);
		put_text(o, "what", feature_names[i].what);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *scores_object(const struct daemon *d, const struct antelope_record *r)
{
	struct json_object *o = json_object_new_object();
	unsigned int i;

	for (i = 0; i < d->kernel.ccs; i++) {
		if (r->best == ANTELOPE_NO_CC || r->score[i] == ANTELOPE_NO_SCORE)
			put_text(o, d->kernel.cc[i], NULL);
		else
			put_double(o, d->kernel.cc[i], r->score[i] / Q16);
	}
	return o;
}

/* Values are over home's; "phases" are how many stand behind one, and fade. */
static struct json_object *path_object(const struct daemon *d, const struct antelope_record *r)
{
	struct json_object *o, *all, *one;
	struct antelope_path p;
	unsigned int i;

	if (engine_path(d->engine, r->remote, r->objective, &p) || p.home >= d->kernel.ccs)
		return NULL;
	o = json_object_new_object();
	put_text(o, "home", cc_name(d, p.home));
	put_text(o, "trial", cc_name(d, p.trial));
	put_u64(o, "trials", p.trials);
	put_double(o, "flows", p.flows / 256.0);
	all = json_object_new_object();
	for (i = 0; i < d->kernel.ccs; i++) {
		one = json_object_new_object();
		put_double(one, "phases", p.known[i] / 256.0);
		if (p.known[i] && p.known[p.home])
			put_double(one, "over_home", (p.value[i] - p.value[p.home]) / Q16);
		else
			put_text(one, "over_home", NULL);
		json_object_object_add(all, d->kernel.cc[i], one);
	}
	json_object_object_add(o, "measured", all);
	return o;
}

static struct flow_head *flow_of(struct daemon *d, const struct request *r, char *err)
{
	struct flow_head *f = flows_find(&d->flows, r->cookie);

	if (!f)
		snprintf(err, REQUEST_ERR, "flow %llu is not known, or silent; see antelope top",
			 (unsigned long long)r->cookie);
	return f;
}

static struct json_object *answer_explain(struct daemon *d, const struct request *r, char *err)
{
	const struct flow_head *f = flow_of(d, r, err);
	const struct antelope_record *l;
	struct json_object *o;

	if (!f)
		return NULL;
	l = &f->last;
	o = flow_object(d, f);
	put_text(o, "window_cc", cc_name(d, l->cc));
	put_u64(o, "window", l->window);
	put_u64(o, "duration_ns", l->duration_ns);
	put_u64(o, "epoch", l->epoch);
	put_text(o, "because", why_names[l->why].what);
	put_double(o, "propensity", l->propensity / 65535.0);
	put_text(o, "error", l->error ? strerror(-l->error) : NULL);
	put_double(o, "rate", l->rate / Q16);
	put_double(o, "delay", l->delay / Q16);
	put_double(o, "keep", l->keep / Q16);
	json_object_object_add(o, "features", features_object(l));
	json_object_object_add(o, "scores", scores_object(d, l));
	json_object_object_add(o, "path", path_object(d, l));
	return o;
}

static struct json_object *answer_set(struct daemon *d, const struct request *r, char *err)
{
	struct flow_head *f = flow_of(d, r, err);
	uint8_t cc = ANTELOPE_NO_CC;
	struct json_object *o;
	uint64_t expiry = 0;
	int bad;

	if (!f)
		return NULL;
	if (*r->cc) {
		cc = daemon_cc(d, r->cc);
		expiry = r->for_ns ? daemon_now_ns() + r->for_ns : UINT64_MAX;
		if (cc == ANTELOPE_NO_CC) {
			snprintf(err, REQUEST_ERR, "\"%s\" is not in the list cc of the settings",
				 r->cc);
			return NULL;
		}
	}
	bad = daemon_override(d, f, cc, expiry);
	if (bad) {
		snprintf(err, REQUEST_ERR, "the kernel refuses it: %s", strerror(-bad));
		return NULL;
	}
	o = json_object_new_object();
	put_u64(o, "cookie", r->cookie);
	put_text(o, "cc", *r->cc ? r->cc : NULL);
	put_u64(o, "epoch", d->epoch);
	put_bool(o, "shadow", d->kernel.shadow);
	return o;
}

struct prior_list {
	struct daemon *d;
	struct json_object *list;
	uint64_t left;
};

static int add_prior(void *arg, const struct antelope_prefix *to, uint8_t cc)
{
	struct json_object *o = json_object_new_object();
	struct prior_list *p = arg;
	char text[PREFIX_TEXT];

	put_text(o, "to", prefix_format(to, text));
	put_text(o, "cc", cc_name(p->d, cc));
	json_object_array_add(p->list, o);
	return !--p->left;
}

static struct json_object *answer_priors(struct daemon *d, const struct request *r, char *err)
{
	struct prior_list p = { d, json_object_new_array(), r->limit };

	(void)err;
	priors_each(&d->priors, add_prior, &p);
	return p.list;
}

static struct json_object *answer_reload(struct daemon *d, const struct request *r, char *err)
{
	struct json_object *o;

	(void)r;
	if (daemon_reload(d)) {
		snprintf(err, REQUEST_ERR,
			 "settings and model stay as they were; the daemon's messages say why");
		return NULL;
	}
	o = json_object_new_object();
	put_u64(o, "epoch", d->kernel.epoch);
	return o;
}

static const answer_fn answers[REQUEST_VERBS] = {
	[REQUEST_STATUS] = answer_status,
	[REQUEST_FLOWS] = answer_flows,
	[REQUEST_EXPLAIN] = answer_explain,
	[REQUEST_SET] = answer_set,
	[REQUEST_PRIORS] = answer_priors,
	[REQUEST_RELOAD] = answer_reload,
};

struct json_object *answer(struct daemon *d, const struct request *r, char *err)
{
	/* what is told must not be older than the question */
	engine_consume(d->engine);
	return answers[r->verb](d, r, err);
}
