# SPDX-License-Identifier: Apache-2.0
"""Clients of several servers: what has no answer is sent again, under the same id, anywhere."""
import collections
import http.client
import threading
import time

import driver


class Fleet:
    """Clients that send each event until it is acknowledged, at whichever server answers."""

    def __init__(self, deployment, seed):
        self.deployment, self.seed = deployment, seed
        self.books = {tenant: driver.Ledgerbook() for tenant in deployment.keys}
        self.sent = {tenant: {} for tenant in deployment.keys}
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
        events = driver.Events(f"{self.seed}/{number}/{time.monotonic()}")
        while not stopping.is_set():
            size = 1 if events.random.random() < 0.8 else events.random.randrange(2, 20)
            batch = {}
            for _ in range(size):
                event = events.make()
                event.setdefault("id", events.uuid())
                batch[event["id"]] = event
            with self.lock:
                self.sent[tenant].update(batch)
            writer.deliver(list(batch.values()), stopping.is_set)
            stopping.wait(events.random.uniform(0, 2 * pause))

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
        with self.lock:
            return [tenant for tenant in self.books
                    if self.newest.get((place, tenant), 0) < since]

    def check(self, url=None):
        """Every receipt is found with its hashes, and everything sent is there, once."""
        for tenant, book in self.books.items():
            records = self.deployment.records(tenant, url)
            book.check_all(records)
            own = {record["id"] for record in records if not record["type"].startswith("cairn.")}
            sent = self.sent[tenant].keys()
            driver.require(own <= sent, f"records of {tenant} that nobody sent: {own - sent}")
            driver.require(sent <= own, f"sent to {tenant} and not recorded: {sent - own}")
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
        waiting, pause = events, 0.05
        while waiting:
            try:
                waiting = self.send(waiting)
                if not waiting:
                    return
            except (OSError, http.client.HTTPException) as error:
                kind = "no answer in time" if isinstance(error, TimeoutError) else "no answer"
                self.fleet.note(self.place, self.tenant, [kind], False)
            if is_over():
                with self.fleet.lock:
                    self.fleet.unsettled.append((self, waiting))
                return
            # On to the next server, and slower each time.
            self.client = None
            self.place = (self.place + 1) % len(self.fleet.deployment.servers)
            pause = min(1, pause * 2)
            time.sleep(pause)

    def send(self, events):
        """Sends once; what is not acknowledged."""
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
        refused, codes = [], []
        for event, result in zip(events, results, strict=True):
            problem = result.get("problem")
            if not fleet.books[self.tenant].result(event, result["status"],
                                                   result.get("receipt"), problem):
                refused.append(event)
                codes.append(problem["code"])
        fleet.note(self.place, self.tenant, codes, len(refused) < len(events))
        return refused
