/// The load generator of the benchmarks: one thread that speaks to one server and prints one JSON object.
#include "load.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct option option_names[] = {
    {"mode", required_argument, 0, 'm'},
    {"protocol", required_argument, 0, 'p'},
    {"host", required_argument, 0, 'h'},
    {"port", required_argument, 0, 'P'},
    {"other-port", required_argument, 0, 'O'},
    {"static", no_argument, 0, 'S'},
    {"connections", required_argument, 0, 'c'},
    {"conversations", required_argument, 0, 'k'},
    {"waiters", required_argument, 0, 'w'},
    {"parked", required_argument, 0, 'W'},
    {"depth", required_argument, 0, 'd'},
    {"first", required_argument, 0, 'f'},
    {"count", required_argument, 0, 'n'},
    {"seconds", required_argument, 0, 's'},
    {"warm-up", required_argument, 0, 'u'},
    {"lifetime", required_argument, 0, 'l'},
    {"pid", required_argument, 0, 'i'},
    {"script", required_argument, 0, 'x'},
    {"time-limit", required_argument, 0, 't'},
    {0, 0, 0, 0},
};

static const struct {
    const char *name;
    void (*run)(const load_options *options);
} modes[] = {
    {"cycle", load_mode_cycle}, {"handover", load_mode_handover}, {"storm", load_mode_storm},
    {"queue", load_mode_queue}, {"expire", load_mode_expire},     {"script", load_mode_script},
};

static double number(const char *name, const char *text) {
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || value < 0) load_fail("--%s %s is not a number from 0", name, text);
    return value;
}

static void set(load_options *options, int letter, const char *name, const char *text) {
    switch (letter) {
    case 'm': options->mode = text; break;
    case 'p': options->protocol = text; break;
    case 'h': options->host = text; break;
    case 'S': options->is_static = true; break;
    case 'x': options->script = text; break;
    case 'P': options->port = (uint16_t)number(name, text); break;
    case 'c': options->connections = (uint32_t)number(name, text); break;
    case 'O': options->other_port = (uint16_t)number(name, text); break;
    case 'k': options->conversations = (uint32_t)number(name, text); break;
    case 'w': options->waiters = (uint32_t)number(name, text); break;
    case 'W': options->parked = (uint32_t)number(name, text); break;
    case 'd': options->depth = (uint32_t)number(name, text); break;
    case 'f': options->first = (uint64_t)number(name, text); break;
    case 'n': options->count = (uint64_t)number(name, text); break;
    case 's': options->seconds = number(name, text); break;
    case 'u': options->warm_up = number(name, text); break;
    case 'l': options->lifetime = number(name, text); break;
    case 'i': options->pid = (pid_t)number(name, text); break;
    case 't': options->time_limit = number(name, text); break;
    default: exit(64);
    }
}

int main(int count, char **arguments) {
    load_options options = {
        .mode = "cycle",
        .protocol = "acquire-finish",
        .host = "127.0.0.1",
        .port = 5625,
        .connections = 64,
        .conversations = 64,
        .waiters = 64,
        .depth = 10,
        .seconds = 2,
        .warm_up = 0.5,
        .script = "ic",
        .time_limit = 300,
    };
    for (int letter, index = 0; (letter = getopt_long(count, arguments, "", option_names, &index)) != -1;)
        set(&options, letter, letter == '?' ? "" : option_names[index].name, optarg);
    if (optind < count) load_fail("unexpected argument %s", arguments[optind]);
    if (options.connections == 0 || options.conversations == 0)
        load_fail("there must be clients and conversations");
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    alarm((unsigned)options.time_limit);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (strcmp(modes[i].name, options.mode) != 0) continue;
        modes[i].run(&options);
        return 0;
    }
    load_fail("there is no mode %s", options.mode);
}
