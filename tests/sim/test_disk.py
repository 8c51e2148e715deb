"""What simulated disks do that real ones do when a machine is slow, frozen, killed or loses its power."""

from pybird.sim.disk import REST, WRITEBACK, SimFiles
from pybird.sim.world import World


class Program:
    """What runs on the machine: it has its ports, and keeps what it hears."""

    def __init__(self, ports, config):
        self.files = ports.files
        self.heard = []


def machine(seed=1):
    world = World(Program, seed=seed)
    node = world.router("a")
    world.run(0)
    return world, node


def test_a_slow_disk_tells_later_and_one_thing_after_the_other():
    world, node = machine()
    disk, program = node.host.disk, node.router
    disk.delay, disk.rate = 2.0, 100.0
    program.files.write("/tmp/x", bytes(300), 0o600, program.heard.append)
    program.files.read("/tmp/x", 1000, lambda found: program.heard.append(len(found)))
    world.run(4.9)
    assert program.heard == []
    assert disk.files == {}
    world.run(0.2)
    assert program.heard == [None]
    world.run(2.0)
    assert program.heard == [None, 300]


def test_a_frozen_program_hears_when_it_is_thawed():
    world, node = machine()
    program = node.router
    program.files.write("/tmp/x", b"new", 0o600, program.heard.append)
    node.host.process.freeze()
    world.run(5)
    assert program.heard == []
    node.host.process.thaw()
    world.run(1)
    assert program.heard == [None]


def test_a_change_is_told_when_the_file_rests():
    world, node = machine()
    program = node.router
    program.files.watch("/tmp/x", lambda: program.heard.append(world.clock.now()))
    for octets in (b"one", b"two", b"three"):
        node.host.disk.put("/tmp/x", octets)
        world.run(0.5)
    assert program.heard == []
    world.run(5)
    assert program.heard == [1.0 + REST]


def test_a_change_is_told_after_five_seconds_when_the_file_never_rests():
    world, node = machine()
    program = node.router
    program.files.watch("/tmp/x", lambda: program.heard.append(world.clock.now()))
    for number in range(24):
        node.host.disk.put("/tmp/x", bytes(number))
        world.run(0.5)
    assert program.heard == [5.0, 10.0]
    world.run(5)
    assert program.heard == [5.0, 10.0, 11.5 + REST]


def after(seed, end, seconds=0.0005):
    """A file that was being replaced when `end` came, and whether the program heard of it."""
    world, node = machine(seed)
    node.host.disk.put("/tmp/x", b"old")
    program = node.router
    program.files.write("/tmp/x", b"new content", 0o600, program.heard.append)
    world.run(seconds)
    end(node)
    world.run(5)
    return node.host.disk.get("/tmp/x"), program.heard


def test_a_file_is_the_old_or_the_new_one_after_the_end_of_the_program_or_the_power():
    for end in (lambda node: node.kill(), lambda node: node.power_off()):
        found = [after(seed, end) for seed in range(20)]
        assert {content for content, heard in found} == {b"old", b"new content"}
        assert all(heard == [] for content, heard in found)


def test_a_replacement_that_was_told_survives_a_loss_of_power():
    for seed in range(20):
        content, heard = after(seed, lambda node: node.power_off(), seconds=0.0015)
        assert (content, heard) == (b"new content", [None])


def test_what_had_not_begun_at_the_end_of_the_program_is_not_written():
    for seed in range(20):
        world, node = machine(seed)
        for name in ("x", "y"):
            node.router.files.write(f"/tmp/{name}", b"new", 0o600, node.router.heard.append)
        world.run(0.0005)
        node.kill()
        assert "/tmp/y" not in node.host.disk.files


def torn(seed, wait, end):
    world, node = machine(seed)
    disk = node.host.disk
    disk.put("/tmp/x", b"safe,")
    file = node.router.files.append("/tmp/x", 0o600)
    file.write(b"first,")
    world.run(wait)
    file.write(b"second")
    end(node)
    return disk.get("/tmp/x")


def test_what_was_appended_a_moment_ago_is_torn_by_a_loss_of_power():
    whole = b"safe,first,second"
    found = {torn(seed, 1.0, lambda node: node.power_off()) for seed in range(60)}
    assert all(whole.startswith(content) and content.startswith(b"safe,") for content in found)
    assert len(found) > 8, "at any octet"


def test_what_was_appended_long_ago_survives_a_loss_of_power():
    found = {torn(seed, WRITEBACK, lambda node: node.power_off()) for seed in range(40)}
    assert all(content.startswith(b"safe,first,") for content in found)
    assert len(found) > 3


def test_a_lone_append_survives_a_loss_of_power_after_a_while():
    for seed in range(20):
        world, node = machine(seed)
        node.router.files.append("/tmp/x", 0o600).write(b"all of it")
        world.run(WRITEBACK)
        node.power_off()
        assert node.host.disk.get("/tmp/x") == b"all of it"


def test_a_file_that_is_removed_leaves_its_room():
    _world, node = machine()
    disk, files = node.host.disk, node.router.files
    disk.room = 10
    files.append("/tmp/x", 0o600).write(b"123456")
    assert disk.room == 4
    disk.remove("/tmp/x")
    assert disk.room == 10
    files.append("/tmp/y", 0o600).write(b"1234567890")
    assert disk.get("/tmp/y") == b"1234567890"


def test_what_is_appended_to_a_file_without_name_is_no_change_of_the_next_one():
    world, node = machine()
    disk, program = node.host.disk, node.router
    file = program.files.append("/tmp/x", 0o600)
    disk.remove("/tmp/x")
    disk.put("/tmp/x", b"next")
    program.files.watch("/tmp/x", lambda: program.heard.append("changed"))
    file.write(b"old")
    world.run(5)
    assert (program.heard, disk.get("/tmp/x")) == ([], b"next")
    program.files.append("/tmp/x", 0o600).write(b"more")
    world.run(5)
    assert program.heard == ["changed"]


def test_what_was_appended_survives_the_end_of_the_program():
    assert {torn(seed, 0.0, lambda node: node.kill()) for seed in range(10)} == {b"safe,first,second"}


def test_the_files_of_a_machine_are_there_for_its_next_program():
    world, node = machine()
    node.router.files.write("/tmp/x", b"kept", 0o600, node.router.heard.append)
    old = node.router
    old.files.watch("/tmp/x", lambda: old.heard.append("changed"))
    world.run(0.5)
    node.kill()
    node.start()
    node.router.files.read("/tmp/x", 10, node.router.heard.append)
    world.run(5)
    assert node.router.heard == [b"kept"]
    assert old.heard == [None], "a program that ended hears nothing"


def test_each_machine_has_its_own_disk():
    world, node = machine()
    other = world.router("b")
    world.run(0)
    assert isinstance(other.router.files, SimFiles)
    node.host.disk.put("/tmp/x", b"")
    assert other.host.disk.files == {}
