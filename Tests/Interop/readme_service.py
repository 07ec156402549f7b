"""README's sample for services, as printed, through what may happen to a daemon and to those who use it.

    python3 readme_service.py DAEMON SAMPLE FOLDER

SAMPLE is the code that README.md shows, DAEMON the built daemon; everything is written in FOLDER. Four processes
answer 24 messages on 2 conversations, while the daemon is restarted with its state and without, and one of them is
killed at work. Prints one line for each thing that is wrong; ends with 1 if there was any.
"""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.request

WORKER = pathlib.Path(__file__).with_name("readme_worker.py")
DOWN_SECONDS = 1.5
WORK_SECONDS = 0.3
ALL_SECONDS = 90
# A message of this many seconds is still worked on when its process is killed.
FOR_EVER = 600


class Scene:
    def __init__(self, daemon, sample, folder):
        self.daemon_path, self.folder = daemon, pathlib.Path(folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        code = pathlib.Path(sample).read_text()
        assert code.count("localhost:5625") == 1
        self.sample = self.folder / "sample.py"
        self.sample.write_text(code.replace("localhost:5625", f"127.0.0.1:{self.port}"))
        self.daemon, self.workers, self.sent = None, {}, []
        self.deadline = time.monotonic() + ALL_SECONDS

    # What happens

    def start_daemon(self, *settings):
        """At the port of the one before, which another program may have for a moment."""
        while True:
            arguments = ["--listen", f"127.0.0.1:{self.port}", *(f"--set={setting}" for setting in settings)]
            with open(self.folder / "daemon.log", "ab") as log:
                self.daemon = subprocess.Popen([self.daemon_path, *arguments], stderr=log)
            while self.daemon.poll() is None:
                try:
                    return self.get("/readyz")
                except OSError:
                    self.pause("the daemon serves")

    def stop_daemon(self, number):
        self.daemon.send_signal(number)
        self.daemon.wait()

    def start_worker(self, name):
        (self.folder / f"{name}.log").touch()
        self.workers[name] = subprocess.Popen(
            [sys.executable, WORKER, self.sample, self.folder / f"{name}.log", name], stdin=subprocess.PIPE)

    def send(self, worker, conversation, seconds=WORK_SECONDS, **more):
        """A message arrives at a worker."""
        message = len(self.sent)
        self.sent.append({"message": message, "worker": worker, "conversation": conversation})
        order = {"message": message, "conversation": conversation, "seconds": seconds, **more}
        self.workers[worker].stdin.write(json.dumps(order).encode() + b"\n")
        self.workers[worker].stdin.flush()
        return message

    def send_and_wait(self, worker, conversation, **more):
        """A message arrives, and has its ticket before the next one comes."""
        before = self.last_issued(conversation)
        message = self.send(worker, conversation, **more)
        while self.last_issued(conversation) == before:
            self.pause(f"message {message} has a ticket")
        return message

    # What can be seen

    def get(self, target):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{target}", timeout=10) as answer:
            return json.load(answer)

    def last_issued(self, conversation):
        """The highest number, -1 while there is no lock; each conversation keeps its lock during the scene."""
        locks = self.get("/v1/locks")["locks"]
        return {lock["conversation_id"]: lock["last_issued"] for lock in locks}.get(conversation, -1)

    def events(self):
        lines = [line for name in self.workers for line in (self.folder / f"{name}.log").read_text().splitlines()]
        return sorted(map(json.loads, lines), key=lambda event: event["at"])

    def wait_for(self, event, message):
        while not any(e["event"] == event and e["message"] == message for e in self.events()):
            self.pause(f"message {message}: {event}")

    def pause(self, what):
        if time.monotonic() > self.deadline:
            raise SystemExit(f"not yet: {what}\n{self.events()}\n{(self.folder / 'daemon.log').read_text()}")
        time.sleep(0.02)

    def close(self):
        for process in [*self.workers.values(), self.daemon]:
            process.kill()
            process.wait()


def play(scene):
    """Gives the message whose process was killed, the one that fails, and how many came while all was well."""
    with_state = f"store.state_directory={scene.folder / 'state'}"
    scene.start_daemon(with_state)
    for name in "ABCD":
        scene.start_worker(name)
    killed = scene.send_and_wait("D", "ada", seconds=FOR_EVER)
    scene.wait_for("begins", killed)
    for index in range(11):
        scene.send_and_wait("ABC"[index % 3], "ada" if index % 2 else "grace", seconds=WORK_SECONDS)
    in_order = len(scene.sent)

    scene.stop_daemon(signal.SIGTERM)
    time.sleep(DOWN_SECONDS / 2)
    for index in range(6):
        scene.send("ABC"[index % 3], "ada" if index % 2 else "grace")
    time.sleep(DOWN_SECONDS / 2)
    scene.start_daemon(with_state)
    scene.workers["D"].kill()
    scene.workers["D"].wait()

    # Its ticket ends with its lifetime; until then the rest of this conversation waits.
    for sent in scene.sent[1:in_order]:
        scene.wait_for("ends", sent["message"])
    fails = scene.send("A", "grace", fails=True)
    for index in range(2):
        scene.send("BC"[index], "grace")
    scene.stop_daemon(signal.SIGKILL)
    time.sleep(DOWN_SECONDS)
    # Everything is forgotten, and some have to ask again because the queue is full.
    scene.start_daemon("locks.max_tickets_per_lock=2")
    for index in range(3):
        scene.send("ABC"[index], "ada" if index % 2 else "grace")
    for sent in scene.sent[1:]:
        scene.wait_for("told", sent["message"])
    return killed, fails, in_order


def wrongs(sent, events, killed, fails, in_order):
    """What is wrong with what happened, as lines of text."""
    def of(kind, **values):
        return [e for e in events if e["event"] == kind and all(e[name] == value for name, value in values.items())]

    if len(sent) != 24:
        yield f"{len(sent)} messages"
    for message in (s["message"] for s in sent if s["message"] != killed):
        if len(of("ends", message=message)) != 1:
            yield f"message {message} was answered {len(of('ends', message=message))} times"
        expected = "ValueError: as it should" if message == fails else f"answer to {message}"
        if [e["result"] for e in of("told", message=message)] != [expected]:
            yield f"message {message}: its sender was told {of('told', message=message)}"
    for conversation in ("ada", "grace"):
        holder = None
        for event in (e for e in events if e["conversation"] == conversation and e["event"] != "told"):
            if event["event"] == "begins":
                if holder not in (None, killed):
                    yield f"{conversation}: {event['message']} begins while {holder} is at work"
                holder = event["message"]
            else:
                holder = None
        ends = of("ends", conversation=conversation)
        tokens = [e["token"] for e in ends]
        if any(a >= b for a, b in zip(tokens, tokens[1:])):
            yield f"{conversation}: answered in another order than that of the tickets: {tokens}"
        order = [e["message"] for e in ends]
        # Each of these had its ticket before the next one came, and none was lost.
        if [m for m in order if m < in_order] != sorted(m for m in order if m < in_order):
            yield f"{conversation}: answered in another order than the messages came: {order}"
        for worker in "ABC":
            own = [e["message"] for e in ends if e["worker"] == worker]
            if own != sorted(own):
                yield f"{conversation}: {worker} has changed the order of its own: {own}"


def main(daemon, sample, folder):
    scene = Scene(daemon, sample, folder)
    try:
        killed, fails, in_order = play(scene)
        events = scene.events()
    finally:
        scene.close()
    found = list(wrongs(scene.sent, events, killed, fails, in_order))
    for line in found:
        print(line)
    if found:
        print(*events, sep="\n")
    print(f"{len(events)} events, {time.monotonic() - scene.deadline + ALL_SECONDS:.1f} s")
    sys.exit(1 if found else 0)


main(*sys.argv[1:])
