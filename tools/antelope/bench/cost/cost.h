/* SPDX-License-Identifier: GPL-2.0-only */
/* Histograms of what a call takes, by what it did; the kernel's half fills them. */
#ifndef COST_H
#define COST_H

enum cost_kind {
	COST_EMPTY,	/* between two programs that do nothing: what measuring takes */
	COST_CALLBACK,	/* a callback that ends no window */
	COST_WINDOW,	/* one that does */
	COST_KINDS
};

#define COST_SLOT_NS	8
#define COST_SLOTS	2048	/* the last one has all that take longer */

#endif
