# SPDX-License-Identifier: Apache-2.0
"""Makes fsync fail under a running server; nothing is acknowledged that is not durable."""
import collections
import subprocess

import driver


class Faults:
    """Failures of system calls, switched on and off in a running server."""

    def __init__(self, server, prefix):
        self.target = f"{prefix}-{server.process.pid}"

    def control(self, text):
        result = subprocess.run(["fiu-ctrl", "-c", text, self.target], capture_output=True,
                                text=True, timeout=20)
        driver.require(not result.stdout and not result.stderr,
                       f"fiu-ctrl: {result.stdout}{result.stderr}")

    def on(self, name, errno, chance=None):
        kind, rest = ("enable", "") if chance is None else (
            "enable_random", f",probability={chance}")
        self.control(f"{kind} name={name},failinfo={errno}{rest}")

    def off(self, name):
        self.control(f"disable name={name}")


def post_some(server, book, events, count, codes):
    """Posts events, some of them those that were refused before, and counts the answers."""
    client = server.client()
    for _ in range(count):
        refused = book.lost_answers and events.random.random() < 0.3
        event = book.lost_answers.pop(0) if refused else events.make()
        status, body = client.send("POST", "/v1/events", event)
        if not book.result(event, status, body, body):
            driver.require(body["code"] in ("unavailable", "indeterminate"), f"{body}")
            if "id" in event:
                book.lost_answers.append(event)
        codes[body.get("code", "acknowledged")] += 1


def failing_calls(options, folder, prefix, name, errno, chance):
    """Some or all calls fail for a while, then none; killed, and looked at."""
    data = folder / (name.replace("/", "-").replace("*", "all") + f"-{errno}-{chance or 1}")
    server = driver.Server(options.binary, data, wrapper=["fiu-run", "-x", "-f", prefix])
    server.start()
    book, events = driver.Ledgerbook(), driver.Events(f"{options.seed}/{name}/{chance}")
    faults, codes = Faults(server, prefix), collections.Counter()
    post_some(server, book, events, 100, codes)
    driver.require(set(codes) == {"acknowledged"}, f"refused without a fault: {codes}")
    codes.clear()
    for _ in range(3):
        faults.on(name, errno, chance)
        before = len(book.receipts)
        post_some(server, book, events, 60, codes)
        if chance is None:
            driver.require(len(book.receipts) == before, "acknowledged without an fsync")
        book.check_new(server)
        faults.off(name)
        after = collections.Counter()
        post_some(server, book, events, 20, after)
        driver.require(set(after) == {"acknowledged"}, f"refused after the fault: {after}")
    # The fault comes back, and the server is killed in it.
    faults.on(name, errno, chance)
    post_some(server, book, events, 30, codes)
    server.kill()
    for path in folder.glob(f"{prefix.rsplit('/', 1)[1]}-*"):
        path.unlink()
    server = driver.Server(options.binary, data).start()
    book.check_new(server)
    post_some(server, book, events, 20, collections.Counter())
    driver.require(server.stop() == 0, "the server did not exit with 0 after SIGTERM")
    driver.audit(options.binary, data)
    count = book.check_all(driver.records(options.binary, data))
    print(f"{name} ({'every' if chance is None else chance}, errno {errno}): {dict(codes)}; "
          f"{count} acknowledged, 0 lost; the audit holds", flush=True)


def stage(options, folder):
    prefix = str(folder / "control")
    failing_calls(options, folder, prefix, "posix/io/sync/*", 5, None)
    failing_calls(options, folder, prefix, "posix/io/sync/*", 5, 0.3)
    failing_calls(options, folder, prefix, "posix/io/rw/pwrite", 28, None)
    failing_calls(options, folder, prefix, "posix/io/rw/pwrite", 5, 0.05)


driver.run(stage, __doc__)
