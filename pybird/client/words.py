"""Abbreviations and help of commands, in the client as in birdc.

A command begins with its leading words (`show protocols`); arguments follow. Each
leading word may be shortened as long as no other word at its place begins so. In
abbreviations BIRD's basic commands win over the words in `LATER`, so that `show p`
stays `show protocols`.
"""

from __future__ import annotations

from pybird.client.command_list import COMMANDS, GROUPS

# Lower priority in abbreviations: our own commands, and those of protocols that are not run.
LATER = frozenset(
    ("peers", "neighbors", "version", "ospf", "rip", "babel", "bfd", "mpls", "threads", "mrt", "mrtdump")
)
HELP_COLUMN = 47
INCOMPLETE = "The command is incomplete. Press `?' to see what can follow."
NO_SUCH = "No such command. Press `?' for help."
AMBIGUOUS = "Ambiguous command, possible expansions are:"


class CommandWord:
    """A leading word of commands, and the words that may follow it (`below`)."""

    __slots__ = ("below", "help", "path", "syntax")

    def __init__(self, path: tuple[str, ...] = ()) -> None:
        self.path = path
        self.syntax = ""  # of the command that this word completes, empty if there is none
        self.help = ""
        self.below: dict[str, CommandWord] = {}

    def commands(self) -> list[CommandWord]:
        """All commands at and below this word."""
        own = [self] if self.syntax else []
        return own + [found for node in self.below.values() for found in node.commands()]


class NoCommandError(Exception):
    """The text is no command; `str()` of the exception is the message to print."""


def leading(syntax: str) -> tuple[str, ...]:
    """The words of a command before its first argument."""
    words: list[str] = []
    for word in syntax.split():
        if not (word.isalpha() and word.islower()):
            break
        words.append(word)
    return tuple(words)


def tree(commands: tuple[tuple[str, str], ...] = COMMANDS) -> CommandWord:
    """All commands as a tree of words."""
    root = CommandWord()
    for syntax, text in commands:
        node = root
        for word in leading(syntax):
            node = node.below.setdefault(word, CommandWord((*node.path, word)))
        node.syntax, node.help = syntax, text
    return root


ROOT = tree()


def next_word(text: str, at: int) -> tuple[str, int]:
    """(the next plain word at or after index `at`, its end); ("", at) if none follows."""
    start = len(text) - len(text[at:].lstrip())
    end = start
    while end < len(text) and not text[end].isspace():
        end += 1
    word = text[start:end]
    return (word, end) if word.replace("-", "").replace("_", "").isalpha() else ("", at)


def expand(text: str, root: CommandWord = ROOT) -> str:
    """The command with its leading words in full.

    Raises:
        NoCommandError: unknown, incomplete or ambiguous.
    """
    node, at = root, 0
    while node.below:
        word, end = next_word(text, at)
        matches = candidates(node, word) if word else []
        if not matches:
            break
        if len(matches) > 1:
            shown = [help_line(command) for match in matches for command in match.commands()]
            raise NoCommandError("\n".join([AMBIGUOUS, *shown]))
        node, at = matches[0], end
    if not node.syntax:
        raise NoCommandError(_no_such(node, next_word(text, at)[0]))
    rest = text[at:].strip()
    return " ".join(node.path) + (f" {rest}" if rest else "")


def _no_such(node: CommandWord, word: str) -> str:
    if not word:
        return INCOMPLETE if node.path else NO_SUCH
    from difflib import get_close_matches  # only here: one-shot commands must start fast

    near = get_close_matches(word, node.below, 1)
    if not near:
        return NO_SUCH
    meant = " ".join((*node.path, near[0]))
    return NO_SUCH.replace(".", f", did you mean `{meant}'?", 1)


def candidates(node: CommandWord, word: str) -> list[CommandWord]:
    """The words below `node` that `word` may mean: the word itself, or else all that begin with it."""
    if word in node.below:
        return [node.below[word]]
    found = [below for name, below in node.below.items() if name.startswith(word)]
    first = [below for below in found if below.path[-1] not in LATER]
    return first or found


def help_line(node: CommandWord, width: int = 0) -> str:
    """The help of one command: one line, or several if it does not fit into `width` (0: no limit)."""
    return format_help(node.syntax, node.help, width)


def format_help(syntax: str, text: str, width: int) -> str:
    """A command's syntax, and its help in a second column; on several lines as `help_line`."""
    line = f"{syntax:<{HELP_COLUMN - 2}}  {text}"
    if not width or len(line) < width:
        return line
    from textwrap import wrap  # only here: one-shot commands must start fast

    more = {"break_long_words": False, "break_on_hyphens": False}
    head = wrap(syntax, width - 1, subsequent_indent=" " * 8, **more)  # type: ignore[arg-type]
    indent = " " * max(min(HELP_COLUMN, width - 1 - len(text)), 4)
    tail = wrap(text, width - 1, initial_indent=indent, subsequent_indent=indent, **more)  # type: ignore[arg-type]
    return "\n".join([*head, *tail])


def help_for(text: str, root: CommandWord = ROOT, width: int = 0) -> list[str]:
    """The lines that `?` prints after this text: the commands that can follow."""
    node, at = root, 0
    while node.below:
        word, at = next_word(text, at)
        if not word:
            break
        matches = candidates(node, word)
        if len(matches) != 1:
            return [help_line(c, width) for match in matches for c in match.commands()] or [NO_SUCH]
        node = matches[0]
    if node is not root:
        return [help_line(command, width) for command in node.commands()]
    lines = []
    for word, below in root.below.items():
        if word in GROUPS:
            lines.append(format_help(f"{word} ...", GROUPS[word], width))
        else:
            lines += [help_line(command, width) for command in below.commands()]
    return lines
