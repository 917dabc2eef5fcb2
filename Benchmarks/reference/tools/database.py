"""Cairn on PostgreSQL beside the seed stack, pgbench and COPY, all on one PostgreSQL, in rounds.

usage: database.py [--rounds N] [--seconds S]

COPY fills the same indexed tables with the same rows: those that Cairn has just written in bulk.
"""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

from against import SeedStack
from common import (
    REFERENCE, TEMPLATE, Cairn, binary, discard, loadgen, prepare, side, table)

# What a commit writes row by row; the rest is a few rows a ledger.
TABLES = ("entries", "payloads", "tiles", "search")


def psql(port, database, sql):
    done = subprocess.run(
        [os.environ["PSQL"], "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-d", database,
         "-v", "ON_ERROR_STOP=1", "-qtAc", sql], stdout=subprocess.PIPE, check=True)
    return done.stdout.decode().strip()


def migrated(port, name):
    psql(port, "postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    psql(port, "postgres", f"CREATE DATABASE {name}")
    url = f"postgresql://postgres@127.0.0.1:{port}/{name}"
    subprocess.run([binary(), "migrate", "--database-url", url], stdout=subprocess.DEVNULL,
                   check=True)
    return url


def copy_floor(port, folder):
    """Seconds that psql takes to COPY what the database `cairn` holds into empty tables."""
    migrated(port, "floor")
    folder.chmod(0o777)
    for name in TABLES:
        psql(port, "cairn", f"COPY {name} TO '{folder}/{name}.copy'")
    events = int(psql(port, "cairn", "SELECT count(*) FROM entries"))
    psql(port, "floor", "CHECKPOINT")
    start = time.perf_counter()
    for name in TABLES:
        psql(port, "floor", f"\\copy {name} FROM '{folder}/{name}.copy'")
    seconds = time.perf_counter() - start
    for name in TABLES:
        (folder / f"{name}.copy").unlink()
    psql(port, "postgres", "DROP DATABASE floor WITH (FORCE)")
    return events / seconds


def pgbench(port, seconds):
    psql(port, "audit", "CREATE SEQUENCE IF NOT EXISTS bench_seq")
    home = pathlib.Path(os.environ["PSQL"]).parent
    done = subprocess.run(
        [home / "pgbench", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-d", "audit",
         "-n", "-M", "prepared", "-f", REFERENCE / "floors/insert_raw.sql", "-c", "64", "-j", "1",
         "-T", str(max(1, int(seconds)))], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        check=True)
    return next(float(line.split()[2]) for line in done.stdout.decode().splitlines()
                if line.startswith("tps"))


def servers(port, folder, count, seconds, load):
    """What two load generators reach together at one ledger, by way of one server or of two."""
    url = migrated(port, "cairn")
    with contextlib.ExitStack() as stack:
        running = []
        for number in range(count):
            data = folder / f"server-{count}-{number}"
            data.mkdir(mode=0o700)
            if running:
                # Servers of one database sign with one key, and one owner's key opens all.
                for name in ("signing.key", "admin.key"):
                    shutil.copy(running[0].data / name, data / name)
            running.append(stack.enter_context(Cairn(data, "--database-url", url)))
        commands = [[loadgen(), "-d", str(seconds), "-w", "0.5", "-p",
                     str(running[number % count].port), "-u", "/v1/events", "--template", TEMPLATE,
                     "--seed", str(number), *running[0].credential, *load] for number in range(2)]
        sides = [subprocess.Popen(command, stdout=subprocess.PIPE) for command in commands]
        lines = [json.loads(side.communicate()[0].decode().splitlines()[-1]) for side in sides]
        if any(line.get("errors") or line.get("non2xx") for line in lines):
            sys.exit(f"{count} servers went wrong: {lines}")
    subprocess.run([binary(), "audit", "--database-url", url, "--data", running[0].data],
                   stdout=subprocess.DEVNULL, check=True)
    for server in running:
        shutil.rmtree(server.data)
    return sum(line["events_per_s"] for line in lines)


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench --database")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    folder = prepare("database")
    out = folder / "results.jsonl"
    load = [loadgen(), "-d", str(options.seconds), "-w", "0.5"]
    counted = [sys.executable, REFERENCE / "tools/counted.py"]
    single, bulk = ["-c", "64"], ["-c", "4", "-b", "100"]
    rates = {}

    def note(name, rate):
        print(f"  {name}: {rate:.0f} events/s", file=sys.stderr, flush=True)
        rates.setdefault(name, []).append(rate)

    with SeedStack() as seed:
        port = seed.postgres_port
        theirs = [*counted, "seedstack", str(port), "--", *load, "-p", str(seed.port), "-H",
                  "X-Tenant-ID: {tenant}"]
        for number in range(options.rounds):
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
            seed.run("reset")
            line = side(out, "seedstack single c=64", seed.pids, [*theirs, *single])
            note("seedstack single", line["events_per_s"])
            line = side(out, "seedstack bulk 100 c=4", seed.pids,
                        [*theirs, *bulk, "-u", "/api/v1/audit/bulk"])
            note("seedstack bulk", line["events_per_s"])
            note("pgbench single", pgbench(port, options.seconds))
            for kind, what in (("single", single), ("bulk", bulk)):
                url = migrated(port, "cairn")
                with Cairn(folder / f"data-{kind}-{number}", "--database-url", url) as cairn:
                    pids = {"cairn": cairn.pid, "pg": seed.pids["pg"]}
                    ours = [*counted, "cairn", str(cairn.port), "--", *load, "-p",
                            str(cairn.port), "-u", "/v1/events", "--template", TEMPLATE,
                            *cairn.credential]
                    name = "cairn single c=64" if kind == "single" else "cairn bulk 100 c=4"
                    line = side(out, name, pids, [*ours, *what])
                    note(f"cairn {kind}", line["events_per_s"])
            note("COPY bulk", copy_floor(port, folder))
            for kind, what in (("single", ["-c", "32"]), ("bulk", ["-c", "2", "-b", "100"])):
                for count in (1, 2):
                    rate = servers(port, folder, count, options.seconds, what)
                    note(f"{count} server{'s' * (count > 1)}, one ledger, {kind}", rate)
    discard(folder)
    table(out)
    middle = {name: statistics.median(values) for name, values in rates.items()}
    print("\n| load | cairn | floor | of it | seedstack | times |\n|---|---|---|---|---|---|")
    for kind, floor in (("single", "pgbench"), ("bulk", "COPY")):
        ours, least, seeds = (middle[f"{who} {kind}"] for who in ("cairn", floor, "seedstack"))
        print(f"| {kind} | {ours:.0f} | {floor} {least:.0f} | {ours / least:.2f} | {seeds:.0f} | "
              f"{ours / seeds:.1f} |")
    print("\n| one ledger, two load generators | one server | two servers | ratio |\n|---|---|---|---|")
    for kind in ("single", "bulk"):
        one, two = middle[f"1 server, one ledger, {kind}"], middle[f"2 servers, one ledger, {kind}"]
        print(f"| {kind} | {one:.0f} | {two:.0f} | {two / one:.2f} |")
    print(f"\nresults: {out}")
    print(json.dumps(rates))


if __name__ == "__main__":
    main()
