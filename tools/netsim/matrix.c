// SPDX-License-Identifier: GPL-2.0-only
/*
 * The published form of a latency matrix: n lines of n numbers, separated by
 * spaces, in milliseconds, one way. The number in line i, column j is the time
 * that a packet needs TO node i FROM node j, both counted from 0; the diagonal
 * means nothing. Fractions are allowed down to 1 ns; empty lines and what
 * follows a # are not looked at.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_load.h"

#define BLANKS		" \t\r"
#define MANY_ROWS	"more than 64 rows; 64 nodes are possible"

int ns_matrix_row(char *text, uint32_t row, uint64_t *entries, char *why, size_t size)
{
	char *save = NULL, *word, ms[64];
	uint32_t n = 0;
	uint64_t ns;
	int err;

	text[strcspn(text, "#\n")] = '\0';
	for (word = strtok_r(text, BLANKS, &save); word; word = strtok_r(NULL, BLANKS, &save)) {
		if (n == NS_NODES_MAX) {
			snprintf(why, size, "more than %u numbers; that many nodes are possible",
				 NS_NODES_MAX);
			return -EINVAL;
		}
		snprintf(ms, sizeof(ms), "%.40sms", word);
		err = unit_parse(&unit_time, ms, &ns);
		if (!err && n != row && (!ns || ns > NS_LATENCY_MAX_NS))
			err = -ERANGE;
		if (err) {
			snprintf(why, size, "entry [%u][%u]: \"%.40s\" is %s", row, n, word,
				 err == -ERANGE ?
				 "out of range; give 0.000001 to 3600000 milliseconds" :
				 "no number; give milliseconds, such as 50 or 0.25");
			return -EINVAL;
		}
		entries[n++] = ns;
	}
	return n;
}

static int bad_line(const char *file, unsigned int line, char *why)
{
	yml_clean(why);
	fprintf(stderr, "netsim: %s:%u: %s\n", file, line, why);
	return -EINVAL;
}

int ns_matrix_parse(struct ns_matrix *m, const char *file, char *text)
{
	uint64_t row[NS_NODES_MAX];
	unsigned int line, rows = 0;
	char why[160], *next;
	int n;

	m->n = 0;
	for (line = 1; text; text = next, line++) {
		next = strchr(text, '\n');
		if (next)
			*next++ = '\0';
		if (rows == NS_NODES_MAX && text[strspn(text, BLANKS)])
			return bad_line(file, line, (char []){ MANY_ROWS });
		n = ns_matrix_row(text, rows, row, why, sizeof(why));
		if (n < 0)
			return bad_line(file, line, why);
		if (!n)
			continue;
		if (m->n && (uint32_t)n != m->n) {
			snprintf(why, sizeof(why),
				 "row %u has %d numbers, the first has %u; make them equal",
				 rows, n, m->n);
			return bad_line(file, line, why);
		}
		m->n = n;
		memcpy(&m->latency_ns[rows++ * n], row, n * sizeof(*row));
	}
	if (m->n >= NS_NODES_MIN && rows == m->n)
		return 0;
	snprintf(why, sizeof(why), "%u rows of %u numbers; give a square of 2 to 64", rows, m->n);
	return bad_line(file, line - 1, why);
}

int ns_matrix_read(struct ns_matrix *m, const char *file)
{
	size_t len;
	char *text;
	int err;

	err = file_read(file, NS_FILE_MAX, &text, &len);
	if (err)
		return err;
	if (strlen(text) != len)
		err = bad_line(file, 1, (char []){ "holds zero bytes; give a text file" });
	else
		err = ns_matrix_parse(m, file, text);
	free(text);
	return err;
}
