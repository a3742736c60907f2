"""Texts in groups of like ones: words and pairs of words weighed by how telling they are, reduced, and k-means over that.

Decided by looking at audits of real logs: at 216 needless questions of MultiWOZ the groups are "book", "price range",
"area, town", "parking, internet". Vectors of the bundled reader were made to tell whether a request needs a question, not
what it is about, and take 5 ms a text; they are not used. The number of groups grows with the square root of that of the
texts: the silhouette kept choosing the most that it was offered.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

MOST_GROUPS = 12
FEWEST_TEXTS = 20
"""Fewer are one group: among a dozen different texts any parting is arbitrary."""
_DIMENSIONS = 50
_TERMS = 5000
_TELLING = 0.75
"""Share of the texts that must have a term left."""
_WORDS = 5
_CJK = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
_WORD = re.compile(r"[^\W\d_]{2,}")
_SAID_OF_ALL = frozenset({
    "like", "need", "want", "yes", "please", "thanks", "thank", "hi", "hello", "just", "ll", "ve", "re",
    "looking", "help", "really", "try", "let", "know", "great", "okay", "ok", "sure",
})  # fmt: skip
_SAID_OF_ALL_ZH = frozenset({
    "你好", "您好", "谢谢", "好的", "请问", "一下", "我想", "想要", "帮我", "可以", "有没", "没有", "什么", "我要", "一个", "能不", "不能",
})  # fmt: skip
_BETWEEN_WORDS_ZH = frozenset(
    "的了吗呢吧啊呀哦嗯嘛么着得有是在我你您他她它们这那哪就都也还很太和跟与或给把被让从个一几想要找看请不没什能可以啥谁为会去来"
)
"""A pair of characters with one of these is hardly ever a word: such pairs tell groups apart and name none."""
_SHARED = 0.6
"""Of the texts with a pair of characters, so many must go on alike for it to be part of a longer word."""
_LONGEST_WORD = 8


def grouped(texts: Sequence[str], *, seed: int = 0) -> list[tuple[tuple[str, ...], list[int]]]:
    """(telling words, places of its texts, the most typical first) of each group, the largest first.

    Texts without a word that says anything are a group without words, at the end.
    """
    import numpy as np

    if len(texts) < FEWEST_TEXTS:
        return [(_words_alone(texts), list(range(len(texts))))] if texts else []
    weights, names = _weighed(texts)
    told = np.asarray(weights.sum(axis=1)).ravel() > 0
    places, mute = np.flatnonzero(told), np.flatnonzero(~told)
    told_texts = [texts[int(place)] for place in places]
    found = _clustered(weights[places], names, told_texts, seed) if len(places) else []
    groups = [(words, [int(places[at]) for at in inside]) for words, inside in found]
    groups.sort(key=lambda group: (-len(group[1]), group[1]))
    return [*groups, ((), [int(place) for place in mute])] if len(mute) else groups


def _weighed(texts: Sequence[str]) -> tuple[Any, Sequence[str]]:
    """(texts × terms, terms). Terms of one text alone, and of more than half of all, say nothing of a group: they are left
    out where others remain."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    for fewest, most, telling in ((2, 0.5, _TELLING), (1, 0.5, _TELLING), (1, 1.0, 0.0)):
        vectorizer = TfidfVectorizer(
            analyzer=_terms, sublinear_tf=True, min_df=fewest, max_df=most, max_features=_TERMS
        )
        try:
            weights = vectorizer.fit_transform(texts)
        except ValueError:  # no term is left
            continue
        if (weights.getnnz(axis=1) > 0).mean() >= telling:
            return weights, vectorizer.get_feature_names_out()
    from scipy.sparse import csr_matrix

    return csr_matrix((len(texts), 1)), ("",)


def _clustered(
    weights: Any, names: Sequence[str], texts: Sequence[str], seed: int
) -> list[tuple[tuple[str, ...], list[int]]]:
    import numpy as np
    from sklearn.cluster import KMeans
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import normalize

    count = weights.shape[0]
    different = len({(row.indices.tobytes(), row.data.tobytes()) for row in weights})
    dense = min(_DIMENSIONS, weights.shape[1] - 1, count - 1)
    if dense >= 2 and different > 2:
        vectors = normalize(TruncatedSVD(dense, random_state=seed).fit_transform(weights))
        different = len(np.unique(vectors.round(9), axis=0))
    else:
        vectors = weights.toarray()
    wanted = min(MOST_GROUPS, different, max(1, round((count / 2) ** 0.5)))
    labels = KMeans(wanted, n_init=4, random_state=seed).fit_predict(vectors)
    found = []
    for label in range(wanted):
        inside = labels == label
        mean = np.asarray(weights[inside].mean(axis=0)).ravel()
        others = np.asarray(weights[~inside].mean(axis=0)).ravel() if not inside.all() else 0
        words = [names[at] for at in np.argsort(others - mean, kind="stable") if mean[at] > 0]
        nearness = vectors[inside] @ vectors[inside].mean(axis=0)
        order = np.argsort(-nearness.round(9), kind="stable")
        own = [int(place) for place in np.flatnonzero(inside)[order]]
        found.append((_named(words, [texts[place] for place in own]), own))
    return found


def _named(words: Sequence[str], texts: Sequence[str]) -> tuple[str, ...]:
    """The words that stand for a group of these texts, the most telling first; of Chinese and Japanese whole words, as
    far as the texts themselves show where one ends."""
    whole = [word for word in words if _BETWEEN_WORDS_ZH.isdisjoint(word)] or words
    return _distinct([_grown(word, texts) for word in whole[: 4 * _WORDS]])


def _grown(word: str, texts: Sequence[str]) -> str:
    """The longer piece that most texts with these characters share; a word of letters as it is."""
    if not _CJK.match(word):
        return word
    around = Counter[str]()
    inside = [text for text in texts if word in text]
    for text in inside:
        at = text.index(word)
        wider = (text[max(0, at - 1) : at + len(word)], text[at : at + len(word) + 1])
        around.update(
            one
            for one in wider
            if _CJK.fullmatch(one) and len(one) > len(word) and _BETWEEN_WORDS_ZH.isdisjoint(one)
        )
    best, count = around.most_common(1)[0] if around else ("", 0)
    if len(word) < _LONGEST_WORD and count >= max(2, _SHARED * len(inside)):
        return _grown(best, texts)
    return word


def _distinct(words: Sequence[str]) -> tuple[str, ...]:
    """The first ones, without words that a pair among them holds already, or pairs of words that are there."""
    found: list[str] = []
    for word in words:
        parts = set(word.split())
        if _CJK.match(word):
            if not any(word in one or one in word for one in found):
                found.append(word)
        elif not any(parts & set(one.split()) for one in found):
            found.append(word)
        elif len(parts) == 2:
            alone = [at for at, one in enumerate(found) if one in parts]
            if len(alone) == 1 and alone[0] == 0 and len(found) == 1:
                found[0] = word  # "price", "price range": the pair says more
        if len(found) == _WORDS:
            break
    return tuple(found)


def _words_alone(texts: Sequence[str]) -> tuple[str, ...]:
    counts = Counter(term for text in texts for term in dict.fromkeys(_terms(text)))
    common = [term for term in counts if counts[term] >= max(2, len(texts) / 4)]
    return _named(sorted(common, key=lambda term: -counts[term]), texts)


def _terms(text: str) -> Iterator[str]:
    """The terms of a text: words and pairs of neighbours; of Chinese and Japanese, pairs of characters."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    text = text.lower()
    for run in _CJK.findall(text):
        pairs = (run[at : at + 2] for at in range(len(run) - 1))
        yield from (pair for pair in pairs if pair not in _SAID_OF_ALL_ZH)
    words = [
        word
        for word in _WORD.findall(_CJK.sub(" ", text))
        if word not in ENGLISH_STOP_WORDS and word not in _SAID_OF_ALL
    ]
    yield from words
    yield from (f"{one} {other}" for one, other in pairwise(words))
