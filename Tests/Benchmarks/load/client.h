/// Clients that go round and round through the steps of a protocol, and the conversations they hold.
#pragma once
#include "channel.h"
#include "histogram.h"

#define LOAD_STEPS_MAX 8

typedef struct load_run load_run;
typedef struct load_protocol load_protocol;

typedef struct {
    load_channel channel;
    load_run *run;
    uint32_t number;
    uint32_t step;
    uint64_t conversation;
    char id[LOAD_ID_BYTES + 1];
    uint64_t ticket;
    uint64_t token;
    char key[128]; ///< What the server named the lock, if it names locks.
    size_t key_length;
    uint64_t sent_at;
    uint64_t cycle_began;
    bool is_done;
} load_client;

/// How a system is spoken to. A cycle is `steps` requests, each sent when the one before is answered; the
/// first `setup_steps` are done once by each client.
struct load_protocol {
    const char *name;
    uint32_t setup_steps;
    uint32_t steps;
    const char *step_names[LOAD_STEPS_MAX];
    int held_from;  ///< From this step's answer the client holds the conversation; -1: it never does,
    int held_until; ///< until it sends this step.
    /// Writes the request of `step` to `out`, at most LOAD_REQUEST_BYTES_MAX long, and returns its length.
    size_t (*write)(load_client *client, uint32_t step, char *out);
    /// Reads the answer to `step` from the client's channel and checks it: a wrong one is a failure.
    /// Returns its length, 0 when more must come first.
    size_t (*read)(load_client *client, uint32_t step);
};

/// Reads an answer that is always the same text; 0 when more of it must come first.
size_t load_expect(const load_client *client, const char *answer);

/// The protocols; NULL when none has that name.
const load_protocol *load_protocol_named(const char *name);
const load_protocol *load_ticketlockd_protocol(const char *name);
extern const load_protocol load_poolcounter;
extern const load_protocol load_redis_as_rasa;
extern const load_protocol load_redis_hold;
extern const load_protocol load_etcd;

/// A number of clients at work, until their time or their share is over.
struct load_run {
    const load_options *options;
    const load_protocol *protocol;
    int epoll;
    load_client *clients;
    uint32_t *holders;  ///< For each conversation its holder's number + 1, or 0.
    uint64_t first;     ///< The number of the first conversation.
    uint64_t next;      ///< With `count`: conversations begun, each once.
    uint64_t count;     ///< 0: no limit, the clients' conversations come round again.
    uint64_t expire_at; ///< Moment at which tickets shall expire; 0: see the options' lifetime.
    uint64_t cycles;
    uint64_t answers;
    bool is_stopping;
    load_histogram all; ///< Latencies of requests.
    load_histogram cycle;
    load_histogram step[LOAD_STEPS_MAX];
};

/// Connects the clients and sends their first requests. `count` cycles, each on a conversation of its own,
/// counted from `first`; or, when it is 0, on the options' `conversations` until load_run_drain().
void load_run_start(load_run *run, const load_options *options, const load_protocol *protocol, uint64_t first,
                    uint64_t count, uint64_t expire_at);
/// Lets the clients work until `deadline`, or until all have done their share.
void load_run_until(load_run *run, uint64_t deadline);
/// Lets every client end the cycle it is in, so that nothing stays held.
void load_run_drain(load_run *run);
void load_run_clear_counts(load_run *run);
void load_run_stop(load_run *run);
