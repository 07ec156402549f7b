"""Rows of the state on disk: what it costs, how large it is, how fast it is read."""

import os
import tempfile
import time

from measure import Failed, figure, interleave, load
from peers import Etcd
from plan import rates, running
from report import Row
from systems import Ticketlockd

# On a file system of its own rank: /tmp may be memory, which makes `power` cost nothing.
FOLDER = os.path.abspath(".build/benchmarks")


class Stored(Ticketlockd):
    """With its state on disk; in a folder that outlives the process, if one is given."""

    def __init__(self, durability="process", folder=None, **settings):
        self.own = None if folder else tempfile.TemporaryDirectory(prefix="state-", dir=FOLDER)
        self.folder = folder or self.own.name
        super().__init__(
            **{"store.state_directory": self.folder, "store.durability": durability, **settings}
        )

    def stop(self):
        super().stop()
        if self.own:
            self.own.cleanup()

    @property
    def bytes(self):
        return sum(file.stat().st_size for file in os.scandir(self.folder))


def state(plan):
    """The same cycles with the locks on disk as well, and without."""
    common = {"protocol": "issue-cleanup", "seconds": plan.seconds}
    full = {"protocol": "acquire-finish", "seconds": plan.seconds}
    results = interleave(
        plan.rounds,
        [
            ("memory", running(Ticketlockd, "cycle", **common)),
            ("process", running(Stored, "cycle", **common)),
            ("power", running(lambda: Stored("power"), "cycle", **common)),
            ("power, full cycle", running(lambda: Stored("power"), "cycle", **full)),
            ("etcd", running(Etcd, "cycle", protocol="etcd", seconds=plan.seconds)),
        ],
    )
    what = "state on disk: issue-ticket + cleanup, 64 connections, durability "
    for durability, target in (("process", 0.92), ("power", 0.35)):
        yield rates(
            "state",
            f"{what}{durability}, to the same without",
            {"ticketlockd": results[durability], "memory": results["memory"]},
            "memory",
            target,
        )
    yield rates(
        "state",
        "state on disk: acquire + finish-serving, durability power, to etcd's /v3/lock, which syncs as well",
        {"ticketlockd": results["power, full cycle"], "etcd": results["etcd"]},
        "etcd",
        5,
    )


def stored(plan):
    """The size of the files, and the start with them."""

    def measure():
        with tempfile.TemporaryDirectory(prefix="state-", dir=FOLDER) as folder:
            with Stored(folder=folder) as server:
                load(server, "cycle", protocol="issue", count=plan.locks, lifetime=3600)
            with Stored(folder=folder) as server:
                before = server.bytes
            server = Stored(folder=folder)
            begin = time.monotonic()
            with server:
                if f"{plan.locks}" not in server.get("/metrics"):
                    raise Failed("the locks are not there")
                # It listens before it has read them.
                seconds = time.monotonic() - begin
                churn = {"protocol": "issue-cleanup", "conversations": 10_000, "first": 100_000_000}
                load(server, "cycle", seconds=plan.seconds, **churn)
                first = server.bytes
                load(server, "cycle", seconds=2 * plan.seconds, **churn)
                growth = server.bytes - first
            return {"bytes_each": before / plan.locks, "seconds": seconds, "growth": growth / plan.locks}

    results = interleave(1 if plan.quick else 3, [("ticketlockd", measure)])["ticketlockd"]
    what = f"state on disk of {plan.locks:,} held locks with 36-byte IDs: "
    if isinstance(results, str):
        yield Row.missing("stored", what, "200 B, 2 s", results)
        return
    yield Row.bounded("stored", what + "bytes each", figure(results, "bytes_each"), 200, "B")
    yield Row.bounded("stored", what + "start to first answer", figure(results, "seconds"), 2, "s")
    yield Row.bounded("stored", what + "growth each while as much comes and goes", figure(results, "growth"), 1, "B")
