#define _GNU_SOURCE
#include "clmdb.h"

#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/stat.h>

static const int trapped_signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE};
enum { SIGNAL_COUNT = sizeof trapped_signals / sizeof *trapped_signals };

static struct sigaction before[SIGNAL_COUNT];
/* Of the thread that reads; another one's fault is not ours. */
static _Thread_local sigjmp_buf way_back;
static _Thread_local volatile sig_atomic_t is_inside;

static void trap(int number) {
    if (is_inside) siglongjmp(way_back, 1);
    for (int index = 0; index < SIGNAL_COUNT; index++) {
        if (trapped_signals[index] == number) sigaction(number, &before[index], NULL);
    }
}

int clmdb_lock(int descriptor) { return flock(descriptor, LOCK_EX | LOCK_NB); }

int64_t clmdb_file_bytes(int descriptor) {
    struct stat status;
    if (fstat(descriptor, &status)) return -1;
    return S_ISREG(status.st_mode) ? status.st_size : 0;
}

int64_t clmdb_file_owner(const char *path) {
    struct stat status;
    return stat(path, &status) ? -1 : (int64_t)status.st_uid;
}

void clmdb_guard(void) {
    struct sigaction action = {.sa_handler = trap, .sa_flags = SA_NODEFER};
    sigemptyset(&action.sa_mask);
    for (int index = 0; index < SIGNAL_COUNT; index++) sigaction(trapped_signals[index], &action, &before[index]);
}

void clmdb_unguard(void) {
    for (int index = 0; index < SIGNAL_COUNT; index++) sigaction(trapped_signals[index], &before[index], NULL);
}

/* Only LMDB's own frames lie between a trap and here. */
#define GUARDED(call)             \
    int code = CLMDB_TRAPPED;     \
    if (!sigsetjmp(way_back, 0)) { \
        is_inside = 1;            \
        code = (call);            \
    }                             \
    is_inside = 0;                \
    return code

int clmdb_dbi_open(MDB_txn *txn, const char *name, unsigned int flags, MDB_dbi *dbi) {
    GUARDED(mdb_dbi_open(txn, name, flags, dbi));
}

/* Whether all of it may be read; so short that it lies on two pages at most. */
static int touched(int code, const MDB_val *value) {
    if (code || !value->mv_size) return code;
    if (value->mv_size > CLMDB_VALUE_BYTES_MAX) return MDB_CORRUPTED;
    const volatile unsigned char *bytes = value->mv_data;
    (void)bytes[0];
    (void)bytes[value->mv_size - 1];
    return 0;
}

static int get(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *data) {
    return touched(mdb_get(txn, dbi, key, data), data);
}

static int next(MDB_cursor *cursor, MDB_val *key, MDB_val *data) {
    return touched(touched(mdb_cursor_get(cursor, key, data, MDB_NEXT), key), data);
}

int clmdb_get(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *data) { GUARDED(get(txn, dbi, key, data)); }

int clmdb_stat(MDB_txn *txn, MDB_dbi dbi, MDB_stat *stat) { GUARDED(mdb_stat(txn, dbi, stat)); }

int clmdb_next(MDB_cursor *cursor, MDB_val *key, MDB_val *data) {
    GUARDED(next(cursor, key, data));
}
