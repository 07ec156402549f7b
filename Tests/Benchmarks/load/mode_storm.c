#include "client.h"
#include "http.h"
#include <inttypes.h>
#include <stdio.h>

#define PROBE_NANOSECONDS 50000000u
#define LEAD_NANOSECONDS 1000000000u

/// A caller that reads how many tickets there still are, next to the clients at work.
typedef struct {
    load_channel channel;
    uint64_t sent_at;
    bool is_asking;
    double tickets;
    uint64_t answered_at;
} probe;

static void probe_has_input(load_channel *channel) {
    probe *probe = channel->owner;
    load_answer answer;
    size_t length = load_http_read(channel->in, channel->in_length, &answer);
    if (length == 0) return;
    probe->answered_at = load_now();
    probe->tickets = load_metric_of(&answer, "ticketlockd_tickets");
    probe->is_asking = false;
    load_channel_consume(channel, length);
}

static void ask(probe *probe) {
    static const char request[] = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
    probe->is_asking = true;
    probe->sent_at = load_now();
    load_channel_send(&probe->channel, request, sizeof request - 1);
}

/// Makes the locks, all of which expire at one moment, and returns the moment.
static uint64_t make_locks(const load_options *options, load_run *run) {
    uint64_t moment = load_now() + (uint64_t)(options->lifetime * 1e9);
    load_run_start(run, options, load_ticketlockd_protocol("issue"), options->first, options->count, moment);
    load_run_until(run, moment);
    if (run->cycles < options->count)
        load_fail("only %" PRIu64 " locks in %.1f s", run->cycles, options->lifetime);
    load_run_stop(run);
    return moment;
}

/// Many tickets expire at once while clients take and give others: the longest answer, and the time until
/// all have expired.
void load_mode_storm(const load_options *options) {
    static load_run run;
    static probe probe = {.channel = {.on_input = probe_has_input, .owner = &probe}};
    uint64_t moment = make_locks(options, &run), gone_at = 0;
    load_sleep_until(moment - LEAD_NANOSECONDS);
    load_options work = *options;
    work.lifetime = 0;
    load_run_start(&run, &work, load_ticketlockd_protocol("issue-cleanup"), options->first + options->count,
                   0, 0);
    load_channel_open(&probe.channel, options, run.epoll);
    load_run_until(&run, moment - LEAD_NANOSECONDS / 2);
    load_run_clear_counts(&run);
    load_run_until(&run, moment);
    uint64_t max_before = run.all.max, end = moment + (uint64_t)(options->seconds * 1e9);
    load_run_clear_counts(&run);
    for (uint64_t now = moment; now < end; now = load_now()) {
        if (!probe.is_asking && now >= probe.sent_at + PROBE_NANOSECONDS) ask(&probe);
        load_poll(run.epoll, now + PROBE_NANOSECONDS / 10);
        if (gone_at == 0 && probe.answered_at > moment && probe.tickets <= options->connections)
            gone_at = probe.answered_at;
    }
    printf("{\"locks\": %" PRIu64 ", \"all_expired_seconds\": ", options->count);
    if (gone_at == 0)
        printf("null");
    else
        printf("%.3f", (double)(gone_at - moment) / 1e9);
    printf(", \"left\": %.0f, \"max_before\": %.3f, ", probe.tickets, (double)max_before / 1e3);
    load_histogram_print(&run.all, "request");
    puts("}");
}
