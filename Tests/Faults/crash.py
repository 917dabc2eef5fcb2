# SPDX-License-Identifier: Apache-2.0
"""Kills a server again and again under load; nothing that it acknowledged may be lost."""
import random
import time

import driver


def load(server, book, number, seed):
    work = driver.Load()
    for writer in range(3):
        events = driver.Events(f"{seed}/{number}/single/{writer}")
        work.add(driver.load_singles, book, server.client(), events, pause=0.003)
    events = driver.Events(f"{seed}/{number}/bulk")
    work.add(driver.load_bulks, book, server.client(), events, pause=0.03)
    events = driver.Events(f"{seed}/{number}/stream")
    work.add(driver.load_streams, book, server, events, pause=0.002)
    return work


def check_growth(client, seen):
    """The checkpoint that was seen before a kill must be a beginning of the ledger after it."""
    note, size, root = driver.checkpoint(client)
    if seen:
        _, old_size, old_root = seen
        driver.require(old_size <= size, f"the ledger went back from {old_size} to {size}")
        if 0 < old_size:
            answer = client.get(f"/v1/consistency?from={old_size}&to={size}")
            driver.verify_consistency(old_size, old_root, size, root, answer["proof"])
    return note, size, root


def kill_while_starting(server, generator):
    server.spawn()
    time.sleep(generator.uniform(0, 0.15))
    server.kill()


def stage(options, folder):
    data, book, seen = folder / "data", driver.Ledgerbook(), None
    generator = random.Random(options.seed)
    server = driver.Server(options.binary, data).start()
    starting = 0
    for number in range(1, options.kills + 1):
        work = load(server, book, number, options.seed)
        client = server.client()
        ends = time.monotonic() + generator.uniform(0.05, 0.9)
        while time.monotonic() < ends:
            seen = check_growth(client, seen)
            time.sleep(min(0.1, max(0, ends - time.monotonic())))
        server.kill()
        work.stop()
        if generator.random() < 0.2:
            kill_while_starting(server, generator)
            starting += 1
        server.start()
        seen = check_growth(server.client(), seen)
        book.check_new(server)
        if number % 10 == 0:
            print(f"{number} kills: {len(book.receipts)} acknowledged, all there; "
                  f"{seen[1]} records", flush=True)
    driver.require(server.stop() == 0, "the server did not exit with 0 after SIGTERM")
    (folder / "seen").write_text(seen[0])
    driver.audit(options.binary, data, "--checkpoint", folder / "seen")
    book.check_all(driver.records(options.binary, data))
    print(f"{starting} more kills while starting; the audit holds")
    print(f"{options.kills} kills, {len(book.receipts)} acknowledged, 0 lost")


driver.run(stage, __doc__, lambda parser: parser.add_argument(
    "--kills", type=int, default=50, help="how often to kill the server"))
