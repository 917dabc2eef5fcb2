# SPDX-License-Identifier: Apache-2.0
"""Kills a primary under load and promotes its synchronous standby; nothing acknowledged is lost."""
import time

import clients
import driver
import postgres

TENANTS = ["default", "other"]


def follow(primary):
    """A standby without which nothing is acknowledged."""
    standby = primary.standby("standby")
    primary.sql("ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (standby)'")
    primary.sql("SELECT pg_reload_conf()")
    wait(lambda: primary.sql("SELECT sync_state FROM pg_stat_replication") == "sync",
         "the standby does not follow")
    return standby


def wait(condition, text, seconds=20):
    ends = time.monotonic() + seconds
    while not condition():
        driver.require(time.monotonic() < ends, text)
        time.sleep(0.05)


def fail_over(primary, standby, fleet):
    """How long it takes until every ledger is acknowledged by every server again."""
    primary.kill()
    start = time.monotonic()
    standby.sql("SELECT pg_promote()")
    wait(lambda: not any(fleet.quiet(place, start) for place in (0, 1)),
         "not every server goes on at the promoted standby")
    return time.monotonic() - start


def stage(options, folder):
    primary = postgres.Cluster(folder, "primary").create().start().migrate(options.binary)
    standby = follow(primary)
    both = (f"postgresql://{postgres.ROLE}@127.0.0.1:{primary.port},127.0.0.1:{standby.port}/"
            f"{postgres.DATABASE}?target_session_attrs=read-write")
    deployment = postgres.Deployment(options, folder, both, tenants=TENANTS)
    fleet = clients.Fleet(deployment, options.seed)
    fleet.start(options.clients)
    time.sleep(options.seconds)
    before = fleet.acknowledged
    seconds = fail_over(primary, standby, fleet)
    time.sleep(options.seconds / 2)
    fleet.stop()
    deployment.stop()
    count = fleet.check(standby.url())
    standby.stop()
    print(f"the primary killed after {before} were acknowledged; both servers went on with every "
          f"ledger at the promoted standby within {seconds:.1f} s; refused {fleet.told()}; "
          f"{count} acknowledged, 0 lost, none twice; the audit holds")


def add_options(parser):
    parser.add_argument("--seconds", type=float, default=8, help="how long before the primary ends")
    parser.add_argument("--clients", type=int, default=16, help="how many connections")


driver.run(stage, __doc__, add_options)
