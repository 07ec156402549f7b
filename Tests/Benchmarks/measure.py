"""Running the load generator, rounds that interleave systems, and figures read from /proc."""

import json
import os
import statistics
import subprocess
import sys

from systems import Missing, on_core

LOAD = os.path.abspath(".build/benchmarks/ticketload")
TIME_LIMIT_SECONDS = 240


class Failed(Exception):
    """A measurement that came to no figure, and why."""


def say(text):
    print(f"    {text}", file=sys.stderr, flush=True)


def load(server, mode, **options):
    """Runs the load generator against a server and returns what it found."""
    command = [
        LOAD,
        "--mode",
        mode,
        "--host",
        server.host,
        "--port",
        str(server.port),
        "--pid",
        str(server.pid),
        "--time-limit",
        str(TIME_LIMIT_SECONDS),
    ]
    for name, value in options.items():
        name = "--" + name.replace("_", "-")
        command += [name] if value is True else [name, str(value)]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=on_core(1), check=False)
    if done.returncode != 0:
        reason = done.stderr.strip() or f"the load generator ended with status {done.returncode}"
        raise Failed(f"{server.name}: {reason}")
    return json.loads(done.stdout)


def interleave(rounds, systems):
    """Measures each of `systems`, a list of (name, measurement), in each round: A B A B.

    Returns each one's results by name; a system that is missing or fails has its reason there instead.
    """
    results = {name: [] for name, _ in systems}
    for number in range(1, rounds + 1):
        for name, measurement in systems:
            if not isinstance(results[name], list):
                continue
            try:
                result = measurement()
            except (Missing, Failed) as error:
                say(f"{name}: {error}")
                results[name] = str(error)
                continue
            results[name].append(result)
            say(f"round {number} of {rounds}, {name}: {brief(result)}")
    return results


def brief(result):
    """A line for the person who waits."""
    if "cycles_per_second" in result:
        request = result["request"]
        return (
            f"{result['cycles_per_second']:,.0f} cycles/s, p99 {request['p99']:,.0f} us, "
            f"server {result['server_busy']:.0%} busy"
        )
    shown = {key: value for key, value in result.items() if isinstance(value, (int, float))}
    return ", ".join(f"{key} {value:,.6g}" for key, value in shown.items()) or "done"


class Figure:
    """The median of some rounds, with their spread."""

    def __init__(self, values):
        self.values = list(values)
        self.median = statistics.median(self.values)
        self.low = min(self.values)
        self.high = max(self.values)


def figure(results, *path):
    """One value of each round's result."""
    values = []
    for result in results:
        for key in path:
            result = result[key]
        values.append(result)
    return Figure(values)


def ratio(ours, theirs):
    """Round by round, so that what disturbs both for a while drops out."""
    return Figure(a / b for a, b in zip(ours.values, theirs.values))


def resident_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        for line in lines:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    raise Failed("the server has gone")


def activity(pid):
    """Processor time in seconds and context switches, over all threads."""
    seconds = switches = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as file:
            seconds += int(file.read().split()[0]) / 1e9
        with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as lines:
            switches += sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt"))
    return seconds, switches
