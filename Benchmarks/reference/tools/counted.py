"""Runs loadgen, and adds how many events the server really took, warm-up and all.

usage: counted.py cairn PORT -- loadgen ...          ends when the search index is merged too
       counted.py seedstack PORT -- loadgen ...      PORT is PostgreSQL's; PSQL names psql

Run through side.py, so that all the server's work for these events is accounted for.
"""
import json
import os
import subprocess
import sys
import time

from common import get


def size(kind, port):
    if kind == "cairn":
        return get(port, "/v1/ledger")["size"]
    done = subprocess.run(
        [os.environ.get("PSQL", "psql"), "-h", "127.0.0.1", "-p", str(port), "-U", "postgres",
         "-d", "audit", "-tAc", "select coalesce(sum(seq), 0) from chain_heads"],
        stdout=subprocess.PIPE, check=True)
    return int(done.stdout)


def main():
    kind, port, _, *command = sys.argv[1:]
    # The server is asked with the command's own key, or with none.
    os.environ.pop("CAIRN_API_KEY", None)
    for option, value in zip(command, command[1:]):
        if option == "-H" and value.startswith("Authorization: Bearer "):
            os.environ["CAIRN_API_KEY"] = value.split()[-1]
    before = size(kind, int(port))
    done = subprocess.run(command, stdout=subprocess.PIPE)
    line = json.loads(done.stdout.decode().splitlines()[-1])
    if kind == "cairn":
        # Statistics cover every record, so the answer comes after the merge.
        start = time.perf_counter()
        get(int(port), "/v1/stats")
        line["merge_s"] = round(time.perf_counter() - start, 3)
    line["all_events"] = size(kind, int(port)) - before
    print(json.dumps(line))
    sys.exit(done.returncode)


main()
