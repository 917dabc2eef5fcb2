"""What reading costs on a ledger of N events. usage: queries.py N [--requests N] [--database URL]

Loads the events, then measures pages of 50 for each filter with a common and a rare value, start-up,
memory, disk, and the audit. One client, keep-alive; a query that is slow is cut at 20 seconds.
"""
import argparse
import collections
import http.client
import json
import pathlib
import subprocess
import sys
import time
import urllib.parse

from common import (
    TEMPLATE, Cairn, binary, discard, disk_bytes, get, loadgen, memory_mb, prepare)

LIMIT_SECONDS = 20
SAMPLE = 20_000
SPAN = 90 * 86_400


def emit(count):
    return [loadgen(), "--template", TEMPLATE, "--emit", str(count), "--span", str(SPAN)]


def watch(command, **options):
    """Runs a command; its output, seconds, CPU seconds, and most resident memory in MB."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, **options)
    most, cpu = 0, 0.0
    while process.poll() is None:
        try:
            # What `wait` reports would include this interpreter's own memory.
            most = max(most, memory_mb(process.pid, "VmHWM") or 0)
            fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
            cpu = (int(fields[11]) + int(fields[12])) / 100
        except (OSError, TypeError):
            pass
        time.sleep(0.01)
    seconds = time.perf_counter() - start
    output = process.stdout.read().decode()
    if process.returncode != 0:
        sys.exit(f"{command} ended with {process.returncode}: {output}")
    return output, seconds, cpu, most


def load(data, count, place):
    emitter = subprocess.Popen(emit(count), stdout=subprocess.PIPE)
    output, seconds, cpu, most = watch(
        [binary(), "import", "--data", data, *place, "-"], stdin=emitter.stdout)
    emitter.stdout.close()
    emitter.wait()
    print(f"import: {output.strip()}", file=sys.stderr)
    return {"import_events_per_s": round(count / seconds), "import_ev_per_cpu_s": round(count / cpu),
            "import_peak_mb": most}


def values_of(event):
    """An event's value for each filter, as a query spells it."""
    details, resource = event["details"], event["resources"][0]
    return {
        "type": event["type"], "action": event["action"], "category": event["type"].split(".")[0],
        "risk": event["risk"], "actor_id": event["actor"]["id"], "resource_type": resource["type"],
        "resource_id": resource["id"], "ip": event["source"]["ip"],
        "details.request_id": details["request_id"], "details.bytes": str(details["bytes"]),
    }


def queries(count):
    """The queries to time: a name and a query string each."""
    done = subprocess.run(emit(min(count, SAMPLE)), stdout=subprocess.PIPE, check=True)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    seen = collections.defaultdict(collections.Counter)
    words = collections.Counter()
    for event in events:
        for name, value in values_of(event).items():
            seen[name][value] += 1
        words.update(event["details"]["note"].split())
    yield "no filter", ""
    yield "no filter, oldest first", "order=asc"
    yield "sort by index", "sort=index"
    # Draws do not depend on the count, so the sample is the ledger's beginning. A rare value is
    # the least frequent of the sample's first half: what matches lies at the far end of a page
    # that begins with the newest.
    half = len(events) // 2
    for name, counts in seen.items():
        common = counts.most_common(1)[0][0]
        rare = min((values_of(event)[name] for event in events[:half]), key=lambda v: counts[v])
        yield f"{name} common", urllib.parse.urlencode({name: common})
        yield f"{name} rare", urllib.parse.urlencode({name: rare})
    yield "type prefix common", "type=data.*"
    yield "type prefix rare", "type=config.*"
    for name, common, rare in (("outcome", "success", "failure"), ("severity", "info", "critical"),
                               ("actor_type", "user", "robot"),
                               ("details.method", "password", "carrier-pigeon")):
        yield f"{name} all", urllib.parse.urlencode({name: common})
        yield f"{name} none", urllib.parse.urlencode({name: rare})
    for name in ("request_id", "session_id", "external_id"):
        yield f"{name} none", f"{name}=absent"
    ranked = words.most_common()
    rare = next(word for word in reversed(ranked) if len(word[0]) > 4)[0]
    yield "q common", "q=" + ranked[0][0]
    yield "q rare", "q=" + rare
    yield "q two common words", f"q={ranked[0][0]}+{ranked[1][0]}"
    yield "q common prefix", f"q={ranked[0][0][:3]}*"
    phrase = " ".join(events[half]["details"]["note"].split()[:2])
    yield "q phrase", "q=" + urllib.parse.quote(f'"{phrase}"')
    now = time.time()
    stamp = lambda ago: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - ago))
    yield "from/to, last week", f"from={stamp(7 * 86_400)}"
    yield "from/to, an old hour", f"from={stamp(80 * 86_400)}&to={stamp(80 * 86_400 - 3600)}"
    yield "received_from, all", f"received_from={stamp(86_400)}"
    yield "index_from/to, middle", f"index_from={count // 2}&index_to={count // 2 + 50}"


def time_query(connection, query, requests):
    times, found = [], 0
    start = time.perf_counter()
    while len(times) < requests and time.perf_counter() - start < LIMIT_SECONDS:
        began = time.perf_counter()
        connection.request("GET", "/v1/events?limit=50" + ("&" + query if query else ""))
        answer = connection.getresponse()
        body = answer.read()
        times.append((time.perf_counter() - began) * 1000)
        if answer.status != 200:
            sys.exit(f"{query}: {answer.status} {body[:300]}")
        if len(times) == 1:
            found = len(json.loads(body)["events"])
    first = times[0]
    times.sort()
    return {"n": len(times), "events": found, "first_ms": round(first, 2),
            "p50_ms": round(times[len(times) // 2], 2),
            "p99_ms": round(times[min(len(times) - 1, int(len(times) * 0.99))], 2)}


def verify(server):
    """A verification by the server itself; its seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    start = time.perf_counter()
    connection.request("POST", "/v1/verifications", "{}", {"Content-Type": "application/json"})
    job = json.loads(connection.getresponse().read())
    while job["state"] in ("queued", "running"):
        time.sleep(0.02)
        connection.request("GET", f"/v1/verifications/{job['id']}")
        job = json.loads(connection.getresponse().read())
    connection.close()
    if job.get("verdict") != "holds":
        sys.exit(f"the ledger does not hold: {job}")
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench --queries")
    parser.add_argument("events", type=int)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--database", help="an empty PostgreSQL database, to use instead of a folder")
    options = parser.parse_args()
    count = options.events
    folder = prepare("queries")
    out, data = folder / "results.jsonl", folder / "data"
    place = ["--database-url", options.database] if options.database else []
    if place:
        subprocess.run([binary(), "migrate", *place], stdout=subprocess.DEVNULL, check=True)
    facts = {"events": count, **load(data, count, place)}
    if not place:
        facts["disk_bytes_per_event"] = round(disk_bytes(data) / count, 1)

    audits = {"audit": [], "audit_no_contents": ["--no-contents"]}
    # Each term of the index is looked up as a search does it: too slow to time on many events.
    if count <= 100_000:
        audits["audit_with_index"] = ["--index"]
    for name, flags in audits.items():
        _, seconds, cpu, most = watch([binary(), "audit", "--data", data, *place, *flags])
        facts[name] = {"events_per_s": round(count / seconds), "ev_per_cpu_s": round(count / cpu),
                       "peak_mb": most}

    rows = []
    with Cairn(data, *place, is_open=True) as server:
        facts["start_seconds"] = round(server.start_seconds, 3)
        time.sleep(2)
        facts["idle_mb"] = memory_mb(server.pid)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        for name, query in queries(count):
            row = {"row": name, "query": query, **time_query(connection, query, options.requests)}
            rows.append(row)
            print(f"  {row}", file=sys.stderr, flush=True)
        connection.close()
        facts["after_queries_mb"] = memory_mb(server.pid)
        start = time.perf_counter()
        get(server.port, "/v1/stats")
        facts["stats_seconds"] = round(time.perf_counter() - start, 3)
        facts["verification_events_per_s"] = round(count / verify(server))
        facts["after_verification_mb"] = memory_mb(server.pid)
        facts["peak_mb"] = memory_mb(server.pid, "VmHWM")

    discard(folder)
    with open(out, "w", encoding="utf-8") as file:
        for row in (facts, *rows):
            file.write(json.dumps(row) + "\n")
    print("| page of 50 | p50 ms | p99 ms | first ms | on the page | n |\n|---|---|---|---|---|---|")
    for row in rows:
        print("| {row} | {p50_ms} | {p99_ms} | {first_ms} | {events} | {n} |".format(**row))
    print("\n| what | value |\n|---|---|")
    for name, value in facts.items():
        if isinstance(value, dict):
            value = ", ".join(f"{key} {part}" for key, part in value.items())
        print(f"| {name} | {value} |")
    print(f"\nresults: {out}")


main()
