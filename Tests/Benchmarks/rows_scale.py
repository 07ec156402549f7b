"""Rows of scale: many callers, many locks, many tickets."""

from measure import Figure, figure, interleave, load, ratio, resident_bytes, say
from peers import ParkFloor, Redis
from plan import answers, compared, running
from report import Row, spread
from systems import Ticketlockd


def parked(plan):
    """Memory of parked callers, and hand-over beside them."""
    bodies = answers("acquire", "finish-serving")

    def many(factory, **options):
        measure = running(factory, "handover", count=plan.handovers, **options)

        def with_memory():
            result = measure()
            callers = result["waiters"] + result["parked"]
            result["bytes_each"] = (result["resident_after"] - result["resident_before"]) / callers
            return result

        return with_memory

    results = interleave(
        plan.rounds,
        [
            ("few", many(Ticketlockd)),
            ("spread", many(Ticketlockd, parked=plan.parked)),
            ("one", many(Ticketlockd, waiters=plan.parked_on_one)),
            ("floor", many(lambda: ParkFloor(bodies), waiters=plan.parked, static=True)),
            ("floor, few", many(lambda: ParkFloor(bodies), static=True)),
            ("floor, one", many(lambda: ParkFloor(bodies), waiters=plan.parked_on_one, static=True)),
        ],
    )
    names = {
        "spread": f"{plan.parked:,} parked acquires on as many conversations",
        "one": f"{plan.parked_on_one:,} parked acquires on one conversation",
    }
    for key, name in names.items():
        if isinstance(results[key], str):
            yield Row.missing("parked", name, "8,192 B", results[key])
            continue
        ours = figure(results[key], "bytes_each")
        bare = None if isinstance(results["floor"], str) else figure(results["floor"], "bytes_each")
        yield Row.bounded(
            "parked", f"{name}: resident memory each (against: bare libmicrohttpd)", ours, 8192, "B", bare
        )
        yield compared(
            "parked",
            f"{name}: hand-over p99 to that with 64 waiters",
            {"ticketlockd": results[key], "few": results["few"]},
            "few",
            ("handover", "p99"),
            1.5,
        )
    if not any(isinstance(results[name], str) for name in ("floor, few", "floor, one")):
        deep, few = (figure(results[name], "handover", "p99") for name in ("floor, one", "floor, few"))
        what = f"the same of bare libmicrohttpd, {plan.parked_on_one:,} parked: hand-over p99 to its own with 64"
        yield Row(
            "parked",
            what,
            "",
            f"{spread(deep, 'us')} to {spread(few, 'us')}",
            spread(ratio(deep, few), "x"),
            "",
            "to compare",
        )


def held(factory, protocol, locks):
    """Resident bytes for each of many locks."""

    def measure():
        with factory() as server:
            before = resident_bytes(server.pid)
            made = load(server, "cycle", protocol=protocol, count=locks, lifetime=3600)
            return {"bytes_each": (resident_bytes(server.pid) - before) / locks, "seconds": made["seconds"]}

    return measure


def memory(plan):
    """Memory of held locks, against Redis with the same in Rasa's JSON."""
    results = interleave(
        plan.rounds,
        [
            ("ticketlockd", held(Ticketlockd, "issue", plan.locks)),
            ("Redis", held(Redis, "redis-hold", plan.locks)),
        ],
    )
    what = f"memory of {plan.locks:,} held locks with 36-byte IDs: resident bytes each"
    if isinstance(results["ticketlockd"], str):
        yield Row.missing("memory", what, "250 B", results["ticketlockd"])
        return
    yield Row.bounded("memory", what, figure(results["ticketlockd"], "bytes_each"), 250, "B")
    yield compared(
        "memory", what + ", to Redis with Rasa's JSON", results, "Redis", ("bytes_each",), 1.0, "B"
    )


def growth(plan):
    """Latency with few and with many locks held, in the same process."""
    work = {
        "protocol": "issue-cleanup",
        "seconds": plan.seconds,
        "conversations": 10_000,
        "first": 100_000_000,
    }

    def measure():
        with Ticketlockd() as server:
            load(server, "cycle", protocol="issue", count=1_000, lifetime=3600)
            few = load(server, "cycle", **work)
            load(server, "cycle", protocol="issue", count=plan.locks, lifetime=3600, first=1_000_000)
            return {"few": few["request"]["p50"], "many": load(server, "cycle", **work)["request"]["p50"]}

    results = interleave(plan.rounds, [("ticketlockd", measure)])["ticketlockd"]
    what = f"growth: p50 of issue-ticket + cleanup with {plan.locks:,} locks held, to that with 1,000"
    if isinstance(results, str):
        yield Row.missing("growth", what, 1.2, results)
        return
    many, few = figure(results, "many"), figure(results, "few")
    yield Row.at_most("growth", what, many, few, ratio(many, few), 1.2, "us")


def storm(plan):
    """Very many tickets that expire at the same moment."""
    with Ticketlockd() as server:
        rate = load(server, "cycle", protocol="issue", count=plan.locks // 20, lifetime=60)[
            "cycles_per_second"
        ]
    lifetime = plan.locks / rate * 1.6 + 3
    say(f"{plan.locks:,} locks at {rate:,.0f} a second: they expire {lifetime:.0f} s after the first is made")
    results = interleave(
        plan.rounds,
        [
            (
                "ticketlockd",
                running(Ticketlockd, "storm", count=plan.locks, lifetime=f"{lifetime:.3f}", seconds=4),
            )
        ],
    )
    results = results["ticketlockd"]
    what = f"expiry storm: {plan.locks:,} tickets expire at once while 64 clients work: "
    if isinstance(results, str):
        yield Row.missing("storm", what, "20 ms, 2 s", results)
        return
    longest = Figure(result["request"]["max"] / 1000 for result in results)
    yield Row.bounded("storm", what + "longest answer", longest, 20, "ms")
    if any(result["all_expired_seconds"] is None for result in results):
        yield Row.missing("storm", what + "all expired", "2 s", "not within 4 s")
        return
    yield Row.bounded("storm", what + "all expired after", figure(results, "all_expired_seconds"), 2, "s")


def queue(plan):
    """A long queue against a short one."""

    def both(mode, **options):
        def measure():
            results = []
            for depth in (10, plan.depth):
                with Ticketlockd() as server:
                    results.append(load(server, mode, depth=depth, **options))
            return {"short": results[0], "long": results[1]}

        return measure

    results = interleave(
        plan.rounds,
        [
            ("front and middle", both("queue", count=plan.operations, lifetime=3600)),
            ("expiry", both("expire", count=plan.depth // 2, lifetime=4 if plan.quick else 20)),
        ],
    )
    what = f"deep queue: {plan.depth:,} tickets on one conversation, to 10: "
    operations = {
        "issue": ("front", "issue", "p50"),
        "finish from the front": ("front", "finish", "p50"),
        "finish from the middle": ("middle", "finish", "p50"),
        "issue after finishing in the middle": ("middle", "issue", "p50"),
    }
    for name, path in operations.items():
        yield from_depths("queue", what + name + ", p50", results["front and middle"], path, "us")
    yield from_depths(
        "queue",
        what + "processor time of issue + finish from the middle",
        results["front and middle"],
        ("middle", "cpu_per_pair"),
        "us",
    )
    yield from_depths(
        "queue",
        what + "processor time of an expiry from the middle",
        results["expiry"],
        ("cpu_per_ticket",),
        "us",
    )


def from_depths(row, what, results, path, unit):
    if isinstance(results, str):
        return Row.missing(row, what, 2, results)
    long, short = figure(results, "long", *path), figure(results, "short", *path)
    return Row.at_most(row, what, long, short, ratio(long, short), 2, unit)
