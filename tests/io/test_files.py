"""Configurations are regular files of a bounded size."""

import os

import pytest

from pybird.conf.include import DiskFiles
from pybird.tools.check import main as check
from tests.conf.loading import language


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/dev/zero", "Is a device, not a regular file"),
        ("{folder}/fifo", "Is a FIFO, not a regular file"),
        ("{folder}", "Is a directory"),
        ("{folder}/none", "No such file or directory"),
    ],
)
def test_what_is_no_regular_file_is_refused_at_once(path, reason, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    path = path.format(folder=tmp_path)
    with pytest.raises(OSError, match=reason):
        DiskFiles().read(path)
    main = tmp_path / "bird.conf"
    main.write_text(f'include "{path}";\nprotocol device {{}}\n')
    with pytest.raises(Exception, match=f"Unable to open included file {path}: {reason}"):
        language().load(str(main))


def test_a_device_is_not_even_opened(monkeypatch):
    opened = []
    monkeypatch.setattr(os, "open", lambda *arguments: opened.append(arguments))
    with pytest.raises(OSError, match="Is a device"):
        DiskFiles().read("/dev/null")
    assert opened == []


def test_a_configuration_has_a_bounded_size_with_all_its_includes(tmp_path):
    (tmp_path / "a").write_text("#" * 60)
    (tmp_path / "b").write_text("#" * 60)
    (tmp_path / "sparse").touch()
    os.truncate(tmp_path / "sparse", 1 << 40)
    files = DiskFiles(100)
    assert len(files.read(str(tmp_path / "a"))) == 60
    with pytest.raises(OSError, match="More than 64 MiB"):
        files.read(str(tmp_path / "b"))
    with pytest.raises(OSError, match="More than 64 MiB"):
        files.read(str(tmp_path / "sparse"))
    assert files.read("/proc/self/comm")  # its size is said to be 0


def test_the_tools_say_it_too(tmp_path, capsys):
    assert check(["/dev/zero"]) == 1
    assert capsys.readouterr().err == "pybird check: /dev/zero: Is a device, not a regular file\n"
