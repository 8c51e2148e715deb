"""The commands that the client knows; written by `pybird.cli.command_list`."""

# ruff: noqa: E501  a row is one command

from __future__ import annotations

COMMANDS: tuple[tuple[str, str], ...] = (
    ("quit", "Quit the client"),
    ("exit", "Exit the client"),
    ("show status", "Show router status"),
    ("show version", "Show program and version"),
    ("show memory", "Show memory usage"),
    ('show protocols [all] [<protocol> | "<pattern>"]', "Show routing protocols"),
    ('show protocols all [<protocol> | "<pattern>"]', "Show routing protocols and details"),
    (
        "show route [<prefix> | for <prefix|ip> | in <prefix>] [table <t>|all] [filter <f> | where <cond>] [all] [primary] [filtered] [(export|preexport|noexport|exported) <p>[.<ch>]] [protocol <p>] [import|export table <p>.<ch>] [stats|count]",
        "Show routing table",
    ),
    (
        "show route refused [<protocol>[.<channel>]] [<prefix> | for <prefix|ip> | in <prefix>]",
        "Show why networks were refused",
    ),
    ("show interfaces", "Show network interfaces"),
    ("show interfaces summary", "Show summary of network interfaces"),
    (
        "show symbols [table|filter|function|protocol|template|constant|<symbol>]",
        "Show all known symbolic names",
    ),
    ("show static [<protocol>]", "Show details of static protocol"),
    ('show peers [table <t> | "<interface>"]', "Show discovered neighbors and their sessions"),
    (
        'show ospf [<name> | neighbors|interface [<name>] ["<interface>"] | topology|state [all] [<name>] | lsadb [global | area <id> | link] [type <num>] [lsid <id>] [self | router <id>] [<name>]]',
        "Show information about OSPF protocol",
    ),
    ('show rip (interfaces|neighbors) [<name>] ["<interface>"]', "Show information about RIP protocol"),
    (
        'show babel (interfaces|neighbors|entries|routes) [<name>] ["<interface>"]',
        "Show information about Babel protocol",
    ),
    (
        'show bfd sessions [<name>] [address <ip|prefix>] [(interface|dev) "<name>"] [ipv4|ipv6] [direct|multihop] [all]',
        "Show information about BFD sessions",
    ),
    ("show mpls ranges [<domain>] [<range>]", "Show MPLS ranges"),
    ("show threads [all]", "Show state of threads"),
    (
        'mrt dump [table <name>|"<pattern>"] [to "<file>"] [filter <f> | where <cond>]',
        "Save MRT Table Dump into a file",
    ),
    (
        'mrtdump (<protocol> | "<pattern>" | all) (all | off | { states|messages [, ...] })',
        "Control protocol debugging via MRTdump files",
    ),
    ('configure [soft] ["<file>"] [timeout [<sec>]]', "Reload configuration"),
    ('configure check ["<file>"]', "Parse configuration and check its validity"),
    ("configure confirm", "Confirm last configuration change - deactivate undo timeout"),
    ("configure undo", "Undo last configuration change"),
    ("configure status", "Show configuration status"),
    ('enable (<protocol> | "<pattern>" | all) ["<message>"]', "Enable protocol"),
    ('disable (<protocol> | "<pattern>" | all) ["<message>"]', "Disable protocol"),
    ('restart (<protocol> | "<pattern>" | all) ["<message>"]', "Restart protocol"),
    (
        'prune (<protocol> | "<pattern>" | all)',
        "Remove sessions of neighbors that are gone, except established and disabled ones",
    ),
    ('reload [in|out] (<protocol> | "<pattern>" | all)', "Reload protocol"),
    (
        'reload filters [in|out] (<protocol> | "<pattern>" | all) [partial <prefix set>]',
        "Reload protocol filters",
    ),
    (
        'reload bgp [in|out] (<protocol> | "<pattern>" | all)',
        "Send and request route refresh to/from neighbor",
    ),
    (
        'debug (<protocol> | "<pattern>" | all)[.<channel>] (all | off | { states, routes, filters, interfaces, events, packets })',
        "Control protocol debugging via the log",
    ),
    ('dump <what> ["<file>"]', "Dump debugging information to the log or to a file"),
    ("eval <expr>", "Evaluate an expression"),
    ("echo (all | off | { debug|trace|... [, ...] })", "Show log messages of some classes in this session"),
    (
        'timeformat [base|protocol|route] "<format>" [<limit> "<format>"] | iso (short|long) [ms|us]',
        "Set time format for this CLI session",
    ),
    ("output (json|text)", "Choose the form of replies in this session"),
    ("dialect (2|3)", "Answer as BIRD 2 or BIRD 3 does in this session"),
    ("restrict", "Restrict current CLI session to safe commands"),
    ("down", "Shut the daemon down"),
    ("graceful restart", "Shut the daemon down for graceful restart"),
    ("help", "List all commands"),
    ('show neighbors [table <t> | "<interface>"]', "Show discovered neighbors and their sessions"),
)

GROUPS: dict[str, str] = {"show": "Show status information", "configure": "Reload configuration"}
