# SPDX-License-Identifier: Apache-2.0
"""Makes the database refuse writes as serialization failures and deadlocks; nothing is lost."""
import collections
import random
import time

import clients
import driver
import postgres

TENANTS = ["default", "other"]

# When a head is moved, and when the transaction that moved it commits.
TRIGGERS = """
    CREATE SEQUENCE faults_raised;
    GRANT USAGE ON faults_raised TO {role};
    CREATE FUNCTION faults() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
    CREATE TRIGGER a_faults BEFORE UPDATE ON heads FOR EACH ROW EXECUTE FUNCTION faults();
    CREATE CONSTRAINT TRIGGER b_faults AFTER INSERT ON entries DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION faults();
"""
FUNCTION = """
    CREATE OR REPLACE FUNCTION faults() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF random() < {share} THEN
            PERFORM nextval('faults_raised');
            RAISE EXCEPTION 'injected' USING ERRCODE =
                CASE WHEN random() < 0.5 THEN '40001' ELSE '40P01' END;
        END IF;
        RETURN NEW;
    END $$;
"""
# A connection of a server's, ended or its statement cancelled as an administrator would.
MEDDLE = """
    SELECT pg_{what}_backend(pid) FROM pg_stat_activity
    WHERE usename = '{role}' AND state <> 'idle' ORDER BY random() LIMIT 1
"""


def share(cluster, value):
    cluster.sql(FUNCTION.format(share=value), postgres.DATABASE)


def random_share(cluster, options, generator):
    """A share of all updates fails; now and then a connection is ended, too."""
    meddled = collections.Counter()
    ends = time.monotonic() + options.seconds
    share(cluster, options.share)
    while time.monotonic() < ends:
        time.sleep(generator.uniform(0.05, 0.3))
        what = generator.choice(["cancel", "terminate"])
        statement = MEDDLE.format(what=what, role=postgres.ROLE)
        meddled[what] += cluster.sql(statement, postgres.DATABASE) == "t"
    return dict(meddled)


def every_update(cluster, fleet, seconds=2):
    """While every update fails, nothing new is acknowledged; then all go on by themselves."""
    share(cluster, 1)
    time.sleep(0.5)
    before = cluster.sql("SELECT sum(size) FROM heads", postgres.DATABASE)
    time.sleep(seconds)
    after = cluster.sql("SELECT sum(size) FROM heads", postgres.DATABASE)
    driver.require(before == after, f"from {before} to {after} records while every update fails")
    share(cluster, 0)
    start = time.monotonic()
    while any(fleet.quiet(place, start) for place in (0, 1)):
        driver.require(time.monotonic() < start + 10, "refused for 10 s after the last failure")
        time.sleep(0.02)
    return time.monotonic() - start


def stage(options, folder):
    cluster = postgres.Cluster(folder).create().start().migrate(options.binary)
    cluster.sql(TRIGGERS.format(role=postgres.ROLE), postgres.DATABASE)
    deployment = postgres.Deployment(options, folder, cluster.url(), tenants=TENANTS)
    fleet = clients.Fleet(deployment, options.seed)
    fleet.start(options.clients, pause=0.02)
    meddled = random_share(cluster, options, random.Random(options.seed))
    seconds = every_update(cluster, fleet)
    fleet.stop()
    deployment.stop()
    count = fleet.check()
    raised = int(cluster.sql("SELECT last_value FROM faults_raised", postgres.DATABASE))
    cluster.stop()
    driver.require(raised > 100 and len(meddled) == 2, f"too few faults: {raised}, {meddled}")
    print(f"{raised} failures of serialization and deadlocks, {meddled} by an administrator; "
          f"refused {fleet.told()}; again {seconds:.1f} s after the last; {count} acknowledged, "
          "0 lost, none twice; the audit holds")


def add_options(parser):
    parser.add_argument("--seconds", type=float, default=10, help="how long to go on")
    parser.add_argument("--share", type=float, default=0.2, help="of updates that fail")
    parser.add_argument("--clients", type=int, default=16, help="how many connections")


driver.run(stage, __doc__, add_options)
