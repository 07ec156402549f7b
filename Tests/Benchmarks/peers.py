"""What ticketlockd is measured against: its floor and what a user would take instead."""

import contextlib
import http.client
import os
import re
import socket
import subprocess

from systems import Missing, Server, Ticketlockd, free_port

POOLCOUNTER_PORT = 7531  # Compiled into it; only its address can be chosen.


class Floor(Server):
    name = "bare libmicrohttpd"
    program = "floor"

    def __init__(self, answers):
        super().__init__()
        self.answers = answers

    def command(self):
        return [os.path.abspath(f".build/benchmarks/{self.program}"), str(self.port), *self.answers]


class ParkFloor(Floor):
    name = "bare libmicrohttpd, parking"
    program = "park_floor"


class PoolCounter(Server):
    name = "PoolCounter"

    def __init__(self):
        super().__init__()
        self.port = POOLCOUNTER_PORT
        for last in range(1, 255):
            self.host = f"127.56.25.{last}"
            with contextlib.suppress(OSError), socket.socket() as probe:
                probe.bind((self.host, self.port))
                return
        raise Missing(f"no loopback address has port {self.port} free")

    def command(self):
        return ["poolcounterd", "-l", self.host]


class Redis(Server):
    name = "Redis"

    def command(self):
        return [
            "redis-server",
            "--bind",
            self.host,
            "--port",
            str(self.port),
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            self.directory.name,
        ]


class TicketlockdOnRedis(Ticketlockd):
    """A daemon, or two, with locks in a Redis of their own, which has a core to itself."""

    name = "ticketlockd on Redis"
    core = None

    def __init__(self, with_other=False, **settings):
        super().__init__(**settings)
        self.redis = Redis()
        self.other = Ticketlockd(**settings) if with_other else None
        for daemon in filter(None, (self, self.other)):
            daemon.core = None
            daemon.settings |= {
                "store.type": "redis",
                "redis.host": self.redis.host,
                "redis.port": self.redis.port,
            }

    def __enter__(self):
        self.redis.__enter__()
        try:
            if self.other:
                self.other.__enter__()
            return super().__enter__()
        except BaseException:
            self.stop_others()
            raise

    def is_ready(self):
        with contextlib.suppress(OSError, http.client.HTTPException):
            return "ready" in self.get("/readyz") and (not self.other or "ready" in self.other.get("/readyz"))
        return False

    def stop_others(self):
        if self.other:
            self.other.stop()
        self.redis.stop()

    def stop(self):
        super().stop()
        self.stop_others()

    def scripts_run(self):
        """How many scripts Redis has run: what a request waits for."""
        command = ["redis-cli", "-h", self.redis.host, "-p", str(self.redis.port), "INFO", "commandstats"]
        text = subprocess.run(command, capture_output=True, text=True, check=True, timeout=5).stdout
        found = re.search(r"cmdstat_evalsha:calls=(\d+)", text)
        return int(found[1]) if found else 0


class Etcd(Server):
    name = "etcd"
    core = None

    def command(self):
        client = f"http://{self.host}:{self.port}"
        peer = f"http://{self.host}:{free_port()}"
        return [
            "etcd",
            "--data-dir",
            self.directory.name,
            "--listen-client-urls",
            client,
            "--advertise-client-urls",
            client,
            "--listen-peer-urls",
            peer,
            "--initial-advertise-peer-urls",
            peer,
            "--initial-cluster",
            f"default={peer}",
            "--log-level",
            "error",
        ]

    def is_ready(self):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=2)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
            connection.request("GET", "/health")
            return b"true" in connection.getresponse().read()
        return False
