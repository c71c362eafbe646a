// SPDX-License-Identifier: GPL-2.0
/*
 * First and only process of a user-mode kernel: does the kernel keep the
 * registers of each task? xstate.sh boots it; it prints KTAP and powers off.
 *
 * 1. All vector registers (32 of 512 bits, or 16 of 256) keep their contents
 *    over a system call that switches to other tasks, each with its own.
 * 2. They keep them over a signal whose handler overwrites them all.
 * 3. The signal frame describes itself as a native kernel's does: both magic
 *    words, and no more than an alternate stack of 8192 bytes has room for.
 * 4. A frame with reserved bits set neither kills the kernel nor gets through.
 *
 * Registers are loaded, the system call made and the registers stored in one
 * piece of assembly, so that the compiler has no part in it.
 */
#include <cpuid.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define TASKS		8
#define ROUNDS		200
#define OLD_STACK	8192	/* SIGSTKSZ of programs built long ago */

/* From <asm/sigcontext.h>, which does not go together with the C library's */
#define FP_XSTATE_MAGIC1	0x46505853U
#define FP_XSTATE_MAGIC2	0x46505845U

/* The part of a signal frame's register state that the kernel describes */
struct frame {
	unsigned char legacy[24];
	unsigned int mxcsr;
	unsigned char registers[436];
	unsigned int magic1;
	unsigned int extended_size;
	unsigned long features;
	unsigned int size;
	unsigned int padding[7];
	unsigned long in_use;
	unsigned long reserved[7];
};

static unsigned char in[2048];
static unsigned char out[2048];
static unsigned char other[2048];
static unsigned char stack[OLD_STACK];
static int have_avx512, frame_ok = 1, forge;
static unsigned int frame_bytes;

/* The assembler repeats what follows for each register number n */
#define EACH_OF_16 ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
#define EACH_OF_32 ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19," \
	"20,21,22,23,24,25,26,27,28,29,30,31\n"
#define LOW_CLOBBERS "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", \
	"xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", \
	"xmm15"

__attribute__((target("avx512f")))
static void roundtrip512(const void *from, void *to, long nr, long a, long b)
{
	asm volatile(EACH_OF_32 "vmovdqu64 \\n*64(%[in]), %%zmm\\n\n.endr\n"
		     "syscall\n"
		     EACH_OF_32 "vmovdqu64 %%zmm\\n, \\n*64(%[out])\n.endr\n"
		     : "+a"(nr)
		     : [in] "r"(from), [out] "r"(to), "D"(a), "S"(b)
		     : "rcx", "r11", "memory", LOW_CLOBBERS, "xmm16", "xmm17",
		       "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23",
		       "xmm24", "xmm25", "xmm26", "xmm27", "xmm28", "xmm29",
		       "xmm30", "xmm31");
}

__attribute__((target("avx")))
static void roundtrip256(const void *from, void *to, long nr, long a, long b)
{
	asm volatile(EACH_OF_16 "vmovdqu \\n*32(%[in]), %%ymm\\n\n.endr\n"
		     "syscall\n"
		     EACH_OF_16 "vmovdqu %%ymm\\n, \\n*32(%[out])\n.endr\n"
		     : "+a"(nr)
		     : [in] "r"(from), [out] "r"(to), "D"(a), "S"(b)
		     : "rcx", "r11", "memory", LOW_CLOBBERS);
}

/* Registers that come back otherwise than they went into system call nr */
static int roundtrip(long nr, long a, long b)
{
	size_t size = have_avx512 ? 2048 : 512;

	memset(out, 0, sizeof(out));
	if (have_avx512)
		roundtrip512(in, out, nr, a, b);
	else
		roundtrip256(in, out, nr, a, b);
	return memcmp(in, out, size) != 0;
}

static void on_signal(int sig, siginfo_t *info, void *context)
{
	struct frame *frame = (void *)((ucontext_t *)context)->uc_mcontext.fpregs;
	unsigned char scratch[2048];
	unsigned int magic2 = 0;

	(void)sig;
	(void)info;
	frame_bytes = frame->size;
	if (frame->magic1 == FP_XSTATE_MAGIC1)
		memcpy(&magic2, (char *)frame + frame->size, sizeof(magic2));
	if (magic2 != FP_XSTATE_MAGIC2 || (uintptr_t)frame % 64)
		frame_ok = 0;
	if (forge) {
		frame->reserved[0] = ~0UL;
		frame->in_use = ~0UL;
		frame->mxcsr = ~0U;
	}
	if (have_avx512)
		roundtrip512(other, scratch, SYS_getpid, 0, 0);
	else
		roundtrip256(other, scratch, SYS_getpid, 0, 0);
}

/* One task of many: its registers hold its number */
static int task(int number)
{
	size_t i;
	int n;

	for (i = 0; i < sizeof(in); i++)
		in[i] = (number * 37 + i * 11 + 1);
	for (n = 0; n < ROUNDS; n++) {
		if (roundtrip(SYS_sched_yield, 0, 0))
			return 1;
	}
	for (n = 0; n < ROUNDS; n++) {
		if (roundtrip(SYS_kill, getpid(), SIGUSR1))
			return 2;
	}
	return frame_ok ? 0 : 3;
}

/* Run as many tasks at once; status_of each, and all of these together */
static int run_tasks(int count, int *status_of)
{
	int i, bad = 0;

	for (i = 0; i < count; i++) {
		if (!fork())
			_exit(task(i));
	}
	for (i = 0; i < count; i++) {
		wait(&status_of[i]);
		bad |= status_of[i];
	}
	return bad;
}

static int failed;

static void result(int number, int ok, const char *what)
{
	printf("%sok %d %s\n", ok ? "" : "not ", number, what);
	failed |= !ok;
}

static int any_exit(const int *status, int code)
{
	int i;

	for (i = 0; i < TASKS; i++) {
		if (WIFEXITED(status[i]) && WEXITSTATUS(status[i]) == code)
			return 1;
	}
	return 0;
}

static void setup(void)
{
	struct sigaction action = {
		.sa_sigaction = on_signal,
		.sa_flags = SA_SIGINFO | SA_ONSTACK,
	};
	stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
	unsigned int eax, ebx, ecx, edx;

	setvbuf(stdout, NULL, _IONBF, 0);
	have_avx512 = __builtin_cpu_supports("avx512f");
	memset(other, 0xee, sizeof(other));
	sigaltstack(&alternate, NULL);
	sigaction(SIGUSR1, &action, NULL);
	if (__get_cpuid_count(0xd, 0, &eax, &ebx, &ecx, &edx))
		printf("# XSAVE of this CPU: %u bytes in use, %u at most\n",
		       ebx, ecx);
}

int main(void)
{
	int status[TASKS], bad;

	setup();
	printf("TAP version 13\n");
	if (!__builtin_cpu_supports("avx")) {
		printf("1..0 # SKIP this CPU has no AVX\n");
		reboot(RB_POWER_OFF);
	}
	printf("1..4\n");
	bad = run_tasks(TASKS, status);
	result(1, !any_exit(status, 1) && !(bad & 0x7f),
	       "vector registers survive task switches");
	result(2, !any_exit(status, 2) && !(bad & 0x7f),
	       "vector registers survive a signal handler");
	task(0);
	printf("# signal frame: %u bytes of register state\n", frame_bytes);
	result(3, !bad && frame_ok, "signal frame describes itself");
	forge = 1;
	if (!fork()) {
		kill(getpid(), SIGUSR1);
		_exit(0);
	}
	wait(&bad);
	forge = 0;
	result(4, task(1) == 0, "reserved bits in a frame harm nobody");
	printf("# %s\n", failed ? "FAIL" : "PASS");
	reboot(RB_POWER_OFF);
	return failed;
}
