#define _GNU_SOURCE
#include "internal.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

chttp_connection *chttp_connection_of(struct MHD_Connection *mhd) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static void start(chttp_shard *shard, struct MHD_Connection *mhd, void **socket_context) {
    chttp_connection *connection = calloc(1, sizeof *connection);
    if (!connection) return;  // Its first request is then refused in chttp_request_line().
    connection->shard = shard;
    connection->mhd = mhd;
    connection->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    connection->request.connection = connection;
    connection->address = chttp_addresses_add(
        shard->server, MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
    struct epoll_event event = {.events = EPOLLRDHUP | EPOLLET, .data.ptr = connection};
    connection->watched = epoll_ctl(shard->server->hang_up_epoll, EPOLL_CTL_ADD, connection->fd, &event) == 0;
    shard->connections++;
    shard->server->connections++;
    *socket_context = connection;
}

void chttp_connection_changed(void *server_shard, struct MHD_Connection *mhd, void **socket_context,
                              enum MHD_ConnectionNotificationCode code) {
    chttp_shard *shard = server_shard;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        start(shard, mhd, socket_context);
        return;
    }
    chttp_connection *connection = *socket_context;
    if (!connection) return;
    // Closing the descriptor takes it out of the hang-up epoll only later; events already read there must
    // not find a freed connection.
    if (connection->watched)
        epoll_ctl(shard->server->hang_up_epoll, EPOLL_CTL_DEL, connection->fd, NULL);
    chttp_addresses_remove(shard->server, connection->address);
    shard->connections--;
    shard->server->connections--;
    free(connection);
}

static chttp_reading *begin_reading(chttp_server *server, const char *target) {
    chttp_reading *reading = server->free_readings;
    if (reading) {
        server->free_readings = reading->next;
        server->free_reading_count--;
    } else {
        reading = malloc(sizeof *reading);
        if (!reading) return NULL;
    }
    memset(reading, 0, offsetof(chttp_reading, target_inline));
    reading->target_length = target ? strlen(target) : 0;
    reading->target = reading->target_inline;
    if (reading->target_length >= CHTTP_TARGET_INLINE_BYTES) reading->target = malloc(reading->target_length + 1);
    if (!reading->target) {
        free(reading);
        return NULL;
    }
    if (target) memcpy(reading->target, target, reading->target_length);
    reading->target[reading->target_length] = 0;
    return reading;
}

static void end_reading(chttp_request *request) {
    chttp_server *server = request->connection->shard->server;
    chttp_reading *reading = request->reading;
    if (!reading) return;
    request->reading = NULL;
    if (reading->target != reading->target_inline) free(reading->target);
    if (reading->body != server->shared_body) free(reading->body);
    if (server->free_reading_count >= CHTTP_FREE_READINGS_MAX) {
        free(reading);
        return;
    }
    reading->next = server->free_readings;
    server->free_readings = reading;
    server->free_reading_count++;
}

void chttp_readings_free(chttp_server *server) {
    while (server->free_readings) {
        chttp_reading *reading = server->free_readings;
        server->free_readings = reading->next;
        free(reading);
    }
}

void *chttp_request_line(void *server_shard, const char *target, struct MHD_Connection *mhd) {
    chttp_shard *shard = server_shard;
    chttp_connection *connection = chttp_connection_of(mhd);
    chttp_reading *reading = connection ? begin_reading(shard->server, target) : NULL;
    if (!reading) return NULL;
    connection->request = (chttp_request){.connection = connection, .reading = reading, .active = true};
    shard->server->requests++;
    return &connection->request;
}

void chttp_request_completed(void *server_shard, struct MHD_Connection *mhd, void **request_context,
                             enum MHD_RequestTerminationCode code) {
    chttp_shard *shard = server_shard;
    chttp_request *request = *request_context;
    (void)mhd;
    if (!request || !request->active) return;
    if (request->handed_over)
        shard->server->callbacks.finished(shard->server->callbacks.context, request,
                                          code == MHD_REQUEST_TERMINATED_COMPLETED_OK && !request->abandoned);
    chttp_response_done(shard->server, request->response);
    end_reading(request);
    request->active = false;
    shard->server->requests--;
    *request_context = NULL;
}

/// The headers that matter: those that can be asked for, and three that say what becomes of the body.
enum { CONTENT_LENGTH = CHTTP_HEADER_COUNT, TRANSFER_ENCODING, EXPECT, WANTED_COUNT };

static const struct {
    const char *name;
    size_t length;
} wanted[WANTED_COUNT] = {
    [CHTTP_HEADER_CONTENT_TYPE] = {"Content-Type", 12},
    [CHTTP_HEADER_IDEMPOTENCY_KEY] = {"Idempotency-Key", 15},
    [CONTENT_LENGTH] = {"Content-Length", 14},
    [TRANSFER_ENCODING] = {"Transfer-Encoding", 17},
    [EXPECT] = {"Expect", 6},
};

/// Keeps the first header of each wanted name: one walk over them where libmicrohttpd's look-up takes four.
static enum MHD_Result see_header(void *context, enum MHD_ValueKind kind, const char *name, size_t name_length,
                                  const char *value, size_t length) {
    chttp_header_value *found = context;
    (void)kind;
    for (size_t i = 0; i < WANTED_COUNT; i++) {
        if (wanted[i].length != name_length || strncasecmp(wanted[i].name, name, name_length) != 0) continue;
        if (!found[i].value) found[i] = (chttp_header_value){value, length};
        break;
    }
    return MHD_YES;
}

/// Headers are whole: refuses what need not be read, and says what becomes of the body.
static enum MHD_Result see_headers(chttp_request *request, struct MHD_Connection *mhd, const char *method) {
    chttp_server *server = request->connection->shard->server;
    chttp_reading *reading = request->reading;
    reading->headers_seen = true;
    reading->method = method;
    size_t header_bytes = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size;
    if (header_bytes > server->limits.header_bytes_max)
        return chttp_queue_refusal(request->connection, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE);
    chttp_header_value found[WANTED_COUNT] = {0};
    MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, see_header, found);
    memcpy(reading->headers, found, sizeof reading->headers);
    const char *length = found[CONTENT_LENGTH].value;
    // libmicrohttpd has already refused a Content-Length that is not a number.
    unsigned long long content_length = length ? strtoull(length, NULL, 10) : 0;
    // A body in chunks has the length they add up to, whatever else is announced.
    reading->content_length = found[TRANSFER_ENCODING].value ? 0 : (size_t)content_length;
    if (content_length <= server->limits.body_bytes_max) return MHD_YES;
    if (found[EXPECT].value)
        return chttp_queue_refusal(request->connection, MHD_HTTP_CONTENT_TOO_LARGE);
    request->refused = MHD_HTTP_CONTENT_TOO_LARGE;
    return MHD_YES;
}

/// Room for `length` more bytes of the body. One that is whole is handed over before any other request moves, so
/// all may use the same memory for it.
static bool reserve(chttp_server *server, chttp_reading *reading, size_t length) {
    size_t wanted = reading->body_length + length;
    if (wanted <= reading->body_capacity) return true;
    if (!reading->body && length == reading->content_length && length <= CHTTP_BODY_SHARED_BYTES) {
        reading->body = server->shared_body;
        reading->body_capacity = length;
        return true;
    }
    size_t capacity = reading->body_capacity * 2 > wanted ? reading->body_capacity * 2 : wanted;
    char *grown = realloc(reading->body, capacity);
    if (!grown) return false;
    reading->body = grown;
    reading->body_capacity = capacity;
    return true;
}

/// Takes a piece of the body, or reads it away when the request is refused.
static enum MHD_Result take_body(chttp_request *request, const char *bytes, size_t *size) {
    chttp_server *server = request->connection->shard->server;
    chttp_reading *reading = request->reading;
    size_t length = *size, total = reading->body_length + length;
    *size = 0;
    if (!request->refused && total > server->limits.body_bytes_max)
        request->refused = MHD_HTTP_CONTENT_TOO_LARGE;
    if (!request->refused && !reserve(server, reading, length)) request->refused = MHD_HTTP_SERVICE_UNAVAILABLE;
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
        chttp_refuse_on_socket(server, request->connection->fd, request->refused);
    }
    return reading->discarded_bytes > CHTTP_LINGER_BYTES_MAX ? MHD_NO : MHD_YES;
}

/// The request is whole: hands it over, and parks it when it comes back without an answer.
static enum MHD_Result hand_over(chttp_request *request, struct MHD_Connection *mhd) {
    chttp_connection *connection = request->connection;
    chttp_server *server = connection->shard->server;
    if (request->abandoned || request->refused_on_socket) return MHD_NO;
    if (request->refused) return chttp_queue_refusal(connection, request->refused);
    request->handed_over = true;
    server->callbacks.request(server->callbacks.context, request);
    end_reading(request);
    if (request->abandoned) return MHD_NO;
    if (request->replied) return MHD_YES;
    request->parked = true;
    MHD_suspend_connection(mhd);
    if (connection->hung_up) server->callbacks.hung_up(server->callbacks.context, request);
    return MHD_YES;
}

enum MHD_Result chttp_request_step(void *server_shard, struct MHD_Connection *mhd, const char *url,
                                   const char *method, const char *version, const char *upload,
                                   size_t *upload_size, void **request_context) {
    (void)server_shard, (void)url, (void)version;
    chttp_request *request = *request_context;
    if (!request) return MHD_NO;
    if (request->reading && !request->reading->headers_seen) return see_headers(request, mhd, method);
    if (*upload_size > 0) return take_body(request, upload, upload_size);
    return hand_over(request, mhd);
}
