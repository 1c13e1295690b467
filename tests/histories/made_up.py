"""Histories made up from a seed: what clients would have seen of an account that is as the model
says, each operation taking effect at one instant; and the same with one thing changed. And a judge
that tries every order there is: slow, plain, and written from the definition, not from the search.
"""

import dataclasses
import math

from operations import (APPLIED, AWARD, LOOKUP, NEVER, OPEN, READ, REDEEM, REFUSED, TOLD, UNSEEN,
                        Operation)


class Account:
    """The model itself."""

    def __init__(self, balance=0):
        self.balance = balance
        self.answers = {}

    def copy(self):
        twin = Account(self.balance)
        twin.answers = dict(self.answers)
        return twin

    def do(self, operation):
        """Takes effect; gives the answer and the balance it tells."""
        if operation.kind == LOOKUP:
            return self.answers.get(operation.target, (UNSEEN, None))
        if operation.kind == READ:
            return TOLD, self.balance
        if operation.kind == REDEEM and operation.points > self.balance:
            answer = REFUSED, self.balance
        else:
            self.balance += operation.points if operation.kind == AWARD else -operation.points
            answer = APPLIED, self.balance
        self.answers[operation.name] = answer
        return answer


# --- every order ---

def try_orders(operations, start=0):
    """Whether there is an order with instants, by trying them all."""
    counted = [operation for operation in operations if operation.answer != NEVER
               and (operation.mutates() or operation.answer != OPEN)]
    return place_rest(Account(start), -math.inf, counted)


def place_rest(account, now, rest):
    """Whether the rest can be placed from this instant on."""
    if all(operation.answer == OPEN for operation in rest):
        return True
    for i, operation in enumerate(rest):
        ends = (operation.ended, operation.until)
        at = max(now, operation.begun)
        if at > min((end for end in ends if end is not None), default=math.inf):
            continue
        after = account.copy()
        answer = after.do(operation)
        if (operation.answer == OPEN or answer == (operation.answer, operation.balance)) \
                and place_rest(after, at, rest[:i] + rest[i + 1:]):
            return True
    return False


# --- histories ---

@dataclasses.dataclass
class Shape:
    """How a made-up history is to be. Few points make different orders give the same balances."""

    operations: int
    clients: int
    points_max: int
    open_share: float = 0.1
    deadline_share: float = 0.2
    never_share: float = 0.05


def make_one(random, shape, number, begun):
    """An operation without its answer, the instant it takes effect at (None: never), and the one
    its client goes on at."""
    kind = random.choices((AWARD, REDEEM, READ, LOOKUP), (4, 4, 3, 2))[0]
    operation = Operation(f"o{number}", kind, "m", begun)
    at = begun + random.randrange(10)
    ended = at + random.randrange(10)
    if kind == LOOKUP:
        operation.target = f"o{random.randrange(max(1, number - 20), number + 3)}"
    elif kind != READ:
        operation.points = random.randint(1, shape.points_max)
        chance = random.random()
        if chance < shape.open_share:
            at = random.choice((None, at, at + random.randrange(200)))
            return operation, at, ended
        if chance < shape.open_share + shape.never_share:
            operation.answer = NEVER
            at = None
    operation.ended = ended
    return operation, at, ended


def give_deadline(random, shape, operation, at):
    if operation.mutates() and random.random() < shape.deadline_share:
        first = operation.begun if at is None else at
        operation.until = first + random.choice((0, 1, 3, 10, 30))


def make_history(random, shape):
    """The operations, with the answers of an account to which they came one by one."""
    free_at = [random.randrange(10) for _ in range(shape.clients)]
    made = []
    for number in range(shape.operations):
        client = min(range(shape.clients), key=lambda i: free_at[i])
        operation, at, ended = make_one(random, shape, number, free_at[client])
        operation.client = f"c{client}"
        give_deadline(random, shape, operation, at)
        free_at[client] = ended + random.randrange(5)
        made.append((operation, at))
    account = Account()
    placed = [(at, random.random(), operation) for operation, at in made if at is not None]
    for _, _, operation in sorted(placed, key=lambda entry: entry[:2]):
        answer = account.do(operation)
        if operation.ended is not None:
            operation.answer, operation.balance = answer
    drop_unknown_targets([operation for operation, _ in made])
    return [operation for operation, _ in made]


def drop_unknown_targets(operations):
    """Lookups of what is no mutation ask for an id that nobody sent."""
    names = {operation.name for operation in operations if operation.mutates()}
    for operation in operations:
        if operation.kind == LOOKUP and operation.target not in names:
            operation.target = "nobody's"


# --- one thing changed ---

def change_balance(random, operation):
    operation.balance = max(0, operation.balance + random.choice((-2, -1, 1, 2)))


def change_time(random, operation):
    """An operation seen by its client at another time, earlier or later."""
    shift = random.choice((-25, -10, 10, 25))
    operation.begun += shift
    operation.ended += shift
    operation.until = None


def change_answer(random, operation):
    """Applied instead of refused, found instead of not, and the other way round."""
    others = {APPLIED: REFUSED, REFUSED: APPLIED, UNSEEN: APPLIED, TOLD: TOLD, NEVER: APPLIED}
    operation.answer = others[operation.answer]
    if operation.balance is None:
        operation.balance = random.randrange(10)


def forget_answer(_, operation):
    """An answer that its client never got: what was right stays right."""
    if operation.mutates():
        operation.answer, operation.balance, operation.ended = OPEN, None, None


def changed(random, operations):
    """A copy with one answered operation changed."""
    twins = [dataclasses.replace(operation) for operation in operations]
    answered = [operation for operation in twins if operation.ended is not None]
    if answered:
        victim = random.choice(answered)
        change = random.choice((change_balance, change_time, change_answer, forget_answer))
        if change is not change_balance or victim.balance is not None:
            change(random, victim)
    return twins
