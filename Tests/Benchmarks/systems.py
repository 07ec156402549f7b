"""A server under measurement: started on loopback, on a free port, and ended by its process ID."""

import contextlib
import http.client
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time

START_SECONDS_MAX = 15
STOP_SECONDS_MAX = 15
OPEN_FILES = 65536


class Missing(Exception):
    """A system that is not installed or does not start."""


def raise_open_files():
    """Parked callers need a descriptor each, here and in the server. Returns how many are allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limit in (max(hard, OPEN_FILES), hard):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
            return limit
    return soft


def free_port(address="127.0.0.1"):
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


def on_core(core):
    """What a child does first: stay on one core, so that server and load generator do not trade places."""
    cores = sorted(os.sched_getaffinity(0))
    if core is None or len(cores) < 2:
        return None
    return lambda: os.sched_setaffinity(0, {cores[core]})


class Server:
    """A running process that listens on `host` and `port`."""

    name = ""
    core = 0  # None: a system with many threads takes what cores it likes.
    host = "127.0.0.1"

    def __init__(self):
        self.port = free_port(self.host)
        self.directory = None
        self.process = None

    def command(self):
        raise NotImplementedError

    def is_ready(self):
        with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), 1):
            return True
        return False

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="bench-")
        command = self.command()
        if shutil.which(command[0]) is None:
            self.directory.cleanup()
            raise Missing(f"{os.path.basename(command[0])} is not installed")
        self.errors = open(
            os.path.join(self.directory.name, "errors"), "w+", encoding="utf-8", errors="replace"
        )
        self.process = subprocess.Popen(
            command,
            stdout=self.errors,
            stderr=self.errors,
            stdin=subprocess.DEVNULL,
            cwd=self.directory.name,
            preexec_fn=on_core(self.core),
            env=self.environment(),
        )
        try:
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def environment(self):
        return {"PATH": os.environ.get("PATH", "/usr/bin:/bin")}

    def wait_until_ready(self):
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self.is_ready():
            if self.process.poll() is not None:
                raise Missing(f"{self.name} ended with status {self.process.returncode}: {self.last_words()}")
            if time.monotonic() > deadline:
                raise Missing(f"{self.name} does not answer after {START_SECONDS_MAX} s: {self.last_words()}")
            time.sleep(0.02)

    def last_words(self):
        self.errors.seek(0)
        lines = self.errors.read().strip().splitlines()
        return lines[-1][-200:] if lines else "it said nothing"

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.errors.close()
        self.directory.cleanup()

    def __exit__(self, *_):
        self.stop()

    @property
    def pid(self):
        return self.process.pid


class Ticketlockd(Server):
    name = "ticketlockd"
    binary = os.path.abspath(".build/release/ticketlockd")

    def __init__(self, **settings):
        super().__init__()
        self.settings = {
            "locks.max_locks": 3_000_000,
            "locks.max_tickets_per_lock": 20_000,
            "http.max_connections": 30_000,
            "http.reserved_connections": 100,
            "log.level": "warning",
            **settings,
        }

    def command(self):
        sets = [part for key, value in self.settings.items() for part in ("--set", f"{key}={value}")]
        return [self.binary, "--listen", f"{self.host}:{self.port}", *sets]

    def post(self, path, **fields):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=10)
        connection.request("POST", path, json.dumps(fields), {"Content-Type": "application/json"})
        with contextlib.closing(connection):
            return connection.getresponse().read().decode()

    def get(self, path):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=10)
        connection.request("GET", path)
        with contextlib.closing(connection):
            return connection.getresponse().read().decode()


class UnderCallgrind(Ticketlockd):
    """Counts the instructions of its whole life; `instructions` is valid once it has been stopped."""

    def command(self):
        self.output = os.path.join(self.directory.name, "callgrind.out")
        # Valgrind gives up on debug information newer than itself; names of functions are enough.
        stripped = os.path.join(self.directory.name, "ticketlockd")
        subprocess.run(["strip", "--strip-debug", "-o", stripped, self.binary], check=True)
        return [
            "valgrind",
            "--tool=callgrind",
            f"--callgrind-out-file={self.output}",
            stripped,
            *super().command()[1:],
        ]

    def environment(self):
        # Hash tables with random seeds would make no two runs alike; and a `rep stosb` counts each byte.
        return {
            **super().environment(),
            "SWIFT_DETERMINISTIC_HASHING": "1",
            "GLIBC_TUNABLES": "glibc.cpu.x86_rep_stosb_threshold=1000000",
        }

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(60)
        self.instructions = None
        with contextlib.suppress(OSError), open(self.output, encoding="utf-8") as lines:
            for line in lines:
                if line.startswith(("summary:", "totals:")):
                    self.instructions = int(line.split()[1])
        super().stop()
