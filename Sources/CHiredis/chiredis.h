/// hiredis, for Redis's protocol only: sockets, TLS and waiting are the event loop's.
#pragma once
#include <hiredis/hiredis.h>
#include <hiredis/read.h>
