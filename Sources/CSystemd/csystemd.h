/// libsystemd's service protocol: readiness, watchdog and passed sockets (sd-daemon(3)).
#pragma once
#include <systemd/sd-daemon.h>
