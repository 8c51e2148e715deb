"""The same expressions through real BIRD's `eval` and ours: texts must be equal.

Forms that Debian's BIRD 2.0.12 does not know are in test_language.py.
"""

import pytest

from pybird.conf.language import Language
from pybird.filter.compile import compile_expression
from pybird.filter.format import show_value
from pybird.filter.route_context import constant_subject
from pybird.proto import PROTOCOLS
from tests.real_bird import running

LANGUAGE = Language(PROTOCOLS)
CONFIG = LANGUAGE.read("protocol device {}\n")
DECLARED = {decl.name: decl for type_ in PROTOCOLS for decl in type_.attributes}

EQUAL = """
1+2
1 + 2 * 3
(1 + 2) * 3
5/2
3-5
4294967295+1
10*429496730
0x10
true
!true
1 = true
1 < 2
true && false || true
false || true && false
1 = 1 && 2 = 2
!(1 = 2)
1 = "x"
"abc"
"abc" ~ "a*"
"abc" ~ "a?c"
"abc" ~ "b"
"" ~ "*"
"a" < "b"
(1,2)
(1, 2 + 3)
(1,2) < (1,3)
(1,2) = 65538
(1,2).asn
(1,2).data
(1,2,3)
(1,2,3).data2
(rt, 10, 20)
(rt, 1.2.3.4, 10)
(ro, 65536, 10)
(rt, 10, 70000)
(generic, 0x43000000, 10)
(unknown 0x4300, 10, 10)
add(--empty--,(generic,0x00010001,2))
add(--empty--,(generic,0x01040001,0x10002))
add(--empty--,(generic,0x02040001,0x10002))
add(--empty--,(generic,0x40020001,0x10002))
add(--empty--,(generic,0x41020001,0x10002))
add(--empty--,(generic,0x80060000,0x10002))
10:20
0:10:20
2:10:20
1.2.3.4:20
70000:20
1.2.3.4
2001:DB8::1
1.2.3.4.mask(8)
::1.mask(64)
::1.is_v4
1.2.3.4 < 1.2.3.5
1.2.3.4 < ::
1.2.3.4 ~ 1.2.0.0/16
1.2.3.4 ~ [1.2.3.4]
1.2.3.4 ~ [1.2.3.0..1.2.3.9]
10.0.0.0/8.len
10.0.0.0/8.ip
10.0.0.0/8.len + 1
10.0.0.0/8 ~ [10.0.0.0/8+]
10.0.0.0/8 ~ 10.0.0.0/7
2.0.0.0/7 < 2.0.0.0/8
1.0.0.0/8 < 2001:db8::/32
1.0.0.0/8 < 10:20 1.0.0.0/8
10:20 1.0.0.0/8 < 10:20 1.0.0.0/9
10:21 1.0.0.0/8 < 10:20 2.0.0.0/8
NET_IP4 = 10.0.0.0/8.type
1.0.0.0/8 max 24 as 10
2001:db8::/32 from 2001:db8:1::/48
10:20 2001:db8::/32
(10:20 1.0.0.0/8).len
(1.0.0.0/8 max 24 as 10).ip
(flow4 { dst 1.0.0.0/8; proto 6; }).len
(flow4 { proto 6; }).dst
(2001:db8::/32 from 2001:db8:1::/48).len
10:20 1.0.0.0/8 ~ 1.0.0.0/8
10:20 1.0.0.0/8 ~ [1.0.0.0/8+]
10:21 1.1.0.0/16 ~ 10:20 1.0.0.0/8
1.1.0.0/16 max 24 as 10 ~ [1.0.0.0/8+]
1.1.0.0/16 max 24 as 10 ~ 1.0.0.0/8
1.1.0.0/16 max 24 as 10 ~ 1.0.0.0/8 max 24 as 10
2001:db8::/32 from 2001:db8:1::/48 ~ [2001:db8::/32+]
flow4 { dst 1.0.0.0/8; proto 6; } ~ [1.0.0.0/8+]
flow4 { dst 10.0.0.0/8; proto = 23; dport > 24 && < 30 || 40..50,60..70,80 && >= 90; }
flow4 { proto = 23; length 2048..65535; dscp = 63; }
flow4 { tcp flags 0x03/0x0f; fragment dont_fragment && is_fragment || !first_fragment; }
flow4 { tcp flags 1/3 || 2/2; }
flow4 { tcp flags 1/1, 2/2; fragment dont_fragment, is_fragment || !first_fragment; }
flow4 { port != 5 && != 6; }
flow6 { dst ::1234:5678:9800:0/104 offset 64; next header 23; label 5; icmp type 80; }
[]
[5,1,2,3,4]
[1..3, 5]
[1, 2] = [2, 1]
[1..3] = [1, 2, 3]
1 ~ [1]
1 ~ []
[(1,2), (3,*), (4..5,6), (7,8..9)]
[(1,2)..(3,4)]
[(*,*)]
[(1..3,5)]
[(2..3,5..6), (1,1)]
(1,2) ~ [(1,*)]
(1,2) ~ [(1,2)..(1,5)]
[(rt,1,2), (rt,3,*), (ro,1,2..3)]
(rt,1,2) ~ [(rt,1,*)]
(ro,1,2) ~ [(rt,1,*)]
(rt, 1.2.3.4, 10) ~ [(rt, 16909060, 10)]
[(1,2,3), (4,5,6..7)]
[(1,2,3)..(4,5,6)]
(1,2,3) ~ [(1,*,*)]
(1,2,3) ~ [(1,2,3)..(1,2,9)]
[1.2.3.4, 2.2.2.2..3.3.3.3]
[10:20, 1:5..1:7]
65000:1 ~ [65000:0..65000:9]
ROA_VALID ~ [ROA_VALID, ROA_INVALID]
RTS_BGP < RTS_PIPE
RTS_BGP = ROA_VALID
[10.1.2.0/24-]
[10.1.2.0/24-, 10.1.0.0/16+, 0.0.0.0/0, 192.168.0.0/16, 10.1.2.0/24{20,28}]
[100.64.0.0/10+, 198.18.0.0/15+, 224.0.0.0/3+]
[2001:db8::/32+, ::/0]
[2001:db8::/33{33,48}]
[10.0.0.0/8] = [10.0.0.0/8]
[= =]
[= 1 * 2 =]
[= 1..2 ? * + [1,2..3] =]
[= (1+2) [] =]
+empty+
prepend(prepend(+empty+,1),2)
prepend(prepend(+empty+,1),2).len
prepend(prepend(+empty+,1),2).first
prepend(prepend(+empty+,1),2).last
prepend(prepend(+empty+,1),2) ~ [= * 1 =]
delete(prepend(prepend(+empty+,1),2),1)
filter(prepend(prepend(+empty+,1),2),[1])
prepend(+empty+,1) ~ [1..2]
prepend(+empty+,1) ~ []
prepend(+empty+,1) ~ [= [1,2] =]
prepend(+empty+,1) ~ [= 1 + =]
prepend(+empty+,1) ~ [= 2..5 =]
+empty+ ~ [= * =]
+empty+ ~ [= ? =]
1 ~ prepend(+empty+,1)
add(-empty-,(3,4))
add(-empty-,1.2.3.4)
add(-empty-,1.2.3.4) ~ [1.2.3.4]
1.2.3.4 ~ add(-empty-,1.2.3.4)
add(-empty-,(1,2)).len
add(-empty-,(1,2)) ~ [(1,*)]
(1,2) ~ add(-empty-,(1,2))
delete(add(-empty-,(1,2)),[(1,*)])
add(--empty--,(rt,1,2))
add(add(--empty--,(rt,1,2)),(generic,1,2))
add(---empty---,(1,2,3))
filter(add(add(---empty---,(1,2,3)),(4,5,6)),[(4,*,*)])
format((1,2))
format(10.0.0.0/8)
format([1])
"""

REFUSED = """
1/0
"x" + 1
net
nosuch
(70000,1)
1 ~ [(1,2)]
[1] ~ [1]
1.2.3.4 ~ [1.2.0.0/16+]
1 && true
true < 1
1.2.3.4 + 1
10.0.0.0/8.mask(4)
10.1.2.3/8
1=1=1
"a" ~ ["a"]
-empty- < -empty-
--empty-- >= --empty--
[1] < [2]
[= 1 =] <= [= 1 =]
1 < 1.2.3.4
RTS_BGP < 3
-1
!1
"""


@pytest.fixture(scope="module")
def bird(tmp_path_factory):
    """A function that asks Debian's BIRD to evaluate an expression."""
    with running("2.0", "router id 1.2.3.4;\nprotocol device {}\n", tmp_path_factory.mktemp("bird")) as ask:
        yield lambda expression: ask(f"eval {expression}")


def ours(expression):
    """What we answer, with the code of an answer, or None for an error."""
    try:
        node = LANGUAGE.expression(expression, CONFIG)
        return "0023 " + show_value(compile_expression(node, DECLARED)(constant_subject(print)))
    except Exception:
        return None


def test_values_and_texts_equal_those_of_bird(bird):
    expressions = EQUAL.strip().splitlines()
    differ = [(e, bird(e), ours(e)) for e in expressions if bird(e) != ours(e)]
    assert differ == []


def test_what_bird_refuses_is_refused(bird):
    expressions = REFUSED.strip().splitlines()
    assert [e for e in expressions if bird(e).startswith("0023")] == []
    assert [e for e in expressions if ours(e) is not None] == []
