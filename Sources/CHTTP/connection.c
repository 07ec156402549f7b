#define _GNU_SOURCE
#include "internal.h"
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

/// What a body that is refused may still send before its connection is cut: reading on lets the caller finish
/// sending and read the refusal.
#define DISCARDED_BYTES_MAX (1024 * 1024)

/// The one whose request line came last, which is the one that is mostly asked for.
static _Thread_local chttp_connection *latest;

chttp_connection *chttp_connection_of(struct MHD_Connection *mhd) {
    if (latest && latest->mhd == mhd) return latest;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

// MARK: Connections

static void start(chttp_shard *shard, struct MHD_Connection *mhd, void **socket_context) {
    chttp_server *server = shard->server;
    chttp_connection *connection = calloc(1, sizeof *connection);
    if (!connection) return;  // Its first request is then refused in chttp_request_line().
    connection->shard = shard;
    connection->mhd = mhd;
    connection->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    connection->request.connection = connection;
    connection->address = chttp_addresses_add(
        server, MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = connection};
    connection->watched = epoll_ctl(server->hang_up_epoll, EPOLL_CTL_ADD, connection->fd, &event) == 0;
    connection->armed = connection->watched;
    server->armed += connection->armed;
    shard->connections++;
    server->connections++;
    chttp_queue_move(connection, &server->fresh);
    *socket_context = connection;
}

/// libmicrohttpd says nothing when a request line has no blank in it: it just closes the connection. This is what
/// closes one on which no request has begun, though its caller is there and has not been idle for too long.
static bool closes_without_a_word(const chttp_connection *connection) {
    const chttp_server *server = connection->shard->server;
    // Without being asked it is not known whether the library has answered something itself.
    return chttp_library_asks && connection->queue && !connection->request.active &&
           !connection->answered_last && !connection->refused &&
           !connection->hung_up && !connection->ended &&
           server->now - connection->idle_since < (int64_t)server->limits.idle_timeout_seconds * 1000 &&
           !chttp_caller_is_gone(&connection->request);
}

static void end(chttp_connection *connection) {
    chttp_server *server = connection->shard->server;
    if (closes_without_a_word(connection)) {
        connection->refused = true;
        chttp_refuse_on_socket(server, connection->fd, CHTTP_REFUSAL_MALFORMED);
    }
    // Closing the descriptor takes it out of the hang-up epoll only later; events already read there must
    // not find a freed connection.
    if (connection->watched) epoll_ctl(server->hang_up_epoll, EPOLL_CTL_DEL, connection->fd, NULL);
    server->armed -= connection->armed;
    // Another descriptor of the socket would keep it in there, with a pointer to what is gone.
    if (connection->in_shard_epoll)
        epoll_ctl(connection->shard->epoll_fd, EPOLL_CTL_DEL, connection->fd, NULL);
    if (connection->shard->on_trial == connection) connection->shard->on_trial = NULL;
    bool is_early = connection->refused || (connection->answered_last && chttp_unread_bytes(connection->fd) > 0);
    if (is_early && !connection->hung_up && !connection->ended) chttp_linger_after(server, connection->fd);
    if (connection->ended) server->ended--;
    chttp_queue_move(connection, NULL);
    chttp_addresses_remove(server, connection->address);
    connection->shard->connections--;
    server->connections--;
    if (latest == connection) latest = NULL;
    free(connection);
}

void chttp_connection_changed(void *server_shard, struct MHD_Connection *mhd, void **socket_context,
                              enum MHD_ConnectionNotificationCode code) {
    chttp_shard *shard = server_shard;
    shard->moved = true;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        start(shard, mhd, socket_context);
    } else if (*socket_context) {
        end(*socket_context);
    }
}

// MARK: Requests

void *chttp_request_line(void *server_shard, const char *target, struct MHD_Connection *mhd) {
    chttp_shard *shard = server_shard;
    shard->moved = true;
    chttp_connection *connection = chttp_connection_of(mhd);
    if (!connection || connection->ended || !target) return NULL;
    chttp_reading *reading = chttp_reading_begin(shard->server);
    if (!reading) return NULL;
    latest = connection;
    connection->request = (chttp_request){.connection = connection, .reading = reading, .active = true};
    chttp_queues_request_begins(connection);
    // The memory is the library's own, which has just written to it and will again.
    chttp_head_line(reading, (char *)(uintptr_t)target);
    return &connection->request;
}

void chttp_request_completed(void *server_shard, struct MHD_Connection *mhd, void **request_context,
                             enum MHD_RequestTerminationCode code) {
    chttp_shard *shard = server_shard;
    chttp_server *server = shard->server;
    chttp_request *request = *request_context;
    (void)mhd;
    shard->moved = true;
    if (!request || !request->active) return;
    if (request->handed_over) {
        server->requests--;
        server->callbacks.finished(server->callbacks.context, request,
                                   code == MHD_REQUEST_TERMINATED_COMPLETED_OK && !request->abandoned);
    }
    if (request->parked) server->parked--;
    chttp_response_done(server, request->response);
    chttp_reading_end(server, request->reading);
    request->reading = NULL;
    request->active = request->parked = false;
    request->connection->answered = true;
    request->connection->answered_last =
        request->closes || request->may_close || request->connection->refused ||
        code != MHD_REQUEST_TERMINATED_COMPLETED_OK;
    if (!request->connection->ended) chttp_queue_move(request->connection, &server->fresh);
    *request_context = NULL;
}

static enum MHD_Result walk_header(void *context, enum MHD_ValueKind kind, const char *name, size_t name_length,
                                   const char *value, size_t length) {
    (void)kind;
    chttp_head_header(context, name, name_length, (char *)(uintptr_t)value, &length);
    return MHD_YES;
}

/// Headers are whole: refuses what need not be read, and says what becomes of the body.
static enum MHD_Result see_headers(chttp_request *request, struct MHD_Connection *mhd, const char *method,
                                   const char *version) {
    chttp_connection *connection = request->connection;
    chttp_server *server = connection->shard->server;
    chttp_reading *reading = request->reading;
    reading->headers_seen = true;
    reading->method = method;
    // They have been looked at as they came, unless the loaded library does not ask.
    if (!reading->saw_header) MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, walk_header, reading);
    size_t header_bytes = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size;
    if (header_bytes > server->limits.header_bytes_max)
        return chttp_refuse(connection, CHTTP_REFUSAL_HEADERS_TOO_LARGE);
    chttp_refusal refusal = chttp_head_end(reading, method, version, method + header_bytes);
    if (refusal != CHTTP_REFUSAL_NONE) return chttp_refuse(connection, refusal);
    // Where chunks begin and end is seen by the library only, which takes LF for CR LF there. What another reader
    // of the same bytes may take for the next request is not read.
    request->closes = reading->framing[CHTTP_FRAMING_TRANSFER_ENCODING].value != NULL;
    request->may_close = reading->may_close;
    const char *length = reading->framing[CHTTP_FRAMING_CONTENT_LENGTH].value;
    reading->content_length = length ? (size_t)strtoull(length, NULL, 10) : 0;
    if (reading->content_length <= server->limits.body_bytes_max) return MHD_YES;
    if (reading->framing[CHTTP_FRAMING_EXPECT].value) return chttp_refuse(connection, CHTTP_REFUSAL_BODY_TOO_LARGE);
    request->refused = CHTTP_REFUSAL_BODY_TOO_LARGE;
    return MHD_YES;
}

/// Takes a piece of the body, or reads it away when the request is refused.
static enum MHD_Result take_body(chttp_request *request, const char *bytes, size_t *size) {
    chttp_connection *connection = request->connection;
    chttp_server *server = connection->shard->server;
    chttp_reading *reading = request->reading;
    size_t length = *size, total = reading->body_length + length;
    *size = 0;
    if (!request->refused && total > server->limits.body_bytes_max)
        request->refused = CHTTP_REFUSAL_BODY_TOO_LARGE;
    if (!request->refused && !chttp_reading_reserve(server, reading, length))
        request->refused = CHTTP_REFUSAL_INTERNAL;
    if (!request->refused) {
        memcpy(reading->body + reading->body_length, bytes, length);
        reading->body_length = total;
        return MHD_YES;
    }
    reading->discarded_bytes += length;
    // A body that goes on is answered before its end, past libmicrohttpd, which cannot; then it is read
    // away for a while, and at last cut off.
    if (!request->refused_on_socket && reading->discarded_bytes > server->limits.body_bytes_max) {
        request->refused_on_socket = true;
        chttp_refuse_on_socket(server, connection->fd, request->refused);
    }
    return reading->discarded_bytes > DISCARDED_BYTES_MAX ? MHD_NO : MHD_YES;
}

/// The request is whole: hands it over, and parks it when it comes back without an answer.
static enum MHD_Result hand_over(chttp_request *request, struct MHD_Connection *mhd) {
    chttp_connection *connection = request->connection;
    chttp_server *server = connection->shard->server;
    if (request->abandoned || request->refused_on_socket || connection->ended) return MHD_NO;
    if (request->refused) return chttp_refuse(connection, request->refused);
    request->handed_over = true;
    server->requests++;
    chttp_queue_move(connection, NULL);
    server->callbacks.request(server->callbacks.context, request);
    chttp_reading_end(server, request->reading);
    request->reading = NULL;
    if (request->abandoned) return MHD_NO;
    if (request->replied) return MHD_YES;
    request->parked = true;
    server->parked++;
    MHD_suspend_connection(mhd);
    if (connection->hung_up) server->callbacks.hung_up(server->callbacks.context, request);
    return MHD_YES;
}

enum MHD_Result chttp_request_step(void *server_shard, struct MHD_Connection *mhd, const char *url,
                                   const char *method, const char *version, const char *upload,
                                   size_t *upload_size, void **request_context) {
    (void)url;
    ((chttp_shard *)server_shard)->moved = true;
    chttp_request *request = *request_context;
    if (!request) return MHD_NO;
    if (request->reading && !request->reading->headers_seen) return see_headers(request, mhd, method, version);
    if (!upload) return hand_over(request, mhd);
    // With Expect and no body, what stands behind the request is offered as a body of no bytes.
    return *upload_size > 0 ? take_body(request, upload, upload_size) : MHD_YES;
}
