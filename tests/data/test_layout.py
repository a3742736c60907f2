import pytest

from tactful.data.layout import LAYOUT, init_data
from tactful.errors import UserError


def test_each_folder_says_what_it_is_for(tmp_path):
    written = init_data(tmp_path / "data")
    assert [path.parent.name for path in written] == ["external", "seeds", "logs", "dpo", "eval"]
    assert all(LAYOUT[path.parent.name] in path.read_text() for path in written)


def test_what_exists_stays_as_it_is(tmp_path):
    init_data(tmp_path)
    (tmp_path / "seeds" / "README.md").write_text("mine")
    assert init_data(tmp_path) == []
    assert (tmp_path / "seeds" / "README.md").read_text() == "mine"


def test_a_file_in_the_way_is_the_users_to_move(tmp_path):
    (tmp_path / "seeds").write_text("")
    with pytest.raises(UserError, match="seeds"):
        init_data(tmp_path)
