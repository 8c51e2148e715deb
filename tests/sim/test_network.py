import subprocess
import sys

from pybird.sim.world import World
from pybird.values.address import Address
from tests.sim.peers import Program

ALL = Address.parse("ff02::1")


def lan(count=3, **options):
    world = World(Program, **options)
    for number in range(count):
        world.router(f"r{number}")
    segment = world.segment("lan", *((f"r{n}", "eth0") for n in range(count)))
    world.run(0)
    heard = {}
    sockets = []
    for name, node in world.nodes.items():
        heard[name] = []
        sockets.append(node.router.ports.network.icmp6(2, (133, 134), heard[name].append))
    return world, segment, sockets, heard


def test_multicast_reaches_all_but_the_sender():
    world, _, sockets, heard = lan()
    sockets[0].send(b"\x86\0\0\0hello", ALL)
    assert not any(heard.values())
    world.run(0.01)
    assert [len(x) for x in heard.values()] == [0, 1, 1]
    packet = heard["r1"][0]
    assert (str(packet.source), packet.hop_limit, packet.data) == ("fe80::1:2", 255, b"\x86\0\0\0hello")


def test_unicast_reaches_its_owner_and_types_are_filtered():
    world, _, sockets, heard = lan()
    sockets[0].send(b"\x86\0\0\0", Address.parse("fe80::3:2"))
    sockets[0].send(b"\x80\0\0\0", ALL)
    world.run(0.01)
    assert [len(x) for x in heard.values()] == [0, 0, 1]


def test_frames_reach_who_listens_for_their_type_and_group():
    group, mac = bytes.fromhex("0180c200000e"), {}
    world = World(Program)
    for name in ("r0", "r1", "r2"):
        world.router(name)
    segment = world.segment("lan", ("r0", "eth0"), ("r1", "eth0"), ("r2", "eth0"))
    world.run(0)
    heard = {name: [] for name in world.nodes}
    sockets = {}
    for name, node in world.nodes.items():
        mac[name] = node.host.nic("eth0").mac
        sockets[name] = node.router.ports.network.frames(2, 0x88CC, group, heard[name].append)
    world.nodes["r2"].router.ports.network.frames(2, 0x88B5, group, heard["r2"].append)
    sockets["r0"].send(b"to all", group)
    sockets["r0"].send(b"to one", mac["r1"])
    sockets["r0"].send(b"to nobody", bytes(6))
    assert not any(heard.values())
    world.run(0.01)
    assert [[frame.data for frame in each] for each in heard.values()] == [
        [],
        [b"to all", b"to one"],
        [b"to all"],
    ]
    assert {frame.source for frame in heard["r1"]} == {mac["r0"]}
    sockets["r1"].close()
    world.link_down("r2", "eth0")
    world.forge_frame(segment, 0x88CC, b"x", bytes(6), group)
    world.run(0.01)
    assert [len(each) for each in heard.values()] == [1, 2, 1]


def test_tentative_address_sends_nothing():
    world, _, sockets, heard = lan(dad=(1.0, 2.0))
    sockets[0].send(b"\x86\0\0\0", ALL)
    world.run(0.01)
    assert not any(heard.values())
    world.run(2)
    sockets[0].send(b"\x86\0\0\0", ALL)
    world.run(0.01)
    assert [len(x) for x in heard.values()] == [0, 1, 1]


def test_cut_one_way_block_and_forged_packets():
    world, segment, sockets, heard = lan()
    segment.block("r0", "r1")
    sockets[0].send(b"\x86\0\0\0", ALL)
    sockets[1].send(b"\x86\0\0\0", ALL)
    world.run(0.01)
    assert [len(x) for x in heard.values()] == [1, 0, 2]
    segment.cut()
    sockets[0].send(b"\x86\0\0\0", ALL)
    world.run(0.01)
    assert [len(x) for x in heard.values()] == [1, 0, 2]
    segment.restore()
    world.forge(segment, b"\x86\0\0\0", "2001:db8::1", hop_limit=64)
    world.run(0.01)
    assert [len(x) for x in heard.values()] == [2, 1, 3]
    assert heard["r1"][0].hop_limit == 64


def test_closed_socket_and_killed_process_hear_nothing():
    world, _, sockets, heard = lan()
    sockets[0].send(b"\x86\0\0\0", ALL)
    sockets[1].close()
    world.nodes["r2"].kill()
    world.run(0.01)
    assert not any(heard.values())


def history():
    world, segment, sockets, _ = lan(seed=5, dad=(1.0, 2.0))
    segment.loss = 0.3
    for _ in range(50):
        for socket in sockets:
            socket.send(b"\x86\0\0\0", ALL)
        a = world.nodes["r0"].router
        if world.clock.now() > 2:
            a.call(Address.parse("fe80::3:2"), 2).stream.write(b"some octets")
        world.run(0.1)
    return world.digest()


def test_one_seed_is_one_history_under_any_hash_seed():
    code = "from tests.sim.test_network import history; print(history())"
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(p for p in sys.path if p) + ":."},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    ]
    assert outputs[0] == outputs[1] == history() + "\n"
