#include "histogram.h"
#include "ticketlockd.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/// One conversation with a queue of steady length, and the tickets in it.
typedef struct queue {
    const load_options *options;
    load_channel channel;
    char id[LOAD_ID_BYTES + 1];
    struct {
        uint64_t number, token;
    } *tickets;
    uint32_t count;
} queue;

static uint64_t issue(queue *queue, double lifetime) {
    char request[LOAD_REQUEST_BYTES_MAX];
    load_answer answer;
    size_t length = load_write_take(request, "/v1/issue-ticket", queue->id, lifetime, 0);
    uint64_t latency = load_http_ask(&queue->channel, request, length, &answer);
    uint64_t *number = &queue->tickets[queue->count].number, *token = &queue->tickets[queue->count].token;
    load_check_ticket(&answer, queue->id, false, queue->count == 0, number, token);
    if (load_json_number(&answer, "\"position\":") != queue->count)
        load_fail("%u tickets are queued: %.*s", queue->count, (int)answer.body_length, answer.body);
    queue->count++;
    return latency;
}

static uint64_t finish(queue *queue, uint32_t place) {
    char request[LOAD_REQUEST_BYTES_MAX];
    load_answer answer;
    size_t length = load_write_give(request, "/v1/finish-serving", queue->id, queue->tickets[place].number,
                                    queue->tickets[place].token);
    uint64_t latency = load_http_ask(&queue->channel, request, length, &answer);
    load_check_removed(&answer, queue->id, false);
    queue->count--;
    memmove(&queue->tickets[place], &queue->tickets[place + 1],
            (queue->count - place) * sizeof *queue->tickets);
    if (queue->count > 0 && load_json_number(&answer, "\"now_serving\":") != queue->tickets[0].number)
        load_fail("another ticket than the first is served: %.*s", (int)answer.body_length, answer.body);
    return latency;
}

/// Issues a ticket and finishes another, again and again; prints both operations' latencies and the server's
/// processor time for the two.
static void measure(queue *queue, bool in_middle) {
    static load_histogram issues, finishes;
    const load_options *options = queue->options;
    load_histogram_clear(&issues);
    load_histogram_clear(&finishes);
    uint64_t cpu = load_cpu_nanoseconds(options->pid);
    for (uint64_t i = 0; i < options->count; i++) {
        load_histogram_add(&issues, issue(queue, 0));
        load_histogram_add(&finishes, finish(queue, in_middle ? queue->count / 2 : 0));
    }
    cpu = load_cpu_nanoseconds(options->pid) - cpu;
    const char *place = in_middle ? "middle" : "front";
    printf("\"%s\": {\"cpu_per_pair\": %.3f, ", place, (double)cpu / 1e3 / (double)options->count);
    load_histogram_print(&issues, "issue");
    printf(", ");
    load_histogram_print(&finishes, "finish");
    printf("}");
}

static void open_queue(queue *queue, const load_options *options, uint32_t tickets_max) {
    *queue = (struct queue){.options = options};
    load_channel_open(&queue->channel, options, -1);
    queue->tickets = calloc(tickets_max, sizeof *queue->tickets);
    if (!queue->tickets) load_fail("out of memory");
}

/// Cost of operations on a conversation with `depth` tickets.
void load_mode_queue(const load_options *options) {
    queue queue;
    open_queue(&queue, options, options->depth + 1);
    load_conversation_id(options->first, queue.id);
    for (uint32_t i = 0; i < options->depth; i++) issue(&queue, 0);
    printf("{\"depth\": %u, ", options->depth);
    measure(&queue, false);
    printf(", ");
    measure(&queue, true);
    puts("}");
}

/// Processor time for a ticket that expires from the middle of its queue: `count` of them, one after the
/// other in a second, in queues of `depth` tickets of which the middle half expires.
void load_mode_expire(const load_options *options) {
    queue queue;
    open_queue(&queue, options, options->depth);
    uint32_t dying = options->depth / 2, queues = (uint32_t)(options->count / dying);
    uint64_t begin = load_now() + (uint64_t)(options->lifetime * 1e9), made = 0;
    for (uint32_t i = 0; i < queues; i++) {
        load_conversation_id(options->first + i, queue.id);
        queue.count = 0;
        for (uint32_t place = 0; place < options->depth; place++) {
            bool dies = place >= options->depth / 4 && place < options->depth / 4 + dying;
            uint64_t moment = begin + (dies ? 1000000000u / ((uint64_t)queues * dying) * made++ : 0);
            uint64_t now = load_now();
            if (now >= begin) load_fail("the queues took longer to make than %.1f s", options->lifetime);
            issue(&queue, dies ? (double)(moment - now) / 1e9 : 0);
        }
    }
    double tickets = load_http_metric(&queue.channel, "ticketlockd_tickets");
    load_sleep_until(begin - 100000000);
    uint64_t cpu = load_cpu_nanoseconds(options->pid);
    load_sleep_until(begin + 1200000000);
    cpu = load_cpu_nanoseconds(options->pid) - cpu;
    double expired = tickets - load_http_metric(&queue.channel, "ticketlockd_tickets");
    if (expired != (double)made) load_fail("%.0f tickets expired instead of %" PRIu64, expired, made);
    printf("{\"depth\": %u, \"expired\": %" PRIu64 ", \"cpu_per_ticket\": %.3f}\n", options->depth, made,
           (double)cpu / 1e3 / (double)made);
}
