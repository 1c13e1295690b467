#!/usr/bin/python3
"""What watches a daemon: /metrics as promtool takes it, with the figures of what was done; /livez
and /readyz; the alerts and the dashboard name nothing that is not there; nobody can be found by a
label, and the HTTP side is bounded.
"""

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import rpc
import scene
import world
from scene import now_ms

FOLDER = tempfile.mkdtemp(prefix="loyalty-metrics-")
SCENE = scene.Scene(options=("--monitor-listen", "127.0.0.1:0", "--monitor-port-file",
                             f"{FOLDER}/port", "--slow-ms", "0"))
MONITORING = f"{frames.SOURCE}/doc/monitoring"
POINTS = "loyalty.v1.PointsService"


def own_port():
    with open(f"{FOLDER}/port", encoding="ascii") as file:
        return int(file.read())


def get(path, method="GET", headers=None, body=None, port=None):
    link = http.client.HTTPConnection("127.0.0.1", port or own_port(), timeout=20)
    link.request(method, path, body=body, headers=headers or {})
    answer = link.getresponse()
    text = answer.read().decode()
    link.close()
    return answer, text


def scrape():
    answer, text = get("/metrics")
    assert answer.status == 200, text
    return text


def samples(text=None):
    """{(name, ((label, value), ...)): value}"""
    found = {}
    for line in (text or scrape()).splitlines():
        if line.startswith("#"):
            continue
        match = re.fullmatch(r'(\w+)(?:\{(.*)\})? (\S+)', line)
        assert match, line
        labels = tuple(sorted(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match.group(2) or "")))
        assert (match.group(1), labels) not in found, line
        found[match.group(1), labels] = float(match.group(3))
    return found


def value(found, name, **labels):
    return sum(number for (family, own), number in found.items()
               if family == name and set(labels.items()) <= set(own))


def promtool(*arguments, text=None, cwd=None):
    run = subprocess.run(["promtool", *arguments], input=text, capture_output=True, text=True,
                         check=False, cwd=cwd)
    print(f"promtool {' '.join(arguments[:2])}: exit {run.returncode} "
          f"{' '.join((run.stdout + run.stderr).split())[:200]}")
    return run


class Figures(unittest.TestCase):
    def test_promtool_takes_them(self):
        SCENE.enrol("p-1")
        run = promtool("check", "metrics", text=scrape())
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, "", ""))

    def test_they_are_of_what_was_done(self):
        members = [f"f-{number}" for number in range(5)]
        SCENE.enrol(*members)
        before = samples()
        request_ids = [frames.new_id() for _ in members]
        created_ms = now_ms()
        with SCENE.client("till") as till:
            for _ in range(2):  # each is asked twice: points are given once, answers are two
                for member, request_id in zip(members, request_ids):
                    scene.must(till.call("Award", frames.award_request(member, 100_00, created_ms,
                                                                       request_id)))
            scene.must(till.call("Redeem", frames.redeem_request("f-0", 30, now_ms())))
            refused = till.call("Redeem", frames.redeem_request("f-0", 10**6, now_ms()))
            self.assertEqual(scene.code(refused), frames.common.CODE_FAILED_PRECONDITION)
        after = samples()

        def rose(name, **labels):
            return value(after, name, **labels) - value(before, name, **labels)

        def answered(method, code):
            return rose("grpc_server_handled_total", grpc_service=POINTS, grpc_method=method,
                        grpc_code=code)

        self.assertEqual(answered("Award", "OK"), 10)
        self.assertEqual(answered("Redeem", "OK"), 1)
        self.assertEqual(answered("Redeem", "FailedPrecondition"), 1)
        self.assertEqual(rose("grpc_server_handling_seconds_count", grpc_service=POINTS,
                              grpc_method="Award"), 10)
        self.assertEqual(rose("loyaltyd_points_total", how="awarded"), 5 * 100)
        self.assertEqual(rose("loyaltyd_points_total", how="redeemed"), 30)
        self.assertEqual(rose("loyaltyd_appends_total"), 5 + 1 + 1)  # a refusal is recorded
        self.assertGreaterEqual(rose("loyaltyd_store_calls_total"), 7)
        self.assertGreater(rose("loyaltyd_store_round_trip_seconds_count"), 0)
        self.assertEqual(rose("loyaltyd_connections_accepted_total"), 1)
        self.assertGreater(rose("loyaltyd_cache_lookups_total", result="hit"), 0)
        self.assertEqual(value(after, "loyaltyd_ready"), 1)

    def test_classes_add_up(self):
        found = samples()
        for (name, labels), number in found.items():
            if name.endswith("_bucket") and ("le", "+Inf") in labels:
                rest = tuple(label for label in labels if label[0] != "le")
                count = found[name.removesuffix("_bucket") + "_count", rest]
                self.assertEqual(count, number, (name, rest))

    def test_of_all_faces_alike(self):
        def count():
            return value(samples(), "grpc_server_handled_total", grpc_method="GetProgram",
                         grpc_code="OK")
        before = count()
        with rpc.channel(SCENE.daemons[0], "admin") as channel:
            rpc.stub(channel, "GetProgram")(frames.programs.GetProgramRequest(), timeout=10)
        with SCENE.client("admin") as client:
            client.ask("GetProgram", frames.programs.GetProgramRequest())
        self.assertEqual(count(), before + 2)

    def test_refused_by_reason(self):
        def count():
            return value(samples(), "loyaltyd_connections_refused_total")
        before = count()
        with socket.create_connection(("127.0.0.1", SCENE.daemons[0].port)) as link:
            link.sendall(b"GET / HTTP/1.1\r\n\r\n")
            link.settimeout(20)
            try:
                while link.recv(100):
                    pass
            except ConnectionError:
                pass
        world.wait_for(lambda: count() == before + 1, "the refusal to be counted")

    def test_nobody_is_found_by_them(self):
        SCENE.enrol("zz-distinctive-member")
        SCENE.world.certificate("odd", "pos/store-4711/till-0815")
        with SCENE.client("odd") as till:
            scene.must(till.call("Award", frames.award_request("zz-distinctive-member", 1000,
                                                               now_ms())))
            till.call("Award", frames.award_request("zz-nobody", 1000, now_ms()))
        text = scrape()
        for word in ("distinctive", "zz-", "4711", "0815", "store-"):
            self.assertNotIn(word, text)


class Health(unittest.TestCase):
    def test_alive_and_ready(self):
        self.assertEqual([get("/livez")[0].status, get("/livez")[1]], [200, "live\n"])
        answer, text = get("/readyz")
        self.assertEqual((answer.status, text), (200, "ready\n"))
        answer, text = get("/readyz", "HEAD")
        self.assertEqual((answer.status, text), (200, ""))

    def test_without_redis(self):
        own = scene.Scene(options=("--monitor-listen", "127.0.0.1:0", "--monitor-port-file",
                                   f"{FOLDER}/port-of-lonely"))
        with open(f"{FOLDER}/port-of-lonely", encoding="ascii") as file:
            there = int(file.read())

        def ready():
            answer, text = get("/readyz", port=there)
            return answer.status, text

        world.wait_for(lambda: ready()[0] == 200, "it to be ready")
        own.redis.kill_now()
        status, why = world.wait_for(lambda: ready() if ready()[0] == 503 else None,
                                     "it to say that it is not ready")
        self.assertEqual(status, 503)
        self.assertGreater(len(why.splitlines()), 0)
        self.assertRegex(why, r"(?i)store|redis")
        own.restart_redis()
        world.wait_for(lambda: ready()[0] == 200, "it to be ready again")
        own.finish()


class Bounds(unittest.TestCase):
    def test_what_is_not_there(self):
        self.assertEqual(get("/")[0].status, 404)
        self.assertEqual(get("/metrics/../etc/passwd")[0].status, 404)

    def test_nothing_is_changed_by_it(self):
        for method in ("POST", "PUT", "DELETE"):
            self.assertGreaterEqual(get("/metrics", method, body="x")[0].status, 400, method)

    def test_large_ones(self):
        answer, _ = get("/metrics", headers={"X-Large": "x" * 20000})
        self.assertGreaterEqual(answer.status, 400)
        self.assertEqual(get("/livez")[0].status, 200)

    def test_what_is_no_request(self):
        for said in (b"GET /livez HTTP/one\r\n\r\n", b"GET\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", own_port()), timeout=20) as link:
                link.sendall(said)
                self.assertRegex(link.recv(100), rb"^(HTTP/1\.[01] [45]\d\d |$)")

    def test_who_has_said_all_is_answered(self):
        with socket.create_connection(("127.0.0.1", own_port()), timeout=20) as link:
            link.sendall(b"GET /metrics HTTP/1.1\r\nHost: here\r\n"
                         b"Connection: close\r\n\r\n")
            link.shutdown(socket.SHUT_WR)
            with link.makefile("rb") as answer:
                self.assertIn(b"loyaltyd_ready 1", answer.read())

    def test_without_a_body(self):
        answer, text = get("/livez", "HEAD")
        self.assertEqual((answer.status, answer.headers["Content-Length"], text), (200, "5", ""))

    def test_descriptors_are_not_used_up(self):
        before = value(samples(), "process_open_fds")
        idle = [socket.create_connection(("127.0.0.1", own_port())) for _ in range(15)]
        more = []
        try:
            during = value(samples(), "process_open_fds")
            self.assertLessEqual(during, before + 15)
            more = [socket.create_connection(("127.0.0.1", own_port())) for _ in range(12)]
            for link in idle[:5]:  # who waited takes their places; so does who asks
                link.close()
            for link in more[1:]:
                link.close()
            self.assertLessEqual(value(samples(), "process_open_fds"), before + 15)
        finally:
            for link in idle + more:
                link.close()
        self.assertEqual(get("/livez")[0].status, 200)

    def test_this_machine_alone(self):
        for address in ("0.0.0.0:0", "192.0.2.1:9411", "[::]:9411"):
            line = [f"{frames.BIN}/loyaltyd", "--monitor-listen", address, "--check-config"]
            run = subprocess.run(line, capture_output=True, text=True, check=False)
            self.assertEqual(run.returncode, 2)
            self.assertIn("of this machine alone", run.stderr)


class Files(unittest.TestCase):
    """doc/monitoring: rules, their tests, the dashboard and the list of all families."""

    @classmethod
    def setUpClass(cls):
        SCENE.enrol("w-1")
        with SCENE.client("till") as till:
            scene.must(till.call("Award", frames.award_request("w-1", 1000, now_ms())))
        text = scrape()
        cls.told = set(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
        with open(f"{MONITORING}/README.md", encoding="utf-8") as file:
            rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", file.read(), re.M)
        cls.listed = set(rows)

    def test_the_rules_hold(self):
        run = promtool("check", "rules", "alerts.yml", cwd=MONITORING)
        self.assertEqual(run.returncode, 0, run.stderr)
        run = promtool("test", "rules", "alerts_test.yml", cwd=MONITORING)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_all_that_is_told_is_listed(self):
        self.assertEqual(self.told - self.listed, set())

    def test_what_is_listed_and_not_told_here_is_of_other_days(self):
        """Refused or broken connections, a revocation list, a census."""
        missing = {name for name, _ in self.listed - self.told}
        self.assertEqual(missing - {
            "loyaltyd_connections_refused_total", "loyaltyd_connections_broken_total",
            "loyaltyd_crl_next_update_seconds", "loyaltyd_census_age_seconds", "loyaltyd_members",
            "loyaltyd_liability_points", "loyaltyd_pending_points"}, set())

    def names_in(self, text):
        return set(re.findall(r"\b(?:loyaltyd|grpc_server|process)_\w+", text))

    def known(self):
        known = {name for name, _ in self.listed}
        return known | {f"{name}_{end}" for name, kind in self.listed if kind == "histogram"
                        for end in ("bucket", "sum", "count")}

    def test_alerts_and_dashboard_name_what_there_is(self):
        for name in ("alerts.yml", "dashboard.json"):
            with open(f"{MONITORING}/{name}", encoding="utf-8") as file:
                self.assertEqual(self.names_in(file.read()) - self.known(), set(), name)

    def test_the_dashboard_shows_every_family(self):
        with open(f"{MONITORING}/dashboard.json", encoding="utf-8") as file:
            shown = self.names_in(file.read())
        with open(f"{MONITORING}/dashboard.json", encoding="utf-8") as file:
            panels = json.load(file)["panels"]
        self.assertTrue(all(panel["targets"] for panel in panels))
        bases = {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown}
        self.assertEqual({name for name, _ in self.listed} - bases - {
            "loyaltyd_reloads_total", "loyaltyd_reload_refused", "loyaltyd_sweep_rounds_total",
            "loyaltyd_points_adjusted", "loyaltyd_cache_accounts", "loyaltyd_cache_evicted_total",
            "loyaltyd_store_connects_total", "loyaltyd_jobs_at_work", "loyaltyd_connections_max",
        }, set())

    def test_each_alert_names_a_heading_of_the_runbook(self):
        with open(f"{frames.SOURCE}/doc/runbook.md", encoding="utf-8") as file:
            headings = set(re.findall(r"^## (.*)$", file.read(), re.M))
        with open(f"{MONITORING}/alerts.yml", encoding="utf-8") as file:
            named = re.findall(r'^ +runbook: "(.*)"$', file.read(), re.M)
        self.assertGreater(len(named), 15)
        self.assertEqual(set(named) - headings, set())


def tearDownModule():
    shutil.rmtree(FOLDER, ignore_errors=True)


if __name__ == "__main__":
    assert shutil.which("promtool"), "package prometheus is missing"
    assert os.path.isdir(MONITORING)
    scene.run_tests(SCENE)
