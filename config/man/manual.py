#!/usr/bin/python3
"""Fills in the template of a manual page and prints the page.

    manual.py TEMPLATE DAEMON SETTINGS

What the daemon's --help says and what the comments of the sample configuration say is taken from there, so that
it stands in one place.
"""
import json
import re
import subprocess
import sys


def escaped(text):
    """Plain text as roff: a backslash, a hyphen and a line's first dot or quote stand for themselves."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.MULTILINE)


def item(title, *paragraphs):
    """An entry of a list: roff for the title, plain text below it."""
    return ".TP\n" + title + "\n" + "\n.br\n".join(escaped(text) for text in paragraphs)


def option(argument):
    """An option of the command line, as the entry of a list."""
    names = []
    for name in argument["names"]:
        hyphens = "--" if name["kind"] == "long" else "-"
        names.append(r"\fB" + escaped(hyphens + name["name"]) + r"\fR")
    title = ", ".join(sorted(names, key=len))
    if argument["kind"] == "option":
        title += r" \fI" + escaped(argument["valueName"]) + r"\fR"
    return item(title, argument["abstract"])


def examples(lines):
    """The examples of --help: each a command and, further to the right, what it does."""
    entries = []
    for line in lines:
        if line.startswith("      "):
            entries[-1][1].append(line.strip())
        else:
            entries.append((line.strip(), []))
    return "\n".join(item(r"\fB" + escaped(command) + r"\fR", " ".join(text)) for command, text in entries)


def paragraph(paragraphs, start):
    """Takes the paragraph that begins with `start` out of the list."""
    found = [text for text in paragraphs if text.startswith(start)]
    if len(found) != 1:
        sys.exit(f"manual.py: --help has {len(found)} paragraphs that begin with {start!r} instead of one")
    paragraphs.remove(found[0])
    return found[0]


def facts_of_daemon(daemon):
    """What the daemon says of itself: the names in the templates, and what stands there."""
    def said(argument):
        return subprocess.run([daemon, argument], check=True, stdout=subprocess.PIPE, text=True).stdout

    command = json.loads(said("--experimental-dump-help"))["command"]
    paragraphs = command["discussion"].strip().split("\n\n")
    shown = paragraph(paragraphs, "Examples:").split("\n")[1:]
    status = paragraph(paragraphs, "Exit status:").removeprefix("Exit status:").strip()
    signals = paragraph(paragraphs, "SIG")
    return {
        "version": said("--version").strip(),
        "abstract": escaped(command["abstract"].rstrip(".")),
        "description": escaped("\n\n".join(paragraphs)).replace("\n\n", "\n.PP\n"),
        "options": "\n".join(option(argument) for argument in command["arguments"]),
        "examples": examples(shown),
        "signals": escaped(signals),
        "exit_status": escaped(status[0].upper() + status[1:]),
    }


def settings(path):
    """Every key of the sample configuration: its meaning, what is allowed, its default."""
    entries, section, comments = [], "", []
    with open(path, encoding="utf-8") as file:
        for line in file.read().splitlines():
            text = line.strip()
            if text.startswith("#"):
                comments.append(text.removeprefix("#").strip())
                continue
            if text:
                name, _, value = text.partition(":")
                prefix = section if line.startswith(" ") else ""
                if value:
                    title = r"\fB" + escaped(prefix + name) + r"\fR"
                    entries.append(item(title, *comments, f"Default: {value.strip()}"))
                else:
                    section = name + "."
            comments = []
    return "\n".join(entries)


def main():
    template, daemon, sample = sys.argv[1:]
    facts = facts_of_daemon(daemon) | {"settings": settings(sample)}
    with open(template, encoding="utf-8") as file:
        print(re.sub(r"@(\w+)@", lambda match: facts[match.group(1)], file.read()), end="")


main()
