"""Rows of speed: requests, cycles and hand-overs, each against another system."""

from measure import figure, interleave, load
from peers import Etcd, Floor, ParkFloor, PoolCounter, Redis, TicketlockdOnRedis
from plan import answers, compared, rates, running
from report import Row
from systems import Ticketlockd


def floor(plan):
    """Requests/s and p99 against the library beneath."""
    bodies = answers("issue-ticket", "cleanup")
    common = {"protocol": "issue-cleanup", "seconds": plan.seconds}
    results = interleave(
        plan.rounds,
        [
            ("floor", running(lambda: Floor(bodies), "cycle", static=True, **common)),
            ("ticketlockd", running(Ticketlockd, "cycle", **common)),
        ],
    )
    yield rates(
        "floor",
        "floor ratio: issue-ticket + cleanup, 64 connections, to bare libmicrohttpd",
        results,
        "floor",
        0.90,
        "requests_per_second",
    )
    yield compared("floor", "tail: p99 of the same", results, "floor", ("request", "p99"), 1.3)


def cycle(plan):
    """Full cycles against those whom a user would take instead."""
    seconds = {"seconds": plan.seconds}
    results = interleave(
        plan.rounds,
        [
            ("ticketlockd", running(Ticketlockd, "cycle", protocol="acquire-finish", **seconds)),
            ("PoolCounter", running(PoolCounter, "cycle", protocol="poolcounter", **seconds)),
            ("Redis", running(Redis, "cycle", protocol="redis", **seconds)),
            ("etcd", running(Etcd, "cycle", protocol="etcd", **seconds)),
        ],
    )
    what = "full cycle: acquire + finish-serving, 64 connections, distinct conversations, to "
    yield rates("cycle", what + "PoolCounter", results, "PoolCounter", 1.0)
    yield rates("cycle", what + "Redis with Rasa's 7 commands", results, "Redis", 3)
    yield rates("cycle", what + "etcd's /v3/lock", results, "etcd", 15)


def contended(plan):
    """The same with 64 connections on 8 conversations."""
    common = {"seconds": plan.seconds, "conversations": 8}
    results = interleave(
        plan.rounds,
        [
            ("ticketlockd", running(Ticketlockd, "cycle", protocol="acquire-finish", **common)),
            ("PoolCounter", running(PoolCounter, "cycle", protocol="poolcounter", **common)),
        ],
    )
    yield rates(
        "contended",
        "contended cycle: 64 connections on 8 conversations, to PoolCounter",
        results,
        "PoolCounter",
        1.0,
    )


def handover(plan):
    """From sending finish-serving to the next waiter's answer."""
    bodies = answers("acquire", "finish-serving")
    results = interleave(
        plan.rounds,
        [
            ("floor", running(lambda: ParkFloor(bodies), "handover", count=plan.handovers, static=True)),
            ("ticketlockd", running(Ticketlockd, "handover", count=plan.handovers)),
        ],
    )
    what = "hand-over, 64 waiters parked, to bare libmicrohttpd that parks and resumes: "
    yield compared("handover", what + "p50", results, "floor", ("handover", "p50"), 1.3)
    yield compared("handover", what + "p99", results, "floor", ("handover", "p99"), 1.5)


def redis(plan):
    """Locks in Redis: cycles, round trips, and hand-overs from one daemon to another."""

    def round_trips():
        with TicketlockdOnRedis() as server:
            load(server, "cycle", protocol="acquire-finish", connections=1, count=500)
            before = server.scripts_run()
            load(server, "cycle", protocol="acquire-finish", connections=1, count=plan.operations, first=1000)
            return {"round_trips": (server.scripts_run() - before) / plan.operations}

    def handed_over():
        with TicketlockdOnRedis(with_other=True) as server:
            return load(server, "handover", count=plan.handovers, other_port=server.other.port)

    seconds = {"seconds": plan.seconds}
    results = interleave(
        plan.rounds,
        [
            (
                "ticketlockd",
                running(TicketlockdOnRedis, "cycle", protocol="acquire-finish", **seconds),
            ),
            ("Redis", running(Redis, "cycle", protocol="redis", **seconds)),
            ("round trips", round_trips),
            ("hand-over", handed_over),
        ],
    )
    yield rates(
        "redis",
        "locks in Redis: acquire + finish-serving through a daemon, to Rasa's 7 commands on the same Redis",
        results,
        "Redis",
        1.5,
    )
    what = "locks in Redis: round trips for acquire + finish-serving when nobody else waits"
    if isinstance(results["round trips"], str):
        yield Row.missing("redis", what, "2", results["round trips"])
    else:
        yield Row.bounded("redis", what, figure(results["round trips"], "round_trips"), 2, "a cycle")
    what = "locks in Redis: hand-over from one daemon to another, 64 waiters (Rasa polls once a second): "
    for percentile, target in (("p50", 1000), ("p99", 5000)):
        if isinstance(results["hand-over"], str):
            yield Row.missing("redis", what + percentile, f"{target} us", results["hand-over"])
        else:
            ours = figure(results["hand-over"], "handover", percentile)
            yield Row.bounded("redis", what + percentile, ours, target, "us")
