/// LMDB, a map of keys to values in one file that a process may die over at any moment; with a guard for reading a
/// file that may not be as it was written, which LMDB trusts.
#pragma once
#include <lmdb.h>
#include <stdint.h>

/// What the guarded functions return when LMDB has given up or touched memory that is not there.
#define CLMDB_TRAPPED (-29000)

/// No value is longer.
#define CLMDB_VALUE_BYTES_MAX 4000

/// From here to ``clmdb_unguard`` the guarded functions return CLMDB_TRAPPED instead of ending the process. They
/// leave what they have touched to itself: end the cursor and the transaction, close the environment, and no more. On
/// one thread at a time.
void clmdb_guard(void);
void clmdb_unguard(void);

/// `flock` for this process alone, or -1 with `errno` at once: in Swift the name is a struct's.
int clmdb_lock(int descriptor);

/// Bytes of a file, or -1 with `errno`; 0 for what is no regular file. In Swift it depends on the order of the build
/// whose `struct stat` is.
int64_t clmdb_file_bytes(int descriptor);

/// The user that a file or directory belongs to, or -1 with `errno`. In C for the same reason.
int64_t clmdb_file_owner(const char *_Nonnull path);

/// `mdb_dbi_open`, guarded.
int clmdb_dbi_open(MDB_txn *_Nonnull txn, const char *_Nonnull name, unsigned int flags, MDB_dbi *_Nonnull dbi);
/// `mdb_get`, guarded; all of the value can be read.
int clmdb_get(MDB_txn *_Nonnull txn, MDB_dbi dbi, MDB_val *_Nonnull key, MDB_val *_Nonnull data);
/// `mdb_stat`, guarded.
int clmdb_stat(MDB_txn *_Nonnull txn, MDB_dbi dbi, MDB_stat *_Nonnull stat);
/// `mdb_cursor_get` with MDB_NEXT, guarded; all of key and value can be read.
int clmdb_next(MDB_cursor *_Nonnull cursor, MDB_val *_Nonnull key, MDB_val *_Nonnull data);
