#!/usr/bin/python3
"""What a member is found by and what is known of a person, end to end: check digits and ranges, a
lost card replaced, payment cards that leave no trace, an enrolment cut between its two steps,
profiles with revisions that nobody reads in the store's file.
"""

import datetime
import subprocess
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import persons
import scene

members = frames.members
kinds = frames.common
CARD, BARCODE = kinds.IDENTIFIER_KIND_CARD_NUMBER, kinds.IDENTIFIER_KIND_BARCODE
PHONE, APP_ID = kinds.IDENTIFIER_KIND_PHONE, kinds.IDENTIFIER_KIND_APP_ID
PAYMENT = "4111111111111111"
BIRTHDAY = "1987-06-05"
EMAIL = "anna.secret@example.org"
RULES = """
identifiers:
  - kind: CARD_NUMBER
    required: true
    ranges: [{from: "6200000000000000", to: "6299999999999999", luhn: true}]
  - kind: PHONE
  - kind: BARCODE
    shared: true
notices: {birthdays: true}
"""
EARNS = """
    - id: birthday
      when: {birthday_month: true}
      multiplier_bp: 20000
"""


def luhn(stem):
    """The number with its check digit."""
    total = 0
    for place, digit in enumerate(reversed([int(c) for c in stem])):
        doubled = digit * 2 if place % 2 == 0 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return stem + str(-total % 10)


def card(number):
    return luhn(f"62{number:013}")


SCENE = persons.Club(daemons=2, publish=False)
SCENE.open(RULES, EARNS)


def identifier(kind, value):
    return kinds.Identifier(kind=kind, value=value)


def shown(kind, value):
    return kinds.MemberRef(identifier=identifier(kind, value))


def by_id(member):
    return kinds.MemberRef(member_id=member)


def mutation(request_id=None):
    return frames.mutation(request_id, scene.now_ms())


def stored():
    """All that Redis keeps, as bytes."""
    found = subprocess.run(["find", SCENE.redis.folder, "-name", "*.aof"], capture_output=True,
                           text=True, check=True).stdout.split()
    assert found
    kept = b""
    for path in found:
        with open(path, "rb") as file:
            kept += file.read()
    return kept


class Case(unittest.TestCase):
    def setUp(self):
        self.client = SCENE.client("backend")
        self.till = SCENE.client("till", 1)

    def tearDown(self):
        self.client.close()
        self.till.close()

    def enrol(self, member, *identifiers, request_id=None, **more):
        return self.client.call("Enroll", members.EnrollRequest(
            mutation=mutation(request_id), member_id=member, identifiers=identifiers, **more))

    def add(self, member, kind, value, request_id=None):
        return self.client.call("AddIdentifier", members.AddIdentifierRequest(
            mutation=mutation(request_id), member=by_id(member),
            identifier=identifier(kind, value)))

    def remove(self, member, kind, value, request_id=None):
        return self.client.call("RemoveIdentifier", members.RemoveIdentifierRequest(
            mutation=mutation(request_id), member=by_id(member), old=identifier(kind, value)))

    def replace(self, member, old, new, request_id=None, kind=CARD):
        return self.client.call("ReplaceIdentifier", members.ReplaceIdentifierRequest(
            mutation=mutation(request_id), member=by_id(member), old=identifier(kind, old),
            identifier=identifier(kind, new), reason="lost"))

    def get(self, ref):
        return self.till.call("GetMember", members.GetMemberRequest(member=ref))

    def award(self, ref, request_id=None):
        sale = frames.points.Sale(currency="CNY", lines=[frames.points.SaleLine(amount_minor=1000)])
        return self.till.call("Award", frames.points.AwardRequest(
            mutation=mutation(request_id), member=ref, sale=sale))

    def profile(self, member):
        return scene.must(self.client.call(
            "GetProfile", members.GetProfileRequest(member=by_id(member))))

    def update(self, member, revision, mask=(), **fields):
        return self.client.call("UpdateProfile", members.UpdateProfileRequest(
            member=by_id(member), profile=members.Profile(revision=revision, **fields),
            update_mask=mask))

    def refused(self, reply, reason, field=None):
        self.assertIsNotNone(reply.error, reply.message)
        self.assertEqual(reply.error.reason, reason, reply.error)
        if field is not None:
            self.assertEqual(reply.error.field, field)
        return reply.error


class Identifiers(Case):
    def test_what_the_program_takes(self):
        self.refused(self.enrol("p-1"), "IDENTIFIER_REQUIRED", "identifiers")
        error = self.refused(self.enrol("p-1", identifier(PHONE, "+8613811111111")),
                             "IDENTIFIER_REQUIRED")
        self.assertEqual(error.figures["kind"], CARD)
        wrong = card(1)[:-1] + str((int(card(1)[-1]) + 1) % 10)
        self.refused(self.enrol("p-1", identifier(CARD, wrong)), "CHECK_DIGIT", "identifiers[0]")
        self.refused(self.enrol("p-1", identifier(CARD, "630000")), "IDENTIFIER_RANGE")
        self.refused(self.enrol("p-1", identifier(CARD, card(1)), identifier(APP_ID, "wx")),
                     "IDENTIFIER_KIND", "identifiers[1]")
        scene.must(self.enrol("p-1", identifier(CARD, card(1)), identifier(PHONE, "+8613811111111"),
                              identifier(BARCODE, "family-7")))
        scene.must(self.enrol("p-2", identifier(CARD, card(2)), identifier(BARCODE, "family-7")))
        for ref in (shown(CARD, card(1)), shown(PHONE, "+8613811111111")):
            self.assertEqual(scene.must(self.get(ref)).member_id, "p-1")
        self.refused(self.get(shown(BARCODE, "family-7")), "IDENTIFIER_KIND")
        self.refused(self.get(shown(APP_ID, "wx")), "IDENTIFIER_KIND")
        self.refused(self.enrol("p-3", identifier(CARD, card(1))), "IDENTIFIER_TAKEN")
        self.refused(self.get(shown(CARD, card(3))), "UNKNOWN_MEMBER")

    def test_payment_cards_leave_no_trace(self):
        scene.must(self.enrol("q-1", identifier(CARD, card(11))))
        requests = (
            self.enrol("q-2", identifier(CARD, PAYMENT)),
            self.enrol("q-2", identifier(CARD, card(12)), identifier(PHONE, "+8613822222222"),
                       identifier(BARCODE, PAYMENT)),
            self.enrol(PAYMENT, identifier(CARD, card(12))),
            self.add("q-1", APP_ID, PAYMENT),
            self.replace("q-1", PAYMENT, card(12)),
            self.replace("q-1", card(11), PAYMENT),
            self.remove("q-1", CARD, PAYMENT),
            self.get(shown(CARD, PAYMENT)),
            self.award(shown(BARCODE, PAYMENT)),
        )
        for reply in requests:
            self.refused(reply, "PAYMENT_CARD_NUMBER")
            self.assertNotIn(PAYMENT, str(reply))
        self.assertNotIn(PAYMENT.encode(), stored())
        for daemon in SCENE.daemons:
            self.assertNotIn(PAYMENT, daemon.output())

    def test_a_lost_card_is_replaced(self):
        scene.must(self.enrol("r-1", identifier(CARD, card(21))))
        request_id = frames.new_id()
        first = scene.must(self.award(shown(CARD, card(21)), request_id))
        change_id = frames.new_id()
        changed = scene.must(self.replace("r-1", card(21), card(22), change_id))
        self.assertFalse(changed.unbound)
        again = self.replace("r-1", card(21), card(22), change_id)
        self.assertTrue(again.replayed)
        self.assertEqual(again.message, changed)
        self.refused(self.award(shown(CARD, card(21))), "IDENTIFIER_REPLACED", "member")
        self.refused(self.get(shown(CARD, card(21))), "IDENTIFIER_REPLACED")
        replayed = self.award(shown(CARD, card(21)), request_id)
        self.assertEqual((replayed.message, replayed.replayed), (first, True))
        outcome = scene.must(self.till.call("GetOutcome", frames.points.GetOutcomeRequest(
            member=shown(CARD, card(21)), request_id=request_id)))
        self.assertEqual(outcome.award, first)
        scene.must(self.award(shown(CARD, card(22))))
        self.refused(self.replace("r-1", card(21), card(23)), "IDENTIFIER_REPLACED", "old")
        self.refused(self.replace("r-1", card(29), card(23)), "UNKNOWN_IDENTIFIER", "old")
        # another member gets it only when it is gone here
        scene.must(self.enrol("r-2", identifier(CARD, card(24))))
        self.assertIn("remove it", self.refused(self.add("r-2", CARD, card(21)),
                                                "IDENTIFIER_TAKEN").message)
        scene.must(self.remove("r-1", CARD, card(21)))
        self.refused(self.get(shown(CARD, card(21))), "UNKNOWN_MEMBER")
        scene.must(self.add("r-2", CARD, card(21)))
        self.assertEqual(scene.must(self.get(shown(CARD, card(21)))).member_id, "r-2")

    def test_identifiers_come_and_go(self):
        scene.must(self.enrol("s-1", identifier(CARD, card(31))))
        scene.must(self.enrol("s-2", identifier(CARD, card(32))))
        self.refused(self.remove("s-1", CARD, card(31)), "IDENTIFIER_REQUIRED", "old")
        self.refused(self.remove("s-1", CARD, card(32)), "UNKNOWN_IDENTIFIER", "old")
        self.refused(self.add("s-1", CARD, card(32)), "IDENTIFIER_TAKEN", "identifier")
        for number in range(7):
            scene.must(self.add("s-1", PHONE, f"+86139000000{number}"))
        self.refused(self.add("s-1", PHONE, "+861390000009"), "TOO_MANY_IDENTIFIERS")
        scene.must(self.remove("s-1", PHONE, "+861390000003"))
        self.refused(self.get(shown(PHONE, "+861390000003")), "UNKNOWN_MEMBER")
        scene.must(self.add("s-2", PHONE, "+861390000003"))
        self.assertEqual(scene.must(self.get(shown(PHONE, "+861390000003"))).member_id, "s-2")
        scene.must(self.add("s-1", PHONE, "+861390000000"))  # once more: claimed once more
        self.refused(self.add("s-1", PHONE, "13900000000"), "BAD_IDENTIFIER", "identifier.value")
        self.refused(self.client.call("ReplaceIdentifier", members.ReplaceIdentifierRequest(
            mutation=mutation(), member=by_id("s-1"), old=identifier(CARD, card(31)),
            identifier=identifier(PHONE, "+861390000008"))), "BAD_IDENTIFIER", "identifier.kind")

    def test_no_value_is_stored(self):
        scene.must(self.enrol("t-1", identifier(CARD, card(41)),
                              identifier(PHONE, "+8613933334444")))
        kept = stored()
        self.assertIn(b"t-1", kept)
        for value in (card(41), "+8613933334444"):
            self.assertNotIn(value.encode(), kept)
            for daemon in SCENE.daemons:
                self.assertNotIn(value, daemon.output())


class Profiles(Case):
    def test_a_profile_has_revisions(self):
        scene.must(self.enrol("a-1", identifier(CARD, card(51)), profile=members.Profile(
            birthday=BIRTHDAY, language="zh", consents={"marketing": True}, email=EMAIL)))
        kept = self.profile("a-1")
        self.assertEqual((kept.revision, kept.birthday, kept.language, dict(kept.consents)),
                         (1, BIRTHDAY, "zh", {"marketing": True}))
        changed = scene.must(self.update("a-1", 1, ["language", "consents"], language="en",
                                         birthday="2000-01-01"))
        self.assertEqual((changed.revision, changed.language, changed.birthday,
                          dict(changed.consents), changed.email), (2, "en", BIRTHDAY, {}, EMAIL))
        error = self.refused(self.update("a-1", 1, ["language"], language="de"),
                             "REVISION_CHANGED", "profile.revision")
        self.assertEqual(dict(error.figures), {"asked": 1, "revision": 2})
        self.assertEqual(self.profile("a-1"), changed)
        whole = scene.must(self.update("a-1", 2, display_name="Anna"))
        self.assertEqual((whole.revision, whole.birthday, whole.display_name), (3, "", "Anna"))

    def test_shapes(self):
        scene.must(self.enrol("a-2", identifier(CARD, card(52))))
        self.assertEqual(self.profile("a-2"), members.Profile())
        for field, fields in (("birthday", {"birthday": "1987-02-30"}),
                              ("language", {"language": "de_DE"}),
                              ("consents", {"consents": {"Mail": True}}),
                              ("email", {"email": "x" * 257}),
                              ("display_name", {"display_name": "a\nb"})):
            reply = self.update("a-2", 0, **fields)
            self.assertEqual(reply.error.field, f"profile.{field}")
            self.assertNotIn("1987", reply.error.message)
        self.refused(self.update("a-2", 0, ["revision"]), "BAD_MASK", "update_mask[0]")
        self.refused(self.update("a-2", 1), "REVISION_CHANGED")
        self.refused(self.update("nobody", 0), "UNKNOWN_MEMBER")
        self.refused(self.enrol("a-3", identifier(CARD, card(53)),
                                profile=members.Profile(birthday="today")), "BAD_DATE")

    def test_nothing_of_it_is_readable(self):
        scene.must(self.enrol("a-4", identifier(CARD, card(54)), profile=members.Profile(
            birthday="1966-11-23", email="berta.secret@example.org")))
        kept = stored()
        for text in (b"1966-11-23", b"11-23", b"berta.secret", BIRTHDAY.encode()):
            self.assertNotIn(text, kept)
        for daemon in SCENE.daemons:
            self.assertNotIn("1966", daemon.output())
            self.assertNotIn("berta", daemon.output())

    def test_the_month_of_the_birthday_earns_more(self):
        month = datetime.datetime.utcfromtimestamp(scene.now_ms() / 1000 + 8 * 3600).month
        other = month % 12 + 1
        for number, (born, points) in enumerate(((f"1980-{month:02}-28", 20),
                                                 (f"1980-{other:02}-28", 10), ("", 10))):
            scene.must(self.enrol(f"b-{number}", identifier(CARD, card(70 + number)),
                                  profile=members.Profile(birthday=born)))
            self.assertEqual(scene.must(self.award(shown(CARD, card(70 + number)))).points, points)
        scene.must(self.enrol("b-9", identifier(CARD, card(79))))  # without a profile
        self.assertEqual(scene.must(self.award(by_id("b-9"))).points, 10)

    def test_keys_rotate(self):
        scene.must(self.enrol("a-5", identifier(CARD, card(55)),
                              profile=members.Profile(language="zh")))
        fresh = f"{SCENE.world.folder}/profile-2.key"
        SCENE.make_key(fresh)
        with open(SCENE.profile_key, encoding="ascii") as file:
            old = file.read()
        only = scene.Scene.start_daemon(SCENE, "rotated", "--profile-key", fresh)
        with only.wait_ready().client("backend") as client:
            asked = client.call("GetProfile", members.GetProfileRequest(member=by_id("a-5")))
            self.refused(asked, "PROFILE_UNREADABLE")
        only.stop()
        both = scene.Scene.start_daemon(SCENE, "rotated", "--profile-key", fresh, "--profile-key",
                                        SCENE.profile_key)
        with both.wait_ready().client("backend") as client:
            request = members.UpdateProfileRequest(
                member=by_id("a-5"), profile=members.Profile(revision=1, language="en"))
            self.assertEqual(client.ask("UpdateProfile", request).revision, 2)
        both.stop()
        reply = self.client.call("GetProfile", members.GetProfileRequest(member=by_id("a-5")))
        self.refused(reply, "PROFILE_UNREADABLE")  # the old key alone reads nothing new
        self.assertNotIn(old.strip(), reply.error.message)


class Ctl(Case):
    def ctl(self, *words, check=True):
        return SCENE.world.ctl("--as", "backend", "member", *words, daemon=SCENE.daemons[0],
                               check=check)

    def test_identifiers_and_profiles(self):
        scene.must(self.enrol("ctl-1", identifier(CARD, card(91))))
        self.ctl("identifier", "add", "ctl-1", "phone:+8613755555555")
        self.ctl("identifier", "replace", "ctl-1", f"card:{card(91)}", f"card:{card(92)}",
                 "--reason", "lost")
        self.assertIn("ctl-1", self.ctl("get", f"card:{card(92)}").stdout)
        self.assertIn("replaced", self.ctl("get", f"card:{card(91)}", check=False).stderr)
        self.ctl("identifier", "remove", "ctl-1", "phone:+8613755555555")
        refused = self.ctl("identifier", "remove", "ctl-1", "phone:+8613755555555", check=False)
        self.assertIn("UNKNOWN_IDENTIFIER", refused.stderr)
        self.assertEqual(self.ctl("identifier", "add", "ctl-1", "ctl-2", check=False).returncode, 2)
        self.ctl("profile", "set", "ctl-1", "--birthday", "1990-01-02", "--consent", "mail=yes",
                 "--consent", "sms=no")
        self.ctl("profile", "set", "ctl-1", "--language", "zh", "--consent", "sms=yes")
        shown_ = self.ctl("profile", "get", "ctl-1").stdout
        for part in ("1990-01-02", "zh", "mail: yes", "sms: yes"):
            self.assertIn(part, shown_)
        self.assertEqual(self.ctl("profile", "set", "ctl-1", check=False).returncode, 2)


class Crashes(Case):
    def test_an_enrolment_cut_between_its_steps_blocks_no_card(self):
        """The daemon is killed while enrolments run; whatever was left open, each card then finds
        the member whose enrolment is answered well, and nobody's card stays blocked."""
        victim = SCENE.start_daemon("victim")
        victim.wait_ready()
        ids = {}
        client = victim.client("backend")
        for number in range(60):
            request = members.EnrollRequest(
                mutation=mutation(), member_id=f"c-{number}",
                identifiers=[identifier(CARD, card(100 + number)),
                             identifier(PHONE, f"+86137000000{number:02}")])
            ids[number] = request
            client.submit("Enroll", request)
            if number == 40:
                client.receive()  # some are surely begun
        victim.kill_now()
        client.close()
        for number, request in ids.items():
            answer = scene.must(self.client.call("Enroll", request))
            self.assertEqual(list(answer.unbound), [])
            for ref in (shown(CARD, card(100 + number)), shown(PHONE, f"+86137000000{number:02}")):
                self.assertEqual(scene.must(self.get(ref)).member_id, f"c-{number}")

    def test_a_card_of_nobody_can_be_taken(self):
        """The claim of an enrolment that was never written: the key points to a log that does not
        list it."""
        scene.must(self.enrol("d-1", identifier(CARD, card(61))))
        keys = [key for key in SCENE.redis.command("KEYS", "ly:*:i:*")
                if SCENE.redis.command("GET", key) == b"d-1"]
        self.assertEqual(len(keys), 1)
        SCENE.redis.command("SET", keys[0], "ghost")
        self.refused(self.get(shown(CARD, card(61))), "UNKNOWN_MEMBER")
        scene.must(self.add("d-1", CARD, card(61)))
        self.assertEqual(scene.must(self.get(shown(CARD, card(61)))).member_id, "d-1")


if __name__ == "__main__":
    scene.run_tests(SCENE)
