# SPDX-License-Identifier: Apache-2.0
"""Kills servers while they verify; another one brings each verification to its end, unasked."""
import time

import driver
import postgres

RECORDS, BULK, ASKED = 20_000, 500, 3


def record(client, seed):
    events = driver.Events(f"{seed}/verifications")
    for _ in range(RECORDS // BULK):
        bulk = [events.make(repeats=False) for _ in range(BULK)]
        status, body = client.send("POST", "/v1/events", {"events": bulk})
        driver.require(status < 300, f"a bulk was answered {status}: {body}")


def ask(client):
    status, job = client.send("POST", "/v1/verifications", {})
    driver.require(status == 202, f"a verification was answered {status}: {job}")
    return job["id"]


def wait(client, identifier, states, seconds):
    """Asks until a verification is in one of some states."""
    ends = time.monotonic() + seconds
    while True:
        job = client.get(f"/v1/verifications/{identifier}")
        if job["state"] in states:
            return job
        driver.require(time.monotonic() < ends, f"after {seconds} s a verification is {job}")
        time.sleep(0.005)


def stage(options, folder):
    cluster = postgres.Cluster(folder).create().start().migrate(options.binary)
    deployment = postgres.Deployment(options, folder, cluster.url())
    key = deployment.keys["default"]
    record(deployment.servers[0].client(key=key), options.seed)
    interrupted, slowest = 0, 0.0
    for number in range(options.kills):
        victim = deployment.servers[number % 2]
        other = deployment.servers[1 - number % 2].client(key=key)
        asked = [ask(victim.client(key=key)) for _ in range(ASKED)]
        wait(other, asked[0], ["running", "done"], 10)
        victim.kill()
        killed = time.monotonic()
        # It may have been done in the moment between.
        interrupted += other.get(f"/v1/verifications/{asked[0]}")["state"] == "running"
        for one in asked:
            job = wait(other, one, ["done", "failed"], 60)
            driver.require(job.get("verdict") == "holds", f"a verification is {job}")
        slowest = max(slowest, time.monotonic() - killed)
        postgres.bring_back(victim)
    driver.require(interrupted > 0, "no server was killed while it verified")
    deployment.stop()
    deployment.audit()
    cluster.stop()
    print(f"{options.kills} kills of the server that was asked, {interrupted} of them while it "
          f"verified {RECORDS} records: {options.kills * ASKED} verifications, each ended by the "
          f"other server, the last at most {slowest:.1f} s after the kill; all hold")


driver.run(stage, __doc__, lambda parser: parser.add_argument(
    "--kills", type=int, default=4, help="how often to kill a server"))
