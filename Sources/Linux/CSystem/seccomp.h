// What a process may ask of the kernel that only talks to strangers over the network (seccomp(2)).

#pragma once

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define CSYSTEM_AUDIT_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define CSYSTEM_AUDIT_ARCH AUDIT_ARCH_AARCH64
#endif

#ifdef CSYSTEM_AUDIT_ARCH

// The lower half of an argument; both architectures are little-endian.
#define CSYSTEM_ARGUMENT(number) (offsetof(struct seccomp_data, args) + 8 * (number))
#define CSYSTEM_LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offset))
#define CSYSTEM_RETURN(action) BPF_STMT(BPF_RET | BPF_K, (action))
#define CSYSTEM_REFUSAL(code) CSYSTEM_RETURN(SECCOMP_RET_ERRNO | (code))
// Skips as many instructions where the accumulator is not that.
#define CSYSTEM_UNLESS(value, skipped) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (skipped))
#define CSYSTEM_REFUSE(number) CSYSTEM_UNLESS(number, 1), CSYSTEM_REFUSAL(EPERM)
// Refuses a call where one argument has any of these bits.
#define CSYSTEM_REFUSE_BITS(number, argument, bits)                                                     \
    CSYSTEM_UNLESS(number, 4), CSYSTEM_LOAD(CSYSTEM_ARGUMENT(argument)),                                \
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), 0, 1), CSYSTEM_REFUSAL(EPERM),                     \
        CSYSTEM_RETURN(SECCOMP_RET_ALLOW)
// Refuses a call unless one argument is that.
#define CSYSTEM_REFUSE_OTHERS(number, argument, value)                                                  \
    CSYSTEM_UNLESS(number, 4), CSYSTEM_LOAD(CSYSTEM_ARGUMENT(argument)), CSYSTEM_UNLESS(value, 1),      \
        CSYSTEM_RETURN(SECCOMP_RET_ALLOW), CSYSTEM_REFUSAL(EPERM)

// The last call that has been looked at: what is newer is not there.
#define CSYSTEM_LAST_CALL 462
#define CSYSTEM_WRITES (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)

/// Leaves the calling thread, and those that it starts, only what it takes to read files and to talk over IPv4 and IPv6:
/// no program, no other process, no signal to another, no file changed, no socket of another family.
///
/// `PR_SET_NO_NEW_PRIVS` has to be set. 0, or the number of the error: ENOSYS where the kernel has no filters.
static inline int csystem_forbid_system_calls(void) {
    // Without filters EINVAL, with them EFAULT: a filter that the kernel does not take must not look like none to be had.
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) != 0 && errno == EINVAL) return ENOSYS;
    struct sock_filter filter[] = {
        CSYSTEM_LOAD(offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CSYSTEM_AUDIT_ARCH, 1, 0),
        CSYSTEM_REFUSAL(EPERM),
        CSYSTEM_LOAD(offsetof(struct seccomp_data, nr)),
        // Calls of x32 too.
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, CSYSTEM_LAST_CALL, 0, 1),
        CSYSTEM_REFUSAL(ENOSYS),
        // Sockets.
        CSYSTEM_UNLESS(SYS_socket, 6),
        CSYSTEM_LOAD(CSYSTEM_ARGUMENT(0)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 1, 0),
        CSYSTEM_UNLESS(AF_NETLINK, 1),
        CSYSTEM_RETURN(SECCOMP_RET_ALLOW),
        CSYSTEM_REFUSAL(EPERM),
        // A pair of datagram sockets could be sent from to a socket with a path; libcurl wakes itself by a pair of streams.
        CSYSTEM_UNLESS(SYS_socketpair, 6), CSYSTEM_LOAD(CSYSTEM_ARGUMENT(0)), CSYSTEM_UNLESS(AF_UNIX, 3),
        CSYSTEM_LOAD(CSYSTEM_ARGUMENT(1)), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xF),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SOCK_STREAM, 1, 0), CSYSTEM_REFUSAL(EPERM),
        // Files are only read. The arguments of newer calls are out of sight.
#ifdef SYS_open
        CSYSTEM_REFUSE_BITS(SYS_open, 1, CSYSTEM_WRITES),
        CSYSTEM_REFUSE(SYS_creat), CSYSTEM_REFUSE(SYS_unlink), CSYSTEM_REFUSE(SYS_rename), CSYSTEM_REFUSE(SYS_link),
        CSYSTEM_REFUSE(SYS_symlink), CSYSTEM_REFUSE(SYS_mkdir), CSYSTEM_REFUSE(SYS_rmdir), CSYSTEM_REFUSE(SYS_mknod),
        CSYSTEM_REFUSE(SYS_chmod), CSYSTEM_REFUSE(SYS_chown), CSYSTEM_REFUSE(SYS_lchown), CSYSTEM_REFUSE(SYS_utime),
        CSYSTEM_REFUSE(SYS_utimes), CSYSTEM_REFUSE(SYS_futimesat), CSYSTEM_REFUSE(SYS_fork), CSYSTEM_REFUSE(SYS_vfork),
        CSYSTEM_REFUSE(SYS_iopl), CSYSTEM_REFUSE(SYS_ioperm), CSYSTEM_REFUSE(SYS_modify_ldt),
#endif
#ifdef SYS_renameat
        CSYSTEM_REFUSE(SYS_renameat),
#endif
        CSYSTEM_REFUSE_BITS(SYS_openat, 2, CSYSTEM_WRITES),
        CSYSTEM_UNLESS(437 /* openat2 */, 1), CSYSTEM_REFUSAL(ENOSYS),
        CSYSTEM_REFUSE(SYS_unlinkat), CSYSTEM_REFUSE(SYS_renameat2), CSYSTEM_REFUSE(SYS_linkat),
        CSYSTEM_REFUSE(SYS_symlinkat), CSYSTEM_REFUSE(SYS_mkdirat), CSYSTEM_REFUSE(SYS_mknodat),
        CSYSTEM_REFUSE(SYS_truncate), CSYSTEM_REFUSE(SYS_ftruncate), CSYSTEM_REFUSE(SYS_fchmod),
        CSYSTEM_REFUSE(SYS_fchmodat), CSYSTEM_REFUSE(452 /* fchmodat2 */), CSYSTEM_REFUSE(SYS_fchown),
        CSYSTEM_REFUSE(SYS_fchownat), CSYSTEM_REFUSE(SYS_utimensat), CSYSTEM_REFUSE(SYS_setxattr),
        CSYSTEM_REFUSE(SYS_lsetxattr), CSYSTEM_REFUSE(SYS_fsetxattr), CSYSTEM_REFUSE(SYS_removexattr),
        CSYSTEM_REFUSE(SYS_lremovexattr), CSYSTEM_REFUSE(SYS_fremovexattr), CSYSTEM_REFUSE(SYS_fallocate),
        CSYSTEM_REFUSE(SYS_name_to_handle_at), CSYSTEM_REFUSE(SYS_open_by_handle_at), CSYSTEM_REFUSE(SYS_chroot),
        CSYSTEM_REFUSE(SYS_pivot_root), CSYSTEM_REFUSE(SYS_mount), CSYSTEM_REFUSE(SYS_umount2),
        CSYSTEM_REFUSE(428 /* open_tree */), CSYSTEM_REFUSE(429 /* move_mount */), CSYSTEM_REFUSE(430 /* fsopen */),
        CSYSTEM_REFUSE(442 /* mount_setattr */),
        // No program, no other process; threads are its own.
        CSYSTEM_REFUSE(SYS_execve), CSYSTEM_REFUSE(SYS_execveat),
        CSYSTEM_UNLESS(435 /* clone3 */, 1), CSYSTEM_REFUSAL(ENOSYS),
        CSYSTEM_UNLESS(SYS_clone, 4), CSYSTEM_LOAD(CSYSTEM_ARGUMENT(0)),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0), CSYSTEM_REFUSAL(EPERM),
        CSYSTEM_RETURN(SECCOMP_RET_ALLOW),
        CSYSTEM_REFUSE(SYS_unshare), CSYSTEM_REFUSE(SYS_setns), CSYSTEM_REFUSE(SYS_kill), CSYSTEM_REFUSE(SYS_tkill),
        CSYSTEM_REFUSE_OTHERS(SYS_tgkill, 0, (unsigned)getpid()),
        CSYSTEM_REFUSE(SYS_rt_sigqueueinfo), CSYSTEM_REFUSE(SYS_rt_tgsigqueueinfo),
        CSYSTEM_REFUSE(424 /* pidfd_send_signal */), CSYSTEM_REFUSE(434 /* pidfd_open */),
        CSYSTEM_REFUSE(438 /* pidfd_getfd */), CSYSTEM_REFUSE(440 /* process_madvise */),
        CSYSTEM_REFUSE(448 /* process_mrelease */), CSYSTEM_REFUSE(SYS_ptrace), CSYSTEM_REFUSE(SYS_process_vm_readv),
        CSYSTEM_REFUSE(SYS_process_vm_writev), CSYSTEM_REFUSE(SYS_kcmp), CSYSTEM_REFUSE(SYS_setpriority),
        CSYSTEM_REFUSE(SYS_sched_setscheduler), CSYSTEM_REFUSE(SYS_sched_setparam), CSYSTEM_REFUSE(SYS_sched_setattr),
        CSYSTEM_REFUSE(SYS_ioprio_set), CSYSTEM_REFUSE(SYS_migrate_pages), CSYSTEM_REFUSE(SYS_move_pages),
        CSYSTEM_REFUSE_OTHERS(SYS_prlimit64, 0, 0),
        // A descriptor's news sent to another process is a signal too: F_SETOWN, F_SETSIG, F_SETOWN_EX.
        CSYSTEM_UNLESS(SYS_fcntl, 6), CSYSTEM_LOAD(CSYSTEM_ARGUMENT(1)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 8, 2, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 10, 1, 0),
        CSYSTEM_UNLESS(15, 1), CSYSTEM_REFUSAL(EPERM), CSYSTEM_RETURN(SECCOMP_RET_ALLOW),
        // FIOSETOWN and SIOCSPGRP.
        CSYSTEM_UNLESS(SYS_ioctl, 5), CSYSTEM_LOAD(CSYSTEM_ARGUMENT(1)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x8901, 1, 0), CSYSTEM_UNLESS(0x8902, 1), CSYSTEM_REFUSAL(EPERM),
        CSYSTEM_RETURN(SECCOMP_RET_ALLOW),
        // What the kernel's own faults mostly are found in, and what is the host's.
        CSYSTEM_REFUSE(SYS_bpf), CSYSTEM_REFUSE(SYS_perf_event_open), CSYSTEM_REFUSE(SYS_userfaultfd),
        CSYSTEM_REFUSE(425 /* io_uring_setup */), CSYSTEM_REFUSE(SYS_add_key), CSYSTEM_REFUSE(SYS_request_key),
        CSYSTEM_REFUSE(SYS_keyctl), CSYSTEM_REFUSE(SYS_init_module), CSYSTEM_REFUSE(SYS_finit_module),
        CSYSTEM_REFUSE(SYS_delete_module), CSYSTEM_REFUSE(SYS_kexec_load), CSYSTEM_REFUSE(SYS_reboot),
        CSYSTEM_REFUSE(SYS_swapon), CSYSTEM_REFUSE(SYS_swapoff), CSYSTEM_REFUSE(SYS_sethostname),
        CSYSTEM_REFUSE(SYS_setdomainname), CSYSTEM_REFUSE(SYS_settimeofday), CSYSTEM_REFUSE(SYS_clock_settime),
        CSYSTEM_REFUSE(SYS_adjtimex), CSYSTEM_REFUSE(SYS_clock_adjtime), CSYSTEM_REFUSE(SYS_acct),
        CSYSTEM_REFUSE(SYS_quotactl), CSYSTEM_REFUSE(SYS_syslog), CSYSTEM_REFUSE(SYS_personality),
        CSYSTEM_RETURN(SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof(filter) / sizeof(filter[0]), .filter = filter};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0 ? 0 : errno;
}

#else

/// Filters are for x86-64 and 64-bit ARM.
static inline int csystem_forbid_system_calls(void) { return ENOSYS; }

#endif
