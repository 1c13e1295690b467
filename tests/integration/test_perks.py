#!/usr/bin/python3
"""Perks end to end: the VIP club on a sandbox's clock, two daemons, shops and partners by their own
certificates. `test_perks.py Use`, `Codes` or `Partners` runs one part.
"""

import base64
import hashlib
import re
import struct
import threading
import unittest

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

import support  # noqa: F401 (finds the rest)
import frames
import rpc
import scene
from perk_club import Club, local_ms, perks

DIAMOND_PERKS = ["birthday-card", "vip-counter", "health-check", "health-consultation",
                 "airport-lounge", "hotel-discount", "club-events", "information-service",
                 "service-manager"]
ROUNDS = 12
WORLD = {}


def club():
    if "club" not in WORLD:
        WORLD["club"] = Club()
    return WORLD["club"]


class Case(unittest.TestCase):
    def setUp(self):
        self.club = club()

    def refused(self, reply, reason):
        self.assertIsNotNone(reply.error, reply)
        self.assertEqual(reply.error.reason, reason)
        return reply.error


class Use(Case):
    def test_1_nine_perks(self):
        self.club.enrol("anna", "+8613800000001")
        listed = self.club.list("anna")
        self.assertEqual([perk for perk in listed if perk != "spa"], DIAMOND_PERKS)
        check = listed["health-check"]
        self.assertEqual((check.limited, check.count, check.left), (True, 1, 1))
        self.assertEqual(frames.instant_ms(check.period_from), local_ms("2026-01-01T00:00:00"))
        self.assertEqual(frames.instant_ms(check.period_until), local_ms("2027-01-01T00:00:00"))
        self.assertEqual(dict(check.names), {"en": "Free health check", "zh": "免费体检"})
        self.assertEqual(list(check.partners), ["health-centre"])
        self.assertFalse(listed["airport-lounge"].limited)
        self.assertEqual(list(self.club.list("anna", "till")), list(listed))

    def test_2_shop(self):
        """A shop is told what is left, and why not."""
        used = scene.must(self.club.use("till", "anna", "birthday-card"))
        self.assertEqual((used.member_id, used.tier_id, used.limited, used.left),
                         ("anna", "diamond", True, 0))
        self.assertGreater(used.seq, 0)
        error = self.refused(self.club.use("till", "anna", "birthday-card"), "PERK_USED_UP")
        self.assertEqual(dict(error.figures), {"used": 1, "count": 1})
        self.refused(self.club.use("till", "anna", "health-check"), "PERK_NOT_HERE")
        self.refused(self.club.use("till", "nobody", "vip-counter"), "UNKNOWN_MEMBER")
        self.assertEqual(self.refused(self.club.use("till", "anna", "x"), "UNKNOWN_PERK").field,
                         "perk_id")
        self.refused(self.club.use("till", "anna", ""), "MISSING")
        self.refused(self.club.use("till", "anna", "vip-counter", unit="store-0008"), "WRONG_UNIT")

    def test_3_replays(self):
        """A retry is answered as the first time, byte for byte, by the other daemon too."""
        for who, perk in (("till", "vip-counter"), ("till", "birthday-card")):
            first = self.club.use(who, "anna", perk, request_id := frames.new_id())
            again = self.club.use(who, "anna", perk, request_id, daemon=1)
            self.assertTrue(again.replayed)
            self.assertEqual((first.message, first.error), (again.message, again.error))
        self.refused(self.club.use("till", "anna", "club-events", request_id), "ID_CONFLICT")

    def test_4_reversal(self):
        self.club.enrol("bert", "+8613800000002")
        used = self.club.use("till", "bert", "birthday-card", one := frames.new_id())
        self.assertEqual(scene.must(used).left, 0)
        back = scene.must(self.club.reverse("till", "bert", one, two := frames.new_id()))
        self.assertEqual((back.result, back.perk_id), (perks.PERK_REVERSAL_REVERSED,
                                                       "birthday-card"))
        self.assertEqual(self.club.list("bert")["birthday-card"].left, 1)
        again = self.club.reverse("till", "bert", one, two, daemon=1)
        self.assertTrue(again.replayed)
        self.assertEqual(again.message, back)
        self.assertEqual(scene.must(self.club.reverse("till", "bert", one)).result,
                         perks.PERK_REVERSAL_PREVIOUSLY_REVERSED)
        late = frames.new_id()
        self.assertEqual(scene.must(self.club.reverse("till", "bert", late)).result,
                         perks.PERK_REVERSAL_ORIGINAL_NOT_FOUND)
        self.refused(self.club.use("till", "bert", "birthday-card", late), "REVERSED_BEFORE")
        self.assertEqual(self.club.list("bert")["birthday-card"].left, 1)

    def test_5_one_of_two(self):
        """A quota of one, two partners at the same moment through two daemons: one succeeds."""
        for number in range(ROUNDS):
            phone = f"+86139000000{number:02d}"
            self.club.enrol(f"m{number}", phone)
            replies = {}
            start = threading.Barrier(2)
            calls = [(self.club.client("garden", 0), self.club.use_request(phone, "spa")),
                     (self.club.client("lake", 1), self.club.use_request(phone, "spa"))]

            def run(index):
                client, request = calls[index]
                start.wait()
                replies[index] = client.call("UsePerk", request)

            threads = [threading.Thread(target=run, args=(index,)) for index in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            reasons = sorted(reply.error.reason if reply.error else "" for reply in
                             replies.values())
            self.assertEqual(reasons, ["", "PERK_NOT_GRANTED"])
            self.assertEqual(self.club.list(f"m{number}")["spa"].left, 0)

    def test_9_new_year(self):
        """The health check once a calendar year: 31 December and 1 January, Shanghai time."""
        self.club.to("2026-12-31T23:59:50")
        scene.must(self.club.use("health", "+8613800000001", "health-check"))
        self.refused(self.club.use("health", "+8613800000001", "health-check"),
                     "PERK_NOT_GRANTED")
        self.club.to("2027-01-01T00:00:00")
        self.assertEqual(self.club.list("anna")["health-check"].left, 1)
        scene.must(self.club.use("health-2", "+8613800000001", "health-check"))
        self.refused(self.club.use("health", "+8613800000001", "health-check"),
                     "PERK_NOT_GRANTED")
        self.assertEqual(self.club.list("anna")["health-check"].left, 0)


class Code:
    """A code taken apart as proto/PROTOCOL.md says, by who has the public keys alone."""

    def __init__(self, text, keys):
        assert text.startswith("LY1.") and len(text) <= 256
        self.bytes = base64.urlsafe_b64decode(text[4:] + "=" * (-len(text[4:]) % 4))
        assert len(self.bytes) == 174 and self.bytes[0] == 1
        self.key_id = base64.urlsafe_b64encode(self.bytes[1:7]).decode()
        self.issued_s, self.lifetime_s = struct.unpack(">IH", self.bytes[7:13])
        self.nonce = self.bytes[13:29]
        key = Ed25519PublicKey.from_public_bytes(keys[self.key_id])
        key.verify(self.bytes[-64:], self.bytes[:-64])


class Codes(Case):
    def keys(self, who="lounge"):
        answer = self.club.client(who).ask("GetCodeKeys", perks.GetCodeKeysRequest())
        return {key.key_id: key.public_key for key in answer.keys}

    def test_1_offline(self):
        """Whoever has the public key can check a code; nobody can read or change it."""
        self.club.enrol("carl", "+8613800000003")
        issued = scene.must(self.club.code("carl", 90))
        keys = self.keys()
        self.assertEqual(self.keys("till"), keys)
        for key_id, key in keys.items():
            self.assertEqual(key_id,
                             base64.urlsafe_b64encode(hashlib.sha256(key).digest()[:6]).decode())
        code = Code(issued.code, keys)
        self.assertEqual(code.lifetime_s, 90)
        self.assertEqual((code.issued_s + 90) * 1000, frames.instant_ms(issued.expires_at))
        self.assertNotIn(b"carl", code.bytes)
        other = Code(scene.must(self.club.code("carl", 90)).code, keys)
        self.assertNotEqual(code.nonce, other.nonce)
        self.assertNotEqual(code.bytes[29:110], other.bytes[29:110])
        for at in (1, 8, 12, 20, 60, 120):
            forged = bytearray(code.bytes)
            forged[at] ^= 1
            text = "LY1." + base64.urlsafe_b64encode(forged).decode()
            with self.assertRaises((InvalidSignature, KeyError)):
                Code(text, keys)
            self.refused(self.club.use("lounge", text, "airport-lounge"), "BAD_CODE")
        for text in ("LY1.", "LY1." + "A" * 232, issued.code[:-1], issued.code + "A", "LY2."):
            request = self.club.use_request("LY1.", "airport-lounge")
            request.code = text
            self.refused(self.club.client("lounge").call("UsePerk", request), "BAD_CODE")

    def test_2_lounge(self):
        """The lounge by code: once, by either daemon; a retry is answered."""
        code = scene.must(self.club.code("carl")).code
        used = self.club.use("lounge", code, "airport-lounge", request_id := frames.new_id())
        self.assertEqual(scene.must(used).perk_id, "airport-lounge")
        again = self.club.use("lounge", code, "airport-lounge", request_id, daemon=1)
        self.assertTrue(again.replayed)
        self.assertEqual(again.message, used.message)
        self.refused(self.club.use("lounge", code, "airport-lounge", daemon=1), "CODE_USED")
        back = scene.must(self.club.reverse("lounge", code, request_id))
        self.assertEqual(back.result, perks.PERK_REVERSAL_REVERSED)
        self.refused(self.club.use("lounge", code, "airport-lounge"), "CODE_USED")
        code = scene.must(self.club.code("carl", 600, daemon=1)).code
        self.refused(self.club.use("lake", code, "airport-lounge"), "PERK_NOT_HERE")
        shop = scene.must(self.club.use("till", code, "vip-counter"))
        self.assertEqual(shop.member_id, "carl")

    def test_3_expiry(self):
        short = scene.must(self.club.code("carl", 15))
        usual = scene.must(self.club.code("carl"))
        self.assertEqual(frames.instant_ms(usual.expires_at) - frames.instant_ms(short.expires_at),
                         105_000)
        self.club.now_ms += 15_000
        self.club.to("1970-01-02T00:00:00")
        self.refused(self.club.use("lounge", short.code, "airport-lounge"), "CODE_EXPIRED")
        scene.must(self.club.use("lounge", usual.code, "airport-lounge"))
        for seconds in (14, 601):
            self.refused(self.club.code("carl", seconds), "BAD_LIFETIME")
        self.refused(self.club.code("nobody"), "UNKNOWN_MEMBER")

    def test_4_keys_change(self):
        """An older key is honoured while it is given; without any there are no codes."""
        world, redis = self.club.scene.world, self.club.scene.redis
        code = scene.must(self.club.code("carl")).code
        fresh = self.club.scene.start_daemon("fresh", "--code-key", self.club.old_key)
        bare = world.daemon("bare", "--redis", f"unix:{redis.path}", "--identifier-key-file",
                            self.club.scene.key, "--sandbox")
        for daemon in (fresh, bare):
            daemon.wait_ready()
        with fresh.client("lounge") as client, bare.client("backend") as backend:
            keys = client.ask("GetCodeKeys", perks.GetCodeKeysRequest()).keys
            self.assertEqual(len(keys), 2)
            scene.must(client.call("UsePerk", self.club.use_request(code, "airport-lounge")))
            reply = backend.call("IssueCode", perks.IssueCodeRequest(
                member=frames.member_ref("carl")))
            self.refused(reply, "NO_CODE_KEY")
            self.assertEqual(len(backend.ask("GetCodeKeys", perks.GetCodeKeysRequest()).keys), 0)
        for daemon in (fresh, bare):
            self.assertEqual(daemon.stop(), 0, daemon.output())


    def test_5_merged(self):
        """Who was merged is served as who that is now; but codes issued before have expired."""
        self.club.enrol("hans", phone := "+8613800000008")
        self.club.enrol("ida", "+8613800000009")
        codes = [scene.must(self.club.code("hans")).code for _ in range(2)]
        scene.must(self.club.use("lounge", codes[0], "airport-lounge"))
        scene.must(self.club.use("health", phone, "health-check"))
        self.club.merge("hans", "ida")
        for code in codes:
            self.refused(self.club.use("lounge", code, "airport-lounge"), "CODE_EXPIRED")
        self.assertEqual(self.club.list("hans")["health-check"].left, 0)
        self.refused(self.club.use("health", phone, "health-check"), "PERK_NOT_GRANTED")
        scene.must(self.club.use("lounge", phone, "airport-lounge", one := frames.new_id()))
        back = scene.must(self.club.reverse("lounge", phone, one))
        self.assertEqual(back.result, perks.PERK_REVERSAL_REVERSED)
        code = scene.must(self.club.code("hans")).code
        scene.must(self.club.use("lounge", code, "airport-lounge"))

    def test_6_worked_example(self):
        """proto/PROTOCOL.md says what is."""
        with open(f"{frames.SOURCE}/proto/PROTOCOL.md", encoding="utf-8") as file:
            page = file.read()

        def block(name):
            return re.search(rf"(?ms)^```{name}\n(.*?)^```$", page).group(1)

        def dump(name):
            return b"".join(bytes.fromhex(row[:49]) for row in block(name).splitlines())

        key = dump("code-key")
        key_id = base64.urlsafe_b64encode(hashlib.sha256(key).digest()[:6]).decode()
        code = Code(block("code-text").strip(), {key_id: key})
        self.assertEqual(code.bytes, dump("code"))
        self.assertEqual((code.issued_s, code.lifetime_s), (1769911200, 120))


class Partners(Case):
    KNOWN, UNKNOWN = "+8613800000004", "+8613899999999"

    def raw(self, who, request, method="UsePerk"):
        """All that comes back but the correlation id: (bytes of the answer or error, replayed)."""
        reply = self.club.client(who).call(method, request)
        told = reply.error if reply.error is not None else reply.message
        return told.SerializeToString(), reply.replayed

    def test_1_what_it_learns(self):
        """A no that is the member's is the same bytes whatever the reason, asked once or again."""
        self.club.enrol("dora", self.KNOWN)
        self.club.enrol("emil", "+8613800000005", score=0)
        for name, phone, status in (("fred", "+8613800000006", "SUSPENDED"),
                                    ("gina", "+8613800000007", "CLOSED")):
            self.club.enrol(name, phone)
            self.club.status(name, f"MEMBER_STATUS_{status}")
        granted = self.club.use("health", self.KNOWN, "health-check")
        told = scene.must(granted)
        self.assertEqual([field.name for field, _ in told.ListFields()],
                         ["perk_id", "recorded_at"])
        told = set()
        for phone in (self.UNKNOWN, "+8613800000005", "+8613800000006", "+8613800000007",
                      self.KNOWN):
            request = self.club.use_request(phone, "health-check")
            for _ in range(2):
                told.add(self.raw("health", request))
        self.assertEqual(len(told), 1, told)
        error = self.refused(self.club.use("health", self.UNKNOWN, "health-check"),
                             "PERK_NOT_GRANTED")
        self.assertEqual(len(error.figures), 0)

    def test_2_other_ways_to_ask(self):
        """A used id, a reversal first, a perk of others, min_seq: nothing tells who is a member."""
        told = [[], []]
        for index, phone in enumerate((self.KNOWN, self.UNKNOWN)):
            one, two = frames.new_id(), frames.new_id()
            told[index] += [self.raw("health", self.club.use_request(phone, "health-check", one))
                            for _ in range(2)]
            conflict = self.club.use_request(phone, "health-check", one, unit="health-centre"
                                             "/desk-1/left")
            told[index].append(self.raw("health", conflict))
            for perk in ("airport-lounge", "vip-counter", "no-perk"):
                request = self.club.use_request(phone, perk)
                told[index] += [self.raw("health", request) for _ in range(2)]
            told[index] += self.reversals(phone, two)
            request = self.club.use_request(phone, "health-check", two)
            told[index] += [self.raw("health", request) for _ in range(2)]
            request = self.club.use_request(phone, "spa", frames.new_id())
            request.mutation.min_seq = 10**6
            told[index].append(self.raw("health", request))
            request = self.club.use_request(phone, "health-check")
            request.mutation.min_seq = 10**6
            told[index].append(self.raw("health", request))
        self.assertEqual(*told)

    def reversals(self, phone, original):
        told = []
        for asked in (original, original, frames.new_id()):
            request = perks.ReversePerkRequest(
                mutation=frames.mutation("11111111-1111-4111-8111-111111111111", self.club.now_ms),
                original_request_id=asked, original_created_at=frames.stamp(self.club.now_ms))
            self.club.show(request, phone)
            told.append(self.raw("health", request, "ReversePerk"))
        return told

    def test_2_over_http(self):
        """Nor do the fields and trailers of HTTP/2 tell it, in whatever protocol."""
        caller = rpc.Caller(self.club.scene.daemons[0], "health")
        for face in rpc.FACES:
            told = []
            for phone in (self.KNOWN, self.UNKNOWN):
                request = self.club.use_request(phone, "health-check")
                told.append([caller.call(face, "UsePerk", request) for _ in range(2)])
                self.assertEqual(told[-1][0].reason, "PERK_NOT_GRANTED")
            self.assertEqual(*told)
        request = self.club.use_request(self.KNOWN, "health-consultation")
        granted = [caller.call("grpc", "UsePerk", request) for _ in range(2)]
        self.assertEqual([answer.replayed for answer in granted], [False, True])
        self.assertNotIn("dora", str(granted))
        caller.close()

    def test_3_by_what_it_may_ask(self):
        error = self.refused(self.club.use("health", "dora", "health-check"),
                             "MEMBER_ID_NOT_ALLOWED")
        self.assertEqual(error.code, frames.common.CODE_PERMISSION_DENIED)
        ref = frames.member_ref("dora")
        for method, request in (
                ("ListPerks", perks.ListPerksRequest(member=ref)),
                ("IssueCode", perks.IssueCodeRequest(member=ref)),
                ("GetMember", frames.get_member_request("dora")),
                ("Award", frames.award_request("dora", 100, self.club.now_ms)),
                ("GetOutcome", frames.points.GetOutcomeRequest(member=ref,
                                                               request_id=frames.new_id()))):
            reply = self.club.client("health").call(method, request)
            self.assertEqual(self.refused(reply, "ROLE_NOT_ALLOWED").code,
                             frames.common.CODE_PERMISSION_DENIED)
        for name in ("backend", "admin"):
            self.refused(self.club.use(name, "dora", "vip-counter"), "ROLE_NOT_ALLOWED")
        self.refused(self.club.client("backend").call(
            "Award", frames.award_request("dora", 100, self.club.now_ms)), "ROLE_NOT_ALLOWED")

    def test_4_only_its_own(self):
        served = {who: [perk.perk_id for perk in self.club.client(who).ask(
            "ListServedPerks", perks.ListServedPerksRequest()).perks]
                  for who in ("health", "lounge", "garden", "nobody")}
        self.assertEqual(served, {"health": ["health-check", "health-consultation"],
                                  "lounge": ["airport-lounge"], "nobody": [],
                                  "garden": ["hotel-discount", "spa"]})
        used = frames.new_id()
        scene.must(self.club.use("garden", self.KNOWN, "hotel-discount", used))
        foreign = self.club.use_request(self.KNOWN, "hotel-discount", used)
        self.assertEqual(self.refused(self.club.client("lake").call("UsePerk", foreign),
                                      "PERK_NOT_GRANTED").figures, {})
        for who in ("lake", "health"):
            reply = scene.must(self.club.reverse(who, self.KNOWN, used))
            self.assertEqual(reply.result, perks.PERK_REVERSAL_ORIGINAL_NOT_FOUND)
        again = self.club.client("garden").call("UsePerk", foreign)
        self.assertTrue(again.replayed)
        back = scene.must(self.club.reverse("garden", self.KNOWN, used))
        self.assertEqual(back.result, perks.PERK_REVERSAL_REVERSED)

    def test_5_settlement(self):
        """What a partner did in a month: newest first, page by page, with the totals of all."""
        month = self.club.month()
        uses = [frames.new_id() for _ in range(5)]
        for used in uses:
            scene.must(self.club.use("lake", self.KNOWN, "hotel-discount", used))
        scene.must(self.club.reverse("lake", self.KNOWN, uses[0], undone := frames.new_id()))
        expected = [(undone, True)] + [(used, False) for used in reversed(uses)]

        def listed():
            reply = scene.must(self.club.settlement("lake", month))
            return [(use.request_id, use.reversal) for use in reply.uses][:6]

        scene.world.wait_for(lambda: sorted(listed()) == sorted(expected), "the settlement")
        self.assertEqual(listed(), expected)
        pages, token = [], ""
        while True:
            page = scene.must(self.club.settlement("lake", month, page_size=4, page_token=token))
            pages += [use.request_id for use in page.uses]
            self.assertEqual({total.perk_id: total.count for total in page.totals}
                             ["hotel-discount"], 4)
            token = page.next_page_token
            if not token:
                break
        self.assertEqual(pages[:6], [request for request, _ in expected])
        self.assertEqual(page.uses[-1].unit, "lake-hotel/desk")
        admin = scene.must(self.club.settlement("admin", month, partner="lake-hotel"))
        self.assertEqual([use.request_id for use in admin.uses], pages)
        self.assertNotIn(b"dora", admin.SerializeToString())
        self.refused(self.club.settlement("lake", month, partner="garden-hotel"),
                     "NOT_THIS_PARTNER")
        self.refused(self.club.settlement("admin", month), "MISSING")
        self.refused(self.club.settlement("lake", "2026-13"), "BAD_MONTH")
        empty = scene.must(self.club.settlement("lake", "2020-01"))
        self.assertEqual((len(empty.uses), len(empty.totals)), (0, 0))

    def test_5_settled_after_crashes(self):
        """A daemon killed among uses: asked again, each was once, and is settled once."""
        month = self.club.month()
        asked = []
        for number in range(4):
            daemon = self.club.scene.start_daemon(f"doomed-{number}").wait_ready()
            client = daemon.client("garden")
            asked += [self.club.use_request(self.KNOWN, "hotel-discount") for _ in range(12)]
            for request in asked[-12:]:
                client.submit("UsePerk", request)
            for _ in range(3 * number):
                client.receive()
            daemon.kill_now()
            client.close()
        for request in asked:
            scene.world.wait_for(lambda r=request: self.club.client("garden").call(
                "UsePerk", r).error is None, "the use")

        def listed():
            page = scene.must(self.club.settlement("garden", month, page_size=200))
            return sorted(use.request_id for use in page.uses if not use.reversal)

        ids = sorted(request.mutation.request_id for request in asked)
        scene.world.wait_for(lambda: set(ids) <= set(listed()), "the settlement")
        self.assertEqual([each for each in listed() if each in ids], ids)

    def test_6_ctl(self):
        world, daemon = self.club.scene.world, self.club.scene.daemons[0]

        def ctl(name, *words, check=True):
            return world.ctl("--as", name, "perk", *words, daemon=daemon, check=check)

        self.assertIn("health-check", ctl("backend", "list", "dora").stdout)
        code = ctl("backend", "code", "dora").stdout
        shown = [word for word in code.split() if word.startswith("LY1.")][0]
        request_id = frames.new_id()
        used = ctl("lounge", "use", shown, "airport-lounge", "--request-id", request_id)
        self.assertIn("airport-lounge", used.stdout)
        self.assertNotIn("dora", used.stdout)
        self.assertIn("taken back", ctl("lounge", "reverse", shown, request_id).stdout)
        refused = ctl("lounge", "use", f"phone:{self.UNKNOWN}", "airport-lounge", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("hotel-discount", ctl("lake", "settlement", self.club.month()).stdout)
        self.assertNotEqual(ctl("lounge", "use", "dora", check=False).returncode, 0)


class Scenes:
    """What run_tests ends."""

    @staticmethod
    def finish():
        if "club" in WORLD:
            WORLD["club"].close()
            WORLD["club"].scene.totals()
            WORLD["club"].scene.finish()


if __name__ == "__main__":
    scene.run_tests(Scenes)
