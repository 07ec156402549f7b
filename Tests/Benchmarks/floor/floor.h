/// What the two floor programs share: libmicrohttpd in external epoll mode, on one thread, with the limits
/// that ticketlockd gives it.
#pragma once
#include <arpa/inet.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

static inline struct MHD_Response *floor_response(const char *body) {
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(body), (void *)(uintptr_t)body, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    return response;
}

static inline struct MHD_Daemon *floor_start(const char *port, MHD_AccessHandlerCallback answer) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)atoi(port)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, answer, NULL, MHD_OPTION_SOCK_ADDR, &address,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)11264, MHD_OPTION_CONNECTION_LIMIT, 40000u,
        MHD_OPTION_CONNECTION_TIMEOUT, 60u, MHD_OPTION_LISTEN_BACKLOG_SIZE, 4096u, MHD_OPTION_END);
    if (!daemon) exit(69);
    return daemon;
}

static inline void floor_wait(struct MHD_Daemon *daemon) {
    MHD_UNSIGNED_LONG_LONG milliseconds = 0;
    int has_timeout = MHD_get_timeout(daemon, &milliseconds) == MHD_YES;
    struct pollfd descriptor = {.events = POLLIN};
    descriptor.fd = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    poll(&descriptor, 1, has_timeout ? (int)milliseconds : -1);
}
