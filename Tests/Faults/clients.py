# SPDX-License-Identifier: Apache-2.0
"""Clients of several servers: what has no answer is sent again, under the same id, anywhere."""
import collections
import http.client
import threading
import time

import driver

# What says that nothing was written.
UNWRITTEN = ("contended", "ledger_refused", "overloaded", "unavailable")


class Fleet:
    """Clients that send each event until it is acknowledged, at whichever server answers.

    Some events they send once, and keep what was said.
    """

    def __init__(self, deployment, seed, once=0.2):
        self.deployment, self.seed, self.once = deployment, seed, once
        self.books = {tenant: driver.Ledgerbook() for tenant in deployment.keys}
        self.sent, self.unwritten, self.unknown = (
            {tenant: set() for tenant in deployment.keys} for _ in range(3))
        self.lock, self.codes = threading.Lock(), collections.Counter()
        # When a server acknowledged for a tenant last.
        self.newest = {}
        self.unsettled = []
        self.load, self.count = None, 0

    def start(self, count, pause=0.05, timeout=5.0):
        """So many clients, spread over tenants and servers."""
        self.load = self.load or driver.Load()
        tenants = list(self.books)
        for number in range(self.count, self.count + count):
            self.load.add(self.work, tenants[number % len(tenants)], number, pause=pause,
                          timeout=timeout)
        self.count += count

    def stop(self):
        """Ends the load, and sends what is not acknowledged until it is."""
        load, self.load = self.load, None
        load.stop()
        waiting, self.unsettled = self.unsettled, []
        ends = time.monotonic() + 60
        for writer, events in waiting:
            writer.deliver(events, lambda: time.monotonic() > ends)
            driver.require(not self.unsettled, f"still not acknowledged: {self.codes}")

    def work(self, tenant, number, stopping, pause, timeout):
        writer = Writer(self, tenant, number, timeout)
        seed = f"{self.seed}/{number}/{time.monotonic()}"
        events, single = driver.Events(seed), driver.Events(f"{seed}/once")
        while not stopping.is_set():
            once = events.random.random() < self.once
            size = 1 if events.random.random() < 0.8 else events.random.randrange(2, 20)
            batch = self.batch(tenant, single if once else events, size, repeats=not once)
            if once:
                writer.send_once(batch)
            else:
                writer.deliver(batch, stopping.is_set)
            stopping.wait(events.random.uniform(0, 2 * pause))

    def batch(self, tenant, events, size=1, repeats=False):
        """Events with ids of their own, which are to be sent."""
        made = {}
        for _ in range(size):
            event = events.make(repeats)
            event.setdefault("id", events.uuid())
            made[event["id"]] = event
        with self.lock:
            self.sent[tenant].update(made)
        return list(made.values())

    def note(self, place, tenant, codes, acknowledged):
        with self.lock:
            self.codes.update(codes)
            if acknowledged:
                self.newest[place, tenant] = time.monotonic()

    @property
    def acknowledged(self):
        return sum(len(book.receipts) for book in self.books.values())

    def told(self):
        """How often clients were told what, but for receipts."""
        return dict(sorted(self.codes.items())) or "none"

    def quiet(self, place, since):
        """The tenants for which a server has acknowledged nothing since."""
        if self.load.failures:
            raise self.load.failures[0]
        with self.lock:
            return [tenant for tenant in self.books
                    if self.newest.get((place, tenant), 0) < since]

    def check(self, url=None):
        """Every receipt is found with its hashes, and what was sent is there as it was told."""
        for tenant, book in self.books.items():
            records = self.deployment.records(tenant, url)
            book.check_all(records)
            own = {record["id"] for record in records if not record["type"].startswith("cairn.")}
            sent, unwritten = self.sent[tenant], self.unwritten[tenant]
            for text, wrong in {
                "nobody sent": own - sent,
                "were told to be unwritten": own & unwritten,
                "are missing": sent - own - unwritten - self.unknown[tenant],
            }.items():
                driver.require(not wrong, f"{len(wrong)} records of {tenant} {text}: {wrong}")
        self.deployment.audit(url)
        return self.acknowledged


class Writer:
    """One client, with one connection at a time."""

    def __init__(self, fleet, tenant, number, timeout):
        self.fleet, self.tenant, self.timeout = fleet, tenant, timeout
        self.place = number // len(fleet.books) % len(fleet.deployment.servers)
        self.client = None

    def deliver(self, events, is_over):
        """Sends events until each is acknowledged, or until it is over."""
        pause = 0.05
        while events := [event for event, _ in self.send(events)]:
            if is_over():
                with self.fleet.lock:
                    self.fleet.unsettled.append((self, events))
                return
            # Slower each time.
            pause = min(1, pause * 2)
            time.sleep(pause)

    def send_once(self, events):
        """Sends events, and keeps what was said of those that were not acknowledged."""
        fleet, refused = self.fleet, self.send(events)
        for event, code in refused:
            place = fleet.unwritten if code in UNWRITTEN else fleet.unknown
            with fleet.lock:
                place[self.tenant].add(event["id"])
        return refused

    def send(self, events):
        """Sends events to one server; those that are not acknowledged, with why."""
        try:
            refused = self.post(events)
        except (OSError, http.client.HTTPException) as error:
            timely = not isinstance(error, TimeoutError)
            refused = [(event, "no answer" if timely else "no answer in time")
                       for event in events]
        codes = [code for _, code in refused]
        self.fleet.note(self.place, self.tenant, codes, len(codes) < len(events))
        if refused:
            # The next server is asked next.
            self.client = None
            self.place = (self.place + 1) % len(self.fleet.deployment.servers)
        return refused

    def post(self, events):
        fleet = self.fleet
        if self.client is None:
            server = fleet.deployment.servers[self.place]
            self.client = server.client(self.timeout, fleet.deployment.keys[self.tenant])
        if len(events) == 1:
            status, body = self.client.send("POST", "/v1/events", events[0])
            results = [{"status": status, "receipt": body, "problem": body}]
        else:
            status, body = self.client.send("POST", "/v1/events", {"events": events})
            results = body.get("results") or [{"status": status, "problem": body}] * len(events)
        refused = []
        for event, result in zip(events, results, strict=True):
            problem = result.get("problem")
            if not fleet.books[self.tenant].result(event, result["status"],
                                                   result.get("receipt"), problem):
                refused.append((event, problem["code"]))
        return refused
