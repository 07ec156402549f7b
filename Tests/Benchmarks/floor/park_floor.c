/// The floor of a hand-over: bare libmicrohttpd with one lock, whose callers it parks and resumes in order.
/// park_floor PORT ACQUIRE_BODY FINISH_BODY
#include "floor.h"
#include <stdbool.h>

#define CALLERS_MAX 65536

static struct MHD_Response *acquired, *finished;
static struct MHD_Connection *parked[CALLERS_MAX];
static unsigned first, last;
static bool is_held, has_resumed;

static enum MHD_Result acquire(struct MHD_Connection *connection) {
    if (!is_held) {
        is_held = true;
        return MHD_queue_response(connection, MHD_HTTP_CREATED, acquired);
    }
    MHD_suspend_connection(connection);
    parked[last++ % CALLERS_MAX] = connection;
    return MHD_YES;
}

static enum MHD_Result finish(struct MHD_Connection *connection) {
    is_held = first != last;
    if (is_held) {
        struct MHD_Connection *next = parked[first++ % CALLERS_MAX];
        MHD_queue_response(next, MHD_HTTP_CREATED, acquired);
        MHD_resume_connection(next);
        has_resumed = true;
    }
    return MHD_queue_response(connection, MHD_HTTP_OK, finished);
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **seen) {
    (void)context, (void)method, (void)version, (void)upload;
    if (!*seen) {
        *seen = &acquired;
        return MHD_YES;
    }
    if (*upload_size > 0) {
        *upload_size = 0;
        return MHD_YES;
    }
    return strcmp(url, "/v1/acquire") == 0 ? acquire(connection) : finish(connection);
}

int main(int count, char **arguments) {
    if (count != 4) return 64;
    acquired = floor_response(arguments[2]);
    finished = floor_response(arguments[3]);
    struct MHD_Daemon *daemon = floor_start(arguments[1], answer);
    for (;;) {
        if (!has_resumed) floor_wait(daemon);
        has_resumed = false;
        MHD_run(daemon);
    }
}
