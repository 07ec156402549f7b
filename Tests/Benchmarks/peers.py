"""What ticketlockd is measured against: its floor and what a user would take instead."""

import contextlib
import http.client
import os
import socket

from systems import Missing, Server, free_port

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
