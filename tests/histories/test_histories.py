#!/usr/bin/python3
"""Histories of clients at two daemons on one Redis, while these are killed, paused and started
again: for every member there must be one order of all operations, in real time, in which every
answer is right (linearizable.py), and the order of the account's own records must be one
(numbered.py).

    LOYALTY_SEED         chooses members, clients, requests and faults (when what meets what is
                         the machine's)
    LOYALTY_HISTORIES    how many, 6 unless told otherwise
    LOYALTY_FIRST        the number of the first: to play one of them again

A history that is wrong or undecided is written to a file, and `linearizable.py FILE` judges it
again.
"""

import collections
import os
import random
import sys
import tempfile
import time

import club
import linearizable
import numbered
import operations as history
import recording

SEED = int(os.environ.get("LOYALTY_SEED") or random.randrange(10**9))
COUNT = int(os.environ.get("LOYALTY_HISTORIES") or 6)
FIRST = int(os.environ.get("LOYALTY_FIRST") or 0)


def judge_member(part, entries):
    """What is wrong with one member's part of a history; how long it took to find out. `entries`
    may be None."""
    begun = time.monotonic()
    try:
        verdict = linearizable.judge(part)
        wrong = [] if verdict.legal else [f"NOT LINEARIZABLE: {verdict.why}"]
    except linearizable.Undecided as undecided:
        wrong = [f"UNDECIDED {undecided}"]
    if entries is not None:
        wrong += [f"BY NUMBER: {fault}" for fault in numbered.faults(entries, part)]
    return wrong, time.monotonic() - begun


def judge(played):
    """What is wrong with a whole history, and the longest time a check took."""
    wrong, longest = [f"BY ITSELF: {text}" for text in played.wrong], 0.0
    for member, part in history.by_member(played.operations).items():
        found, seconds = judge_member(part, played.entries.get(member))
        wrong += [f"{member}: {text}" for text in found]
        longest = max(longest, seconds)
    return wrong, longest


def keep(played, number):
    """Where a history is kept that somebody must look at."""
    path = f"{tempfile.gettempdir()}/history-{SEED}-{number}.json"
    played.save(path)
    return path


def count(played):
    """What is in a history, for the totals."""
    counts = collections.Counter(operations=len(played.operations), faults=len(played.faults.done),
                                 members=len(played.members),
                                 resent=sum(one.resent for one in played.tills))
    for operation in played.operations:
        counts[operation.kind] += 1
        if operation.mutates():
            counts[operation.answer] += 1
            counts["with a deadline"] += operation.until is not None
    return counts


def play(opened, number):
    """Plays and judges one history; gives its counts, what was wrong, and the longest check."""
    begun = time.monotonic()
    played = recording.Recording(opened, SEED, number)
    played.run()
    seconds = time.monotonic() - begun
    wrong, longest = judge(played)
    counts = count(played)
    print(f"history {number}: {len(played.members)} members, {len(played.tills)} clients, "
          f"{counts['operations']} operations, {counts[history.OPEN]} open, "
          f"{counts[history.NEVER]} never; {' '.join(played.faults.done) or 'no faults'}; "
          f"{seconds:.1f} s, longest check {longest:.2f} s", flush=True)
    if wrong:
        print("\n".join([f"history {number} is kept in {keep(played, number)}", *wrong[:20]]),
              flush=True)
    return counts, wrong, longest


def main():
    print(f"LOYALTY_SEED={SEED}", flush=True)
    opened = club.Club()
    totals, failed, longest = collections.Counter(), [], 0.0
    for number in range(FIRST, FIRST + COUNT):
        counts, wrong, seconds = play(opened, number)
        totals += counts
        longest = max(longest, seconds)
        failed += [number] if wrong else []
    opened.finish()
    print(f"seed {SEED}: {COUNT} histories, "
          + ", ".join(f"{count} {name}" for name, count in sorted(totals.items()))
          + f"; longest check {longest:.2f} s; "
          + (f"WRONG OR UNDECIDED: {failed}" if failed else "all linearizable"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
