"""One history: members, clients, faults while they work, and at the end what everybody can see.
"""

import random
import time

import support  # noqa: F401 (finds the rest)
import faults
import frames
import numbered
import operations as history
import scene
import till
from operations import READ, Operation

PACE_S = 0.01        # a client's mean pause between two intents
QUIET_ANSWERS = 900  # a history without faults ends after so many
PAGE = 200
KINDS = {frames.members.ACTIVITY_KIND_AWARDED: history.AWARD,
         frames.members.ACTIVITY_KIND_REDEEMED: history.REDEEM,
         frames.members.ACTIVITY_KIND_REFUSED: history.REFUSED}


def wall_offset_ns():
    """How far the wall clock is from the monotonic one."""
    return sorted(time.time_ns() - time.monotonic_ns() for _ in range(9))[4]


class Recording:
    """A history by its seed and number. What came of it: `operations`; `entries`, the records by
    member; `wrong`, answers that were wrong by themselves, and then there are no entries."""

    def __init__(self, club, seed, number):
        self.club = club
        self.random = random.Random(f"{seed}/{number}")
        self.members = [f"h{seed}-{number}-{i}" for i in range(self.random.randint(1, 3))]
        self.fault_count = self.random.choice((0, 2, 3, 4, 5))
        watched = number % 3 == 1
        self.faults = faults.Faults(club, self.random,
                                    faults.Faults.LATE if watched else faults.Faults.ALL)
        self.board = till.Board(self.members, till.WATCHED if watched else till.BUSY)
        context = frames.tls_context(club.world.tls, "till")
        self.tills = [till.Till(f"{seed}/{number}/c{i}", self.board, club, context, PACE_S)
                      for i in range(self.random.randint(8, 24))]
        self.operations = []
        self.entries = {}
        self.wrong = []

    def run(self):
        for member in self.members:
            request = frames.enrol_request(member, scene.now_ms())
            self.until_answered(0, "Enroll", request)
        before_ns = wall_offset_ns()
        for one in self.tills:
            one.start()
        for _ in range(self.fault_count):
            self.await_answers(self.random.randrange(20, 300))
            if not self.board.wrong.is_set():
                self.faults.rest(0.05)
                self.faults.strike()
        self.faults.heal()
        self.await_answers(100 if self.fault_count else QUIET_ANSWERS)
        self.board.ending.set()
        for one in self.tills:
            one.join()
        self.operations = [operation for one in self.tills for operation in one.operations]
        self.wrong = [one.wrong for one in self.tills if one.wrong is not None]
        if not self.wrong:
            self.close()
        self.trust_deadlines(wall_offset_ns() - before_ns)

    def await_answers(self, some):
        goal = self.board.definite + some
        scene.world.wait_for(lambda: self.board.definite >= goal or self.board.wrong.is_set(),
                             "clients to be answered", 120)

    def until_answered(self, daemon, method, request):
        """The answer, however often it takes, and when it was asked for. Nothing else is wrong."""
        def attempt():
            begun = time.monotonic_ns()
            try:
                with self.club.client("backend", daemon) as client:
                    reply = client.call(method, request)
            except (frames.Closed, OSError):
                return None
            answer = scene.code(reply)
            return answer not in (scene.UNAVAILABLE, *scene.OPEN_OUTCOMES) and (reply, begun)

        reply, begun = scene.world.wait_for(attempt, f"an answer to {method}")
        return scene.must(reply, method), begun

    def close(self):
        """What both daemons say at last, and the records themselves."""
        for daemon in range(2):
            for member in self.members:
                answer, begun = self.until_answered(daemon, "GetMember",
                                                    frames.get_member_request(member))
                self.operations.append(Operation(
                    f"last-{daemon}-{member}", READ, member, begun, answer=history.TOLD,
                    ended=time.monotonic_ns(), balance=answer.standing.balance, seq=answer.seq,
                    client=f"daemon-{daemon}"))
        self.entries = {member: self.list_records(member) for member in self.members}

    def list_records(self, member):
        """All records but the first, which is the enrolment; the oldest first."""
        request = frames.members.ListActivityRequest(member=frames.member_ref(member),
                                                     page_size=PAGE)
        entries = []
        while True:
            page, _ = self.until_answered(0, "ListActivity", request)
            entries += [numbered.Entry(activity.seq, activity.request_id,
                                       KINDS.get(activity.kind, str(activity.kind)),
                                       activity.points) for activity in page.activities]
            request.page_token = page.next_page_token
            if not page.next_page_token:
                return entries[-2::-1]

    def trust_deadlines(self, moved_ns):
        """Deadlines are of the wall clock: where that was set meanwhile they say nothing."""
        if abs(moved_ns) > till.DEADLINE_SLACK_NS // 2:
            for operation in self.operations:
                operation.until = None

    def save(self, path):
        history.save(path, self.operations, entries=self.entries)
