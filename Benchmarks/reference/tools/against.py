"""Cairn beside the seed stack, in interleaved rounds. usage: against.py [--rounds N] [--seconds S]"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

from common import (
    REFERENCE, TEMPLATE, WORK, Cairn, discard, free_port, loadgen, prepare, side, table)


class SeedStack:
    """The seed stack on free ports, with its environment kept between runs and its rows not."""

    def __enter__(self):
        homes = pathlib.Path("/usr/lib/postgresql").glob("*/bin")
        home = max(homes, key=lambda path: int(path.parent.name), default=None)
        if home is None:
            sys.exit("PostgreSQL's server is not installed")
        self.postgres_port, self.port = free_port(), free_port()
        self.folder = WORK / "seedstack"
        os.environ["PSQL"] = str(home / "psql")
        self.environment = {**os.environ, "SEEDSTACK_DIR": str(self.folder), "PGBIN": str(home),
                            "PGPORT": str(self.postgres_port), "PORT": str(self.port)}
        try:
            self.run("start")
            self.run("reset")
            self.pids = {"app": int((self.folder / "app.pid").read_text()),
                         "pg": int((self.folder / "pg/postmaster.pid").read_text().split()[0])}
        except BaseException:
            self.__exit__()
            raise
        return self

    def run(self, verb):
        # Into a file: processes that stay would hold a pipe open.
        with open(WORK / "seedstack.log", "ab") as log:
            done = subprocess.run([REFERENCE / "seedstack/run.sh", verb], stdout=log, stderr=log,
                                  env=self.environment, timeout=600)
        if done.returncode != 0 and verb != "stop":
            sys.exit(f"seedstack {verb} failed: see {WORK / 'seedstack.log'}")

    def __exit__(self, *_):
        self.run("stop")
        # `stop` signals the app and does not wait for it.
        pid = getattr(self, "pids", {}).get("app")
        for _ in range(100):
            if pid is None or not pathlib.Path(f"/proc/{pid}").exists():
                break
            time.sleep(0.1)


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench --against seedstack")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    folder = prepare("against")
    out = folder / "results.jsonl"
    load = [loadgen(), "-d", str(options.seconds), "-w", "0.5"]
    counted = [sys.executable, REFERENCE / "tools/counted.py"]
    single, bulk = ["-c", "64"], ["-c", "4", "-b", "100"]
    with SeedStack() as seed, Cairn(folder / "data") as cairn:
        theirs = [*counted, "seedstack", str(seed.postgres_port), "--", *load, "-p", str(seed.port),
                  "-H", "X-Tenant-ID: {tenant}"]
        ours = [*counted, "cairn", str(cairn.port), "--", *load, "-p", str(cairn.port),
                "-u", "/v1/events", "--template", TEMPLATE, *cairn.credential]
        for command in (theirs, ours):
            # The first requests of a process pay for what is loaded once; nobody counts them.
            subprocess.run([*command, *single, "-d", "1"], stdout=subprocess.DEVNULL, check=True)
        for number in range(options.rounds):
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
            side(out, "seedstack single c=64", seed.pids, [*theirs, *single])
            side(out, "cairn single c=64", {"cairn": cairn.pid}, [*ours, *single])
            side(out, "seedstack bulk 100 c=4", seed.pids,
                 [*theirs, *bulk, "-u", "/api/v1/audit/bulk"])
            side(out, "cairn bulk 100 c=4", {"cairn": cairn.pid}, [*ours, *bulk])
    discard(folder)
    table(out)
    ratios(out)


def ratios(out):
    """Cairn's medians over the seed stack's."""
    rows = {}
    for line in out.read_text().splitlines():
        line = json.loads(line)
        rows.setdefault(line["row"], []).append(line)
    print("\n| cairn / seedstack | events/s | ev/server-CPU-s | p50 | p99 | memory |")
    print("|---|---|---|---|---|---|")
    for kind in ("single c=64", "bulk 100 c=4"):
        cells = []
        for value in (lambda r: r["events_per_s"], lambda r: r["ev_per_cpu_s"],
                      lambda r: r["p50_ms"], lambda r: r["p99_ms"],
                      lambda r: sum(r["pss_mb"].values())):
            ours, theirs = (statistics.median(map(value, rows[f"{who} {kind}"]))
                            for who in ("cairn", "seedstack"))
            cells.append(f"{ours / theirs:.2f}")
        print(f"| {kind} | " + " | ".join(cells) + " |")
    print(f"\nresults: {out}")


if __name__ == "__main__":
    main()
