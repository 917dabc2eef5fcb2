"""Cairn in bulk beside SQLite alone filling the same tables. usage: floor.py [--rounds N] [--events N]

Each run starts with an empty store and ends with the same number of records in it.
"""
import argparse
import statistics
import sys

from common import REFERENCE, TEMPLATE, Cairn, compiled, discard, loadgen, prepare, side, table

MIGRATIONS = REFERENCE.parent.parent / "Sources/CairnLocal/Migrations"


def schema():
    """The SQL of every migration and of the index, which Swift keeps in texts of many lines."""
    paths = [*sorted(MIGRATIONS.glob("[0-9]*.swift")), MIGRATIONS / "IndexSchema.swift"]
    texts = [path.read_text().split('"""')[1] for path in paths]
    return "\n".join(texts)


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench --floor")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--events", type=int, default=200_000)
    options = parser.parse_args()
    folder = prepare("floor")
    out = folder / "results.jsonl"
    (folder / "schema.sql").write_text(schema())
    program = compiled("floors/own_schema_floor.c", "-lsqlite3", "-lm")
    events = str(options.events)
    names = ("SQLite, Cairn's schema, 1,000 a transaction", "cairn bulk 100 c=4")
    lines = {name: [] for name in names}
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
        database = folder / f"floor-{number}.db"
        lines[names[0]].append(
            side(out, names[0], {}, [program, database, folder / "schema.sql", events]))
        for file in folder.glob(f"{database.name}*"):
            file.unlink()
        with Cairn(folder / f"data-{number}") as cairn:
            command = [sys.executable, REFERENCE / "tools/counted.py", "cairn", str(cairn.port), "--",
                       loadgen(), "-p", str(cairn.port), "-u", "/v1/events", "--template", TEMPLATE,
                       "-c", "4", "-b", "100", "-w", "0", "-d", "590", "-n", events,
                       *cairn.credential]
            line = side(out, names[1], {"cairn": cairn.pid}, command)
            lines[names[1]].append(line)
    discard(folder)
    table(out)
    print("\n| cairn / SQLite | events/s | ev/CPU-s |\n|---|---|---|")
    medians = {
        name: [statistics.median(line[key] for line in lines[name])
               for key in ("events_per_s", "ev_per_cpu_s")] for name in names}
    rates = [ours / floor for ours, floor in zip(medians[names[1]], medians[names[0]])]
    print(f"| bulk | {rates[0]:.2f} | {rates[1]:.2f} |")
    floor = lines[names[0]][0]
    print(f"\n{floor['terms_per_row']} terms and {floor['field_bytes']:.0f} bytes of fields a record; "
          f"SQLite {floor['sqlite']}; results: {out}")


main()
