#define _GNU_SOURCE
#include "internal.h"
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// libmicrohttpd has no option for what it does with headers, nor for how it answers what it refuses itself (with
// pages of HTML). But it calls two of its own functions through their dynamic symbols, and these stand here in
// their place. Both return what the library's own return, so that it goes on as it would without them.
//
// - MHD_set_connection_value_n keeps a header, an argument, a cookie or a trailer. Of them only the headers that
//   the library itself looks at are passed on: when the memory for all the others ran out, in the middle of
//   arguments or cookies, 0.9.75 would answer and go on reading in a state that is not meant for it.
// - MHD_queue_response is given the project's problem+json in place of the page.
//
// A library built with -Bsymbolic-functions calls its own, and 1.0 keeps most headers in another way: then
// connection.c looks at the headers when they are whole, and the pages stay the library's. 0.9.75 writes the head of
// some of them twice, before it closes the connection.

typedef enum MHD_Result (*queue_function)(struct MHD_Connection *, unsigned int, struct MHD_Response *);
typedef enum MHD_Result (*keep_function)(struct MHD_Connection *, enum MHD_ValueKind, const char *, size_t,
                                         const char *, size_t);

/// What the hooks have seen of the self-test's request.
static _Thread_local struct {
    bool running, header, refusal;
} test;

bool chttp_library_is_strict;
bool chttp_library_asks;

enum MHD_Result chttp_queue_response(struct MHD_Connection *mhd, unsigned int status,
                                     struct MHD_Response *response) {
    static queue_function queue;
    if (!queue) queue = (queue_function)dlsym(RTLD_NEXT, "MHD_queue_response");
    return queue ? queue(mhd, status, response) : MHD_NO;
}

static enum MHD_Result keep(struct MHD_Connection *mhd, enum MHD_ValueKind kind, const char *name,
                            size_t name_length, const char *value, size_t length) {
    static keep_function keep;
    if (!keep) keep = (keep_function)dlsym(RTLD_NEXT, "MHD_set_connection_value_n");
    return keep ? keep(mhd, kind, name, name_length, value, length) : MHD_NO;
}

static chttp_refusal refusal_of(unsigned int status) {
    switch (status) {
    case MHD_HTTP_CONTENT_TOO_LARGE: return CHTTP_REFUSAL_BODY_TOO_LARGE;
    case MHD_HTTP_URI_TOO_LONG: return CHTTP_REFUSAL_TARGET_TOO_LONG;
    case MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE: return CHTTP_REFUSAL_HEADERS_TOO_LARGE;
    case MHD_HTTP_INTERNAL_SERVER_ERROR: return CHTTP_REFUSAL_INTERNAL;
    case MHD_HTTP_HTTP_VERSION_NOT_SUPPORTED: return CHTTP_REFUSAL_VERSION;
    default: return CHTTP_REFUSAL_MALFORMED;
    }
}

enum MHD_Result MHD_queue_response(struct MHD_Connection *mhd, unsigned int status,
                                   struct MHD_Response *response) {
    test.refusal |= test.running;
    chttp_connection *connection = test.running ? NULL : chttp_connection_of(mhd);
    if (!connection) return chttp_queue_response(mhd, status, response);
    connection->refused = true;
    struct MHD_Response *ours = chttp_refusal_response(connection->shard->server, refusal_of(status));
    return chttp_queue_response(mhd, status, ours ? ours : response);
}

enum MHD_Result MHD_set_connection_value_n(struct MHD_Connection *mhd, enum MHD_ValueKind kind, const char *name,
                                           size_t name_length, const char *value, size_t length) {
    test.header |= test.running;
    if (kind != MHD_HEADER_KIND) return MHD_YES;
    chttp_connection *connection = test.running ? NULL : chttp_connection_of(mhd);
    if (!connection || !connection->request.reading) return keep(mhd, kind, name, name_length, value, length);
    char *bytes = (char *)(uintptr_t)value;
    if (!chttp_head_header(connection->request.reading, name, name_length, bytes, &length)) return MHD_YES;
    return keep(mhd, kind, name, name_length, value, length);
}

// MARK: Do they work?

static enum MHD_Result ignore(void *context, struct MHD_Connection *mhd, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **request) {
    (void)context, (void)mhd, (void)url, (void)method, (void)version, (void)upload, (void)upload_size, (void)request;
    return MHD_NO;
}

/// A request that the library refuses after it has kept a header.
static void try_request(struct MHD_Daemon *daemon) {
    static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n";
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) return;
    struct sockaddr address = {.sa_family = AF_UNIX};
    // The daemon closes its socket, also when it does not take it.
    if (write(pair[1], request, sizeof request - 1) > 0) {
        if (MHD_add_connection(daemon, pair[0], &address, sizeof address) == MHD_YES)
            for (int i = 0; i < 8; i++) MHD_run(daemon);
    } else {
        close(pair[0]);
    }
    close(pair[1]);
}

static void look(void) {
    chttp_library_is_strict = MHD_get_version()[0] != '0';
    struct MHD_Daemon *daemon =
        MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL, ignore, NULL, MHD_OPTION_END);
    if (!daemon) return;
    test.running = true;
    try_request(daemon);
    test.running = false;
    MHD_stop_daemon(daemon);
    chttp_library_asks = test.refusal && (test.header || chttp_library_is_strict);
}

void chttp_look_at_library(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, look);
}

int chttp_library_hooks_work(void) {
    chttp_look_at_library();
    return chttp_library_asks;
}
