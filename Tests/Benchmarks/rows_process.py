"""Rows of the process: its start, its rest, and the instructions of a request."""

import contextlib
import json
import os
import time

from measure import Failed, activity, figure, interleave, load, say
from report import Row
from systems import Missing, Ticketlockd, UnderCallgrind

INSTRUCTIONS = os.path.join(os.path.dirname(__file__), "instructions.json")
INSTRUCTIONS_GROWTH_MAX = 1.02


def start(plan):
    """From the process's start to its first answer."""

    def measure():
        server = Ticketlockd()
        server.is_ready = lambda: True
        begin = time.monotonic()
        with server:
            while time.monotonic() < begin + 10:
                with contextlib.suppress(OSError):
                    if "ok" in server.get("/healthz").lower():
                        return {"milliseconds": (time.monotonic() - begin) * 1000}
                time.sleep(0.0002)
        raise Failed("no answer after 10 s")

    results = interleave(plan.starts, [("ticketlockd", measure)])["ticketlockd"]
    what = "start: from process start to first answer"
    if isinstance(results, str):
        yield Row.missing("start", what, "50 ms", results)
        return
    yield Row.bounded("start", what, figure(results, "milliseconds"), 50, "ms")


def idle(plan):
    """What an idle daemon with 100,000 locks does."""

    def measure():
        with Ticketlockd() as server:
            load(server, "cycle", protocol="issue", count=100_000, lifetime=3600)
            time.sleep(2)
            seconds, switches = activity(server.pid)
            time.sleep(plan.idle_seconds)
            seconds_after, switches_after = activity(server.pid)
            return {
                "percent": (seconds_after - seconds) / plan.idle_seconds * 100,
                "wake_ups": (switches_after - switches) / plan.idle_seconds,
            }

    results = interleave(plan.rounds, [("ticketlockd", measure)])["ticketlockd"]
    what = "idle with 100,000 locks held: "
    if isinstance(results, str):
        yield Row.missing("idle", what, "0.5 %", results)
        return
    yield Row.bounded("idle", what + "processor time", figure(results, "percent"), 0.5, "% of a core")
    yield Row.bounded("idle", what + "wake-ups", figure(results, "wake_ups"), 0.2, "/s")


def instructions(plan):
    """Instructions of the daemon for a request, which repeat where seconds do not."""

    def counted(script):
        with UnderCallgrind() as server:
            load(server, "script", script=script, count=plan.counted, connections=1)
        if server.instructions is None:
            raise Failed("callgrind wrote no summary")
        return server.instructions

    # All tables have grown in the first two letters; what comes after them is the difference.
    scripts = {
        "issue-ticket": ("ici", "ic"),
        "cleanup": ("icic", "ici"),
        "acquire": ("ica", "ic"),
        "finish-serving": ("icaf", "ica"),
    }
    what = "instructions for a request: "
    known = json.load(open(INSTRUCTIONS, encoding="utf-8")) if os.path.exists(INSTRUCTIONS) else {}
    totals, found = {}, {}
    try:
        for script in sorted({script for pair in scripts.values() for script in pair}):
            totals[script] = counted(script)
            say(f"script {script}: {totals[script]:,} instructions")
    except (Missing, Failed) as error:
        yield Row.missing("instructions", what, "recorded", str(error))
        return
    for name, (with_it, without) in scripts.items():
        found[name] = round((totals[with_it] - totals[without]) / plan.counted)
        yield Row.recorded("instructions", what + name, found[name], known.get(name), INSTRUCTIONS_GROWTH_MAX)
    if not plan.quick and (not known or os.environ.get("RECORD") == "1"):
        with open(INSTRUCTIONS, "w", encoding="utf-8") as file:
            json.dump(found, file, indent=2)
            file.write("\n")
