#define _GNU_SOURCE
#include "load.h"
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

uint64_t load_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void load_sleep_until(uint64_t moment) {
    struct timespec time = {.tv_sec = (time_t)(moment / 1000000000u),
                            .tv_nsec = (long)(moment % 1000000000u)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR) continue;
}

void load_fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("ticketload: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

void load_conversation_id(uint64_t number, char id[LOAD_ID_BYTES + 1]) {
    // Spread over the whole ID, as random ones would be, so that no table profits from their order.
    uint64_t mixed = (number + 1) * 0x9e3779b97f4a7c15u;
    mixed ^= mixed >> 29;
    snprintf(id, LOAD_ID_BYTES + 1, "%08x-%04x-4%03x-8%03x-%012" PRIx64, (unsigned)(mixed >> 32),
             (unsigned)(mixed >> 16) & 0xffff, (unsigned)(mixed >> 4) & 0xfff, (unsigned)mixed & 0xf,
             number & 0xffffffffffff);
}

uint64_t load_resident_bytes(pid_t pid) {
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file) load_fail("cannot read %s", path);
    uint64_t kibibytes = 0;
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "VmRSS: %" SCNu64, &kibibytes) == 1) break;
    fclose(file);
    return kibibytes * 1024;
}

uint64_t load_cpu_nanoseconds(pid_t pid) {
    char path[320];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *threads = opendir(path);
    if (!threads) load_fail("cannot read %s", path);
    uint64_t sum = 0;
    for (struct dirent *entry; (entry = readdir(threads));) {
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", (int)pid, entry->d_name);
        FILE *file = fopen(path, "r");
        uint64_t nanoseconds = 0;
        if (file && fscanf(file, "%" SCNu64, &nanoseconds) == 1) sum += nanoseconds;
        if (file) fclose(file);
    }
    closedir(threads);
    return sum;
}

char *load_put_number(char *end, uint64_t number) {
    char digits[20];
    size_t length = 0;
    do digits[length++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    while (length > 0) *end++ = digits[--length];
    return end;
}
