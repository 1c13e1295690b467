"""Clients that keep a journal: each writes down what it means to do, asks, and asks again, of
whichever daemon is there, until the answer is definite.

A Till awards, redeems, reserves, reverses and reads; a Desk enrols, now and then two members with
one card number. Sometimes one asks again for what it has long had the answer to, which must be the
same answer; and sometimes one takes "certainly not executed" at its word and goes away.
"""

import random
import threading
import time

import frames
import journal
import scene
from scene import now_ms

TIMEOUT_S = 1.5  # then another daemon is asked
PAUSE_S = 0.02  # before it asks again
CUSTOMER_S = 0.01  # the longest between customers
PATIENCE_S = 60  # with one errand
ABANDON_SHARE = 0.1
HOLD_ENDED = {"HOLD_LAPSED", "HOLD_CAPTURED", "HOLD_RELEASED"}
REFUSALS = {"Redeem": {"INSUFFICIENT_POINTS"}, "Reserve": {"INSUFFICIENT_POINTS"},
            "Capture": HOLD_ENDED, "Release": HOLD_ENDED, "Enroll": {"IDENTIFIER_TAKEN"},
            "PublishProgram": {"ETAG_MISMATCH"}}
PUBLISH_LEAD_MS = 90_000
CARD = frames.common.IDENTIFIER_KIND_CARD_NUMBER
PHONE = frames.common.IDENTIFIER_KIND_PHONE


class Book:
    """What the clerks of one club share."""

    def __init__(self, path, seed):
        self.journal = journal.Journal(path)
        self.seed = seed
        self.lock = threading.Lock()
        self.members = []
        self.seen = {}  # member -> the highest seq an answer has shown
        self.counts = {what: 0 for what in ("applied", "refused", "abandoned", "left", "read",
                                            "retried", "replayed", "repeated")}

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    def show(self, member, seq):
        with self.lock:
            self.seen[member] = max(self.seen.get(member, 0), seq)

    def definite(self):
        return self.counts["applied"] + self.counts["refused"]


class Errand:
    """One thing a clerk wants; a mutation is an intent of the journal."""

    def __init__(self, member, method, request, first=None):
        self.member = member
        self.method = method
        self.request = request
        self.id = None if method == "GetMember" else request.mutation.request_id
        self.first = first  # the answer it had before, when it is asked for again
        self.written = self.id is None or first is not None  # in the journal
        self.begun = time.monotonic()
        self.attempts = 0
        self.certain = True  # no attempt so far can have had an effect
        self.was_certain = True
        self.seq = 0  # what a read must show at least
        self.ended = False


class Clerk:
    """Works until told to end, and then until nothing is open. What it wants, `make` says."""

    role = None
    window = 6  # errands at a time
    again_share = 0.05

    def __init__(self, club, book, number):
        self.club = club
        self.book = book
        self.random = random.Random(f"{book.seed}/{self.role}/{number}")
        self.daemon = number
        self.client = None
        self.open = []
        self.lines = []
        self.past = []  # errands with their answers

    def make(self):
        raise NotImplementedError

    def work(self, ending):
        while not ending.is_set() or self.open:
            self.go_round(fresh=not ending.is_set())

    def leave(self):
        """Goes away and never asks again."""
        left = [errand for errand in self.open if errand.id is not None and errand.first is None]
        self.book.journal.write([{journal.LEFT: errand.id} for errand in left])
        for _ in left:
            self.book.count("left")
        self.open = []

    def go_round(self, fresh=True):
        """Asks for all that is open at once; what has no definite answer stays open."""
        while fresh and len(self.open) < self.window:
            again = self.past and self.random.random() < self.again_share
            self.open.append(self._again() if again else self.make())
        self.book.journal.write([
            {"intent": errand.id, "member": errand.member, "method": errand.method,
             "request": journal.encode(errand.request)}
            for errand in self.open if not errand.written])
        for errand in self.open:
            errand.written = True
        self._ask()
        self.book.journal.write(self.lines)
        self.lines = []
        self.open = [errand for errand in self.open if not errand.ended]
        time.sleep(PAUSE_S if self.open else CUSTOMER_S * self.random.random())

    def _again(self):
        errand, answer = self.random.choice(self.past)
        return Errand(errand.member, errand.method, errand.request, first=answer)

    # --- asking ---

    def _connect(self):
        if self.client is None:
            daemon = self.club.daemons[self.daemon % len(self.club.daemons)]
            context = frames.tls_context(self.club.world.tls, self.role)
            self.client = frames.Client(daemon.port, context, timeout_s=TIMEOUT_S)
        return self.client

    def _ask(self):
        try:
            client = self._connect()
            waiting = {}
            for errand in self.open:
                self._begin(errand)
                waiting[client.submit(errand.method, errand.request)] = errand
            while waiting:
                correlation, reply = client.receive()
                self._take(waiting.pop(correlation), reply)
        except (frames.Closed, OSError):  # also when nothing comes in time
            self.client = None
            self.daemon += 1

    def _begin(self, errand):
        waited_s = time.monotonic() - errand.begun
        assert waited_s < PATIENCE_S, f"{errand.method} {errand.id} has no answer"
        errand.attempts += 1
        errand.was_certain = errand.certain
        errand.certain = False
        errand.seq = self.book.seen.get(errand.member, 0)
        if errand.attempts > 1:
            self.book.count("retried")

    # --- answers ---

    def _take(self, errand, reply):
        code = scene.code(reply)
        if code == scene.UNAVAILABLE:
            errand.certain = errand.was_certain
            self._perhaps_abandon(errand)
            return
        if code in scene.OPEN_OUTCOMES:
            return
        errand.ended = True
        if reply.error is not None and reply.error.reason not in REFUSALS.get(errand.method, ()):
            raise AssertionError(f"{errand.method} {errand.member} {errand.id}: {reply.error}")
        if errand.id is None:
            self._take_read(errand, reply)
        elif errand.first is not None:
            self._take_repeated(errand, reply)
        else:
            self._take_definite(errand, reply)

    def _perhaps_abandon(self, errand):
        if (errand.certain and errand.id is not None and errand.first is None
                and self.random.random() < ABANDON_SHARE):
            errand.ended = True
            self.lines.append({journal.ABANDONED: errand.id})
            self.book.count("abandoned")

    def _take_read(self, errand, reply):
        seq = reply.message.seq
        assert seq >= errand.seq, f"{errand.member} is at {seq}, was at {errand.seq} before"
        self.lines.append({"seen": errand.member, "seq": seq})
        self.book.show(errand.member, seq)
        self.book.count("read")

    def _take_repeated(self, errand, reply):
        answer = reply.error or reply.message
        untraced = errand.method not in journal.TRACED and reply.error is not None
        assert answer == errand.first and (reply.replayed or untraced), \
            f"{errand.id}: first {errand.first}, then {reply}"
        self.book.count("repeated")

    def _take_definite(self, errand, reply):
        if reply.replayed:
            self.book.count("replayed")
        if reply.error is not None:
            self.lines.append({journal.REFUSED: errand.id, "error": journal.encode(reply.error)})
            self.book.count("refused")
        else:
            self.lines.append({journal.APPLIED: errand.id, "reply": journal.encode(reply.message)})
            self.book.show(errand.member, journal.seq_of(reply.message))
            self.book.count("applied")
        self.past.append((errand, reply.error or reply.message))


class Till(Clerk):
    """Awards, redeems, reserves and reads, of all members or of those it was given; captures,
    releases and takes back what it has done."""

    role = "till"

    def __init__(self, club, book, number, members=None):
        super().__init__(club, book, number)
        self.members = members if members is not None else book.members
        self.holds = []  # reservations that nothing has become of, by this till's doing
        self.done = []  # what can be reversed

    def make(self):
        member = self.random.choice(self.members)
        chance = self.random.random()
        if chance < 0.1:
            return Errand(member, "GetMember", frames.get_member_request(member))
        if chance < 0.35:
            return self._mutation(member, self.random.choice(("Redeem", "Redeem", "Reserve")))
        if chance < 0.45 and self.holds:
            return self._end_hold(*self.holds.pop(self.random.randrange(len(self.holds))))
        if chance < 0.55 and self.done:
            return self._take_back(*self.random.choice(self.done))
        return self._mutation(member, "Award")

    def _end_hold(self, member, reservation):
        if self.random.random() < 0.3:
            return self._errand(member, "Release", frames.release_request(
                member, reservation, now_ms()))
        return self._errand(member, "Capture", frames.capture_request(
            member, reservation, now_ms(), points=self.random.choice((0, 1))))

    def _take_back(self, method, request):
        """The whole or a part, which may have been taken back before."""
        part = {"Award": {"amount_minor": self.random.randrange(1, 5000)},
                "Redeem": {"points": self.random.randint(1, 60)}}.get(method, {})
        if self.random.random() < 0.5:
            part = {}
        member = request.member.member_id
        return self._errand(member, "Reverse", frames.reverse_request(
            member, request, now_ms(), **part))

    def _take_definite(self, errand, reply):
        super()._take_definite(errand, reply)
        if reply.error is not None:
            return
        if errand.method == "Reserve":
            self.holds.append((errand.member, errand.id))
        if errand.method in ("Award", "Redeem", "Reserve", "Capture"):
            self.done.append((errand.method, errand.request))

    def _mutation(self, member, method):
        if method == "Award":
            request = frames.award_request(member, self.random.randrange(100, 5000), now_ms())
        else:
            make = {"Redeem": frames.redeem_request, "Reserve": frames.reserve_request}[method]
            request = make(member, self.random.randint(1, 60), now_ms())
        return self._errand(member, method, request)

    def _errand(self, member, method, request):
        if self.random.random() < 0.5:
            request.mutation.min_seq = self.book.seen.get(member, 0)
        return Errand(member, method, request)


class Desk(Clerk):
    """Enrols; whom it has enrolled, the tills serve."""

    role = "backend"
    window = 2

    def make(self):
        member = f"m{self.random.getrandbits(48):012x}"
        request = frames.enrol_request(member, now_ms())
        rival = self.random.random() < 0.3 and self.open and self.open[-1].method == "Enroll"
        cards = self.open[-1].request.identifiers if rival else ()
        card = cards[0].value if cards else f"card-{self.random.getrandbits(48):012x}"
        request.identifiers.add(kind=CARD, value=card)
        if self.random.random() < 0.3:
            request.identifiers.add(kind=PHONE, value=f"+86{self.random.randrange(10**11):011}")
        return Errand(member, "Enroll", request)

    def _take_definite(self, errand, reply):
        super()._take_definite(errand, reply)
        if reply.error is None:
            self.book.members.append(errand.member)


class Office(Clerk):
    """Publishes the program that is there once more, to take effect after all others."""

    role = "admin"
    window = 1

    def make(self):
        with self.club.client("admin", self.daemon % len(self.club.daemons)) as client:
            now = client.ask("GetProgram", frames.programs.GetProgramRequest())
        last_ms = frames.instant_ms(now.versions[-1].effective_from)
        request = frames.programs.PublishProgramRequest(
            mutation=frames.mutation(None, now_ms()), program=now.program, etag=now.etag,
            reason="once more")
        request.effective_from.CopyFrom(type(request.effective_from)(
            **frames.stamp(max(last_ms + 1, now_ms() + PUBLISH_LEAD_MS))))
        return Errand("program", "PublishProgram", request)
