// SPDX-License-Identifier: GPL-2.0-only
/*
 * What came of a run, as text or as one JSON object.
 *
 * The latency of a message is measured where it is broadcast, from its INITIAL
 * to its own delivery there, by one clock: three message delays, if all links
 * are alike. The digest is over all messages of the nodes that are waited for,
 * by origin and sequence number: two nodes that have delivered all of them have
 * the same one if and only if they agree.
 */
#include <endian.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "bracha.h"

#define DIGEST_BYTES	16

struct latency {
	unsigned int count;
	uint64_t min, p50, p99, max, sum;
};

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Nearest rank. */
static uint64_t percentile(const uint64_t *sorted, unsigned int count, unsigned int p)
{
	return sorted[(count * p + 99) / 100 - 1];
}

static int summarize(const struct node *n, struct latency *l)
{
	uint64_t *sorted = calloc(n->o->messages, sizeof(*sorted));
	unsigned int i;

	if (!sorted)
		return fail(ENOMEM, "cannot sort %u latencies", n->o->messages);
	for (i = 0; i < n->o->messages; i++) {
		if (!n->latency_ns[i])
			continue;
		sorted[l->count++] = n->latency_ns[i];
		l->sum += n->latency_ns[i];
	}
	qsort(sorted, l->count, sizeof(*sorted), by_value);
	if (l->count) {
		l->min = sorted[0];
		l->p50 = percentile(sorted, l->count, 50);
		l->p99 = percentile(sorted, l->count, 99);
		l->max = sorted[l->count - 1];
	}
	free(sorted);
	return 0;
}

static void digest(const struct node *n, char hex[2 * DIGEST_BYTES + 1])
{
	crypto_generichash_state state;
	unsigned char hash[DIGEST_BYTES];
	unsigned int origin;
	uint64_t entry[3], value;
	uint32_t seq;

	crypto_generichash_init(&state, NULL, 0, sizeof(hash));
	for (origin = 0; origin < n->o->nodes; origin++) {
		for (seq = 1; seq <= n->o->messages && !n->o->faulty[origin]; seq++) {
			if (!rbc_delivered(&n->rbc, origin, seq, &value))
				continue;
			entry[0] = htobe64(origin);
			entry[1] = htobe64(seq);
			entry[2] = htobe64(value);
			crypto_generichash_update(&state, (unsigned char *)entry, sizeof(entry));
		}
	}
	crypto_generichash_final(&state, hash, sizeof(hash));
	sodium_bin2hex(hex, 2 * DIGEST_BYTES + 1, hash, sizeof(hash));
}

static double seconds(uint64_t ns)
{
	return ns / 1e9;
}

static uint64_t duration(const struct node *n)
{
	uint64_t end = n->end_ns ? n->end_ns : now_ns();

	return n->start_ns ? end - n->start_ns : 0;
}

static double throughput(const struct node *n)
{
	uint64_t ns = duration(n);

	return ns ? n->delivered / seconds(ns) : 0;
}

/* Numbers with a fixed count of digits: the same run prints the same. */
static void add_number(struct json_object *to, const char *key, double value, int digits)
{
	char text[64];

	snprintf(text, sizeof(text), "%.*f", digits, value);
	json_object_object_add(to, key, json_object_new_double_s(value, text));
}

static void add_count(struct json_object *to, const char *key, uint64_t value)
{
	json_object_object_add(to, key, json_object_new_uint64(value));
}

static struct json_object *add_object(struct json_object *to, const char *key)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(to, key, o);
	return o;
}

static void add_types(struct json_object *to, const char *key, const uint64_t *count,
		      uint64_t bytes)
{
	struct json_object *o = add_object(to, key);

	add_count(o, "initial", count[RBC_INITIAL]);
	add_count(o, "echo", count[RBC_ECHO]);
	add_count(o, "ready", count[RBC_READY]);
	add_count(o, "bytes", bytes);
}

static void add_latency(struct json_object *to, const struct latency *l)
{
	struct json_object *o = add_object(to, "latency_ms");

	add_count(o, "count", l->count);
	add_number(o, "min", l->min / 1e6, 6);
	add_number(o, "p50", l->p50 / 1e6, 6);
	add_number(o, "p99", l->p99 / 1e6, 6);
	add_number(o, "max", l->max / 1e6, 6);
	add_number(o, "mean", l->count ? l->sum / 1e6 / l->count : 0, 6);
}

static int report_json(const struct node *n, const struct latency *l, const char *hex, FILE *out)
{
	struct json_object *o = json_object_new_object(), *not;

	add_count(o, "id", n->o->id);
	add_count(o, "nodes", n->o->nodes);
	add_count(o, "faulty_tolerated", n->rbc.quorum.faulty);
	add_count(o, "messages", n->o->messages);
	add_count(o, "expected", n->expected);
	add_count(o, "delivered", n->delivered);
	json_object_object_add(o, "complete",
			       json_object_new_boolean(n->delivered == n->expected));
	add_number(o, "execution_s", seconds(duration(n)), 9);
	add_number(o, "throughput_msgs_per_s", throughput(n), 3);
	add_latency(o, l);
	add_types(o, "sent", n->stats.sent, n->stats.sent_bytes);
	add_types(o, "received", n->stats.received, n->stats.received_bytes);
	not = add_object(o, "not_counted");
	add_count(not, "duplicate", n->stats.verdict[RBC_DUPLICATE]);
	add_count(not, "forged", n->stats.verdict[RBC_FORGED]);
	add_count(not, "unknown", n->stats.verdict[RBC_UNKNOWN]);
	add_count(o, "connections_refused", n->stats.refused);
	add_count(o, "connections_lost", n->stats.reconnects);
	json_object_object_add(o, "digest", json_object_new_string(hex));
	fprintf(out, "%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	json_object_put(o);
	return 0;
}

static void report_text(const struct node *n, const struct latency *l, const char *hex,
			FILE *out)
{
	if (n->delivered == n->expected)
		fprintf(out, "Delivered all msgs\n");
	else
		fprintf(out, "Delivered %u of %u msgs\n", n->delivered, n->expected);
	fprintf(out, "Execution time: %.3f s\n", seconds(duration(n)));
	fprintf(out, "Latency of own msgs: p50 %.3f ms, p99 %.3f ms, max %.3f ms\n",
		l->p50 / 1e6, l->p99 / 1e6, l->max / 1e6);
	fprintf(out, "Throughput: %.1f msgs/s\n", throughput(n));
	fprintf(out, "Digest: %s\n", hex);
}

int report(const struct node *n, FILE *out)
{
	char hex[2 * DIGEST_BYTES + 1];
	struct latency l = { 0 };
	int err = summarize(n, &l);

	if (err)
		return err;
	digest(n, hex);
	if (n->o->json)
		report_json(n, &l, hex, out);
	else
		report_text(n, &l, hex, out);
	return fflush(out) ? fail(errno, "cannot write the result") : 0;
}
