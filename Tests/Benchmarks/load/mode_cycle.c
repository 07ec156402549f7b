#include "client.h"
#include <inttypes.h>
#include <stdio.h>

const load_protocol *load_protocol_named(const char *name) {
    static const load_protocol *const peers[] = {&load_poolcounter, &load_redis_as_rasa, &load_redis_hold,
                                                 &load_etcd};
    for (size_t i = 0; i < sizeof peers / sizeof *peers; i++)
        if (strcmp(peers[i]->name, name) == 0) return peers[i];
    return load_ticketlockd_protocol(name);
}

/// Clients that repeat the protocol's cycle for some seconds, or for a number of conversations.
void load_mode_cycle(const load_options *options) {
    static load_run run;
    const load_protocol *protocol = load_protocol_named(options->protocol);
    if (!protocol) load_fail("there is no protocol %s", options->protocol);
    uint64_t begin = load_now(), cpu = options->pid ? load_cpu_nanoseconds(options->pid) : 0;
    load_run_start(&run, options, protocol, options->first, options->count, 0);
    if (options->count > 0) {
        load_run_until(&run, UINT64_MAX);
    } else {
        load_run_until(&run, begin + (uint64_t)(options->warm_up * 1e9));
        load_run_clear_counts(&run);
        cpu = options->pid ? load_cpu_nanoseconds(options->pid) : 0;
        begin = load_now();
        load_run_until(&run, begin + (uint64_t)(options->seconds * 1e9));
    }
    double seconds = (double)(load_now() - begin) / 1e9;
    double busy = options->pid ? (double)(load_cpu_nanoseconds(options->pid) - cpu) / 1e9 / seconds : 0;
    printf("{\"protocol\": \"%s\", \"seconds\": %.3f, \"cycles\": %" PRIu64 ", ", protocol->name, seconds,
           run.cycles);
    printf("\"cycles_per_second\": %.1f, \"requests_per_second\": %.1f, \"server_busy\": %.3f, ",
           (double)run.cycles / seconds, (double)run.answers / seconds, busy);
    load_histogram_print(&run.all, "request");
    printf(", ");
    load_histogram_print(&run.cycle, "cycle");
    for (uint32_t i = 0; i < protocol->steps; i++) {
        printf(", ");
        load_histogram_print(&run.step[i], protocol->step_names[i]);
    }
    puts("}");
    load_run_drain(&run);
    load_run_stop(&run);
}
