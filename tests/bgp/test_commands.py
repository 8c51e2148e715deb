"""What BGP's own commands say."""

import pytest

from pybird.core.command_targets import ALL, Which
from pybird.proto.bgp.commands import COMMANDS, Directions
from tests.conf.loading import language

(RELOAD,) = COMMANDS


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("reload bgp all", Directions(ALL, imports=True, exports=True)),
        ("reload bgp in edge1", Directions(Which("edge1"), imports=True, exports=False)),
        ('reload bgp out "edge*"', Directions(Which(pattern="edge*"), imports=False, exports=True)),
    ],
)
def test_reload_bgp_is_of_both_directions_or_of_one(line, said):
    assert RELOAD.arguments(language().parse_command(line), None) == said
