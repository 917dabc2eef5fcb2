# SPDX-License-Identifier: Apache-2.0
"""Starts PostgreSQL clusters on loopback, and servers that share one. Standard library only."""
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import time

import driver

OWNER, ROLE, DATABASE = "cairn_owner", "cairn_server", "cairn"


def programs():
    """The folder of PostgreSQL's programs: the one that is named, or the newest installed."""
    if named := os.environ.get("CAIRN_POSTGRES"):
        return pathlib.Path(named)
    homes = pathlib.Path("/usr/lib/postgresql").glob("[0-9]*/bin/postgres")
    newest = max(homes, key=lambda path: int(path.parts[-3]), default=None)
    driver.require(newest, "PostgreSQL is not installed: run scripts/setup --test")
    return newest.parent


def as_user():
    """What goes before a command so that it is not root's: PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return []
    if pathlib.Path("/proc/self/uid_map").read_text().split()[1:] == ["0", "4294967295"]:
        return ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups"]
    # Root of a namespace alone: another one inside it, in which nobody is root.
    return ["unshare", "--user", "--map-user=1000", "--map-group=1000"]


def give_away(path):
    """Lets PostgreSQL's user have a folder."""
    if as_user()[:1] == ["setpriv"]:
        user = pwd.getpwnam("postgres")
        os.chown(path, user.pw_uid, user.pw_gid)


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Cluster:
    """A PostgreSQL server; this process is its parent, and reaps it when it is killed."""

    def __init__(self, folder, name="postgres", **settings):
        self.home, self.bin, self.port = folder / name, programs(), free_port()
        self.data, self.log = self.home / "data", folder / f"{name}.log"
        self.process, self.settings = None, settings
        self.home.mkdir(exist_ok=True)
        give_away(self.home)
        driver.endings.append(self.end)

    def tool(self, name, *arguments, check=True):
        """Runs one of PostgreSQL's programs as its user; what it printed."""
        command = [*as_user(), str(self.bin / name), *map(str, arguments)]
        result = subprocess.run(command, capture_output=True, text=True, timeout=120,
                                cwd=self.home)
        driver.require(not check or result.returncode == 0, f"{name}: {result.stderr[-500:]}")
        return result.stdout

    def create(self, *options):
        self.tool("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "--no-sync",
                  "-E", "UTF8", "--locale=C.UTF-8", *options)
        return self.configure(listen_addresses="'127.0.0.1'", unix_socket_directories="''",
                              max_connections=100, **self.settings)

    def configure(self, **settings):
        """What is said last holds."""
        settings = {"port": self.port, **settings}
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in settings.items())
        return self

    def copy(self, name):
        """A cluster of its own from a base backup of this one, not started."""
        other = Cluster(self.home.parent, name)
        self.tool("pg_basebackup", "-h", "127.0.0.1", "-p", self.port, "-U", "postgres", "-D",
                  other.data, "-c", "fast", "-X", "stream", "--no-sync")
        return other.configure()

    def standby(self, name):
        """A standby that follows this cluster, started."""
        other = self.copy(name)
        target = f"host=127.0.0.1 port={self.port} user=postgres application_name={name}"
        other.configure(primary_conninfo=f"'{target}'")
        (other.data / "standby.signal").touch()
        give_away(other.data / "standby.signal")
        return other.start()

    def spawn(self):
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*as_user(), str(self.bin / "postgres"), "-D", str(self.data)], stdout=log,
                stderr=log, cwd=self.home, start_new_session=True)

    def accepts(self):
        return self.sql("SELECT 1", check=False) == "1"

    def start(self, seconds=60):
        """Starts it, and again for as long as children of one that was killed hold its memory."""
        ends = time.monotonic() + seconds
        while True:
            self.spawn()
            while self.process.poll() is None and time.monotonic() < ends:
                if self.accepts():
                    return self
                time.sleep(0.05)
            driver.require(time.monotonic() < ends, f"PostgreSQL did not start: {self.told()}")
            time.sleep(0.1)

    def told(self, count=500):
        return self.log.read_bytes()[-count:].decode(errors="replace")

    def kill(self):
        """Kills the postmaster alone; its children see that and end by themselves."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)

    def end(self):
        """Ends it, whatever state it is in."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGQUIT)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()

    def sql(self, text, database="postgres", check=True):
        """Runs statements as the superuser, each its own transaction; what they print."""
        command = [shutil.which("psql") or str(self.bin / "psql"), "-h", "127.0.0.1", "-p",
                   str(self.port), "-U", "postgres", "-d", database, "-AtqX", "-v",
                   "ON_ERROR_STOP=1"]
        result = subprocess.run(command, input=text, capture_output=True, text=True, timeout=120)
        driver.require(not check or result.returncode == 0, f"psql: {result.stderr[-500:]}")
        return result.stdout.strip()

    def url(self, role=ROLE, port=None):
        return f"postgresql://{role}@127.0.0.1:{port or self.port}/{DATABASE}"

    def migrate(self, binary):
        """Makes the database, its owner, and the role that servers run as."""
        self.sql(f"CREATE ROLE {OWNER} LOGIN; CREATE ROLE {ROLE} LOGIN;")
        self.sql(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
        code, output, errors = driver.command(binary, "migrate", "--database-url",
                                              self.url(OWNER), "--grant", ROLE)
        driver.require(code == 0, f"migrate exited with {code}: {output}{errors}")
        return self


class Deployment:
    """Servers on one database, which sign with the first one's key; a key for each tenant."""

    def __init__(self, options, folder, url, count=2, tenants=("default",), settings=()):
        self.binary, self.url, self.keys = options.binary, url, {}
        self.servers = [self.server(folder / f"data-{number}", *settings)
                        for number in range(count)]
        first = self.servers[0].start()
        admin = first.client(key=(first.data / "admin.key").read_text().strip())
        for tenant in tenants:
            self.keys[tenant] = self.make_key(admin, tenant)
        for server in self.servers[1:]:
            server.data.mkdir(mode=0o700)
            shutil.copy(first.data / "signing.key", server.data)
            server.start()

    def server(self, data, *settings):
        return driver.Server(self.binary, data, "--database-url", self.url, *settings,
                             credentials=True)

    @staticmethod
    def make_key(admin, tenant):
        if tenant != "default":
            status, body = admin.send("POST", "/v1/tenants", {"name": tenant})
            driver.require(status == 201, f"no tenant: {status} {body}")
        status, body = admin.send("POST", f"/v1/keys?tenant={tenant}",
                                  {"name": "fleet", "role": "owner"})
        driver.require(status == 201, f"no key: {status} {body}")
        return body["key"]

    def audit(self, url=None):
        """Audits every ledger against the checkpoints that each server keeps."""
        for server in self.servers:
            driver.audit(self.binary, server.data, "--database-url", url or self.url)

    def records(self, tenant, url=None):
        return driver.records(self.binary, self.servers[0].data, "--database-url",
                              url or self.url, "--tenant", tenant)

    def stop(self):
        for server in self.servers:
            driver.require(server.stop() == 0, "a server did not exit with 0 after SIGTERM")


def bring_back(server, seconds=60):
    """Starts a server again, as often as it takes: its database may not be there yet."""
    ends = time.monotonic() + seconds
    while True:
        try:
            return server.start()
        except driver.Failure:
            code = server.process.poll()
            driver.require(code == 3 and time.monotonic() < ends,
                           f"no start for {seconds} s, exit with {code}: {server.told()[-500:]}")
            time.sleep(0.1)
