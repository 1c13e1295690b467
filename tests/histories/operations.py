"""What clients did to members and what they were told: the operations of a history, and a history
as a file, so that one that was found wrong can be looked at and judged again.

Instants are of one monotonic clock, in nanoseconds.
"""

import dataclasses
import json

AWARD = "award"    # adds `points`
REDEEM = "redeem"  # takes `points` if there are as many, else is refused
READ = "read"      # tells the balance
LOOKUP = "lookup"  # tells what became of the operation `target`

APPLIED = "applied"  # `balance` is the one right after it
REFUSED = "refused"  # a redemption: `balance` was too little
NEVER = "never"      # an award or redemption: every attempt was answered "certainly not executed"
TOLD = "told"        # a read
UNSEEN = "unseen"    # a lookup that found nothing
OPEN = "open"        # no definite answer: it may take effect at any later time, or never


@dataclasses.dataclass(slots=True)
class Operation:
    """One intent. A mutation is its request id, however often it was sent: begun with the first
    sending, ended with the first definite answer. A lookup that found its target carries the
    target's answer: APPLIED or REFUSED, balance and seq."""

    name: str                    # unique in the history; of mutations the request id
    kind: str
    member: str
    begun: int
    points: int = 0
    target: str = ""
    until: int | None = None     # past this it never takes effect: the client's deadline
    answer: str = OPEN
    ended: int | None = None     # None: no definite answer
    balance: int | None = None
    seq: int | None = None       # the account's record number
    client: str = ""

    def mutates(self):
        return self.kind in (AWARD, REDEEM)

    def describe(self):
        """One line for people; instants in milliseconds."""
        ended = "..." if self.ended is None else f"{self.ended / 1e6:.3f}"
        what = self.target if self.kind == LOOKUP else self.points or ""
        until = "" if self.until is None else f" until {self.until / 1e6:.3f}"
        return (f"[{self.begun / 1e6:.3f} {ended}]{until} {self.client} {self.kind} {what}"
                f" -> {self.answer} balance={self.balance} seq={self.seq} {self.name}")


def by_member(operations):
    """The operations of each member; members share nothing, so each is judged by itself."""
    parts = {}
    for operation in operations:
        parts.setdefault(operation.member, []).append(operation)
    return parts


def save(path, operations, **more):
    """Writes a history as JSON: one operation a line, and whatever else belongs to it."""
    lines = [json.dumps(dataclasses.asdict(operation)) for operation in operations]
    with open(path, "w", encoding="utf-8") as file:
        file.write('{"operations": [\n' + ",\n".join(lines) + "\n]")
        for name, value in more.items():
            file.write(f',\n"{name}": {json.dumps(value)}')
        file.write("}\n")


def load(path):
    """The operations of a saved history, and the rest of what was saved with them."""
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    return [Operation(**fields) for fields in document.pop("operations")], document
