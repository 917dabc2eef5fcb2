"""What a request that is refused costs the server, beside one that is not.

usage: scripts/bench --refusals [--rounds N] [--seconds S]
"""
import argparse
import json
import os
import statistics
import subprocess

from common import TEMPLATE, Cairn, discard, loadgen, prepare

HZ = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / HZ


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench --refusals")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3)
    options = parser.parse_args()
    folder = prepare("refusals")
    load = [loadgen(), "-d", str(options.seconds), "-w", "0", "-c", "16"]
    with Cairn(folder / "data", "--quota-queries-per-second", "1",
               "--quota-events-per-second", "1") as cairn:
        load += ["-p", str(cairn.port)]
        get = [*load, "-m", "GET"]
        post = [*load, "-u", "/v1/events", "--template", TEMPLATE]
        unknown = ["-H", "Authorization: Bearer cairn_0123456789ab_" + "A" * 43]
        token = ["-H", "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJ4In0." + "A" * 43]
        rows = {
            "200 GET /health/live": [*get, "-u", "/health/live"],
            "401 GET, nothing sent": [*get, "-u", "/v1/events"],
            "401 GET, a key that is unknown": [*get, "-u", "/v1/events", *unknown],
            "401 GET, a token that is not believed": [*get, "-u", "/v1/events", *token],
            "401 POST of an event, a key that is unknown": [*post, *unknown],
            "429 GET": [*get, "-u", "/v1/ledger", *cairn.credential],
            "429 POST of an event": [*post, *cairn.credential],
        }
        costs = {name: [] for name in rows}
        for _ in range(options.rounds + 1):
            for name, command in rows.items():
                before = cpu_seconds(cairn.pid)
                # A refusal ends the load generator with 1, and is what is wanted here.
                done = subprocess.run(command, stdout=subprocess.PIPE)
                used = cpu_seconds(cairn.pid) - before
                line = json.loads(done.stdout.decode().splitlines()[-1])
                costs[name].append(used / (line["reqs"] + line["non2xx"]) * 1e6)
    discard(folder)
    # The first requests of a process pay for what is loaded once.
    medians = {name: statistics.median(values[1:]) for name, values in costs.items()}
    live = next(iter(medians.values()))
    print("| request | CPU us | of live |\n|---|---|---|")
    for name, value in medians.items():
        print(f"| {name} | {value:.1f} | {value / live:.2f} |")


main()
