// SPDX-License-Identifier: GPL-2.0-only
/*
 * The process of a user-mode node, in its sandbox.
 *
 * It runs under bubblewrap in namespaces of its own: the host's root is bound
 * read-only, /tmp, /run and /dev are private, and no capability is left but those
 * for file permissions, so whatever a guest does, it changes nothing on the host.
 * It dies with the simulator, and takes its own processes along.
 *
 * Everything it sees is at the same place in each run, since that is what must
 * repeat: UM_DIR holds kernel, PID 1, configuration, the stage, and the sockets of
 * clock and devices, whose names go once they are connected.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "guest.h"
#include "um.h"

#define MAX_ARGS	160
#define SOCKETS		"sockets"	/* folder below the node's, while it starts */

struct args {
	char *v[MAX_ARGS + 1];
	unsigned int n;
	bool failed;
};

__attribute__((format(printf, 2, 3)))
static void arg(struct args *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (a->n == MAX_ARGS || vasprintf(&a->v[a->n], fmt, ap) < 0)
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

static void bind_path(struct args *a, const char *from, const char *to)
{
	arg(a, "--ro-bind");
	arg(a, "%s", from);
	arg(a, "%s", to);
}

static void sandbox(struct args *a, const struct um *um)
{
	static const char *const fixed[] = {
		"bwrap", "--die-with-parent", "--unshare-pid", "--unshare-ipc", "--unshare-uts",
		"--unshare-net", "--unshare-cgroup-try", "--clearenv",
		"--setenv", "PATH", "/usr/bin:/bin", "--setenv", "HOME", "/tmp",
		"--setenv", "TMPDIR", "/dev/shm",
		"--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc",
		"--perms", "1777", "--tmpfs", "/tmp", "--tmpfs", "/run", "--dir", UM_DIR, NULL
	};
	/* file permissions as root has them; nothing that reaches past the mounts */
	static const char *const caps[] = {
		"--cap-drop", "ALL", "--cap-add", "CAP_DAC_OVERRIDE", "--cap-add", "CAP_CHOWN",
		"--cap-add", "CAP_FOWNER", "--cap-add", "CAP_FSETID", "--cap-add", "CAP_SETPCAP",
		NULL
	};
	/*
	 * The same for good, and without what exec does for root: that would count
	 * as a gain, and undo the fixed addresses that setarch asks for.
	 */
	static const char *const for_good[] = {
		"setpriv", "--securebits=+noroot,+noroot_locked", "--inh-caps=-setpcap",
		"--ambient-caps=-setpcap", "--bounding-set=-all", NULL
	};
	const struct ns_boot *boot = um->vm->boot;
	char path[512];

	arg_list(a, fixed);
	if (!geteuid())
		arg_list(a, caps);
	bind_path(a, boot->kernel_um, UM_DIR "/kernel");
	snprintf(path, sizeof(path), "%s/init", boot->lib);
	bind_path(a, path, UM_DIR "/init");
	snprintf(path, sizeof(path), "%s/um_shim.so", boot->lib);
	bind_path(a, path, UM_DIR "/shim.so");
	snprintf(path, sizeof(path), "%s/" GUEST_CONF, um->vm->dir);
	bind_path(a, path, UM_DIR "/" GUEST_CONF);
	snprintf(path, sizeof(path), "%s/" SOCKETS, um->vm->dir);
	bind_path(a, path, UM_DIR "/dev");
	if (boot->stage_um)
		bind_path(a, boot->stage_um, UM_DIR "/stage");
	arg_list(a, (const char *const []){ "--setenv", "LD_PRELOAD", UM_DIR "/shim.so",
		 "--setenv", "NETSIM_SEED", NULL });
	arg(a, "%llu", (um->vm->config->seed * NS_NODES_MAX + um->vm->id) *
	    0x9e3779b97f4a7c15ull);
	arg_list(a, (const char *const []){ "--chdir", "/", "--", NULL });
	if (!geteuid())
		arg_list(a, for_good);
	/* after bubblewrap, whose own exec may clear it */
	arg_list(a, (const char *const []){ "setarch", "-R", NULL });
}

static void machine(struct args *a, const struct um *um)
{
	/* napi_tx=0: what is sent is gone at once, so no interrupt has to say so */
	static const char *const fixed[] = {
		UM_DIR "/kernel", "umid=node", "uml_dir=/tmp/", "root=/dev/root",
		"rootfstype=hostfs", "rootflags=/", "ro", "console=tty0", "con=null", "ssl=null",
		"init=" UM_DIR "/init", "netsim.conf=" UM_DIR "/" GUEST_CONF,
		"netsim.channel=/dev/hvc0", "loglevel=7", "panic=-1", "oops=panic",
		"random.trust_bootloader=on", "dummy.numdummies=0", "ifb.numifbs=0",
		"virtio_net.napi_tx=0", "time-travel=ext:" UM_DIR "/dev/time", NULL
	};
	const struct ns_vm *vm = um->vm;
	unsigned int i;
	char name[16];

	arg_list(a, fixed);
	arg(a, "con0=null,fd:%d", UM_CONSOLE_FD);
	arg(a, "mem=%uM", vm->cfg->mem_mib);
	if (vm->boot->stage_um)
		arg(a, "netsim.stage=" UM_DIR "/stage");
	for (i = 0; i < um->nr_devs; i++) {
		um_dev_name(&um->devs[i], name);
		arg(a, "virtio_uml.device=" UM_DIR "/dev/%s:%d", name,
		    i == um->nr_devs - 1 ? 3 : 1);
	}
}

static void child(int console, char **argv)
{
	struct rlimit none = { 0, 0 };
	int null = open("/dev/null", O_RDONLY);
	sigset_t set;

	setsid();
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	signal(SIGPIPE, SIG_DFL);
	setrlimit(RLIMIT_CORE, &none);
	dup2(null, 0);
	dup2(console, 1);
	dup2(console, 2);
	dup2(console, UM_CONSOLE_FD);
	close_range(3, UM_CONSOLE_FD - 1, 0);
	close_range(UM_CONSOLE_FD + 1, ~0u, 0);
	execvp(argv[0], argv);
	dprintf(2, "netsim: cannot run %s: %s; install bubblewrap\n", argv[0], strerror(errno));
	_exit(127);
}

int um_spawn(struct um *um, int console)
{
	struct args *a = calloc(1, sizeof(*a));
	int err = 0;

	if (!a)
		return -ENOMEM;
	sandbox(a, um);
	machine(a, um);
	if (a->failed) {
		err = -E2BIG;
		goto out;
	}
	um->pid = fork();
	if (!um->pid)
		child(console, a->v);
	if (um->pid < 0) {
		err = -errno;
		um->pid = 0;
	}
out:
	while (a->n)
		free(a->v[--a->n]);
	free(a);
	return err;
}

/* By the folder's descriptor, since a socket's path has room for 107 characters only. */
static int socket_path(struct um *um, const char *name, struct sockaddr_un *sa, int *dir)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/" SOCKETS, um->vm->dir);
	if (mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	*dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*dir < 0)
		return -errno;
	*sa = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(sa->sun_path, sizeof(sa->sun_path), "/proc/self/fd/%d/%s", *dir, name);
	return 0;
}

int um_listen(struct um *um, const char *name)
{
	struct sockaddr_un sa;
	int dir = -1, fd, err;

	err = socket_path(um, name, &sa, &dir);
	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		err = -errno;
		goto out;
	}
	unlink(sa.sun_path);
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) || listen(fd, 1)) {
		err = -errno;
		close(fd);
	}
out:
	close(dir);
	return err ? err : fd;
}

void um_unlisten(struct um *um, struct ns_source *source, const char *name)
{
	char path[512];

	if (source->fd < 0)
		return;
	ns_loop_del(source);
	close(source->fd);
	source->fd = -1;
	snprintf(path, sizeof(path), "%s/" SOCKETS "/%s", um->vm->dir, name);
	unlink(path);
}

void um_sockets_free(struct um *um)
{
	char path[512], name[16];
	unsigned int i;

	um_unlisten(um, &um->listen, "time");
	for (i = 0; i < um->nr_devs; i++) {
		um_dev_name(&um->devs[i], name);
		um_unlisten(um, &um->devs[i].listen, name);
	}
	snprintf(path, sizeof(path), "%s/" SOCKETS, um->vm->dir);
	rmdir(path);
}
