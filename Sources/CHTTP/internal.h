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

/// Short answers are kept for use again; see response.c.
#define CHTTP_KEPT_RESPONSE_BYTES_MAX 512
#define CHTTP_KEPT_RESPONSES_MAX 1024

typedef struct chttp_kept_response chttp_kept_response;
typedef struct chttp_connection chttp_connection;
typedef struct chttp_shard chttp_shard;

/// The headers that say where the request ends.
enum { CHTTP_FRAMING_CONTENT_LENGTH, CHTTP_FRAMING_TRANSFER_ENCODING, CHTTP_FRAMING_EXPECT, CHTTP_FRAMING_COUNT };

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
    const char *line;       ///< The request target in libmicrohttpd's memory.
    const char *next_line;  ///< Where the line after the last that was seen must begin.
    char *target;           ///< Owned unless it is `target_inline`.
    size_t target_length;
    const char *authority;  ///< Of a target that is a whole URL; in libmicrohttpd's memory, or NULL.
    size_t authority_length;
    char *body;  ///< Owned unless it is the server's `shared_body`; NULL when there is none.
    size_t body_length;
    size_t body_capacity;
    size_t content_length;  ///< As announced; 0 when it was not, or cannot be relied on.
    size_t discarded_bytes;
    chttp_header_value headers[CHTTP_HEADER_COUNT];
    chttp_header_value framing[CHTTP_FRAMING_COUNT];
    chttp_refusal wrong;  ///< The first thing that is wrong with the head.
    bool host_is_local;  ///< Its Host is an IP address, or a name without a dot.
    bool may_close;      ///< As the request's.
    bool saw_header;    ///< The library has told of one as it came.
    bool headers_seen;  ///< They are whole.
    char target_inline[CHTTP_TARGET_INLINE_BYTES];
};

struct chttp_request {
    chttp_connection *connection;
    chttp_reading *reading;         ///< NULL once it has been handed over.
    chttp_kept_response *response;  ///< What it is answered with, if that is kept.
    void *tag;
    uint8_t refused;   ///< The chttp_refusal it gets once its body has been read away, or none.
    bool active;       ///< Its request line has arrived and it is not over.
    bool handed_over;  ///< The `request` callback has had it.
    bool replied;
    bool parked;
    bool abandoned;
    bool closes;             ///< Its connection ends with its answer.
    bool may_close;          ///< Perhaps it does, if libmicrohttpd understands the Connection header so.
    bool refused_on_socket;  ///< The refusal is written; what still comes is read away.
};

/// Connections in the order in which they came to be so, the longest so first.
typedef struct {
    chttp_connection *first, *last;
} chttp_queue;

/// One for each connection, made when it starts and freed when it is closed. Requests on a connection come
/// one after the other, so it carries the one there is.
struct chttp_connection {
    chttp_shard *shard;
    struct MHD_Connection *mhd;
    void *address;  ///< Its entry in the count of addresses, or NULL.
    chttp_queue *queue;  ///< The one it is in, or NULL; see queues.c.
    chttp_connection *next, *previous;
    int64_t since;  ///< Milliseconds, of the server's clock, at which it came into its queue.
    int64_t idle_since;  ///< The same, at which it was accepted or answered.
    int fd;
    bool watched;  ///< Its descriptor is in the hang-up epoll.
    bool armed;    ///< And there its first byte is looked for, too.
    bool hung_up;
    bool refused;  ///< A refusal was its last answer, so it lingers.
    bool answered_last;  ///< It ends with the answer that it has had.
    bool ended;    ///< It was shut down here; libmicrohttpd will close it.
    bool in_shard_epoll;  ///< See stuck.c.
    bool answered;        ///< At least once.
    chttp_request request;
};

struct chttp_shard {
    chttp_server *server;
    struct MHD_Daemon *daemon;
    int epoll_fd;
    uint32_t connections;
    uint32_t fruitless_runs;  ///< In a row, after which it wanted to run again at once.
    chttp_connection *on_trial;  ///< See stuck.c; NULL once it is gone.
    bool pending;
    bool moved;  ///< Something has happened in this run.
};

/// A socket that is only read from until its end; see linger.c.
typedef struct {
    int fd;
    bool answered;
    size_t bytes;
    int64_t until;
} chttp_lingering;

struct chttp_server {
    chttp_limits limits;
    chttp_callbacks callbacks;
    chttp_shard **shards;
    uint32_t shard_count;
    uint32_t shard_capacity;
    uint32_t connections;
    uint32_t ended;  ///< Of the connections, those that will be closed.
    uint32_t requests;
    uint32_t parked;
    uint32_t armed;  ///< Connections whose first byte is looked for.
    uint32_t pending_shards;
    bool draining;
    int64_t due;  ///< When something is overdue, in milliseconds of the same clock; at the latest.
    int64_t now;  ///< Milliseconds of the monotonic clock, as of the last look.
    chttp_queue fresh, idle, unfinished;
    int hang_up_epoll;
    chttp_kept_response *kept_responses[CHTTP_KEPT_RESPONSE_BYTES_MAX];  ///< Free ones, by length.
    uint32_t kept_response_count;
    struct MHD_Response *refusals[CHTTP_REFUSAL_COUNT];
    char keep_alive[32];  ///< The Keep-Alive header's value.
    char shared_body[CHTTP_BODY_SHARED_BYTES];
    chttp_reading *free_readings;
    uint32_t free_reading_count;
    void *addresses;  ///< Connections counted by IP address, a tree of tsearch(3).
    chttp_lingering lingering[CHTTP_LINGERING_MAX];
    uint32_t lingering_count;
};

/// addresses.c: how many connections each IP address has. Nothing is kept when there is no limit.
bool chttp_addresses_admit(const chttp_server *server, const struct sockaddr_storage *address);
/// The address's entry, to be given to chttp_addresses_remove() once; NULL when it is not counted.
void *chttp_addresses_add(chttp_server *server, const struct sockaddr *address);
void chttp_addresses_remove(chttp_server *server, void *counted);

/// server.c: the shard must run before the loop waits again.
void chttp_mark_pending(chttp_shard *shard);
/// Takes a connection that was to be refused and has sent something, if there is a place for it now.
bool chttp_take_after_all(chttp_server *server, int fd);
/// Runs libmicrohttpd once; whether it wants to run again at once, and in how many milliseconds otherwise (-1: never).
bool chttp_run_once(chttp_shard *shard, int64_t *milliseconds);
/// Looks at the clock.
void chttp_look_at_clock(chttp_server *server);

/// head.c: request line and headers, checked as they come (RFC 9112).
void chttp_head_line(chttp_reading *reading, char *target);
/// Returns whether libmicrohttpd needs to know of the header. Takes the blanks at the end of its value away.
bool chttp_head_header(chttp_reading *reading, const char *name, size_t name_length, char *value,
                       size_t *value_length);
/// The head is whole, `end` is what follows it. Returns what is wrong with it, or none.
chttp_refusal chttp_head_end(chttp_reading *reading, const char *method, const char *version, const char *end);

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
chttp_connection *chttp_connection_of(struct MHD_Connection *mhd);

/// reading.c
chttp_reading *chttp_reading_begin(chttp_server *server);
void chttp_reading_end(chttp_server *server, chttp_reading *reading);
void chttp_readings_free(chttp_server *server);
/// Room for `length` more bytes of the body; false without memory.
bool chttp_reading_reserve(chttp_server *server, chttp_reading *reading, size_t length);

/// library.c
enum MHD_Result chttp_queue_response(struct MHD_Connection *mhd, unsigned int status,
                                     struct MHD_Response *response);
/// Whether the library that is loaded is strict about lines and framing by itself, as 1.0 is; whether it asks library.c
/// for what it keeps and how it refuses. Both are found out by chttp_look_at_library(), once.
extern bool chttp_library_is_strict;
extern bool chttp_library_asks;
void chttp_look_at_library(void);

/// refusal.c
enum MHD_Result chttp_refuse(chttp_connection *connection, chttp_refusal refusal);
/// What stands for a refusal of libmicrohttpd's own; the server's. NULL without memory.
struct MHD_Response *chttp_refusal_response(chttp_server *server, chttp_refusal refusal);
/// Writes a refusal past libmicrohttpd, where it cannot: on a socket that carries plain text, if it has space.
void chttp_refuse_on_socket(chttp_server *server, int fd, chttp_refusal refusal);
void chttp_refusals_free(chttp_server *server);

/// queues.c: connections that wait for a request, or for its end.
void chttp_queue_move(chttp_connection *connection, chttp_queue *queue);
/// Ends what is overdue; when something will be, or INT64_MAX.
int64_t chttp_queues_sweep(chttp_server *server);
/// A request line has arrived.
void chttp_queues_request_begins(chttp_connection *connection);
/// An idle connection has begun to send.
void chttp_queues_first_byte(chttp_connection *connection);
/// Ends the connection that has been idle for longest, or has not finished its request. False: there is none.
/// `for_request`: the new one has sent something.
bool chttp_queues_make_room(chttp_server *server, bool for_request);
/// Shuts the connection down, with a refusal if there is to be one; libmicrohttpd closes it when it runs.
void chttp_end(chttp_connection *connection, chttp_refusal refusal);

/// stuck.c: the shard wants to run at once again and again, though nothing happens. Ends the requests that make it.
void chttp_end_stuck(chttp_shard *shard);

/// linger.c: how many bytes have arrived that nobody has read.
int chttp_unread_bytes(int fd);
/// Takes a socket for which there is no place. Once it has sent something it gets one after all, if there is one by then;
/// else it is answered with CHTTP_REFUSAL_CONNECTIONS, and closed in the end.
void chttp_linger_refused(chttp_server *server, int fd);
/// Goes on reading from a socket that is about to be closed, so that its caller can read its answer.
void chttp_linger_after(chttp_server *server, int fd);
void chttp_linger_event(chttp_server *server, chttp_lingering *socket);
/// As chttp_queues_sweep().
int64_t chttp_linger_sweep(chttp_server *server);
void chttp_linger_stop(chttp_server *server);
