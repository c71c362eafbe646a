// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a run was made from, with the SHA-256 of each part: two runs with equal
 * manifests (but for the command line) must be equal. Folders count as one
 * input: the hash of a list with type, name and hash of everything in them, in
 * order of the names.
 *
 * A kernel with its symbols has 130 MB, which takes a third of a second, so a
 * child process does it while the nodes boot. It dies with us.
 *
 * Not covered: the host's own files that a user-mode node sees below its root.
 */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cyaml/cyaml.h>

#include "qemu.h"
#include "run.h"

#define CHUNK	(256 * 1024)

static int hash_file(const char *file, uint8_t *hash, uint64_t *bytes)
{
	static uint8_t buf[CHUNK];
	crypto_hash_sha256_state state;
	ssize_t got;
	int fd;

	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	crypto_hash_sha256_init(&state);
	while ((got = read(fd, buf, sizeof(buf))) > 0) {
		crypto_hash_sha256_update(&state, buf, got);
		*bytes += got;
	}
	close(fd);
	crypto_hash_sha256_final(&state, hash);
	return got < 0 ? -EIO : 0;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int hash_entry(FTSENT *e, size_t skip, crypto_hash_sha256_state *state, uint64_t *bytes)
{
	uint8_t hash[crypto_hash_sha256_BYTES] = { 0 };
	char target[PATH_MAX];
	ssize_t len;
	int err = 0;

	if (e->fts_info == FTS_DP)
		return 0;
	if (e->fts_info == FTS_F)
		err = hash_file(e->fts_accpath, hash, bytes);
	if (e->fts_info == FTS_SL || e->fts_info == FTS_SLNONE) {
		len = readlink(e->fts_accpath, target, sizeof(target));
		if (len >= 0)
			crypto_hash_sha256(hash, (uint8_t *)target, len);
	}
	crypto_hash_sha256_update(state, (uint8_t *)&e->fts_statp->st_mode,
				  sizeof(e->fts_statp->st_mode));
	crypto_hash_sha256_update(state, (uint8_t *)e->fts_path + skip,
				  e->fts_pathlen - skip + 1);
	crypto_hash_sha256_update(state, hash, sizeof(hash));
	return err;
}

static int hash_folder(const char *dir, uint8_t *hash, uint64_t *bytes)
{
	char *const paths[] = { (char *)dir, NULL };
	crypto_hash_sha256_state state;
	FTSENT *e;
	FTS *fts;
	int err = 0;

	crypto_hash_sha256_init(&state);
	fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	if (!fts)
		return -errno;
	while (!err && (e = fts_read(fts)))
		err = hash_entry(e, strlen(dir), &state, bytes);
	fts_close(fts);
	crypto_hash_sha256_final(&state, hash);
	return err;
}

static int add_input(struct json_object *list, const char *what, const char *path)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	struct json_object *o;
	char text[NS_HEX_MAX];
	uint64_t bytes = 0;
	struct stat st;
	int err;

	if (!path || !*path)
		return 0;
	err = stat(path, &st) ? -errno : 0;
	if (!err)
		err = S_ISDIR(st.st_mode) ? hash_folder(path, hash, &bytes) :
					    hash_file(path, hash, &bytes);
	if (err) {
		fprintf(stderr, "netsim: %s: cannot hash it: %s\n", path, strerror(-err));
		return err;
	}
	o = json_object_new_object();
	json_object_object_add(o, "what", json_object_new_string(what));
	json_object_object_add(o, "path", json_object_new_string(path));
	json_object_object_add(o, "bytes", json_object_new_int64(bytes));
	json_object_object_add(o, "sha256", json_object_new_string(ns_hex(hash, text)));
	json_object_array_add(list, o);
	return 0;
}

/* init and what is preloaded; not what a build may have left beside them. */
static int add_lib(struct json_object *list, const char *lib)
{
	static const char *const parts[] = { "init", "um_shim.so", "qemu_shim.so" };
	char path[PATH_MAX];
	int err = 0;
	size_t i;

	for (i = 0; !err && i < sizeof(parts) / sizeof(*parts); i++) {
		snprintf(path, sizeof(path), "%s/%s", lib, parts[i]);
		if (!access(path, R_OK))
			err = add_input(list, parts[i], path);
	}
	return err;
}

static int add_inputs(struct ns_run *run, struct json_object *list)
{
	const struct ns_boot *boot = &run->boot;
	char resolved[PATH_MAX];
	int err;

	snprintf(resolved, sizeof(resolved), "%s/resolved.yaml", run->dir);
	err = add_input(list, "file", run->cfg->path);
	if (!err)
		err = add_input(list, "resolved configuration", resolved);
	if (!err)
		err = add_input(list, "netsim", "/proc/self/exe");
	if (!err)
		err = add_lib(list, boot->lib);
	if (!err)
		err = add_input(list, "user-mode kernel", boot->kernel_um);
	if (!err)
		err = add_input(list, "user-mode stage", boot->stage_um);
	if (!err)
		err = add_input(list, "qemu", boot->kernel_x86_64 ? qemu_program() : NULL);
	if (!err)
		err = add_input(list, "x86_64 kernel", boot->kernel_x86_64);
	if (!err)
		err = add_input(list, "x86_64 stage", boot->stage_x86_64);
	return err;
}

static int write_manifest(struct ns_run *run)
{
	struct json_object *top = json_object_new_object(), *list = json_object_new_array();
	struct json_object *args = json_object_new_array();
	char path[PATH_MAX];
	struct utsname host;
	char **arg;
	int err;

	json_object_object_add(top, "version", json_object_new_string(NS_VERSION));
	for (arg = run->opt->argv; arg && *arg; arg++)
		json_object_array_add(args, json_object_new_string(*arg));
	json_object_object_add(top, "arguments", args);
	json_object_object_add(top, "seed", json_object_new_uint64(run->cfg->seed));
	if (!uname(&host))
		json_object_object_add(top, "host_kernel", json_object_new_string(host.release));
	json_object_object_add(top, "libsodium", json_object_new_string(sodium_version_string()));
	json_object_object_add(top, "libcyaml", json_object_new_string(cyaml_version_str));
	json_object_object_add(top, "inputs", list);
	err = add_inputs(run, list);
	snprintf(path, sizeof(path), "%s/manifest.json", run->dir);
	if (!err && json_object_to_file_ext(path, top, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE)) {
		fprintf(stderr, "netsim: %s: %s", path, json_util_get_last_err());
		err = -EIO;
	}
	json_object_put(top);
	return err;
}

int ns_manifest_start(struct ns_run *run)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0) {
		fprintf(stderr, "netsim: cannot start a process: %s; too many of them?\n",
			strerror(errno));
		return -errno;
	}
	run->manifest = pid;
	if (pid)
		return 0;
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	_exit(write_manifest(run) ? EXIT_FAILURE : EXIT_SUCCESS);
}

void ns_manifest_finish(struct ns_run *run)
{
	int status = 0;

	if (run->manifest <= 0)
		return;
	if (run->interrupted)
		kill(run->manifest, SIGTERM);
	if (waitpid(run->manifest, &status, 0) == run->manifest && status && !run->interrupted)
		ns_run_fail(run, "%s/manifest.json could not be written", run->dir);
	run->manifest = 0;
}
