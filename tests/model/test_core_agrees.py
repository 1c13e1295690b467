#!/usr/bin/python3
"""The core against the model: random programs and random histories, told to the core as stories
(tests/scenario) in which every claim is what the model says.

    test_core_agrees.py [--seed S] [--commands N] [--jobs J] [--history K]

Without arguments 45,000 commands of a new seed, in histories of 40; --history tells one history
alone. LOYALTY_BIN names the folder of binaries beside whose tests/ the runner is; LOYALTY_SEED,
LOYALTY_COMMANDS and LOYALTY_JOBS stand for the arguments. The first disagreement is shrunk: the
smallest story is printed and kept. A run of the usual length or more that never met one of the
kinds of story_counts.REQUIRED fails, for it tried too little.
"""

import argparse
import collections
import multiprocessing
import os
import random
import sys
import tempfile

import story_counts
import story_inventor
import story_shrink
from story_runner import Runner

SHORT_COMMANDS = 45_000
BATCH = 50  # histories told by one process
SAY_EVERY = 500_000


def runner_path():
    return os.path.abspath(os.environ["LOYALTY_BIN"] + "/../tests/scenario_runner")


def tell_batch(task):
    """Histories first .. first + BATCH: what they met, and what is wrong with one of them."""
    seed, first, last = task
    counts = collections.Counter()
    stories = {}
    for number in range(first, last):
        try:
            history, teller = story_inventor.tell(seed, number)
        except Exception as error:
            raise RuntimeError(f"the model fails in history {number} of seed {seed}") from error
        counts += teller.counts
        stories[str(number)] = history.head() + teller.lines
    with Runner(runner_path()) as runner:
        return counts, runner.first_wrong(stories)


def explain(seed, wrong):
    """Shrinks the disagreement, prints and keeps it."""
    print(f"history {wrong.name} of seed {seed}, line {wrong.line}: {wrong.text}", flush=True)
    if wrong.name is None:
        return
    history, _ = story_inventor.tell(seed, int(wrong.name))
    with Runner(runner_path()) as runner:
        small = story_shrink.shrink(runner, history)
        small_wrong = story_shrink.disagreement(runner, small)
    lines = story_shrink.lines_of(small)
    path = tempfile.mkdtemp(prefix=f"loyalty-disagreement-{seed}-{wrong.name}-")
    os.mkdir(f"{path}/programs")
    with open(f"{path}/programs/empty.yaml", "w", encoding="ascii") as file:
        file.write("{}\n")
    with open(f"{path}/story.txt", "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    print(f"\n{len(small.steps)} steps are left, in {path}/story.txt; "
          f"what is wrong with line {small_wrong.line}: {small_wrong.text}\n")
    print("\n".join(lines))
    print(f"\nAgain: (cd {path} && {runner_path()} story.txt), or the whole history: "
          f"tests/model/test_core_agrees.py --seed {seed} --history {wrong.name}", flush=True)


def tasks(seed, histories):
    for first in range(0, histories, BATCH):
        yield seed, first, min(first + BATCH, histories)


def run(seed, histories, jobs):
    """What was met; and the first disagreement, or None."""
    counts = collections.Counter()
    said = 0
    with multiprocessing.Pool(jobs) as pool:
        for met, wrong in pool.imap_unordered(tell_batch, tasks(seed, histories)):
            counts += met
            if wrong:
                pool.terminate()
                return counts, wrong
            if story_counts.commands(counts) - said >= SAY_EVERY:
                said = story_counts.commands(counts)
                print(f"{said:,} commands so far", flush=True)
    return counts, None


def arguments():
    told = os.environ.get
    parser = argparse.ArgumentParser(description="The core against the model of domain.md.")
    parser.add_argument("--seed", type=int,
                        default=int(told("LOYALTY_SEED") or random.randrange(10**9)))
    parser.add_argument("--commands", type=int,
                        default=int(told("LOYALTY_COMMANDS") or SHORT_COMMANDS))
    parser.add_argument("--jobs", type=int, default=int(told("LOYALTY_JOBS") or 2))
    parser.add_argument("--history", type=int)
    return parser.parse_args()


def main():
    given = arguments()
    print(f"LOYALTY_SEED={given.seed}", flush=True)
    if given.history is not None:
        counts, wrong = tell_batch((given.seed, given.history, given.history + 1))
    else:
        histories = -(-given.commands // story_inventor.COMMANDS)
        counts, wrong = run(given.seed, histories, given.jobs)
    print(story_counts.report(counts))
    print(f"{story_counts.commands(counts):,} commands of seed {given.seed}")
    if wrong:
        explain(given.seed, wrong)
        return 1
    missing = story_counts.never_met(counts)
    if given.history is None and given.commands >= SHORT_COMMANDS and missing:
        print("never met, so this run tried too little: " + "; ".join(missing))
        return 1
    print("the core agrees with the model")
    return 0


if __name__ == "__main__":
    sys.exit(main())
