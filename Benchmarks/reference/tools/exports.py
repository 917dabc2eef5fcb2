# SPDX-License-Identifier: Apache-2.0
"""How fast records are exported and verified, beside sqlite3 that writes the same columns.

Every round does each step once, one after another, so that whatever else the machine does hits all
alike; medians are told.
"""
import argparse
import datetime
import json
import os
import pathlib
import random
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import time

CAIRN = os.environ["CAIRN_BINARY"]
TYPES = ["user.login", "document.read", "payment.refund", "user.updated"]
COLUMNS = ["$.id", "$.type", "$.action", "$.outcome", "$.occurred_at", "$.actor.type", "$.actor.id",
           "$.actor.name", "$.actor.email", "$.resources[0].type", "$.resources[0].id", "$.source.ip",
           "$.source.user_agent", "$.source.request_id", "$.description", "$.details"]


def event(number, draw):
    """An event of about 500 bytes."""
    day = datetime.datetime(2026, 1, 1) + datetime.timedelta(seconds=number)
    return {
        "type": draw.choice(TYPES), "action": "did", "outcome": draw.choice(["success", "failure"]),
        "occurred_at": day.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "actor": {"type": "user", "id": f"user-{draw.randrange(5000)}", "name": "Ada Lovelace",
                  "email": f"ada{number % 100}@example.com"},
        "resources": [{"type": "document", "id": f"doc-{draw.randrange(9999)}"}],
        "source": {"ip": f"192.0.2.{number % 256}", "user_agent": "Mozilla/5.0 (X11; Linux)",
                   "request_id": f"r-{number}"},
        "description": "something happened to a thing",
        "details": {"n": number, "tags": ["a", "b"], "amount": 12.5, "note": "lorem ipsum dolor"},
    }


def run(*arguments, output=None):
    """Runs a program; returns seconds, processor seconds and the most memory in MB."""
    begun = time.monotonic()
    sink = open(output, "wb") if output else subprocess.DEVNULL
    with subprocess.Popen(arguments, stdout=sink, stderr=subprocess.PIPE) as process:
        error = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if output:
        sink.close()
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)}: {error.decode()}")
    return time.monotonic() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench --exports", description=__doc__)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", help="where to work; a temporary folder unless it is given")
    options = parser.parse_args()
    folder = pathlib.Path(options.folder or tempfile.mkdtemp(prefix="cairn-exports-"))
    folder.mkdir(exist_ok=True)
    data, reference = str(folder / "data"), str(folder / "reference.db")
    draw = random.Random(1)
    if not os.path.exists(data):
        events = folder / "events.ndjson"
        with open(events, "w") as file:
            for number in range(options.records):
                file.write(json.dumps(event(number, draw)) + "\n")
        run(CAIRN, "import", str(events), "--data", data)
        run(CAIRN, "export", "--data", data, "-o", str(folder / "all.ndjson"))
        database = sqlite3.connect(reference)
        database.execute("CREATE TABLE events (document TEXT)")
        with open(folder / "all.ndjson") as file:
            database.executemany("INSERT INTO events VALUES (?)", ((line,) for line in file))
        database.commit()
        database.close()
    facts = subprocess.check_output([CAIRN, "ledger", "show", "--data", data, "--json"])
    ledger = json.loads(facts)
    key, count = ledger["public_key"], ledger["size"]
    figures, memory = {}, {}

    def note(name, seconds, peak):
        figures.setdefault(name, []).append(count / seconds)
        memory[name] = max(memory.get(name, 0), peak)

    select = ", ".join(f"json_extract(document, '{path}')" for path in COLUMNS)
    for _ in range(options.rounds):
        seconds, _, peak = run("sqlite3", "-csv", "-header", reference,
                               f"SELECT {select} FROM events", output=str(folder / "reference.csv"))
        note("sqlite3 -csv with json_extract, the same columns", seconds, peak)
        for form, columns in [("ndjson", None), ("csv", "complete/1"), ("csv", "orgs-details/1")]:
            chosen = ["--columns", columns] if columns else []
            seconds, _, peak = run(CAIRN, "export", "--data", data, "--format", form, *chosen,
                                   "-o", str(folder / f"data.{form}"))
            note(f"data alone, {form} {columns or ''}".strip(), seconds, peak)
        for form, compression in [("ndjson", "none"), ("ndjson", "gzip"), ("ndjson", "zstd"),
                                  ("csv", "none"), ("json", "none"), ("xlsx", "none")]:
            file = str(folder / f"{form}-{compression}.zip")
            name = f"package, {form}" + (f", {compression}" if compression != "none" else "")
            _, _, peak = run(CAIRN, "export", "--data", data, "--format", form, "--compression",
                             compression, "-o", file)
            newest = subprocess.run([CAIRN, "export", "list", "--data", data, "--json"],
                                    capture_output=True, check=True).stdout.splitlines()[0]
            job = json.loads(newest)
            times = [datetime.datetime.fromisoformat(job[name].replace("Z", "+00:00"))
                     for name in ("started_at", "finished_at")]
            note(name, (times[1] - times[0]).total_seconds(), peak)
            _, work, peak = run(CAIRN, "verify", file, "--key", key)
            note(f"verification a core, {name[9:]}", work, peak)
            os.unlink(file)
    for name, rates in figures.items():
        spread = f"{min(rates):,.0f} to {max(rates):,.0f}"
        print(f"{name}: {statistics.median(rates):,.0f} records/s ({spread}), "
              f"{memory[name]:.0f} MB")
    if not options.folder:
        shutil.rmtree(folder)


main()
