#pragma once
// What Swift's view of the C library leaves out.
#include <fcntl.h>
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

/// Accepts a connection as a socket that does not block and is closed at `exec`; fills in the address of its other end.
static inline int csystem_accept_from(int listener, struct sockaddr *peer, socklen_t *length) {
    // The C library declares this only for _GNU_SOURCE, which a module map cannot define.
    extern int accept4(int, struct sockaddr *, socklen_t *, int);
    return accept4(listener, peer, length, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

/// The same, whoever is at the other end.
static inline int csystem_accept(int listener) { return csystem_accept_from(listener, 0, 0); }

/// Who was at the other end of a connected Unix socket when it connected; -1 where there is nobody.
static inline int csystem_peer(int descriptor, pid_t *process, uid_t *user) {
    // The C library declares `struct ucred` only for _GNU_SOURCE.
    struct { pid_t process; uid_t user; gid_t group; } peer = {0, (uid_t)-1, (gid_t)-1};
    socklen_t length = sizeof peer;
    int domain = 0;
    socklen_t domain_length = sizeof domain;
    if (getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &domain_length) != 0 || domain != AF_UNIX) return -1;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0 || length != sizeof peer) return -1;
    *process = peer.process;
    *user = peer.user;
    return 0;
}

/// Makes a pipe of which both ends are closed at `exec`.
static inline int csystem_pipe(int ends[2]) {
    extern int pipe2(int[2], int);
    return pipe2(ends, O_CLOEXEC);
}

// What <sched.h> tells only those who ask for GNU's C library.
#ifndef CLONE_NEWNET
#define CLONE_NEWNET 0x40000000
#endif
int unshare(int flags);
int setns(int descriptor, int type);

#include <spawn.h>
#include <stdlib.h>
#include <sys/prctl.h>

/// Makes a program that is to be spawned begin without any descriptor from that number on.
static inline int csystem_close_from(posix_spawn_file_actions_t *actions, int first) {
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

/// No core dump of this process, and no `ptrace` by others of the same user.
static inline int csystem_forbid_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
/// Sets and reads the limit of open files of a process, 0 for this one.
static inline int csystem_limit_open_files(pid_t process, const struct rlimit *limit, struct rlimit *before) {
    extern int prlimit(pid_t, int, const struct rlimit *, struct rlimit *);
    return prlimit(process, RLIMIT_NOFILE, limit, before);
}

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

/// The capabilities of this process from here on: those of the mask and no others, in no other set than these two.
static inline int csystem_set_capabilities(unsigned long long mask) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {
        {(unsigned)mask, (unsigned)mask, 0}, {(unsigned)(mask >> 32), (unsigned)(mask >> 32), 0}};
    return (int)syscall(SYS_capset, &header, data);
}

/// The permitted capabilities of this process.
static inline unsigned long long csystem_capabilities(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};
    if (syscall(SYS_capget, &header, data) != 0) return 0;
    return (unsigned long long)data[1].permitted << 32 | data[0].permitted;
}

/// `prctl(2)` with one argument.
static inline int csystem_prctl(int option, unsigned long argument) { return prctl(option, argument, 0, 0, 0); }
/// Takes a capability out of the bounding set; fails with EINVAL behind the last one that the kernel knows.
static inline int csystem_drop_from_bounding_set(int capability) {
    return prctl(PR_CAPBSET_DROP, (unsigned long)capability, 0, 0, 0);
}
/// Empties the ambient set.
static inline int csystem_clear_ambient(void) { return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); }
/// A descriptor that can be read once the process has ended (Linux 5.3), closed at `exec`.
static inline int csystem_pidfd_open(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }
