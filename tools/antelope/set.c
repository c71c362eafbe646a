// SPDX-License-Identifier: GPL-2.0-only
/* antelope set, reload, priors: orders to the daemon, and what it has learnt. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "cmd.h"
#include "say.h"
#include "units.h"

static const char set_help[] =
	"usage: antelope set COOKIE CC [--for TIME]\n"
	"       antelope set COOKIE auto\n"
	"\n"
	"Gives a flow a congestion control, from its next callback on, and no other until\n"
	"TIME is over or it is closed; \"auto\" leaves it to antelope again. It must be in\n"
	"the list cc of the settings. In shadow mode this has no effect either.\n"
	"\n"
	"  --for TIME       such as 10s\n"
	CLIENT_HELP
	"\n"
	"examples:\n"
	"  antelope set 4711 bbr --for 10s\n"
	"  antelope set 4711 auto\n"
	"  antelope set 0x1267 cubic\n";

static const char reload_help[] =
	"usage: antelope reload\n"
	"\n"
	"The daemon reads its settings and its model again. When one of them is bad, all\n"
	"stays as it was, and the daemon's messages say why.\n"
	"\n"
	CLIENT_HELP
	"\n"
	"examples:\n"
	"  antelope reload\n"
	"  systemctl reload antelope\n";

static const char priors_help[] =
	"usage: antelope priors [--json]\n"
	"\n"
	"What flows to a destination begin with, as learnt from those before.\n"
	"\n"
	CLIENT_HELP
	"\n"
	"examples:\n"
	"  antelope priors\n"
	"  antelope priors --json | jq length\n";

static int parse_for(int val, void *arg)
{
	uint64_t *for_ns = arg;

	(void)val;
	if (!unit_parse(&unit_time, optarg, for_ns) && *for_ns && *for_ns <= 1ull << 62)
		return 0;
	return say_error(EINVAL, "--for: \"%.40s\" is wrong; give %s", optarg, unit_time.want);
}

static struct json_object *request_set(uint64_t cookie, const char *cc, uint64_t for_ns)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "verb", json_object_new_string("set"));
	json_object_object_add(o, "cookie", json_object_new_uint64(cookie));
	json_object_object_add(o, "cc", json_object_new_string(strcmp(cc, "auto") ? cc : ""));
	json_object_object_add(o, "for_ns", json_object_new_uint64(for_ns));
	return o;
}

int cmd_set(int argc, char **argv)
{
	static const struct option more[] = {
		{ "for", required_argument, NULL, 256 },
		{ 0 }
	};
	uint64_t cookie, for_ns = 0;
	struct client_options o;
	struct json_object *done;
	int err = client_getopt(argc, argv, &o, set_help, more, parse_for, &for_ns, 2, 2);

	if (err)
		return err - 1;
	if (client_cookie(argv[optind], &cookie))
		return ANTELOPE_USAGE;
	done = client_call(&o, request_set(cookie, argv[optind + 1], for_ns));
	if (done && client_bool(done, "shadow"))
		say_warning("shadow mode: the flow keeps what it has");
	return client_show(&o, done, NULL);
}

int cmd_reload(int argc, char **argv)
{
	struct client_options o;
	int err = client_getopt(argc, argv, &o, reload_help, NULL, NULL, NULL, 0, 0);

	if (err)
		return err - 1;
	return client_show(&o, client_ask(&o, "reload"), NULL);
}

static void print_priors(struct json_object *list)
{
	struct json_object *p;
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++) {
		p = json_object_array_get_idx(list, i);
		printf("%-44s %s\n", client_text(p, "to"), client_text(p, "cc"));
	}
}

int cmd_priors(int argc, char **argv)
{
	struct client_options o;
	int err = client_getopt(argc, argv, &o, priors_help, NULL, NULL, NULL, 0, 0);

	if (err)
		return err - 1;
	return client_show(&o, client_ask(&o, "priors"), print_priors);
}
