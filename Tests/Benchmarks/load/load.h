/// What the parts of the load generator share: options, time, text and failure.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

/// Conversation IDs look like UUIDs, as chat services have them.
#define LOAD_ID_BYTES 36
#define LOAD_REQUEST_BYTES_MAX 1024

typedef struct {
    const char *mode;
    const char *protocol;
    const char *host; ///< An IPv4 address.
    uint16_t port;
    uint16_t other_port;    ///< A second daemon's, of which every other caller is; 0: there is none.
    bool is_static;         ///< The server gives fixed answers: their numbers are not compared.
    uint32_t connections;   ///< Clients that work at the same time.
    uint32_t conversations; ///< What they work on; fewer than clients: they contend.
    uint32_t waiters;       ///< Callers parked on the conversation that is handed over.
    uint32_t parked;        ///< Callers parked elsewhere, each on a conversation of its own.
    uint32_t depth;         ///< Tickets in the queue that is worked on.
    uint64_t first;         ///< The number of the first conversation.
    uint64_t count;         ///< Cycles, hand-overs, locks or operations; 0: until the time is over.
    double seconds;
    double warm_up;  ///< Seconds that are not counted.
    double lifetime; ///< Seconds; 0: the server's default.
    pid_t pid;       ///< The server, for its memory and processor time.
    const char *script;
    double time_limit;
} load_options;

/// Nanoseconds on the monotonic clock.
uint64_t load_now(void);
void load_sleep_until(uint64_t moment);

/// Says why on standard error and ends the process with status 1: a wrong answer makes a figure worthless.
_Noreturn void load_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// Conversation `number`'s ID, always LOAD_ID_BYTES long, and a NUL.
void load_conversation_id(uint64_t number, char id[LOAD_ID_BYTES + 1]);

/// Resident bytes of a process, and the processor time of all its threads in nanoseconds.
uint64_t load_resident_bytes(pid_t pid);
uint64_t load_cpu_nanoseconds(pid_t pid);

/// Appends to a buffer that the caller knows to be long enough, and returns its new end.
static inline char *load_put(char *end, const char *bytes, size_t length) {
    memcpy(end, bytes, length);
    return end + length;
}
#define LOAD_PUT(end, literal) load_put(end, literal, sizeof(literal) - 1)
char *load_put_number(char *end, uint64_t number);

/// The modes; each prints one JSON object.
void load_mode_cycle(const load_options *options);
void load_mode_handover(const load_options *options);
void load_mode_storm(const load_options *options);
void load_mode_queue(const load_options *options);
void load_mode_expire(const load_options *options);
void load_mode_script(const load_options *options);
