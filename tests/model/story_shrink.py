"""The smallest story of a disagreement: leaves out commands, then versions, then parts of commands
and of programs, as long as the core and the model still disagree.
"""

import copy

from club_acts import WHOLE
from story_programs import counts_alike
from story_teller import History, Teller

NAME = "smallest"


def lines_of(history):
    """The story of a history; None when it is none, for no version is left at its beginning."""
    teller = Teller(history.versions())
    for step in history.steps:
        teller.tell(step)
    return history.head() + teller.lines


def disagreement(runner, history):
    """Wrong, when the core disagrees with more than the form of what is left of a program."""
    if not history.documents or not history.steps:
        return None
    try:
        if not counts_alike(document for _, document in history.documents):
            return None
        lines = lines_of(history)
    except (KeyError, ValueError, IndexError, AttributeError):
        return None  # what is left is no program
    wrong = runner.tell({NAME: lines})
    if wrong and wrong.line and lines[wrong.line - 1].startswith(("program ", " ")):
        return None
    return wrong


def shrink(runner, history):
    """The smallest history found that still disagrees."""
    size = None
    while size != measure(history):
        size = measure(history)
        for part in (smaller_steps, smaller_documents, smaller_commands, smaller_programs):
            history = part(runner, history)
    return history


def measure(history):
    return len(repr(history))


def keep_if_wrong(runner, history, smaller):
    return smaller if disagreement(runner, smaller) else history


def without_range(items, start, count):
    return items[:start] + items[start + count:]


def smaller_list(items, still_wrong):
    """Leaves out as much of a list as possible: half of it at once, then less."""
    count = max(1, len(items) // 2)
    while items:
        start = len(items) - count
        while start > -count:
            smaller = without_range(items, max(0, start), count + min(0, start))
            if len(smaller) < len(items) and still_wrong(smaller):
                items = smaller
            start -= count
        if count == 1:
            break
        count = max(1, min(count, len(items)) // 2)
    return items


def smaller_steps(runner, history):
    steps = smaller_list(history.steps, lambda steps: disagreement(
        runner, History(history.documents, steps)))
    return History(history.documents, steps)


def smaller_documents(runner, history):
    documents = smaller_list(history.documents, lambda documents: disagreement(
        runner, History(documents, history.steps)))
    return History(documents, history.steps)


def smaller_programs(runner, history):
    """Leaves out keys and list entries of the programs, from the outside in; of all, then of each
    alone."""
    each = [[i] for i in range(len(history.documents))]
    for numbers in [sum(each, []), *each]:
        for path in sorted(paths(history.documents[numbers[0]][1]), key=len):
            smaller = copy.deepcopy(history)
            if all([drop(smaller.documents[i][1], path) for i in numbers]):
                history = keep_if_wrong(runner, history, smaller)
    return history


def paths(node, before=()):
    """Of everything that can be left out of a document; the last of a list first."""
    keys = list(node) if isinstance(node, dict) else list(range(len(node)))[::-1]
    for key in keys:
        yield (*before, key)
        if isinstance(node[key], (dict, list)):
            yield from paths(node[key], (*before, key))


def drop(node, path):
    """Whether there was something to leave out."""
    try:
        for key in path[:-1]:
            node = node[key]
        del node[path[-1]]
        return True
    except (KeyError, IndexError, TypeError):
        return False


def smaller_commands(runner, history):
    """Leaves out lines of sales, parts of opening balances, looks, ids and what else a command
    says."""
    for i in range(len(history.steps)):
        for change in changes(history.steps[i]):
            smaller = copy.deepcopy(history)
            change(smaller.steps[i])
            history = keep_if_wrong(runner, history, smaller)
    return history


def changes(step):
    """Functions that make a step smaller in one way each."""
    yield lambda step: setattr(step, "look", False)
    yield lambda step: setattr(step, "due", False)
    yield lambda step: setattr(step, "id", None)
    for name in ("lines", "lots", "scores"):
        for k in range(len(getattr(step.what, name, ())))[::-1]:
            yield lambda step, name=name, k=k: drop(getattr(step.what, name), (k,))
    for name, plain in (("card", None), ("date", None), ("channel", ""), ("currency", None),
                        ("paid_with_points", 0), ("training", False), ("occurred_ms", None),
                        ("attached", False), ("exchange_of", None), ("seconds", 0),
                        ("points", 0), ("part", WHOLE), ("start", None), ("until", None),
                        ("on", None), ("matured", False)):
        if getattr(step.what, name, plain) != plain:
            yield lambda step, name=name, plain=plain: setattr(step.what, name, plain)
