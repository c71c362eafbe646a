// SPDX-License-Identifier: GPL-2.0-only
/*
 * What bpftune's TCP connection tuner does, from its documentation
 * (bpftune-tcp-conn(8)), for one remote host:
 *
 *   - up to and with the fourth connection nothing is chosen, but that a
 *     connection which has sent more than 1/64 of its segments again gets bbr;
 *   - from then on a connection gets the CC of the least cost, and one in twenty
 *     a CC by lot;
 *   - at its end the cost of its CC moves by 1/4 of the way to
 *
 *	(min RTT - host's min RTT) / host's min RTT +
 *	(host's max rate - CC's max rate) / host's max rate
 *
 * A CC that was never tried costs nothing, so each is tried once. bpftune does
 * this in a sock_ops program; here the sender does, at the same moments. The lot is
 * the guest's, which is seeded.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "pathload.h"

#define MIN_CONNECTIONS	4
#define LOT		20	/* one connection in so many */
#define LOSS_SHIFT	6
#define RATE		0.25

static struct choice {
	const char *cc;
	double cost;
	double rate;
} choices[] = { { .cc = "cubic" }, { .cc = "bbr" }, { .cc = "htcp" }, { .cc = "dctcp" } };

#define CHOICES	(sizeof(choices) / sizeof(*choices))

static unsigned int connections;
static double host_rate, host_rtt;

static unsigned int draw(unsigned int below)
{
	uint32_t r = 0;

	if (getrandom(&r, sizeof(r), 0) != sizeof(r))
		return 0;
	return r % below;
}

const char *bandit_choose(void)
{
	struct choice *best = choices;
	size_t i;

	if (connections++ < MIN_CONNECTIONS)
		return "cubic";
	if (!draw(LOT))
		return choices[draw(CHOICES)].cc;
	for (i = 1; i < CHOICES; i++)
		if (choices[i].cost < best->cost)
			best = &choices[i];
	return best->cc;
}

/* Whether this connection is one for bbr, whatever was chosen. */
bool bandit_gives_up(const struct tcp_info *info)
{
	return connections <= MIN_CONNECTIONS &&
	       info->tcpi_total_retrans > info->tcpi_segs_out >> LOSS_SHIFT;
}

void bandit_learn(const char *cc, const struct tcp_info *info)
{
	double rtt = info->tcpi_min_rtt, rate = info->tcpi_delivery_rate, cost;
	struct choice *c = NULL;
	size_t i;

	for (i = 0; i < CHOICES; i++)
		if (!strcmp(choices[i].cc, cc))
			c = &choices[i];
	if (!c || !rtt || !rate)
		return;
	if (rate > c->rate)
		c->rate = rate;
	if (rate > host_rate)
		host_rate = rate;
	if (!host_rtt || rtt < host_rtt)
		host_rtt = rtt;
	cost = (rtt - host_rtt) / host_rtt + (host_rate - c->rate) / host_rate;
	c->cost += RATE * (cost - c->cost);
}
