// SPDX-License-Identifier: GPL-2.0-only
/*
 * What runs as a guest: a user-mode kernel or QEMU, as arguments, in a sandbox
 * (tools/lib/sandbox.h).
 *
 * The host's root is bound read-only and no capability is left but those for file
 * permissions. So the promise "a guest changes nothing on the host" does not rest on
 * the guest: even its root user, or a bug in hostfs, ends at a read-only mount.
 * Shared folders are the exception that the user asks for, one by one.
 *
 * Everything that the guest can see is at a fixed place and descriptor, since in
 * virtual time the kernel's command line is part of what must repeat.
 */
#include <string.h>
#include <unistd.h>

#include "machine.h"
#include "sandbox.h"

/* 2025-01-01 00:00:00 UTC: when virtual time begins. */
#define VIRTUAL_EPOCH_S	1735689600ul

/* What both ask of the kernel: all messages, an end at the first oops, no device but lo. */
#define KERNEL_ARGS	"ro init=" GUEST_DIR "/init loglevel=7 panic=-1 oops=panic " \
			"random.trust_bootloader=on dummy.numdummies=0 ifb.numifbs=0"

static void um_machine(struct args *a, const struct options *o)
{
	static const char *const fixed[] = {
		GUEST_DIR "/kernel", "umid=netsteer", "uml_dir=/tmp/", "root=/dev/root",
		"rootfstype=hostfs", "rootflags=/", "console=tty0", "con=null", "ssl=null", NULL
	};

	/* bwrap's own exec may clear the personality, so it is set after that */
	if (o->virtual_time)
		args_list(a, (const char *const []){ "setarch", "-R", NULL });
	args_list(a, fixed);
	args_add(a, "con0=null,fd:%d", FD_CONSOLE);
	args_add(a, "ssl0=fd:%d,fd:%d", FD_CHANNEL_IN, FD_CHANNEL_OUT);
	args_add(a, "mem=%luM", o->mem_mib);
	args_words(a, KERNEL_ARGS);
	if (o->virtual_time) {
		args_add(a, "time-travel=inf-cpu");
		args_add(a, "time-travel-start=%llu", VIRTUAL_EPOCH_S * 1000000000ull);
	}
	args_words(a, o->append ?: "");
}

#define ROOT_9P		"console=ttyS0 root=host rootfstype=9p rootflags=trans=virtio," \
			"version=9p2000.L,msize=512000,cache=loose"

static void share_9p(struct args *a, const char *tag, const char *path, bool readonly)
{
	args_option(a, "-fsdev", "local,id=%s,path=%s,security_model=none,multidevs=remap%s",
		    tag, path, readonly ? ",readonly=on" : "");
	args_option(a, "-device", "virtio-9p-pci,fsdev=%s,mount_tag=%s", tag, tag);
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

	args_list(a, fixed);
	args_add(a, "-add-fd");
	args_add(a, "fd=%d,set=1", FD_CONSOLE);
	args_option(a, "-chardev", "file,id=console,path=/dev/fdset/1,append=on");
	args_option(a, "-chardev", "socket,id=channel,fd=%d", FD_CHANNEL_IN);
	args_option(a, "-m", "%lu", o->mem_mib);
	args_option(a, "-smp", "%lu", o->cpus);
	if (o->kvm)
		args_list(a, (const char *const []){ "-M", "q35,accel=kvm", "-cpu", "host", NULL });
	else
		args_list(a, (const char *const []){ "-M", "q35,accel=tcg", "-cpu",
			  o->virtual_time ? "max,-rdrand,-rdseed" : "max", NULL });
	if (o->virtual_time) {
		args_list(a, (const char *const []){ "-icount", "shift=0,sleep=off", "-rtc",
			  "base=2025-01-01T00:00:00,clock=vm", NULL });
		args_option(a, "-seed", "%lu", o->seed);
	}
	share_9p(a, "host", "/", true);
	if (o->stage)
		share_9p(a, "stage", o->stage, true);
	for (i = 0; i < o->nr_shares; i++) {
		snprintf(tag, sizeof(tag), "share%u", i);
		share_9p(a, tag, o->shares[i], false);
	}
	args_option(a, "-append", "%s %s %s%s%s", ROOT_9P, KERNEL_ARGS,
		    o->kvm ? "" : "no_timer_check lpj=4000000 ",
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

static void bind(struct args *a, const char *how, const char *path)
{
	args_list(a, (const char *const []){ how, path, path, NULL });
}

void machine_args(struct args *a, const struct options *o, const struct guest *g,
		  const char *cwd)
{
	const char *const seen[] = { o->tree, o->cache, cwd, o->stage };
	unsigned int i;

	sandbox_begin(a, SANDBOX_FILE_CAPS);
	args_list(a, (const char *const []){ "--dir", GUEST_DIR, NULL });
	for (i = 0; i < sizeof(seen) / sizeof(*seen); i++)
		if (seen[i] && hidden(seen[i]))
			bind(a, "--ro-bind-try", seen[i]);
	for (i = 0; i < o->nr_shares; i++)
		bind(a, "--bind", o->shares[i]);
	sandbox_show(a, o->kernel, GUEST_DIR "/kernel");
	sandbox_show(a, o->init, GUEST_DIR "/init");
	args_option(a, "--file", "%d", FD_COMMAND);
	args_add(a, GUEST_COMMAND);
	if (g->input == INPUT_FILE) {
		args_option(a, "--file", "%d", FD_STDIN);
		args_add(a, GUEST_STDIN);
	}
	if (g->input_fd >= 0)
		sandbox_show(a, g->input_path, GUEST_INPUT);
	if (o->kvm)
		bind(a, "--dev-bind", "/dev/kvm");
	if (o->virtual_time && o->seed_lib) {
		sandbox_show(a, o->seed_lib, GUEST_DIR "/seed.so");
		args_list(a, (const char *const []){ "--setenv", "LD_PRELOAD",
			  GUEST_DIR "/seed.so", "--setenv", "NETSTEER_SEED", NULL });
		args_add(a, "%lu", o->seed);
	}
	sandbox_run(a, SANDBOX_FILE_CAPS);
	o->arch->machine(a, o);
}
