// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads the guest kernel's log while it comes, and keeps what a person needs:
 * the last lines, for a guest that dies, and the reports of trouble (panic,
 * oops, warnings, lockdep, sanitizers, leaks, hung tasks), each with the line
 * or two before it and its trace. A command that succeeds on a kernel that
 * complained has not succeeded.
 *
 * The log is text that the guest controls. It only ever goes to stderr, with
 * control characters replaced.
 */
#include <regex.h>
#include <stdlib.h>
#include <unistd.h>

#include "lab.h"

/* A trace with registers and two stacks fits. */
#define REPORT_LINES	70
#define REPORT_BEFORE	2
#define MAX_REPORTS	8

enum kind {
	ORDINARY,
	HARMLESS,		/* looks like a report, but only announces something */
	TROUBLE,
	REPORT_END,
};

/* Extended regular expressions; the first that matches decides. */
static struct {
	enum kind kind;
	const char *text;
	regex_t re;
} patterns[] = {
	{ HARMLESS, "Unprivileged eBPF|Kernel command line:|/proc/sys/kernel/hung_task", {} },
	{ TROUBLE, "Kernel panic - |(^|[^A-Z])BUG:|Oops|kernel BUG at", {} },
	/* WARN() too: a failure even where the kernel goes on */
	{ TROUBLE, "WARNING:|INFO: task .* blocked|rcu.*detected.*stall", {} },
	{ TROUBLE, "KASAN:|KCSAN:|UBSAN:|KFENCE:|ODEBUG:|kmemleak: [1-9][0-9]* new", {} },
	{ TROUBLE, "possible recursive locking|circular locking|inconsistent lock state", {} },
	{ TROUBLE, "suspicious RCU usage|bad unlock balance|sleeping function called", {} },
	{ TROUBLE, "general protection fault|Segfault with no mm|[Uu]nable to handle", {} },
	{ TROUBLE, "divide error|stack segment", {} },
	{ REPORT_END, "end trace|end Kernel panic|={40}", {} },
};

#define NR_PATTERNS	(sizeof(patterns) / sizeof(*patterns))

static enum kind line_kind(const char *line)
{
	size_t i;

	for (i = 0; i < NR_PATTERNS; i++)
		if (!regexec(&patterns[i].re, line, 0, NULL, 0))
			return patterns[i].kind;
	return ORDINARY;
}

int console_init(struct console *c, bool show)
{
	size_t i;

	for (i = 0; i < NR_PATTERNS; i++)
		if (regcomp(&patterns[i].re, patterns[i].text, REG_EXTENDED | REG_NOSUB))
			return -ENOMEM;
	c->show = show;
	c->dim = isatty(2);
	c->reports = open_memstream(&c->reports_text, &c->reports_len);
	return c->reports ? 0 : -ENOMEM;
}

void console_free(struct console *c)
{
	size_t i;

	if (c->reports)
		fclose(c->reports);
	free(c->reports_text);
	for (i = 0; i < NR_PATTERNS; i++)
		regfree(&patterns[i].re);
}

static const char *line_before(const struct console *c, unsigned int back)
{
	if (back > c->nr_lines || back > CONSOLE_LAST)
		return NULL;
	return c->last[(c->nr_lines - back) % CONSOLE_LAST];
}

static void open_report(struct console *c)
{
	unsigned int i;

	if (!c->in_report) {
		c->nr_reports++;
		if (c->nr_reports > MAX_REPORTS)
			return;
		c->in_report = REPORT_LINES;
		for (i = REPORT_BEFORE; i > 0; i--)
			if (line_before(c, i))
				fprintf(c->reports, "  | %s\n", line_before(c, i));
	}
}

static void console_line(struct console *c, const char *line)
{
	enum kind kind = line_kind(line);

	if (c->show)
		fprintf(stderr, c->dim ? "\033[2m%s\033[0m\n" : "%s\n", line);
	if (kind == TROUBLE)
		open_report(c);
	if (c->in_report) {
		fprintf(c->reports, "  | %s\n", line);
		c->in_report--;
		if (kind == REPORT_END)
			c->in_report = 0;
	}
	snprintf(c->last[c->nr_lines++ % CONSOLE_LAST], CONSOLE_LINE, "%s", line);
}

static void end_line(struct console *c, struct console_line *l)
{
	l->text[l->len] = '\0';
	l->len = 0;
	console_line(c, l->text);
}

void console_feed(struct console *c, int which, const char *p, size_t n)
{
	struct console_line *l = &c->partial[which];

	for (; n; p++, n--) {
		if (*p == '\n' || l->len == CONSOLE_LINE - 1)
			end_line(c, l);
		if (*p == '\n' || *p == '\r')
			continue;
		l->text[l->len++] = (unsigned char)*p < ' ' && *p != '\t' ? '?' : *p;
	}
}

void console_finish(struct console *c)
{
	size_t i;

	for (i = 0; i < 2; i++)
		if (c->partial[i].len)
			end_line(c, &c->partial[i]);
	fflush(c->reports);
}

void console_print_last(const struct console *c, unsigned int max)
{
	unsigned int i;

	for (i = max; i > 0; i--)
		if (line_before(c, i))
			fprintf(stderr, "  | %s\n", line_before(c, i));
}
