"""A neighbor like FRR, which comes late: it refuses who did not advertise, and never asks."""

from dataclasses import replace

import pytest

from pybird.proto.radv.messages import ADVERTISEMENT, SOLICITATION
from tests.scenarios.lab import Lab, boot, unnumbered

MARK = "# like FRR\n"


class LikeFrr:
    """A `Network` port that keeps a router from soliciting, and from talking to strangers."""

    def __init__(self, network):
        self._network = network
        self._heard = set()
        self.refused = 0

    def __getattr__(self, name):
        return getattr(self._network, name)

    def icmp6(self, ifindex, types, received):
        def hear(packet):
            if packet.data[0] == ADVERTISEMENT:
                self._heard.add(packet.source)
            received(packet)

        socket = self._network.icmp6(ifindex, types, hear)
        send = socket.send
        socket.send = lambda data, to: None if data[0] == SOLICITATION else send(data, to)
        return socket

    def listen(self, address, port, ifindex, accepted, options):
        def admit(stream):
            if stream.remote[0] in self._heard:
                accepted(stream)
            else:
                self.refused += 1
                stream.abort()

        return self._network.listen(address, port, ifindex, admit, options)


def start(ports, text):
    return boot(replace(ports, network=LikeFrr(ports.network)) if text.startswith(MARK) else ports, text)


@pytest.mark.parametrize("passive", [False, True], ids=["active", "passive"])
@pytest.mark.parametrize("late", [60, 300])
def test_it_is_taken_within_seconds_though_we_advertise_every_ten_minutes(late, passive):
    lab = Lab()
    lab.boot = start
    rarely = "router discovery yes; max ra interval 600;"
    lab.add("a", unnumbered(1).replace("router discovery yes;", rarely))
    lab.add("frr", MARK + unnumbered(2, more="passive yes;" if passive else ""), start=float(late))
    lab.link("a", "eth0", "frr", "eth0")
    lab.run(late)
    lab.expect(lab.meshed, 5, "our advertisement answers its first one")


def test_who_is_refused_advertises_and_is_then_taken():
    """Its first connection comes before its advertisement was heard: that alone must not stick."""
    lab = Lab(seed=4)
    lab.boot = start
    lab.add("a")
    lab.add("frr", MARK + unnumbered(2, more="passive yes;"), start=60.0)
    segment = lab.link("a", "eth0", "frr", "eth0")
    segment.loss = 0.3
    lab.run(60)
    lab.expect(lab.meshed, 40, "losses delay it, no more")
