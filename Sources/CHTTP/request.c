#define _GNU_SOURCE
#include "internal.h"
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>

const char *chttp_method(const chttp_request *request) { return request->reading->method; }

const char *chttp_target(const chttp_request *request, size_t *length) {
    *length = request->reading->target_length;
    return request->reading->target;
}

const char *chttp_header(const chttp_request *request, chttp_header_name name, size_t *length) {
    *length = request->reading->headers[name].length;
    return request->reading->headers[name].value;
}

const void *chttp_body(const chttp_request *request, size_t *length) {
    *length = request->reading->body_length;
    return request->reading->body;
}

void *chttp_tag(const chttp_request *request) { return request->tag; }
void chttp_set_tag(chttp_request *request, void *tag) { request->tag = tag; }

void chttp_peer(const chttp_request *request, char *text, size_t size) {
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof address;
    char host[INET6_ADDRSTRLEN], port[8];
    text[0] = 0;
    if (getpeername(request->connection->fd, (struct sockaddr *)&address, &length) != 0) return;
    if (address.ss_family == AF_UNIX) {
        struct ucred peer;
        length = sizeof peer;
        if (getsockopt(request->connection->fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0)
            snprintf(text, size, "uid %u, pid %d", (unsigned)peer.uid, (int)peer.pid);
        return;
    }
    if (getnameinfo((struct sockaddr *)&address, length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return;
    snprintf(text, size, address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

int chttp_host_is_local(const chttp_request *request) { return request->reading->host_is_local; }

int chttp_may_wait(const chttp_request *request) {
    const chttp_server *server = request->connection->shard->server;
    return server->parked < server->limits.connections_max - server->limits.connections_reserved;
}

int chttp_caller_is_gone(const chttp_request *request) {
    if (request->connection->hung_up) return 1;
    struct pollfd descriptor = {.fd = request->connection->fd, .events = POLLRDHUP};
    return poll(&descriptor, 1, 0) == 1 && (descriptor.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

void chttp_resume(chttp_request *request) {
    if (!request->parked) return;
    chttp_mark_pending(request->connection->shard);
    MHD_resume_connection(request->connection->mhd);
}

void chttp_abandon(chttp_request *request) {
    if (request->replied || request->abandoned) return;
    request->abandoned = true;
    chttp_resume(request);
}
