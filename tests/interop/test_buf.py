#!/usr/bin/python3
"""`buf curl` in gRPC and gRPC-Web, where it learns the contract by reflection, and in Connect,
where it is given the contract; and plain curl with JSON. No code of ours speaks the protocol.
"""

import base64
import json
import subprocess
import unittest

import support

support.need(".bin/buf")

import frames  # noqa: E402
import rpc  # noqa: E402
import scene  # noqa: E402

SCENE = scene.Scene()
CLUB = SCENE.daemons[0]
BASE = f"https://127.0.0.1:{CLUB.port}"
PROTOCOLS = {"grpc": [], "grpcweb": [], "connect": ["--schema", f"{frames.SOURCE}/proto"]}


def identity(name):
    tls = SCENE.world.tls
    return ["--cacert", f"{tls}/ca.pem", "--cert", f"{tls}/{name}.pem",
            "--key", f"{tls}/{name}.key"]


def run(arguments):
    return subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=120)


def buf(url, *more, name="till"):
    return run([f"{support.MODULES}/.bin/buf", "curl", *identity(name), *more, url])


def award(member, request_id):
    return json.dumps({
        "mutation": {"requestId": request_id, "createdAt": CREATED},
        "member": {"memberId": member},
        "sale": {"currency": "CNY", "lines": [{"amountMinor": "10000"}]}})


def instant():
    moment = frames.points.AwardRequest().mutation.created_at
    moment.GetCurrentTime()
    return moment.ToJsonString()


CREATED = instant()


class Buf(unittest.TestCase):
    def test_an_award_and_its_replay(self):
        SCENE.enrol("buffy")
        answers = []
        request_id = frames.new_id()
        for protocol, schema in PROTOCOLS.items():
            done = buf(f"{BASE}/loyalty.v1.PointsService/Award", "--protocol", protocol, *schema,
                       "--data", award("buffy", request_id))
            self.assertEqual(done.returncode, 0, done.stderr)
            answers.append(json.loads(done.stdout))
        self.assertEqual(answers, [answers[0]] * len(PROTOCOLS))
        self.assertEqual(answers[0]["points"], "100")
        self.assertEqual(SCENE.get("buffy").standing.balance, 100)

    def test_a_refusal(self):
        """The exit code is the code, shifted; the details are there by their names."""
        for protocol, schema in PROTOCOLS.items():
            done = buf(f"{BASE}/loyalty.v1.PointsService/Award", "--protocol", protocol, *schema,
                       "--data", award("nobody", frames.new_id()))
            self.assertEqual(done.returncode, frames.common.CODE_NOT_FOUND << 3, done.stderr)
            detail = json.loads(done.stderr)["details"][0]
            self.assertEqual(detail["type"], "google.rpc.ErrorInfo")
            self.assertIn(b"UNKNOWN_MEMBER", base64.b64decode(rpc.pad(detail["value"])))

    def test_every_service_is_listed(self):
        for protocol in ("grpc", "grpcweb"):
            for version in ("grpc-v1", "grpc-v1alpha"):
                done = buf(BASE, "--list-services", "--protocol", protocol,
                           "--reflect-protocol", version)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(set(done.stdout.split()), support.SERVICES)


class Curl(unittest.TestCase):
    def curl(self, path, body, *more):
        done = run(["curl", "-sS", "--http2", *identity("till"), "--json", body,
                    "-w", "\n%{http_version} %{http_code}", *more, f"{BASE}/{path}"])
        self.assertEqual(done.returncode, 0, done.stderr)
        text, last = done.stdout.rsplit("\n", 1)
        return last, json.loads(text)

    def test_an_award(self):
        SCENE.enrol("curly")
        body = award("curly", frames.new_id())
        first = self.curl("loyalty.v1.PointsService/Award", body)
        again = self.curl("loyalty.v1.PointsService/Award", body, "-H",
                          "connect-protocol-version: 1", "-H", "connect-timeout-ms: 5000")
        self.assertEqual(first, again)
        self.assertEqual((first[0], first[1]["points"]), ("2 200", "100"))
        self.assertEqual(SCENE.get("curly").seq, 2)

    def test_numbers_with_and_without_quotes(self):
        SCENE.enrol("digit")
        body = json.loads(award("digit", frames.new_id()))
        body["sale"]["lines"][0]["amountMinor"] = 10000
        found = self.curl("loyalty.v1.PointsService/Award", json.dumps(body))
        self.assertEqual((found[0], found[1]["points"]), ("2 200", "100"))

    def test_an_error(self):
        last, error = self.curl("loyalty.v1.MembersService/GetMember",
                                '{"member": {"memberId": "nobody"}}')
        self.assertEqual((last, error["code"]), ("2 404", "not_found"))

    def test_health(self):
        self.assertEqual(self.curl("grpc.health.v1.Health/Check", "{}"),
                         ("2 200", {"status": "SERVING"}))


if __name__ == "__main__":
    scene.run_tests(SCENE)
