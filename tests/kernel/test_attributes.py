from pybird.proto.kernel.attributes import for_the_kernel
from pybird.values.net import Prefix
from tests.cli.lab import Lab

CONFIG = """
router id 10.0.0.1;
protocol device {{ }}
protocol static s {{ ipv4; route 10.1.0.0/16 via 10.0.0.2 {{ {block} }}; }}
"""


def attributes(block: str):
    lab = Lab(CONFIG.format(block=block))
    rte = lab.router.tables["master4"].best(Prefix.parse("10.1.0.0/16").key)
    assert lab.world.log.lines == []
    return dict(for_the_kernel(lab.router.pool.view(rte.attrs))), lab


def test_each_bit_of_a_field_has_a_name():
    found, lab = attributes(
        "krt_mtu = 1400; krt_lock_mtu = true; krt_lock_rtt = true; krt_feature_ecn = true;"
    )
    assert found == {"krt_mtu": 1400, "krt_lock": 1 << 2 | 1 << 4, "krt_features": 1}
    shown = lab.ask("show route 10.1.0.0/16 all").splitlines()
    assert [line.partition("\t")[2] for line in shown if "Kernel." in line] == [
        "Kernel.lock: mtu rtt",
        "Kernel.mtu: 1400",
        "Kernel.features: ecn",
    ]


def test_bits_and_fields_are_the_same_thing():
    found, _ = attributes("krt_lock = 4; if krt_lock_mtu then krt_mtu = 1; if krt_lock_rtt then krt_rtt = 1;")
    assert found == {"krt_lock": 4, "krt_mtu": 1}
    found, _ = attributes(
        "krt_lock_mtu = true; krt_lock_rtt = true; krt_lock_mtu = false; krt_mtu = krt_lock;"
    )
    assert found == {"krt_lock": 16, "krt_mtu": 16}
    found, _ = attributes("unset(krt_lock_mtu); if ! defined(krt_lock_mtu) then krt_mtu = 7;")
    assert found == {"krt_mtu": 7}
