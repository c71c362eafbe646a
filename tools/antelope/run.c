// SPDX-License-Identifier: GPL-2.0-only
/*
 * The daemon, from its start to its end. What is started first is stopped last:
 *
 *	settings, rights, modules
 *	cgroup, of which there is one daemon; program in the kernel, not attached
 *	control socket: the second daemon at one socket ends here
 *	attached, in shadow mode: a daemon below another ends here
 *	sysctls of a patched kernel
 *	settings and model in the kernel; log; connections that are open
 *
 * Killed at any point, all of it goes with the process, but the sysctls (see
 * system.h) and the name of the socket, which the next start takes over.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "cmd.h"
#include "daemon.h"
#include "say.h"
#include "signals.h"

/*
 * The program wakes us for hundreds of records; what waits for less is fetched by
 * time, and when somebody asks. A ring of 4,000 that is emptied 25 times a second at
 * most loses nothing up to 100,000 records a second.
 */
#define CONSUME_US	40000
#define TICK_US		250000

static int on_ring(sd_event_source *s, int fd, uint32_t events, void *arg)
{
	struct daemon *d = arg;
	int err = engine_consume(d->engine);

	(void)s;
	(void)fd;
	(void)events;
	return err ? say_error(-err, "cannot read the records: %s", strerror(-err)) : 0;
}

static int on_tick(sd_event_source *s, uint64_t usec, void *arg)
{
	struct daemon *d = arg;
	int err;

	(void)usec;
	err = engine_consume(d->engine);
	if (err)
		return say_error(-err, "cannot read the records: %s", strerror(-err));
	daemon_flush_log(d);
	err = sd_event_source_set_time_relative(s, TICK_US);
	return err < 0 ? err : sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

static int on_hangup(sd_event_source *s, const struct signalfd_siginfo *si, void *arg)
{
	(void)s;
	(void)si;
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
		   (unsigned long long)(daemon_now_ns() / 1000));
	daemon_reload(arg);
	sd_notify(0, "READY=1");
	return 0;
}

static int add_sources(struct daemon *d)
{
	sd_event_source *ring = NULL;
	int err;

	signals_block();
	signal(SIGPIPE, SIG_IGN);
	err = sd_event_default(&d->event);
	if (err >= 0)
		err = sd_event_add_signal(d->event, NULL, SIGINT, NULL, NULL);
	if (err >= 0)
		err = sd_event_add_signal(d->event, NULL, SIGTERM, NULL, NULL);
	if (err >= 0)
		err = sd_event_add_signal(d->event, NULL, SIGHUP, on_hangup, d);
	if (err >= 0)
		err = sd_event_add_io(d->event, &ring, engine_ring(d->engine), EPOLLIN, on_ring, d);
	if (err >= 0)
		err = sd_event_source_set_ratelimit(ring, CONSUME_US, 1);
	if (err >= 0)
		err = sd_event_source_set_floating(ring, true);
	sd_event_source_unref(ring);
	if (err >= 0)
		err = sd_event_add_time_relative(d->event, NULL, CLOCK_MONOTONIC, TICK_US, 0,
						 on_tick, d);
	if (err >= 0)
		err = sd_event_set_watchdog(d->event, true);
	return err < 0 ? say_error(-err, "cannot wait for events: %s", strerror(-err)) : 0;
}

static int write_prior(void *arg, const struct antelope_prefix *to, uint8_t cc)
{
	struct daemon *d = arg;

	return engine_set_prior(d->engine, to, cc, d->kernel.epoch);
}

static void adopt(struct daemon *d)
{
	d->adopted = d->config.adopt ? engine_adopt(d->engine) : 0;
	if (d->adopted < 0)
		say_warning("connections that are open already stay as they are: %s",
			    d->adopted == -ENOENT || d->adopted == -EINVAL ||
			    d->adopted == -ESRCH || d->adopted == -EOPNOTSUPP ?
			    "this kernel has no iterators (CONFIG_BPF_EVENTS)" :
			    strerror(-d->adopted));
	else if (d->adopted)
		say("%d open connections are adopted", d->adopted);
}

static int start(struct daemon *d)
{
	int err;

	err = system_check();
	if (!err)
		err = system_load_ccs(&d->config);
	if (!err)
		err = engine_open(&d->engine, d->config.cgroup);
	if (!err)
		err = add_sources(d);
	if (!err)
		err = control_open(&d->control, d, d->config.control);
	if (!err)
		err = engine_attach(d->engine);
	if (err)
		return err;
	engine_on_record(d->engine, daemon_record, d);
	if (d->config.patched == PATCHED_AUTO)
		system_switch_on(&d->switches, d->config.control);
	err = daemon_configure(d);
	if (!err)
		err = guard_init(&d->guard, d->config.guard_flows, d->config.guard_loss / 65536.0);
	if (err)
		return err;
	d->flows.max = d->config.flows;
	d->priors.max = d->config.prefixes;
	d->priors.write = write_prior;
	d->priors.arg = d;
	daemon_begin_log(d);
	if (*d->log_error)
		return -EIO;
	adopt(d);
	return 0;
}

static void stop(struct daemon *d)
{
	if (d->engine) {
		engine_release(d->engine);
		engine_consume(d->engine);
	}
	engine_close(d->engine);
	system_switch_back(&d->switches);
	control_close(d->control);
	log_finish(d->log);
	sd_event_unref(d->event);
	flows_free(&d->flows);
	priors_free(&d->priors);
	guard_free(&d->guard);
	model_free(d->model);
	config_free(&d->config);
}

int cmd_run(int argc, char **argv)
{
	struct daemon d = { 0 };
	int err = options_parse(&d.options, argc, argv);

	if (err)
		return err > 0 ? EXIT_SUCCESS : ANTELOPE_USAGE;
	err = options_config(&d.options, &d.config);
	if (err) {
		config_free(&d.config);
		return ANTELOPE_USAGE;
	}
	config_print(&d.config, stdout);
	fflush(stdout);
	if (d.options.print) {
		config_free(&d.config);
		return EXIT_SUCCESS;
	}
	d.started_ns = daemon_now_ns();
	err = start(&d);
	if (!err) {
		say("chooses for cgroup %s%s", d.config.cgroup,
		    d.kernel.shadow ? ", in shadow mode" : "");
		sd_notify(0, "READY=1");
		err = sd_event_loop(d.event);
		sd_notify(0, "STOPPING=1");
	}
	stop(&d);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
