#!/usr/bin/python3
"""The same import with redis-server and loyaltyd killed (SIGKILL) several times on the way, and
with logs compacted all the while: the same totals, every member the same, and nothing changes when
the file is imported once more.
"""

import os
import random
import signal
import subprocess
import sys
import time

import cdnow

KILLS = 6
COMPACT_BYTES = "600"
WRITTEN_BYTES = 24_000_000  # kills are spread over these; the whole import appends 34 MB to the AOF


def redis_pids(folder):
    """Processes of the redis-server that works in a folder."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm", encoding="ascii") as file:
                name = file.read().strip()
            if name == "redis-server" and os.path.realpath(f"/proc/{pid}/cwd") == folder:
                found.append(int(pid))
        except OSError:
            continue
    return found


class Run:
    """The daemon and its clients over several lives."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.scene = cdnow.world.World(cdnow.bin_folder())
        self.folder = f"{self.scene.folder}/data"
        self.lives = 0
        self.appended = {}  # append-only file -> the bytes it had when last seen
        self.daemon = None
        self.start()
        cdnow.prepare(self.scene, self.daemon)

    def start(self):
        # The first life takes any free port; the others take the same, for the client reconnects.
        listen = [] if self.daemon is None else ["--listen", f"127.0.0.1:{self.daemon.port}"]
        self.lives += 1
        self.daemon = cdnow.start(self.scene, f"daemon-{self.lives}", "data", "--compact-bytes",
                                  COMPACT_BYTES, *listen)
        self.daemon.wait_ready()

    def written(self):
        """Bytes appended so far, over all append-only files there were: how far the import is."""
        for folder, _, files in os.walk(self.folder):
            for name in filter(lambda name: name.endswith(".incr.aof"), files):
                try:
                    self.appended[name] = os.path.getsize(os.path.join(folder, name))
                except FileNotFoundError:
                    continue  # a newer one has taken its place
        return sum(self.appended.values())

    def kill(self, number):
        """Kills one or both; the daemon, if it was it, is started again."""
        what = ["redis", "daemon", "both"][number % 3]
        print(f"kill {number + 1}: {what}", flush=True)
        pids = redis_pids(os.path.realpath(self.folder))
        if what != "redis":
            self.daemon.kill()
        if what != "daemon":
            assert pids, "no redis-server runs there"
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
        if what != "redis":
            self.start()
        else:
            cdnow.world.wait_for(self.daemon.serves, "the daemon to serve again")

    def import_sales(self):
        return subprocess.Popen(
            [f"{self.scene.bin}/loyaltyctl", "--server", f"127.0.0.1:{self.daemon.port}", "--tls",
             self.scene.tls, "-o", "json", "import", "sales", cdnow.FILE, "--format", "cdnow",
             "--retry-seconds", "120"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def main():
    cdnow.skip_without_file()
    seed = int(os.environ.get("LOYALTY_SEED") or random.randrange(10**9))
    print(f"LOYALTY_SEED={seed}")
    run = Run(seed)
    client = run.import_sales()
    for number in range(KILLS):
        at = WRITTEN_BYTES * (number + 1) // KILLS - run.random.randrange(WRITTEN_BYTES // KILLS)
        while run.written() < at and client.poll() is None:
            time.sleep(0.01)
        assert client.poll() is None, (f"the import ended before kill {number + 1}",
                                       client.communicate())
        run.kill(number)
    output, errors = client.communicate()
    print(output, errors)
    assert client.returncode == 0, client.returncode

    totals = run.scene.totals(run.daemon)
    cdnow.check_totals(totals)
    rows = cdnow.read_rows()
    expected = cdnow.model_members(rows)
    cdnow.compare(expected, cdnow.service_members(run.daemon, rows))

    again = run.scene.ctl_json("import", "sales", cdnow.FILE, "--format", "cdnow",
                               daemon=run.daemon)
    assert again["replayed"] == cdnow.ROWS + cdnow.MEMBERS, again
    assert again["refused"] == again["left_out"] == 0, again
    after = run.scene.totals(run.daemon)
    for field in ("accounts", "balance", "points_awarded", "score_given"):
        assert after[field] == totals[field], (field, totals, after)
    assert run.daemon.stop() == 0, run.daemon.output()
    return 0


if __name__ == "__main__":
    sys.exit(main())
