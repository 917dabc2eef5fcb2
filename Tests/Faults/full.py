# SPDX-License-Identifier: Apache-2.0
"""Fills the disk under a server; nothing acknowledged is lost, and room alone makes it go on."""
import time

import disks
import driver
from disks import mount, unmount

PLAIN = {"type": "disk.full", "actor": {"id": "loader"}, "details": {"text": "x" * 4000}}


def fill(server, book, until=40, seconds=60):
    """Writes until so many answers in a row were 503; counts answers of each kind."""
    client, ends, refused, codes = server.client(), time.monotonic() + seconds, 0, {}
    while refused < until:
        driver.require(time.monotonic() < ends, f"no 503 for {seconds} s: {codes}")
        status, body = client.send("POST", "/v1/events", PLAIN)
        code = body.get("code", "acknowledged")
        codes[code] = codes.get(code, 0) + 1
        refused = 0 if book.result(PLAIN, status, body, body) else refused + 1
        driver.require(server.process.poll() is None, "the server ended")
        time.sleep(0.005 if refused else 0)
    return codes


def accepts(server, book, seconds=30):
    """How long the same process takes until it acknowledges again."""
    client, start = server.client(), time.monotonic()
    while time.monotonic() - start < seconds:
        status, body = client.send("POST", "/v1/events", PLAIN)
        if book.result(PLAIN, status, body, body):
            return time.monotonic() - start
        time.sleep(0.05)
    raise driver.Failure(f"still refused {seconds} s after there was room: {body}")


def ready(client):
    return client.send("GET", "/health/ready")[0]


def full_store(options, folder, size, checkpoints_too):
    """The folder of the store is full, and with it, perhaps, the one of the checkpoints."""
    name = "store and checkpoints" if checkpoints_too else "store"
    disk = folder / name.replace(" ", "-")
    mount(disk, size)
    (disk / "ballast").write_bytes(bytes(6 << 20))
    outside = (disk if checkpoints_too else folder) / f"checkpoints-{size}"
    server = driver.Server(options.binary, disk / "data", "--checkpoint-dir", str(outside))
    server.log = folder / f"{disk.name}.log"
    server.start()
    book = driver.Ledgerbook()
    codes = fill(server, book)
    driver.require(ready(server.client()) == 503, "ready, though no event gets in")
    time.sleep(1.5)
    checked = book.check_new(server)
    (disk / "ballast").unlink()
    seconds = accepts(server, book)
    driver.require(server.process.poll() is None, "the server ended")
    checked += book.check_new(server)
    for _ in range(50):
        book.result(PLAIN, *posted(server))
    wait_for_checkpoint(server, outside, len(book.receipts))
    driver.require(ready(server.client()) == 200, "not ready, though there is room")
    restart_full(server, book, disk, outside)
    driver.require(server.stop() == 0, "the server did not exit with 0 after SIGTERM")
    driver.audit(options.binary, disk / "data", "--checkpoint-dir", outside)
    count = book.check_all(driver.records(options.binary, disk / "data"))
    unmount(disk)
    print(f"{name} full, {size}: {codes}, not ready; {checked} read back by id; again after "
          f"{seconds:.1f} s of room; killed while full, started again; "
          f"{count} acknowledged, 0 lost; the audit holds", flush=True)


def restart_full(server, book, disk, outside):
    """Killed while the disk is full, it starts once there is room, if not before."""
    disks.exhaust(disk / "ballast")
    fill(server, book, until=10)
    server.kill()
    try:
        server.start().kill()
    except driver.Failure:
        driver.require(server.process.wait() == 3, f"no exit with 3: {server.told()[-300:]}")
    (disk / "ballast").unlink()
    server.start()
    book.check_new(server)
    book.result(PLAIN, *posted(server))


def posted(server):
    status, body = server.client().send("POST", "/v1/events", PLAIN)
    driver.require(status == 201, f"answered {status} with room on the disk: {body}")
    return status, body, body


def kept_size(folder):
    sizes = [int(path.read_text().split("\n")[1]) for path in folder.glob("*.checkpoint")]
    return max(sizes, default=0)


def wait_for_checkpoint(server, folder, size, seconds=15):
    ends = time.monotonic() + seconds
    while kept_size(folder) < size:
        driver.require(time.monotonic() < ends,
                       f"{kept_size(folder)} of {size} records in the checkpoint kept outside")
        time.sleep(0.1)


def full_checkpoints(options, folder):
    """Only the folder of the checkpoints is full: events go on, publishing waits for room."""
    disk = folder / "outside"
    mount(disk, "64k")
    server = driver.Server(options.binary, folder / "data", "--checkpoint-dir",
                           str(disk / "checkpoints")).start()
    book = driver.Ledgerbook()
    book.result(PLAIN, *posted(server))
    wait_for_checkpoint(server, disk / "checkpoints", 1)
    disks.exhaust(disk / "ballast")
    for _ in range(20):
        book.result(PLAIN, *posted(server))
        time.sleep(0.15)
    kept = kept_size(disk / "checkpoints")
    driver.require(kept == 1, f"a checkpoint of {kept} records was kept on a full disk")
    told = server.told().count("a checkpoint could not be published")
    driver.require(told, "the log does not tell that checkpoints cannot be kept")
    (disk / "ballast").unlink()
    wait_for_checkpoint(server, disk / "checkpoints", len(book.receipts))
    driver.require(server.stop() == 0, "the server did not exit with 0 after SIGTERM")
    driver.audit(options.binary, folder / "data", "--checkpoint-dir", disk / "checkpoints")
    count = book.check_all(driver.records(options.binary, folder / "data"))
    unmount(disk)
    print(f"checkpoints full: {count} acknowledged meanwhile, told {told} times in the log, the "
          "newest checkpoint whole and published once there was room; the audit holds")


def stage(options, folder):
    full_store(options, folder, "16m", checkpoints_too=False)
    # Here the write-ahead log is longer than what starts a checkpoint of SQLite's.
    full_store(options, folder, "40m", checkpoints_too=True)
    full_checkpoints(options, folder)


disks.unshare()
driver.run(stage, __doc__)
