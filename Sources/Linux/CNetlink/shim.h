#pragma once
// libnl opens sockets, sets their options and resolves families; the kernel's own headers name the rest.
#include <linux/genetlink.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip_vs.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>

// The C library declares this only for _GNU_SOURCE, which a module map cannot define.
struct cnetlink_mmsghdr {
    struct msghdr msg_hdr;
    unsigned int msg_len;
};

/// Receives up to two datagrams, one into each of two messages, without waiting for the second.
static inline int cnetlink_receive_two(int descriptor, struct cnetlink_mmsghdr *messages) {
    extern int recvmmsg(int, struct cnetlink_mmsghdr *, unsigned int, int, void *);
    return recvmmsg(descriptor, messages, 2, MSG_TRUNC | 0x10000 /* MSG_WAITFORONE */, 0);
}
