// SPDX-License-Identifier: GPL-2.0-only
/*
 * The process of a QEMU node, in its sandbox.
 *
 * It runs under bubblewrap in namespaces of its own, where the host's root is
 * bound read-only, /tmp, /run and /dev are private and no capability is left, and
 * under QEMU's own system call filter: a guest that breaks out of its machine ends
 * there. It dies with the simulator. Its root file system comes in memory
 * (initramfs.c), so it leaves nothing behind.
 *
 * The machine is the smallest that QEMU has: microvm, without PCI, PIC and PIT.
 * Then no clock is left to calibrate the TSC against, but its rate is known: it
 * counts the virtual clock's ns. Every source of randomness, RDRAND too, is QEMU's
 * generator, which -seed makes a function of the configuration's seed.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "process.h"
#include "qemu.h"

#define DIR		"/tmp/netsim"	/* in the sandbox */
#define PROGRAM		"qemu-system-x86_64"
#define TX_DELAY_NS	1000		/* from the driver's bell to the card's look */

/* What QEMU was unpacked into or installed to: the program's folder, two levels up. */
static bool prefix(char path[PATH_MAX])
{
	char full[PATH_MAX], *slash;
	int i;

	if (!realpath(qemu_program(), full))
		return false;
	for (i = 0; i < 2; i++) {
		slash = strrchr(full, '/');
		if (!slash)
			return false;
		*slash = '\0';
	}
	memcpy(path, full, sizeof(full));
	return true;
}

/* For the shim: see qemu_elf.c. */
static void pauses(struct args *a, const char *kernel)
{
	uint64_t at[QEMU_PAUSES];
	unsigned int i, nr = qemu_pauses(kernel, at);
	char list[QEMU_PAUSES * 20 + 1] = "";

	for (i = 0; i < nr; i++)
		sprintf(list + strlen(list), "%llx ", (unsigned long long)at[i]);
	args_list(a, (const char *const []){ "--setenv", QS_PAUSES, list, NULL });
}

static void sandbox(struct args *a, const struct qemu *q)
{
	const struct ns_boot *boot = q->vm->boot;
	char path[PATH_MAX];

	sandbox_begin(a, SANDBOX_NO_CAPS);
	args_option(a, "--dir", "%s", DIR);
	sandbox_show(a, boot->kernel_x86_64, DIR "/kernel");
	snprintf(path, sizeof(path), "%s/qemu_shim.so", boot->lib);
	sandbox_show(a, path, DIR "/shim.so");
	if (prefix(path))
		sandbox_show(a, path, DIR "/qemu");
	pauses(a, boot->kernel_x86_64);
	args_list(a, (const char *const []){ "--setenv", "LD_PRELOAD", DIR "/shim.so", NULL });
	sandbox_run(a, SANDBOX_NO_CAPS);
	args_add(a, "%s", DIR "/qemu/bin/" PROGRAM);
}

static void machine(struct args *a, const struct ns_vm *vm)
{
	static const char *const fixed[] = {
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		"-sandbox",
		"on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
		/* names of threads: how the shim knows the one of the CPUs */
		"-name", "node,debug-threads=on",
		"-L", DIR "/qemu/share/qemu", "-L", DIR "/qemu/share/seabios",
		"-M", "microvm,pic=off,pit=off", "-bios", "qboot.rom",
		/* several take turns in slices that are cut at our windows, whose ends vary */
		"-smp", "1",
		"-accel", "tcg", "-cpu", "max", "-icount", "shift=0,sleep=off",
		"-global", "virtio-mmio.force-legacy=false",
		/* else the main loop looks at what the guest offers, when the host has time */
		"-global", "virtio-mmio.ioeventfd=off",
		"-kernel", DIR "/kernel", NULL
	};
	static const char *const kernel[] = {
		"console=ttyS0", "loglevel=7", "panic=-1", "oops=panic", "nokaslr",
		"tsc=reliable", "tsc_early_khz=1000000", "random.trust_cpu=on",
		"dummy.numdummies=0", "ifb.numifbs=0", "netsim.conf=/" GUEST_CONF,
		"netsim.channel=/dev/vport0p1",
	};
	time_t epoch = vm->config->epoch_s;
	char date[32], words[512];
	struct tm tm;
	size_t i;

	gmtime_r(&epoch, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	args_list(a, fixed);
	args_option(a, "-initrd", "/proc/self/fd/%d", QS_FD_INITRAMFS);
	args_option(a, "-m", "%u", vm->cfg->mem_mib);
	args_option(a, "-rtc", "base=%s,clock=vm", date);
	args_option(a, "-seed", "%llu", (unsigned long long)
		    ((vm->config->seed * NS_NODES_MAX + vm->id) * 0x9e3779b97f4a7c15ull));
	words[0] = '\0';
	for (i = 0; i < sizeof(kernel) / sizeof(*kernel); i++) {
		strcat(words, kernel[i]);
		strcat(words, " ");
	}
	args_option(a, "-append", "%s", words);
}

static void devices(struct args *a, const struct ns_vm *vm)
{
	char mac[18];
	uint32_t i;

	args_option(a, "-chardev", "socket,id=console,fd=%d", QS_FD_CONSOLE);
	args_option(a, "-serial", "%s", "chardev:console");
	args_option(a, "-chardev", "socket,id=control,fd=%d", QS_FD_CONTROL);
	args_option(a, "-device", "%s", "virtio-serial-device");
	args_option(a, "-device", "%s", "virtserialport,chardev=control");
	for (i = 0; i < vm->cfg->nr_nics; i++) {
		const uint8_t *m = vm->cfg->nics[i].mac;

		args_option(a, "-netdev", "dgram,id=nic%u,local.type=fd,local.str=%u", i,
			    QS_FD_NIC + i);
		snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x",
			 m[0], m[1], m[2], m[3], m[4], m[5]);
		args_option(a, "-device",
			    "virtio-net-device,netdev=nic%u,mac=%s,tx=timer,x-txtimer=%u",
			    i, mac, TX_DELAY_NS);
	}
}

/* Both ends of what QEMU is to think is behind its device stay in its process. */
static int behind(int fd, int type)
{
	int p[2], high[2], i, err = 0;

	if (socketpair(AF_UNIX, type, 0, p))
		return -errno;
	/* they may be on the numbers that others are to have */
	for (i = 0; i < 2; i++) {
		high[i] = fcntl(p[i], F_DUPFD, QS_FD_END);
		close(p[i]);
	}
	for (i = 0; i < 2; i++) {
		if (high[i] < 0 || dup2(high[i], fd + i * QS_FD_OTHER) < 0)
			err = -errno;
		close(high[i]);
	}
	return err;
}

struct ends {
	int sock, errors, initramfs;
	uint32_t nr_nics;
};

static int place(void *ctx)
{
	const struct ends *e = ctx;
	const int from[5] = {
		open("/dev/null", O_RDONLY), e->errors, e->errors, e->sock, e->initramfs
	};
	static const int to[] = { 0, 1, 2, QS_FD, QS_FD_INITRAMFS };
	int high[5], err;
	uint32_t i;

	/* out of the way first, above all that is used */
	for (i = 0; i < 5; i++) {
		high[i] = fcntl(from[i], F_DUPFD, QS_FD_END);
		if (high[i] < 0)
			return -errno;
	}
	for (i = 0; i < 5; i++)
		if (dup2(high[i], to[i]) < 0)
			return -errno;
	close_range(QS_FD_INITRAMFS + 1, ~0u, 0);
	close_range(QS_FD_CONSOLE, QS_FD_INITRAMFS - 1, 0);
	err = behind(QS_FD_CONSOLE, SOCK_STREAM);
	if (!err)
		err = behind(QS_FD_CONTROL, SOCK_STREAM);
	for (i = 0; !err && i < e->nr_nics; i++)
		err = behind(QS_FD_NIC + i, SOCK_DGRAM);
	return err;
}

int qemu_spawn(struct qemu *q, int sock, int errors, int initramfs)
{
	struct ends ends = { sock, errors, initramfs, q->vm->cfg->nr_nics };
	struct args args = { 0 };

	sandbox(&args, q);
	machine(&args, q->vm);
	devices(&args, q->vm);
	return ns_process_spawn(&args, place, &ends, &q->pid);
}
