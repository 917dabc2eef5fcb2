"""What credentials cost the main loads: a server with an API key beside one without, in turns.

usage: scripts/bench --access [--rounds N] [--seconds S]
"""
import argparse
import subprocess
import sys

from common import REFERENCE, TEMPLATE, Cairn, discard, loadgen, prepare, side, table


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench --access")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    options = parser.parse_args()
    folder = prepare("access")
    out = folder / "results.jsonl"
    load = [loadgen(), "-d", str(options.seconds), "-w", "0.5", "-u", "/v1/events",
            "--template", TEMPLATE]
    with Cairn(folder / "open", is_open=True) as without, Cairn(folder / "keyed") as keyed:
        sides = {"with a key": keyed, "without": without}
        commands = {
            name: [sys.executable, REFERENCE / "tools/counted.py", "cairn", str(server.port), "--",
                   *load, "-p", str(server.port), *server.credential]
            for name, server in sides.items()}
        loads = {"single c=64": ["-c", "64"], "bulk 100 c=4": ["-c", "4", "-b", "100"]}
        for command in commands.values():
            # The first requests of a process pay for what is loaded once; nobody counts them.
            subprocess.run([*command, "-c", "64", "-d", "1"], stdout=subprocess.DEVNULL, check=True)
        for number in range(options.rounds):
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
            for row, arguments in loads.items():
                for name, server in sides.items():
                    side(out, f"{row}, {name}", {"cairn": server.pid},
                         [*commands[name], *arguments])
    discard(folder)
    table(out)
    print(f"\nresults: {out}")


main()
