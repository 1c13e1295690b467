"""Command lines as documents have them, judged by what the programs say they take: loyaltyctl and
loyalty-till by --describe, loyaltyd by --help.
"""

import json
import re
import shlex
import subprocess

OPERATORS = {"|", "||", "&&", ";", ">", ">>", "<", "&", "\\"}


class Takes:
    """What a command takes: options by how they are written, and how many arguments."""

    def __init__(self, takes, everywhere=()):
        self.values = {}  # "--server": "HOST:PORT", or None
        for option in [*everywhere, *takes["options"]]:  # a command's own win
            self.values[f"--{option['name']}"] = option["value"]
            if option["letter"]:
                self.values[f"-{option['letter']}"] = option["value"]
        self.ways = [way.split() for way in takes["arguments"].split("\n")]

    def judge(self, words):
        """None if these words can follow the command's name, else what is wrong with them."""
        count, given, words = 0, set(), iter(words)
        for word in words:
            name, equals, _ = word.partition("=")
            if not word.startswith("-") or word == "-":
                count += 1
            elif name not in self.values and name not in ("--help", "--version"):
                return f"there is no option {name}"
            elif self.values.get(name) is not None and not equals and next(words, None) is None:
                return f"{name} has no value"
            given.add(name)
        if not any(self._fits(way, count, given) for way in self.ways):
            return f"{count} arguments do not fit {self.ways}"
        return None

    @staticmethod
    def _fits(way, count, given):
        arguments = [each for each in way if not each.startswith("--")]
        named = {each for each in way if each.startswith("--")}
        named_values = len(named - {"--all", "--rebuild"})  # their values stand behind them
        most = 10 ** 6 if any(each.endswith("...") for each in arguments) else len(arguments)
        least = len([each for each in arguments if not each.startswith("[")])
        return named <= given and least - named_values <= count <= most


class Programs:
    """The programs of one build."""

    def __init__(self, folder):
        self.folder = folder
        self.ctl = self._describe("loyaltyctl")
        everywhere = self.ctl["globals"]["options"]
        self.globals = Takes({"options": [], "arguments": "[COMMAND...]"}, everywhere)
        self.commands = {each["words"]: Takes(each["takes"], everywhere)
                         for each in self.ctl["commands"] if each["takes"] is not None}
        self.coming = {each["words"] for each in self.ctl["commands"]} - set(self.commands)
        self.till = Takes(self._describe("loyalty-till")["takes"])

    def _describe(self, program):
        run = subprocess.run([f"{self.folder}/{program}", "--describe"], capture_output=True,
                             text=True, check=False)
        return json.loads(run.stdout)

    def daemon(self):
        text = subprocess.run([f"{self.folder}/loyaltyd", "--help"], capture_output=True, text=True,
                              check=True).stdout
        found = re.findall(r"^\s+(?:-\w, )?(--[a-z-]+)(?:=(\S+))?", text, re.M)
        options = [{"name": name[2:], "letter": "", "value": value or None}
                   for name, value in found]
        return Takes({"options": options, "arguments": ""})

    def judge(self, line):
        """None if the line could be given, or names a command, else what is wrong with it."""
        words = until_operator(shlex.split(line, comments=True))
        if words[0] == "loyaltyd":
            return self.daemon().judge(words[1:])
        if words[0] == "loyalty-till":
            return self.till.judge(words[1:])
        return self._judge_command(words[1:])

    def _judge_command(self, words):
        options, command = [], []
        words = list(words)
        while words and words[0].startswith("-"):
            taken = 2 if "=" not in words[0] and self.globals.values.get(words[0]) else 1
            options, words = options + words[:taken], words[taken:]
        for count in range(min(3, len(words)), 0, -1):
            if " ".join(words[:count]) in self.coming:
                return None
            if " ".join(words[:count]) in self.commands:
                command = words[:count]
                break
        if not command:
            only_options = not words and options in (["--version"], ["--help"])
            return None if only_options else f"there is no command {' '.join(words[:2])}"
        fault = self.globals.judge(options)
        rest = words[len(command):]
        return fault or (self.commands[" ".join(command)].judge(rest) if rest else None)


def until_operator(words):
    end = next((at for at, word in enumerate(words) if word in OPERATORS), len(words))
    return words[:end]


def lines_of(text):
    """The command lines of a Markdown text: indented ones, and those between backticks."""
    joined = re.sub(r"\\\n\s*", " ", text)
    spans = [re.sub(r"\s+", " ", each) for each in re.findall(r"`([^`]+)`", joined)]
    indented = re.findall(r"^(?: {4,}|\t)(\S.*)$", joined, re.M)
    return [each for each in [*indented, *spans]
            if re.match(r"(loyaltyctl|loyaltyd|loyalty-till) \S", each)]
