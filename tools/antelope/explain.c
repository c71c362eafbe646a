// SPDX-License-Identifier: GPL-2.0-only
/* antelope explain: why a flow has its congestion control. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "cmd.h"
#include "say.h"

static const char help[] =
	"usage: antelope explain COOKIE [--json]\n"
	"       antelope explain list [--json]\n"
	"\n"
	"The last decision about a flow: what was seen of its path, the score of each\n"
	"congestion control, what was chosen and why. COOKIE is the number of the socket\n"
	"(SO_COOKIE; the sk: of \"ss -e\", in hexadecimal with 0x); list shows them.\n"
	"\n"
	CLIENT_HELP
	"\n"
	"examples:\n"
	"  antelope explain list\n"
	"  antelope explain 4711\n"
	"  antelope explain 4711 --json | jq .scores\n";

int client_cookie(const char *text, uint64_t *cookie)
{
	char *end;

	errno = 0;
	*cookie = strtoull(text, &end, 0);
	if (errno || *text < '0' || *text > '9' || *end || !*cookie)
		return say_error(EINVAL,
				 "\"%.40s\" is no cookie; antelope explain list shows them", text);
	return 0;
}

static void print_flows(struct json_object *list)
{
	struct json_object *f;
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++) {
		f = json_object_array_get_idx(list, i);
		printf("%-12llu %-28s %-28s %-12s %s\n",
		       client_u64(f, "cookie"), client_text(f, "local"),
		       client_text(f, "remote"), client_text(f, "cc"), client_text(f, "why"));
	}
}

static void print_head(struct json_object *e)
{
	char length[CLIENT_SHORT], rate[CLIENT_SHORT];

	printf("flow %llu, %s to %s, window %llu, %s, objective %s\n",
	       client_u64(e, "cookie"), client_text(e, "local"),
	       client_text(e, "remote"), client_u64(e, "window"),
	       client_time(client_u64(e, "duration_ns"), length), client_text(e, "objective"));
	printf("%s, because %s\n", client_text(e, "cc"), client_text(e, "because"));
	if (client_member(e, "error"))
		printf("the kernel has refused another: %s\n", client_text(e, "error"));
	printf("\nwindow with %s: %sB/s, %llu lost\n",
	       client_text(e, "window_cc"), client_short(client_u64(e, "bytes_per_s"), rate),
	       client_u64(e, "lost"));
	printf("reward %+.3f: rate %+.3f, delay %+.3f, keep %+.3f\n", client_double(e, "reward"),
	       client_double(e, "rate"), client_double(e, "delay"), client_double(e, "keep"));
}

static void print_features(struct json_object *e)
{
	struct json_object *list = client_member(e, "features"), *f;
	size_t i;

	puts("\nwhat was seen");
	for (i = 0; i < json_object_array_length(list); i++) {
		f = json_object_array_get_idx(list, i);
		printf("  %-12s %12.4f %-16s %s\n", client_text(f, "name"),
		       client_double(f, "value"), client_text(f, "unit"), client_text(f, "what"));
	}
}

static void print_scores(struct json_object *e)
{
	const char *best = client_text(e, "best");

	puts("\nscores: what each is expected to earn");
	json_object_object_foreach(client_member(e, "scores"), cc, score) {
		if (score)
			printf("  %-16s %+8.4f%s\n", cc, json_object_get_double(score),
			       strcmp(cc, best) ? "" : "  best");
		else
			printf("  %-16s %8s\n", cc, "-");
	}
	printf("chosen with probability %.4f, by epoch %llu\n", client_double(e, "propensity"),
	       client_u64(e, "epoch"));
}

static void print_path(struct json_object *e)
{
	struct json_object *p = client_member(e, "path");

	if (!p)
		return;
	printf("\npath: %.1f flows to that address, home is %s", client_double(p, "flows"),
	       client_text(p, "home"));
	if (client_member(p, "trial"))
		printf(", on trial is %s", client_text(p, "trial"));
	printf(", %llu trials so far\n", client_u64(p, "trials"));
	puts("measured there, over home; phases behind it");
	json_object_object_foreach(client_member(p, "measured"), cc, m) {
		if (client_member(m, "over_home"))
			printf("  %-16s %+8.4f  %.1f\n", cc, client_double(m, "over_home"),
			       client_double(m, "phases"));
	}
}

static void print_decision(struct json_object *e)
{
	print_head(e);
	print_features(e);
	print_scores(e);
	print_path(e);
}

int cmd_explain(int argc, char **argv)
{
	struct json_object *request;
	struct client_options o;
	uint64_t cookie;
	int err = client_getopt(argc, argv, &o, help, NULL, NULL, NULL, 1, 1);

	if (err)
		return err - 1;
	if (!strcmp(argv[optind], "list"))
		return client_show(&o, client_ask(&o, "flows"), print_flows);
	if (client_cookie(argv[optind], &cookie))
		return ANTELOPE_USAGE;
	request = json_object_new_object();
	json_object_object_add(request, "verb", json_object_new_string("explain"));
	json_object_object_add(request, "cookie", json_object_new_uint64(cookie));
	return client_show(&o, client_call(&o, request), print_decision);
}
