# SPDX-License-Identifier: Apache-2.0
"""Kills workers that share a queue, and stops one longer than its lease; each export is made right."""
import pathlib
import random
import signal
import subprocess
import time

import driver
import exports
import postgres

# Longer than a worker has a job without saying that it goes on.
STILL = 35


class Worker(driver.Server):
    """A `cairn worker`: killed and stopped as a server is."""

    def __init__(self, binary, data, *options):
        self.command = [str(binary), "worker", "--data", str(data), *options]
        self.data, self.log = pathlib.Path(data), pathlib.Path(f"{data}.log")
        self.process = self.port = None

    def start(self, seconds=30):
        self.spawn()
        for _ in range(seconds * 100):
            if "working\n" in self.told():
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        raise driver.Failure(f"the worker did not start: {self.told()[-500:]}")


def stage(options, folder):
    generator = random.Random(options.seed)
    cluster = postgres.Cluster(folder).create().start().migrate(options.binary)
    objects = folder / "objects"
    shared = ["--database-url", cluster.url(), "--objects-url", f"file://{objects}"]
    fleet = postgres.Deployment(options, folder, cluster.url(), count=1, settings=[
        "--objects-url", f"file://{objects}", "--exports-worker", "false"])
    server, = fleet.servers
    secret = fleet.keys["default"]
    client = server.client(key=secret)
    exports.record(client, options.seed)
    key = client.get("/v1/ledger")["public_key"]
    workers = []
    for number in range(2):
        data = folder / f"worker-{number}"
        data.mkdir(mode=0o700)
        (data / "signing.key").write_bytes((server.data / "signing.key").read_bytes())
        (data / "signing.key").chmod(0o600)
        workers.append(Worker(options.binary, data, *shared).start())
    wanted, seconds = [], 0
    for form in exports.FORMS:
        began = time.monotonic()
        job = exports.finished(client, exports.ask(client, form))
        seconds += time.monotonic() - began
        wanted.append(exports.fetched(client, job, folder / "peace.zip"))
    jobs, kills, stops = len(exports.FORMS), 0, 0

    def ask():
        return [exports.ask(client, form) for form in exports.FORMS]

    def check(asked):
        for identifier, files in zip(asked, wanted):
            exports.check(options, client, identifier, files, key, folder / "killed.zip")
        return len(asked)

    while kills < options.kills:
        asked = ask()
        while kills < options.kills:
            time.sleep(generator.uniform(0, seconds / 4))
            if {client.get(f"/v1/exports/{one}")["state"] for one in asked} == {"done"}:
                break
            victim = generator.choice(workers)
            victim.kill()
            kills += 1
            victim.start()
        jobs += check(asked)
        print(f"{kills} kills: {len(asked)} exports made, verified, and those of peace", flush=True)
    # What is woken finds its jobs taken by the other one, and spoils nothing.
    for victim in workers:
        asked = ask()
        time.sleep(generator.uniform(0, seconds / 4))
        victim.process.send_signal(signal.SIGSTOP)
        jobs += check(asked)
        time.sleep(max(0, STILL - seconds))
        victim.process.send_signal(signal.SIGCONT)
        stops += 1
        time.sleep(2)
        for identifier, files in zip(asked, wanted):
            exports.check(options, client, identifier, files, key, folder / "killed.zip")
    exports.nothing_left(objects, jobs, *(worker.data / "tmp" for worker in workers))
    for one in [*workers, server]:
        driver.require(one.stop() == 0, "a process did not exit with 0 after SIGTERM")
    fleet.audit()
    print(f"{kills} kills and {stops} stops of {STILL} s, {jobs} exports of {exports.RECORDS} records "
          f"by 2 workers, {seconds:.1f} s for {len(exports.FORMS)} in peace; nothing left behind")


if __name__ == "__main__":
    driver.run(stage, __doc__, lambda parser: parser.add_argument(
        "--kills", type=int, default=20, help="how often to kill a worker"))
