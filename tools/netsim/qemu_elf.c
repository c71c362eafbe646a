// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is read from ELF files before a QEMU node starts.
 *
 * Of QEMU: whether it exports what the shim calls. Asked before a run and by
 * netsim doctor, so it starts nothing.
 *
 * Of the kernel: where it measures the APIC's timer. With no other clock at hand
 * it reads the TSC for 100 ms in a loop with PAUSE, at which an emulated CPU leaves
 * its translated code each time: three quarters of the whole boot (2.9 of 4.0 s of
 * CPU). To a single CPU, PAUSE is a NOP; the shim writes NOPs there.
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process.h"
#include "qemu.h"

/* A file in memory, whose tables may say anything. */
struct image {
	const char *p;
	size_t len;
	const struct elf64_hdr *eh;
	const struct elf64_sym *symbols;
	size_t nr;
	const char *names;
	size_t names_len;
};

const char *qemu_program(void)
{
	static const char *const places[] = {
		"/usr/local/bin/qemu-system-x86_64", "/usr/bin/qemu-system-x86_64",
	};
	const char *given = getenv("NETSIM_QEMU");
	size_t i;

	if (given && *given)
		return given;
	for (i = 0; i < sizeof(places) / sizeof(*places) - 1; i++)
		if (!access(places[i], X_OK))
			break;
	return places[i];
}

static const void *part(const struct image *im, uint64_t at, uint64_t len)
{
	return at <= im->len && len <= im->len - at ? im->p + at : NULL;
}

static bool map(struct image *im, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *p = MAP_FAILED;
	struct stat st;

	if (fd < 0)
		return false;
	if (!fstat(fd, &st))
		p = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return false;
	*im = (struct image){ .p = p, .len = st.st_size };
	im->eh = part(im, 0, sizeof(*im->eh));
	if (im->eh && !memcmp(im->eh->e_ident, ELFMAG, SELFMAG) &&
	    im->eh->e_ident[EI_CLASS] == ELFCLASS64)
		return true;
	munmap(p, st.st_size);
	return false;
}

static void unmap(const struct image *im)
{
	munmap((void *)im->p, im->len);
}

/* type: SHT_DYNSYM or SHT_SYMTAB. */
static bool find_symbols(struct image *im, uint32_t type)
{
	const struct elf64_hdr *eh = im->eh;
	const struct elf64_shdr *sh = part(im, eh->e_shoff, (uint64_t)eh->e_shnum * sizeof(*sh));
	const struct elf64_shdr *names;
	unsigned int i;

	for (i = 0; sh && i < eh->e_shnum; i++) {
		if (sh[i].sh_type != type || sh[i].sh_link >= eh->e_shnum)
			continue;
		names = &sh[sh[i].sh_link];
		im->symbols = part(im, sh[i].sh_offset, sh[i].sh_size);
		im->names = part(im, names->sh_offset, names->sh_size);
		im->nr = sh[i].sh_size / sizeof(*im->symbols);
		im->names_len = names->sh_size;
		return im->symbols && im->names && im->names_len &&
		       !im->names[im->names_len - 1];
	}
	return false;
}

static const struct elf64_sym *symbol(const struct image *im, const char *name)
{
	size_t i;

	for (i = 0; name && i < im->nr; i++) {
		const struct elf64_sym *s = &im->symbols[i];

		if (s->st_shndx != SHN_UNDEF && s->st_name < im->names_len &&
		    !strcmp(im->names + s->st_name, name))
			return s;
	}
	return NULL;
}

/* The bytes of a function, and where it is in physical memory. */
static const unsigned char *function(const struct image *im, const char *name, uint64_t *at,
				     uint64_t *len)
{
	const struct elf64_hdr *eh = im->eh;
	const struct elf64_phdr *ph = part(im, eh->e_phoff, (uint64_t)eh->e_phnum * sizeof(*ph));
	const struct elf64_sym *s = symbol(im, name);
	unsigned int i;

	for (i = 0; s && ph && i < eh->e_phnum; i++) {
		uint64_t offset = s->st_value - ph[i].p_vaddr;

		if (ph[i].p_type != PT_LOAD || s->st_value < ph[i].p_vaddr ||
		    offset >= ph[i].p_filesz || s->st_size > ph[i].p_filesz - offset)
			continue;
		*at = ph[i].p_paddr + offset;
		*len = s->st_size;
		return part(im, ph[i].p_offset + offset, s->st_size);
	}
	return NULL;
}

unsigned int qemu_pauses(const char *kernel, uint64_t addresses[QEMU_PAUSES])
{
	static const char *const names[] = { "setup_boot_APIC_clock", "calibrate_APIC_clock" };
	unsigned int i, nr = 0;
	const unsigned char *p;
	uint64_t at, len, j;
	struct image im;

	if (!map(&im, kernel))
		return 0;
	for (i = 0; find_symbols(&im, SHT_SYMTAB) && i < sizeof(names) / sizeof(*names); i++) {
		p = function(&im, names[i], &at, &len);
		for (j = 0; p && j + 1 < len && nr < QEMU_PAUSES; j++)
			if (p[j] == 0xf3 && p[j + 1] == 0x90)
				addresses[nr++] = at + j;
	}
	unmap(&im);
	return nr;
}

/* The first symbol that it lacks, "" when it cannot be read, or NULL. */
static const char *lacks(const char *path)
{
	const char *missing = "";
	struct image im;
	size_t i;

	if (!map(&im, path))
		return missing;
	if (find_symbols(&im, SHT_DYNSYM)) {
		missing = NULL;
		for (i = 0; !missing && i < sizeof(qs_symbols) / sizeof(*qs_symbols); i++)
			if (!symbol(&im, qs_symbols[i].name) && !symbol(&im, qs_symbols[i].older))
				missing = qs_symbols[i].name;
	}
	unmap(&im);
	return missing;
}

const char *qemu_missing(const struct ns_boot *boot)
{
	const char *program = qemu_program(), *lacking, *why;
	static char text[256];
	char path[PATH_MAX];

	if (!boot->kernel_x86_64 || access(boot->kernel_x86_64, R_OK))
		return "no x86_64 kernel; build it with: scripts/kernel --arch x86_64 build";
	why = sandbox_missing();
	if (why)
		return why;
	if (access(program, X_OK)) {
		snprintf(text, sizeof(text),
			 "no %.120s; install the package qemu-system-x86, or run scripts/qemu-backports",
			 program);
		return text;
	}
	snprintf(path, sizeof(path), "%s/qemu_shim.so", boot->lib ? boot->lib : "");
	if (access(path, R_OK))
		return "no qemu_shim.so beside the init of the nodes; build it with: make tools";
	lacking = lacks(program);
	if (!lacking)
		return NULL;
	snprintf(text, sizeof(text), "%.120s does not export %s; run scripts/qemu-backports",
		 program, *lacking ? lacking : "any function (is it a QEMU?)");
	return text;
}
