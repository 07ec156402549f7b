#include "histogram.h"
#include "ticketlockd.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PARKED_TIMEOUT_SECONDS 300
#define HELD_LIFETIME_SECONDS 3000
#define STATIC_SETTLE_NANOSECONDS 1500000000u

typedef struct caller {
    load_channel channel;
    struct handover *handover;
    bool is_at_other; ///< It calls the second daemon.
    enum { IDLE, WAITING, FINISHING, PARKED } state;
} caller;

/// One conversation that goes from hand to hand, and callers parked on others meanwhile.
typedef struct handover {
    const load_options *options;
    int epoll;
    char id[LOAD_ID_BYTES + 1];
    caller *callers; ///< Those of the conversation, one more than its waiters; then the parked ones.
    caller *holder;
    uint64_t ticket;
    uint64_t token;
    uint64_t granted_at;
} handover;

static void granted(caller *caller, const load_answer *answer) {
    handover *handover = caller->handover;
    uint64_t before = handover->ticket;
    if (handover->holder) load_fail("two callers hold %s at once", handover->id);
    load_check_ticket(answer, handover->id, handover->options->is_static, true, &handover->ticket,
                      &handover->token);
    if (!handover->options->is_static && before != UINT64_MAX && handover->ticket != before + 1)
        load_fail("ticket %" PRIu64 " is served after %" PRIu64, handover->ticket, before);
    handover->holder = caller;
    caller->state = IDLE;
}

static void caller_has_input(load_channel *channel) {
    caller *caller = channel->owner;
    uint64_t now = load_now();
    load_answer answer;
    size_t length = load_http_read(channel->in, channel->in_length, &answer);
    if (length == 0) return;
    switch (caller->state) {
    case WAITING:
        caller->handover->granted_at = now;
        granted(caller, &answer);
        break;
    case FINISHING:
        load_check_removed(&answer, caller->handover->id, caller->handover->options->is_static);
        caller->state = IDLE;
        break;
    default: load_fail("an unexpected answer: %.*s", (int)answer.body_length, answer.body);
    }
    load_channel_consume(channel, length);
}

static void acquire(caller *caller, const char *id) {
    char request[LOAD_REQUEST_BYTES_MAX];
    load_channel_send(&caller->channel, request,
                      load_write_take(request, "/v1/acquire", id, 0, PARKED_TIMEOUT_SECONDS));
}

static void open_caller(handover *handover, caller *caller) {
    load_options options = *handover->options;
    caller->handover = handover;
    caller->is_at_other = options.other_port != 0 && (caller - handover->callers) % 2 == 1;
    if (caller->is_at_other) options.port = options.other_port;
    caller->channel.owner = caller;
    caller->channel.on_input = caller_has_input;
    load_channel_open(&caller->channel, &options, handover->epoll);
}

/// Takes a ticket of every conversation on which callers are to be parked.
static void hold_elsewhere(const load_options *options, load_channel *asker) {
    for (uint32_t i = 0; i < options->parked; i++) {
        char id[LOAD_ID_BYTES + 1], request[LOAD_REQUEST_BYTES_MAX];
        load_answer answer;
        uint64_t ticket, token;
        load_conversation_id(options->first + 1 + i, id);
        size_t length = load_write_take(request, "/v1/issue-ticket", id, HELD_LIFETIME_SECONDS, 0);
        load_http_ask(asker, request, length, &answer);
        load_check_ticket(&answer, id, options->is_static, true, &ticket, &token);
    }
}

/// Connects everybody, lets the first hold the conversation and parks the others.
static void park_all(handover *handover, load_channel *asker, load_channel *other_asker) {
    const load_options *options = handover->options;
    uint32_t own = options->waiters + 1, all = own + options->parked;
    for (uint32_t i = 0; i < all; i++) open_caller(handover, &handover->callers[i]);
    handover->ticket = UINT64_MAX;
    handover->callers[0].state = WAITING;
    acquire(&handover->callers[0], handover->id);
    while (!handover->holder) load_poll(handover->epoll, UINT64_MAX);
    for (uint32_t i = 1; i < all; i++) {
        char id[LOAD_ID_BYTES + 1];
        load_conversation_id(options->first + 1 + (i - own), id);
        handover->callers[i].state = i < own ? WAITING : PARKED;
        acquire(&handover->callers[i], i < own ? handover->id : id);
    }
    if (options->is_static) {
        load_sleep_until(load_now() + STATIC_SETTLE_NANOSECONDS);
        return;
    }
    while (load_http_metric(asker, "ticketlockd_waiters") +
               (options->other_port ? load_http_metric(other_asker, "ticketlockd_waiters") : 0) <
           all - 1)
        load_sleep_until(load_now() + 20000000);
}

/// The holder finishes, the next is served, and the one before queues up again behind the others.
static uint64_t hand_over(handover *handover) {
    caller *before = handover->holder;
    char request[LOAD_REQUEST_BYTES_MAX];
    size_t length =
        load_write_give(request, "/v1/finish-serving", handover->id, handover->ticket, handover->token);
    handover->holder = NULL;
    before->state = FINISHING;
    uint64_t sent_at = load_now();
    load_channel_send(&before->channel, request, length);
    while (!handover->holder || before->state == FINISHING) load_poll(handover->epoll, UINT64_MAX);
    before->state = WAITING;
    acquire(before, handover->id);
    return handover->granted_at - sent_at;
}

/// Time from sending finish-serving to the next waiter's answer, and what a parked caller costs in memory. With two
/// daemons those hand-overs count that go from one to the other.
void load_mode_handover(const load_options *options) {
    static load_histogram latencies;
    load_channel asker, other_asker;
    handover handover = {.options = options, .epoll = load_epoll()};
    load_conversation_id(options->first, handover.id);
    handover.callers = calloc(options->waiters + 1 + options->parked, sizeof *handover.callers);
    if (!handover.callers) load_fail("out of memory");
    load_channel_open(&asker, options, -1);
    if (options->other_port) {
        load_options other = *options;
        other.port = options->other_port;
        load_channel_open(&other_asker, &other, -1);
    }
    hold_elsewhere(options, &asker);
    uint64_t resident_before = options->pid ? load_resident_bytes(options->pid) : 0;
    park_all(&handover, &asker, &other_asker);
    uint64_t resident_after = options->pid ? load_resident_bytes(options->pid) : 0;
    for (uint64_t i = 0; i < options->count; i++) {
        bool was_at_other = handover.holder->is_at_other;
        uint64_t latency = hand_over(&handover);
        if (i < options->count / 10) continue;
        if (!options->other_port || handover.holder->is_at_other != was_at_other)
            load_histogram_add(&latencies, latency);
    }
    printf("{\"waiters\": %u, \"parked\": %u, \"resident_before\": %" PRIu64 ", \"resident_after\": %" PRIu64
           ", ",
           options->waiters, options->parked, resident_before, resident_after);
    load_histogram_print(&latencies, "handover");
    puts("}");
}
