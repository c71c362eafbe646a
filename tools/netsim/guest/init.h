/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PID 1 of a node. init.c is its life from boot to power off; root.c builds the
 * file system, setup.c does what GUEST_CONF says, net.c are the interfaces,
 * jobs.c the commands, files.c what they leave, channel.c speaks with the
 * simulator.
 */
#ifndef NETSIM_GUEST_INIT_H
#define NETSIM_GUEST_INIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../guest.h"
#include "file.h"
#include "le.h"
#include "pid1.h"

#define NS_PER_S	1000000000ull
#define OUT_DIR		"/out"

enum job_state {
	JOB_WAITING,		/* for its time */
	JOB_RUNNING,
	JOB_ENDED,
};

/* A command of the configuration or of a user at a prompt. */
struct job {
	uint16_t id;
	bool foreground;
	enum job_state state;
	uint64_t start_ns;	/* from time 0 */
	char *text;
	pid_t pid;
	int out, in;		/* our ends of its pipes, or -1 */
	bool in_ends;		/* after what waits */
	char *waiting;		/* input that it has not taken yet */
	size_t nr_waiting;
};

struct boot {
	bool hostfs;		/* root is the host's, so this is a user-mode kernel */
	char conf[256], channel[64], stage[256];
	uint64_t epoch_s;
	char *text;		/* of GUEST_CONF */
};

extern struct boot boot;

/* init.c */
/* Virtual time, or 0 where our clock is not the simulator's. */
uint64_t virtual_ns(void);
int write_file(const char *path, const char *text);

/* root.c */
int build_root(void);

/* setup.c */
int read_conf(void);
/* 0, or -errno with a sentence in why. */
int run_conf(char *why, size_t size);

/* net.c */
int nic_setup(const char *ifname, const char *mac, const char *addr4, const char *addr6);

/* channel.c */
int channel_open(const char *device);
int channel_fd(void);
bool channel_full(void);
bool channel_busy(void);
int channel_send(enum guest_type type, unsigned int command, const void *p, size_t len);
int channel_push(void);
int channel_finish(void);
typedef int (*channel_fn)(enum guest_type type, unsigned int command,
			  const uint8_t *p, size_t len);
int channel_pull(channel_fn fn);

/* jobs.c */
struct pollfd;
int job_add(unsigned int id, uint64_t start_ns, bool foreground, const char *text);
int job_input(unsigned int id, const void *p, size_t len);
/* Start what is due; returns when the next one is, from time 0, or UINT64_MAX. */
uint64_t jobs_start(uint64_t now_ns);
/* Reap; whether children are left. */
bool jobs_reap(void);
bool jobs_done(void);	/* all in the foreground have ended */
void jobs_cancel(void);
void jobs_drain(void);
unsigned int jobs_poll(struct pollfd *p, unsigned int max);
void jobs_relay(void);
unsigned int jobs_nr(void);

/* files.c */
int send_files(char *why, size_t size);

#endif
