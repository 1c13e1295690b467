#!/usr/bin/python3
"""The manual pages of loyaltyctl and loyalty-till, made of what the programs say of themselves
(`--describe`) and of what people wrote beside it (parts/*.txt, and the pages that stand here whole).

    pages.py OUT LOYALTYCTL LOYALTY-TILL     writes OUT/man1/..., OUT/man5/... with scdoc

A part is for one command: "@ member get" begins it. Lines of it are prose in scdoc's markup, but
    $ loyaltyctl ...    an example that can be played on a test service, in the order of the file
    % loyaltyctl ...    an example that cannot
    # words             what the next example shows
    > member log, ...   commands to see also
"""

import glob
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLE_MARKS = "$%"


class Part:
    """What people wrote of one command."""

    def __init__(self):
        self.prose, self.examples, self.also = [], [], []

    def take(self, line):
        mark = line[:2]
        if mark in ("$ ", "% ", "# "):
            self.examples.append((line[0], line[2:]))
        elif mark == "> ":
            self.also += [words.strip() for words in line[2:].split(",")]
        else:
            self.prose.append(line)


def read_parts(folder=f"{HERE}/parts"):
    """By the command's words."""
    parts = {}
    for path in sorted(glob.glob(f"{folder}/*.txt")):
        part = None
        with open(path, encoding="utf-8") as file:
            for line in file.read().splitlines():
                if line.startswith("@ "):
                    part = parts[line[2:]] = Part()
                elif part is not None:
                    part.take(line)
    return parts


def describe(program):
    """What the program says of itself; a command that is not there yet takes nothing."""
    run = subprocess.run([program, "--describe"], stdout=subprocess.PIPE, check=False)
    tree = json.loads(run.stdout)
    for command in tree.get("commands", []):
        command["takes"] = command["takes"] or {"arguments": "", "about": command["summary"] + ".",
                                                "notes": "", "options": []}
    return tree


def page_name(words):
    return "loyaltyctl-" + words.replace(" ", "-")


def plain(text):
    """Text without markup."""
    return re.sub(r"([\\_*<#`\[\]|~])", r"\\\1", text)


def option_lines(options):
    lines, header = [], ""
    for option in options:
        if option["header"] != header:
            header = option["header"]
            lines += [f"## {header.rstrip(':')}", ""]
        names = [f"*-{option['letter']}*"] if option["letter"] else []
        value = f"=_{plain(option['value'])}_" if option["value"] else ""
        names.append(f"*--{plain(option['name'])}*{value}")
        lines += [", ".join(names), f"\t{plain(option['help'])}.", ""]
    return lines


def paragraphs(text):
    return [line for chunk in text.split("\n") for line in (plain(chunk), "")] if text else []


def exit_lines(tree):
    lines = ["# EXIT STATUS", ""]
    for row in tree["exits"]:
        lines += [f"*{row['code']}*", f"\t{plain(row['meaning'])}", ""]
    return lines


def example_lines(part):
    if not part.examples:
        return []
    lines = ["# EXAMPLES", ""]
    open_block = False
    for mark, text in part.examples:
        if (mark in EXAMPLE_MARKS) != open_block:
            lines += ["```"] if open_block or mark in EXAMPLE_MARKS else []
            open_block = not open_block
            lines += [""] if not open_block else []
        lines += [text] if mark in EXAMPLE_MARKS else [plain(text), ""]
    return lines + (["```", ""] if open_block else [])


def synopsis_lines(program, words, arguments):
    name = f"*{program}*" + (f" *{words}*" if words else "")
    ways = [plain(way) for way in arguments.split("\n")]
    return ["# SYNOPSIS", "", "++\n".join(f"{name} [_OPTION_...] {way}".rstrip() for way in ways),
            ""]


def also_lines(names):
    return ["# SEE ALSO", "", ", ".join(f"*{name}*({section})" for name, section in names), ""]


def head_lines(name, section, summary):
    return [f"{name}({section})", "", "# NAME", "", f"{name} - {plain(summary)}", ""]


def command_page(tree, command, part):
    takes, words = command["takes"], command["words"]
    summary = command["summary"]
    lines = head_lines(page_name(words), 1, summary[0].lower() + summary[1:])
    lines += synopsis_lines("loyaltyctl", words, takes["arguments"])
    lines += ["# DESCRIPTION", "", *paragraphs(takes["about"]), *part.prose, ""]
    lines += paragraphs(takes["notes"])
    lines += ["# OPTIONS", "", *option_lines(takes["options"]),
              "Where the service is, as whom it is asked and how answers are written is said by the "
              "options that every command takes, by the environment or by a context: see "
              "*loyaltyctl*(1).", ""]
    lines += exit_lines(tree) + example_lines(part)
    also = [(page_name(each), 1) for each in part.also]
    return lines + also_lines([("loyaltyctl", 1), *also, ("loyalty-contexts", 5)])


def list_lines(tree):
    lines, group = ["# COMMANDS", ""], None
    for command in tree["commands"]:
        if command["group"] != group:
            group = command["group"]
            lines += [f"## {group}", ""]
        lines += [f"*{command['words']}*", f"\t{plain(command['summary'])}: "
                  f"*{page_name(command['words'])}*(1).", ""]
    return lines


def program_page(tree, part):
    lines = head_lines("loyaltyctl", 1, "loyalty points and VIP membership from the command line")
    lines += synopsis_lines("loyaltyctl", "", "COMMAND [ARGUMENT...]")
    lines += ["# DESCRIPTION", "", *part.prose, ""]
    lines += ["# OPTIONS", "", "Every command takes these, before its name or behind it.", "",
              *option_lines(tree["globals"]["options"])]
    lines += list_lines(tree) + exit_lines(tree) + example_lines(part)
    return lines + also_lines([("loyalty-contexts", 5), ("loyalty-till", 1), ("loyaltyd", 8),
                               ("libloyalty", 3)])


def till_page(tree, part):
    takes = tree["takes"]
    lines = head_lines("loyalty-till", 1, "shops full of tills against a loyalty service")
    lines += synopsis_lines("loyalty-till", "", takes["arguments"])
    lines += ["# DESCRIPTION", "", *paragraphs(takes["about"]), *part.prose, ""]
    lines += ["# OPTIONS", "", *option_lines(takes["options"])]
    lines += ["# EXIT STATUS", "", *paragraphs(takes["notes"]), *example_lines(part)]
    return lines + also_lines([("loyaltyctl", 1), ("loyaltyd", 8), ("libloyalty", 3)])


def without_empty_paragraphs(roff):
    """scdoc begins paragraphs in which nothing stands; mandoc's lint minds them."""
    kept = []
    lines = roff.split("\n")
    for line, following in zip(lines, lines[1:] + [".SH"]):
        empty = following.startswith((".SH", ".SS", ".PP", ".P", ".RE", ".RS")) or not following
        headed = kept and kept[-1].startswith((".SH", ".SS"))
        if line not in (".P", ".PP") or not (empty or headed):
            kept.append(line)
        if line == ".RE" and not following.startswith("."):
            kept.append(".PP")
    return "\n".join(kept)


def render(lines, out, name, section):
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"
    made = subprocess.run(["scdoc"], input=text.encode(), stdout=subprocess.PIPE, check=False)
    if made.returncode != 0:
        sys.exit(f"pages.py: scdoc does not take {name}({section})")
    folder = f"{out}/man{section}"
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/{name}.{section}", "w", encoding="utf-8") as file:
        file.write(without_empty_paragraphs(made.stdout.decode()))


def main(out, loyaltyctl, loyalty_till):
    tree, till, parts = describe(loyaltyctl), describe(loyalty_till), read_parts()
    for command in tree["commands"]:
        part = parts.get(command["words"], Part())
        render(command_page(tree, command, part), out, page_name(command["words"]), 1)
    render(program_page(tree, parts["loyaltyctl"]), out, "loyaltyctl", 1)
    render(till_page(till, parts["loyalty-till"]), out, "loyalty-till", 1)
    for path in glob.glob(f"{HERE}/*.scd"):
        name, section = os.path.basename(path)[:-len(".scd")].rsplit(".", 1)
        with open(path, encoding="utf-8") as file:
            render(file.read().splitlines(), out, name, section)


if __name__ == "__main__":
    main(*sys.argv[1:])
