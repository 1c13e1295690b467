"""Holds the service to the clients' journal, when nothing is open:

- every request that was answered stands in the log exactly once, at the place the answer said, and
  the service still gives that very answer;
- what "was certainly not executed" and abandoned stands nowhere; what was left open, once at most;
- nothing stands there that nobody asked for;
- balances and totals are the sums of the answers, and an identifier is one member's;
- the service's own verification finds no fault; events are one a commit, chained, without a gap
  (support/ledger.py).
"""

import collections
import time

import frames
import journal
import ledger
import scene

OUTCOME = frames.MODULES["points"]
REPLIES = {"Award": "award", "Redeem": "redeem", "Enroll": "enroll", "Reserve": "reserve",
           "Capture": "capture", "Release": "release", "Reverse": "reverse"}
PATIENCE_S = 30  # with "try again", right after a kill
FIRST_PROGRAM = [("program", 1)]  # published before the clerks came


class Oracle:
    """For one club. `check` looks at what is new, at everything when told to."""

    def __init__(self, club, path):
        self.club = club
        self.reader = journal.Reader(path)
        self.stored = ledger.Stored()
        self.problems = []
        self.checked = 0
        self.lost = 0
        self.double = 0
        self.landed = set()  # of those left open

    def blame(self, text):
        self.problems.append(text)

    def check(self, daemon=0, everything=False):
        ended = self.reader.read()
        still_open = self.reader.open()
        assert not still_open, f"open: {[intent.id for intent in still_open]}"
        self.stored.read(self.club.redis)
        intents = list(self.reader.intents.values()) if everything else ended
        self._check_places(intents)
        self._check_answers(intents, daemon)
        self._check_members(daemon)
        self._check_totals(daemon)
        if everything:
            self._check_identifiers(daemon)
            self._check_nothing_else()
        self.checked += len(ended)
        assert not self.problems, "\n".join(self.problems[:20])

    # --- the log ---

    def _check_places(self, intents):
        for intent in intents:
            found = self.stored.places.get(intent.id, [])
            if len(found) > 1:
                self.double += 1
                self.blame(f"{intent.id} stands {len(found)} times: {found}")
            elif intent.fate == journal.APPLIED:
                self._check_applied(intent, found)
            elif (intent.fate == journal.REFUSED and intent.method in journal.TRACED
                  and not found):
                self.lost += 1
                self.blame(f"the refusal of {intent.id} was not remembered")
            elif intent.fate == journal.ABANDONED and found:
                self.double += 1
                self.blame(f"{intent.id} was certainly not executed, but stands at {found}")
            elif intent.fate == journal.LEFT:
                self.landed.update({intent.id} if found else ())

    def _check_applied(self, intent, found):
        if not found:
            self.lost += 1
            self.blame(f"{intent.id} was acknowledged to {intent.member} and is not there")
        elif found != [intent.place()]:
            self.blame(f"{intent.id} stands at {found}, was acknowledged at {intent.place()}")

    def _check_nothing_else(self):
        for request_id, found in self.stored.places.items():
            if request_id not in self.reader.intents and found != FIRST_PROGRAM:
                self.blame(f"{request_id} at {found} is nobody's intent")

    # --- the answers ---

    def _check_answers(self, intents, daemon):
        asked = {intent.id: intent for intent in intents if intent.method in REPLIES
                 and (intent.fate != journal.REFUSED or intent.method in journal.TRACED)}
        requests = ((intent.id, "GetOutcome", OUTCOME.GetOutcomeRequest(
            member=frames.member_ref(intent.member), request_id=intent.id))
                    for intent in asked.values())
        for request_id, reply in self._ask("till", daemon, requests):
            self._check_answer(asked[request_id], reply)

    def _check_answer(self, intent, reply):
        if reply.error is not None:
            self.blame(f"GetOutcome of {intent.id}: {reply.error}")
            return
        outcome = reply.message
        if intent.fate == journal.APPLIED:
            same = (outcome.status == OUTCOME.OUTCOME_STATUS_APPLIED
                    and getattr(outcome, REPLIES[intent.method]) == intent.answer)
        elif intent.fate == journal.REFUSED:
            same = (outcome.status == OUTCOME.OUTCOME_STATUS_REFUSED
                    and outcome.refusal == intent.answer)
        else:
            same = (intent.fate == journal.LEFT
                    or outcome.status == OUTCOME.OUTCOME_STATUS_NOT_SEEN_YET)
        if not same:
            self.blame(f"{intent.id} ({intent.fate}): {intent.answer} became {outcome}")

    # --- figures ---

    def _balances(self):
        """Of each member, by the answers; those with something left open may have more."""
        balances = collections.Counter()
        loose = set()
        for intent in self.reader.intents.values():
            if intent.method == "Enroll" and intent.fate == journal.APPLIED:
                balances[intent.member] += 0
            if intent.fate == journal.LEFT:
                loose.add(intent.member)
            if intent.method in REPLIES:
                balances[intent.member] += intent.points()
        return {member: balance for member, balance in balances.items() if member not in loose}

    def _check_members(self, daemon):
        enrolled = {intent.member for intent in self.reader.intents.values()
                    if intent.method == "Enroll" and intent.fate == journal.APPLIED}
        balances = {member: balance for member, balance in self._balances().items()
                    if member in enrolled}
        requests = ((member, "GetMember", frames.get_member_request(member))
                    for member in balances)
        for member, reply in self._ask("backend", daemon, requests):
            if reply.error is not None:
                self.blame(f"GetMember of {member}: {reply.error}")
                continue
            standing = reply.message.standing
            if standing.balance + standing.held != balances[member]:
                self.blame(f"{member} has {standing.balance} and {standing.held} held, "
                           f"by the answers {balances[member]}")
            elif reply.message.seq < self.reader.seen.get(member, 0):
                self.lost += 1
                self.blame(f"{member} is at {reply.message.seq}, was seen at "
                           f"{self.reader.seen[member]}")

    def _check_totals(self, daemon):
        """As loyaltyctl verify --all, which the end of a season runs."""
        awarded = 0
        request = frames.admin.VerifyAccountsRequest
        pages = [(partition, 0) for partition in range(self.stored.partitions)]
        while pages:
            requests = [(page, "VerifyAccounts", request(partition=page[0], cursor=page[1]))
                        for page in pages]
            pages = []
            for (partition, _), reply in self._ask("admin", daemon, requests):
                assert reply.error is None, reply.error
                awarded += reply.message.points_awarded
                self.problems += [f"verify: {fault}" for fault in reply.message.faults]
                if reply.message.next_cursor:
                    pages.append((partition, reply.message.next_cursor))
        answered = sum(intent.points() for intent in self.reader.intents.values()
                       if intent.method == "Award")
        if awarded != answered and not self.landed:
            self.blame(f"{awarded} points were awarded, by the answers {answered}")

    # --- identifiers ---

    def _check_identifiers(self, daemon):
        owners = collections.defaultdict(set)
        for intent in self.reader.intents.values():
            if intent.method == "Enroll" and intent.fate == journal.APPLIED:
                for identifier in intent.request.identifiers:
                    if identifier.kind not in intent.answer.unbound:
                        owners[identifier.kind, identifier.value].add(intent.member)
        requests = ((key, "GetMember", frames.members.GetMemberRequest(
            member=frames.common.MemberRef(identifier=frames.common.Identifier(
                kind=key[0], value=key[1])))) for key in owners)
        for key, reply in self._ask("backend", daemon, requests):
            found = None if reply.error is not None else reply.message.member_id
            if owners[key] != {found}:
                self.blame(f"{key} is {found}'s, was given to {owners[key]}")

    # --- asking ---

    def _ask(self, role, daemon, requests):
        """Of (key, method, request), each until it is answered other than with "try again"; gives
        (key, reply)."""
        end = time.monotonic() + PATIENCE_S
        left = {key: (method, request) for key, method, request in requests}
        asked_one = self.club.daemons[daemon]
        assert asked_one.alive(), f"it ended by itself: {asked_one.output()}"
        with self.club.client(role, daemon) as client:
            while left:
                asked = [(key, *what) for key, what in left.items()]
                for key, reply in client.each(asked):
                    if scene.code(reply) != scene.UNAVAILABLE or time.monotonic() > end:
                        del left[key]
                        yield key, reply
