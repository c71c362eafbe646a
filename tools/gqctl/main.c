// SPDX-License-Identifier: GPL-2.0-only
/* Command line of gqctl; gqctl.h says how its parts work together. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "gqctl.h"

static const char help[] =
	"usage: gqctl [show] [--json]             rules with counters, and each gq\n"
	"       gqctl rank add RULE               --check: only say whether it could be\n"
	"       gqctl rank del ID | flush | list [--json]\n"
	"       gqctl apply FILE [--check]        replace all by FILE's; - is stdin\n"
	"       gqctl intake add --dev DEV --ifb IFB | del --dev DEV\n"
	"       gqctl dscp [--json]               the 64 code points and their names\n"
	"\n"
	"Ranks traffic by DSCP: rules in nf_tables set code points, gq serves by them.\n\n"
	"RULE:\n"
	"  --out | --in        what this host sends | what comes in\n"
	"  --proto PROTO       tcp, udp, icmp, icmpv6 or any (default)\n"
	"  --src, --dst ADDRESS[/LENGTH]      IPv4 or IPv6\n"
	"  --sport, --dport PORT[-PORT]       of tcp or udp\n"
	"  --dev DEV           only packets that leave (--out) or come in (--in) by it\n"
	"  --dscp CLASS        EF, VA, LE, CS0-CS7, AF11-AF43, BE, or 0-63; required\n"
	"  --band N            and gq puts the class into band N\n"
	"  --strict            and serves that band before weighted ones\n"
	"  --rate RATE         rank only this much, such as 2mbit\n"
	"  --comment TEXT\n"
	"An intake passes what comes in by DEV through the gq of an ifb; needed for --in\n"
	"unless this host is a router. Everywhere: -v, --verbose; -h, --help\n"
	"\n"
	"examples:\n"
	"  gqctl rank add --out --proto udp --dport 5060 --dscp EF --band 0 --strict\n"
	"  gqctl rank add --in --proto tcp --src 10.0.0.0/8 --sport 443 --dscp AF41\n"
	"  gqctl rank list >rules && gqctl apply rules\n";

static const struct {
	const char *name, *action;	/* NULL: the name alone */
	int (*run)(int argc, char **argv, struct settings *s);
} commands[] = {
	{ "show",	NULL,		cmd_show },
	{ "apply",	NULL,		cmd_apply },
	{ "dscp",	NULL,		cmd_dscp },
	{ "rank",	"add",		cmd_rank_add },
	{ "rank",	"list",		cmd_rank_list },
	{ "rank",	"del",		cmd_rank_del },
	{ "rank",	"flush",	cmd_rank_flush },
	{ "intake",	"add",		cmd_intake_add },
	{ "intake",	"del",		cmd_intake_del },
};

int fail(int err, const char *fmt, ...)
{
	va_list ap;

	fputs("gqctl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	/* these are said by the text already */
	if (err != EINVAL && err != EIO && err != ENOENT && err != EPROTO && err != EBUSY)
		fprintf(stderr, ": %s", strerror(err));
	fputc('\n', stderr);
	return -err;
}

int complain(const struct where *at, const char *fmt, ...)
{
	va_list ap;

	if (at->line)
		fprintf(stderr, "%s:%u:%u: ", at->name, at->line, at->column);
	else
		fprintf(stderr, "gqctl: %s: ", at->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return -EINVAL;
}

int common_option(const char *word, struct settings *s)
{
	if (!strcmp(word, "--json") || !strcmp(word, "-j"))
		s->json = true;
	else if (!strcmp(word, "--verbose") || !strcmp(word, "-v"))
		s->verbose = true;
	else if (!strcmp(word, "--check"))
		s->check = true;
	else
		return -ENOENT;
	return 0;
}

int main(int argc, char **argv)
{
	struct settings s = { 0 };
	int i = 1, used;
	size_t c;

	for (c = 1; c < (size_t)argc; c++)
		if (!strcmp(argv[c], "--help") || !strcmp(argv[c], "-h"))
			return fputs(help, stdout) < 0;
	while (i < argc && !common_option(argv[i], &s))
		i++;
	if (i == argc)
		return cmd_show(0, NULL, &s) ? EXIT_FAILURE : EXIT_SUCCESS;
	for (c = 0; c < ARRAY_SIZE(commands); c++) {
		used = commands[c].action ? 2 : 1;
		if (strcmp(argv[i], commands[c].name) ||
		    (used == 2 && (i + 1 == argc || strcmp(argv[i + 1], commands[c].action))))
			continue;
		return commands[c].run(argc - i - used, argv + i + used, &s) ? EXIT_FAILURE :
									      EXIT_SUCCESS;
	}
	fail(EINVAL, "unknown command \"%s%s%s\"; see gqctl --help", argv[i],
	     i + 1 < argc ? " " : "", i + 1 < argc ? argv[i + 1] : "");
	return EXIT_FAILURE;
}
