/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ANTELOPE_SIGNALS_H
#define ANTELOPE_SIGNALS_H

#include <signal.h>

/* What asks a program to end, or to read its settings again, waits to be fetched. */
static inline sigset_t signals_block(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return set;
}

#endif
