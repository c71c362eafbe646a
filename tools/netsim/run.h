/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One run: its folder, what the core and the guests report, the verdict.
 *
 *	ns_run_open()	make the folder, everything before a node starts
 *	ns_run_go()	simulate; Ctrl-C ends it
 *	ns_run_close()	write what is left to write, free; the folder stays
 *
 * Folder of a run, DIR:
 *
 *	resolved.yaml		the configuration with every default
 *	manifest.json		SHA-256 of every input, versions, command line
 *	summary.json		what came out
 *	nodes/NAME/console.log	of its kernel
 *	nodes/NAME/N.out	output of command N of the node
 *	nodes/NAME/status.json	how its commands and it ended
 *	nodes/NAME/files/	what it left in /out
 *	nodes/NAME/ethN.pcap	what passed its interface
 *	nodes/NAME/netsim.conf	what its PID 1 was told
 */
#ifndef NETSIM_RUN_H
#define NETSIM_RUN_H

#include <json-c/json.h>
#include <sodium.h>

#include "guest.h"
#include "pcap.h"
#include "sim.h"

#define NS_VERSION	"0.1.0"
#define NS_TAIL		64	/* console lines kept for a message */
#define NS_TAIL_SHOWN	12
#define NS_HEX_MAX	(2 * crypto_hash_sha256_BYTES + 1)

struct ns_run_options {
	const char *out;	/* folder; NULL: runs/NAME-N */
	const char *lib, *kernel[2], *stage[2];	/* by arch: um, x86_64; NULL: look */
	uint64_t seed, stop_ns;	/* 0: as the file says */
	uint32_t snaplen;	/* of captures; 0: none */
	unsigned int silence_s;
	bool published;		/* scheduling, to compare with */
	bool json, quiet;	/* quiet: no table, no options, no progress */
	char **argv;		/* for the manifest */
};

struct ns_run_command {
	FILE *out;
	bool opened, ended, stopped;
	int status;
	uint64_t ended_ns, bytes;
	crypto_hash_sha256_state hash;
};

struct ns_run_node {
	FILE *console;
	struct ns_pcap *pcap[NS_NICS_MAX];
	struct ns_run_command *commands;
	crypto_hash_sha256_state console_hash;
	char *tail[NS_TAIL];	/* ring of lines, tail_nr % NS_TAIL is the oldest */
	uint64_t tail_nr;
	/* the file that it is sending */
	int file_fd;
	uint64_t file_bytes, files;
	uint64_t said_bytes;	/* of its console and its commands */
	/* its end */
	bool ended, crashed;
	int status;
	uint64_t ended_ns;
	char *why;
};

/* Who else wants to know; netsim shell. Any may be NULL. */
struct ns_run_watch {
	void (*go)(void *arg, uint64_t time0_ns);
	void (*output)(void *arg, uint32_t node, uint32_t command, const void *p, size_t len);
	void (*exited)(void *arg, uint32_t node, uint32_t command, int status, uint64_t at_ns);
	void (*paused)(void *arg, uint64_t t_ns);
	void (*ended)(void *arg, uint32_t node);
};

struct ns_run {
	const struct ns_config *cfg;
	const struct ns_run_options *opt;
	struct ns_boot boot;
	char *dir;
	struct ns_sim *sim;
	struct ns_guests *guests;
	struct ns_run_node *nodes;
	pid_t manifest;		/* process that hashes the inputs, or 0 */
	/* outcome */
	int err;		/* of ns_sim_run() */
	bool interrupted;
	uint64_t time0_ns;
	char **reasons;		/* why it failed; none: it did not */
	uint32_t nr_reasons;
	struct ns_stats stats;
	/* progress */
	bool terminal;
	uint64_t shown_windows, shown_frames, shown_wall_ns;
	const struct ns_run_watch *watch;
	void *watch_arg;
};

int ns_run_open(struct ns_run *run, const struct ns_config *cfg,
		const struct ns_run_options *opt);
/* 0, or -errno; whether the run was a success says ns_run_status(). */
int ns_run_go(struct ns_run *run);
/* Exit status: 0, 1 (reasons say why), 130. */
int ns_run_status(const struct ns_run *run);
void ns_run_close(struct ns_run *run);
/* The run has failed; the first reasons count. */
void ns_run_fail(struct ns_run *run, const char *fmt, ...);

/* The folder, then the nodes' folders in it: run_folder.c. Messages are printed. */
int ns_run_folder(struct ns_run *run);
int ns_run_node_folders(struct ns_run *run);

/* What to boot: run_boot.c. An error names the command that builds it. */
int ns_boot_find(struct ns_boot *boot, const struct ns_config *cfg,
		 const struct ns_run_options *opt);
/* The same without messages; for doctor. */
void ns_boot_look(struct ns_boot *boot, const struct ns_run_options *opt);
void ns_boot_free(struct ns_boot *boot);

/* What was put in: manifest.c. In a process of its own, since it takes a while. */
int ns_manifest_start(struct ns_run *run);
void ns_manifest_finish(struct ns_run *run);

/* What came out: summary.c. */
int ns_summary_write(struct ns_run *run);
struct json_object *ns_summary_read(const char *dir);
void ns_summary_print(struct json_object *summary, FILE *f);
char *ns_hex(const uint8_t *hash, char text[NS_HEX_MAX]);

/* How far it is: progress.c. */
int ns_progress_start(struct ns_run *run);
void ns_progress_stop(struct ns_run *run);

#endif
