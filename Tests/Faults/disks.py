# SPDX-License-Identifier: Apache-2.0
"""Small disks of their own, to be filled up. Standard library only."""
import os
import subprocess
import sys


def unshare():
    """Starts the program again with mounts of its own, which end with it."""
    if os.environ.get("CAIRN_FAULTS_UNSHARED") is None and "--help" not in sys.argv:
        root = [] if os.getuid() == 0 else ["-r"]
        os.environ["CAIRN_FAULTS_UNSHARED"] = "1"
        os.execvp("unshare", ["unshare", *root, "-m", sys.executable, *sys.argv])


def mount(path, size):
    path.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "cairn-faults", str(path)],
                   check=True)


def unmount(path):
    subprocess.run(["umount", str(path)], check=True)


def exhaust(path):
    """Writes to a file until there is no room."""
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass
