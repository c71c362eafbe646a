// SPDX-License-Identifier: GPL-2.0-only
/*
 * The folder of a run before a node starts. Everything in it is made anew
 * (O_EXCL): a run that finds something of another stops.
 */
#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run.h"

#define RUNS_MAX	10000

static int folder_error(const char *dir, int err, const char *next)
{
	fprintf(stderr, "netsim: %s: cannot make the run's folder: %s; %s\n", dir, strerror(err),
		next);
	return -err;
}

/* runs/NAME-N with the first free N. */
static int next_folder(const struct ns_config *cfg, char **dir)
{
	char *path = strdup(cfg->path), *name;
	int i, err = -ENOMEM;

	if (!path)
		return err;
	name = basename(path);
	if (strrchr(name, '.') > name)
		*strrchr(name, '.') = '\0';
	if (mkdir("runs", 0777) && errno != EEXIST) {
		err = folder_error("runs", errno, "go where you may write, or give --out");
		goto out;
	}
	for (i = 1; i <= RUNS_MAX; i++) {
		if (asprintf(dir, "runs/%s-%d", name, i) < 0)
			goto out;
		err = mkdir(*dir, 0777) ? -errno : 0;
		if (err != -EEXIST)
			break;
		free(*dir);
		*dir = NULL;
	}
	if (err)
		folder_error("runs", -err, "remove old runs, or give --out");
out:
	free(path);
	return err;
}

/* A folder of a former run is never written over. */
int ns_run_folder(struct ns_run *run)
{
	char *dir = NULL;
	int err = 0;

	if (!run->opt->out) {
		err = next_folder(run->cfg, &dir);
	} else {
		dir = strdup(run->opt->out);
		/* an empty one may be there */
		if (dir && mkdir(dir, 0777) && (errno != EEXIST || rmdir(dir) || mkdir(dir, 0777)))
			err = folder_error(dir, errno == ENOTEMPTY ? EEXIST : errno,
					   "give another --out");
	}
	if (!err) {
		run->dir = dir ? realpath(dir, NULL) : NULL;
		err = run->dir ? 0 : -ENOMEM;
	}
	free(dir);
	return err;
}

static int make_node(struct ns_run *run, uint32_t node)
{
	struct ns_run_node *n = &run->nodes[node];
	const struct ns_node *cfg = &run->cfg->nodes[node];
	char path[512];
	FILE *conf;
	uint32_t i;
	int err;

	n->file_fd = -1;
	crypto_hash_sha256_init(&n->console_hash);
	n->commands = calloc(cfg->nr_commands + 1, sizeof(*n->commands));
	if (!n->commands)
		return -ENOMEM;
	for (i = 0; i < cfg->nr_commands; i++)
		crypto_hash_sha256_init(&n->commands[i].hash);
	snprintf(path, sizeof(path), "%s/nodes/%s", run->dir, cfg->name);
	if (mkdir(path, 0777))
		return folder_error(path, errno, "check the file system");
	snprintf(path, sizeof(path), "%s/nodes/%s/console.log", run->dir, cfg->name);
	n->console = fopen(path, "wxe");
	if (!n->console)
		return folder_error(path, errno, "check the file system");
	snprintf(path, sizeof(path), "%s/nodes/%s/" GUEST_CONF, run->dir, cfg->name);
	conf = fopen(path, "wxe");
	if (!conf)
		return folder_error(path, errno, "check the file system");
	err = ns_guest_conf(run->cfg, node, conf);
	if (fclose(conf) && !err)
		err = folder_error(path, errno, "check the file system");
	for (i = 0; !err && run->opt->snaplen && i < cfg->nr_nics; i++) {
		snprintf(path, sizeof(path), "%s/nodes/%s/%s.pcap", run->dir, cfg->name,
			 cfg->nics[i].ifname);
		n->pcap[i] = ns_pcap_create(path, run->opt->snaplen);
		if (!n->pcap[i])
			err = folder_error(path, errno, "check the file system, or --snaplen 0");
	}
	return err;
}

int ns_run_node_folders(struct ns_run *run)
{
	char path[512];
	uint32_t i;
	int err;

	/* room for nodes/NAME/NAME_OF_A_SOCKET within what a path may have */
	if (strlen(run->dir) > 160)
		return folder_error(run->dir, ENAMETOOLONG, "give a shorter --out");
	snprintf(path, sizeof(path), "%s/resolved.yaml", run->dir);
	err = ns_config_write(run->cfg, path);
	snprintf(path, sizeof(path), "%s/nodes", run->dir);
	if (!err && mkdir(path, 0777))
		err = folder_error(path, errno, "check the file system");
	run->nodes = calloc(run->cfg->nr_nodes, sizeof(*run->nodes));
	if (!err && !run->nodes)
		err = -ENOMEM;
	for (i = 0; !err && i < run->cfg->nr_nodes; i++)
		err = make_node(run, i);
	return err;
}
