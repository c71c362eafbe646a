// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gq_bench: the result, a line of comma-separated values for each qdisc.
 *
 *	min, med	cycles per packet, in hundredths: the sum of each
 *			slice's fastest round; the median of whole rounds
 *	enqueue, dequeue	what min is made of
 *	create		cycles, in hundredths, of a flow's first enqueue
 *	arms, nulls	of all_packets: timers programmed; dequeues without a
 *			packet
 *	span_ns		what the last round took on the qdisc's clock
 *	late_*, early	of packets with a departure time
 *	missing		packets that did not come out again
 *	flow_bytes	memory that all flows took
 */

#include <linux/sort.h>

#include "gq_bench.h"

static int gb_compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static u64 gb_median(u64 *values, u32 n)
{
	sort(values, n, sizeof(*values), gb_compare, NULL);
	return values[n / 2];
}

/* Of one slice, the fastest round. */
static void gb_fastest(const struct gb_bench *b, const struct gb_kind *k,
		       u32 slice, struct gb_slice *sum)
{
	const struct gb_slice *best = NULL, *s;
	u32 r;

	for (r = 0; r < b->rounds; r++) {
		s = &k->slices[r * GB_SLICES + slice];
		if (!best || s->enqueue + s->dequeue <
			     best->enqueue + best->dequeue)
			best = s;
	}
	sum->enqueue += best->enqueue;
	sum->dequeue += best->dequeue;
	sum->packets += best->packets;
}

/* Cycles are printed in hundredths, so that no division loses them. */
static u64 gb_per_packet(u64 cycles, u64 n)
{
	return n ? div64_u64(cycles * 100, n) : 0;
}

static u64 gb_late_quantile(const struct gb_kind *k, u32 permille)
{
	u64 all = 0, sum = 0;
	u32 i;

	for (i = 0; i < GB_LATE_BINS; i++)
		all += k->late[i];
	for (i = 0; i < GB_LATE_BINS; i++) {
		sum += k->late[i];
		if (sum * 1000 >= all * permille)
			break;
	}
	return all ? (u64)i * GB_LATE_NS : 0;
}

static void gb_show_kind(struct seq_file *m, const struct gb_bench *b,
			 struct gb_kind *k)
{
	struct gb_slice sum = { }, all = { };
	u64 per_round[GB_ROUNDS_MAX];
	const struct gb_slice *s;
	u32 r, i;

	for (i = 0; i < GB_SLICES; i++)
		gb_fastest(b, k, i, &sum);
	for (r = 0; r < b->rounds; r++) {
		struct gb_slice round = { };

		for (i = 0; i < GB_SLICES; i++) {
			s = &k->slices[r * GB_SLICES + i];

			round.enqueue += s->enqueue;
			round.dequeue += s->dequeue;
			round.packets += s->packets;
			all.arms += s->arms;
			all.nulls += s->nulls;
			all.packets += s->packets;
		}
		per_round[r] = gb_per_packet(round.enqueue + round.dequeue,
					     round.packets);
	}
	seq_printf(m, "%s,%s,%u,%u,%u,%llu,%llu,%llu,%llu,%llu,",
		   b->trace->name, k->name, b->nflows, b->rounds, sum.packets,
		   gb_per_packet(sum.enqueue + sum.dequeue, sum.packets),
		   gb_median(per_round, b->rounds),
		   gb_per_packet(sum.enqueue, sum.packets),
		   gb_per_packet(sum.dequeue, sum.packets),
		   gb_per_packet(gb_median(k->create, b->rounds), b->nflows));
	seq_printf(m, "%u,%u,%u,%llu,%llu,%llu,%llu,%llu,%lld\n",
		   all.arms, all.nulls, all.packets, k->span,
		   gb_late_quantile(k, 500), gb_late_quantile(k, 990),
		   k->early, k->missing, k->pages * (s64)PAGE_SIZE);
}

void gb_show(struct seq_file *m, struct gb_bench *b)
{
	u32 i;

	seq_puts(m, "trace,kind,flows,rounds,packets,min,med,enqueue,dequeue,create,");
	seq_puts(m, "arms,nulls,all_packets,span_ns,late_p50_ns,late_p99_ns,early,missing,flow_bytes\n");
	for (i = 0; i < b->nkinds; i++)
		gb_show_kind(m, b, &b->kind[i]);
}
