// SPDX-License-Identifier: GPL-2.0-only
/*
 * The root file system that a QEMU node gets.
 *
 * 1. It is a cpio archive that cpio(1) reads: PID 1, GUEST_CONF, a shell and the
 *    libraries that it needs, programs that commands use, those of the stage.
 * 2. Equal files give equal bytes, and the bytes do not depend on their dates.
 * 3. Another configuration gives other bytes.
 * 4. A link of the stage that leads out of it is not followed.
 * 5. A program that is not there, one in /tmp, too little memory: refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "initramfs.h"
#include "kselftest.h"
#include "sim.h"

static char dir[64], lib[80], stage[80];
static char *programs[1], *modules[] = { (char *)"sch_x quantum=1" };
static struct ns_command command = { .run = (char *)"set -e; seq 3|tac; staged" };
static struct ns_boot boot = { .lib = lib, .stage_x86_64 = stage };
static struct ns_node node;
static struct ns_vm vm = { .cfg = &node, .boot = &boot };

__printf(1, 2) static int sh(const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	int status;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	status = system(text);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int pack(void)
{
	node = (struct ns_node){
		.name = "n", .mem_mib = 512, .nr_commands = 1, .commands = &command,
		.nr_programs = programs[0] ? 1 : 0, .programs = programs,
		.nr_modules = 1, .modules = modules,
	};
	return ns_initramfs(&vm);
}

static void write_conf(const char *text)
{
	if (sh("echo %s > %s/netsim.conf", text, dir))
		ksft_exit_fail_msg("cannot write in %s\n", dir);
}

static bool same(int a, int b)
{
	off_t len = lseek(a, 0, SEEK_END);
	void *p, *q;
	bool equal;

	if (a < 0 || b < 0 || len <= 0 || len != lseek(b, 0, SEEK_END))
		return false;
	p = mmap(NULL, len, PROT_READ, MAP_SHARED, a, 0);
	q = mmap(NULL, len, PROT_READ, MAP_SHARED, b, 0);
	equal = p != MAP_FAILED && q != MAP_FAILED && !memcmp(p, q, len);
	munmap(p, len);
	munmap(q, len);
	return equal;
}

static const char *const wanted[] = {
	"init", "netsim.conf", "bin", "lib64", "dev/console", "etc/passwd", "usr/bin/sh",
	"usr/bin/seq", "usr/bin/tac", "usr/lib64/ld-linux-x86-64.so.2", "usr/bin/staged",
	"usr/lib/modules/1/modules.dep", "usr/lib/modules/1/updates/ours.ko",
	"usr/lib/modules/1/kernel/net/sch-x.ko",
};

static const char *const unwanted[] = {
	"usr/bin/unused", "usr/lib/modules/1/build", "usr/lib/modules/1/build/secret",
	"usr/lib/modules/1/kernel/net/other.ko",
};

static void contents(int fd)
{
	bool good = !sh("cpio -it --quiet < /proc/%d/fd/%d > %s/list", getpid(), fd, dir);
	size_t i;

	good &= !sh("LC_ALL=C sort -c %s/list", dir);
	ksft_test_result(good, "cpio reads it, sorted\n");
	for (i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		if (sh("grep -qxF %s %s/list", wanted[i], dir)) {
			ksft_print_msg("%s is not in it\n", wanted[i]);
			good = false;
		}
	for (i = 0; i < sizeof(unwanted) / sizeof(*unwanted); i++)
		if (!sh("grep -qxF %s %s/list", unwanted[i], dir)) {
			ksft_print_msg("%s is in it\n", unwanted[i]);
			good = false;
		}
	ksft_test_result(good, "what is needed is in it, and what is not needed is not\n");
}

static void repeats(int first)
{
	int again, other;

	sh("touch -d 2001-01-01 %s/netsim.conf %s/init", dir, lib);
	again = pack();
	ksft_test_result(same(first, again), "equal files give equal bytes\n");
	write_conf("hostname m");
	other = pack();
	ksft_test_result(other >= 0 && !same(first, other), "other files give other bytes\n");
	close(again);
	close(other);
}

static void refusals(void)
{
	programs[0] = (char *)"no-such-program";
	ksft_test_result(pack() == -ENOENT, "a program that is not there is refused\n");
	programs[0] = strdup(lib);
	ksft_test_result(pack() == -EXDEV, "one that the node would not see is refused\n");
	free(programs[0]);
	programs[0] = NULL;
	node.nr_programs = 0;
	node.mem_mib = 32;
	ksft_test_result(ns_initramfs(&vm) == -ENOMEM, "too little memory is refused\n");
}

static const char *const files[] = {
	"mkdir -p lib out stage/usr/bin stage/usr/lib/modules/1/updates",
	"mkdir -p stage/usr/lib/modules/1/kernel/net",
	"echo > stage/usr/lib/modules/1/modules.dep",
	"echo > stage/usr/lib/modules/1/updates/ours.ko",
	"echo > stage/usr/lib/modules/1/kernel/net/sch-x.ko",
	"echo > stage/usr/lib/modules/1/kernel/net/other.ko",
	"echo > out/secret && ln -s $PWD/out stage/usr/lib/modules/1/build",
	"echo '#!/bin/sh' | tee stage/usr/bin/staged stage/usr/bin/unused > lib/init",
	"chmod 755 stage/usr/bin/* lib/init",
};

int main(void)
{
	size_t i;
	int fd;

	ksft_print_header();
	ksft_set_plan(7);
	snprintf(dir, sizeof(dir), "/tmp/initramfs-XXXXXX");
	if (!mkdtemp(dir))
		ksft_exit_fail_msg("no folder: %s\n", strerror(errno));
	snprintf(lib, sizeof(lib), "%s/lib", dir);
	snprintf(stage, sizeof(stage), "%s/stage", dir);
	snprintf(vm.dir, sizeof(vm.dir), "%s", dir);
	for (i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (sh("cd %s && %s", dir, files[i]))
			ksft_exit_fail_msg("cannot make files in %s\n", dir);
	write_conf("hostname n");
	fd = pack();
	if (fd < 0)
		ksft_exit_fail_msg("cannot pack: %s\n", strerror(-fd));
	contents(fd);
	repeats(fd);
	refusals();
	close(fd);
	sh("rm -rf %s", dir);
	ksft_finished();
}
