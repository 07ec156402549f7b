/// libmicrohttpd behind plain C: accepted sockets in, whole requests out, each answered once.
///
/// Everything here runs on one thread, the event loop's. libmicrohttpd runs in external epoll mode and never
/// listens by itself: the caller owns the listening sockets and hands them to chttp_accept() when they are
/// readable. Connections are spread over shards, each one libmicrohttpd daemon with its own epoll
/// descriptor, because resuming one suspended connection walks all the suspended ones of its daemon: a
/// shard bounds that walk. A shard is filled before the next is opened, so few connections share one epoll.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Connections in one shard; see above.
#define CHTTP_SHARD_CONNECTIONS_MAX 256

typedef struct chttp_server chttp_server;
typedef struct chttp_request chttp_request;

#define CHTTP_LINGERING_MAX 256

typedef struct {
    uint32_t connections_max;              ///< Over all shards.
    uint32_t connections_reserved;         ///< Of them, those that parked requests may not take.
    uint32_t lingering_max;                ///< Beyond them, those refused or closing and still read from; see linger.c.
    uint32_t connections_per_address_max;  ///< From one IP address; 0 means no limit.
    uint32_t idle_timeout_seconds;         ///< A connection that neither sends nor takes a byte for so long ends.
    uint32_t request_timeout_milliseconds;  ///< From a request's first byte to its last.
    size_t header_bytes_max;               ///< Request line and headers together.
    size_t body_bytes_max;
} chttp_limits;

/// Why something is refused before it becomes a request, or why a connection is.
typedef enum {
    CHTTP_REFUSAL_NONE,
    CHTTP_REFUSAL_MALFORMED,                 ///< Not HTTP/1.1: the request line, a header without a colon, chunks.
    CHTTP_REFUSAL_TARGET,                    ///< Neither a path, nor an http: URL, nor `*`; a blank or NUL in it.
    CHTTP_REFUSAL_LINE_END,                  ///< A line that does not end with CR LF, is folded, or holds NUL.
    CHTTP_REFUSAL_HEADER_NAME,               ///< A header's name that is no token.
    CHTTP_REFUSAL_HEADER_VALUE,              ///< CR in a header's value.
    CHTTP_REFUSAL_HOST_MISSING,
    CHTTP_REFUSAL_HOST_INVALID,              ///< No HOST or HOST:PORT, or not the target's authority.
    CHTTP_REFUSAL_HEADER_REPEATED,           ///< Two of Host, Origin, Content-Type, Idempotency-Key, ...
    CHTTP_REFUSAL_CONTENT_LENGTH,            ///< No number, or beside a Transfer-Encoding.
    CHTTP_REFUSAL_TRANSFER_ENCODING,         ///< In HTTP/1.0.
    CHTTP_REFUSAL_TRANSFER_ENCODING_UNKNOWN,  ///< 501
    CHTTP_REFUSAL_TIMEOUT,                   ///< 408
    CHTTP_REFUSAL_BODY_TOO_LARGE,            ///< 413
    CHTTP_REFUSAL_TARGET_TOO_LONG,           ///< 414
    CHTTP_REFUSAL_HEADERS_TOO_LARGE,         ///< 431
    CHTTP_REFUSAL_INTERNAL,                  ///< 500
    CHTTP_REFUSAL_CONNECTIONS,               ///< 503
    CHTTP_REFUSAL_SHUTTING_DOWN,             ///< 503
    CHTTP_REFUSAL_VERSION,                   ///< 505
    CHTTP_REFUSAL_COUNT,
} chttp_refusal;

/// The status that a refusal is answered with.
uint16_t chttp_refusal_status(chttp_refusal refusal);

typedef struct {
    /// Handed back to every callback; not owned.
    void *_Nonnull context;
    /// A whole request has arrived. Answer it with chttp_reply() before returning or later; a request that
    /// is not answered when this returns is parked: it costs no thread and its caller's hanging up is seen.
    void (*_Nonnull request)(void *_Nonnull context, chttp_request *_Nonnull request);
    /// The caller of a parked request has closed its side. The request still has to be ended with
    /// chttp_reply() or chttp_abandon().
    void (*_Nonnull hung_up)(void *_Nonnull context, chttp_request *_Nonnull request);
    /// An answered request is over. `delivered` is 0 when its answer could not be written whole. The
    /// request is invalid once this returns.
    void (*_Nonnull finished)(void *_Nonnull context, chttp_request *_Nonnull request, int delivered);
    /// Gives the body of a refusal made below the request level and its length; the bytes stay the callee's
    /// and must live as long as the server. The Content-Type of refusals is application/problem+json.
    const void *_Nonnull (*_Nonnull refusal)(void *_Nonnull context, chttp_refusal refusal,
                                             size_t *_Nonnull length);
} chttp_callbacks;

/// The version of libmicrohttpd that is loaded.
const char *_Nonnull chttp_library_version(void);

/// Tries whether the loaded libmicrohttpd calls the functions that are put in the place of its own; see
/// library.c. Where it does not, it answers what it refuses itself with its own pages. Once for the process; opens
/// three descriptors for as long as it takes, and is 0 also when that fails.
int chttp_library_hooks_work(void);

/// Starts a server without connections. NULL with errno set when libmicrohttpd refuses.
/// The caller owns the server and ends it with chttp_server_stop().
chttp_server *_Nullable chttp_server_start(chttp_limits limits, chttp_callbacks callbacks);

/// Ends every connection and frees the server. Each parked request must have been answered or abandoned.
void chttp_server_stop(chttp_server *_Nonnull server);

/// Every connection ends with its next answer from now on.
void chttp_drain(chttp_server *_Nonnull server);

/// Answers every request that has begun and is not whole with CHTTP_REFUSAL_SHUTTING_DOWN, and closes its connection.
void chttp_end_unfinished(chttp_server *_Nonnull server);

/// Changes the largest body accepted from now on.
void chttp_set_body_bytes_max(chttp_server *_Nonnull server, size_t body_bytes_max);

/// Takes waiting connections from a listening socket, at most `count_max`, and returns how many it took;
/// CHTTP_ACCEPT_EXHAUSTED when the process or the system has no descriptor or memory left for another.
/// At the limit the connection that has been idle for longest is closed for the new one. When all are busy, and
/// beyond the limit of one address, the new one is answered 503 once it has sent something.
#define CHTTP_ACCEPT_EXHAUSTED (-1)
int chttp_accept(chttp_server *_Nonnull server, int listening_socket, int count_max);

/// The shards opened so far; their number only grows. Watch each descriptor for reading and call
/// chttp_run() when it is readable. They belong to the server.
uint32_t chttp_shard_count(const chttp_server *_Nonnull server);
int chttp_shard_fd(const chttp_server *_Nonnull server, uint32_t shard);

/// Lets one shard read, answer and write, and ends what is overdue in any. Returns the milliseconds until it
/// wants to run again though nothing becomes readable (0: at once), or -1 for never.
int64_t chttp_run(chttp_server *_Nonnull server, uint32_t shard);

/// The next shard that must run because a parked request of it was answered or a caller has closed its
/// side, or -1. Clears the mark.
int64_t chttp_next_pending_shard(chttp_server *_Nonnull server);

/// The descriptor that becomes readable when callers close their side, when an idle connection begins to send,
/// and for connections that are refused; then call chttp_hang_ups().
int chttp_hang_up_fd(const chttp_server *_Nonnull server);
void chttp_hang_ups(chttp_server *_Nonnull server);

/// Open connections; whole requests whose answer is not yet written.
uint32_t chttp_connection_count(const chttp_server *_Nonnull server);
uint32_t chttp_request_count(const chttp_server *_Nonnull server);

// What a request holds: to be asked for, and read, within the `request` callback.

const char *_Nonnull chttp_method(const chttp_request *_Nonnull request);
/// Path and query, still percent-encoded, `length` bytes. Of a target that is a whole URL, what follows its
/// authority.
const char *_Nonnull chttp_target(const chttp_request *_Nonnull request, size_t *_Nonnull length);
/// The headers that can be asked for.
typedef enum {
    CHTTP_HEADER_HOST,
    CHTTP_HEADER_ORIGIN,
    CHTTP_HEADER_CONTENT_TYPE,
    CHTTP_HEADER_IDEMPOTENCY_KEY,
    CHTTP_HEADER_AUTHORIZATION,
    CHTTP_HEADER_COUNT,
} chttp_header_name;
/// The value of the header, without blanks around it, or NULL. There is one at most: two are refused.
const char *_Nullable chttp_header(const chttp_request *_Nonnull request, chttp_header_name name,
                                   size_t *_Nonnull length);
const void *_Nonnull chttp_body(const chttp_request *_Nonnull request, size_t *_Nonnull length);

/// Who sent it, as a person writes it: an address with its port, or the user and process behind a Unix socket; "" if the
/// kernel does not tell. `text` gets at most `size` bytes, the last of them NUL.
void chttp_peer(const chttp_request *_Nonnull request, char *_Nonnull text, size_t size);

/// Whether its Host is an IP address, or a name without a dot. Within the `request` callback.
int chttp_host_is_local(const chttp_request *_Nonnull request);

/// Whether the request may be parked for long: whether fewer are than leave `connections_reserved` free.
int chttp_may_wait(const chttp_request *_Nonnull request);

/// A pointer of the caller's that travels with the request; NULL at first. Never touched here.
void *_Nullable chttp_tag(const chttp_request *_Nonnull request);
void chttp_set_tag(chttp_request *_Nonnull request, void *_Nullable tag);

/// Whether the caller has closed its side: asks the kernel, so that no grant goes to a caller already gone.
int chttp_caller_is_gone(const chttp_request *_Nonnull request);

typedef struct {
    uint16_t status;
    const char *_Nonnull content_type;  ///< Lives as long as the server.
    const void *_Nullable body;         ///< Copied.
    size_t body_length;
    const char *_Nullable allow;        ///< The Allow header's value.
    int32_t retry_after_seconds;        ///< The Retry-After header's value; negative leaves it out.
} chttp_response;

/// Answers a request, parked or not, exactly once. Returns 0, or -1 when the answer cannot be sent (memory);
/// the connection then ends without one and `finished` tells it.
int chttp_reply(chttp_request *_Nonnull request, const chttp_response *_Nonnull response);

/// Ends a parked request whose caller is gone, and its connection, without an answer.
void chttp_abandon(chttp_request *_Nonnull request);
