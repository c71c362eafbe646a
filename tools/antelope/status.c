// SPDX-License-Identifier: GPL-2.0-only
/* antelope status: what the daemon is doing, in one screen. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "cmd.h"

static const char help[] =
	"usage: antelope status [--json]\n"
	"\n"
	"What the daemon does: its model, flows, decisions and their reasons, and for each\n"
	"congestion control how many flows have it, and the mean reward of its windows.\n"
	"\n"
	CLIENT_HELP
	"\n"
	"examples:\n"
	"  antelope status\n"
	"  antelope status --json | jq .kernel.mean_decision_ns\n";

static void print_model(struct json_object *s)
{
	struct json_object *model = client_member(s, "model");

	if (model)
		printf("model      %s, version %llu, %.12s...\n", client_text(model, "file"),
		       client_u64(model, "version"),
		       client_text(model, "digest"));
	else
		puts("model      none: nothing is chosen by score");
}

static void print_mode(struct json_object *s)
{
	struct json_object *guard = client_member(s, "guard");
	const char *by = client_text(s, "shadow_by");

	if (!client_bool(s, "shadow"))
		printf("mode       switches, for the objective %s\n", client_text(s, "objective"));
	else if (!strcmp(by, "guard"))
		printf("mode       shadow: %llu switches lost (%+.3f); see antelope reload\n",
		       client_u64(guard, "flows"),
		       client_double(guard, "mean_gain"));
	else
		puts("mode       shadow: scores, never switches");
	printf("kernel     %s, %s\n",
	       client_bool(s, "ack_windows") ? "windows of ACKs" : "RTT samples",
	       client_bool(s, "handoff") ? "warm switches" : "cold switches");
}

static void print_counters(struct json_object *s)
{
	struct json_object *k = client_member(s, "kernel"), *log = client_member(s, "log");
	char ns[CLIENT_SHORT];

	printf("flows      %llu now; %llu opened, %llu closed, %llu adopted; %llu destinations\n",
	       client_u64(s, "flows"),
	       client_u64(s, "flows_opened"),
	       client_u64(s, "flows_closed"),
	       client_u64(s, "flows_adopted"),
	       client_u64(s, "prefixes"));
	if (client_member(s, "connections"))
		printf("open       %llu connections of the cgroup, heard of or not\n",
		       client_u64(s, "connections"));
	else
		puts("open       unknown: no iterators (CONFIG_BPF_EVENTS)");
	printf("decisions  %llu of %llu windows, %s each; %llu switches, %llu by lot, %llu tried\n",
	       client_u64(k, "decisions"),
	       client_u64(k, "windows"),
	       client_time(client_u64(k, "mean_decision_ns"), ns),
	       client_u64(k, "switches"),
	       client_u64(k, "explored"),
	       client_u64(k, "tried"));
	printf("trouble    %llu refused, %llu taken back, %llu records lost, %llu flows not kept\n",
	       client_u64(k, "refused"),
	       client_u64(k, "rolled_back"),
	       client_u64(k, "records_lost"),
	       client_u64(k, "flows_untracked"));
	if (log)
		printf("log        %s, %llu records%s%s\n", client_text(log, "file"),
		       client_u64(log, "records"),
		       client_member(log, "error") ? "; " : "",
		       client_member(log, "error") ? client_text(log, "error") : "");
}

static void print_ccs(struct json_object *s)
{
	struct json_object *list = client_member(s, "ccs"), *cc;
	char bytes[CLIENT_SHORT], reward[CLIENT_SHORT];
	size_t i, n = list ? json_object_array_length(list) : 0;

	printf("\n%-16s %7s %7s %9s %9s %8s\n", "", "flows", "share", "windows", "bytes",
	       "reward");
	for (i = 0; i < n; i++) {
		cc = json_object_array_get_idx(list, i);
		snprintf(reward, sizeof(reward), "%+.3f", client_double(cc, "mean_reward"));
		printf("%-16s %7llu %6.1f%% %9llu %9s %8s%s\n", client_text(cc, "cc"),
		       client_u64(cc, "flows"),
		       100 * client_double(cc, "share"),
		       client_u64(cc, "windows"),
		       client_short(client_u64(cc, "bytes"), bytes),
		       client_member(cc, "mean_reward") ? reward : "-",
		       client_bool(cc, "enabled") ? "" : "  not to be chosen");
	}
}

static void print_why(struct json_object *s)
{
	struct json_object *why = client_member(s, "why");
	const char *space = "windows    ";

	if (!why)
		return;
	json_object_object_foreach(why, name, count) {
		if (!json_object_get_uint64(count))
			continue;
		printf("%s%s %llu", space, name, (unsigned long long)json_object_get_uint64(count));
		space = ", ";
	}
	puts(*space == ',' ? "" : "windows    none yet");
}

static void print_status(struct json_object *s)
{
	char up[CLIENT_SHORT];

	printf("antelope   %s, for %s, cgroup %s\n", client_text(s, "version"),
	       client_time(client_u64(s, "uptime_ns"), up), client_text(s, "cgroup"));
	print_mode(s);
	print_model(s);
	print_counters(s);
	print_why(s);
	print_ccs(s);
}

int cmd_status(int argc, char **argv)
{
	struct client_options o;
	int err = client_getopt(argc, argv, &o, help, NULL, NULL, NULL, 0, 0);

	if (err)
		return err - 1;
	return client_show(&o, client_ask(&o, "status"), print_status);
}
