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

/*
 * Extended regular expressions. "WARNING:" covers WARN() as well as lockdep and
 * RCU; a WARN in a guest is a failure even where the kernel goes on.
 */
static const char trouble[] =
	"Kernel panic|(^|[^A-Z])BUG:|Oops|WARNING:|KASAN:|KCSAN:|UBSAN:|KFENCE:"
	"|possible recursive locking|circular locking|inconsistent lock state"
	"|suspicious RCU usage|bad unlock balance|sleeping function called"
	"|kmemleak: [1-9][0-9]* new|INFO: task .* blocked|rcu.*detected.*stall"
	"|general protection fault|Segfault with no mm|[Uu]nable to handle|ODEBUG:"
	"|kernel BUG at|divide error|stack segment";

/* Known to be harmless: an announcement, not a report. */
static const char harmless[] =
	"Unprivileged eBPF|Kernel command line:|/proc/sys/kernel/hung_task";

static const char report_end[] = "end trace|end Kernel panic|={40}";

static regex_t trouble_re, harmless_re, report_end_re;

static bool matches(const regex_t *re, const char *line)
{
	return !regexec(re, line, 0, NULL, 0);
}

int console_init(struct console *c, bool show)
{
	if (regcomp(&trouble_re, trouble, REG_EXTENDED | REG_NOSUB) ||
	    regcomp(&harmless_re, harmless, REG_EXTENDED | REG_NOSUB) ||
	    regcomp(&report_end_re, report_end, REG_EXTENDED | REG_NOSUB))
		return -ENOMEM;
	c->show = show;
	c->dim = isatty(2);
	c->reports = open_memstream(&c->reports_text, &c->reports_len);
	return c->reports ? 0 : -ENOMEM;
}

void console_free(struct console *c)
{
	if (c->reports)
		fclose(c->reports);
	free(c->reports_text);
	regfree(&trouble_re);
	regfree(&harmless_re);
	regfree(&report_end_re);
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
	if (c->show)
		fprintf(stderr, c->dim ? "\033[2m%s\033[0m\n" : "%s\n", line);
	if (matches(&trouble_re, line) && !matches(&harmless_re, line))
		open_report(c);
	if (c->in_report) {
		fprintf(c->reports, "  | %s\n", line);
		c->in_report--;
		/* the first ruler opens a sanitizer's report, the second closes it */
		if (c->in_report < REPORT_LINES - 2 && matches(&report_end_re, line))
			c->in_report = 0;
	}
	strcpy(c->last[c->nr_lines++ % CONSOLE_LAST], line);
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
