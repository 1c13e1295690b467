#!/usr/bin/python3
"""Python's unmodified gRPC library: unary calls, metadata, details of an error, deadlines,
cancellation, messages too large, keepalive, watched health, reflection in both its versions.
"""

import unittest

import support
import frames
import grpc
import rpc
import scene
from scene import now_ms

SCENE = scene.Scene()
CLUB = SCENE.daemons[0]
status, details, health, reflection, reflection_alpha = support.foreign(
    SCENE.world.folder, "google/rpc/status", "google/rpc/error_details", "grpc/health/v1/health",
    "grpc/reflection/v1/reflection", "grpc/reflection/v1alpha/reflection")
WAIT_S = 30
WATCHES = 40  # more than one connection may have open
KEEPALIVE = (("grpc.keepalive_time_ms", 1000), ("grpc.keepalive_timeout_ms", 1000),
             ("grpc.http2.max_pings_without_data", 0), ("grpc.http2.bdp_probe", 0))
KEPT_MS = 3500  # three PINGs of KEEPALIVE; the fourth unanswered one would have ended it


def watch(channel, **more):
    """The health of the whole, as a stream of statuses."""
    method = channel.unary_stream("/grpc.health.v1.Health/Watch",
                                  request_serializer=health.HealthCheckRequest.SerializeToString,
                                  response_deserializer=health.HealthCheckResponse.FromString)
    return method(health.HealthCheckRequest(), **more)


class Unary(unittest.TestCase):
    def setUp(self):
        self.channel = rpc.channel(CLUB, "till")
        self.addCleanup(self.channel.close)

    def failure(self, method, request, **more):
        with self.assertRaises(grpc.RpcError) as caught:
            rpc.stub(self.channel, method)(request, timeout=more.pop("timeout", WAIT_S), **more)
        return caught.exception

    def test_metadata(self):
        SCENE.enrol("meta")
        award = rpc.stub(self.channel, "Award")
        request = frames.award_request("meta", 10000, now_ms())
        trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        for replayed in (None, "true"):
            answer, call = award.with_call(request, timeout=WAIT_S, metadata=(
                ("traceparent", trace), ("x-shop", "7"), ("x-blob-bin", bytes(range(256)))))
            self.assertEqual((answer.points, call.code()), (100, grpc.StatusCode.OK))
            self.assertEqual(dict(call.trailing_metadata()).get("loyalty-replayed"), replayed)
            self.assertEqual(dict(call.initial_metadata()).get("traceparent"), trace)

    def test_details(self):
        SCENE.enrol("poor")
        error = self.failure("Redeem", frames.redeem_request("poor", 5, now_ms()))
        self.assertEqual(error.code(), grpc.StatusCode.FAILED_PRECONDITION)
        told = status.Status.FromString(dict(error.trailing_metadata())["grpc-status-details-bin"])
        self.assertEqual((told.code, told.message), (9, error.details()))
        info, bad = details.ErrorInfo(), details.BadRequest()
        self.assertTrue(told.details[0].Unpack(info) and told.details[1].Unpack(bad))
        self.assertEqual((info.reason, info.domain, dict(info.metadata)),
                         ("INSUFFICIENT_POINTS", "loyalty", {"asked": "5", "available": "0"}))
        self.assertEqual(bad.field_violations[0].field, "points")

    def test_text_beyond_ascii(self):
        """A message is percent-encoded on the wire and comes out as it was."""
        request = frames.award_request("\u8d35\u5bbe", 1, now_ms())
        error = self.failure("Award", request)
        self.assertEqual(error.code(), grpc.StatusCode.INVALID_ARGUMENT)
        self.assertNotIn("%", error.details())

    def test_deadline(self):
        """Told in time that the outcome is open; asked again, it is applied once."""
        SCENE.enrol("slow")
        request = frames.award_request("slow", 10000, now_ms())
        SCENE.redis.pause()
        try:
            error = self.failure("Award", request, timeout=0.3)
        finally:
            SCENE.redis.go_on()
        self.assertIn(error.code(), (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNKNOWN,
                                     grpc.StatusCode.UNAVAILABLE))
        CLUB.wait_ready()
        award = rpc.stub(self.channel, "Award")
        self.assertEqual(award(request, timeout=WAIT_S).points, 100)
        self.assertEqual((SCENE.get("slow").standing.balance, SCENE.get("slow").seq), (100, 2))

    def test_cancelled(self):
        """What is given up leaves the connection as it was."""
        SCENE.enrol("fickle")
        award = rpc.stub(self.channel, "Award")
        SCENE.redis.pause()
        try:
            futures = [award.future(frames.award_request("fickle", 100, now_ms()), timeout=WAIT_S)
                       for _ in range(50)]
            self.assertTrue(all(future.cancel() for future in futures))
        finally:
            SCENE.redis.go_on()
        self.assertEqual({future.code() for future in futures}, {grpc.StatusCode.CANCELLED})
        CLUB.wait_ready()
        before = SCENE.get("fickle").standing.balance
        award(frames.award_request("fickle", 100, now_ms()), timeout=WAIT_S)
        self.assertEqual(SCENE.get("fickle").standing.balance, before + 1)

    def test_too_large(self):
        error = self.failure("Award", bytes(4 << 20))
        self.assertEqual(error.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
        self.assertEqual(rpc.stub(self.channel, "GetMember")(
            frames.get_member_request("poor"), timeout=WAIT_S).member_id, "poor")


class Streams(unittest.TestCase):
    def test_watched_health_and_its_end(self):
        """NOT_SERVING and SERVING again as Redis stands still; cancelled ones take no room."""
        with rpc.channel(CLUB, "till") as channel:
            for _ in range(WATCHES):
                told = watch(channel, timeout=WAIT_S)
                self.assertEqual(next(told).status, health.HealthCheckResponse.SERVING)
                told.cancel()
                with self.assertRaises(grpc.RpcError):
                    next(told)
            told = watch(channel, timeout=WAIT_S)
            self.assertEqual(next(told).status, health.HealthCheckResponse.SERVING)
            SCENE.redis.pause()
            self.assertEqual(next(told).status, health.HealthCheckResponse.NOT_SERVING)
            SCENE.redis.go_on()
            self.assertEqual(next(told).status, health.HealthCheckResponse.SERVING)
            told.cancel()
        CLUB.wait_ready()

    def test_keepalive(self):
        """PINGs are answered while nothing else is said, and their lack is noticed."""
        with rpc.channel(CLUB, "till", KEEPALIVE) as channel:
            told = watch(channel, timeout=KEPT_MS / 1000)
            next(told)
            with self.assertRaises(grpc.RpcError) as caught:
                next(told)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        with rpc.channel(CLUB, "till", KEEPALIVE) as channel:
            told = watch(channel, timeout=WAIT_S)
            next(told)
            CLUB.pause()
            try:
                with self.assertRaises(grpc.RpcError) as caught:
                    next(told)
            finally:
                CLUB.go_on()
            self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)
        CLUB.wait_ready()

    def test_reflection(self):
        """Every service is listed, and described by a file that can be had."""
        for version, module in (("v1", reflection), ("v1alpha", reflection_alpha)):
            with rpc.channel(CLUB, "till") as channel:
                ask = channel.stream_stream(
                    f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
                    request_serializer=module.ServerReflectionRequest.SerializeToString,
                    response_deserializer=module.ServerReflectionResponse.FromString)
                request = module.ServerReflectionRequest
                listed = list(ask(iter([request(list_services="")]), timeout=WAIT_S))
                names = {each.name for each in listed[0].list_services_response.service}
                self.assertEqual(names, support.SERVICES)
                asked = iter([request(file_containing_symbol=name) for name in sorted(names)])
                files = list(ask(asked, timeout=WAIT_S))
                self.assertEqual(len(files), len(names))
                self.assertTrue(all(each.file_descriptor_response.file_descriptor_proto
                                    for each in files))


if __name__ == "__main__":
    scene.run_tests(SCENE)
