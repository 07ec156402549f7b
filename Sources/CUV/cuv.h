/// libuv, the event loop, with the two Linux calls it has no face for: a timer descriptor on the clock
/// that counts suspended time, and the close-on-exec flags that go with it.
#pragma once
#include <sys/timerfd.h>
#include <uv.h>
