"""What is remembered of rows that come again."""

from routing.compile.memo import Memo


class Asked:
    """Says what it was asked, and remembers it."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, ...]] = []

    def __call__(self, *row: str) -> str:
        self.rows.append(row)
        return "".join(row)


def test_only_rows_that_are_new_are_asked_wherever_the_others_have_moved() -> None:
    memo, step, given = Memo(), Asked(), object()
    one, two, three = "one", "two", "three"
    first = memo.each("slot", step, ([one, two], [two, one]), given)
    again = memo.each("slot", step, ([one, two], [two, one]), given)
    moved = memo.each("slot", step, ([three, one], [three, two]), given)
    assert first == ("onetwo", "twoone")
    assert again is first
    assert moved == ("threethree", "onetwo")
    assert step.rows == [(one, two), (two, one), (three, three)]


def test_every_row_is_asked_again_when_what_is_given_beside_them_changes() -> None:
    memo, step = Memo(), Asked()
    rows = (["one"],)
    first = memo.each("slot", step, rows, object())
    assert memo.each("slot", step, rows, object()) is not None
    assert (first, step.rows) == (("one",), [("one",), ("one",)])
