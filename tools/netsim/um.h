/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A node that is a user-mode kernel: its process (um.c, um_spawn.c), its clock
 * (um_time.c), its devices (um_dev.c).
 */
#ifndef NETSIM_UM_H
#define NETSIM_UM_H

#include <sys/types.h>

#include "backend.h"
#include "loop.h"
#include "sim.h"
#include "vhost_user.h"

/* Inside of the node's sandbox; fixed, since the kernel's command line is hashed. */
#define UM_DIR		"/tmp/netsim"
#define UM_CONSOLE_FD	12
#define UM_DEVS		(NS_NICS_MAX + 1)
#define UM_HELD_MAX	4096u	/* frames that wait for a guest that takes none */

struct um;
struct um_clock;	/* memory shared with the node, see um_time.c */

/* What waits to be delivered: in a window, or in an interface without room. */
struct um_input {
	uint64_t time;
	const void *p;
	size_t len;
	unsigned int dev;
};

struct um_held {
	struct um_held *next;
	size_t len, done;
	unsigned char data[];
};

struct um_dev {
	struct um *um;
	unsigned int index;	/* interface, or cfg->nr_nics: the control channel */
	struct vu_dev vu;
	struct ns_source listen, sock, req;
	struct um_held *held, **held_end;
	unsigned int nr_held;
	bool was_up;		/* the guest has offered buffers at least once */
	bool call;		/* to be told in this step */
	size_t fill;		/* of `message` */
	struct vu_message message;
	int fds[VU_FDS];
	unsigned int nr_fds;
};

enum um_state {
	UM_BOOTS,	/* no word about time yet */
	UM_RUNS,	/* executes guest code, or waits for the answer to a kick */
	UM_WAITS,	/* asked for time `want`, and stands still */
	UM_CALLED,	/* the same, and answers `calls` interrupts of this instant */
	UM_DEAD,
};

struct um {
	struct ns_vm *vm;
	enum um_state state;
	uint64_t want, until, step_ns;
	unsigned int calls;
	/* Input of this window, in order. */
	struct um_input *input;
	size_t input_nr, input_size, input_at;
	struct um_clock *clock;
	int clock_fd;
	struct ns_source listen, sock, console, exit;
	pid_t pid;
	bool spoke;		/* has announced itself */
	bool off;		/* closed its clock: powers off, or died */
	unsigned int nr_devs;
	struct um_dev devs[UM_DEVS];
};

/* The node did what it must not do, or cannot go on. */
void um_fail(struct um *um, const char *why);

/* um_spawn.c: start the process; console: write end. 0 or -errno. */
int um_spawn(struct um *um, int console);
/* A listening socket for the guest, NAME in its device folder. Descriptor or -errno. */
int um_listen(struct um *um, const char *name);
void um_unlisten(struct um *um, struct ns_source *source, const char *name);
void um_sockets_free(struct um *um);

/* um_time.c */
int um_clock_init(struct um *um);
void um_clock_free(struct um *um);
/* Where the node stands while it waits for the answer to a kick; -EPROTO: nonsense. */
int um_clock_now(struct um *um, uint64_t *t_ns);
/* A connection to the controller of time. */
void um_clock_accept(struct ns_source *source, uint32_t events);
int um_clock_input(struct um *um, uint64_t t_ns, unsigned int dev, const void *p, size_t len);
int um_clock_grant(struct um *um, uint64_t until_ns);
/* The node has taken note of an interrupt that was sent while it stood still. */
void um_clock_called(struct um *um);

/* um_dev.c */
int um_dev_init(struct um *um, unsigned int index);
void um_dev_free(struct um_dev *dev);
void um_dev_name(const struct um_dev *dev, char name[16]);
/* Put bytes into the guest's ring at the present step; sets `call`. */
int um_dev_deliver(struct um_dev *dev, uint64_t t_ns, const void *p, size_t len);
/* Tell the guest. answer: it is to say that it has heard. 0 or -errno. */
int um_dev_call(struct um_dev *dev, unsigned int queue, bool answer);

#endif
