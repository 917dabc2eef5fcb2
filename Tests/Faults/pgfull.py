# SPDX-License-Identifier: Apache-2.0
"""Fills the disk under PostgreSQL; nothing acknowledged is lost, and room makes it go on."""
import base64
import collections
import time

import clients
import disks
import driver
import postgres

TENANT = "default"


class Filler:
    """One client, whose events are large and cannot be compressed."""

    def __init__(self, fleet, seed):
        self.fleet, self.events = fleet, driver.Events(seed)
        self.writer = clients.Writer(fleet, TENANT, 0, 60)
        self.codes = collections.Counter()

    def post(self, count=1, size=6000):
        """Posts some events once; whether they were acknowledged, and otherwise why not."""
        batch = self.fleet.batch(TENANT, self.events, count)
        for event in batch:
            noise = self.events.random.randbytes(size)
            event["details"]["noise"] = base64.b64encode(noise).decode()
        refused = self.writer.send_once(batch)
        self.codes.update(["acknowledged"] * (count - len(refused)))
        self.codes.update(code for _, code in refused)
        return not refused, refused and refused[0][1]

    def fill(self, until=20, seconds=90):
        """Writes until so many answers in a row were refusals."""
        ends, refused = time.monotonic() + seconds, 0
        while refused < until:
            driver.require(time.monotonic() < ends, f"still not full: {dict(self.codes)}")
            done, _ = self.post(count=10 if refused == 0 else 1)
            refused = 0 if done else refused + 1
            time.sleep(0.02 if refused else 0)

    def accepts(self, seconds=30):
        """How long it takes until something is acknowledged again."""
        start = time.monotonic()
        while True:
            done, code = self.post(size=100)
            if done:
                return time.monotonic() - start
            driver.require(time.monotonic() - start < seconds,
                           f"still {code} {seconds} s after there was room")
            time.sleep(0.05)


def reads(cluster, server, fleet, count=20):
    """How many of the newest records are read back, if PostgreSQL lives."""
    if cluster.process.poll() is not None:
        return 0
    client, book = server.client(key=fleet.deployment.keys[TENANT]), fleet.books[TENANT]
    for identifier in list(book.receipts)[-count:]:
        book.checked(identifier, client.get(f"/v1/events/{identifier}"))
    return count


def restart(cluster):
    """Starts PostgreSQL if it has ended, as it may when it cannot write what it must."""
    if cluster.process.poll() is None:
        return "went on by itself"
    cluster.start()
    return "was started again"


class Places:
    """Where a cluster keeps its tables and its write-ahead log: on small disks, or large ones."""

    def __init__(self, home, sizes):
        self.home, self.log, self.small = home, home.with_name(f"log of {home.name}"), []
        for place, size in zip((self.home, self.log), sizes):
            if not size:
                place.mkdir()
                continue
            disks.mount(place, f"{size}m")
            self.small.append(place)
            (place / "ballast").write_bytes(bytes(size << 19))

    def create(self, one_disk, **settings):
        cluster = postgres.Cluster(self.home.parent, self.home.name, **settings)
        if one_disk:
            return cluster.create("--wal-segsize=1")
        postgres.give_away(self.log)
        return cluster.create("--wal-segsize=1", "--waldir", self.log / "wal")

    def make_room(self):
        for place in self.small:
            (place / "ballast").unlink()

    def remove(self):
        for place in self.small:
            disks.unmount(place)


def full(options, folder, name, sizes, **settings):
    """Fills the disk of the tables, or that of the write-ahead log, or the one of both."""
    places = Places(folder / name, sizes)
    cluster = places.create(len(sizes) == 1, min_wal_size="'2MB'", **settings)
    cluster.start().migrate(options.binary)
    (folder / f"servers of {name}").mkdir()
    deployment = postgres.Deployment(options, folder / f"servers of {name}", cluster.url(), 1)
    server, fleet = deployment.servers[0], clients.Fleet(deployment, options.seed)
    filler = Filler(fleet, options.seed)
    filler.fill()
    codes = dict(sorted(filler.codes.items()))
    # Long enough for PostgreSQL to have tried to recover in vain.
    time.sleep(2)
    shown = reads(cluster, server, fleet)
    places.make_room()
    told = restart(cluster)
    seconds = filler.accepts()
    driver.require(server.process.poll() is None, "the server ended")
    for _ in range(20):
        driver.require(filler.post(size=100)[0], "refused, though there is room")
    deployment.stop()
    count = fleet.check()
    cluster.stop()
    places.remove()
    print(f"{name} full: {codes}, {shown} read back; with room PostgreSQL {told}, again after "
          f"{seconds:.1f} s; {count} acknowledged, 0 lost, none twice; the audit holds", flush=True)


def stage(options, folder):
    full(options, folder, "tables", (160, None), max_wal_size="'8MB'")
    full(options, folder, "log", (None, 32), max_wal_size="'1GB'")
    full(options, folder, "tables and log", (160,), max_wal_size="'8MB'")


disks.unshare()
driver.run(stage, __doc__)
