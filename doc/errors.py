#!/usr/bin/python3
"""The catalogue of errors (errors.md), made of the contract and of the tables and calls in the code
that name reasons; run without an argument it prints it, with --check it says what is stale.

A reason is found where it is given with its code and its sentence: a row of core/refusal.c or
service/trouble.c, or a call of one of CALLS. Literals of the code that look like reasons and are
none stand in OTHER_WORDS, so that a new one is either in the catalogue or named there.
"""

import glob
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(HERE)
FOLDERS = ("core", "wire", "service", "jobs", "face")
STRING = r'"((?:[^"\\]|\\.)*)"'
WORD = r"[A-Z][A-Z0-9_]{3,}"
# Who is given a reason and a sentence, and the code that goes with it where the call does not say.
CALLS = {"request_fail": None, "call_refuse": None, "error_make": None, "fail": None,
         "end_badly": None, "subscription_fail": None, "refuse": None,
         "shapes_fail": "INVALID_ARGUMENT", "events_refuse": "INVALID_ARGUMENT",
         "refuse_place": "INVALID_ARGUMENT"}

# What the caller does, by code; the message says the rest.
ADVICE = {
    "INVALID_ARGUMENT": ("no", "A mistake in the request, at `field`; mend the caller."),
    "NOT_FOUND": ("no", "Check what was named."),
    "ALREADY_EXISTS": ("no", "It is there or taken; ask for what there is."),
    "PERMISSION_DENIED": ("no", "Another certificate, or the service's operator."),
    "RESOURCE_EXHAUSTED": ("later", "Nothing was done; fewer at once, or smaller, and later."),
    "FAILED_PRECONDITION": ("no", "Tell the person; with a new id when the state has changed."),
    "ABORTED": ("after reading", "Read again what it is about, decide again, new id."),
    "OUT_OF_RANGE": ("no", "Check the figures."),
    "UNIMPLEMENTED": ("no", "Another version or method; mend the caller."),
    "UNAVAILABLE": ("yes", "Certainly not done: the very same request again, after a pause."),
    "UNKNOWN": ("yes", "Perhaps done: the very same request again until the answer is definite."),
    "INTERNAL": ("yes", "The same request again; tell the operator if it stays."),
    "DATA_LOSS": ("no", "The account is frozen; the operator (runbook, \"Points do not add up\")."),
    "UNAUTHENTICATED": ("no", "Another certificate."),
}
# Reasons whose caller does something else.
SPECIAL = {
    "REQUEST_TOO_LARGE": ("no", "Never fits; make it smaller."),
    "MESSAGE_TOO_LARGE": ("no", "Never fits; make it smaller."),
    "ANSWER_TOO_LARGE": ("no", "Ask for fewer, by pages."),
    "UNFINISHED": ("yes", "The same request again in a moment."),
    "ID_CONFLICT": ("no", "A mistake in the caller: one id was used for two intents."),
    "RECEIPT_COUNTED": ("no", "Check the receipt's number; the sale has its points."),
    "ACCOUNT_FULL": ("no", "The operator: the account has to be compacted."),
    "UNKNOWN_FORMAT": ("later", "The operator: a newer daemon wrote it; upgrade this one."),
    "CLOCK_SKEW": ("later", "The same request again; the operator sets the clock right."),
}
# What the code has in more than one sentence.
MEANINGS = {
    "INVALID_PROGRAM": "The program has a mistake; `field` is where, `message` what would be right.",
    "MALFORMED": "These bytes, or this JSON, are no such message; `field` is where.",
    "ARCHIVE_TAKEN": "Another archive, or the same one from elsewhere, takes from the store.",
    "MISSING": "What `field` names is required; `message` says why.",
    "INTERNAL": "The service failed; nothing was done.",
}
# Whose requests a file of core/ decides.
CORE_METHODS = {
    "decide_award": ("Award", "Quote"), "decide_redeem": ("Redeem", "Reserve"),
    "decide_hold": ("Capture", "Release"), "decide_reverse": ("Reverse",),
    "decide_acts": ("AdjustPoints", "AdjustScore", "GrantTier", "RevokeTier"),
    "decide_contributions": ("ReportContribution", "ReduceContribution", "EndContribution"),
    "decide_identify": ("AddIdentifier", "ReplaceIdentifier", "RemoveIdentifier"),
    "decide_membership": ("SetStatus",), "decide_merge": ("Merge",), "decide_member": ("Enroll",),
    "decide_opening": ("OpeningBalance",), "decide_perks": ("UsePerk",),
    "decide_perk_reversal": ("ReversePerk",), "decide_pools": ("CreatePool", "SetPoolMember"),
    "decide_receipts": ("Award",), "identify": ("Enroll", "AddIdentifier", "ReplaceIdentifier"),
}
HEAD = """# Errors

Made of the contract and the code by `doc/errors.py`; a test fails when it is stale.

An answer that is no is a `loyalty.v1.Error`: `code` says what to do, `reason` is stable for programs, `field` is the path of what is
at fault, `message` one sentence for a cashier, `figures` what belongs to the reason. In gRPC it comes as status and details, in
Connect with the HTTP status given here, in frames as it is.

"Again?" says whether the very same request, with the same `request_id`, may have another answer: *yes*, wait and repeat it; *later*,
when what the message names has changed; *after reading*, with a new id and new contents; *no*, the same answer comes again (of a
mutation that was decided, the stored one). A new id for a request whose outcome is open may do it twice: never.
"""
# Kinds of tiers, findings, parts of names: words in capitals that no answer has as its reason.
OTHER_WORDS = set("""
    AT_RESCORE FLOOR IMMEDIATE LEFT_OPEN NONE POST ROUNDING_FLOOR UNEXPECTED
    UPGRADE_TIMING_AT_RESCORE ACCOUNT_BROKEN ACCOUNT_ROLLED_BACK
""".split())
FINDINGS = ("diagnose_note", "findings_say", "visit_skip")


def sources():
    for folder in FOLDERS:
        for path in sorted(glob.glob(f"{SOURCE}/daemon/{folder}/*.[ch]")):
            with open(path, encoding="utf-8") as file:
                yield os.path.relpath(path, SOURCE), without_comments(file.read())


def without_comments(text):
    return re.sub(rf"{STRING}|//[^\n]*", lambda m: m[0] if m[0].startswith('"') else "", text)


def balanced(text, start):
    """What stands in the brackets that open before `start`."""
    depth, at = 1, start
    while depth and at < len(text):
        if text[at] == '"':
            at = re.compile(STRING).match(text, at).end()
            continue
        depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(text[at], 0)
        at += 1
    return text[start:at - 1]


def strings(text):
    """Its literals, those side by side put together, what is filled in as an ellipsis."""
    runs = re.finditer(r'"(?:[^"\\]|\\.)*"(?:\s*(?:PRI\w+\s*)?"(?:[^"\\]|\\.)*")*', text)
    whole = ["".join(re.findall(STRING, run[0])).replace('\\"', '"') for run in runs]
    return [re.sub(r"%(?:\.\*)?[a-z]{0,2}[sdiuc]\b|%", "…", each) for each in whole]


def is_reason(text):
    return re.fullmatch(WORD, text) is not None


class Reason:
    """One reason: its code, the sentences it comes with, and who gives it."""

    def __init__(self, name, code):
        self.name, self.code = name, code
        self.sentences, self.methods, self.figures = [], set(), ()

    def add(self, sentences, methods=(), figures=()):
        self.sentences += [each for each in sentences if each not in self.sentences]
        self.methods |= set(methods)
        self.figures = figures or self.figures


class Catalogue:
    """All reasons of the code, by name."""

    def __init__(self):
        self.reasons, self.words = {}, set()
        self.handlers = handlers()
        texts = dict(sources())
        self.macros = {}
        for text in texts.values():
            self.macros.update(re.findall(rf'#define (\w+) "({WORD})"', text))
        for path, text in texts.items():
            self.read_words(text)
            self.read_calls(path, text)
        self.read_refusals(texts)
        self.read_troubles(texts["daemon/service/trouble.c"])

    def reason(self, name, code):
        return self.reasons.setdefault(name, Reason(name, code))

    def read_words(self, text):
        for call in FINDINGS:
            for match in reversed(list(re.finditer(rf"\b{call}\(", text))):
                inside = balanced(text, match.end())
                text = text.replace(inside, "")
        self.words |= {each for each in strings(text) if is_reason(each)}

    def methods_of(self, path, text=""):
        """The methods whose answers are made in that file."""
        stem = os.path.basename(path)[:-2]
        if path.startswith("daemon/core/"):
            return CORE_METHODS.get(stem, ())
        return [name for handler, name in self.handlers.items()
                if re.search(rf"^void {handler}\(", text, re.M)]

    def read_calls(self, path, text):
        for match in re.finditer(r"\b(" + "|".join(CALLS) + r")\(", text):
            inside = balanced(text, match.end())
            for name, value in self.macros.items():
                inside = re.sub(rf"\b{name}\b", f'"{value}"', inside)
            codes = re.findall(r"CODE__CODE_([A-Z_]+)", inside) or [CALLS[match[1]]]
            said = strings(inside)
            for name in filter(is_reason, said):
                if codes[0] is not None:
                    sentences = [each for each in said if " " in each]
                    self.reason(name, codes[0]).add(sentences, self.methods_of(path, text))

    def read_refusals(self, texts):
        row = re.compile(r"\[(REFUSAL_(?!COUNT)\w+)\]\s*=\s*\{")
        table = texts["daemon/core/refusal.c"]
        for match in row.finditer(table):
            inside = balanced(table, match.end())
            name, message, *figures = strings(inside)
            reason = self.reason(name, re.search(r"\bCODE_([A-Z_]+)", re.sub(STRING, "", inside))[1])
            reason.add([message], figures=tuple(figures))
            for path, text in texts.items():
                if re.search(rf"\b{match[1]}\b", text) and "refusal" not in path:
                    reason.add([], self.methods_of(path, text))
        self.reason("REFUSED", "FAILED_PRECONDITION").add(
            ["The request was refused by a rule that this version of the service does not know."])

    def read_troubles(self, text):
        for match in re.finditer(r"\[TROUBLE_\w+\]\s*=\s*\{", text):
            name, *message = strings(balanced(text, match.end()))
            if message and message[0]:
                self.reason(name, "UNAVAILABLE").add(message)

    def unnamed(self):
        """Words in capitals that are in neither list."""
        return sorted(self.words - set(self.reasons) - OTHER_WORDS)


def handlers():
    """Method by the function that handles it."""
    with open(f"{SOURCE}/daemon/service/method.c", encoding="utf-8") as file:
        rows = re.findall(r'ROW(?:_TO)?\(\s*"\w+", "(\w+)"[^;]*?(\w+)\)\s*,', file.read())
    return {handler: name for name, handler in rows}


def http_statuses():
    """HTTP's status by the code's number, as Connect has it."""
    with open(f"{SOURCE}/daemon/face/rpc_code.c", encoding="utf-8") as file:
        return {int(number): status for number, status in
                re.findall(r'\{"(\d+)", "\w+", (\d+)\}', file.read())}


def code_numbers():
    with open(f"{SOURCE}/proto/loyalty/v1/common.proto", encoding="utf-8") as file:
        return {name: int(number) for name, number in
                re.findall(r"  CODE_(\w+) = (\d+);", file.read())}


def row(reason):
    retry, advice = SPECIAL.get(reason.name, ADVICE[reason.code])
    meaning = MEANINGS.get(reason.name) or " / ".join(reason.sentences)
    if reason.figures:
        meaning += f" Figures: {', '.join(f'`{each}`' for each in reason.figures)}."
    methods = ", ".join(sorted(reason.methods)) or "any that comes to it"
    return f"| `{reason.name}` | {meaning} | {advice} | {retry} | {methods} |"


def render(catalogue):
    numbers, statuses = code_numbers(), http_statuses()
    lines = [HEAD]
    for code in sorted({each.code for each in catalogue.reasons.values()}, key=numbers.get):
        lines += [f"\n## {code} (gRPC {numbers[code]}, HTTP {statuses[numbers[code]]})\n",
                  "| reason | what it says | what the caller does | again? | methods |",
                  "|---|---|---|---|---|"]
        lines += [row(each) for name, each in sorted(catalogue.reasons.items())
                  if each.code == code]
    return "\n".join(lines) + "\n"


def check(catalogue):
    """What is wrong with errors.md, as sentences."""
    with open(f"{HERE}/errors.md", encoding="utf-8") as file:
        stale = file.read() != render(catalogue)
    faults = [f"{word} is in the code, in no catalogue, and not in OTHER_WORDS"
              for word in catalogue.unnamed()]
    faults += [f"{name} has no sentence; give it one in MEANINGS"
               for name, each in catalogue.reasons.items()
               if not each.sentences and name not in MEANINGS]
    return faults + (["errors.md is stale: doc/errors.py > doc/errors.md"] if stale else [])


def main():
    catalogue = Catalogue()
    if sys.argv[1:] == ["--check"]:
        faults = check(catalogue)
        print("\n".join(faults) or "good")
        sys.exit(1 if faults else 0)
    sys.stdout.write(render(catalogue))


if __name__ == "__main__":
    main()
