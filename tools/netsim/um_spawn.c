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
 * repeat: UM_DIR holds kernel, PID 1, configuration and the stage.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "guest.h"
#include "process.h"
#include "um.h"

#define UM_HIGH_FD	64

static void sandbox(struct args *a, const struct um *um)
{
	const struct ns_boot *boot = um->vm->boot;
	char path[512];

	sandbox_begin(a, SANDBOX_FILE_CAPS);
	args_option(a, "--dir", "%s", UM_DIR);
	sandbox_show(a, boot->kernel_um, UM_DIR "/kernel");
	snprintf(path, sizeof(path), "%s/init", boot->lib);
	sandbox_show(a, path, UM_DIR "/init");
	snprintf(path, sizeof(path), "%s/um_shim.so", boot->lib);
	sandbox_show(a, path, UM_DIR "/shim.so");
	snprintf(path, sizeof(path), "%s/" GUEST_CONF, um->vm->dir);
	sandbox_show(a, path, UM_DIR "/" GUEST_CONF);
	if (boot->stage_um)
		sandbox_show(a, boot->stage_um, UM_DIR "/stage");
	args_list(a, (const char *const []){ "--setenv", "LD_PRELOAD", UM_DIR "/shim.so", NULL });
	sandbox_run(a, SANDBOX_FILE_CAPS);
	/* after bubblewrap, whose own exec may clear it */
	args_list(a, (const char *const []){ "setarch", "-R", NULL });
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

	args_list(a, fixed);
	args_add(a, "con0=null,fd:%d", UM_CONSOLE_FD);
	args_add(a, "mem=%uM", vm->cfg->mem_mib);
	if (vm->boot->stage_um)
		args_add(a, "netsim.stage=" UM_DIR "/stage");
	for (i = 0; i < vm->cfg->nr_nics; i++)
		args_add(a, "virtio_uml.device=" UM_DIR "/dev/nic%u:1", i);
	args_add(a, "virtio_uml.device=" UM_DIR "/dev/control:3");
}

struct ends {
	int console, channel, memory;
};

static int place(void *ctx)
{
	const struct ends *e = ctx;
	/* above those that they become */
	int null = open("/dev/null", O_RDONLY);
	int c = fcntl(e->console, F_DUPFD, UM_HIGH_FD), m = fcntl(e->memory, F_DUPFD, UM_HIGH_FD);
	int s = fcntl(e->channel, F_DUPFD, UM_HIGH_FD);

	dup2(null, 0);
	dup2(c, 1);
	dup2(c, 2);
	dup2(c, UM_CONSOLE_FD);
	dup2(s, UM_CHANNEL_FD);
	dup2(m, UM_MEMORY_FD);
	close_range(3, UM_CONSOLE_FD - 1, 0);
	close_range(UM_MEMORY_FD + 1, ~0u, 0);
	return 0;
}

int um_spawn(struct um *um, int console, int channel)
{
	struct ends ends = { console, channel, um->memory_fd };
	struct args args = { 0 };

	sandbox(&args, um);
	machine(&args, um);
	return ns_process_spawn(&args, place, &ends, &um->pid);
}
