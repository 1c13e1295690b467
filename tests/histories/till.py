"""Clients of a history: each sends awards, redemptions, reads and lookups through either daemon,
one intent after the other, and writes down what it was told and when. What got no definite answer
is sent again with the same id, mostly through the other daemon, or given up; some requests go to
both daemons at once, and some are sent again although they were answered.
"""

import random
import threading
import time

import support  # noqa: F401 (finds the rest)
import frames
import scene
from operations import (APPLIED, AWARD, LOOKUP, NEVER, OPEN, READ, REDEEM, REFUSED, TOLD, UNSEEN,
                        Operation)

POINTS_MAX = 1 << 36
METHODS = {AWARD: "Award", REDEEM: "Redeem", READ: "GetMember", LOOKUP: "GetOutcome"}
DEADLINE_SLACK_NS = 1_000_000  # deadlines are whole milliseconds
OUTCOMES = {frames.points.OUTCOME_STATUS_APPLIED: APPLIED,
            frames.points.OUTCOME_STATUS_REFUSED: REFUSED,
            frames.points.OUTCOME_STATUS_NOT_SEEN_YET: UNSEEN}


class Wrong(Exception):
    """An answer that is wrong by itself."""


class Board:
    """What the clients of one history know of each other: enough to meet."""

    def __init__(self, members):
        self.members = members
        self.balances = dict.fromkeys(members, 0)
        self.recent = {member: [] for member in members}
        self.ending = threading.Event()
        self.wrong = threading.Event()
        self.definite = 0  # answers so far, roughly: for whoever waits for some more


class Links:
    """A client's connections, one to each daemon, opened when needed."""

    def __init__(self, club, context, timeout_s):
        self.club = club
        self.context = context
        self.timeout_s = timeout_s
        self.open = {}

    def submit(self, number, method, request, timeout_ms):
        """False: certainly nothing was sent."""
        if number not in self.open:
            try:
                self.open[number] = frames.Client(self.club.daemons[number].port, self.context,
                                                  self.timeout_s)
            except OSError:
                return False
        try:
            self.open[number].submit(method, request, timeout_ms)
        except (frames.Closed, TimeoutError):
            self.drop(number)
        return True

    def receive(self, number):
        """The answer; None when there will be none."""
        if number not in self.open:
            return None
        try:
            return self.open[number].receive()[1]
        except (frames.Closed, TimeoutError):
            self.drop(number)
            return None

    def drop(self, number):
        self.open.pop(number).close()

    def close(self):
        for number in list(self.open):
            self.drop(number)


class Till(threading.Thread):
    """One client. `operations` is its part of the history."""

    def __init__(self, seed, board, club, context, pace_s):
        super().__init__(daemon=True)
        self.random = random.Random(seed)
        self.client = seed.rsplit("/", 1)[1]
        self.board = board
        self.pace_s = pace_s
        self.links = Links(club, context, self.random.uniform(0.6, 3))
        self.favourite = self.random.randrange(2)
        self.seen_seq = dict.fromkeys(board.members, 0)
        self.operations = []
        self.answers = {}  # name -> the first definite answer, as bytes
        self.fresh = 0     # answers to the mutation at hand that were not marked as replayed
        self.resent = 0
        self.wrong = None

    def run(self):
        try:
            while not self.board.ending.is_set():
                time.sleep(self.random.expovariate(1 / self.pace_s))
                self.do_something()
        except Exception as error:  # pylint: disable=broad-except
            self.wrong = error
            self.board.wrong.set()
        self.links.close()

    def do_something(self):
        kind = self.random.choices((AWARD, REDEEM, READ, LOOKUP), (5, 6, 4, 3))[0]
        member = self.random.choice(self.board.members)
        if kind == READ:
            self.ask(Operation(self.own_name(), READ, member, 0),
                     frames.get_member_request(member), self.take_member)
        elif kind == LOOKUP:
            if self.board.recent[member]:
                self.look_up(member, self.random.choice(self.board.recent[member][-40:]))
        else:
            self.mutate(kind, member)

    def own_name(self):
        return f"{self.client}-{len(self.operations)}"

    # --- reads ---

    def ask(self, operation, request, take):
        """A read: sent once, and only of interest when answered."""
        operation.client = self.client
        operation.begun = time.monotonic_ns()
        number = self.random.randrange(2)
        if not self.links.submit(number, METHODS[operation.kind], request, 0):
            return
        reply = self.links.receive(number)
        operation.ended = time.monotonic_ns()
        if reply is None or scene.code(reply) in (scene.UNAVAILABLE, *scene.OPEN_OUTCOMES):
            return
        take(operation, scene.must(reply, operation.describe()))
        self.operations.append(operation)

    def take_member(self, operation, message):
        operation.answer = TOLD
        operation.balance = message.standing.balance
        operation.seq = message.seq
        self.see(operation.member, message.seq, operation.balance)

    def look_up(self, member, target):
        request = frames.points.GetOutcomeRequest(member=frames.member_ref(member),
                                                  request_id=target)
        self.ask(Operation(self.own_name(), LOOKUP, member, 0, target=target), request,
                 self.take_outcome)

    def take_outcome(self, operation, message):
        operation.answer = OUTCOMES[message.status]
        if operation.answer == APPLIED:
            stored = getattr(message, message.WhichOneof("reply"))
            operation.balance, operation.seq = stored.standing.balance, stored.seq
        elif operation.answer == REFUSED:
            operation.balance = message.refusal.figures["available"]

    def see(self, member, seq, balance):
        self.seen_seq[member] = max(self.seen_seq[member], seq)
        self.board.balances[member] = balance
        self.board.definite += 1

    # --- mutations ---

    def make(self, kind, member):
        """An award or redemption that nobody has asked for before, and its request."""
        operation = Operation(frames.new_id(), kind, member, 0, client=self.client)
        if kind == AWARD:
            operation.points = self.random.randrange(1, POINTS_MAX)
            request = frames.award_request(member, operation.points, scene.now_ms(),
                                           operation.name)
        else:
            share = self.random.choice((1, 1, self.random.uniform(0.1, 1.3)))
            operation.points = max(1, int(self.board.balances[member] * share))
            request = frames.redeem_request(member, operation.points, scene.now_ms(),
                                            operation.name)
        if self.random.random() < 0.2:
            request.mutation.min_seq = self.seen_seq[member]
        if self.random.random() < 0.2:
            left_ms = self.random.choice((20, 200, 1500))
            wall_ns, operation.until = time.time_ns(), time.monotonic_ns()
            request.mutation.deadline.FromMilliseconds(wall_ns // 1_000_000 + left_ms)
            operation.until += left_ms * 1_000_000 + DEADLINE_SLACK_NS
        return operation, request

    def mutate(self, kind, member):
        """Sends a mutation until it is answered, or given up."""
        operation, request = self.make(kind, member)
        self.fresh = 0
        sent = doubtful = False
        while not operation.ended and not self.board.wrong.is_set():
            was_sent = sent
            for reply in self.attempt(operation, request, first=not sent):
                sent = True
                doubtful = not self.take(operation, reply) or doubtful
            self.resent += was_sent
            if not operation.ended and sent and not self.goes_on(operation, request):
                break
        if not sent:
            return
        if not operation.ended and not doubtful:
            operation.answer = NEVER
        self.operations.append(operation)
        if operation.ended and self.random.random() < 0.1:
            for reply in self.attempt(operation, request, first=False):
                self.take(operation, reply)

    def goes_on(self, operation, request):
        """Whether to send it once more. Past its deadline that is of no use with the same one."""
        self.favourite = 1 - self.favourite
        time.sleep(self.random.uniform(0, 0.03))
        if self.random.random() < 0.2:
            return False
        if operation.until is None or time.monotonic_ns() < operation.until:
            return True
        if self.random.random() < 0.5:
            self.look_up(operation.member, operation.name)
            return False
        operation.until = None
        request.mutation.ClearField("deadline")
        return True

    def attempt(self, operation, request, first):
        """Sends it through one daemon or both; yields the answers, None for each that is lost."""
        both = self.random.random() < 0.1
        numbers = [self.favourite, 1 - self.favourite][:2 if both else 1]
        if first:
            operation.begun = time.monotonic_ns()
            if self.board.recent[operation.member][-1:] != [operation.name]:
                self.board.recent[operation.member].append(operation.name)
        timeout_ms = self.random.choice((0, 0, 500, 2500))
        asked = [number for number in numbers
                 if self.links.submit(number, METHODS[operation.kind], request, timeout_ms)]
        if not asked:
            self.favourite = 1 - self.favourite
            time.sleep(0.01)
        for number in asked:
            yield self.links.receive(number)

    def take(self, operation, reply):
        """Writes down an answer. False when the attempt may have been executed all the same."""
        now = time.monotonic_ns()
        if reply is None or scene.code(reply) in scene.OPEN_OUTCOMES:
            return False
        if scene.code(reply) == scene.UNAVAILABLE:
            return True
        if reply.error is None:
            answer = APPLIED, reply.message.standing.balance, reply.message.seq
            words = reply.message.SerializeToString(deterministic=True)
            if reply.message.points != operation.points:
                raise Wrong(f"{reply.message} answers {operation.describe()}")
        elif reply.error.reason == "INSUFFICIENT_POINTS" and operation.kind == REDEEM:
            answer = REFUSED, reply.error.figures["available"], None
            words = reply.error.SerializeToString(deterministic=True)
        else:
            raise Wrong(f"{reply.error} answers {operation.describe()}")
        self.note(operation, now, answer, words, reply.replayed)
        return True

    def note(self, operation, now, answer, words, replayed):
        self.fresh += not replayed
        if self.answers.setdefault(operation.name, words) != words or self.fresh > 1:
            raise Wrong(f"two answers of one id: {answer}, replayed={replayed}, and "
                        f"{operation.describe()}")
        if operation.ended is None:
            operation.ended = now
            operation.answer, operation.balance, operation.seq = answer
            self.see(operation.member, operation.seq or 0, operation.balance)
