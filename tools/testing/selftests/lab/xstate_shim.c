// SPDX-License-Identifier: GPL-2.0
/*
 * Make any host look, to a user-mode kernel, like one with large extended
 * register state (AMX), through LD_PRELOAD over ptrace().
 *
 * Of the NT_X86_XSTATE register set a host writes as much as the caller has
 * room for and says how much that was, but takes it back in full size only
 * and answers anything shorter with EFAULT. So does the shim, with a size of
 * XSTATE_SHIM_SIZE bytes (11008 where it is not set: what hosts with AMX have).
 *
 * The bytes past the host's real state are filled with a pattern at each read
 * and must come back whole, or as zeros (which is how a signal frame that left
 * them out restores them). Any buffer on the way that is too small, or shared
 * with something else, breaks the pattern: the write then fails with EIO.
 *
 * Built as a shared object; no allocation, since a user-mode kernel replaces
 * malloc().
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

#define AMX_XSTATE_SIZE	11008
#define MAX_XSTATE_SIZE	65536

typedef long ptrace_fn(int request, pid_t pid, void *addr, void *data);

static unsigned char state[MAX_XSTATE_SIZE];
static size_t shim_size;

static ptrace_fn *host_ptrace(void)
{
	static ptrace_fn *fn;
	const char *size;

	if (!fn) {
		fn = (ptrace_fn *)dlsym(RTLD_NEXT, "ptrace");
		size = getenv("XSTATE_SHIM_SIZE");
		shim_size = size ? strtoul(size, NULL, 0) : AMX_XSTATE_SIZE;
		if (shim_size > sizeof(state))
			shim_size = sizeof(state);
	}
	return fn;
}

/* Read the real state into state[]; its size, or 0 and errno */
static size_t host_state(ptrace_fn *fn, pid_t pid)
{
	struct iovec iov = { state, sizeof(state) };

	if (fn(PTRACE_GETREGSET, pid, (void *)NT_X86_XSTATE, &iov) < 0)
		return 0;
	return iov.iov_len;
}

static long get_state(ptrace_fn *fn, pid_t pid, struct iovec *iov)
{
	size_t real = host_state(fn, pid);

	if (!real)
		return -1;
	if (real < shim_size)
		memset(state + real, pid & 0x7f ?: 1, shim_size - real);
	else
		shim_size = real;
	if (iov->iov_len > shim_size)
		iov->iov_len = shim_size;
	memcpy(iov->iov_base, state, iov->iov_len);
	return 0;
}

static long set_state(ptrace_fn *fn, pid_t pid, const struct iovec *iov)
{
	struct iovec head = { iov->iov_base, 0 };
	const unsigned char *bytes = iov->iov_base;
	size_t i;

	head.iov_len = host_state(fn, pid);
	if (!head.iov_len)
		return -1;
	if (iov->iov_len != shim_size) {
		errno = EFAULT;
		return -1;
	}
	for (i = head.iov_len + 1; i < shim_size; i++) {
		if (bytes[i] == bytes[head.iov_len])
			continue;
		fprintf(stderr, "xstate_shim: byte %zu of %zu was lost\n", i,
			shim_size);
		errno = EIO;
		return -1;
	}
	return fn(PTRACE_SETREGSET, pid, (void *)NT_X86_XSTATE, &head);
}

/* Its prototype names an enum that differs between C libraries */
long ptrace(enum __ptrace_request request, ...)
{
	ptrace_fn *fn = host_ptrace();
	void *addr, *data;
	va_list ap;
	pid_t pid;

	va_start(ap, request);
	pid = va_arg(ap, pid_t);
	addr = va_arg(ap, void *);
	data = va_arg(ap, void *);
	va_end(ap);

	if (addr == (void *)NT_X86_XSTATE && request == PTRACE_GETREGSET)
		return get_state(fn, pid, data);
	if (addr == (void *)NT_X86_XSTATE && request == PTRACE_SETREGSET)
		return set_state(fn, pid, data);
	return fn(request, pid, addr, data);
}
