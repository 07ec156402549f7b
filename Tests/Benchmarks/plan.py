"""What the rows share: how much is measured, and rows made from rounds."""

import json

from measure import figure, load, ratio
from report import Row
from systems import Ticketlockd

EXAMPLE_ID = "0f8fad5b-d9cb-469f-a165-70867728950e"


class Plan:
    """How long and how much; the quick one only shows that everything runs."""

    def __init__(self, quick, open_files):
        self.quick = quick
        self.rounds = 2 if quick else 5
        self.seconds = 0.5 if quick else 3
        self.locks = 50_000 if quick else 1_000_000
        self.parked = 1_000 if quick else min(20_000, open_files - 200)
        self.parked_on_one = 500 if quick else 5_000
        self.handovers = 300 if quick else 3_000
        self.depth = 1_000 if quick else 10_000
        self.operations = 200 if quick else 2_000
        self.starts = 5 if quick else 15
        self.idle_seconds = 2 if quick else 10
        self.counted = 500 if quick else 2_000


def answers(take, give):
    """The bytes that ticketlockd answers to a pair of requests, for the floor to answer the same."""
    with Ticketlockd() as server:
        first = server.post(f"/v1/{take}", conversation_id=EXAMPLE_ID)
        ticket = json.loads(first)
        return [
            first,
            server.post(
                f"/v1/{give}", conversation_id=EXAMPLE_ID, ticket=ticket["ticket"], token=ticket["token"]
            ),
        ]


def running(factory, mode, **options):
    """A measurement on a server of its own."""

    def measure():
        with factory() as server:
            return load(server, mode, **options)

    return measure


def rates(row, what, results, theirs, target, unit="cycles_per_second"):
    ours = results["ticketlockd"]
    if isinstance(ours, str) or isinstance(results[theirs], str):
        return Row.missing(row, what, target, ours if isinstance(ours, str) else results[theirs])
    a, b = figure(ours, unit), figure(results[theirs], unit)
    return Row.at_least(row, what, a, b, ratio(a, b), target, "/s")


def compared(row, what, results, theirs, path, target, unit="us"):
    """A latency or size that may be at most `target` times theirs."""
    if isinstance(results["ticketlockd"], str) or isinstance(results[theirs], str):
        bad = [value for value in (results["ticketlockd"], results[theirs]) if isinstance(value, str)]
        return Row.missing(row, what, target, bad[0])
    a, b = figure(results["ticketlockd"], *path), figure(results[theirs], *path)
    return Row.at_most(row, what, a, b, ratio(a, b), target, unit)
