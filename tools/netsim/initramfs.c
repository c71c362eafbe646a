// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packs what a node finds at its root when it cannot see the host's: PID 1 and
 * GUEST_CONF, the stage (modules and our tools), programs of the host with the
 * libraries that they are linked to, and the little that these expect in /etc.
 *
 * Programs are those that the configuration names, which must be there, a few
 * that every script uses, and whatever word of a command is one, so that most
 * configurations need not name any. Libraries are asked of the host's own loader.
 *
 * The format is cpio "newc" (Documentation/driver-api/early-userspace/buffer-
 * format.rst of the kernel). Entries are sorted by path, owned by root, dated 0
 * and numbered in order, so equal files give equal bytes on any day.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "initramfs.h"
#include "sim.h"

#define LOADER		"/lib64/ld-linux-x86-64.so.2"
#define KERNEL_MIB	24	/* what the kernel itself takes */
#define DEPTH_MAX	16	/* of folders, and of what asks for what */
/* Words of a command end at these. */
#define SEPARATORS	" \t\n;|&()<>`'\"$={}"

struct entry {
	char *path;		/* in the archive, without the first slash */
	char *source;		/* of its content on the host, or NULL */
	const char *text;	/* its content or, of a link, its target */
	mode_t mode;
	unsigned int major, minor;
};

struct archive {
	const char *node, *stage;
	const struct ns_node *cfg;
	struct entry *entries;
	size_t nr, size;
};

static const char *const folders[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
				       "/usr/bin", "/sbin", "/bin" };

/* What scripts use without thinking; taken where the host has them. */
static const char *const common[] = {
	"sh", "ip", "tc", "ss", "ping", "modprobe", "sysctl", "cat", "sleep", "ls", "mkdir",
	"rm", "cp", "mv", "head", "tail", "grep", "sed", "awk", "sort", "wc", "cut", "tr", "seq",
	"date", "dd", "od", "env", "true", "false", "dmesg", "ps", "uname", "hostname", "mount",
	"timeout", "tee", "chmod", "chown", "id",
};

/* Data of the host that programs look for. */
static const char *const data[] = {
	"/etc/protocols", "/etc/services", "/etc/nsswitch.conf", "/etc/host.conf",
	"/etc/gai.conf", "/etc/iproute2", "/usr/share/iproute2", "/usr/lib/tc",
};

static const struct entry fixed[] = {
	{ .path = "bin", .text = "usr/bin", .mode = S_IFLNK | 0777 },
	{ .path = "sbin", .text = "usr/sbin", .mode = S_IFLNK | 0777 },
	{ .path = "lib", .text = "usr/lib", .mode = S_IFLNK | 0777 },
	{ .path = "lib64", .text = "usr/lib64", .mode = S_IFLNK | 0777 },
	{ .path = "dev/console", .mode = S_IFCHR | 0600, .major = 5, .minor = 1 },
	{ .path = "tmp", .mode = S_IFDIR | 01777 },
	{ .path = "root", .mode = S_IFDIR | 0700 },
	{ .path = "usr/sbin", .mode = S_IFDIR | 0755 },
	{ .path = "var/tmp", .mode = S_IFDIR | 01777 },
	{ .path = "etc/passwd", .mode = S_IFREG | 0644,
	  .text = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n" },
	{ .path = "etc/group", .mode = S_IFREG | 0644, .text = "root:x:0:\nnogroup:x:65534:\n" },
};

static int need(struct archive *a, const char *path, unsigned int depth);

static bool in_archive(const struct archive *a, const char *path)
{
	size_t i;

	for (i = 0; i < a->nr; i++)
		if (!strcmp(a->entries[i].path, path))
			return true;
	return false;
}

/* Adds the folders above it too. */
static int add(struct archive *a, const struct entry *e)
{
	struct entry dir = { .mode = S_IFDIR | 0755 };
	char parent[PATH_MAX], *slash;
	struct entry *more;
	int err;

	if (in_archive(a, e->path))
		return 0;
	snprintf(parent, sizeof(parent), "%s", e->path);
	slash = strrchr(parent, '/');
	if (slash) {
		*slash = '\0';
		dir.path = parent;
		err = add(a, &dir);
		if (err)
			return err;
	}
	if (a->nr == a->size) {
		more = realloc(a->entries, (a->size + 256) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		a->entries = more;
		a->size += 256;
	}
	more = &a->entries[a->nr];
	*more = *e;
	more->path = strdup(e->path);
	more->source = e->source ? strdup(e->source) : NULL;
	if (!more->path || (e->source && !more->source)) {
		free(more->path);
		return -ENOMEM;
	}
	a->nr++;
	return 0;
}

/* As seen in a root where /bin, /sbin and /lib* are links into /usr. */
static void place(const char *path, char to[PATH_MAX])
{
	static const char *const merged[] = { "bin/", "sbin/", "lib/", "lib64/" };
	const char *usr = "";
	size_t i;

	while (*path == '/')
		path++;
	for (i = 0; i < sizeof(merged) / sizeof(*merged); i++)
		if (!strncmp(path, merged[i], strlen(merged[i])))
			usr = "usr/";
	snprintf(to, PATH_MAX, "%s%s", usr, path);
}

static int add_file(struct archive *a, const char *source, const char *path, mode_t mode)
{
	char to[PATH_MAX];
	struct entry e = { .path = to, .source = (char *)source,
			   .mode = S_IFREG | (mode & 0111 ? 0755 : 0644) };

	place(path, to);
	return add(a, &e);
}

/* Start the loader on it; what it says comes from the returned file. */
static FILE *ask_loader(const char *path, pid_t *pid)
{
	FILE *f;
	int p[2];

	if (pipe2(p, O_CLOEXEC))
		return NULL;
	f = fdopen(p[0], "r");
	*pid = f ? fork() : -1;
	if (!*pid) {
		dup2(p[1], 1);
		dup2(p[1], 2);
		execl(LOADER, LOADER, "--list", path, NULL);
		_exit(127);
	}
	close(p[1]);
	if (*pid > 0)
		return f;
	if (f)
		fclose(f);
	else
		close(p[0]);
	return NULL;
}

/* One line: "NAME => PATH (ADDRESS)", "PATH (ADDRESS)", or a complaint. */
static int add_library(struct archive *a, const char *of, char *line)
{
	char *name = line + strspn(line, " \t"), *path = strstr(name, " => "), *end;
	struct stat st;

	if (path && !strncmp(path + 4, "not found", 9)) {
		*path = '\0';
		fprintf(stderr, "netsim: node %s: %s needs %s, which is not on this host; %s\n",
			a->node, of, name, "install that library");
		return -ENOENT;
	}
	path = path ? path + 4 : name;
	end = strstr(path, " (0x");
	if (*path != '/' || !end)
		return 0;
	*end = '\0';
	return stat(path, &st) ? -errno : add_file(a, path, path, 0755);
}

static int add_libraries(struct archive *a, const char *path)
{
	char line[PATH_MAX + 256];
	int status, err = 0;
	pid_t pid;
	FILE *f = ask_loader(path, &pid);

	if (!f)
		return -errno;
	while (!err && fgets(line, sizeof(line), f))
		err = add_library(a, path, line);
	fclose(f);
	/* a program that is static makes the loader complain: nothing to add then */
	waitpid(pid, &status, 0);
	return err;
}

static int add_interpreter(struct archive *a, const char *of, const char *name,
			   unsigned int depth)
{
	int err = need(a, name, depth + 1);

	if (err)
		fprintf(stderr, "netsim: node %s: %s needs %s: %s; install it\n", a->node, of,
			name, err == -ENOENT ? "not on this host" : strerror(-err));
	return err;
}

/* What an executable file cannot start without: libraries, or an interpreter. */
static int add_needs(struct archive *a, const char *path, unsigned int depth)
{
	char head[256], *word, *end;
	int err = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	n = read(fd, head, sizeof(head) - 1);
	close(fd);
	if (n < 4)
		return 0;
	head[n] = '\0';
	if (!memcmp(head, "\177ELF", 4))
		return add_libraries(a, path);
	if (memcmp(head, "#!", 2))
		return 0;
	word = head + 2 + strspn(head + 2, " \t");
	end = word + strcspn(word, " \t\n");
	/* #!/usr/bin/env NAME: both */
	if (*end == ' ' && end - word > 4 && !strncmp(end - 4, "/env", 4)) {
		char *name = end + 1;

		name[strcspn(name, " \t\n")] = '\0';
		err = add_interpreter(a, path, name, depth);
	}
	*end = '\0';
	return err ? err : add_interpreter(a, path, word, depth);
}

/* A file, or a folder with all that is in it; `under` is left out of the path. */
static bool same_letter(char a, char b)
{
	return (a == '-' ? '_' : a) == (b == '-' ? '_' : b);
}

static bool named_module(const struct archive *a, const char *name)
{
	size_t len = strcspn(name, "."), j;
	uint32_t i;

	for (i = 0; i < a->cfg->nr_modules; i++) {
		const char *m = a->cfg->modules[i];

		for (j = 0; j < len && same_letter(m[j], name[j]); j++)
			;
		if (j == len && (!m[j] || m[j] == ' '))
			return true;
	}
	return false;
}

/* Of the stage: what only a host needs, and the kernel's modules that nobody named. */
static bool unwanted(const struct archive *a, const char *path)
{
	const char *modules = strstr(path, "/usr/lib/modules/");

	if (strstr(path, "/usr/lib/netsim/"))
		return true;
	return modules && strstr(modules, "/kernel/") &&
	       !named_module(a, strrchr(path, '/') + 1);
}

static int add_tree(struct archive *a, const char *source, size_t under, unsigned int depth)
{
	struct dirent **names = NULL;
	char path[PATH_MAX];
	struct stat st;
	int i, n, err = 0;

	if (depth > DEPTH_MAX)
		return -ELOOP;
	/* a link to a folder leads out of the tree, as lib/modules/RELEASE/build does */
	if (depth && !lstat(source, &st) && S_ISLNK(st.st_mode) &&
	    (stat(source, &st) || !S_ISREG(st.st_mode)))
		return 0;
	if (stat(source, &st))
		return -errno;
	if (S_ISREG(st.st_mode)) {
		const char *name = strrchr(source, '/');

		if (under && unwanted(a, source))
			return 0;
		err = add_file(a, source, source + under, st.st_mode);
		if (!err && (st.st_mode & 0111 || strstr(name, ".so")))
			err = add_needs(a, source, depth);
		return err;
	}
	if (!S_ISDIR(st.st_mode))
		return 0;
	n = scandir(source, &names, NULL, alphasort);
	if (n < 0)
		return -errno;
	for (i = 0; i < n; i++) {
		if (!err && strcmp(names[i]->d_name, ".") && strcmp(names[i]->d_name, "..")) {
			snprintf(path, sizeof(path), "%s/%s", source, names[i]->d_name);
			err = add_tree(a, path, under, depth + 1);
		}
		free(names[i]);
	}
	free(names);
	return err;
}

/* A node has its own there: what lies in them would not be seen. */
static bool covered(const char *path)
{
	static const char *const own[] = { "tmp", "run", "dev", "proc", "sys", "out" };
	size_t i, n;

	for (i = 0; i < sizeof(own) / sizeof(*own); i++) {
		n = strlen(own[i]);
		if (*path == '/' && !strncmp(path + 1, own[i], n) && path[n + 1] == '/')
			return true;
	}
	return false;
}

/* Where this program is, first in the stage; a path is the host's. */
static bool find(const struct archive *a, const char *name, char path[PATH_MAX])
{
	struct stat st;
	size_t i, n = 2 * sizeof(folders) / sizeof(*folders);

	if (*name == '/') {
		snprintf(path, PATH_MAX, "%s", name);
		return !stat(path, &st);
	}
	for (i = *name && a->stage ? 0 : n / 2; *name && i < n; i++) {
		snprintf(path, PATH_MAX, "%s%s/%s", i < n / 2 ? a->stage : "",
			 folders[i % (n / 2)], name);
		if (!stat(path, &st) && S_ISREG(st.st_mode) && st.st_mode & 0111)
			return true;
	}
	return false;
}

/* A program by name, or a file or folder by path. -ENOENT: not there. */
static int need(struct archive *a, const char *name, unsigned int depth)
{
	char path[PATH_MAX], to[PATH_MAX];
	size_t under = 0;

	if (depth > DEPTH_MAX)
		return -ELOOP;
	if (!find(a, name, path))
		return -ENOENT;
	if (a->stage && !strncmp(path, a->stage, strlen(a->stage)))
		under = strlen(a->stage);
	else if (covered(path))
		return -EXDEV;
	place(path + under, to);
	return in_archive(a, to) ? 0 : add_tree(a, path, under, depth);
}

static int add_wanted(struct archive *a, const char *const *names, size_t nr, bool must)
{
	size_t i;
	int err;

	for (i = 0; i < nr; i++) {
		err = need(a, names[i], 0);
		if (!err || (!must && err == -ENOENT))
			continue;
		if (err == -EXDEV)
			fprintf(stderr, "netsim: node %s: cannot pack '%s': %s; %s\n", a->node,
				names[i], "nodes have a folder of their own there",
				"put it elsewhere");
		else
			fprintf(stderr, "netsim: node %s: cannot pack '%s': %s; %s\n", a->node,
				names[i], err == -ENOENT ? "not on this host" : strerror(-err),
				"install it, or correct `programs`");
		return err;
	}
	return 0;
}

/* Every word that is a program, or the path of one. */
static int add_words(struct archive *a, const char *text)
{
	char *copy = strdup(text), *rest = copy, *word, path[PATH_MAX];
	struct stat st;
	int err = copy ? 0 : -ENOMEM;

	while (!err && (word = strsep(&rest, SEPARATORS))) {
		if (!*word || strlen(word) > NAME_MAX || !find(a, word, path))
			continue;
		if (!stat(path, &st) && S_ISREG(st.st_mode) && st.st_mode & 0111)
			err = need(a, word, 0);
		if (err == -EXDEV)
			err = 0;
	}
	free(copy);
	return err;
}

/* Modules and plugins; its programs come as they are asked for. */
static int add_stage(struct archive *a)
{
	char path[PATH_MAX];
	int err;

	if (!a->stage)
		return 0;
	snprintf(path, sizeof(path), "%s/usr/lib", a->stage);
	err = add_tree(a, path, strlen(a->stage), 0);
	return err == -ENOENT && access(path, F_OK) ? 0 : err;
}

static int collect(struct archive *a, const struct ns_vm *vm)
{
	const struct ns_node *cfg = vm->cfg;
	char path[PATH_MAX];
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < sizeof(fixed) / sizeof(*fixed); i++)
		err = add(a, &fixed[i]);
	snprintf(path, sizeof(path), "%s/init", vm->boot->lib);
	if (!err)
		err = add_file(a, path, "init", 0755);
	snprintf(path, sizeof(path), "%s/" GUEST_CONF, vm->dir);
	if (!err)
		err = add_file(a, path, GUEST_CONF, 0644);
	/* the stage first: what it has stands before the host's */
	if (!err)
		err = add_stage(a);
	if (!err)
		err = add_wanted(a, (const char *const *)cfg->programs, cfg->nr_programs, true);
	if (!err)
		err = add_wanted(a, common, sizeof(common) / sizeof(*common), false);
	if (!err)
		err = add_wanted(a, data, sizeof(data) / sizeof(*data), false);
	for (i = 0; !err && i < cfg->nr_setup; i++)
		err = add_words(a, cfg->setup[i]);
	for (i = 0; !err && i < cfg->nr_commands; i++)
		err = add_words(a, cfg->commands[i].run);
	return err;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->path, ((const struct entry *)b)->path);
}

static void pad(FILE *f, size_t len)
{
	while (len++ % 4)
		fputc(0, f);
}

static void put_header(FILE *f, const struct entry *e, unsigned int ino, size_t size)
{
	size_t name = strlen(e->path) + 1;

	/* magic ino mode uid gid nlink mtime size maj min rmaj rmin namesize check */
	fprintf(f, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x%s%c", ino, e->mode,
		0, 0, e->mode ? 1 : 0, 0, size, 0, 0, e->major, e->minor, name, 0,
		e->path, 0);
	pad(f, 110 + name);
}

static int put_file(FILE *f, const struct entry *e, unsigned int ino)
{
	int fd = open(e->source, O_RDONLY | O_CLOEXEC), err = 0;
	void *p = MAP_FAILED;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st)) {
		err = -errno;
		goto out;
	}
	if (st.st_size) {
		p = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (p == MAP_FAILED) {
			err = -errno;
			goto out;
		}
	}
	put_header(f, e, ino, st.st_size);
	if (st.st_size) {
		fwrite(p, st.st_size, 1, f);
		munmap(p, st.st_size);
	}
	pad(f, st.st_size);
out:
	close(fd);
	return err;
}

static int put_entry(FILE *f, const struct entry *e, unsigned int ino)
{
	size_t len = e->text ? strlen(e->text) : 0;

	if (e->source)
		return put_file(f, e, ino);
	put_header(f, e, ino, len);
	fwrite(e->text ?: "", 1, len, f);
	pad(f, len);
	return 0;
}

static int write_archive(const struct archive *a, FILE *f)
{
	static const struct entry last = { .path = (char *)"TRAILER!!!" };
	size_t i;
	int err;

	for (i = 0; i < a->nr; i++) {
		err = put_entry(f, &a->entries[i], i + 1);
		if (err) {
			fprintf(stderr, "netsim: node %s: cannot pack %s: %s\n", a->node,
				a->entries[i].source, strerror(-err));
			return err;
		}
	}
	put_header(f, &last, 0, 0);
	return fflush(f) || ferror(f) ? -EIO : 0;
}

/* While it is unpacked it is there twice, and its copy may take half of the rest. */
static int check_room(const struct archive *a, FILE *f)
{
	uint64_t mib = (ftell(f) >> 20) + 1, least = 3 * mib + KERNEL_MIB;

	if (least <= a->cfg->mem_mib)
		return 0;
	fprintf(stderr, "netsim: node %s: its %llu MiB of programs need memory: %lluMiB\n",
		a->node, (unsigned long long)mib, (unsigned long long)least);
	return -ENOMEM;
}

int ns_initramfs(const struct ns_vm *vm)
{
	struct archive a = {
		.node = vm->cfg->name, .cfg = vm->cfg, .stage = vm->boot->stage_x86_64,
	};
	int fd = memfd_create("initramfs", MFD_CLOEXEC), keep = -1, err;
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	err = f ? collect(&a, vm) : -errno;
	if (!err) {
		qsort(a.entries, a.nr, sizeof(*a.entries), by_path);
		err = write_archive(&a, f) ?: check_room(&a, f);
	}
	if (!err) {
		keep = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (keep < 0)
			err = -errno;
	}
	if (f && fclose(f) && !err)
		err = -EIO;
	while (a.nr) {
		free(a.entries[--a.nr].path);
		free(a.entries[a.nr].source);
	}
	free(a.entries);
	if (err && keep >= 0)
		close(keep);
	return err ? err : keep;
}
