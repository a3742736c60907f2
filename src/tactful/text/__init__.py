"""The text room: what can be read off a text without a language model.

- `count_questions`, `questions`: the one definition of a question (`questions.py`)
- `estimate_tokens`, `cjk_share`, `detect_lang`: length and language (`lang.py`)
- `similarity`: how alike two texts are, by shared character n-grams (`similarity.py`)
- `open_encoder`, `Encoder`: sentences as vectors (`encoder.py`)
- `surface_features`: what clarity and complexity are estimated from (`features.py`)
"""

from tactful.text.encoder import DEFAULT_ENCODER, Encoder, open_encoder
from tactful.text.features import surface_features
from tactful.text.lang import cjk_share, detect_lang, estimate_tokens, scripts
from tactful.text.questions import count_questions, questions
from tactful.text.similarity import normalise, similarity

__all__ = [
    "DEFAULT_ENCODER",
    "Encoder",
    "cjk_share",
    "count_questions",
    "detect_lang",
    "estimate_tokens",
    "normalise",
    "open_encoder",
    "questions",
    "scripts",
    "similarity",
    "surface_features",
]
