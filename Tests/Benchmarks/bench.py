#!/usr/bin/python3
"""Measures ticketlockd against its floor and its peers, prints one table and writes RESULTS.md.

ONLY=row[,row] in the environment repeats some rows and QUICK=1 shortens all; both only print. RECORD=1 keeps
the instruction counts as the new measure. Run by `make bench`, from the top of the repository.
"""

import os
import sys

import report
import rows_process as process
import rows_scale as scale
import rows_speed as speed
import rows_state as on_disk
from measure import Failed
from plan import Plan
from report import Row
from systems import Missing, Ticketlockd, raise_open_files

ROWS = [
    speed.floor,
    speed.cycle,
    speed.contended,
    speed.handover,
    speed.redis,
    scale.parked,
    scale.memory,
    scale.growth,
    scale.storm,
    scale.queue,
    on_disk.state,
    on_disk.stored,
    process.start,
    process.idle,
    process.instructions,
]
RESULTS = os.path.join(os.path.dirname(__file__), "RESULTS.md")


def chosen():
    names = [name for name in os.environ.get("ONLY", "").replace(" ", ",").split(",") if name]
    known = {row.__name__: row for row in ROWS}
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"ONLY: there is no row {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in names] or ROWS


def main():
    wanted = chosen()
    plan = Plan(quick=os.environ.get("QUICK") == "1", open_files=raise_open_files())
    found = []
    for row in wanted:
        print(f"==> {row.__name__}: {row.__doc__}", file=sys.stderr, flush=True)
        try:
            found += row(plan)
        except (Missing, Failed) as error:
            found.append(Row.missing(row.__name__, row.__doc__, "", str(error)))
    print(report.table(found))
    if plan.quick or len(wanted) < len(ROWS):
        return
    version = report.first_line(Ticketlockd.binary, "--version")
    with open(RESULTS, "w", encoding="utf-8") as file:
        file.write(report.page(found, plan, version))
    print(f"==> Written to {os.path.relpath(RESULTS)}", file=sys.stderr)


if __name__ == "__main__":
    main()
