from tactful.data.grouped import grouped


def test_items_of_one_key_come_together_in_their_order_wherever_they_stand():
    assert list(grouped("abacbc", key=str)) == [["a", "a"], ["b", "b"], ["c", "c"]]
    assert list(grouped(iter("aab"), key=str)) == [["a", "a"], ["b"]]
    assert list(grouped("", key=str)) == []


def test_a_group_comes_with_its_last_item():
    assert next(grouped("aab", key=str)) == ["a", "a"]
