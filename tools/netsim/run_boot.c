// SPDX-License-Identifier: GPL-2.0-only
/*
 * What nodes boot. Each of these is looked for as an option, then in the
 * environment (scripts/netsim sets it from the tree's cache), and is only needed
 * when a node of the run has a backend that uses it.
 */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run.h"

#define SILENCE_S	60	/* generous: a loaded host may swap */

static const struct arch {
	const char *backend, *name, *kernel_env, *stage_env, *kernel_option, *build;
} archs[] = {
	{ "um", "user-mode", "NETSIM_KERNEL", "NETSIM_STAGE", "--kernel",
	  "scripts/kernel build" },
	{ "qemu", "x86_64", "NETSIM_KERNEL_X86_64", "NETSIM_STAGE_X86_64", "--kernel-x86_64",
	  "scripts/kernel --arch x86_64 build" },
};

static bool uses(const struct ns_config *cfg, const char *backend)
{
	uint32_t i;

	for (i = 0; i < cfg->nr_nodes; i++)
		if (!strcmp(cfg->nodes[i].backend, backend))
			return true;
	return false;
}

/* The absolute name, or NULL with the error printed. */
static char *resolve_path(const char *path, const char *what)
{
	char *full = realpath(path, NULL);

	if (!full)
		fprintf(stderr, "netsim: %s: no %s there: %s; check the name\n", path, what,
			strerror(errno));
	return full;
}

static int find_arch(const struct arch *a, const struct ns_run_options *opt, int i,
		     const char **kernel, const char **stage)
{
	const char *k = opt->kernel[i] ? opt->kernel[i] : getenv(a->kernel_env);
	const char *s = opt->stage[i] ? opt->stage[i] : getenv(a->stage_env);

	if (!k || !*k) {
		fprintf(stderr, "netsim: no %s kernel; run %s, then %s; or give %s FILE\n",
			a->name, a->build, "scripts/netsim", a->kernel_option);
		return -ENOENT;
	}
	*kernel = resolve_path(k, "kernel");
	if (!*kernel)
		return -ENOENT;
	if (!s || !*s)
		return 0;
	*stage = resolve_path(s, "stage");
	return *stage ? 0 : -ENOENT;
}

/* Beside the program in the build folder, or where it is installed. */
static char *find_lib(const struct ns_run_options *opt, bool quiet)
{
	const char *given = opt->lib ? opt->lib : getenv("NETSIM_LIB");
	static const char *const places[] = { "", "/../lib/netsim" };
	char exe[PATH_MAX], path[PATH_MAX + 64];
	ssize_t len;
	size_t i;

	if (given && *given)
		return resolve_path(given, "folder with init");
	len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	if (len < 0)
		len = 0;
	exe[len] = '\0';
	dirname(exe);
	for (i = 0; i < sizeof(places) / sizeof(*places); i++) {
		snprintf(path, sizeof(path), "%s%s/init", exe, places[i]);
		if (access(path, X_OK))
			continue;
		snprintf(path, sizeof(path), "%s%s", exe, places[i]);
		return resolve_path(path, "folder with init");
	}
	if (quiet)
		return NULL;
	fprintf(stderr, "netsim: no init for the nodes beside %s; build it with: %s, or give %s\n",
		"the program", "make tools", "--lib DIR");
	return NULL;
}

int ns_boot_find(struct ns_boot *boot, const struct ns_config *cfg,
		 const struct ns_run_options *opt)
{
	const struct ns_backend *backend;
	const char *missing;
	uint32_t i;
	int err = 0;

	memset(boot, 0, sizeof(*boot));
	boot->silence_s = opt->silence_s ? opt->silence_s : SILENCE_S;
	boot->published = opt->published;
	if (uses(cfg, "um"))
		err = find_arch(&archs[0], opt, 0, &boot->kernel_um, &boot->stage_um);
	if (!err && uses(cfg, "qemu"))
		err = find_arch(&archs[1], opt, 1, &boot->kernel_x86_64, &boot->stage_x86_64);
	if (err)
		return err;
	boot->lib = find_lib(opt, false);
	if (!boot->lib)
		return -ENOENT;
	for (i = 0; i < sizeof(archs) / sizeof(*archs); i++) {
		if (!uses(cfg, archs[i].backend))
			continue;
		backend = ns_backend_find(archs[i].backend);
		missing = backend ? backend->missing(boot) : "it is not built in";
		if (!missing)
			continue;
		fprintf(stderr, "netsim: backend %s cannot run here: %s; see netsim doctor\n",
			archs[i].backend, missing);
		return -ENOENT;
	}
	return 0;
}

static char *look(const char *option, const char *env)
{
	const char *path = option ? option : getenv(env);

	return path && *path ? realpath(path, NULL) : NULL;
}

void ns_boot_look(struct ns_boot *boot, const struct ns_run_options *opt)
{
	memset(boot, 0, sizeof(*boot));
	boot->silence_s = SILENCE_S;
	boot->kernel_um = look(opt->kernel[0], archs[0].kernel_env);
	boot->stage_um = look(opt->stage[0], archs[0].stage_env);
	boot->kernel_x86_64 = look(opt->kernel[1], archs[1].kernel_env);
	boot->stage_x86_64 = look(opt->stage[1], archs[1].stage_env);
	boot->lib = find_lib(opt, true);
}

void ns_boot_free(struct ns_boot *boot)
{
	free((char *)boot->lib);
	free((char *)boot->kernel_um);
	free((char *)boot->kernel_x86_64);
	free((char *)boot->stage_um);
	free((char *)boot->stage_x86_64);
	memset(boot, 0, sizeof(*boot));
}
