# SPDX-License-Identifier: Apache-2.0
"""Kills servers that share a database, and the database; nothing acknowledged may be lost."""
import collections
import random
import signal
import time

import clients
import driver
import postgres

TENANTS = ["default", *(f"tenant-{number}" for number in range(1, 8))]


class Chaos:
    """What happens to the servers and to their database, one thing after the other."""

    def __init__(self, options, cluster, deployment, fleet):
        self.random = random.Random(options.seed)
        self.cluster, self.servers, self.fleet = cluster, deployment.servers, fleet
        self.counts = collections.Counter()

    def next(self):
        time.sleep(self.random.uniform(0.3, 2))
        if self.random.random() < 0.25:
            self.kill_database()
        else:
            self.kill_server(self.random.choice(self.servers))

    def kill_server(self, server):
        server.kill()
        time.sleep(self.random.uniform(0.2, 1))
        postgres.bring_back(server)
        self.counts["server"] += 1

    def kill_database(self):
        self.cluster.kill()
        time.sleep(self.random.uniform(0, 0.5))
        self.cluster.start()
        self.counts["database"] += 1

    def pause(self, place, seconds):
        """Stops a server for a while; the other must go on with every ledger within 10 s."""
        server, start = self.servers[place], time.monotonic()
        server.process.send_signal(signal.SIGSTOP)
        limit, slowest = min(seconds, 10), None
        while (now := time.monotonic()) < start + seconds:
            quiet = self.fleet.quiet(1 - place, start)
            if not quiet and slowest is None:
                slowest = now - start
            driver.require(not quiet or now < start + limit,
                           f"nothing acknowledged for {limit} s of a server that stands still, "
                           f"for {quiet}")
            time.sleep(0.05)
        server.process.send_signal(signal.SIGCONT)
        driver.require(slowest is not None, f"the other server did not go on: {quiet}")
        return slowest


def stage(options, folder):
    cluster = postgres.Cluster(folder).create().start().migrate(options.binary)
    deployment = postgres.Deployment(options, folder, cluster.url(), tenants=TENANTS)
    fleet = clients.Fleet(deployment, options.seed)
    chaos = Chaos(options, cluster, deployment, fleet)
    fleet.start(options.clients, pause=0.1)
    start, slowest = time.monotonic(), None
    while time.monotonic() - start < options.seconds:
        chaos.next()
        if slowest is None and time.monotonic() - start > options.seconds / 2:
            slowest = chaos.pause(chaos.random.randrange(2), options.pause)
    fleet.stop()
    driver.require(slowest is not None, "there was no time to stop a server")
    deployment.stop()
    count = fleet.check()
    cluster.stop()
    print(f"{options.clients} clients, {len(TENANTS)} ledgers, 2 servers: a server killed "
          f"{chaos.counts['server']} times, the database {chaos.counts['database']} times; one "
          f"stood still for {options.pause:g} s, the other went on with every ledger within "
          f"{slowest:.1f} s; refused {fleet.told()}; {count} acknowledged, 0 lost, none twice; "
          "the audit holds")


def add_options(parser):
    parser.add_argument("--seconds", type=float, default=60, help="how long to go on")
    parser.add_argument("--clients", type=int, default=64, help="how many connections")
    parser.add_argument("--pause", type=float, default=10, help="how long one server stands still")


driver.run(stage, __doc__, add_options)
