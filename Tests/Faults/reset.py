# SPDX-License-Identifier: Apache-2.0
"""Cuts connections to the database at any byte, and after commits; nothing is lost or doubled."""
import time

import clients
import driver
import postgres
from proxy import Proxy

TENANTS = ["default", "other"]


class LostTwice:
    """Swallows the answer of one commit, and cuts every question for records by their id then."""

    def __init__(self):
        self.is_lost = False

    def __call__(self, question):
        if not self.is_lost and b"COMMIT\0" in question:
            self.is_lost = True
            return "swallow"
        return "halve" if self.is_lost and b"id = ANY" in question else None


def lost_twice(proxy, deployment, fleet):
    """What was carried out must not be told to be unwritten because it cannot be looked up."""
    tenant, events = "default", driver.Events("lost twice")
    writers = [clients.Writer(fleet, tenant, place * len(TENANTS), 10) for place in (0, 1)]
    # Servers that have met take turns, in transactions of several statements.
    for writer in (writers[1], writers[0]):
        driver.require(not writer.send(fleet.batch(tenant, events)), "refused without a fault")
    proxy.fate = LostTwice()
    writers[1].send_once(fleet.batch(tenant, events))
    del proxy.fate
    driver.require(len(proxy.counts) == 2, f"no answer of a commit was lost: {proxy.counts}")


def stage(options, folder):
    cluster = postgres.Cluster(folder).create().start().migrate(options.binary)
    proxy = Proxy(cluster.port, options.seed)
    deployment = postgres.Deployment(options, folder, cluster.url(port=proxy.port),
                                     tenants=TENANTS)
    fleet = clients.Fleet(deployment, options.seed, once=0.6)
    lost_twice(proxy, deployment, fleet)
    fleet.start(options.clients, pause=0.02)
    proxy.calm = False
    time.sleep(options.seconds)
    proxy.calm = True
    fleet.stop()
    deployment.stop()
    count = fleet.check(cluster.url())
    cluster.stop()
    driver.require(len(proxy.counts) == 4 and min(proxy.counts.values()) > 3,
                   f"too few faults: {dict(proxy.counts)}")
    print(f"{options.seconds:g} s: {dict(sorted(proxy.counts.items()))}; refused "
          f"{fleet.told()}; {count} acknowledged, 0 lost, none twice; the audit holds")


def add_options(parser):
    parser.add_argument("--seconds", type=float, default=20, help="how long to go on")
    parser.add_argument("--clients", type=int, default=16, help="how many connections")


driver.run(stage, __doc__, add_options)
