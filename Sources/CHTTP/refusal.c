#define _GNU_SOURCE
#include "internal.h"
#include <dlfcn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>

// libmicrohttpd answers what it refuses itself (a malformed request line, headers too large) with pages of
// HTML, and has no option to change them. It queues them through the dynamic symbol MHD_queue_response, so
// defining that symbol here, in the executable, puts the project's problem+json in their place.

typedef enum MHD_Result (*queue_function)(struct MHD_Connection *, unsigned int, struct MHD_Response *);

enum MHD_Result chttp_queue(struct MHD_Connection *mhd, unsigned int status, struct MHD_Response *response) {
    static queue_function queue;
    if (!queue) queue = (queue_function)dlsym(RTLD_NEXT, "MHD_queue_response");
    return queue ? queue(mhd, status, response) : MHD_NO;
}

enum MHD_Result chttp_queue_refusal(chttp_connection *connection, uint16_t status) {
    chttp_server *server = connection->shard->server;
    size_t length = 0;
    const void *body = server->callbacks.refusal(server->callbacks.context, status, &length);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(length, (void *)(uintptr_t)body, MHD_RESPMEM_PERSISTENT);
    if (!response) return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, CHTTP_PROBLEM_TYPE);
    if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    enum MHD_Result result = chttp_queue(connection->mhd, status, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result MHD_queue_response(struct MHD_Connection *mhd, unsigned int status,
                                   struct MHD_Response *response) {
    chttp_connection *connection = chttp_connection_of(mhd);
    if (!connection) return chttp_queue(mhd, status, response);
    // Written past libmicrohttpd, which after some of its refusals goes on with the request and sends its
    // headers twice; told that nothing was queued, it closes the connection. Answers go out in order, so
    // none can be under way here.
    chttp_refuse_on_socket(connection->shard->server, connection->fd, (uint16_t)status);
    return MHD_NO;
}

void chttp_refuse_on_socket(chttp_server *server, int fd, uint16_t status) {
    size_t length = 0;
    const void *body = server->callbacks.refusal(server->callbacks.context, status, &length);
    char head[256];
    int head_length = snprintf(head, sizeof head,
                               "HTTP/1.1 %u %s\r\nConnection: close\r\n%sContent-Type: " CHTTP_PROBLEM_TYPE
                               "\r\nContent-Length: %zu\r\n\r\n",
                               status, MHD_get_reason_phrase_for(status),
                               status == MHD_HTTP_SERVICE_UNAVAILABLE ? "Retry-After: 1\r\n" : "", length);
    struct iovec parts[] = {{head, (size_t)head_length}, {(void *)(uintptr_t)body, length}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    // An empty socket buffer takes this whole; a caller that cannot take it gets the closed connection.
    (void)!sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    shutdown(fd, SHUT_WR);
    // What the caller has sent already is read, since closing over unread bytes resets the connection and
    // takes the refusal from the caller.
    char scrap[4096];
    for (int i = 0; i < 16 && recv(fd, scrap, sizeof scrap, MSG_DONTWAIT) > 0; i++) {
    }
}
