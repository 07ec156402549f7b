/// The floor: bare libmicrohttpd that gives every request the same bytes. floor PORT ISSUE_BODY CLEANUP_BODY
#include "floor.h"

static struct MHD_Response *issued, *cleaned;

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **seen) {
    (void)context, (void)method, (void)version, (void)upload;
    if (!*seen) {
        *seen = &issued;
        return MHD_YES;
    }
    if (*upload_size > 0) {
        *upload_size = 0;
        return MHD_YES;
    }
    if (strcmp(url, "/v1/cleanup") == 0) return MHD_queue_response(connection, MHD_HTTP_OK, cleaned);
    return MHD_queue_response(connection, MHD_HTTP_CREATED, issued);
}

int main(int count, char **arguments) {
    if (count != 4) return 64;
    issued = floor_response(arguments[2]);
    cleaned = floor_response(arguments[3]);
    struct MHD_Daemon *daemon = floor_start(arguments[1], answer);
    for (;;) {
        floor_wait(daemon);
        MHD_run(daemon);
    }
}
