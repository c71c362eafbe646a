// SPDX-License-Identifier: GPL-2.0-only
/* One line on a terminal that says how far the run is; nothing elsewhere. */
#include <errno.h>
#include <unistd.h>

#include "loop.h"
#include "run.h"

#define PERIOD_NS	250000000
#define SECOND		1e9

static struct progress {
	struct ns_source source;	/* first: handlers get only this */
	struct ns_run *run;
	uint64_t start_wall;
} progress = { .source.fd = -1 };

/* The node whose clock is behind all others holds them back. */
static const char *slowest(const struct ns_run *run)
{
	const struct ns_vm *vm, *last = NULL;
	uint32_t i;

	for (i = 0; i < run->cfg->nr_nodes; i++) {
		vm = ns_sim_vm(run->sim, i);
		if (vm->state != NS_ENDED && (!last || vm->now < last->now))
			last = vm;
	}
	return last ? last->cfg->name : "-";
}

static void show(struct ns_source *source, uint32_t events)
{
	struct ns_run *run = progress.run;
	double wall, span, virtual_s;
	uint64_t expirations, now;
	struct ns_stats s;

	(void)events;
	if (read(source->fd, &expirations, sizeof(expirations)) < 0)
		return;
	ns_sim_stats(run->sim, &s);
	now = ns_loop_wall();
	wall = (now - progress.start_wall) / SECOND;
	span = (now - run->shown_wall_ns) / SECOND;
	virtual_s = ns_sim_now(run->sim) / SECOND;
	if (span <= 0)
		return;
	fprintf(stderr, "\r   %.3f s  wall %.1f s  %.1fx  %.0f windows/s  %.0f frames/s", virtual_s,
		wall, wall > 0 ? virtual_s / wall : 0, (s.windows - run->shown_windows) / span,
		(s.frames - run->shown_frames) / span);
	fprintf(stderr, "  slowest %s  late %llu\033[K", slowest(run),
		(unsigned long long)s.late_frames);
	run->shown_wall_ns = now;
	run->shown_windows = s.windows;
	run->shown_frames = s.frames;
}

int ns_progress_start(struct ns_run *run)
{
	progress.run = run;
	progress.source.ready = show;
	progress.start_wall = ns_loop_wall();
	run->shown_wall_ns = progress.start_wall;
	return ns_loop_timer(&progress.source, PERIOD_NS);
}

void ns_progress_stop(struct ns_run *run)
{
	(void)run;
	if (progress.source.fd < 0)
		return;
	ns_loop_del(&progress.source);
	close(progress.source.fd);
	progress.source.fd = -1;
	fputs("\r\033[K", stderr);
}
