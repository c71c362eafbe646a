/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host side of the lab: options.c parses, guest.c starts a guest,
 * run.c relays, console.c reads the kernel's log. Who owns what is said at each struct.
 */
#ifndef NETSTEER_LAB_H
#define NETSTEER_LAB_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "proto.h"

#define MAX_SHARES	64

/* The lab itself failed, or the guest's kernel complained. */
#define STATUS_LAB	125

struct arch;

/* What was asked for; filled once by main(), constant afterwards. */
struct options {
	const struct arch *arch;
	const char *kernel, *init, *stage, *seed_lib;
	unsigned long mem_mib, cpus, seed;
	bool virtual_time, kvm, verbose;
	char *shares[MAX_SHARES];
	const char *tree, *cache;	/* to be seen, wherever they are */
	unsigned int nr_shares;
	char *append;		/* for the kernel's command line, or NULL */
	char **argv;		/* the command, never empty */
};

/* Where the command's standard input comes from; see guest.c. */
enum input_kind {
	INPUT_NULL,
	INPUT_FILE,
	INPUT_LIVE,
};

/* A guest that runs. Owned by main(), ended by guest_free(). */
struct guest {
	pid_t pid;		/* of the sandbox; 0 before the start and after the end */
	int status;		/* as wait() has it */
	int rx, tx;		/* the channel */
	int console, early;	/* kernel log; what the guest's process says itself */
	bool tty, tty_errors;	/* terminal for 0 and 1; and for 2 */
	enum input_kind input;
	int input_fd;		/* bulk input (GUEST_INPUT), or -1 */
	off_t input_at;
	char input_path[64];
	int janitor;		/* see guest.c, or -1 */
	pid_t janitor_pid;
};

int options_parse(struct options *o, int argc, char **argv);

const struct arch *arch_find(const char *name);
const char *arch_name(const struct arch *arch);
unsigned long arch_mem_mib(const struct arch *arch);
bool arch_smp(const struct arch *arch);

int guest_start(struct guest *g, const struct options *o);
void guest_kill(struct guest *g);
void guest_free(struct guest *g);

/* The kernel's log as it comes, line by line; see console.c. */
#define CONSOLE_LINE	1024
#define CONSOLE_LAST	32

struct console_line {
	size_t len;
	char text[CONSOLE_LINE];
};

struct console {
	struct console_line partial[2];	/* kernel, process */
	char last[CONSOLE_LAST][CONSOLE_LINE];
	unsigned int nr_lines;
	unsigned int nr_reports;
	unsigned int in_report;		/* lines that the open report may still take */
	FILE *reports;
	char *reports_text;
	size_t reports_len;
	bool show, dim;
};

int console_init(struct console *c, bool show);
void console_feed(struct console *c, int which, const char *p, size_t n);
void console_finish(struct console *c);
void console_print_last(const struct console *c, unsigned int max);
void console_free(struct console *c);

#endif
