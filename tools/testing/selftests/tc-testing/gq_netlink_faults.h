/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allocations that fail on purpose; see gq_netlink_faults.c.
 */
#ifndef GQ_NETLINK_FAULTS_H
#define GQ_NETLINK_FAULTS_H

#include <stdbool.h>

#define DEBUGFS		"/sys/kernel/debug/"

struct faults {
	int nth;		/* of this thread */
	int probability[2];	/* of failures: slab, pages */
};

int faults_open(struct faults *f);
int put_file(const char *path, const char *text);
void arm(const struct faults *f, unsigned int n);
bool disarm(const struct faults *f);
void allow_all(const char *no);
void starve(const struct faults *f, unsigned int slab, unsigned int pages);
void feed(const struct faults *f);
void mark_workers(void);

#endif /* GQ_NETLINK_FAULTS_H */
