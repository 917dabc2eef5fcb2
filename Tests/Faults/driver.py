# SPDX-License-Identifier: Apache-2.0
"""Starts servers, loads them, and remembers what they acknowledged. Standard library only."""
import argparse
import base64
import hashlib
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

JSON, NDJSON = "application/json", "application/x-ndjson"


class Failure(Exception):
    """A promise that was not kept."""


def require(condition, text):
    if not condition:
        raise Failure(text)


class Server:
    """A server on a store; `kill` and `stop` end this process and no other."""

    started = []

    def __init__(self, binary, data, *options, wrapper=(), credentials=False):
        open_to_all = [] if credentials else ["--no-auth"]
        self.command = [*wrapper, str(binary), "serve", "--data", str(data), "--port", "0",
                        *open_to_all, *options]
        self.data = pathlib.Path(data)
        self.log = pathlib.Path(f"{data}.log")
        self.process = self.port = None

    def spawn(self):
        self.offset = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)
        Server.started.append(self.process)

    def told(self):
        with self.log.open("rb") as log:
            log.seek(self.offset)
            return log.read().decode(errors="replace")

    def start(self, seconds=30):
        self.spawn()
        for _ in range(seconds * 100):
            if match := re.search(r"^listening on http://127\.0\.0\.1:(\d+)$", self.told(), re.M):
                self.port = int(match[1])
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        raise Failure(f"the server did not start: {self.told()[-500:]}")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds=60):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure("the server did not stop within a minute of SIGTERM") from None

    def client(self, timeout=30, key=None):
        return Client(self.port, timeout, key)


class Client:
    """One connection."""

    def __init__(self, port, timeout, key=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        self.credential = {"Authorization": f"Bearer {key}"} if key else {}

    def send(self, method, path, body=None, kind=JSON):
        """Status and body; JSON is read as such."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        fields = {"Content-Type": kind} if data else {}
        self.connection.request(method, path, data, {**fields, **self.credential})
        answer = self.connection.getresponse()
        text = answer.read()
        if "json" in answer.getheader("Content-Type", ""):
            return answer.status, json.loads(text)
        return answer.status, text.decode()

    def get(self, path):
        status, body = self.send("GET", path)
        require(status == 200, f"GET {path} answered {status}: {body}")
        return body

    def stream(self, events, pause=0.0):
        """Sends events as NDJSON while it reads, and yields the results as they come."""
        connection = self.connection
        connection.putrequest("POST", "/v1/events")
        connection.putheader("Content-Type", NDJSON)
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()

        def feed():
            try:
                for event in events:
                    line = json.dumps(event).encode() + b"\n"
                    connection.sock.sendall(b"%x\r\n%b\r\n" % (len(line), line))
                    time.sleep(pause)
                connection.sock.sendall(b"0\r\n\r\n")
            except (OSError, AttributeError):
                pass

        feeder = threading.Thread(target=feed)
        feeder.start()
        try:
            answer = connection.getresponse()
            while line := answer.readline():
                # A line that the kill cut short says nothing.
                if not line.endswith(b"\n"):
                    break
                yield json.loads(line)
        finally:
            connection.close()
            feeder.join()


class Ledgerbook:
    """Every receipt that was given out, with the event it was given for."""

    def __init__(self):
        self.lock = threading.Lock()
        self.events, self.receipts, self.unchecked, self.lost_answers = {}, {}, [], []

    def acknowledge(self, event, receipt):
        with self.lock:
            first = self.receipts.setdefault(receipt["id"], receipt)
            require(first == receipt, f"two receipts for one id: {first} and {receipt}")
            require(event.get("id", receipt["id"]) == receipt["id"], "a receipt of another id")
            if receipt["id"] not in self.events:
                self.events[receipt["id"]] = event
                self.unchecked.append(receipt["id"])

    def result(self, event, status, receipt, problem):
        """Takes one outcome; true when the event was acknowledged."""
        if status in (200, 201):
            self.acknowledge(event, receipt)
            return True
        require(status == 503, f"{status} for {event}: {problem}")
        return False

    def checked(self, identifier, record):
        """Compares what is read back with the receipt and the event."""
        receipt, event = self.receipts[identifier], self.events[identifier]
        for member in ("id", "index", "received_at", "leaf_hash", "previous_hash", "hash"):
            require(record.get(member) == receipt[member],
                    f"{identifier}: {member} is {record.get(member)}, not {receipt[member]}")
        for member, value in event.items():
            if member == "actor":
                value = {"type": "user", **value}
            require(record.get(member) == value,
                    f"{identifier}: {member} reads {record.get(member)}, not {value}")

    def check_new(self, server):
        """Fetches by id what was acknowledged since the last call."""
        waiting, self.unchecked = self.unchecked, []
        client = server.client()
        for identifier in waiting:
            self.checked(identifier, client.get(f"/v1/events/{identifier}"))
        return len(waiting)

    def check_all(self, records):
        """Compares a whole ledger, in order of index, with all receipts."""
        found = {}
        for index, record in enumerate(records):
            require(record["index"] == index, f"index {record['index']} where {index} belongs")
            require(index == 0 or record["previous_hash"] == previous, f"chain broken at {index}")
            require(chained(record) == record["hash"], f"the hash of {index} is not the chain's")
            previous = record["hash"]
            found[record["id"]] = record
        require(len(found) == len(records), "two records have one id")
        for identifier in self.receipts:
            require(identifier in found, f"{identifier} was acknowledged and is not there")
            self.checked(identifier, found[identifier])
        return len(self.receipts)


def chained(record):
    previous, leaf = (bytes.fromhex(record[name]) for name in ("previous_hash", "leaf_hash"))
    return hashlib.sha256(b"audit-chain/v1\n" + previous + leaf).hexdigest()


class Events:
    """Seeded events: some with ids of their own, some sent before."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.own = []

    def uuid(self):
        text = f"{self.random.getrandbits(128):032x}"
        variant = "89ab"[self.random.randrange(4)]
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"

    def make(self, repeats=True):
        chance = self.random.random()
        if repeats and self.own and chance < 0.1:
            return self.random.choice(self.own)
        number = self.random.randrange(10**9)
        event = {
            "type": self.random.choice(["user.login", "document.read", "billing.paid"]),
            "actor": {"id": f"user-{number % 50}"},
            "details": {"number": number, "text": "x" * self.random.randrange(200)},
        }
        if chance < 0.4:
            event["id"] = self.uuid()
            self.own = [*self.own[-99:], event]
        return event


def load_singles(book, client, events, stopping, pause=0.0):
    """Posts one event after the other; what had no answer is sent again the next time."""
    while not stopping.is_set():
        with book.lock:
            event = book.lost_answers.pop() if book.lost_answers else None
        event = event or events.make()
        try:
            status, body = client.send("POST", "/v1/events", event)
        except (OSError, http.client.HTTPException):
            if "id" in event:
                with book.lock:
                    book.lost_answers.append(event)
            raise
        if not book.result(event, status, body, body):
            stopping.wait(0.02)
        stopping.wait(pause)


def load_bulks(book, client, events, stopping, pause=0.0, count=20):
    while not stopping.is_set():
        bulk = [events.make() for _ in range(count)]
        status, body = client.send("POST", "/v1/events", {"events": bulk})
        require(status in (200, 201, 207, 503), f"a bulk was answered {status}: {body}")
        for event, result in zip(bulk, body.get("results", [])):
            book.result(event, result["status"], result.get("receipt"), result.get("problem"))
        stopping.wait(pause if status < 300 else 0.02)


def load_streams(book, server, events, stopping, pause=0.0, count=200):
    while not stopping.is_set():
        lines = [events.make() for _ in range(count)]
        for number, result in enumerate(server.client().stream(lines, pause), 1):
            require(result["line"] == number, f"line {result['line']} where {number} belongs")
            book.result(lines[number - 1], result["status"], result.get("receipt"),
                        result.get("problem"))


class Load:
    """Threads that write until told to stop; a broken promise in one is raised by `stop`."""

    def __init__(self):
        self.stopping, self.failures, self.threads = threading.Event(), [], []

    def add(self, work, *arguments, **options):
        def run():
            try:
                work(*arguments, self.stopping, **options)
            except (OSError, http.client.HTTPException):
                pass
            except Exception as failure:
                self.failures.append(failure)

        self.threads.append(threading.Thread(target=run, daemon=True))
        self.threads[-1].start()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        if self.failures:
            raise self.failures[0]


def checkpoint(client):
    """The newest checkpoint: the note, its size and its root."""
    note = client.get("/v1/checkpoint")
    size, root = note.split("\n")[1:3]
    return note, int(size), base64.b64decode(root)


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def verify_consistency(first, old_root, second, new_root, proof):
    """RFC 9162, section 2.1.4.2."""
    require(first <= second, f"the ledger went back from {first} to {second} records")
    if first in (0, second):
        require(not proof and (first == 0 or old_root == new_root), "the ledger forked")
        return
    path = [bytes.fromhex(text) for text in proof]
    if first & (first - 1) == 0:
        path.insert(0, old_root)
    left, right = first - 1, second - 1
    while left & 1:
        left, right = left >> 1, right >> 1
    require(path, "the consistency proof is empty")
    old = new = path[0]
    for step in path[1:]:
        require(right, "the consistency proof is too long")
        if left & 1 or left == right:
            old, new = node(step, old), node(step, new)
            while not left & 1 and left:
                left, right = left >> 1, right >> 1
        else:
            new = node(new, step)
        left, right = left >> 1, right >> 1
    require(right == 0 and old == old_root and new == new_root, "the ledger forked")


def command(binary, *arguments, seconds=120):
    """Runs the binary; the exit code and all it printed."""
    result = subprocess.run([str(binary), *map(str, arguments)], capture_output=True, text=True,
                            timeout=seconds, errors="replace")
    return result.returncode, result.stdout, result.stderr


def audit(binary, data, *options):
    code, output, errors = command(binary, "audit", "--data", data, "--index", *options)
    require(code == 0, f"the audit exited with {code}: {output}{errors}")
    return output


def records(binary, data, *options):
    """All records of a store without a server, in order of index."""
    code, output, errors = command(binary, "query", "--data", data, "--all", "--sort", "index",
                                   "--order", "asc", "--json", *options)
    require(code == 0, f"the query exited with {code}: {errors}")
    return [json.loads(line) for line in output.splitlines()]


# What ends, at the end of a stage, whatever it started beside servers.
endings = []


def run(stage, document, add_options=lambda parser: None):
    """Runs a stage in a folder of its own, which is kept when it fails."""
    parser = argparse.ArgumentParser(description=document)
    parser.add_argument("--binary", required=True, type=pathlib.Path, help="the cairn to try")
    parser.add_argument("--seed", type=int, default=1, help="of every random choice")
    add_options(parser)
    options = parser.parse_args()
    options.binary = options.binary.resolve()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="cairn-faults-"))
    os.chmod(folder, 0o755)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        stage(options, folder)
    except Failure as failure:
        print(f"FAILED (seed {options.seed}, kept in {folder}): {failure}", file=sys.stderr)
        sys.exit(1)
    finally:
        for process in Server.started:
            if process.poll() is None:
                process.kill()
                process.wait()
        for end in reversed(endings):
            end()
    shutil.rmtree(folder)
