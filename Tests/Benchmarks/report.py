"""The table: its rows, and the page that keeps them."""

import datetime
import os
import platform
import re
import subprocess

MISSED = os.path.join(os.path.dirname(__file__), "MISSED.md")


def short(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


class Row:
    """One line: our figure, the other's, their ratio or our bound, and whether the target is met."""

    def __init__(self, row, what, ours="", theirs="", result="", target="", verdict=""):
        self.cells = [row, what, ours, theirs, result, target, verdict]

    @property
    def verdict(self):
        return self.cells[-1]

    @staticmethod
    def at_least(row, what, ours, theirs, ratio, target, unit):
        return Row(
            row,
            what,
            spread(ours, unit),
            spread(theirs, unit),
            spread(ratio, "x"),
            f">= {target:g} x",
            "met" if ratio.median >= target else "missed",
        )

    @staticmethod
    def at_most(row, what, ours, theirs, ratio, target, unit):
        return Row(
            row,
            what,
            spread(ours, unit),
            spread(theirs, unit),
            spread(ratio, "x"),
            f"<= {target:g} x",
            "met" if ratio.median <= target else "missed",
        )

    @staticmethod
    def bounded(row, what, ours, target, unit, theirs=None):
        return Row(
            row,
            what,
            spread(ours, unit),
            spread(theirs, unit) if theirs else "",
            "",
            f"<= {target:g} {unit}",
            "met" if ours.median <= target else "missed",
        )

    @staticmethod
    def recorded(row, what, ours, known, growth_max):
        if known is None:
            return Row(row, what, f"{ours:,}", "", "", "recorded", "new")
        return Row(
            row,
            what,
            f"{ours:,}",
            f"{known:,}",
            f"{ours / known:.3f} x",
            f"<= {growth_max:g} x",
            "met" if ours <= known * growth_max else "grew",
        )

    @staticmethod
    def missing(row, what, target, reason):
        target = f"{target:g} x" if isinstance(target, (int, float)) else target
        return Row(row, what, "", "", "", target, f"missing: {reason}")


def spread(figure, unit):
    """The median and, where there were rounds, the least and the greatest."""
    if figure.low == figure.high:
        return f"{short(figure.median)} {unit}"
    return f"{short(figure.median)} {unit} ({short(figure.low)} - {short(figure.high)})"


HEADER = ["row", "what", "ticketlockd", "against", "ratio", "target", ""]


def table(rows):
    lines = [HEADER, ["---"] * len(HEADER)] + [row.cells for row in rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines)


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return (done.stdout.strip() or done.stderr.strip()).split("\n")[0]


def package_version(package):
    return first_line("dpkg-query", "--show", "--showformat=${Version}", package) or "missing"


def machine():
    """What the figures depend on, without anything that names this machine."""
    model = "unknown"
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    with open("/proc/meminfo", encoding="ascii") as lines:
        gibibytes = int(lines.readline().split()[1]) / 1024 / 1024
    kernel = re.match(r"[0-9.]+", platform.release())
    swift = re.search(r"Swift version ([0-9.]+)", first_line("swift", "--version"))
    packages = ["libmicrohttpd12", "libuv1", "redis-server", "etcd-server", "poolcounter", "valgrind"]
    return [
        f"- {model}, {os.cpu_count()} cores, {gibibytes:.0f} GiB, Linux {kernel.group() if kernel else ''}",
        f"- Swift {swift.group(1) if swift else 'unknown'}, {first_line('cc', '--version')}",
        "- " + ", ".join(f"{package} {package_version(package)}" for package in packages),
    ]


def page(rows, plan, version):
    """RESULTS.md."""
    missed = sum(row.verdict == "missed" for row in rows)
    missing = sum(row.verdict.startswith("missing") for row in rows)
    date = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    lines = [
        "# What ticketlockd was measured at",
        "",
        f"Written by `make bench` on {date}, {version}; `make bench ONLY=ROW` repeats a row. Each figure",
        f"is the median of {plan.rounds} rounds, with the least and the greatest of them. Systems take turns",
        "in each round, always as a fresh process, and a ratio is the median of the rounds'. Server and load",
        "generator have a core each (etcd takes what it likes). The peers run with Debian's defaults; Redis",
        "keeps nothing on disk, etcd writes and syncs its log.",
        "",
        *machine(),
        "",
        f"{len(rows)} figures, {missed} of them miss their target, {missing} are missing.",
        "",
        table(rows),
        "",
    ]
    with open(MISSED, encoding="utf-8") as reasons:
        return "\n".join(lines) + "\n" + reasons.read()
