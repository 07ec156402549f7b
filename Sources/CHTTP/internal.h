#pragma once
#include "chttp.h"
#include <microhttpd.h>
#include <stdbool.h>
#include <sys/socket.h>

#define CHTTP_TARGET_INLINE_BYTES 128
/// Free room for reading that is kept.
#define CHTTP_FREE_READINGS_MAX 64
/// A body up to this size that arrives whole lies in the server's memory while it is read.
#define CHTTP_BODY_SHARED_BYTES 4096
#define CHTTP_PROBLEM_TYPE "application/problem+json"

/// What a body that is refused may still send before its connection is cut: reading on lets the caller
/// finish sending and read the refusal, where closing at once would reset the connection under it.
#define CHTTP_LINGER_BYTES_MAX (1024 * 1024)

/// Short answers are kept for use again; see response.c.
#define CHTTP_KEPT_RESPONSE_BYTES_MAX 512
#define CHTTP_KEPT_RESPONSES_MAX 1024

typedef struct chttp_kept_response chttp_kept_response;
typedef struct chttp_connection chttp_connection;
typedef struct chttp_shard chttp_shard;

/// A header's value, in libmicrohttpd's memory; NULL when it was not sent.
typedef struct {
    const char *value;
    size_t length;
} chttp_header_value;

/// What is known of a request until it has been handed over. Apart from the request, which may be parked for long.
typedef struct chttp_reading chttp_reading;
struct chttp_reading {
    chttp_reading *next;  ///< The next that is free.
    const char *method;
    char *target;  ///< Owned unless it is `target_inline`.
    size_t target_length;
    char *body;  ///< Owned unless it is the server's `shared_body`; NULL when there is none.
    size_t body_length;
    size_t body_capacity;
    size_t content_length;  ///< As announced; 0 when it was not, or cannot be relied on.
    size_t discarded_bytes;
    chttp_header_value headers[CHTTP_HEADER_COUNT];
    bool headers_seen;
    char target_inline[CHTTP_TARGET_INLINE_BYTES];
};

struct chttp_request {
    chttp_connection *connection;
    chttp_reading *reading;         ///< NULL once it has been handed over.
    chttp_kept_response *response;  ///< What it is answered with, if that is kept.
    void *tag;
    uint16_t refused;  ///< The status it is refused with once its body has been read away, or 0.
    bool active;       ///< Its request line has arrived and it is not over.
    bool handed_over;  ///< The `request` callback has had it.
    bool replied;
    bool parked;
    bool abandoned;
    bool refused_on_socket;  ///< The refusal is written; what still comes is read away.
};

/// One for each connection, made when it starts and freed when it is closed. Requests on a connection come
/// one after the other, so it carries the one there is.
struct chttp_connection {
    chttp_shard *shard;
    struct MHD_Connection *mhd;
    int fd;
    void *address;  ///< Its entry in the count of addresses, or NULL.
    bool watched;  ///< Its descriptor is in the hang-up epoll.
    bool hung_up;
    chttp_request request;
};

struct chttp_shard {
    chttp_server *server;
    struct MHD_Daemon *daemon;
    int epoll_fd;
    uint32_t connections;
    bool pending;
};

struct chttp_server {
    chttp_limits limits;
    chttp_callbacks callbacks;
    chttp_shard **shards;
    uint32_t shard_count;
    uint32_t shard_capacity;
    uint32_t connections;
    uint32_t requests;
    uint32_t pending_shards;
    int hang_up_epoll;
    chttp_kept_response *kept_responses[CHTTP_KEPT_RESPONSE_BYTES_MAX];  ///< Free ones, by length.
    uint32_t kept_response_count;
    char shared_body[CHTTP_BODY_SHARED_BYTES];
    chttp_reading *free_readings;
    uint32_t free_reading_count;
    void *addresses;  ///< Connections counted by IP address, a tree of tsearch(3).
};

/// addresses.c: how many connections each IP address has. Nothing is kept when there is no limit.
bool chttp_addresses_admit(const chttp_server *server, const struct sockaddr_storage *address);
/// The address's entry, to be given to chttp_addresses_remove() once; NULL when it is not counted.
void *chttp_addresses_add(chttp_server *server, const struct sockaddr *address);
void chttp_addresses_remove(chttp_server *server, void *counted);

/// server.c: the shard must run before the loop waits again.
void chttp_mark_pending(chttp_shard *shard);

/// request.c: lets a parked request that has been answered or abandoned go on.
void chttp_resume(chttp_request *request);

/// response.c: the request that was answered with it is over; NULL is none.
void chttp_response_done(chttp_server *server, chttp_kept_response *kept);
void chttp_responses_free(chttp_server *server);

/// connection.c
void chttp_connection_changed(void *server_shard, struct MHD_Connection *mhd, void **socket_context,
                              enum MHD_ConnectionNotificationCode code);
void *chttp_request_line(void *server_shard, const char *target, struct MHD_Connection *mhd);
enum MHD_Result chttp_request_step(void *server_shard, struct MHD_Connection *mhd, const char *url,
                                   const char *method, const char *version, const char *upload,
                                   size_t *upload_size, void **request_context);
void chttp_request_completed(void *server_shard, struct MHD_Connection *mhd, void **request_context,
                             enum MHD_RequestTerminationCode code);
void chttp_readings_free(chttp_server *server);
chttp_connection *chttp_connection_of(struct MHD_Connection *mhd);

/// refusal.c
enum MHD_Result chttp_queue(struct MHD_Connection *mhd, unsigned int status, struct MHD_Response *response);
enum MHD_Result chttp_queue_refusal(chttp_connection *connection, uint16_t status);
void chttp_refuse_on_socket(chttp_server *server, int fd, uint16_t status);
