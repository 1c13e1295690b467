#!/usr/bin/python3
"""What `status` and `show` tell of a daemon is what was done to it: two daemons on one Redis, real
clients by both protocols, figures counted by the test itself.
"""

import datetime
import json
import subprocess
import time
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import rpc
import scene
import world
from scene import now_ms

MONITOR = frames.MODULES["monitor"]
PARTITIONS = 16
MANY = 230  # connections: more than a page
REFUSED_ROLES = ("till", "backend", "partner", "job")


def make_scene():
    """Two daemons; the first has an option file."""
    made = scene.Scene(daemons=1, publish=False)
    path = f"{made.world.folder}/loyaltyd.conf"
    with open(path, "w", encoding="ascii") as file:
        file.write("# what is not as usual\n[work]\ncompact-bytes = 1500\nsweep-pace = 77\n"
                   "\n[log]\nslow-ms = 250\n")
    made.daemons[0].stop()
    made.daemons = [made.start_daemon("first", "--config", path, "--slow-ms", "300",
                                      "--sweep", "off"),
                    made.start_daemon("second", "--sweep", "off")]
    for daemon in made.daemons:
        daemon.wait_ready()
    made.world.publish(made.daemons[0])
    for daemon in made.daemons:
        world.wait_for(lambda d=daemon: made.knows_program(d), "the program to be known")
    made.world.certificate("partner", "partner/hotel")
    made.world.certificate("job", "job/nightly")
    made.config = path
    return made


SCENE = make_scene()
WORLD = SCENE.world


def show(*arguments, daemon=0):
    return WORLD.ctl_json(*arguments, daemon=SCENE.daemons[daemon])


def connections(daemon=0, *arguments):
    return show("show", "connections", *arguments, daemon=daemon).get("connections", [])


def callers(daemon=0):
    return sorted(one.get("caller", "") for one in connections(daemon))


def without_watcher(names):
    """But for the connection that asks."""
    rest = list(names)
    rest.remove("admin/anna")
    return rest


def partitions(daemon=0, *arguments):
    return show("show", "partitions", *arguments, daemon=daemon).get("partitions", [])


def total(rows, name):
    return sum(int(row.get(name, 0)) for row in rows)


class Status(unittest.TestCase):
    def test_a_daemon_that_serves_says_so(self):
        status = show("status")
        self.assertTrue(status["ready"])
        self.assertEqual(status["reasons"], [])
        self.assertEqual(status["process_id"], SCENE.daemons[0].child.pid)
        self.assertEqual(status["partitions"], PARTITIONS)
        self.assertEqual(status["durability"], "strict")
        self.assertEqual(status["store_address"], f"unix:{SCENE.redis.path}")
        self.assertRegex(status["store_version"], r"^\d+\.\d+\.\d+$")
        self.assertEqual(status["program_version"], 1)
        self.assertFalse(status["draining"])
        self.assertEqual(status["requests_in_hand"], 1)
        started = datetime.datetime.fromisoformat(status["started_at"].replace("Z", "+00:00"))
        self.assertLess(abs(time.time() - started.timestamp()), 600)
        self.assertNotIn("reloaded_at", status)

    def test_each_daemon_speaks_of_itself(self):
        self.assertEqual(show("status", daemon=1)["process_id"], SCENE.daemons[1].child.pid)

    def test_people_can_read_it(self):
        text = WORLD.ctl("status", daemon=SCENE.daemons[0], environment={"TZ": "Asia/Shanghai"})
        self.assertEqual(text.returncode, 0)
        self.assertIn(f"process {SCENE.daemons[0].child.pid}", text.stdout)
        self.assertRegex(text.stdout, r"(?m)^ready +yes$")
        self.assertIn("+0800", text.stdout)

    def test_a_daemon_without_its_store_says_why(self):
        daemon = SCENE.start_daemon("lost", path=f"{WORLD.folder}/nothing-here")
        done = WORLD.ctl("status", daemon=daemon, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stdout, r"(?m)^ready +no$")
        self.assertRegex(done.stdout, r"(?m)^because +The store is not ready: .*No such file")
        told = json.loads(WORLD.ctl("-o", "json", "status", daemon=daemon, check=False).stdout)
        self.assertFalse(told["ready"])
        self.assertGreaterEqual(len(told["reasons"]), 1)
        self.assertEqual(daemon.stop(), 0)

    def test_nobody_there_is_another_exit_code(self):
        done = WORLD.ctl("--server", "127.0.0.1:1", "--tls", WORLD.tls, "status", check=False)
        self.assertEqual(done.returncode, 3)

    def test_the_next_program_is_announced(self):
        WORLD.publish(SCENE.daemons[0], effective="2090-01-01T00:00:00Z")
        status = world.wait_for(
            lambda: next((told for told in [show("status", daemon=1)]
                          if told["next_program_version"] != 0), None), "the next version")
        self.assertEqual(status["next_program_version"], 2)
        self.assertEqual(status["next_program_effective_from"], "2090-01-01T00:00:00Z")
        self.assertEqual(status["program_version"], 1)


class Connections(unittest.TestCase):
    def test_who_is_there_is_named_and_who_is_gone_is_not(self):
        till, backend = SCENE.client("till"), SCENE.client("backend")
        for client in (till, backend):
            client.call("GetProgram", frames.programs.GetProgramRequest())
        self.assertEqual(without_watcher(callers()), ["backend/crm", "pos/store-0007/till-02"])
        self.assertEqual(without_watcher(callers(1)), [])
        till.close()
        world.wait_for(lambda: without_watcher(callers()) == ["backend/crm"], "the till to go")
        backend.close()
        world.wait_for(lambda: without_watcher(callers()) == [], "the back end to go")

    def test_requests_are_counted_and_certificates_dated(self):
        with SCENE.client("backend", 1) as client:
            for _ in range(7):
                client.call("GetProgram", frames.programs.GetProgramRequest())
            row = next(one for one in connections(1) if one["caller"] == "backend/crm")
        self.assertEqual(int(row["requests"]), 7)
        self.assertEqual(int(row.get("in_flight", 0)), 0)
        self.assertEqual(row["protocol"], "loyalty/1")
        self.assertRegex(row["address"], r"^127\.0\.0\.1:\d+$")
        ends = datetime.datetime.fromisoformat(
            row["certificate_not_after"].replace("Z", "+00:00"))
        self.assertGreater(ends.timestamp(), time.time())

    def test_a_request_that_waits_is_in_flight(self):
        with SCENE.client("backend", 1) as client:
            SCENE.redis.pause()
            try:
                for number in range(3):
                    client.submit("GetMember", frames.get_member_request(f"nobody{number}"))
                waiting = world.wait_for(
                    lambda: next((one for one in connections(1)
                                  if one["caller"] == "backend/crm"
                                  and int(one.get("in_flight", 0)) == 3), None),
                    "three requests in flight")
                self.assertEqual(int(waiting["requests"]), 3)
            finally:
                SCENE.redis.go_on()
            for _ in range(3):
                client.receive()
            row = next(one for one in connections(1) if one["caller"] == "backend/crm")
            self.assertEqual(int(row.get("in_flight", 0)), 0)

    def test_more_than_a_page_come_all_and_newest_first(self):
        clients = [SCENE.client("till", 1) for _ in range(MANY)]
        try:
            for client in clients:
                client.call("GetProgram", frames.programs.GetProgramRequest())
            rows = connections(1)
            self.assertEqual(len(rows), MANY + 1)
            ids = [int(row["id"]) for row in rows]
            self.assertEqual(ids, sorted(ids, reverse=True))
            self.assertEqual(len(set(ids)), MANY + 1)
            self.assertEqual(len(connections(1, "--limit", "205")), 205)
            self.assertEqual(connections(1, "--limit", "3")[0]["caller"], "admin/anna")
        finally:
            for client in clients:
                client.close()
        world.wait_for(lambda: len(connections(1)) == 1, "all to go")

    def test_people_can_read_it(self):
        text = WORLD.ctl("show", "connections", daemon=SCENE.daemons[0],
                         environment={"TZ": "America/New_York"}).stdout
        self.assertIn("admin/anna", text)
        self.assertRegex(text, r"-0[45]00")


class Partitions(unittest.TestCase):
    def test_events_and_appends_are_what_was_done(self):
        before = [partitions(0), partitions(1)]
        members = [f"show-{number}" for number in range(12)]
        SCENE.enrol(*members)
        with SCENE.client("till", 1) as client:
            for member in members[:5]:
                client.ask("Award", frames.award_request(member, 1000, now_ms()))
        after = [partitions(0), partitions(1)]
        self.assertEqual(len(after[0]), PARTITIONS)
        grown = [total(after[i], "appends") - total(before[i], "appends") for i in (0, 1)]
        self.assertEqual(grown, [12, 5])
        self.assertEqual(total(after[0], "events") - total(before[0], "events"), 17)
        for one, other in zip(*after):
            self.assertEqual(one.get("events"), other.get("events"))
            self.assertEqual(one.get("last_event"), other.get("last_event"))
            self.assertEqual(one.get("due_accounts"), other.get("due_accounts"))

    def test_due_accounts_are_those_of_the_index(self):
        SCENE.enrol("due-anna")
        with SCENE.client("till") as client:
            client.ask("Award", frames.award_request("due-anna", 1000, now_ms()))
        for row in partitions():
            key = f"ly:{{{int(row.get('number', 0))}}}:due"
            due = SCENE.redis.command("ZCOUNT", key, "-inf", "(+inf")
            self.assertEqual(int(row.get("due_accounts", 0)), due)
        number = next(int(row.get("number", 0)) for row in partitions()
                      if SCENE.redis.command("ZSCORE", f"ly:{{{int(row.get('number', 0))}}}:due",
                                             "due-anna") is not None)
        late = now_ms() - 500_000
        SCENE.redis.command("ZADD", f"ly:{{{number}}}:due", late, "due-anna")
        row = next(row for row in partitions() if int(row.get("number", 0)) == number)
        self.assertTrue(500 <= int(row["due_lag_seconds"]) < 600, row)

    def test_what_waits_for_the_archive_is_seen(self):
        SCENE.enrol("arch-anna")
        with SCENE.client("till") as client:
            for _ in range(30):
                client.ask("Award", frames.award_request("arch-anna", 1000, now_ms()))
        world.wait_for(lambda: total(partitions(), "archive_bytes") > 1500, "a compaction")

    def test_those_without_anything_are_left_out(self):
        busy = partitions(0, "--busy")
        self.assertTrue(0 < len(busy) <= PARTITIONS)
        self.assertTrue(all(total([row], "events") + total([row], "due_accounts") > 0
                            for row in busy))
        self.assertEqual(len(partitions(0, "--limit", "3")), 3)


class Config(unittest.TestCase):
    def options(self, *arguments, daemon=0):
        listed = show("show", "config", *arguments, daemon=daemon)["options"]
        return {one["name"]: one for one in listed}

    def test_each_value_says_where_it_is_from(self):
        options = self.options()
        self.assertEqual(options["compact-bytes"]["value"], "1500")
        self.assertEqual(options["compact-bytes"]["source"], f"{SCENE.config}:3")
        self.assertEqual(options["sweep-pace"]["source"], f"{SCENE.config}:4")
        self.assertEqual(options["slow-ms"]["value"], "300")  # the line wins
        self.assertEqual(options["slow-ms"]["source"], "command line")
        self.assertEqual(options["trust-domain"]["value"], "vip.example")
        self.assertEqual(options["trust-domain"]["source"], "default")
        self.assertEqual(self.options(daemon=1)["slow-ms"]["source"], "default")

    def test_only_what_differs(self):
        changed = self.options("--changed")
        self.assertIn("slow-ms", changed)
        self.assertNotIn("trust-domain", changed)
        self.assertTrue(all(one["source"] != "default" for one in changed.values()))

    def test_no_secret_is_told(self):
        with open(SCENE.key, encoding="ascii") as file:
            secret = file.read().strip()
        told = json.dumps(show("show", "config"))
        self.assertIn(SCENE.key, told)
        self.assertNotIn(secret, told)


class Others(unittest.TestCase):
    def test_consumers_and_how_far_behind(self):
        self.assertEqual(show("show", "consumers"), show("events", "consumers"))
        tail = subprocess.Popen(
            [f"{WORLD.bin}/loyaltyctl", "--server", f"127.0.0.1:{SCENE.daemons[0].port}",
             "--tls", WORLD.tls, "events", "tail", "--consumer", "show-watcher", "--from-now"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            world.wait_for(lambda: self.consumer() is not None, "the consumer to be listed")
        finally:
            tail.terminate()
            tail.wait()
        before = int(self.consumer()["behind"])
        SCENE.enrol("watched")
        self.assertEqual(int(self.consumer()["behind"]), before + 1)
        text = WORLD.ctl("show", "consumers", daemon=SCENE.daemons[1]).stdout
        self.assertRegex(text, rf"show-watcher +{before + 1} +0")

    @staticmethod
    def consumer():
        listed = show("show", "consumers", daemon=1)["consumers"]
        return next((one for one in listed if one["consumer"] == "show-watcher"), None)

    def test_jobs_show_how_far_and_whose_they_are(self):
        WORLD.ctl("rescore", "plan", "--reason", "to be shown", "--wait",
                  daemon=SCENE.daemons[0])
        lines = WORLD.ctl("show", "jobs", daemon=SCENE.daemons[1]).stdout.splitlines()
        self.assertIn("a second", lines[0])
        self.assertRegex(lines[1], rf"^operations/\S+ +done .* {PARTITIONS}/{PARTITIONS} .*"
                                   r"admin/anna$")
        busy = WORLD.ctl("show", "jobs", "--busy", daemon=SCENE.daemons[1]).stdout
        self.assertNotIn(lines[1].split()[0], busy)

    @staticmethod
    def figures(client):
        """All families of GetMetrics, by name; every page fits an answer."""
        families = {}
        token = ""
        while True:
            page = client.ask("GetMetrics", MONITOR.GetMetricsRequest(page_token=token))
            assert page.ByteSize() <= 60 * 1024
            for family in page.families:
                families.setdefault(family.name, []).extend(family.samples)
            token = page.next_page_token
            if not token:
                return families

    @staticmethod
    def handled(families, method):
        return sum(sample.whole for sample in families["grpc_server_handled_total"]
                   if any(label.value == method for label in sample.labels))

    def test_figures_can_be_had_as_numbers(self):
        SCENE.enrol("figures")
        with SCENE.client("admin", 1) as client, SCENE.client("till", 1) as till:
            before = self.handled(self.figures(client), "Award")
            for _ in range(4):
                till.ask("Award", frames.award_request("figures", 1000, now_ms()))
            families = self.figures(client)
        self.assertEqual(self.handled(families, "Award"), before + 4)
        times = next(sample for sample in families["grpc_server_handling_seconds"]
                     if any(label.value == "Award" for label in sample.labels))
        self.assertEqual(times.whole, before + 4)
        self.assertEqual(sum(times.buckets), times.whole)
        self.assertEqual(len(times.buckets), len(times.bounds_micros) + 1)

    def test_over_http_too(self):
        with rpc.Caller(SCENE.daemons[0], "admin") as caller:
            for face in rpc.FACES:
                for method in ("GetStatus", "GetMetrics", "ListConnections", "ListPartitions",
                               "GetConfig", "ListSlowRequests"):
                    answer = caller.call(face, method, getattr(MONITOR, f"{method}Request")())
                    self.assertEqual(answer.code, 0, f"{face} {method}: {answer}")
                    message = rpc.message_of(face, method, answer)
                    self.assertEqual(message.DESCRIPTOR.name, f"{method}Response")
            row = next(one for one in connections() if one["protocol"] == "h2")
            self.assertEqual(int(row["requests"]), 6 * len(rpc.FACES))

    def test_only_an_admin_is_told(self):
        for role in REFUSED_ROLES:
            for words in (("status",), ("show", "connections"), ("show", "partitions"),
                          ("show", "config")):
                done = WORLD.ctl("--as", role, *words, daemon=SCENE.daemons[0], check=False)
                self.assertEqual(done.returncode, 1, f"{role} {words}: {done.stdout}{done.stderr}")
                self.assertIn("NOT_ALLOWED", done.stderr)


if __name__ == "__main__":
    scene.run_tests(SCENE)
