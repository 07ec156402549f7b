#define _GNU_SOURCE
#include "internal.h"
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>

uint16_t chttp_refusal_status(chttp_refusal refusal) {
    switch (refusal) {
    case CHTTP_REFUSAL_TRANSFER_ENCODING_UNKNOWN: return MHD_HTTP_NOT_IMPLEMENTED;
    case CHTTP_REFUSAL_TIMEOUT: return MHD_HTTP_REQUEST_TIMEOUT;
    case CHTTP_REFUSAL_BODY_TOO_LARGE: return MHD_HTTP_CONTENT_TOO_LARGE;
    case CHTTP_REFUSAL_TARGET_TOO_LONG: return MHD_HTTP_URI_TOO_LONG;
    case CHTTP_REFUSAL_HEADERS_TOO_LARGE: return MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
    case CHTTP_REFUSAL_INTERNAL: return MHD_HTTP_INTERNAL_SERVER_ERROR;
    case CHTTP_REFUSAL_SHUTTING_DOWN:
    case CHTTP_REFUSAL_CONNECTIONS: return MHD_HTTP_SERVICE_UNAVAILABLE;
    case CHTTP_REFUSAL_VERSION: return MHD_HTTP_HTTP_VERSION_NOT_SUPPORTED;
    default: return MHD_HTTP_BAD_REQUEST;
    }
}

static const void *body_of(chttp_server *server, chttp_refusal refusal, size_t *length) {
    return server->callbacks.refusal(server->callbacks.context, refusal, length);
}

struct MHD_Response *chttp_refusal_response(chttp_server *server, chttp_refusal refusal) {
    // Made once: a refusal costs whoever sends nonsense more than it costs here.
    struct MHD_Response **made = &server->refusals[refusal];
    size_t length = 0;
    const void *body = body_of(server, refusal, &length);
    if (*made) return *made;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(length, (void *)(uintptr_t)body, MHD_RESPMEM_PERSISTENT);
    if (!response) return NULL;
    bool whole = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, CHTTP_PROBLEM_TYPE) == MHD_YES &&
                 MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES;
    if (whole && chttp_refusal_status(refusal) == MHD_HTTP_SERVICE_UNAVAILABLE)
        whole = MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1") == MHD_YES;
    if (!whole) {
        MHD_destroy_response(response);
        return NULL;
    }
    return *made = response;
}

void chttp_refusals_free(chttp_server *server) {
    for (int i = 0; i < CHTTP_REFUSAL_COUNT; i++)
        if (server->refusals[i]) MHD_destroy_response(server->refusals[i]);
}

enum MHD_Result chttp_refuse(chttp_connection *connection, chttp_refusal refusal) {
    struct MHD_Response *response = chttp_refusal_response(connection->shard->server, refusal);
    connection->refused = true;
    return response ? chttp_queue_response(connection->mhd, chttp_refusal_status(refusal), response) : MHD_NO;
}

void chttp_refuse_on_socket(chttp_server *server, int fd, chttp_refusal refusal) {
    uint16_t status = chttp_refusal_status(refusal);
    size_t length = 0;
    const void *body = body_of(server, refusal, &length);
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
}
