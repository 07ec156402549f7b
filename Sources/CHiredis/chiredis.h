/// hiredis, for Redis's protocol only: sockets, TLS and waiting are the event loop's.
#pragma once
#include <hiredis/hiredis.h>
#include <hiredis/read.h>

/// More elements than any reply has that a lock needs.
#define CHIREDIS_ELEMENTS_MAX (1 << 20)

/// What makes arrays in place of hiredis's own function, which sets aside memory for as many elements as it is told
/// there will be. The task's `privdata` is the functions that hiredis came with.
static inline void *_Nullable chiredis_create_array(const redisReadTask *_Nullable task, int elements) {
    const redisReplyObjectFunctions *functions = (const redisReplyObjectFunctions *)task->privdata;
    return elements > CHIREDIS_ELEMENTS_MAX ? NULL : functions->createArray(task, elements);
}
