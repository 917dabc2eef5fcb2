# SPDX-License-Identifier: Apache-2.0
"""Restores an older backup of the database; writes are refused until somebody answers for it."""
import time

import clients
import driver
import postgres

# The backup has all there is of the ledger `still`, and not all of the other.
BEHIND, STILL = "default", "still"


def write(fleet, tenant, count):
    events = driver.Events(f"{tenant}/{fleet.acknowledged}")
    for place in (0, 1):
        writer = clients.Writer(fleet, tenant, place * len(fleet.books), 30)
        for _ in range(count // 20):
            driver.require(not writer.send(fleet.batch(tenant, events, 10)), "refused, at rest")


def wait_for_checkpoints(fleet, tenant, seconds=15):
    """Until each server keeps a checkpoint of every acknowledged record outside the store."""
    size, ends = len(fleet.books[tenant].receipts), time.monotonic() + seconds
    for server in fleet.deployment.servers:
        folder = server.data.with_name(f"{server.data.name}-checkpoints")
        while not any(int(path.read_text().split("\n")[1]) >= size
                      for path in folder.glob("*.checkpoint")):
            driver.require(time.monotonic() < ends, f"no checkpoint of {size} in {folder}")
            time.sleep(0.1)


def post(fleet, server, tenant):
    """Posts one event; what was said."""
    event, = fleet.batch(tenant, driver.Events(f"{tenant}/{time.monotonic()}"))
    client = server.client(key=fleet.deployment.keys[tenant])
    status, body = client.send("POST", "/v1/events", event)
    if status == 201:
        fleet.books[tenant].acknowledge(event, body)
        return "acknowledged"
    fleet.unwritten[tenant].add(event["id"])
    return body["code"]


def refuses(fleet, server, known, first=("ledger_refused",)):
    """Writes to what went back are refused; what is there is read, and the other ledger goes on."""
    for codes in (first, ("ledger_refused",)):
        told = post(fleet, server, BEHIND)
        driver.require(told in codes, f"a write to a ledger that went back: {told}, not {codes}")
    driver.require(post(fleet, server, STILL) == "acknowledged", "the other ledger is refused")
    book, client = fleet.books[BEHIND], server.client(key=fleet.deployment.keys[BEHIND])
    for identifier in known:
        book.checked(identifier, client.get(f"/v1/events/{identifier}"))


def audit_fails(fleet, server):
    code, output, errors = driver.command(fleet.deployment.binary, "audit", "--data", server.data,
                                          "--database-url", fleet.deployment.url)
    named = [line for line in output.splitlines() if "truncated" in line]
    driver.require(code == 1 and len(named) == 1, f"the audit exited with {code}: {output}{errors}")
    driver.require(output.count("fails:") == 1, f"more than one ledger fails: {output}")
    return named[0].split(": ", 2)[2]


def accept(fleet, server, code=0):
    """Somebody answers for the restore, to the checkpoints that one server keeps."""
    told = driver.command(fleet.deployment.binary, "ledger", "accept-restore", "--data",
                          server.data, "--database-url", fleet.deployment.url, "--tenant",
                          BEHIND, "--reason", f"the backup was all there was: {server.data.name}")
    driver.require(told[0] == code, f"accept-restore exited with {told}")


def restart(server):
    driver.require(server.stop() == 0, "a server did not exit with 0 after SIGTERM")
    server.start()


def restore(fleet, cluster, known):
    """Puts the backup in the cluster's place: under a server that runs, and one that does not."""
    backup = cluster.copy("backup")
    write(fleet, BEHIND, 200)
    wait_for_checkpoints(fleet, BEHIND)
    stopped, _ = fleet.deployment.servers
    driver.require(stopped.stop() == 0, "a server did not exit with 0 after SIGTERM")
    cluster.stop()
    backup.port = cluster.port
    backup.configure().start()
    stopped.start()
    book = fleet.books[BEHIND]
    gone = [identifier for identifier in book.receipts if identifier not in known]
    for identifier in gone:
        del book.receipts[identifier]
        fleet.unwritten[BEHIND].add(identifier)
    return backup, len(gone)


def stage(options, folder):
    cluster = postgres.Cluster(folder).create().start().migrate(options.binary)
    deployment = postgres.Deployment(options, folder, cluster.url(), tenants=[BEHIND, STILL])
    fleet, (stopped, running) = clients.Fleet(deployment, options.seed), deployment.servers
    write(fleet, BEHIND, 200)
    write(fleet, STILL, 40)
    known = set(fleet.books[BEHIND].receipts)
    backup, gone = restore(fleet, cluster, known)
    refuses(fleet, stopped, known)
    # The write that finds it out under a running server may be told so in its own words.
    refuses(fleet, running, known, first=("ledger_corrupt", "ledger_refused"))
    named = {audit_fails(fleet, server) for server in deployment.servers}
    for server in deployment.servers:
        accept(fleet, server)
        restart(server)
        for _ in range(10):
            told = post(fleet, server, BEHIND)
            driver.require(told == "acknowledged", f"accepted, and still {told}")
    accept(fleet, stopped, code=2)
    for server in deployment.servers:
        driver.require(post(fleet, server, BEHIND) == "acknowledged", "refused in the end")
    accepted = [record for record in deployment.records(BEHIND)
                if record["type"] == "cairn.ledger.restore_accepted"]
    driver.require(len(accepted) == 2, f"{len(accepted)} records of a restore")
    deployment.stop()
    count = fleet.check()
    backup.stop()
    print(f"{gone} records gone with the restore: writes refused by a server that ran and by one "
          f"that did not, the audit named it ({'; '.join(sorted(named))}), the other ledger went "
          f"on; accepted, both write again; {count} acknowledged, the rest there; the audit holds")


driver.run(stage, __doc__)
