import os
import subprocess
import sys

import pytest

from pybird.io import privileges
from tests.io.isolation import needs_other_users

PROGRAM = """
import os, socket
from pybird.io import privileges
privileges.drop(65534, 65534)
print(os.getresuid(), os.getresgid(), os.getgroups())
with open("/proc/self/status") as status:
    print([line.split()[1] for line in status if line.startswith(("CapPrm", "CapEff"))])
with socket.socket() as sock:
    sock.bind(("127.0.0.1", 999))
socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6).close()
try:
    os.setuid(0)
except PermissionError:
    print("no way back")
"""


@needs_other_users
def test_only_network_capabilities_are_left():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, cwd=os.getcwd()
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "(65534, 65534, 65534) (65534, 65534, 65534) []",
        "['0000000000003400', '0000000000003400']",
        "no way back",
    ]


def test_unknown_users_are_named():
    with pytest.raises(LookupError, match="Cannot find user 'nosuch'"):
        privileges.user_id("nosuch")
    with pytest.raises(LookupError, match="Cannot find group 'nosuch'"):
        privileges.group_id("nosuch")
    assert privileges.user_id("root") == (0, 0)
    assert privileges.user_id("1234") == (1234, 1234)
