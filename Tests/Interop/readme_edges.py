"""README's sample for services where a caller gives up, or the daemon's answer is late.

    python3 readme_edges.py DAEMON SAMPLE FOLDER

SAMPLE is the code that README.md shows, but for its lifetime and deadline, which are made short here. Prints one line
for each thing that is wrong; ends with 1 if there was any.
"""

import asyncio
import contextlib
import pathlib
import socket
import subprocess
import sys
import time

LIFETIME = 2
DEADLINE = 6


class Service:
    """One process's copy of the sample, and what its `reply` did."""

    def __init__(self, sample, port, reply, deadline=60):
        code = pathlib.Path(sample).read_text()
        for before, after in [("localhost:5625", f"127.0.0.1:{port}"), ("LIFETIME = 10 ", f"LIFETIME = {LIFETIME} "),
                              ("DEADLINE = 300 ", f"DEADLINE = {deadline} ")]:
            assert code.count(before) == 1, before
            code = code.replace(before, after)
        self.events = []
        names = {"reply": self.reply}
        exec(compile(code, sample, "exec"), names)
        self.handle, self.body = names["handle"], reply

    async def reply(self, message, fencing_token):
        self.events.append((time.monotonic(), "begins", message))
        try:
            return await self.body(message)
        finally:
            self.events.append((time.monotonic(), "ends", message))

    def count(self, event, message):
        return sum(e[1:] == (event, message) for e in self.events)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def start(daemon, folder):
    port = free_port()
    with open(pathlib.Path(folder) / "daemon.log", "ab") as log:
        process = subprocess.Popen([daemon, "--listen", f"127.0.0.1:{port}"], stderr=log)
    while process.poll() is None:
        try:
            (await asyncio.open_connection("127.0.0.1", port))[1].close()
            return process, port
        except OSError:
            await asyncio.sleep(0.02)
    raise SystemExit("the daemon does not start")


async def until(condition):
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise SystemExit("not yet")


async def late_proxy(port, delay):
    """A way to the daemon on which the first answer to issue-ticket takes `delay` seconds; gives its port."""
    delays = [delay]

    async def join(reader, writer):
        daemon_reader, daemon_writer = await asyncio.open_connection("127.0.0.1", port)
        is_late = False

        async def carry(source, sink, is_answer):
            nonlocal is_late
            try:
                while data := await source.read(65536):
                    if not is_answer and b"/issue-ticket" in data:
                        is_late = True
                    elif is_answer and is_late and delays:
                        await asyncio.sleep(delays.pop())
                    sink.write(data)
                    await sink.drain()
            except ConnectionError:
                pass
            finally:
                sink.close()

        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(carry(reader, daemon_writer, False), carry(daemon_reader, writer, True))

    server = await asyncio.start_server(join, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


async def cancelled(sample, port):
    """A message whose caller gives up is not begun again by the next one's ticket."""
    async def reply(message):
        await asyncio.sleep(0.5)
        return message

    service = Service(sample, port, reply)
    first = asyncio.create_task(service.handle("cancelled", "a"))
    await until(lambda: service.count("begins", "a"))
    second = asyncio.create_task(service.handle("cancelled", "b"))
    await asyncio.sleep(0.1)
    first.cancel()
    results = await asyncio.gather(first, second, return_exceptions=True)
    if not isinstance(results[0], asyncio.CancelledError) or results[1] != "b":
        yield f"a caller that gives up: {results}"
    if service.count("begins", "a") != 1:
        yield f"a message that was given up is begun again: {service.events}"


async def cancelled_inside(sample, port):
    """What `reply` raises is its own message's only, a cancellation of something within it, too."""
    async def reply(message):
        if message == "a":
            raise asyncio.CancelledError
        return message

    service = Service(sample, port, reply)
    tasks = [asyncio.create_task(service.handle("inside", message)) for message in "ab"]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    if not isinstance(results[0], asyncio.CancelledError) or results[1] != "b":
        yield f"a cancellation inside of reply: {results}"


async def answered_at_the_end(sample, daemon, folder):
    """A message that is answered is told so, though its ticket cannot be given back in time."""
    process, port = await start(daemon, folder)

    async def reply(message):
        process.kill()
        process.wait()
        return message

    service = Service(sample, port, reply, deadline=1)
    results = await asyncio.gather(service.handle("end", "a"), return_exceptions=True)
    if results != ["a"]:
        yield f"answered while the daemon was lost: {results}"


async def late_grant(sample, port):
    """A ticket whose answer came late is renewed before it ends, or its work is stopped before another's begins."""
    async def reply(message):
        await asyncio.sleep(LIFETIME)
        return message

    proxy, late_port = await late_proxy(port, LIFETIME * 0.85)
    late, other = Service(sample, late_port, reply), Service(sample, port, reply)
    first = asyncio.create_task(late.handle("late", "a"))
    await asyncio.sleep(0.2)
    results = await asyncio.gather(first, other.handle("late", "b"))
    if results != ["a", "b"]:
        yield f"a late grant: {results}"
    if late.count("begins", "a") != 1:
        yield f"a late grant is lost though it could be renewed: {late.events}"
    holder = None
    for at, event, message in sorted(late.events + other.events):
        if event == "begins" and holder:
            yield f"two at work at once: {late.events} {other.events}"
        holder = message if event == "begins" else None
    proxy.close()


async def main(daemon, sample, folder):
    process, port = await start(daemon, folder)
    found = []
    try:
        for scene in (cancelled(sample, port), cancelled_inside(sample, port),
                      answered_at_the_end(sample, daemon, folder), late_grant(sample, port)):
            found += [line async for line in scene]
    finally:
        process.kill()
        process.wait()
    print(*found, sep="\n")
    sys.exit(1 if found else 0)


asyncio.run(main(*sys.argv[1:]))
