# SPDX-License-Identifier: Apache-2.0
"""Stops one of two servers for a minute under load; woken, it damages nothing and goes on."""
import random
import signal
import time

import clients
import driver
import postgres

TENANTS = ["default", "other"]


def stand_still(server, seconds):
    server.process.send_signal(signal.SIGSTOP)
    time.sleep(seconds)
    server.process.send_signal(signal.SIGCONT)


def appends(server, fleet, seconds=10):
    """How long a server takes until it has acknowledged something new to every tenant."""
    events, start = driver.Events("woken"), time.monotonic()
    for tenant, key in fleet.deployment.keys.items():
        event, = fleet.batch(tenant, events)
        while True:
            status, body = server.client(seconds, key).send("POST", "/v1/events", event)
            if fleet.books[tenant].result(event, status, body, body):
                break
            driver.require(time.monotonic() - start < seconds, f"refused for {seconds} s: {body}")
            time.sleep(0.05)
    return time.monotonic() - start


def knows(server, fleet):
    """What the others acknowledged meanwhile is what this server shows."""
    for tenant, key in fleet.deployment.keys.items():
        book, client = fleet.books[tenant], server.client(key=key)
        for identifier in list(book.receipts)[-50:]:
            book.checked(identifier, client.get(f"/v1/events/{identifier}"))
    return 50 * len(fleet.books)


def stage(options, folder):
    cluster = postgres.Cluster(folder).create().start().migrate(options.binary)
    deployment = postgres.Deployment(options, folder, cluster.url(), tenants=TENANTS)
    fleet, generator = clients.Fleet(deployment, options.seed), random.Random(options.seed)
    fleet.start(options.clients)
    server = deployment.servers[0]
    # Short ones first, so that it stops in the middle of many things.
    for _ in range(options.times):
        time.sleep(generator.uniform(0.1, 0.4))
        stand_still(server, generator.uniform(0.1, 0.6))
    before = fleet.acknowledged
    stand_still(server, options.seconds)
    meanwhile = fleet.acknowledged - before
    driver.require(meanwhile > 0, "the other server acknowledged nothing")
    seconds = appends(server, fleet)
    shown = knows(server, fleet)
    time.sleep(2)
    fleet.stop()
    deployment.stop()
    count = fleet.check()
    cluster.stop()
    print(f"stopped {options.times} times for a moment and once for {options.seconds:g} s, in "
          f"which the other acknowledged {meanwhile}; woken, it appended within {seconds:.1f} s "
          f"and showed {shown} of them; refused {fleet.told()}; {count} acknowledged, 0 lost, "
          "none twice; the audit holds")


def add_options(parser):
    parser.add_argument("--seconds", type=float, default=60, help="how long it stands still")
    parser.add_argument("--times", type=int, default=10, help="how often for a moment before")
    parser.add_argument("--clients", type=int, default=12, help="how many connections")


driver.run(stage, __doc__, add_options)
