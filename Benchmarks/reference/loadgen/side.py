#!/usr/bin/env python3
"""Run one measuring command and add what it cost the server and what else the machine was doing.

  side.py [--pid NAME=PID ...] [--out FILE] [--tag k=v ...] [--timeout S] -- command...

The command's last stdout line that is a JSON object is kept; added: CPU seconds and
memory (PSS: shared pages counted once) of each named process tree, events per server
CPU-second where the command reported events, the share of the machine's CPU that
neither the named trees nor the command used ('other_cpu', 0..1), and the load average.
"""
import json, os, subprocess, sys, time

HZ = os.sysconf("SC_CLK_TCK")


def stat(pid):
    try:
        f = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return int(f[1]), sum(map(int, f[11:15])) / HZ      # ppid, utime+stime+cutime+cstime


def tree(root):
    kids = {}
    for p in os.listdir("/proc"):
        if p.isdigit():
            s = stat(p)
            if s:
                kids.setdefault(s[0], []).append(int(p))
    out, todo = [], [root]
    while todo:
        p = todo.pop()
        out.append(p)
        todo += kids.get(p, [])
    return out


def cpu(root):
    return sum(s[1] for s in map(stat, tree(root)) if s)


def pss(root):
    kb = 0
    for p in tree(root):
        try:
            for l in open(f"/proc/{p}/smaps_rollup"):
                if l.startswith("Pss:"):
                    kb += int(l.split()[1])
        except OSError:
            pass
    return round(kb / 1024, 1)


def machine():
    v = list(map(int, open("/proc/stat").readline().split()[1:9]))
    return (sum(v) - v[3] - v[4]) / HZ, v[7] / HZ       # busy incl. steal, steal


def main():
    a, pids, tags, out, tmo = sys.argv[1:], {}, {}, None, 600
    while a and a[0] != "--":
        k, v = a[0], a[1]
        if k == "--pid":
            n, p = v.split("=")
            pids[n] = int(p)
        elif k == "--tag":
            n, p = v.split("=", 1)
            tags[n] = p
        elif k == "--out":
            out = v
        elif k == "--timeout":
            tmo = int(v)
        a = a[2:]
    c0 = {n: cpu(p) for n, p in pids.items()}
    m0, s0 = machine()
    u0 = os.times()
    t0 = time.monotonic()
    p = subprocess.run(a[1:], stdout=subprocess.PIPE, timeout=tmo)
    dt, (m1, s1), u1 = time.monotonic() - t0, machine(), os.times()
    c1 = {n: round(cpu(p_) - c0[n], 2) for n, p_ in pids.items()}
    own = u1.children_user + u1.children_system - u0.children_user - u0.children_system
    r = {}
    for l in p.stdout.decode(errors="replace").splitlines():
        if l.startswith("{"):
            try:
                r = json.loads(l)
            except ValueError:
                pass
    r = {**tags, **r, "wall_s": round(dt, 2), "server_cpu_s": c1, "client_cpu_s": round(own, 2),
         "other_cpu": round(max(0.0, (m1 - m0 - sum(c1.values()) - own)) / (dt * os.cpu_count()), 2),
         "steal": round((s1 - s0) / (dt * os.cpu_count()), 2), "pss_mb": {n: pss(p_) for n, p_ in pids.items()},
         "load1": os.getloadavg()[0], "rc": p.returncode}
    tot = sum(c1.values())
    if tot > 0 and r.get("events"):
        full = r["events"] * (dt / r["secs"] if r.get("secs") else 1)   # the trees also worked in the warm-up
        full = r.get("all_events", full)                # the command may have counted them
        r["ev_per_cpu_s"] = round(full / tot, 1)
    line = json.dumps(r)
    print(line)
    if out:
        open(out, "a").write(line + "\n")

main()
