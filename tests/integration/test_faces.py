#!/usr/bin/python3
"""One service behind all faces: frames, gRPC (by grpcio and by hand), gRPC-Web, Connect, each in
protobuf and JSON. The same request gives the same answer and the same replay over all of them, the
same refusals by role, and health and reflection work with an unmodified client.
"""

import json
import struct
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import grpc
import rpc
import scene
from frames import common
from google.protobuf import descriptor_pb2
from scene import now_ms

SCENE = scene.Scene(daemons=2)
CLUB = SCENE.daemons[0]
ROLES = ("admin", "backend", "till", "partner", "job")
SCENE.world.certificate("partner", "partner/lounge")
SCENE.world.certificate("job", "job/nightly")
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def by_frames(client, method, request):
    """A call over frames in the shape of the others."""
    reply = client.call(method, request)
    if reply.error is None:
        return rpc.Answer(0, "", "", "", reply.message.SerializeToString(), reply.replayed, {})
    error = reply.error
    return rpc.Answer(error.code, error.reason, error.field, error.message, b"", reply.replayed,
                      {})


def by_grpcio(opened, method, request, **more):
    """A call by the real gRPC library in the shape of the others."""
    try:
        message, call = rpc.stub(opened, method).with_call(request, timeout=10, **more)
    except grpc.RpcError as error:
        trailers = dict(error.trailing_metadata())
        details = trailers.get("grpc-status-details-bin", b"")
        reason, field = rpc.error_details([(a.type_url, a.value)
                                           for a in rpc.wire_status(details)])
        return rpc.Answer(error.code().value[0], reason, field, error.details(), b"",
                          trailers.get("loyalty-replayed") == "true", trailers)
    trailers = dict(call.trailing_metadata())
    fields = {**dict(call.initial_metadata()), **trailers}
    return rpc.Answer(0, "", "", "", message.SerializeToString(),
                      trailers.get("loyalty-replayed") == "true", fields)


def faces_of(method):
    """Those of rpc.FACES that have it: Connect's unary ones have no streams."""
    described = descriptor_pb2.MethodDescriptorProto()
    frames.METHODS[frames.SHORT.get(method, method)].CopyToProto(described)
    return [face for face in rpc.FACES if rpc.is_framed(face) or not described.server_streaming]


class Clients:
    """One client of each face as one role, all of one daemon."""

    def __init__(self, name, daemon=CLUB):
        self.frames = daemon.client(name)
        self.http = rpc.Caller(daemon, name)
        self.channel = rpc.channel(daemon, name)

    def close(self):
        self.frames.close()
        self.http.close()
        self.channel.close()

    def each(self, method, request):
        """Yields (face, answer) of the same request over every face there is."""
        yield "frames", by_frames(self.frames, method, request)
        yield "grpcio", by_grpcio(self.channel, method, request)
        for face in faces_of(method):
            answer = self.http.call(face, method, request)
            if answer.code == 0 and rpc.is_json(face):
                message = rpc.message_of(face, method, answer)
                answer = answer._replace(bytes=message.SerializeToString())
            yield face, answer


class Answers(unittest.TestCase):
    def setUp(self):
        self.clients = Clients("till")
        self.addCleanup(self.clients.close)

    def check_same(self, method, request):
        """The first takes effect, all others are told what it was told; gives that."""
        first = None
        for face, answer in self.clients.each(method, request):
            with self.subTest(face=face):
                self.assertEqual(answer.replayed, first is not None)
                first = first or answer
                self.assertEqual(answer[:3], first[:3])
                self.assertEqual(answer.bytes, first.bytes)
        return first

    def test_an_award(self):
        SCENE.enrol("anna")
        answer = self.check_same("Award", frames.award_request("anna", 12345, now_ms()))
        self.assertEqual(frames.points.AwardResponse.FromString(answer.bytes).points, 123)
        self.assertEqual(SCENE.get("anna").standing.balance, 123)

    def test_a_refused_redemption(self):
        SCENE.enrol("bert")
        answer = self.check_same("Redeem", frames.redeem_request("bert", 5000, now_ms()))
        self.assertEqual(answer.reason, "INSUFFICIENT_POINTS")
        self.assertEqual(answer.code, common.CODE_FAILED_PRECONDITION)

    def test_a_reservation_and_its_reversal(self):
        SCENE.enrol("rosa")
        scene.must(self.clients.frames.call("Award", frames.award_request("rosa", 100000,
                                                                          now_ms())))
        hold = frames.reserve_request("rosa", 500, now_ms())
        capture = frames.capture_request("rosa", hold.mutation.request_id, now_ms(), points=300)
        self.check_same("Reserve", hold)
        self.check_same("Capture", capture)
        self.check_same("Reverse", frames.reverse_request("rosa", capture, now_ms(), points=100,
                                                          reason="cashier's error"))
        late = frames.release_request("rosa", hold.mutation.request_id, now_ms())
        for face, answer in self.clients.each("Release", late):
            self.assertEqual((answer.reason, answer.field), ("HOLD_CAPTURED", "reservation_id"),
                             face)
        self.assertEqual(SCENE.get("rosa").standing.balance, 800)

    def test_a_return_written_by_hand(self):
        SCENE.enrol("rita")
        sale = frames.award_request("rita", 1000, now_ms())
        sale.sale.lines.add(amount_minor=2300)
        scene.must(self.clients.frames.call("Award", sale))
        body = {"mutation": {"requestId": frames.new_id(),
                             "createdAt": sale.mutation.created_at.ToJsonString()},
                "member": {"memberId": "rita"},
                "originalRequestId": sale.mutation.request_id,
                "originalCreatedAt": sale.mutation.created_at.ToJsonString(),
                "lines": {"numbers": [2]}, "reason": "returned"}
        both = json.dumps({**body, "points": "5"}).encode()
        answer = self.clients.http.call("json", "Reverse", both)
        self.assertEqual((answer.code, answer.reason),
                         (common.CODE_INVALID_ARGUMENT, "MALFORMED"))
        for replayed in (False, True):
            answer = self.clients.http.call("json", "Reverse", json.dumps(body).encode())
            self.assertEqual((answer.code, answer.replayed), (0, replayed))
            told = json.loads(answer.bytes)
            self.assertEqual((told["result"], told["pointsTaken"], told["amountMinor"]),
                             ("REVERSE_RESULT_REVERSED", "23", "2300"))
        self.assertEqual(SCENE.get("rita").standing.balance, 10)

    def test_any_face_may_be_first(self):
        SCENE.enrol("carl")
        for number, face in enumerate(rpc.FACES):
            request = frames.award_request("carl", 1000, now_ms())
            answer = self.clients.http.call(face, "Award", request)
            self.assertFalse(answer.replayed)
            message = rpc.message_of(face, "Award", answer)
            self.assertEqual(message.standing.balance, 10 * (number + 1))
            self.assertTrue(by_frames(self.clients.frames, "Award", request).replayed)

    def test_other_content_is_a_conflict_in_all(self):
        SCENE.enrol("dora")
        request = frames.award_request("dora", 1000, now_ms())
        by_frames(self.clients.frames, "Award", request)
        request.sale.lines[0].amount_minor = 1001
        for face, answer in self.clients.each("Award", request):
            self.assertEqual(answer.reason, "ID_CONFLICT", face)

    def test_mistakes_are_named_alike(self):
        request = frames.award_request("anna", 1000, now_ms())
        request.sale.currency = "cny"
        answers = dict(self.clients.each("Award", request))
        self.assertEqual(len({answer[:4] for face, answer in answers.items()
                              if face not in ("grpc", "grpc+json", "grpc-web",
                                              "grpc-web+json")}), 1)
        for face, answer in answers.items():
            self.assertEqual(answer.field, "sale.currency", face)
            self.assertEqual(answer.code, common.CODE_INVALID_ARGUMENT, face)

    def test_json_alone_can_be_wrong_in_its_own_way(self):
        for face in ("json", "grpc+json", "grpc-web+json"):
            body = b'{"sale": {"lines": [{"amountMinor": "1", "amuont": 1}]}}'
            answer = self.clients.http.call(face, "Award", body)
            self.assertEqual((answer.code, answer.reason, answer.field),
                             (common.CODE_INVALID_ARGUMENT, "MALFORMED",
                              "sale.lines[0].amuont"))

    def test_a_large_answer_comes_whole(self):
        SCENE.enrol("many")
        with SCENE.client() as client:
            requests = ((i, "Award", frames.award_request("many", 100 + i, now_ms()))
                        for i in range(300))
            for _, reply in client.each(requests):
                scene.must(reply)
        clients = Clients("backend")
        self.addCleanup(clients.close)
        request = frames.members.ListActivityRequest(member=frames.member_ref("many"),
                                                     page_size=200)
        answers = {answer.bytes for _, answer in clients.each("ListActivity", request)}
        self.assertEqual(len(answers), 1)
        self.assertGreater(len(answers.pop()), 10_000)


class Roles(unittest.TestCase):
    def test_every_method_role_and_face(self):
        """What frames refuse a role, all refuse it, and nothing else."""
        walked = refused = 0
        all_ = sum(2 + len(faces_of(path)) for path in frames.METHODS)
        for role in ROLES:
            clients = Clients(role)
            for path in frames.METHODS:
                codes = {face: answer.reason == "ROLE_NOT_ALLOWED"
                         for face, answer in clients.each(path, b"")}
                walked += len(codes)
                refused += codes["frames"]
                self.assertEqual(len(set(codes.values())), 1, (path, role, codes))
            clients.close()
        self.assertEqual(walked, len(ROLES) * all_)
        self.assertGreater(refused, 0)

    def test_the_unit_is_the_certificates(self):
        SCENE.enrol("unit")
        request = frames.award_request("unit", 1000, now_ms(), unit="store-0008/till-01")
        clients = Clients("till")
        self.addCleanup(clients.close)
        for face, answer in clients.each("Award", request):
            self.assertEqual(answer.field, "sale.unit", face)


class Time(unittest.TestCase):
    def test_no_time_is_expired(self):
        SCENE.enrol("late")
        with rpc.Caller(CLUB, "till") as caller:
            for face in rpc.FACES:
                field = (("grpc-timeout", "0m") if rpc.is_framed(face)
                         else ("connect-timeout-ms", "0"))
                answer = caller.call(face, "Award", frames.award_request("late", 1000, now_ms()),
                                     field)
                self.assertEqual((answer.code, answer.reason),
                                 (common.CODE_UNAVAILABLE, "EXPIRED"))
        self.assertEqual(SCENE.get("late").seq, 1)

    def test_a_paused_store_answers_nothing_after_the_time(self):
        """The client is told in time, and the sale does not land once the store goes on."""
        SCENE.enrol("paused")
        with rpc.Caller(CLUB, "till") as caller:
            SCENE.redis.pause()
            answers = [caller.call(face, "Award",
                                   frames.award_request("paused", 1000, now_ms()), field)
                       for face, field in (("grpc", ("grpc-timeout", "200m")),
                                           ("json", ("connect-timeout-ms", "200")))]
            SCENE.redis.go_on()
        for answer in answers:
            self.assertIn(answer.code, (common.CODE_UNKNOWN, common.CODE_UNAVAILABLE))
        for daemon in SCENE.daemons:
            daemon.wait_ready()
        self.assertEqual(SCENE.get("paused").seq, 1)


class Traces(unittest.TestCase):
    def test_echoed_and_logged(self):
        with rpc.Caller(CLUB, "admin") as caller:
            for face in rpc.FACES:
                answer = caller.call(face, "GetClock", b"{}" if rpc.is_json(face) else b"",
                                     ("traceparent", TRACE))
                self.assertEqual(answer.fields["traceparent"], TRACE)
            with CLUB.client() as client:
                current = client.ask("GetProgram", frames.programs.GetProgramRequest())
            request = frames.programs.PublishProgramRequest(
                mutation=frames.mutation(None, now_ms()), program=current.program,
                etag=current.etag)
            request.effective_from.FromMilliseconds(now_ms() + 3_600_000)
            answer = caller.call("json", "PublishProgram", request, ("traceparent", TRACE))
            self.assertEqual(answer.code, 0, answer)
        lines = [line for line in CLUB.output().split("\n") if "program-published" in line]
        self.assertTrue(lines[-1].endswith(f"trace={TRACE}"), lines)

    def test_logged_for_frames(self):
        with CLUB.client("admin") as client:
            current = client.ask("GetProgram", frames.programs.GetProgramRequest())
            request = frames.programs.PublishProgramRequest(
                mutation=frames.mutation(None, now_ms()), program=current.program,
                etag=current.etag)
            request.effective_from.FromMilliseconds(now_ms() + 7_200_000)
            path = frames.SHORT["PublishProgram"]
            envelope = frames.frame.RequestEnvelope(
                correlation_id=99, method=path, payload=request.SerializeToString(),
                traceparent=TRACE.replace("-01", "-00")).SerializeToString()
            client.waiting[99] = path
            client.send_bytes(struct.pack(">I", len(envelope)) + envelope)
            scene.must(client.receive()[1])
        self.assertIn(f"trace={TRACE[:-2]}00", CLUB.output())


class Grpc(unittest.TestCase):
    """What the real library makes of it."""

    def test_many_at_once(self):
        SCENE.enrol("busy")
        with rpc.channel(CLUB, "till") as opened:
            award = rpc.stub(opened, "Award")
            requests = [frames.award_request("busy", 100, now_ms()) for _ in range(300)]
            futures = [award.future(request, timeout=20) for request in requests]
            self.assertEqual({future.result().points for future in futures}, {1})
        self.assertEqual(SCENE.get("busy").standing.balance, 300)

    def test_unknown_methods(self):
        with rpc.channel(CLUB, "till") as opened:
            nothing = opened.unary_unary("/loyalty.v1.PointsService/Nothing")
            with self.assertRaises(grpc.RpcError) as caught:
                nothing(b"", timeout=10)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.UNIMPLEMENTED)

    def test_compression_is_declined(self):
        with rpc.channel(CLUB, "till") as opened:
            answer = by_grpcio(opened, "Award", frames.award_request("anna", 1, now_ms()),
                               compression=grpc.Compression.Gzip)
            self.assertEqual(answer.code, common.CODE_UNIMPLEMENTED)

    def test_health(self):
        with rpc.channel(CLUB, "job") as opened:
            check = opened.unary_unary("/grpc.health.v1.Health/Check")
            self.assertEqual(check(b"", timeout=10), b"\x08\x01")  # SERVING
            name = b"loyalty.v1.PointsService"
            self.assertEqual(check(b"\x0a" + bytes([len(name)]) + name, timeout=10), b"\x08\x01")
            with self.assertRaises(grpc.RpcError) as caught:
                check(b"\x0a\x01x", timeout=10)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND)

    def test_health_is_watched(self):
        daemon = SCENE.daemons[1]
        with rpc.channel(daemon, "job") as opened:
            watch = opened.unary_stream("/grpc.health.v1.Health/Watch")
            told = watch(b"", timeout=60)
            unknown = watch(b"\x0a\x01x", timeout=60)
            self.assertEqual(next(told), b"\x08\x01")
            self.assertEqual(next(unknown), b"\x08\x03")  # SERVICE_UNKNOWN, and stays
            SCENE.redis.pause()
            self.assertEqual(next(told), b"\x08\x02")  # NOT_SERVING
            SCENE.redis.go_on()
            self.assertEqual(next(told), b"\x08\x01")
            told.cancel()
            unknown.cancel()
        for each in SCENE.daemons:
            each.wait_ready()

    def test_reflection(self):
        """A client that knows nothing learns the contract and calls by it."""
        for version in ("v1", "v1alpha"):
            with rpc.channel(CLUB, "partner") as opened:
                reflect = opened.stream_stream(
                    f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo")
                asked = [b"\x3a\x00", b"\x22\x18loyalty.v1.PointsService",
                         b"\x1a\x07nothing"]
                services, files, nothing = reflect(iter(asked), timeout=20)
            for name in ("PointsService", "MembersService", "ClockService"):
                self.assertIn(b"loyalty.v1." + name.encode(), services)
            self.assertIn(b"google/protobuf/timestamp.proto", files)
            self.assertIn(b"no such file", nothing)


class Http(unittest.TestCase):
    def status(self, method, fields):
        with rpc.Caller(CLUB, "till") as caller:
            return caller.http.request("/loyalty.v1.ClockService/GetClock", fields, b"", method)

    def test_what_is_no_call(self):
        grpc_type = ("content-type", "application/grpc")
        self.assertEqual(self.status("GET", [grpc_type]).status, 405)
        self.assertEqual(self.status("POST", []).status, 415)
        response = self.status("POST", [("content-type", "text/html")])
        self.assertEqual(response.status, 415)
        self.assertIn("application/grpc-web+json", response.fields["accept-post"])

    def test_messages_in_the_smallest_pieces(self):
        SCENE.enrol("tiny")
        with rpc.Caller(CLUB, "till") as caller:
            for face in rpc.FACES:
                body = rpc.encode(face, frames.award_request("tiny", 100, now_ms()))
                number = caller.http.begin("/loyalty.v1.PointsService/Award",
                                           [("content-type", rpc.content_type(face))])
                for at in range(len(body)):
                    caller.http.send(number, body[at:at + 1])
                caller.http.send(number, b"", last=True)
                answer = rpc.read(face, caller.http.finish(number))
                self.assertEqual(answer.code, 0, answer)

    def test_a_whole_mib_and_a_byte(self):
        with rpc.Caller(CLUB, "till") as caller:
            for size, code in ((1 << 20, common.CODE_INVALID_ARGUMENT),
                               ((1 << 20) + 1, common.CODE_RESOURCE_EXHAUSTED)):
                for face in ("grpc", "grpc-web", "proto"):
                    self.assertEqual(caller.call(face, "Award", bytes(size)).code, code)


if __name__ == "__main__":
    scene.run_tests(SCENE)
