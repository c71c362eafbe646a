// SPDX-License-Identifier: GPL-2.0-only
/*
 * netsim doctor: what this host can do. Every line is something that a run
 * needs, or is better with, tried rather than guessed where trying is cheap; and
 * what to do where it is missing.
 */
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "qemu.h"

static const char help[] =
	"usage: netsim doctor [OPTIONS]\n"
	"\n"
	"Says what this host can do, what is missing, and how to get it.\n"
	"\n"
	"  --kernel FILE, --kernel-x86_64 FILE, --lib DIR   as for netsim run\n"
	"  --json      as a JSON array\n"
	"  -h, --help  this text\n"
	"\n"
	"Status: 0 when user-mode nodes can run, else 1.\n"
	"\n"
	"examples:\n"
	"  netsim doctor\n"
	"  netsim doctor --json | jq -r '.[] | select(.state != \"ok\") | .fix'\n";

#define WORDS		256
/* Stock user-mode kernels of 6.12 have room for this many bytes of registers. */
#define STOCK_FP_SIZE	2696

enum state { OK, NOTE, MISSING };

static const char *const state_names[] = { "ok", "note", "missing" };

struct finding {
	enum state state;
	char what[WORDS];
	const char *fix;	/* NULL: nothing to do */
};

struct doctor {
	const struct ns_run_options *opt;
	struct ns_boot boot;
	bool um;		/* everything that a user-mode node needs is there */
};

/* Whether the command ends with 0; its first line, which may be NULL. */
static bool works(char *const *argv, char line[WORDS])
{
	int status, null, out[2];
	char rest[512];
	ssize_t got;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC))
		return false;
	pid = fork();
	if (!pid) {
		null = open("/dev/null", O_RDWR);
		dup2(null, 0);
		dup2(line ? out[1] : null, 1);
		dup2(null, 2);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(out[1]);
	if (line) {
		got = pid > 0 ? read(out[0], line, WORDS - 1) : 0;
		line[got > 0 ? got : 0] = '\0';
		line[strcspn(line, "\n")] = '\0';
	}
	while (line && pid > 0 && read(out[0], rest, sizeof(rest)) > 0)
		;
	close(out[0]);
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

static void check_file(const char *path, const char *kind, struct finding *f)
{
	if (path && !access(path, R_OK)) {
		snprintf(f->what, WORDS, "%.200s", path);
		return;
	}
	f->state = MISSING;
	snprintf(f->what, WORDS, "%s%.180s", path ? "cannot be read: " : kind, path ? path : "");
}

static void check_kernel(struct doctor *d, struct finding *f)
{
	check_file(d->boot.kernel_um, "none known", f);
	f->fix = f->state ? "run: scripts/kernel build; then use scripts/netsim, or --kernel FILE" :
			    NULL;
	d->um &= !f->state;
}

static void check_kernel_x86_64(struct doctor *d, struct finding *f)
{
	check_file(d->boot.kernel_x86_64, "none known", f);
	f->fix = f->state ? "for qemu nodes: scripts/kernel --arch x86_64 build" : NULL;
}

static void check_init(struct doctor *d, struct finding *f)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/init", d->boot.lib ? d->boot.lib : "");
	check_file(d->boot.lib ? path : NULL, "not beside the program", f);
	f->fix = f->state ? "run: make tools; or give --lib DIR" : NULL;
	d->um &= !f->state;
}

static void check_um(struct doctor *d, struct finding *f)
{
	const struct ns_backend *b = ns_backend_find("um");
	const char *missing = d->um && b ? b->missing(&d->boot) : "see above";

	snprintf(f->what, WORDS, "%.200s", missing ? missing : "user-mode nodes can run; CPU: ");
	if (!missing) {
		strncat(f->what, b->cpu_model, WORDS - strlen(f->what) - 1);
		return;
	}
	f->state = MISSING;
	f->fix = "user-mode nodes need what is named here";
	d->um = false;
}

static void check_qemu(struct doctor *d, struct finding *f)
{
	const struct ns_backend *b = ns_backend_find("qemu");
	const char *missing = !b ? "not built in" : !d->boot.kernel_x86_64 ? "no x86_64 kernel" :
			      b->missing(&d->boot);
	char *const argv[] = { (char *)qemu_program(), "--version", NULL };
	char version[WORDS];
	bool there = works(argv, version);

	snprintf(f->what, WORDS, "%.100s%s%.100s", there ? version : "no qemu-system-x86_64",
		 missing ? ": " : "", missing ? missing : "");
	if (missing || !there) {
		f->state = NOTE;
		f->fix = "only for nodes with backend qemu: apt-get install qemu-system-x86";
	}
}

static void check_sandbox(struct doctor *d, struct finding *f)
{
	static char *const argv[] = {
		"bwrap", "--ro-bind", "/", "/", "--unshare-all", "true", NULL,
	};

	(void)d;
	snprintf(f->what, WORDS, "bwrap starts a process in new namespaces");
	if (works(argv, NULL))
		return;
	f->state = MISSING;
	snprintf(f->what, WORDS, "bwrap is missing or may not make user namespaces");
	f->fix = "apt-get install bubblewrap; as root: sysctl kernel.unprivileged_userns_clone=1";
}

/* Intel SDM, CPUID leaf 0DH: size of what XSAVE stores with all that is enabled. */
static void check_registers(struct doctor *d, struct finding *f)
{
	unsigned int a, bytes = 0, c, dx;

	(void)d;
	if (!__get_cpuid_count(0xd, 0, &a, &bytes, &c, &dx))
		bytes = 0;
	snprintf(f->what, WORDS, "%u bytes of extended registers%s", bytes,
		 bytes > STOCK_FP_SIZE ? "; only patched user-mode kernels boot here" : "");
	if (bytes > STOCK_FP_SIZE) {
		f->state = NOTE;
		f->fix = "nothing to do: scripts/kernel applies patches/6.12";
	}
}

static void check_kvm(struct doctor *d, struct finding *f)
{
	(void)d;
	if (!access("/dev/kvm", R_OK | W_OK)) {
		snprintf(f->what, WORDS, "/dev/kvm is there; exact runs do not use it");
		return;
	}
	f->state = NOTE;
	snprintf(f->what, WORDS, "no /dev/kvm; exact runs do not need it");
}

static void check_room(struct doctor *d, struct finding *f)
{
	long pages = sysconf(_SC_AVPHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	struct rlimit limit = { 0 };

	(void)d;
	getrlimit(RLIMIT_NOFILE, &limit);
	snprintf(f->what, WORDS, "%ld processors, %ld MiB free, %llu open files",
		 sysconf(_SC_NPROCESSORS_ONLN), pages / 256 * (page / 4096),
		 (unsigned long long)limit.rlim_max);
	if (limit.rlim_max < 4096) {
		f->state = NOTE;
		f->fix = "64 nodes need about 2000 open files; raise the hard limit (ulimit -Hn)";
	}
}

static void check_tools(struct doctor *d, struct finding *f)
{
	static char *const tshark[] = { "tshark", "--version", NULL };
	static char *const gnuplot[] = { "gnuplot", "--version", NULL };
	bool t = works(tshark, NULL), g = works(gnuplot, NULL);

	(void)d;
	snprintf(f->what, WORDS, "tshark %s, gnuplot %s", t ? "found" : "missing",
		 g ? "found" : "missing");
	if (!t || !g) {
		f->state = NOTE;
		f->fix = "for reading captures and figures: apt-get install tshark gnuplot-nox";
	}
}

/* In order: what is asked of the backends rests on the lines before. */
static const struct {
	const char *name;
	void (*check)(struct doctor *d, struct finding *f);
} checks[] = {
	{ "user-mode kernel", check_kernel },
	{ "init of the nodes", check_init },
	{ "sandbox", check_sandbox },
	{ "registers", check_registers },
	{ "backend um", check_um },
	{ "x86_64 kernel", check_kernel_x86_64 },
	{ "backend qemu", check_qemu },
	{ "KVM", check_kvm },
	{ "room", check_room },
	{ "tools", check_tools },
};

static void add_json(struct json_object *list, const char *name, const struct finding *f)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "name", json_object_new_string(name));
	json_object_object_add(o, "state", json_object_new_string(state_names[f->state]));
	json_object_object_add(o, "what", json_object_new_string(f->what));
	if (f->fix)
		json_object_object_add(o, "fix", json_object_new_string(f->fix));
	json_object_array_add(list, o);
}

static void print(const char *name, const struct finding *f)
{
	printf("%-18s %-8s %s\n", name, state_names[f->state], f->what);
	if (f->fix)
		printf("%-18s %-8s   %s\n", "", "", f->fix);
}

int cmd_doctor(int argc, char **argv)
{
	struct json_object *list = json_object_new_array();
	struct ns_run_options opt;
	struct doctor d = { .opt = &opt, .um = true };
	struct finding f;
	int status;
	size_t i;

	status = ns_run_getopt(argc, argv, &opt, help, NULL, NULL, NULL, NULL);
	if (status)
		goto out;
	ns_boot_look(&d.boot, &opt);
	for (i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
		f = (struct finding){ 0 };
		checks[i].check(&d, &f);
		if (opt.json)
			add_json(list, checks[i].name, &f);
		else
			print(checks[i].name, &f);
	}
	if (opt.json)
		printf("%s\n", json_object_to_json_string_ext(list, JSON_C_TO_STRING_PRETTY |
							      JSON_C_TO_STRING_NOSLASHESCAPE));
	ns_boot_free(&d.boot);
	status = (d.um ? EXIT_SUCCESS : EXIT_FAILURE) + 1;
out:
	json_object_put(list);
	return status - 1;
}
