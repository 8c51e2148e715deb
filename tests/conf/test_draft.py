"""Configuration values in the making."""

from dataclasses import dataclass

from pybird.conf.draft import Draft


@dataclass(frozen=True)
class Box:
    items: tuple[int, ...] = ()
    size: int = 0


def test_appended_values_become_a_tuple_after_those_of_the_template():
    draft = Draft(Box, Box(items=(1, 2)))
    draft.append("items", 3)
    draft.append("items", 4)
    assert draft["items"] == (1, 2, 3, 4)
    assert draft.freeze() == Box(items=(1, 2, 3, 4))
    assert "items" in draft.written


def test_a_field_set_again_forgets_what_was_appended():
    draft = Draft(Box)
    draft.append("items", 1)
    draft["items"] = (7,)
    draft.append("items", 8)
    assert draft.freeze().items == (7, 8)


def test_a_preset_does_not_replace_what_was_appended():
    draft = Draft(Box)
    draft.append("items", 1)
    draft.preset("items", (9,))
    assert draft.freeze().items == (1,)


def test_a_long_list_costs_its_length_not_its_square():
    draft = Draft(Box)
    for number in range(200_000):
        draft.append("items", number)
    assert len(draft.freeze().items) == 200_000
