# SPDX-License-Identifier: Apache-2.0
"""Watches system calls: an answer may begin only after an fsync that began after its request."""
import re
import threading

import driver

# pid, time, name, first argument, the rest.
CALL = re.compile(
    r"^(?P<pid>\d+) +[\d:.]+ (?P<name>\w+)\((?P<file>\d+)<(?P<path>[^>]*)>(?P<rest>.*)$")
RESUMED = re.compile(r"^(?P<pid>\d+) +[\d:.]+ <\.\.\. (?P<name>\w+) resumed>(?P<rest>.*)$")
RESULT = re.compile(r"\) += (-?\d+)[^\"]*$")
IDENTIFIER = re.compile(r'\\"id\\": \\"([0-9a-f-]{36})\\"')
READS = {"read", "readv", "recvfrom", "recvmsg"}
WRITES = {"write", "writev", "sendto", "sendmsg"}
SYNCS = {"fsync", "fdatasync"}
CALLS = ",".join(sorted(READS | WRITES | SYNCS | {"pwrite64"}))


class Trace:
    """What strace saw, as calls with the line they began on and the line they returned on."""

    def __init__(self, path):
        self.calls, open_calls = [], {}
        for number, line in enumerate(path.read_text(errors="replace").splitlines()):
            if match := CALL.match(line):
                call = {**match.groupdict(), "began": number, "ended": None, "result": None}
                self.calls.append(call)
                if "<unfinished ...>" in line:
                    open_calls[match["pid"]] = call
                    continue
            elif match := RESUMED.match(line):
                call = open_calls.pop(match["pid"], None)
                if not call or call["name"] != match["name"]:
                    continue
                call["rest"] += match["rest"]
            else:
                continue
            if result := RESULT.search(call["rest"]):
                call["ended"], call["result"] = number, int(result[1])

    def of_log(self):
        return [call for call in self.calls if call["path"].endswith("/cairn.db-wal")]

    def check(self):
        """The number of acknowledged posts; raises for one that was answered too early."""
        writes = [call for call in self.of_log() if call["name"] == "pwrite64"]
        syncs = [call for call in self.of_log() if call["name"] in SYNCS and call["result"] == 0]
        arrived, asked, acknowledged = {}, {}, set()
        for call in self.calls:
            connection = call["file"], call["path"]
            if not call["path"].startswith("socket:"):
                continue
            if call["name"] in READS and (call["result"] or 0) > 0:
                arrived[connection] = call["ended"]
                if match := IDENTIFIER.search(call["rest"]):
                    asked[connection] = match[1]
            elif call["name"] in WRITES and '"HTTP/1.1 2' in call["rest"] and connection in asked:
                identifier = asked.pop(connection)
                require_order(identifier, arrived[connection], call["began"], writes, syncs)
                acknowledged.add(identifier)
        return acknowledged, len(syncs), "/".join(sorted({call["name"] for call in syncs}))


def require_order(identifier, arrived, answered, writes, syncs):
    """The record's own bytes are written, then synced, then the answer begins."""
    write = next((w for w in writes if arrived < w["began"] and identifier in w["rest"]), None)
    driver.require(write and write["ended"] and write["ended"] < answered,
                   f"{identifier} was answered on line {answered + 1} before it was written")
    driver.require(
        any(write["ended"] < sync["began"] and sync["ended"] < answered for sync in syncs),
        f"{identifier} was answered on line {answered + 1} before it was synced")


def post(server, writer, count, failures):
    try:
        client, events = server.client(), driver.Events(f"order/{writer}")
        for _ in range(count):
            event = {**events.make(repeats=False), "id": events.uuid()}
            status, body = client.send("POST", "/v1/events", event)
            driver.require(status == 201, f"answered {status}: {body}")
    except Exception as failure:
        failures.append(failure)


def watch(options, folder, writers, each):
    path = folder / f"trace-{writers}"
    server = driver.Server(
        options.binary, folder / f"data-{writers}",
        wrapper=["strace", "-D", "-f", "-tt", "-y", "-s", "4096", "-o", str(path), "-e",
                 f"trace={CALLS}"])
    server.start()
    failures = []
    threads = [threading.Thread(target=post, args=(server, writer, each, failures))
               for writer in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    driver.require(server.stop() == 0, "the server did not exit with 0 after SIGTERM")
    if failures:
        raise failures[0]
    acknowledged, syncs, names = Trace(path).check()
    count = len(acknowledged)
    driver.require(count == writers * each, f"{count} of {writers * each} posts seen in the trace")
    print(f"{writers} at a time: {count} answers, {syncs} syncs of the WAL ({names}); "
          "none answered before its own")


def stage(options, folder):
    watch(options, folder, 1, 200)
    watch(options, folder, 8, 50)


driver.run(stage, __doc__)
