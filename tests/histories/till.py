"""Clients of a history: each sends awards, redemptions, reads and lookups through either daemon,
one intent after the other, and writes down what it was told and when. What got no definite answer
is sent again with the same id, mostly through the other daemon, or given up; some requests go to
both daemons at once, and some are sent again although they were answered.
"""

import dataclasses
import random
import threading
import time

import support  # noqa: F401 (finds the rest)
import frames
import scene
from operations import (APPLIED, AWARD, LOOKUP, NEVER, READ, REDEEM, REFUSED, TOLD, UNSEEN,
                        Operation)

POINTS_MAX = 1 << 37  # chosen at random: sums of a few are sums of no others
REDEEM_MAX = 10**12
OPEN_MAX = 12         # of a member, but for those whose deadline has passed
METHODS = {AWARD: "Award", REDEEM: "Redeem", READ: "GetMember", LOOKUP: "GetOutcome"}
PATIENCE_MAX_S = 10
DEADLINE_SLACK_NS = 1_000_000  # deadlines are whole milliseconds
OUTCOMES = {frames.points.OUTCOME_STATUS_APPLIED: APPLIED,
            frames.points.OUTCOME_STATUS_REFUSED: REFUSED,
            frames.points.OUTCOME_STATUS_NOT_SEEN_YET: UNSEEN}


class Wrong(Exception):
    """An answer that is wrong by itself."""


@dataclasses.dataclass(frozen=True)
class Manner:
    """How the clients of a history behave."""

    kinds: dict            # how often they do what
    deadline_share: float  # of mutations
    lane_change: float     # of mutations: begun by way of the first daemon, whose lane can be held
    lane_read: float       # of reads: the same
    insist: float          # how often one goes on past its deadline, without one


# Members change all the time, by way of both daemons; clients insist on answers.
BUSY = Manner({AWARD: 5, REDEEM: 6, READ: 4, LOOKUP: 3}, 0.2, 0.5, 0.5, 0.5)
# Members are looked at through one daemon, and now and then changed through the other: what takes
# effect too late stands out.
WATCHED = Manner({AWARD: 2, REDEEM: 1, READ: 60, LOOKUP: 15}, 0.8, 0.97, 0.03, 0.05)


class Board:
    """What the clients of one history know of each other: enough to meet."""

    def __init__(self, members, manner):
        self.members = members
        self.manner = manner
        self.balances = dict.fromkeys(members, 0)
        self.recent = {member: [] for member in members}
        self.open_left = dict.fromkeys(members, OPEN_MAX)
        self.ending = threading.Event()
        self.wrong = threading.Event()
        self.definite = 0  # answers so far, roughly: for whoever waits for some more


class Links:
    """A client's connections, one to each daemon, opened when needed. Its patience grows with every
    silence that ends it, and back with the answers: so it gets on on a slow machine too."""

    def __init__(self, club, context, patience_s):
        self.club = club
        self.context = context
        self.least_s = self.patience_s = patience_s
        self.open = {}

    def submit(self, number, method, request, timeout_ms):
        """False: certainly nothing was sent."""
        if number not in self.open:
            try:
                self.open[number] = frames.Client(self.club.daemons[number].port, self.context,
                                                  self.patience_s)
            except OSError as error:
                self.learn(error)
                return False
        try:
            self.open[number].submit(method, request, timeout_ms)
        except (frames.Closed, TimeoutError) as error:
            self.learn(error)
            self.drop(number)
        return True

    def receive(self, number):
        """The answer; None when there will be none."""
        if number not in self.open:
            return None
        try:
            reply = self.open[number].receive()[1]
            self.patience_s = max(self.least_s, self.patience_s * 0.9)
            return reply
        except (frames.Closed, TimeoutError) as error:
            self.learn(error)
            self.drop(number)
            return None

    def learn(self, error):
        if isinstance(error, TimeoutError):
            self.patience_s = min(PATIENCE_MAX_S, self.patience_s * 1.5)

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
        self.links = Links(club, context, self.random.uniform(0.3, 2))
        self.favourite = 0  # the daemon that the next attempt goes through
        self.seen_seq = dict.fromkeys(board.members, 0)
        self.operations = []
        self.answers = {}  # name -> the first definite answer, as bytes
        self.fresh = 0     # answers to the mutation at hand that were not marked as replayed
        self.resent = 0
        self.wrong = None

    def run(self):
        try:
            while not self.board.ending.is_set() and not self.board.wrong.is_set():
                time.sleep(self.random.expovariate(1 / self.pace_s))
                self.do_something()
        except Exception as error:  # pylint: disable=broad-except
            self.wrong = f"{type(error).__name__}: {error}"
            self.board.wrong.set()
        self.links.close()

    def do_something(self):
        kind = self.pick(self.board.manner.kinds)
        member = self.random.choice(self.board.members)
        if kind == READ:
            self.ask(Operation(self.own_name(), READ, member, 0),
                     frames.get_member_request(member), self.take_member)
        elif kind == LOOKUP:
            if self.board.recent[member]:
                self.look_up(member, self.random.choice(self.board.recent[member][-40:]))
        else:
            self.mutate(kind, member)

    def pick(self, weights):
        return self.random.choices(list(weights), weights.values())[0]

    def pick_daemon(self, lane_share):
        return 0 if self.random.random() < lane_share else 1

    def own_name(self):
        return f"{self.client}-{len(self.operations)}"

    # --- reads ---

    def ask(self, operation, request, take):
        """A read: sent once, and only of interest when answered."""
        operation.client = self.client
        operation.begun = time.monotonic_ns()
        number = self.pick_daemon(self.board.manner.lane_read)
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
            operation.points = min(int(self.board.balances[member] * share), REDEEM_MAX) \
                or self.random.randrange(1, POINTS_MAX)
            request = frames.redeem_request(member, operation.points, scene.now_ms(),
                                            operation.name)
        if self.random.random() < 0.2:
            request.mutation.min_seq = self.seen_seq[member]
        if self.random.random() < self.board.manner.deadline_share:
            left_ms = self.random.choice((20, 100, 500))
            wall_ns, operation.until = time.time_ns(), time.monotonic_ns()
            request.mutation.deadline.FromMilliseconds(wall_ns // 1_000_000 + left_ms)
            operation.until += left_ms * 1_000_000 + DEADLINE_SLACK_NS
        return operation, request

    def mutate(self, kind, member):
        """Sends a mutation until it is answered or given up, and at times once more."""
        operation, request = self.make(kind, member)
        self.fresh = 0
        self.favourite = self.pick_daemon(self.board.manner.lane_change)
        sent, doubtful = self.send(operation, request)
        if not sent:
            return
        if operation.ended is None and not doubtful:
            operation.answer = NEVER
        self.operations.append(operation)
        if operation.ended is not None and self.random.random() < 0.1:
            for reply in self.attempt(operation, request, first=False):
                self.take(operation, reply)

    def send(self, operation, request):
        """Whether it was sent, and whether an attempt may have been executed without our knowing.
        An operation that has ended was answered."""
        attempts, doubtful = 0, False
        while operation.ended is None and not self.board.wrong.is_set():
            sent = False
            for reply in self.attempt(operation, request, first=not attempts):
                sent = True
                doubtful = not self.take(operation, reply) or doubtful
            attempts += sent
            if operation.ended is None and attempts \
                    and not self.goes_on(operation, request, doubtful):
                break
        self.resent += max(0, attempts - 1)
        return attempts > 0, doubtful

    def goes_on(self, operation, request, doubtful):
        """Whether to send it once more. Past its deadline that is of no use with the same one."""
        self.favourite = 1 - self.favourite
        time.sleep(self.random.uniform(0, 0.03))
        if operation.until is not None and time.monotonic_ns() > operation.until:
            if self.random.random() >= self.board.manner.insist:
                self.look_up(operation.member, operation.name)
                return False
            operation.until = None
            request.mutation.ClearField("deadline")
            return True
        if self.random.random() >= 0.2:
            return True
        self.board.open_left[operation.member] -= doubtful
        return doubtful and self.board.open_left[operation.member] < 0

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
