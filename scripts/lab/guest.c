// SPDX-License-Identifier: GPL-2.0-only
/*
 * Starts a guest in its sandbox.
 *
 * The process that is the guest's machine (a user-mode kernel, or QEMU) runs
 * under bubblewrap in namespaces of its own, where the host's root is bound
 * read-only, /dev holds only the harmless nodes, /tmp, /run and /dev/shm are
 * private and no capability is left but those for file permissions. So the
 * promise "a guest changes nothing on the host" does not rest on the guest:
 * even its root user, or a bug in hostfs, ends at a read-only mount. Shared
 * folders are the exception that the user asks for, one by one.
 *
 * Nothing needs cleaning up, even after SIGKILL: the sandbox dies with its
 * parent, the PID namespace takes every process of the guest along, and the
 * files made for a run live in the sandbox's own tmpfs. The one exception is
 * the bulk input of a user-mode kernel (see init.c), which both sides must see:
 * that file has a janitor, a child that waits for the end of this process,
 * however it comes, and then removes it.
 *
 * Everything that the guest can see is at a fixed place and descriptor, since
 * in virtual time the kernel's command line is part of what must repeat.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab.h"

/* Descriptors of the guest's process. */
#define FD_CHANNEL_IN	10
#define FD_CHANNEL_OUT	11
#define FD_CONSOLE	12
#define FD_COMMAND	13
#define FD_STDIN	14
#define FD_HIGH		64	/* ours stay above, out of the way of dup2() */

#define MAX_GUEST_ARGS	256
#define PIPE_BYTES	(1024 * 1024)

/* 2025-01-01 00:00:00 UTC: when virtual time begins. */
#define VIRTUAL_EPOCH_S	1735689600ul

struct args {
	char *v[MAX_GUEST_ARGS + 1];
	unsigned int n;
	bool failed;
};

struct arch {
	const char *name;
	const char *fs, *channel;
	unsigned long mem_mib;
	bool smp, channel_is_socket, slow_input;
	void (*machine)(struct args *a, const struct options *o);
};

static void arg(struct args *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (a->n == MAX_GUEST_ARGS || vasprintf(&a->v[a->n], fmt, ap) < 0)
		a->failed = true;
	else
		a->n++;
	va_end(ap);
}

static void arg_list(struct args *a, const char *const *list)
{
	for (; *list; list++)
		arg(a, "%s", *list);
}

static void args_free(struct args *a)
{
	while (a->n)
		free(a->v[--a->n]);
}

/* What both ask of the kernel: all messages, an end at the first oops, no device but lo. */
#define KERNEL_ARGS	"ro init=" GUEST_DIR "/init loglevel=7 panic=-1 oops=panic " \
			"random.trust_bootloader=on dummy.numdummies=0 ifb.numifbs=0"

static void um_machine(struct args *a, const struct options *o)
{
	static const char *const fixed[] = {
		GUEST_DIR "/kernel", "umid=netsteer", "uml_dir=/tmp/", "root=/dev/root",
		"rootfstype=hostfs", "rootflags=/", "console=tty0", "con=null", "ssl=null", NULL
	};
	char *list = strdup(KERNEL_ARGS), *rest = list, *word;

	/* bwrap's own exec may clear the personality, so it is set after that */
	if (o->virtual_time)
		arg_list(a, (const char *const []){ "setarch", "-R", NULL });
	arg_list(a, fixed);
	arg(a, "con0=null,fd:%d", FD_CONSOLE);
	arg(a, "ssl0=fd:%d,fd:%d", FD_CHANNEL_IN, FD_CHANNEL_OUT);
	arg(a, "mem=%luM", o->mem_mib);
	while (list && (word = strsep(&rest, " ")))
		arg(a, "%s", word);
	free(list);
	if (o->virtual_time) {
		arg(a, "time-travel=inf-cpu");
		arg(a, "time-travel-start=%llu", VIRTUAL_EPOCH_S * 1000000000ull);
	}
	list = strdup(o->append ?: "");
	rest = list;
	while (list && (word = strsep(&rest, " ")))
		if (*word)
			arg(a, "%s", word);
	free(list);
}

#define ROOT_9P		"console=ttyS0 root=host rootfstype=9p rootflags=trans=virtio," \
			"version=9p2000.L,msize=512000,cache=loose"

static void share_9p(struct args *a, const char *tag, const char *path, bool readonly)
{
	arg(a, "-fsdev");
	arg(a, "local,id=%s,path=%s,security_model=none,multidevs=remap%s", tag, path,
	    readonly ? ",readonly=on" : "");
	arg(a, "-device");
	arg(a, "virtio-9p-pci,fsdev=%s,mount_tag=%s", tag, tag);
}

static void x86_64_machine(struct args *a, const struct options *o)
{
	static const char *const fixed[] = {
		"qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none",
		"-no-reboot", "-kernel", GUEST_DIR "/kernel",
		"-device", "virtio-serial-pci", "-device", "virtserialport,chardev=channel",
		"-serial", "chardev:console", NULL
	};
	unsigned int i;
	char tag[16];

	arg_list(a, fixed);
	arg(a, "-add-fd");
	arg(a, "fd=%d,set=1", FD_CONSOLE);
	arg(a, "-chardev");
	arg(a, "file,id=console,path=/dev/fdset/1,append=on");
	arg(a, "-chardev");
	arg(a, "socket,id=channel,fd=%d", FD_CHANNEL_IN);
	arg(a, "-m");
	arg(a, "%lu", o->mem_mib);
	arg(a, "-smp");
	arg(a, "%lu", o->cpus);
	if (o->kvm)
		arg_list(a, (const char *const []){ "-M", "q35,accel=kvm", "-cpu", "host", NULL });
	else
		arg_list(a, (const char *const []){ "-M", "q35,accel=tcg", "-cpu",
			 o->virtual_time ? "max,-rdrand,-rdseed" : "max", NULL });
	if (o->virtual_time) {
		arg_list(a, (const char *const []){ "-icount", "shift=0,sleep=off", "-rtc",
			 "base=2025-01-01T00:00:00,clock=vm", NULL });
		arg(a, "-seed");
		arg(a, "%lu", o->seed);
	}
	share_9p(a, "host", "/", true);
	if (o->stage)
		share_9p(a, "stage", o->stage, true);
	for (i = 0; i < o->nr_shares; i++) {
		snprintf(tag, sizeof(tag), "share%u", i);
		share_9p(a, tag, o->shares[i], false);
	}
	arg(a, "-append");
	arg(a, "%s %s %s%s%s", ROOT_9P, KERNEL_ARGS, o->kvm ? "" : "no_timer_check lpj=4000000 ",
	    o->virtual_time ? "nokaslr tsc=reliable " : "", o->append ?: "");
}

static const struct arch arches[] = {
	{ "um", "hostfs", "/dev/ttyS0", 512, false, false, true, um_machine },
	{ "x86_64", "9p", "/dev/vport0p1", 1024, true, true, false, x86_64_machine },
};

const struct arch *arch_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(arches) / sizeof(*arches); i++)
		if (!strcmp(arches[i].name, name))
			return &arches[i];
	return NULL;
}

const char *arch_name(const struct arch *arch)
{
	return arch->name;
}

unsigned long arch_mem_mib(const struct arch *arch)
{
	return arch->mem_mib;
}

bool arch_smp(const struct arch *arch)
{
	return arch->smp;
}

/* Of the private folders, those parts that the guest needs to see all the same. */
static bool hidden(const char *path)
{
	static const char *const private[] = { "/tmp", "/run", "/dev" };
	size_t i, n;

	for (i = 0; i < sizeof(private) / sizeof(*private); i++) {
		n = strlen(private[i]);
		if (!strncmp(path, private[i], n) && path[n] == '/')
			return true;
	}
	return false;
}

static void bind_path(struct args *a, const char *how, const char *from, const char *to)
{
	arg(a, "%s", how);
	arg(a, "%s", from);
	arg(a, "%s", to);
}

static void sandbox(struct args *a, const struct options *o, const struct guest *g,
		    const char *cwd)
{
	static const char *const fixed[] = {
		"bwrap", "--die-with-parent", "--unshare-pid", "--unshare-ipc", "--unshare-uts",
		"--unshare-net", "--unshare-cgroup-try", "--clearenv",
		"--setenv", "PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
		"--setenv", "HOME", "/tmp", "--setenv", "TMPDIR", "/dev/shm",
		"--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc",
		"--perms", "1777", "--tmpfs", "/tmp", "--tmpfs", "/run",
		"--dir", GUEST_DIR, NULL
	};
	/* file permissions as root has them; nothing that reaches past the mounts */
	static const char *const caps[] = {
		"--cap-drop", "ALL", "--cap-add", "CAP_DAC_OVERRIDE", "--cap-add", "CAP_CHOWN",
		"--cap-add", "CAP_FOWNER", "--cap-add", "CAP_FSETID", "--cap-add", "CAP_SETPCAP",
		NULL
	};
	/*
	 * The same for good. It also ends what exec does for root: that counts as a gain of
	 * capabilities here, and would undo the setarch(8) of virtual time.
	 */
	static const char *const caps_for_good[] = {
		"setpriv", "--securebits=+noroot,+noroot_locked", "--inh-caps=-setpcap",
		"--ambient-caps=-setpcap", "--bounding-set=-all", NULL
	};
	const char *const seen[] = { o->tree, o->cache, cwd, o->stage };
	unsigned int i;

	arg_list(a, fixed);
	if (!geteuid())
		arg_list(a, caps);
	for (i = 0; i < sizeof(seen) / sizeof(*seen); i++)
		if (seen[i] && hidden(seen[i]))
			bind_path(a, "--ro-bind-try", seen[i], seen[i]);
	for (i = 0; i < o->nr_shares; i++)
		bind_path(a, "--bind", o->shares[i], o->shares[i]);
	bind_path(a, "--ro-bind", o->kernel, GUEST_DIR "/kernel");
	bind_path(a, "--ro-bind", o->init, GUEST_DIR "/init");
	arg(a, "--file");
	arg(a, "%d", FD_COMMAND);
	arg(a, GUEST_COMMAND);
	if (g->input == INPUT_FILE) {
		arg(a, "--file");
		arg(a, "%d", FD_STDIN);
		arg(a, GUEST_STDIN);
	}
	if (g->input_fd >= 0)
		bind_path(a, "--ro-bind", g->input_path, GUEST_INPUT);
	if (o->kvm)
		bind_path(a, "--dev-bind", "/dev/kvm", "/dev/kvm");
	if (o->virtual_time && o->seed_lib) {
		bind_path(a, "--ro-bind", o->seed_lib, GUEST_DIR "/seed.so");
		arg_list(a, (const char *const []){ "--setenv", "LD_PRELOAD",
			 GUEST_DIR "/seed.so", "--setenv", "NETSTEER_SEED", NULL });
		arg(a, "%lu", o->seed);
	}
	arg_list(a, (const char *const []){ "--chdir", "/", "--", NULL });
	if (!geteuid())
		arg_list(a, caps_for_good);
}

/* Settings of the host's session that mean nothing, or harm, in the guest. */
static bool env_stays_out(const char *e)
{
	static const char *const names[] = {
		"TMPDIR=", "TMP=", "TEMP=", "XDG_", "DISPLAY=", "WAYLAND_DISPLAY=", "SSH_",
		"DBUS_", "LD_", "MAKEFLAGS=", "MFLAGS=", "MAKELEVEL=", "MAKE_TERM", "OLDPWD=",
		"PWD=", "HOME=", "USER=", "LOGNAME=", "PATH=", "SUDO_", "_=", "SHLVL=",
		"NETSTEER_CLOCK=", "NETSTEER_LAB=",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strncmp(e, names[i], strlen(names[i])))
			return true;
	return false;
}

static void put(FILE *f, int tag, const char *fmt, ...)
{
	va_list ap;

	fputc(tag, f);
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	fputc('\0', f);
}

static bool in_path(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	for (; path; path = strchr(path, ':') ? strchr(path, ':') + 1 : NULL)
		if (!strncmp(path, dir, n) && (!path[n] || path[n] == ':'))
			return true;
	return false;
}

static void put_env(FILE *f, const struct options *o, const char *cwd)
{
	static const char *const sbin[] = {
		"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"
	};
	const char *path = getenv("PATH") ?: "";
	size_t i;
	char **e;

	for (e = environ; *e; e++)
		if (!env_stays_out(*e))
			put(f, CONFIG_ENV, "%s", *e);
	/* root's programs too, for a user who has only the others in PATH */
	fprintf(f, "%cPATH=%s", CONFIG_ENV, path);
	for (i = 0; i < sizeof(sbin) / sizeof(*sbin); i++)
		if (!in_path(path, sbin[i]))
			fprintf(f, "%s%s", *path || i ? ":" : "", sbin[i]);
	fputc('\0', f);
	put(f, CONFIG_ENV, "HOME=/root");
	put(f, CONFIG_ENV, "USER=root");
	put(f, CONFIG_ENV, "LOGNAME=root");
	put(f, CONFIG_ENV, "PWD=%s", cwd);
	put(f, CONFIG_ENV, "NETSTEER_LAB=%s", o->arch->name);
	/* Under QEMU virtual time is not exact: tests must not rely on it. */
	put(f, CONFIG_ENV, "NETSTEER_CLOCK=%s",
	    o->virtual_time && !strcmp(o->arch->name, "um") ? "virtual" : "real");
}

/* GUEST_COMMAND, in memory. Returns its descriptor or -errno. */
static int write_command(const struct guest *g, const struct options *o, const char *cwd)
{
	static const char *const kinds[] = {
		[INPUT_NULL] = "null", [INPUT_FILE] = "file", [INPUT_LIVE] = "live",
	};
	int fd = memfd_create("command", MFD_CLOEXEC);
	int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FD_HIGH);
	FILE *f = copy < 0 ? NULL : fdopen(fd, "w");
	struct winsize w = { .ws_row = 24, .ws_col = 80 };
	unsigned int i;
	char **s;

	if (!f)
		return -errno;
	put(f, CONFIG_FS, "%s", o->arch->fs);
	put(f, CONFIG_CHANNEL, "%s", o->arch->channel);
	put(f, CONFIG_CWD, "%s", cwd);
	put(f, CONFIG_STDIN, "%s", kinds[g->input]);
	if (o->virtual_time)
		put(f, CONFIG_VIRTUAL, "yes");
	if (o->stage)
		put(f, CONFIG_STAGE, "%s", o->stage);
	for (i = 0; i < o->nr_shares; i++)
		put(f, CONFIG_SHARE, "%s", o->shares[i]);
	if (g->tty) {
		ioctl(0, TIOCGWINSZ, &w);
		put(f, CONFIG_TTY, "%u %u %u", w.ws_row, w.ws_col, g->tty_errors);
	}
	for (s = o->argv; *s; s++)
		put(f, CONFIG_ARG, "%s", *s);
	put_env(f, o, cwd);
	if (fclose(f)) {
		close(copy);
		return -EIO;
	}
	lseek(copy, 0, SEEK_SET);
	return copy;
}

/*
 * A regular file is copied before the boot, and /dev/null is known to be empty.
 * Only what comes from elsewhere is relayed while it comes; in virtual time the
 * moment when it comes is then the one thing that does not repeat.
 */
static enum input_kind input_kind(void)
{
	struct stat st;

	if (fstat(0, &st))
		return INPUT_NULL;
	if (S_ISREG(st.st_mode))
		return INPUT_FILE;
	if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3))
		return INPUT_NULL;
	return INPUT_LIVE;
}

/* Waits for the end of its parent, then removes the file. Holds nothing else open. */
static void janitor(int fd, const char *path)
{
	char c;

	setsid();
	if (fd)
		dup2(fd, 0);
	close_range(1, ~0u, 0);
	while (read(0, &c, 1) < 0 && errno == EINTR)
		;
	unlink(path);
	_exit(0);
}

static int open_bulk_input(struct guest *g)
{
	const char *dir = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";
	sigset_t all, old;
	int p[2], err;

	snprintf(g->input_path, sizeof(g->input_path), "%s/netsteer-input-XXXXXX", dir);
	if (pipe2(p, O_CLOEXEC))
		return -errno;
	/* no signal between making the file and having the janitor */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	g->input_fd = mkostemp(g->input_path, O_CLOEXEC);
	if (g->input_fd < 0 || ftruncate(g->input_fd, (off_t)1 << 40))
		goto fail;
	g->janitor_pid = fork();
	if (g->janitor_pid < 0)
		goto fail;
	if (!g->janitor_pid)
		janitor(p[0], g->input_path);
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(p[0]);
	g->janitor = p[1];
	return 0;
fail:
	err = -errno;
	if (g->input_fd >= 0)
		unlink(g->input_path);
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(p[0]);
	close(p[1]);
	return err;
}

/* A descriptor that dup2() in the child will not trample on. */
static int high(int fd)
{
	int h = fcntl(fd, F_DUPFD_CLOEXEC, FD_HIGH);

	close(fd);
	return h;
}

static int make_pipe(int p[2])
{
	if (pipe2(p, O_CLOEXEC))
		return -errno;
	p[0] = high(p[0]);
	p[1] = high(p[1]);
	if (p[0] < 0 || p[1] < 0)
		return -EMFILE;
	/* fewer wakeups; an ordinary user may be refused */
	fcntl(p[1], F_SETPIPE_SZ, PIPE_BYTES);
	return 0;
}

static int make_socket(int p[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p))
		return -errno;
	p[0] = high(p[0]);
	p[1] = high(p[1]);
	return p[0] < 0 || p[1] < 0 ? -EMFILE : 0;
}

/* The ends of what connects both sides: [0] to read, [1] to write. */
struct plumbing {
	int in[2], out[2], console[2], early[2], command;
};

static void child(const struct plumbing *p, bool input_is_file, char **argv)
{
	int null = open("/dev/null", O_RDONLY);
	sigset_t none;

	/* out of reach of the terminal's signals: those go through the channel */
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	dup2(0, FD_STDIN);
	dup2(null, 0);
	dup2(p->early[1], 1);
	dup2(p->early[1], 2);
	dup2(p->in[0], FD_CHANNEL_IN);
	dup2(p->out[1], FD_CHANNEL_OUT);
	dup2(p->console[1], FD_CONSOLE);
	dup2(p->command, FD_COMMAND);
	close_range(3, FD_CHANNEL_IN - 1, 0);
	close_range(input_is_file ? FD_STDIN + 1 : FD_STDIN, ~0u, 0);
	execvp(argv[0], argv);
	fprintf(stderr, "vm: cannot run %s: %m; install it with make deps\n", argv[0]);
	_exit(127);
}

static int open_plumbing(struct plumbing *p, const struct options *o)
{
	int err, s[2];

	err = make_pipe(p->console) ?: make_pipe(p->early);
	if (err)
		return err;
	if (!o->arch->channel_is_socket)
		return make_pipe(p->in) ?: make_pipe(p->out);
	err = make_socket(s);
	if (err)
		return err;
	p->in[0] = s[1];
	p->in[1] = s[0];
	p->out[0] = fcntl(s[0], F_DUPFD_CLOEXEC, FD_HIGH);
	p->out[1] = fcntl(s[1], F_DUPFD_CLOEXEC, FD_HIGH);
	return p->out[0] < 0 || p->out[1] < 0 ? -EMFILE : 0;
}

static void close_pair(int *a, int *b)
{
	if (*a >= 0)
		close(*a);
	if (*b >= 0)
		close(*b);
	*a = -1;
	*b = -1;
}

static int spawn(struct guest *g, const struct options *o, struct plumbing *p, const char *cwd)
{
	struct args *a = calloc(1, sizeof(*a));
	int err = a ? 0 : -ENOMEM;

	if (err)
		return err;
	sandbox(a, o, g, cwd);
	o->arch->machine(a, o);
	if (a->failed) {
		err = -E2BIG;
		goto out;
	}
	g->pid = fork();
	if (g->pid < 0) {
		err = -errno;
		g->pid = 0;
	} else if (!g->pid) {
		child(p, g->input == INPUT_FILE, a->v);
	}
out:
	args_free(a);
	free(a);
	return err;
}

int guest_start(struct guest *g, const struct options *o)
{
	struct plumbing p = { { -1, -1 }, { -1, -1 }, { -1, -1 }, { -1, -1 }, -1 };
	char *cwd = getcwd(NULL, 0);
	int err;

	g->input_fd = -1;
	g->janitor = -1;
	g->tty = isatty(0) && isatty(1);
	g->tty_errors = isatty(2);
	g->input = input_kind();
	err = open_plumbing(&p, o);
	if (!err && g->input == INPUT_LIVE && !g->tty && o->arch->slow_input)
		err = open_bulk_input(g);
	if (err)
		goto out;
	p.command = write_command(g, o, cwd ?: "/");
	err = p.command < 0 ? p.command : spawn(g, o, &p, cwd ?: "/");
	if (err)
		goto out;
	g->rx = p.out[0];
	g->tx = p.in[1];
	g->console = p.console[0];
	g->early = p.early[0];
	fcntl(g->rx, F_SETFL, O_NONBLOCK);
	fcntl(g->tx, F_SETFL, O_NONBLOCK);
	fcntl(g->console, F_SETFL, O_NONBLOCK);
	fcntl(g->early, F_SETFL, O_NONBLOCK);
	p.out[0] = -1;
	p.in[1] = -1;
	p.console[0] = -1;
	p.early[0] = -1;
out:
	close_pair(&p.in[0], &p.in[1]);
	close_pair(&p.out[0], &p.out[1]);
	close_pair(&p.console[0], &p.console[1]);
	close_pair(&p.early[0], &p.early[1]);
	if (p.command >= 0)
		close(p.command);
	free(cwd);
	return err;
}

void guest_kill(struct guest *g)
{
	if (g->pid)
		kill(g->pid, SIGKILL);
}

void guest_free(struct guest *g)
{
	guest_kill(g);
	if (g->pid)
		waitpid(g->pid, &g->status, 0);
	g->pid = 0;
	if (g->janitor < 0)
		return;
	close(g->janitor);
	waitpid(g->janitor_pid, NULL, 0);
	g->janitor = -1;
}
