#!/usr/bin/python3
"""Clients that take a ticket, are served and clean up, until SIGTERM; then one line on what they saw.

A client may see a connection cut off, or the answer that the daemon shuts down: it connects and asks again. Ends
with 1 if it saw anything else, a refused connection above all.
"""
import argparse
import http.client
import json
import signal
import sys
import threading
import time
import uuid


class Client(threading.Thread):
    """One client with a conversation of its own. Every second one connects anew for each cycle."""

    def __init__(self, number, stop):
        super().__init__(daemon=True)
        self.conversation = f"client {number}"
        self.keeps_connection = number % 2 == 0
        self.stop = stop
        self.connection = None
        self.cycles = self.retried = self.forgotten = 0
        self.longest = 0.0
        self.wrong = []

    def run(self):
        while not self.stop.is_set() and not self.wrong:
            key = {"Idempotency-Key": str(uuid.uuid4())}
            ticket = self.ask("acquire", {"conversation_id": self.conversation, "lifetime": 60}, 201, key)
            if ticket is None:
                return
            cleanup = {"conversation_id": self.conversation, "ticket": ticket["ticket"], "token": ticket["token"]}
            retried = self.retried
            done = self.ask("cleanup", cleanup, 200)
            if done is None:
                return
            # One whose answer was lost has removed the ticket already.
            self.forgotten += not done["removed"] and self.retried == retried
            self.cycles += 1
            if not self.keeps_connection:
                self.disconnect()

    def ask(self, operation, body, expected, headers=None):
        """Asks until there is an answer. None if it is the wrong one."""
        start = time.monotonic()
        while time.monotonic() - start < 30:
            try:
                status, answer = self.request(operation, body, headers or {})
            except ConnectionRefusedError as error:
                self.wrong.append(f"{operation}: {error}")
                return None
            except (ConnectionError, http.client.HTTPException):
                status = None
            except OSError as error:
                self.wrong.append(f"{operation}: {error}")
                return None
            if status == expected:
                self.longest = max(self.longest, time.monotonic() - start)
                return answer
            if status is not None and (status, answer.get("code")) != (503, "shutting_down"):
                self.wrong.append(f"{operation}: {status} {answer}")
                return None
            self.disconnect()
            self.retried += 1
        self.wrong.append(f"{operation}: no answer in 30 s")
        return None

    def request(self, operation, body, headers):
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", 5625, timeout=30)
        headers = {"Content-Type": "application/json", **headers}
        self.connection.request("POST", f"/v1/{operation}", json.dumps(body), headers)
        response = self.connection.getresponse()
        return response.status, json.loads(response.read())

    def disconnect(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--clients", type=int, default=32)
    arguments = parser.parse_args()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    clients = [Client(number, stop) for number in range(arguments.clients)]
    for client in clients:
        client.start()
    stop.wait(120)
    for client in clients:
        client.join(timeout=35)
    wrong = [text for client in clients for text in client.wrong]
    wrong += ["a client did nothing" for client in clients if client.cycles == 0]
    # Forgotten: tickets that were answered and were not there any more when they were to be finished.
    wrong += [f"{client.forgotten} tickets were forgotten" for client in clients if client.forgotten > 0]
    print(
        f"{sum(client.cycles for client in clients)} cycles, {sum(client.retried for client in clients)} retried,"
        f" {sum(client.forgotten for client in clients)} forgotten,"
        f" the longest took {max(client.longest for client in clients) * 1000:.0f} ms"
    )
    for text in wrong[:10]:
        print(text)
    sys.exit(1 if wrong else 0)


main()
