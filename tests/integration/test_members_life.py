#!/usr/bin/python3
"""The life of a membership end to end: suspended, closed, merged and erased, over real daemons and
a real Redis, of which any may be killed at any step of it.
"""

import glob
import itertools
import os
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import scene
import tap
import world
from scene import now_ms

members = frames.members
ACTIVE, SUSPENDED = frames.common.MEMBER_STATUS_ACTIVE, frames.common.MEMBER_STATUS_SUSPENDED
CLOSED = frames.common.MEMBER_STATUS_CLOSED
CARD = frames.common.IDENTIFIER_KIND_CARD_NUMBER
AGAIN = ("STORE_UNAVAILABLE", "NO_LEASE", "OVERLOADED", "TOO_MANY_CONFLICTS", "MERGING",
         "UNFINISHED", "OUTCOME_UNKNOWN")
NUMBERS = itertools.count(1)


class Club(scene.Scene):
    """A scene whose daemons keep profiles."""

    def start_daemon(self, name, *more, **how):
        self.profile_key = f"{self.world.folder}/profile.key"
        if not os.path.exists(self.profile_key):
            with open(self.profile_key, "w", encoding="ascii") as file:
                file.write(os.urandom(32).hex() + "\n")
        return super().start_daemon(name, "--profile-key", self.profile_key, *more, **how)


SCENE = Club(daemons=2, options=("--sweep=off",))  # what is left open is left to who asks


def about(kind, member, **more):
    return kind(mutation=frames.mutation(None, now_ms()), member=frames.member_ref(member), **more)


def merge_request(member, into):
    return about(members.MergeRequest, member, into=frames.member_ref(into), reason="one person")


def end_of(reply):
    if reply.error is not None:
        return reply.error.reason
    return "REPLAYED" if reply.replayed else "OK"


def definite(name, method, request, daemon=0):
    """The answer to a request that is asked again until it is answered for good."""
    found = []

    def answered():
        with SCENE.client(name, daemon) as client:
            reply = client.call(method, request)
        found.append(reply)
        return end_of(reply) not in AGAIN and scene.code(reply) not in scene.OPEN_OUTCOMES
    world.wait_for(answered, f"an answer to {method}")
    return found[-1]


def enrol(member, card):
    request = frames.enrol_request(member, now_ms())
    request.identifiers.add(kind=CARD, value=card)
    with SCENE.client("backend") as client:
        client.ask("Enroll", request)


def sell(member, minor):
    """The request of a sale, and its answer."""
    request = frames.award_request(member, minor, now_ms())
    with SCENE.client("till") as client:
        return request, client.call("Award", request)


def by_card(card, daemon=0):
    request = members.GetMemberRequest()
    request.member.identifier.kind = CARD
    request.member.identifier.value = card
    with SCENE.client("backend", daemon) as client:
        return client.call("GetMember", request)


def balance(member, daemon=0):
    return SCENE.get(member, daemon).standing.balance


class Status(unittest.TestCase):
    def set(self, status, end="OK"):
        request = about(members.SetStatusRequest, "sam", status=status, reason="asked")
        reply = definite("admin", "SetStatus", request)
        self.assertEqual(end_of(reply), end)
        return reply.message

    def test_suspended_reinstated_and_closed(self):
        SCENE.enrol("sam")
        self.assertEqual(end_of(sell("sam", 10000)[1]), "OK")
        self.set(SUSPENDED)
        self.assertEqual(end_of(sell("sam", 100)[1]), "NOT_ACTIVE")
        self.assertEqual(SCENE.get("sam", 1).status, SUSPENDED)
        self.set(ACTIVE)
        self.assertEqual(end_of(sell("sam", 100)[1]), "OK")
        self.assertEqual(self.set(CLOSED).forfeited, 101)
        self.assertEqual(end_of(sell("sam", 100)[1]), "CLOSED")
        self.set(ACTIVE, "CLOSED")
        self.assertEqual(balance("sam"), 0)

    def test_only_an_admin_may(self):
        SCENE.enrol("sue")
        with SCENE.client("backend") as client:
            for method, request in (
                    ("SetStatus", about(members.SetStatusRequest, "sue", status=CLOSED)),
                    ("Merge", merge_request("sue", "sue")),
                    ("Erase", about(members.EraseRequest, "sue"))):
                self.assertEqual(client.call(method, request).error.code,
                                 frames.common.CODE_PERMISSION_DENIED)


def die_at(case, method, request, moment, nth):
    """Asks a daemon that is killed at a moment of its n-th append; it is gone then."""
    number = next(NUMBERS)
    path = f"{SCENE.world.folder}/tap-{number}"
    line = tap.Tap(path, SCENE.redis.path)
    daemon = SCENE.start_daemon(f"tapped-{number}", path=path).wait_ready()
    world.wait_for(lambda: SCENE.knows_program(daemon), "the program to be known")
    trap = tap.Trap("append_if", moment, lambda owner: daemon.kill_now(), nth)
    client = daemon.client("admin")
    line.trap = trap
    with case.assertRaises((frames.Closed, OSError)):
        client.call(method, request)
    case.assertTrue(trap.sprung.wait(60))


class Merging(unittest.TestCase):
    def check(self, source, target, sale, first):
        for daemon in (0, 1):
            shown = SCENE.get(source, daemon)
            self.assertEqual((shown.member_id, shown.standing.balance), (target, 130))
            self.assertEqual(scene.must(by_card(f"card-{source}", daemon)).member_id, target)
            with SCENE.client("till", daemon) as client:
                again = client.call("Award", sale)
            self.assertEqual(end_of(again), "REPLAYED")
            self.assertEqual(again.message, first.message)

    def begin(self, name):
        source, target = f"{name}-a", f"{name}-b"
        enrol(source, f"card-{source}")
        SCENE.enrol(target)
        sale, first = sell(source, 10000)
        sell(target, 3000)
        return source, target, sale, first

    def test_the_merged_log_answers_its_old_ids_then_redirects(self):
        source, target, sale, first = self.begin("plain")
        request = merge_request(source, target)
        reply = definite("admin", "Merge", request)
        self.assertEqual((reply.message.points, reply.message.into), (100, target))
        self.check(source, target, sale, first)
        self.assertEqual(end_of(definite("admin", "Merge", request, 1)), "REPLAYED")
        self.assertEqual(end_of(sell(source, 2000)[1]), "OK")
        self.assertEqual(balance(target, 1), 150)

    def test_a_daemon_dies_at_each_step(self):
        for nth, moment in itertools.product((1, 2, 3), (tap.BEFORE, tap.HELD)):
            source, target, sale, first = self.begin(f"cut-{nth}-{moment}")
            request = merge_request(source, target)
            die_at(self, "Merge", request, moment, nth)
            reply = definite("admin", "Merge", request, nth % 2)
            self.assertEqual(reply.message.points, 100)
            self.check(source, target, sale, first)

    def test_redis_dies_meanwhile(self):
        source, target, sale, first = self.begin("redis")
        request = merge_request(source, target)
        die_at(self, "Merge", request, tap.HELD, 1)
        SCENE.redis.kill_now()
        SCENE.restart_redis()
        self.assertEqual(definite("admin", "Merge", request).message.points, 100)
        self.check(source, target, sale, first)


def files_of_redis():
    folder = SCENE.redis.command("CONFIG", "GET", "dir")[1].decode()
    data = b""
    for path in glob.glob(f"{folder}/**/*", recursive=True):
        if ".aof" in path or path.endswith(".rdb"):
            with open(path, "rb") as file:
                data += file.read()
    return data


class Erasing(unittest.TestCase):
    def begin(self, name):
        """The member's key in the index of identifiers."""
        enrol(name, f"card-{name}")
        sell(name, 7000)
        profile = members.Profile(birthday="1987-06-05", email="anna@example.org")
        with SCENE.client("backend") as client:
            client.ask("UpdateProfile", members.UpdateProfileRequest(
                member=frames.member_ref(name), profile=profile))
        return [key for key in SCENE.redis.command("KEYS", "ly:*:i:*")
                if SCENE.redis.command("GET", key) == name.encode()]

    def check(self, name, keys):
        self.assertEqual(end_of(by_card(f"card-{name}", 1)), "UNKNOWN_MEMBER")
        self.assertEqual(SCENE.redis.command("KEYS", f"ly:*:p:{name}"), [])
        self.assertEqual(len(keys), 1)
        world.wait_for(lambda: keys[0] not in files_of_redis(), "the file to be rewritten")
        self.assertEqual(end_of(sell(name, 100)[1]), "CLOSED")
        self.assertEqual(SCENE.totals()["faults"], 0)

    def test_nothing_of_the_person_is_left(self):
        keys = self.begin("erin")
        self.assertIn(keys[0], files_of_redis())
        request = about(members.EraseRequest, "erin", reason="asked")
        self.assertEqual(definite("admin", "Erase", request).message.forfeited, 70)
        self.check("erin", keys)
        self.assertEqual(end_of(definite("admin", "Erase", request, 1)), "REPLAYED")

    def test_a_daemon_dies_at_each_step(self):
        for nth, moment in itertools.product((1, 2), (tap.BEFORE, tap.HELD)):
            name = f"erin-{nth}-{moment}"
            keys = self.begin(name)
            request = about(members.EraseRequest, name, reason="asked")
            die_at(self, "Erase", request, moment, nth)
            self.assertEqual(definite("admin", "Erase", request).message.forfeited, 70)
            self.check(name, keys)


if __name__ == "__main__":
    scene.run_tests(SCENE)
