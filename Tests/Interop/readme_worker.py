"""A process that runs README's sample: python3 readme_worker.py SAMPLE LOG NAME

A message is a line of JSON at its standard input. What becomes of it goes to LOG, a line for each event.
"""

import asyncio
import json
import sys
import time


def main(sample, log, name):
    stream = open(log, "a", buffering=1)

    def tell(event, order, **more):
        record = {"at": time.monotonic(), "event": event, "worker": name, "message": order["message"],
                  "conversation": order["conversation"], **more}
        stream.write(json.dumps(record) + "\n")

    async def reply(order, fencing_token):
        tell("begins", order, token=fencing_token)
        try:
            await asyncio.sleep(order["seconds"])
        except asyncio.CancelledError:
            tell("stops", order, token=fencing_token)
            raise
        tell("ends", order, token=fencing_token)
        if order.get("fails"):
            raise ValueError("as it should")
        return f"answer to {order['message']}"

    async def receive(order, handle):
        try:
            result = await handle(order["conversation"], order)
        except Exception as error:
            result = f"{type(error).__name__}: {error}"
        tell("told", order, result=result)

    async def serve():
        with open(sample) as file:
            code = {"reply": reply}
            exec(compile(file.read(), sample, "exec"), code)
        lines = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        tasks = set()
        while line := await lines.readline():
            tasks.add(asyncio.create_task(receive(json.loads(line), code["handle"])))
        await asyncio.gather(*tasks)

    asyncio.run(serve())


main(*sys.argv[1:])
