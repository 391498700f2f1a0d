/* Preloaded into the user-mode kernel on processors with AMX.
 *
 * That kernel keeps 2,696 bytes of a process's floating-point state, all there was before AMX, and hands as many to
 * ptrace(PTRACE_SETREGSET, NT_X86_XSTATE). The host takes nothing but the whole state (xstateregs_set in
 * arch/x86/kernel/fpu/regset.c), 11,008 bytes with AMX, so the kernel died before its first process. Here the rest is
 * added as zeros: tiles that no process has asked for are in their initial state.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

static _Alignas(64) char whole[64 << 10];

/* The bytes of all states that the host has switched on; 0 if unknown. */
static size_t size_of_whole(void)
{
	unsigned int a, size, c, d;

	return __get_cpuid_count(0xd, 0, &a, &size, &c, &d) && size <= sizeof(whole) ? size : 0;
}

/* Not on the stack: the user-mode kernel's are small. It has one processor, so there is one call at a time. */
static const struct iovec *padded(const struct iovec *part)
{
	static struct iovec padded;

	padded = (struct iovec) { whole, size_of_whole() };
	if (part->iov_len >= padded.iov_len)
		return part;
	memcpy(whole, part->iov_base, part->iov_len);
	memset(whole + part->iov_len, 0, padded.iov_len - part->iov_len);
	return &padded;
}

long ptrace(enum __ptrace_request request, ...)
{
	static long (*next)(enum __ptrace_request, ...);
	va_list arguments;

	va_start(arguments, request);
	int process = va_arg(arguments, int);
	void *address = va_arg(arguments, void *);
	void *data = va_arg(arguments, void *);
	va_end(arguments);

	if (!next)
		next = dlsym(RTLD_NEXT, "ptrace");
	if (request == PTRACE_SETREGSET && (long)address == NT_X86_XSTATE)
		data = (void *)padded(data);
	return next(request, process, address, data);
}
