// Some of libmicrohttpd's calls take variable arguments, which Swift cannot call: one function for each use of them.
#pragma once
#include <microhttpd.h>
#include <string.h>

struct cmicrohttpd_limits {
    unsigned int connections;
    // 0 for any number.
    unsigned int connections_per_address;
    unsigned int idle_seconds;
    size_t memory_per_connection;
};

// Leaves text as it is.
static inline size_t cmicrohttpd_keep(void *context, struct MHD_Connection *connection, char *text) {
    (void)context;
    (void)connection;
    return strlen(text);
}

// Starts a server with a thread of its own. The listening socket belongs to it from here on, even if it fails;
// -1 for none. Paths and queries arrive as they were sent: the library would end a path at an encoded NUL.
static inline struct MHD_Daemon *cmicrohttpd_start(
    int listener, struct cmicrohttpd_limits limits, MHD_AccessHandlerCallback handler, void *context) {
    unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC;
    struct MHD_OptionItem listening[] = {{MHD_OPTION_LISTEN_SOCKET, listener, NULL}, {MHD_OPTION_END, 0, NULL}};
    if (listener < 0) {
        flags |= MHD_USE_NO_LISTEN_SOCKET;
        listening[0].option = MHD_OPTION_END;
    }
    return MHD_start_daemon(
        flags, 0, NULL, NULL, handler, context,
        MHD_OPTION_ARRAY, listening,
        MHD_OPTION_CONNECTION_LIMIT, limits.connections,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, limits.connections_per_address,
        MHD_OPTION_CONNECTION_TIMEOUT, limits.idle_seconds,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, limits.memory_per_connection,
        MHD_OPTION_UNESCAPE_CALLBACK, cmicrohttpd_keep, NULL,
        MHD_OPTION_END);
}

// The socket of a connection; -1 if it is not known.
static inline int cmicrohttpd_socket(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *information =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return information ? information->connect_fd : -1;
}
