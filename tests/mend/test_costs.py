"""Costs from what followed, against values worked out by hand; too little evidence is said."""

import pytest
from tests.mend.parts import learn_costs, talk

from tactful.mend.learning.costs import Prices, asks_from, loss
from tactful.policy.cost import CostPolicy, Costs

PRICES = Prices(exchange=0.1, complaint=0.3, lost=1.0)


def numbers(talks, prices=PRICES):
    return {number.name: number for number in learn_costs(talks, prices).numbers}


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        (["guess", "fine"], 0.1 * 1 + 0.3),  # repaired at once: an exchange and a complaint
        (["guess", "faulty", "fine"], 0.1 * 2 + 0.3 * 2),
        (["guess", "nothing said next"], 0.1 + 0.3),  # an answer that nobody complains of ends well
        (["guess"], 1.0),  # never repaired: the whole task
        (["guess", "welcome", "fine"], 0.1 * 2 + 0.3),
    ],
)
def test_what_a_wrong_guess_cost(outcomes, expected):
    assert loss(talk("c", outcomes).turns, PRICES) == pytest.approx(expected)


def test_value_is_what_followed_guesses_minus_what_was_lost_after_questions():
    guessed = [talk(f"g{at}", ["guess", "fine"]) for at in range(8)]  # 0.4 each
    asked = [talk(f"a{at}", ["welcome", "fine" if at % 2 else "faulty", "fine"]) for at in range(8)]
    found = numbers([*guessed, *asked])
    # after a question: half end well at once (0), half after a complaint and an exchange (0.4): 0.2 lost all the same
    assert found["otherwise"].value == pytest.approx(0.4 - 0.2)
    assert found["otherwise"].by == "log"
    assert found["lam"].value == pytest.approx(0.1)  # one exchange until the answer


def test_a_chain_of_questions_costs_more_than_one():
    found = numbers([talk(f"c{at}", ["welcome", "welcome", "fine"]) for at in range(8)])
    assert found["lam"].value == pytest.approx(0.15)  # 2 exchanges, then 1


def test_a_rejected_question_costs_its_complaint_and_a_lost_task_where_nobody_came_back():
    found = numbers([talk(f"c{at}", ["rejected", "fine"] if at < 6 else ["left"]) for at in range(8)])
    assert found["delta"].value == pytest.approx((6 * 0.3 + 2 * 1.0) / 8)


def test_too_little_evidence_is_said():
    learned = learn_costs([talk(f"c{at}", ["guess", "fine"]) for at in range(7)], PRICES)
    assert not learned.from_log
    assert all(number.note.startswith("too little evidence") for number in learned.numbers)
    assert learned.costs.otherwise == pytest.approx(0.4)  # an exchange and a complaint, by assumption
    assert learned.assumptions


def test_only_questions_about_open_requests_tell_who_rejects_them():
    clear = [talk(f"c{at}", ["rejected", "fine"], query_clarity=0.9) for at in range(20)]
    open_ = [talk(f"o{at}", ["welcome", "fine"]) for at in range(9)]
    assert numbers([*clear, *open_])["rejects"].value == pytest.approx(
        0.01
    )  # 0 of 9, at the least that is assumed


def test_needless_questions_are_rejected_sooner_by_what_clear_requests_show():
    clear = [
        talk(f"c{at}", ["rejected", "fine"] if at < 8 else ["needless"], query_clarity=0.9)
        for at in range(10)
    ]
    open_ = [talk(f"o{at}", ["rejected" if at < 2 else "welcome"]) for at in range(10)]
    found = numbers([*clear, *open_])
    # 0.8 of the clear, 0.2 of the open: 0.8 = 0.2 + 0.8·k, k = 0.75
    assert found["rejects"].value == pytest.approx(0.2)
    assert found["needless"].value == pytest.approx(0.75)


def test_users_who_differ_much_are_believed_sooner():
    alike = [talk(f"c{at}", ["welcome", "rejected"] * 2, user=f"u{at}") for at in range(20)]
    apart = [
        talk(f"c{at}", ["welcome"] * 4 if at % 2 else ["rejected"] * 4, user=f"u{at}") for at in range(20)
    ]
    of_alike, of_apart = (sum(learn_costs(talks, PRICES).costs.rejects) for talks in (alike, apart))
    assert of_alike == pytest.approx(40)  # as if each user had been seen forty times: they do not differ
    assert of_apart == pytest.approx(2)  # what one user does says nothing about the next


def test_the_need_from_which_a_stranger_is_asked_is_the_policys_own():
    costs = Costs(otherwise=0.5, lam=0.1, delta=0.3, rejects=(1, 9), needless=0)
    # r = 0.1: (0.1 + 0.3·0.1) / (0.5·0.9) = 0.289, to a hundredth from 0.29
    assert asks_from(costs) == 0.29
    assert asks_from(costs.model_copy(update={"scale": 9})) > 1  # never
    policy = CostPolicy(("answer", "ask"), costs)
    for clarity, action in ((1 - 0.28, "answer"), (1 - 0.30, "ask")):
        state = talk("c", ["fine"], query_clarity=clarity).turns[0].state
        assert policy.act(state).action == action
