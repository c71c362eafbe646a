/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a run is asked to simulate: the resolved configuration. config.c and
 * matrix.c fill it once and check every bound named here; afterwards it is
 * constant, so that every part of the simulator may keep pointers into it.
 *
 * Times are virtual, in ns from the start of the simulation.
 */
#ifndef NETSIM_CONFIG_H
#define NETSIM_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define NS_NODES_MIN		2
#define NS_NODES_MAX		64
#define NS_NICS_MAX		8	/* of one node */
#define NS_NAME_MAX		32	/* of a node, with the final 0; a host name */
#define NS_NEVER		UINT64_MAX
#define NS_PPM			1000000u
#define NS_LATENCY_MAX_NS	(3600ull * 1000000000)
#define NS_FRAME_MAX		65562u	/* Ethernet header, VLAN tags, 64 KiB GSO */

/* One direction between two ports of a segment. */
struct ns_path {
	uint64_t latency_ns;	/* 1..NS_LATENCY_MAX_NS */
	uint64_t jitter_ns;	/* uniform, added: never below latency_ns; keeps order */
	uint64_t rate_bps;	/* bits per second of whole frames; 0: no limit */
	uint64_t queue_bytes;	/* that may wait for the rate; drop-tail */
	uint64_t ecn_bytes;	/* ECT frames that find more waiting get CE; 0: none */
	uint32_t loss_ppm, duplicate_ppm, corrupt_ppm;
	uint32_t reorder_ppm;	/* of the frames, sent reorder_ns later than their turn */
	uint64_t reorder_ns;
};

/* Where a node's interface is plugged in. */
struct ns_nic {
	uint32_t segment, port;	/* index in ns_config.segments, in its ports */
	uint8_t mac[6];
	char ifname[16];	/* eth0, eth1, ... */
	char addr4[32], addr6[64];	/* with prefix length; empty: none */
};

struct ns_port {
	uint32_t node, nic;	/* index in ns_config.nodes, in its nics */
};

/*
 * A link when it has two ports, else a switch: a frame goes from its port to the
 * port that has the destination's address, to all others when that is a group
 * address or unknown. path[from * nr_ports + to].
 */
struct ns_segment {
	char name[NS_NAME_MAX];
	uint32_t nr_ports;
	struct ns_port *ports;
	struct ns_path *paths;
};

struct ns_command {
	char *run;		/* for sh -c */
	uint64_t start_ns;
	bool background;	/* the run does not wait for its end */
	bool may_fail;		/* a status but 0 does not fail the run */
};

struct ns_sysctl {
	char *key, *value;
};

struct ns_node {
	char name[NS_NAME_MAX];
	const char *backend;	/* name of a struct ns_backend: um, qemu */
	uint32_t mem_mib;
	uint32_t nr_nics;
	struct ns_nic nics[NS_NICS_MAX];
	uint32_t nr_sysctls, nr_modules, nr_setup, nr_commands, nr_programs;
	struct ns_sysctl *sysctls;
	char **modules;		/* for modprobe, before the setup */
	char **setup;		/* shell commands (tc, ip), before time 0 of the commands */
	struct ns_command *commands;
	char **programs;	/* to be packed for a guest without the host's files */
};

enum ns_fault_kind {
	NS_FAULT_OUTAGE,	/* nothing passes between a and b, both ways */
	NS_FAULT_PARTITION,	/* nothing passes between nodes of different groups */
	NS_FAULT_CRASH,		/* node a loses power at start_ns, for good */
};

struct ns_fault {
	enum ns_fault_kind kind;
	uint64_t start_ns, end_ns;	/* active in [start, end) */
	uint32_t a, b;			/* nodes */
	uint8_t group[NS_NODES_MAX];	/* of each node, for a partition */
};

struct ns_config {
	char *path;		/* the file it was read from */
	uint64_t seed;		/* from 1 on */
	uint64_t stop_ns;	/* the run ends here at the latest, or NS_NEVER */
	uint64_t epoch_s;	/* time of day at virtual time 0, UNIX seconds */
	uint32_t nr_nodes, nr_segments, nr_faults;
	struct ns_node *nodes;
	struct ns_segment *segments;
	struct ns_fault *faults;
};

/* Read FILE, YAML or a published latency matrix (.txt). 0 or -errno after an
 * error that names file, line and key was printed; *cfg is then empty.
 */
int ns_config_load(struct ns_config *cfg, const char *file);
/* The same for a YAML text; file names it in messages. */
int ns_config_parse(struct ns_config *cfg, const char *file, const char *text, size_t len);
void ns_config_free(struct ns_config *cfg);
/* The same as YAML with every default written out: what was really run. */
int ns_config_write(const struct ns_config *cfg, const char *file);
/* A further command for every node, from time 0; {id}, {n}, {name} are replaced. */
int ns_config_command(struct ns_config *cfg, const char *text);
/* What /etc/hosts says on that node: all nodes by name, and each interface of those
 * with several as NAME-IFNAME.
 */
void ns_config_hosts(const struct ns_config *cfg, const struct ns_node *node, FILE *f);

#endif
