import pytest
from pydantic import ValidationError

from tactful.errors import ConfigError
from tactful.feedback.labels import DEFAULT_REWARDS, LABELS, NEGATIVE, Label
from tactful.feedback.settings import load_feedback_config
from tactful.feedback.types import FeedbackConfig, reward_of


def test_seven_labels_with_the_documented_rewards():
    assert {label.value: reward for label, reward in DEFAULT_REWARDS.items()} == {
        "neg_constraint_restate": -1.0,
        "neg_correction": -0.8,
        "neg_confusion": -0.6,
        "pos_praise": 0.8,
        "pos_progress": 0.1,
        "neutral": 0.0,
        "topic_shift": 0.0,
    }
    assert len(LABELS) == 7
    assert {label for label in LABELS if DEFAULT_REWARDS[label] < 0} == NEGATIVE


def test_gate_opens_at_tau_c_and_never_for_a_topic_shift():
    config = FeedbackConfig()
    assert reward_of(Label.POS_PRAISE, 0.6, config) == (0.8, True)
    assert reward_of(Label.POS_PRAISE, 0.599, config) == (0.0, False)
    assert reward_of(Label.NEUTRAL, 0.9, config) == (0.0, True)
    assert reward_of(Label.TOPIC_SHIFT, 1.0, config) == (0.0, False)


def test_rewards_that_are_not_named_keep_their_default():
    config = FeedbackConfig(rewards={"pos_praise": 0.5}, tau_c=0.0)
    assert config.rewards[Label.POS_PRAISE] == 0.5
    assert config.rewards[Label.NEG_CORRECTION] == -0.8
    assert reward_of(Label.POS_PRAISE, 0.0, config) == (0.5, True)


@pytest.mark.parametrize("rewards", [{"pos_praise": 1.5}, {"topic_shift": 0.1}, {"applause": 1.0}])
def test_rewards_out_of_range_for_a_topic_shift_or_an_unknown_label_are_refused(rewards):
    with pytest.raises(ValidationError):
        FeedbackConfig(rewards=rewards)


def test_configuration_comes_from_toml_and_names_what_is_wrong(tmp_path):
    file = tmp_path / "f.toml"
    file.write_text("tau_c = 0.7\n[rewards]\nneutral = -0.05\n")
    config = load_feedback_config(file)
    assert (config.tau_c, config.rewards[Label.NEUTRAL]) == (0.7, -0.05)
    for text, said in [
        ("tau_c = 3", "tau_c"),
        ("tau = 0.5", "unknown key 'tau'"),
        ("[rewards]\napplause = 1", "unknown label 'applause'; the labels are neg_constraint_restate"),
        ("tau_c =", "not valid TOML"),
    ]:
        file.write_text(text)
        with pytest.raises(ConfigError, match=said):
            load_feedback_config(file)
    with pytest.raises(ConfigError, match="cannot read"):
        load_feedback_config(tmp_path / "none.toml")
