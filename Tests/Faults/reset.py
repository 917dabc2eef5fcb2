# SPDX-License-Identifier: Apache-2.0
"""Cuts connections to the database at any byte, and after commits; nothing is lost or doubled."""
import time

import clients
import driver
import postgres
from proxy import Proxy

TENANTS = ["default", "other"]


def stage(options, folder):
    cluster = postgres.Cluster(folder).create().start().migrate(options.binary)
    proxy = Proxy(cluster.port, options.seed)
    deployment = postgres.Deployment(options, folder, cluster.url(port=proxy.port),
                                     tenants=TENANTS)
    fleet = clients.Fleet(deployment, options.seed, once=0.6)
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
