"""Rasa's own Redis lock store, used as Rasa uses it: python3 rasa_peer.py RASA PORT OPERATION [ARGUMENT...]

RASA is the folder that has Rasa's `rasa/core/lock.py` and `rasa/core/lock_store.py`, unchanged; what they import of the
rest of Rasa is stood in for here. Prints one line of JSON for each thing that happens.
"""

import asyncio
import importlib.util
import json
import sys
import time
import types


def stub(name, **members):
    module = types.ModuleType(name)
    module.__path__ = []
    for key, value in members.items():
        setattr(module, key, value)
    sys.modules[name] = module
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)


def load(folder, name):
    path = f"{folder}/{name.replace('.', '/')}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def rasa_lock_store(folder):
    class RasaException(Exception):
        pass

    class ConnectionException(RasaException):
        pass

    for name in ("rasa", "rasa.core", "rasa.shared", "rasa.shared.utils", "rasa.utils"):
        stub(name)
    stub("rasa.shared.exceptions", RasaException=RasaException, ConnectionException=ConnectionException)
    stub("rasa.shared.utils.common")
    stub("rasa.core.constants", DEFAULT_LOCK_LIFETIME=60)
    stub("rasa.utils.endpoints", EndpointConfig=object)
    load(folder, "rasa.core.lock")
    return load(folder, "rasa.core.lock_store")


def say(**what):
    print(json.dumps(what), flush=True)


async def hold(store, conversation, lifetime, wait, seconds):
    """Takes the lock as Rasa's agent does for a message, and keeps it for so long."""
    async with store.lock(conversation, lifetime, wait):
        say(event="entered", time=time.time())
        await asyncio.sleep(seconds)
        say(event="leaving", time=time.time())


def main(folder, port, prefix, operation, *arguments):
    module = rasa_lock_store(folder)
    store = module.RedisLockStore(host="127.0.0.1", port=port, key_prefix=prefix or None)
    conversation = arguments[0]
    if operation == "issue":
        say(ticket=store.issue_ticket(conversation, float(arguments[1])))
    elif operation == "finish":
        store.finish_serving(conversation, int(arguments[1]))
    elif operation == "cleanup":
        store.cleanup(conversation, int(arguments[1]))
    elif operation == "update":
        store.update_lock(conversation)
    elif operation == "get":
        lock = store.get_lock(conversation)
        say(
            conversation_id=lock.conversation_id, now_serving=lock.now_serving, last_issued=lock.last_issued,
            numbers=[ticket.number for ticket in lock.tickets],
            expires=[ticket.expires for ticket in lock.tickets], waiting=store.is_someone_waiting(conversation))
    elif operation == "hold":
        asyncio.run(hold(store, conversation, *map(float, arguments[1:])))
    else:
        sys.exit(f"unknown operation: {operation}")


if __name__ == "__main__":
    main(*sys.argv[1:])
