# SPDX-License-Identifier: Apache-2.0
"""Changes stored bytes behind Cairn's back; it must be named, or nothing may read otherwise."""
import collections
import hashlib
import json
import random
import re
import shutil
import sqlite3

import driver

COUNT = 300
FILES = ("cairn.db", "index.db")


def fault(code, output):
    """What an exit with 1 or 3 names first."""
    if code == 3:
        return "unreadable" if output.strip() else None
    match = re.search(r"first fault: record \d+: (\w+):|(does not match itself): \w", output)
    return (match[1] or "damaged") if code == 1 and match else None


class Store:
    """A stopped store of some hundred events, and copies of it to spoil."""

    def __init__(self, options, folder):
        self.binary, self.data = options.binary, folder / "data"
        server = driver.Server(self.binary, self.data).start()
        client, events = server.client(), driver.Events(options.seed)
        for number in range(COUNT):
            event = {**events.make(repeats=False), "description": f"caf\u00e9 number {number}",
                     "resources": [{"type": "document", "id": f"doc-{number % 7}"}]}
            status, body = client.send("POST", "/v1/events", event)
            driver.require(status == 201, f"answered {status}: {body}")
            if number % 30 == 0:
                client.get("/v1/checkpoint")
        client.get("/v1/checkpoint")
        driver.require(server.stop() == 0, "the server did not exit with 0 after SIGTERM")
        self.originals = [(self.data / name).read_bytes() for name in FILES]
        self.copy = folder / "copy"
        self.reads = self.read(self.reset())
        driver.require(len(self.reads[0].splitlines()) == COUNT, "not every event is there")
        driver.require(self.audit(self.reset())[0] == 0, "the store does not hold before")

    def reset(self, place=None, mask=0):
        """A copy, with the byte at a place changed, and the checkpoints kept outside."""
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(self.data, self.copy)
        for name, original in zip(FILES, self.originals):
            (self.copy / name).write_bytes(original)
        if place is not None:
            self.change(place, mask)
        outside = self.copy.with_name("copy-checkpoints")
        shutil.rmtree(outside, ignore_errors=True)
        shutil.copytree(self.data.with_name("data-checkpoints"), outside)
        return self.copy

    def audit(self, copy):
        code, output, errors = driver.command(self.binary, "audit", "--data", copy, "--index")
        return code, output + errors

    def read(self, copy):
        """Every record, by index, by time, and what searches find, as text."""
        texts = []
        for search in (["--sort", "index"], [], ["--type", "user.login"], ["-q", "caf\u00e9"],
                       ["--actor-id", "user-7"]):
            code, output, errors = driver.command(
                self.binary, "query", "--data", copy, "--all", "--json", *search)
            texts.append(output if code == 0 else f"exit {code}: {errors}")
        return texts

    def serve(self, copy):
        """Starts a server on a spoilt copy, which may refuse and may not crash."""
        server = driver.Server(self.binary, copy)
        try:
            server.start()
        except driver.Failure:
            code = server.process.wait(10)
            return None if code in (1, 3) else f"it exits with {code}: {server.told()[-300:]}"
        served_reader(server)()
        ended = server.process.poll()
        server.kill()
        return ended and f"the server ended with {ended}: {server.told()[-300:]}"

    def flip(self, generator):
        """A place in the files, one after the other, and how to change its byte."""
        return generator.randrange(sum(map(len, self.originals))), generator.randrange(1, 256)

    def change(self, place, mask):
        """Changes the byte at a place of the copy; done twice, it is as it was."""
        name, original = FILES[0], self.originals[0]
        if place >= len(original):
            place, name = place - len(original), FILES[1]
        with (self.copy / name).open("r+b", buffering=0) as file:
            file.seek(place)
            before = file.read(1)[0]
            file.seek(place)
            file.write(bytes([before ^ mask]))


def first_difference(texts, others):
    for text, other in zip(texts, others):
        if text != other:
            lines = zip(text.splitlines() + [""], other.splitlines() + [""])
            return next((f"{b[:300]} for {a[:300]}" for a, b in lines if a != b), "fewer lines")


def flip_stopped(store, generator, count, keep_going):
    kinds, harmless, wrong = collections.Counter(), 0, []
    for number in range(count):
        place, mask = store.flip(generator)
        copy = store.reset(place, mask)
        code, output = store.audit(copy)
        if code == 0:
            difference = first_difference(store.reads, store.read(copy))
            if difference:
                wrong.append(f"byte {place}: the audit holds, but it reads {difference}")
            harmless += 1
        elif kind := fault(code, output):
            kinds[kind] += 1
            if number % 5 == 0 and (problem := store.serve(copy)):
                wrong.append(f"byte {place}: {problem}")
        else:
            wrong.append(f"byte {place}: the audit exits with {code}: {output[-300:]}")
        driver.require(keep_going or not wrong, wrong and wrong[0])
    driver.require(not wrong, "\n".join(wrong))
    print(f"{count} flips at rest: {sum(kinds.values())} named {dict(kinds.most_common())}, "
          f"{harmless} changed nothing that is read", flush=True)


def flip_served(store, generator, count, keep_going):
    kinds, harmless, searches, wrong = collections.Counter(), 0, 0, []
    server = None
    for number in range(count):
        if not server:
            server = driver.Server(store.binary, store.reset()).start()
            read = served_reader(server)
            expected = read()
        place, mask = store.flip(generator)
        store.change(place, mask)
        code, output, errors = driver.command(
            store.binary, "verify", "--server", f"http://127.0.0.1:{server.port}")
        texts = read()
        if code == 0 and texts != expected and texts[:2] == expected[:2]:
            # The records are right; searches are the business of an audit of the index.
            code, output = store.audit(store.copy)
            errors = ""
            searches += 1
        store.change(place, mask)
        driver.require(server.process.poll() is None, f"byte {place}: the server ended")
        if code == 0:
            if difference := first_difference(expected, texts):
                wrong.append(f"byte {place}: it verifies, but reads {difference}")
            harmless += 1
        elif kind := fault(code, output + errors):
            kinds[kind] += 1
        else:
            wrong.append(f"byte {place}: verify exits with {code}: {(output + errors)[-300:]}")
        if number % 10 == 9 or code != 0:
            # What was read while it was spoilt may be in the server's memory: begin anew.
            server.kill()
            server = None
        driver.require(keep_going or not wrong, wrong and wrong[0])
    driver.require(not wrong, "\n".join(wrong))
    print(f"{count} flips under a server: {sum(kinds.values())} named "
          f"{dict(kinds.most_common())}, {searches} of them in the search index alone and by the "
          f"audit; {harmless} changed nothing that is read", flush=True)


def served_reader(server):
    client = server.client()

    def read():
        """What searches answer; and whatever else it is asked, the server must live on."""
        for path in ("/v1/stats", "/v1/ledger", "/v1/checkpoint", "/v1/consistency?from=5&to=290"):
            client.send("GET", path)
        texts = []
        for search in ("sort=index&order=asc", "", "type=user.login", "q=caf%C3%A9"):
            try:
                status, body = client.send("GET", f"/v1/events?limit=1000&{search}")
                lines = [json.dumps(record) for record in body.get("events", [])]
                texts.append("\n".join([str(status), *lines]))
            except ValueError as error:
                texts.append(f"not JSON: {error}")
        return texts

    return read


def place(index):
    return 1 << 40 | index


def free(db):
    """What somebody does first who may write the file."""
    for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")


def change(db, table, column, index, edit):
    value = db.execute(f"SELECT {column} FROM {table} WHERE place = ?", [place(index)]).fetchone()
    db.execute(f"UPDATE {table} SET {column} = ? WHERE place = ?", [edit(value[0]), place(index)])


def swap(db, table, first, second):
    rows = [db.execute(f"SELECT * FROM {table} WHERE place = ?", [place(index)]).fetchone()
            for index in (first, second)]
    db.execute(f"DELETE FROM {table} WHERE place IN (?, ?)", [place(first), place(second)])
    for index, row in ((first, rows[1]), (second, rows[0])):
        marks = ", ".join("?" * len(row))
        db.execute(f"INSERT INTO {table} VALUES ({marks})", [place(index), *row[1:]])


def derive(db):
    """Makes hashes, chain, tiles and head anew from the leaves, as one would who knows how."""
    origin = db.execute("SELECT origin FROM tenants").fetchone()[0]
    chain = hashlib.sha256(f"audit-chain/v1\n{origin}\n".encode()).digest()
    hashes = []
    for number, leaf in db.execute("SELECT place, leaf FROM entries ORDER BY place").fetchall():
        hashes.append(hashlib.sha256(b"\0" + leaf).digest())
        chain = hashlib.sha256(b"audit-chain/v1\n" + chain + hashes[-1]).digest()
        db.execute("UPDATE entries SET leaf_hash = ?, chain = ? WHERE place = ?",
                   [hashes[-1], chain, number])
    db.execute("DELETE FROM tiles WHERE (number + 1) * 256 > ?", [len(hashes)])
    for number in range(len(hashes) // 256):
        db.execute("UPDATE tiles SET hashes = ? WHERE level = 0 AND number = ?",
                   [b"".join(hashes[number * 256:][:256]), number])
    peaks, at = [], 0
    for bit in reversed(range(len(hashes).bit_length())):
        if len(hashes) >> bit & 1:
            peaks.append(top(hashes[at:at + (1 << bit)]))
            at += 1 << bit
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = driver.node(peak, root)
    db.execute("UPDATE heads SET size = ?, frontier = ?, root = ?, chain = ?",
               [len(hashes), b"".join(peaks), root, chain])


def top(hashes):
    while len(hashes) > 1:
        hashes = [driver.node(*hashes[at:at + 2]) for at in range(0, len(hashes), 2)]
    return hashes[0]


def cut(db, size):
    for table in ("entries", "records", "payloads"):
        db.execute(f"DELETE FROM {table} WHERE place >= ?", [place(size)])


def cut_whole(db):
    """Removes the tail and everything in the file that tells of it."""
    cut(db, 280)
    last = db.execute("SELECT leaf FROM entries WHERE place = ?", [place(279)]).fetchone()[0]
    derive(db)
    db.execute("DELETE FROM checkpoints WHERE size > 280")
    stamp = re.search(rb'"received_at":"([^"]+)"', last)[1].decode()
    milliseconds = "strftime('%s', ?1) * 1000 + substr(?1, 21, 3)"
    db.execute(f"UPDATE heads SET last_received_at = {milliseconds}", [stamp])


def rewrite(db):
    """Another time of receipt in one leaf, and all hashes made to fit."""
    change(db, "entries", "leaf", 40, lambda leaf: leaf.replace(b'"class":"std"', b'"class":"xyz"'))
    derive(db)


def forge(db):
    rewrite(db)
    db.execute("DELETE FROM checkpoints")


def edit_text(fields):
    return fields.replace(b"number 5", b"number 6")


def another(data):
    return bytes([data[0] ^ 1]) + data[1:]


TAMPERS = [
    ("a payload's text", {"content_mismatch"},
     lambda db: change(db, "payloads", "fields", 5, edit_text)),
    ("a payload's seed", {"content_mismatch"},
     lambda db: change(db, "payloads", "seed", 5, another)),
    ("a payload cut short", {"content_mismatch"},
     lambda db: change(db, "payloads", "fields", 5, lambda fields: fields[:-20])),
    ("a payload removed", {"content_missing"},
     lambda db: db.execute("DELETE FROM payloads WHERE place = ?", [place(5)])),
    ("two payloads swapped", {"content_mismatch"},
     lambda db: swap(db, "payloads", 5, 6)),
    ("a leaf", {"leaf_mismatch"},
     lambda db: change(db, "entries", "leaf", 5, lambda leaf: leaf.replace(b'"std"', b'"xyz"'))),
    ("a leaf's hash", {"leaf_mismatch"},
     lambda db: change(db, "entries", "leaf_hash", 5, another)),
    ("a chain hash", {"leaf_mismatch"}, lambda db: change(db, "entries", "chain", 5, another)),
    ("an entry removed", {"missing"},
     lambda db: db.execute("DELETE FROM entries WHERE place = ?", [place(5)])),
    ("an entry beyond the head", {"inserted"}, lambda db: db.execute(
        "INSERT INTO entries SELECT ?, leaf, leaf_hash, chain FROM entries WHERE place = ?",
        [place(COUNT), place(5)])),
    ("two entries swapped", {"reordered"},
     lambda db: swap(db, "entries", 5, 6)),
    ("two records swapped whole", {"reordered"}, lambda db: [
        swap(db, "entries", 5, 6),
        swap(db, "payloads", 5, 6),
        swap(db, "records", 5, 6)]),
    ("one leaf and all hashes anew", {"forked"}, rewrite),
    ("the same, all checkpoints removed", {"forked"}, forge),
    ("the tail of the entries", {"missing"}, lambda db: cut(db, 280)),
    ("the tail and the head", {"truncated"}, lambda db: [cut(db, 280), derive(db)]),
    ("the tail and all that tells of it", {"truncated"}, cut_whole),
    ("the head's root", {"checkpoint_mismatch"},
     lambda db: db.execute("UPDATE heads SET root = zeroblob(32)")),
    ("the head's size", {"inserted", "checkpoint_mismatch", "truncated"},
     lambda db: db.execute("UPDATE heads SET size = 100")),
    ("the head removed", {"missing"}, lambda db: db.execute("DELETE FROM heads")),
    ("the tenant removed", {"unreadable"}, lambda db: db.execute("DELETE FROM tenants")),
    ("the tenant's ledger id", {"damaged"}, lambda db: db.execute(
        "UPDATE tenants SET ledger = '00000000000000000000000000000000'")),
    ("the ledger's origin", {"damaged"},
     lambda db: db.execute("UPDATE tenants SET origin = 'cairn.local/0/0'")),
    ("a tile", {"checkpoint_mismatch"},
     lambda db: db.execute("UPDATE tiles SET hashes = zeroblob(8192)")),
    ("a tile removed", {"checkpoint_mismatch"}, lambda db: db.execute("DELETE FROM tiles")),
    ("a checkpoint's root", {"checkpoint_mismatch"}, lambda db: db.execute(
        "UPDATE checkpoints SET note = replace(note, char(10) || '31' || char(10),"
        " char(10) || '32' || char(10)) WHERE size = 31")),
    ("a checkpoint that is none", {"checkpoint_mismatch"},
     lambda db: db.execute("UPDATE checkpoints SET note = 'x' WHERE size = 31")),
    ("a checkpoint of another size", {"checkpoint_mismatch"},
     lambda db: db.execute("UPDATE checkpoints SET size = 32 WHERE size = 31")),
    ("the id that queries use", {"column_mismatch"},
     lambda db: change(db, "records", "id", 5, another)),
    ("two ids swapped", {"column_mismatch"}, lambda db: swap(db, "records", 5, 6)),
    ("the time that queries use", {"column_mismatch"},
     lambda db: change(db, "records", "occurred_at", 5, lambda time: time + 1)),
    ("the row that queries use", {"column_mismatch"},
     lambda db: db.execute("DELETE FROM records WHERE place = ?", [place(5)])),
    ("a record out of the search index", {"column_mismatch"}, lambda db: db.execute(
        "INSERT INTO terms (terms, rowid, term)"
        " SELECT 'delete', doc, term FROM temp.found LIMIT 1")),
    ("a word into the search index", {"column_mismatch"}, lambda db: db.execute(
        "INSERT INTO terms (rowid, term) VALUES (?, '1tcafe')", [place(9)])),
    ("the mark up to where it is merged", {"column_mismatch"},
     lambda db: db.execute("UPDATE merged SET size = 200")),
    ("a count", {"column_mismatch"}, lambda db: db.execute(
        "UPDATE counts SET count = count + 1 WHERE dimension = 0")),
    ("the times of a block", {"column_mismatch"},
     lambda db: db.execute("UPDATE blocks SET high = high - 1")),
]


def open_triggers(store):
    """Dropped triggers alone, the first step of every change by SQL, are named too."""
    copy = store.reset()
    db = sqlite3.connect(copy / "cairn.db", isolation_level=None)
    free(db)
    db.close()
    code, output = store.audit(copy)
    driver.require(fault(code, output) == "column_mismatch", f"dropped triggers: {code} {output}")


def tamper(store):
    open_triggers(store)
    wrong = []
    for name, expected, work in TAMPERS:
        copy = store.reset()
        db = sqlite3.connect(copy / "cairn.db", isolation_level=None)
        db.execute("ATTACH ? AS search", [str(copy / "index.db")])
        db.execute("PRAGMA recursive_triggers = ON")
        free(db)
        db.execute("CREATE VIRTUAL TABLE temp.found USING fts5vocab('search', 'terms', 'instance')")
        before = db.total_changes
        work(db)
        changes = db.total_changes - before
        db.close()
        code, output = store.audit(copy)
        kind = fault(code, output)
        if kind not in expected:
            wrong.append(f"{name}: exit {code}, {kind}, not {sorted(expected)}: {output}")
        driver.require(changes, f"{name}: nothing was changed")
        if problem := store.serve(copy):
            wrong.append(f"{name}: {problem}")
    driver.require(not wrong, "\n".join(wrong))
    print(f"{len(TAMPERS) + 1} tampers by name: each named", flush=True)


def stage(options, folder):
    store = Store(options, folder)
    tamper(store)
    flip_stopped(store, random.Random(f"{options.seed}/rest"), options.flips, options.keep_going)
    flip_served(store, random.Random(f"{options.seed}/served"), options.flips // 5,
                options.keep_going)


def add_options(parser):
    parser.add_argument("--flips", type=int, default=500, help="how many bytes to flip at rest")
    parser.add_argument("--keep-going", action="store_true", help="tell every failure")


driver.run(stage, __doc__, add_options)
