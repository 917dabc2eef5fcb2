"""What the measurements share: folders, processes, and where results go."""
import fcntl
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

REFERENCE = pathlib.Path(__file__).resolve().parent.parent
WORK = pathlib.Path(os.environ.get("TMPDIR") or "/tmp") / "cairn-bench"
TEMPLATE = REFERENCE / "native-event.json.template"


# Ended from outside, a measurement still stops what it started.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def prepare(name):
    """An empty folder for a measurement's data, which other users may enter."""
    global lock
    WORK.mkdir(parents=True, exist_ok=True)
    WORK.chmod(0o755)
    lock = open(WORK / "lock", "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit("another measurement runs, and the two would disturb each other")
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def discard(folder):
    """Removes a measurement's data; its results stay."""
    for entry in folder.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        elif entry.suffix != ".jsonl":
            entry.unlink()


def compiled(source, *libraries):
    """The program of a C file, built if it is older than the file."""
    source = REFERENCE / source
    program = WORK / source.stem
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        compiler = next(filter(shutil.which, ("cc", "gcc", "clang")), None)
        if compiler is None:
            sys.exit("no C compiler is installed")
        subprocess.run([compiler, "-O2", "-o", program, source, *libraries], check=True)
    return str(program)


def loadgen():
    return compiled("loadgen/loadgen.c", "-lm", "-lpthread")


def binary():
    path = os.environ.get("CAIRN_BINARY")
    if not path or not os.access(path, os.X_OK):
        sys.exit("CAIRN_BINARY does not name a program; run scripts/bench")
    return path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def memory_mb(pid, field="VmRSS"):
    """A process's resident memory in MB; `VmHWM` is the most it ever was."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return round(int(line.split()[1]) / 1024, 1)
    return None


def get(port, path, timeout=600):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    # The key of the server that was started last, or of the command that is measured.
    key = os.environ.get("CAIRN_API_KEY")
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {key}"} if key else {})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"GET {path}: {answer.status} {body[:300]}")
        return json.loads(body)
    finally:
        connection.close()


def disk_bytes(folder):
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


class Cairn:
    """A server on a store of its own; stopped by its process id when the block ends."""

    def __init__(self, data, *options, is_open=False):
        self.data, self.is_open = data, is_open
        self.options = [*options, *(["--no-auth"] if is_open else [])]

    def __enter__(self):
        self.log = self.data.parent / (self.data.name + ".log")
        start = time.perf_counter()
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [binary(), "serve", "--data", self.data, "--port", "0",
                 "--log-level", "error", *self.options], stdout=log, stderr=log)
        self.port = None
        while self.port is None:
            if self.process.poll() is not None or time.perf_counter() - start > 300:
                self.__exit__()
                sys.exit(f"the server did not start:\n{self.log.read_text()}")
            time.sleep(0.002)
            for line in self.log.read_text().splitlines():
                if line.startswith("listening on "):
                    self.port = int(line.rsplit(":", 1)[1])
        self.start_seconds = time.perf_counter() - start
        self.pid = self.process.pid
        # What a caller must send, as arguments of the load generator.
        self.credential = []
        os.environ.pop("CAIRN_API_KEY", None)
        if not self.is_open:
            key = (self.data / "admin.key").read_text().strip()
            self.credential = ["-H", f"Authorization: Bearer {key}"]
            os.environ["CAIRN_API_KEY"] = key
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def side(out, row, pids, command, timeout=600):
    """Runs a measuring command through side.py and returns its line."""
    arguments = [sys.executable, REFERENCE / "loadgen/side.py", "--out", out, "--tag", f"row={row}",
                 "--timeout", str(timeout)]
    for name, pid in pids.items():
        arguments += ["--pid", f"{name}={pid}"]
    done = subprocess.run([*arguments, "--", *command], stdout=subprocess.PIPE, check=True)
    line = json.loads(done.stdout.decode().splitlines()[-1])
    if line["rc"] != 0 or line.get("errors") or line.get("non2xx"):
        sys.exit(f"{row} went wrong: {line}")
    shown = {k: line.get(k) for k in ("events_per_s", "ev_per_cpu_s", "p50_ms", "p99_ms", "other_cpu")}
    print(f"  {row}: {shown}", file=sys.stderr, flush=True)
    return line


def table(out):
    subprocess.run([sys.executable, REFERENCE / "loadgen/rounds.py", out], check=True)
