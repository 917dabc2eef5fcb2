# SPDX-License-Identifier: Apache-2.0
"""Kills a server again and again while it makes exports; each is made in the end, once, and right."""
import gzip
import hashlib
import random
import subprocess
import time
import zipfile

import driver

RECORDS, BULK = 20_000, 500
FORMS = [
    {"format": "ndjson", "accounted": True, "filter": {"type": ["user.login", "billing.paid"]}},
    {"format": "csv", "compression": "gzip"},
    {"format": "json"},
    {"format": "xlsx", "filter": {"type": ["user.login"]}},
]


def record(client, seed):
    events = driver.Events(f"{seed}/exports")
    for _ in range(RECORDS // BULK):
        bulk = [events.make(repeats=False) for _ in range(BULK)]
        status, body = client.send("POST", "/v1/events", {"events": bulk})
        driver.require(status < 300, f"a bulk was answered {status}: {body}")


def ask(client, form):
    # The ledger grows by who asks; so that two exports are of the same records, it is left out.
    request = {**form, "filter": {**form.get("filter", {}), "index_to": RECORDS}}
    status, job = client.send("POST", "/v1/exports", request)
    driver.require(status == 202, f"an export was answered {status}: {job}")
    return job["id"]


def finished(client, identifier, seconds=120):
    for _ in range(seconds * 20):
        job = client.get(f"/v1/exports/{identifier}")
        driver.require(job["state"] in ("queued", "running", "done"), f"an export is {job}")
        if job["state"] == "done":
            return job
        time.sleep(0.05)
    raise driver.Failure(f"an export is not done after {seconds} s: {job}")


def fetched(client, job, path):
    """Downloads an export as anybody does, and holds it against its facts."""
    url = f"http://127.0.0.1:{client.connection.port}/v1/exports/{job['id']}/download"
    shown = [argument for name, value in client.credential.items()
             for argument in ("-H", f"{name}: {value}")]
    subprocess.run(["curl", "-sSfL", *shown, "-o", path, url], check=True)
    data = path.read_bytes()
    driver.require(len(data) == job["file"]["size"], "the file has another length")
    driver.require(hashlib.sha256(data).hexdigest() == job["file"]["sha256"], "another file")
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def plain(name, content):
    """What is compressed, which in other parts are other bytes."""
    return gzip.decompress(content) if name.endswith(".gz") else content


def check(options, client, identifier, wanted, key, path):
    job = finished(client, identifier)
    found = fetched(client, job, path)
    driver.require(found.keys() == wanted.keys(), f"files {found.keys()}")
    for name, content in found.items():
        # A workbook says when it was asked for; its rows are compared by `verify`.
        if name.startswith(("events", "records")) and not name.endswith("xlsx"):
            driver.require(plain(name, content) == plain(name, wanted[name]),
                           f"{name} is not that of an export in peace")
    code, output, errors = driver.command(options.binary, "verify", path, "--key", key)
    driver.require(code == 0, f"verify exited with {code}: {output}{errors}")


def left(folder, jobs, *work):
    """The files of the store of objects, or of the work on them, that are not the one of an export."""
    files = [file for file in folder.rglob("*") if file.is_file() and file.name != "@lock"]
    extra = [file for file in files if "parts" in file.parts or "@" not in file.name]
    strays = [stray for path in work if path.exists() for stray in path.glob("*")]
    return extra + strays, len(files) - 2 * jobs


def nothing_left(*where):
    for _ in range(200):
        extra, over = left(*where)
        if not extra and not over:
            return
        time.sleep(0.1)
    raise driver.Failure(f"left behind: {[str(file) for file in extra]}, {over}")


def stage(options, folder):
    data = folder / "data"
    generator = random.Random(options.seed)
    server = driver.Server(options.binary, data).start()
    client = server.client()
    record(client, options.seed)
    key = client.get("/v1/ledger")["public_key"]
    wanted, seconds = [], 0
    for form in FORMS:
        began = time.monotonic()
        job = finished(client, ask(client, form))
        seconds += time.monotonic() - began
        wanted.append(fetched(client, job, folder / "peace.zip"))
    jobs, kills, rounds = len(FORMS), 0, 0
    while kills < options.kills:
        rounds += 1
        asked = [ask(server.client(), form) for form in FORMS]
        jobs += len(asked)
        while kills < options.kills:
            time.sleep(generator.uniform(0, seconds / 4))
            states = [server.client().get(f"/v1/exports/{one}")["state"] for one in asked]
            if set(states) == {"done"}:
                break
            server.kill()
            kills += 1
            server.start()
        for identifier, files in zip(asked, wanted):
            check(options, server.client(), identifier, files, key, folder / "killed.zip")
        print(f"{kills} kills: {len(asked)} exports made, verified, and those of peace", flush=True)
    nothing_left(data / "objects", jobs, data / "tmp")
    driver.require(server.stop() == 0, "the server did not exit with 0 after SIGTERM")
    driver.audit(options.binary, data)
    print(f"{kills} kills in {rounds} rounds, {jobs} exports of {RECORDS} records, "
          f"{seconds:.1f} s for {len(FORMS)} in peace; nothing left behind")


if __name__ == "__main__":
    driver.run(stage, __doc__, lambda parser: parser.add_argument(
        "--kills", type=int, default=20, help="how often to kill the server"))
