"""The account's own order: by record number. A check beside the search, and quite another one: here
nothing is searched for, the service itself says in which order things happened (`seq` in its
answers, and the list of the account's records), and that order must be a legal one.

* The list is numbered without a gap; no request id stands in it twice; nothing in it was
  never asked for or answered "certainly not executed"; all that was answered is in it, as answered,
  under the number that was answered.
* Going through it, every balance that was told is the balance there.
* It keeps to real time: what had ended stands before what had not begun.
"""

import collections

from operations import APPLIED, AWARD, LOOKUP, NEVER, OPEN, READ, REDEEM, REFUSED

# One record as the service lists it; `name` is the request id, `kind` AWARD, REDEEM, REFUSED or
# something else, `points` what it changed.
Entry = collections.namedtuple("Entry", "seq name kind points")


def mutations(operations):
    return {operation.name: operation for operation in operations if operation.mutates()}


def learn(operations):
    """name -> the answer of each mutation: its own, else what a lookup was told of it."""
    told = {operation.target: operation for operation in operations
            if operation.kind == LOOKUP and operation.answer in (APPLIED, REFUSED)}
    return {name: operation if operation.answer != OPEN else told.get(name)
            for name, operation in mutations(operations).items()}


def entry_faults(entry, operation, answer):
    """What is wrong with a record that stands for this operation."""
    if operation is None:
        yield f"record {entry.seq} is of {entry.name}, which nobody sent"
        return
    if operation.answer == NEVER:
        yield f"record {entry.seq} was answered as not executed: {operation.describe()}"
    sign = 1 if operation.kind == AWARD else -1
    expected = {(operation.kind, sign * operation.points)}
    if operation.kind == REDEEM:
        expected.add((REFUSED, 0))
    if (entry.kind, entry.points) not in expected:
        yield f"record {entry.seq} is {entry.kind} of {entry.points}: {operation.describe()}"
    if answer is None or answer.answer == NEVER:
        return
    if (answer.answer == REFUSED) != (entry.kind == REFUSED):
        yield f"record {entry.seq} is {entry.kind}, answered was {answer.describe()}"
    if answer.seq is not None and answer.seq != entry.seq:
        yield f"record {entry.seq} was answered as {answer.describe()}"


def list_faults(entries, operations, first):
    """What is wrong with the list as a list, and against what was answered."""
    known, answers = mutations(operations), learn(operations)
    for number, entry in enumerate(entries, first):
        if entry.seq != number:
            yield f"record {entry.seq} stands where {number} should"
            break
    names = collections.Counter(entry.name for entry in entries)
    for name, count in names.items():
        if count > 1:
            yield f"{name} stands in the list {count} times"
    for entry in entries:
        yield from entry_faults(entry, known.get(entry.name), answers.get(entry.name))
    for name, answer in answers.items():
        if answer is not None and answer.answer in (APPLIED, REFUSED) and name not in names:
            yield f"answered, but in no record: {answer.describe()}"


def balance_faults(entries, operations, start, first):
    """What was told against the sums."""
    answers = learn(operations)
    balances = {first - 1: start}
    for entry in entries:
        start += entry.points
        balances[entry.seq] = start
        answer = answers.get(entry.name)
        if answer is not None and answer.balance not in (None, start):
            yield f"record {entry.seq} leaves {start}: {answer.describe()}"
        if start < 0:
            yield f"record {entry.seq} leaves {start}"
    for operation in operations:
        if operation.kind == READ and operation.answer != OPEN:
            if balances.get(operation.seq) != operation.balance:
                yield f"{balances.get(operation.seq)} after record {operation.seq}: " \
                      f"{operation.describe()}"


def time_faults(entries, operations):
    """Records in their order, each followed by the reads that saw it as the last: none may have
    ended before one that stands earlier began."""
    known = mutations(operations)
    line = [(entry.seq, 0, known[entry.name].begun, known[entry.name])
            for entry in entries if entry.name in known]
    line += [(operation.seq, 1, operation.begun, operation) for operation in operations
             if operation.kind == READ and operation.answer != OPEN]
    line.sort(key=lambda place: place[:3])
    latest = None
    for _, _, _, operation in line:
        ends = [end for end in (operation.ended, operation.until) if end is not None]
        if latest is not None and ends and min(ends) < latest.begun:
            yield f"out of order in time: {latest.describe()} and then {operation.describe()}"
        if latest is None or operation.begun > latest.begun:
            latest = operation


def faults(entries, operations, start=0, first=2):
    """All that is wrong with the order of one member's records. `first` is the number of the first
    entry, before which the balance was `start`: after the enrolment, unless told otherwise."""
    entries = sorted(entries)
    return [*list_faults(entries, operations, first),
            *balance_faults(entries, operations, start, first), *time_faults(entries, operations)]
