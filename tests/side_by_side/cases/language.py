"""Which texts are configurations, and what expressions give."""

from tests.side_by_side.case import Side, bgp, case

HEAD = "function next_of(int a) -> int { return a + 1; }\ndefine one = 1;\n"
FUNCTION = "function f(int x) -> bool {{ lclist l; {} return true; }}\n"
TEXTS = {
    "call in a set": FUNCTION.format("if x ~ [1, (next_of(3))] then return false;"),
    "call in a define": "define s = [1, (1 + next_of(3)), (next_of(6))..9];\n",
    "call in a label": FUNCTION.format("case x { (next_of(1)): return false; }"),
    "variable in large communities": FUNCTION.format("l.delete([(65001, 1, x)]);"),
    "bare variable in a set": FUNCTION.format("if 5 ~ [x] then return false;"),
    "attribute in a set": FUNCTION.format("l.delete([(65001, 1, preference)]);"),
    "overlapping labels": FUNCTION.format("case x { 1..6: return true; 5: return false; }"),
    "overlapping labels of a constant": FUNCTION.format("case 5 { 1..6: return true; 5: return false; }"),
    "no group between colons": "define a = 3fff:f:f:f:f:f:f::f;\n",
    "three colons": "define a = 3fff:f:f:::f;\n",
    "nine groups": "define a = 1:2:3:4:5:6:7:8::9;\n",
    "krt_source is set": "filter f { krt_source = 17; unset(krt_source); accept; }\n",
    "two families": bgp(2, local="2001:db8::1", neighbor="10.0.0.2"),
    "table without a type": "table x;\n",
    "gateway in a protocol": bgp(2, options="gateway recursive;"),
}


@case(since="2.19")
def language(side: Side):
    side.start(HEAD)
    answers = {name: side.configure(HEAD + text, "configure check")[-1] for name, text in TEXTS.items()}
    return {name: answer[:4] for name, answer in answers.items()}


@case(since="2.19")
def lookups_of_eval(side: Side):
    side.start("roa4 table r4;\nprotocol static { roa4; route 10.66.0.0/16 max 24 as 65001; }\n")
    side.settle()
    asked = ("10.66.0.0/24, 65001", "10.66.0.0/24, 65002", "10.66.0.0/25, 65001", "10.67.0.0/24, 65001")
    return {each: side.ask(f"eval roa_check(r4, {each}) = ROA_INVALID")[-1] for each in asked}
