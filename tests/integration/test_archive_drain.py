#!/usr/bin/python3
"""`loyaltyctl archive` on a club whose logs are compacted all the time: whatever is killed,
whenever, what the store has dropped is in the folder; and folder and store together are every
member's history from the first record on.
"""

import contextlib
import itertools
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import threading
import time
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import scene
import world
from scene import now_ms

PARTITIONS = 16
SCENE = scene.Scene(options=("--compact-bytes", "1500"))
SCENE.world.certificate("job", "job/archive")
INDEX_BYTES = 80000  # files beside the segment that have to be larger than at first
BATCHES = itertools.count()
CUT_OFF = "not written whole are cut off"


def folder(name):
    return f"{SCENE.world.folder}/{name}"


def waiting():
    return sum(SCENE.redis.command("XLEN", f"ly:{{{partition}}}:arch")
               for partition in range(PARTITIONS))


def new_members():
    """Snapshots keep what a retry may ask for, so a log is compacted ever more rarely: new ones."""
    batch = next(BATCHES)
    members = [f"m{batch}-{number}" for number in range(5)]
    SCENE.enrol(*members)
    return members


def sell(count, members):
    with SCENE.client() as client:
        for number in range(count):
            reply = client.call("Award", frames.award_request(members[number % len(members)],
                                                              1000 + number, now_ms()))
            assert reply.error is None, reply.error


def sell_or_not(member):
    """Whether all of some sales were taken."""
    with SCENE.client() as client:
        return all(client.call("Award", frames.award_request(member, 1000, now_ms())).error is None
                   for _ in range(60))


def sell_until_cut(least=5):
    """Sells until so many prefixes wait; to whom it did."""
    everybody = []
    while waiting() < least:
        everybody.append(new_members())
        sell(200, everybody[-1])
    return everybody[0][:1] + everybody[-1][-1:]


def archive_line(path, *more):
    return [f"{SCENE.world.bin}/loyaltyctl", "--server", f"127.0.0.1:{SCENE.daemons[0].port}",
            "--tls", SCENE.world.tls, "--as", "job", "archive", "--to", path, *more]


def drain(path, *more, limit=None):
    def bounded():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(archive_line(path, *more), capture_output=True, text=True, check=False,
                          preexec_fn=bounded if limit else None)


@contextlib.contextmanager
def follower(path):
    """An archiver at work, ended whatever comes."""
    with subprocess.Popen(archive_line(path, "--follow"), stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True) as archiver:
        try:
            yield archiver
        finally:
            archiver.kill()


def ctl(*arguments, check=True):
    return SCENE.world.ctl(*arguments, daemon=SCENE.daemons[0], check=check)


def segment(path, number=1):
    return f"{path}/{number:06}.lya"


class Archive(unittest.TestCase):
    def setUp(self):
        self.path = folder("archive")

    def drain(self, *more):
        run = drain(self.path, *more)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        return run

    def check_whole(self):
        """Nothing waits; every account's history is whole, and every record is listed once."""
        self.drain()
        self.assertEqual(waiting(), 0)
        checked = json.loads(ctl("-o", "json", "archive", "check", self.path).stdout)
        self.assertEqual(checked["faults"], 0)
        run = ctl("-o", "json", "verify", "--archived", self.path, check=False)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        sums = json.loads(run.stdout)
        self.assertEqual(sums["records"], SCENE.totals()["records"])
        self.assertEqual(sums["prefixes"], checked["entries"])
        return sums

    def activities(self, member, *more):
        out = ctl("-o", "json", "member", "log", member, *more).stdout
        pages, decoder = [], json.JSONDecoder()
        while out.strip():
            page, end = decoder.raw_decode(out.strip())
            out = out.strip()[end:]
            pages += page["activities"]
        return pages

    def check_logs(self, members):
        for member in members:
            whole = self.activities(member, "--archived", self.path)
            numbers = [int(activity["seq"]) for activity in whole]
            self.assertEqual(numbers, list(range(numbers[0], 0, -1)))
            by_number = {int(activity["seq"]): activity for activity in whole}
            for activity in self.activities(member, "--limit", "1000000"):
                if not activity.get("unwritten"):
                    self.assertEqual(activity, by_number[int(activity["seq"])])
            balance = SCENE.get(member).standing.balance
            self.assertEqual(sum(int(activity.get("points", 0)) for activity in whole), balance)

    def test_1_history_is_whole(self):
        members = sell_until_cut(20)
        run = self.drain()
        self.assertIn("dropped from the store", run.stdout)
        sums = self.check_whole()
        self.assertGreaterEqual(sums["prefixes"], 20)
        self.check_logs(members)
        log = ("member", "log", members[0], "--archived", self.path)
        self.assertIn("enrolled", ctl(*log).stdout)
        self.assertNotIn("enrolled", ctl(*log, "--limit", "3").stdout)

    def test_2_what_still_waits_is_a_gap(self):
        members = sell_until_cut(10)
        run = ctl("verify", "--archived", self.path, check=False)
        self.assertEqual(run.returncode, 1)
        self.assertRegex(run.stderr, r"fault: member m\d+-\d: the archive has no prefix that ends "
                                     r"in record \d+; its newest ends in record \d+")
        self.check_whole()
        self.check_logs(members)

    def kill_now_and_then(self, generator, seconds, when):
        """Archivers, one after the other, each killed; how many there were."""
        end = time.monotonic() + seconds
        lives = 0
        while time.monotonic() < end:
            with follower(self.path) as archiver:
                when(generator)
                archiver.kill()
                said = archiver.stderr.read()
            self.assertNotIn("damaged", said)
            lives += 1
        return lives

    def while_selling(self, work):
        stop = threading.Event()
        wrong = []

        def shop():
            try:
                while not stop.is_set():
                    sell(200, new_members())
            except Exception as error:  # pylint: disable=broad-except
                wrong.append(error)

        thread = threading.Thread(target=shop)
        thread.start()
        try:
            return work()
        finally:
            stop.set()
            thread.join()
            self.assertEqual(wrong, [])

    def test_3_killed_at_random(self):
        seed = int(os.environ.get("LOYALTY_SEED", time.time_ns() % 1000000))
        print(f"seed {seed}")
        generator = random.Random(seed)
        lives = self.while_selling(lambda: self.kill_now_and_then(
            generator, 12, lambda generator: time.sleep(generator.uniform(0.02, 0.6))))
        print(f"{lives} archivers killed")
        self.check_whole()
        self.check_logs(["m0-0", f"m{next(BATCHES) - 1}-0"])

    def test_4_killed_where_it_matters(self):
        """As soon as a segment has grown, or the index has, or the store has dropped something."""
        def size(name):
            path = f"{self.path}/{name}"
            return os.stat(path).st_size if os.path.exists(path) else 0

        def seen():
            return size("000001.lya"), size("index.sqlite-wal"), waiting()

        def grown(part):
            def wait(_):
                before = seen()[part]
                end = time.monotonic() + 2
                while seen()[part] == before and time.monotonic() < end:
                    pass
            return wait

        for part in range(3):
            self.while_selling(lambda p=part: self.kill_now_and_then(None, 3, grown(p)))
            self.check_whole()

    def test_5_redis_and_the_daemon_are_killed(self):
        members = new_members()
        with follower(self.path) as archiver:
            for _ in range(3):
                world.wait_for(lambda: sell_or_not(members[0]), "sales to be taken")
                SCENE.redis.kill()
                SCENE.restart_redis()
                SCENE.daemons[0].wait_ready()
            self.assertIsNone(archiver.poll(), "it waits for a service that stays away")
            archiver.send_signal(signal.SIGTERM)
            self.assertEqual(archiver.wait(), 0)
        self.check_whole()
        self.check_logs(members[:2])

    def test_6_a_torn_end_is_cut_off(self):
        sell_until_cut(5)
        self.check_whole()
        whole = os.stat(segment(self.path)).st_size
        for torn in (b"l", b"lye\x01" + bytes(50), bytes(5000), os.urandom(3000)):
            with open(segment(self.path), "ab") as file:
                file.write(torn)
            self.assertEqual(ctl("archive", "check", self.path, check=False).returncode, 1)
            self.assertIn(f"{len(torn)} bytes that were {CUT_OFF}", self.drain().stderr)
            self.assertEqual(os.stat(segment(self.path)).st_size, whole)
        self.check_whole()

    def test_7_a_damaged_byte_is_no_torn_end(self):
        sell_until_cut(1)
        self.check_whole()
        size = os.stat(segment(self.path)).st_size
        copy = folder("damaged")
        for offset in (3, 70, size // 2, size - 1):
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(self.path, copy)
            with open(segment(copy), "r+b") as file:
                file.seek(offset)
                byte = file.read(1)[0]
                file.seek(offset)
                file.write(bytes([byte ^ 0x40]))
            self.assertEqual(ctl("archive", "check", copy, check=False).returncode, 1, offset)
        os.truncate(segment(copy), size - 10)
        run = ctl("archive", "check", copy, check=False)
        self.assertEqual(run.returncode, 1, run.stderr)
        run = drain(copy)
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assertIn("is damaged", run.stderr)
        self.assertEqual(os.stat(segment(copy)).st_size, size - 10, "nothing more is taken away")

    def test_8_the_index_is_made_anew(self):
        before = self.check_whole()
        for name in ("index.sqlite", "index.sqlite-wal", "index.sqlite-shm"):
            if os.path.exists(f"{self.path}/{name}"):
                os.unlink(f"{self.path}/{name}")
        run = drain(self.path)
        self.assertEqual(run.returncode, 1)
        self.assertIn("has no index", run.stderr)
        ctl("archive", "index", "--rebuild", self.path)
        self.assertEqual(self.check_whole()["prefixes"], before["prefixes"])

    def test_9_a_full_disk_drops_nothing(self):
        sell_until_cut(1)
        self.drain()
        while os.stat(segment(self.path)).st_size < INDEX_BYTES:  # else the index is in the way
            sell_until_cut(30)
            self.drain()
        sell_until_cut(10)
        before = waiting()
        for extra in (1, 100, 2000):
            run = drain(self.path, limit=os.stat(segment(self.path)).st_size + extra)
            self.assertEqual(run.returncode, 3, run.stderr)
            if extra == 1:
                self.assertIn("Nothing of it was dropped", run.stderr)
                self.assertEqual(waiting(), before)
        self.check_whole()

    def test_a_one_archive_at_a_time(self):
        other = folder("other")
        sell_until_cut(5)
        with follower(self.path) as archiver:
            world.wait_for(lambda: waiting() == 0, "the archiver to be at work")
            run = drain(self.path)
            self.assertEqual(run.returncode, 3)
            self.assertIn("another process writes", run.stderr)
            refused = drain(other)
            self.assertEqual(refused.returncode, 1)
            self.assertRegex(refused.stderr, r"opened 20\d\d-.* by job/archive.*ARCHIVE_TAKEN")
            self.assertEqual(drain(other, "--take-over").returncode, 0)
            archiver.wait(timeout=60)
            self.assertEqual(archiver.returncode, 1)
            self.assertIn("ARCHIVE_TAKEN", archiver.stderr.read())
        sell_until_cut(5)
        self.assertEqual(drain(other).returncode, 0)
        run = ctl("verify", "--archived", other, check=False)
        self.assertEqual(run.returncode, 1, "what the other has stays there")

    def test_b_who_may(self):
        line = archive_line(folder("till"))
        line[line.index("--as") + 1] = "till"
        run = subprocess.run(line, capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assertIn("ROLE_NOT_ALLOWED", run.stderr)


if __name__ == "__main__":
    scene.run_tests(SCENE)
