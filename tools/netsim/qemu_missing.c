// SPDX-License-Identifier: GPL-2.0-only
/*
 * Can this host run QEMU nodes? Asked before a run and by netsim doctor, so it
 * starts nothing: what QEMU exports is read from its table of dynamic symbols.
 */
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qemu.h"

/* A file in memory, whose tables may say anything. */
struct image {
	const char *p;
	size_t len;
	const Elf64_Sym *symbols;
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

static bool find_symbols(struct image *im)
{
	const Elf64_Ehdr *eh = part(im, 0, sizeof(*eh));
	const Elf64_Shdr *sh, *names;
	unsigned int i;

	if (!eh || memcmp(eh->e_ident, ELFMAG, SELFMAG) || eh->e_ident[EI_CLASS] != ELFCLASS64)
		return false;
	sh = part(im, eh->e_shoff, (uint64_t)eh->e_shnum * sizeof(*sh));
	for (i = 0; sh && i < eh->e_shnum; i++) {
		if (sh[i].sh_type != SHT_DYNSYM || sh[i].sh_link >= eh->e_shnum)
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

static bool exports(const struct image *im, const char *name)
{
	size_t i;

	for (i = 0; name && i < im->nr; i++) {
		const Elf64_Sym *s = &im->symbols[i];

		if (s->st_shndx != SHN_UNDEF && s->st_name < im->names_len &&
		    !strcmp(im->names + s->st_name, name))
			return true;
	}
	return false;
}

/* The first symbol that it lacks, "" when it cannot be read, or NULL. */
static const char *lacks(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct image im = { 0 };
	const char *missing = "";
	struct stat st;
	size_t i;
	void *p;

	if (fd < 0)
		return missing;
	p = fstat(fd, &st) ? MAP_FAILED : mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return missing;
	im.p = p;
	im.len = st.st_size;
	if (find_symbols(&im)) {
		missing = NULL;
		for (i = 0; !missing && i < sizeof(qs_symbols) / sizeof(*qs_symbols); i++)
			if (!exports(&im, qs_symbols[i].name) && !exports(&im, qs_symbols[i].older))
				missing = qs_symbols[i].name;
	}
	munmap(p, st.st_size);
	return missing;
}

const char *qemu_missing(const struct ns_boot *boot)
{
	const char *program = qemu_program(), *symbol;
	static char text[256];
	char path[PATH_MAX];

	if (!boot->kernel_x86_64 || access(boot->kernel_x86_64, R_OK))
		return "no x86_64 kernel; build it with: scripts/kernel --arch x86_64 build";
	if (access("/usr/bin/bwrap", X_OK))
		return "no bwrap; install the package bubblewrap";
	if (access(program, X_OK)) {
		snprintf(text, sizeof(text),
			 "no %.120s; install the package qemu-system-x86, or run scripts/qemu-backports",
			 program);
		return text;
	}
	snprintf(path, sizeof(path), "%s/qemu_shim.so", boot->lib ? boot->lib : "");
	if (access(path, R_OK))
		return "no qemu_shim.so beside the init of the nodes; build it with: make tools";
	symbol = lacks(program);
	if (!symbol)
		return NULL;
	snprintf(text, sizeof(text), "%.120s does not export %s; run scripts/qemu-backports",
		 program, *symbol ? symbol : "any function (is it a QEMU?)");
	return text;
}
