"""What counts as a question. Decided here, once, for behaviours, users, rewards and reports.

A question is a sentence, outside code, quotations and links, by which the assistant asks the user for something
that it needs to know. It ends in `?` or `？`, or asks without a mark ("could you tell me which…", "请问…").
A run of marks counts once, each item of a list by itself, and a sentence once whatever it asks for.

Not counted: offers and pleasantries ("Would you like me to explain further?", "Does that help?", "这样可以吗？"),
marks in regular expressions, links, placeholders and ternaries, and lines that quote somebody (`> …`).
"""

from __future__ import annotations

import re

# What is no prose of the assistant's own: replaced by a plain word, so that the sentence round it survives.
_FENCE = re.compile(r"(?ms)^[ \t]*(`{3,}|~{3,}).*?(?:^[ \t]*\1[`~]*[ \t]*$|\Z)")
_INLINE_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")
_LINK = re.compile(r"\b(?:https?://|www\.)[^\s<>()（）。，？]*[^\s<>()（）。，？.,;:!?]")
_QUOTED = re.compile(
    r"\"[^\"\n]{1,300}\"|“[^”\n]{1,300}”|‘[^’\n]{1,300}’|「[^」\n]{1,300}」|『[^』\n]{1,300}』|«[^»\n]{1,300}»"
    r"|(?<![\w])'[^'\n]{1,300}'(?!\w)"
)
_QUOTED_LINE = re.compile(r"(?m)^[ \t]*>.*$")
_CODE_LINE = re.compile(
    r"(?m)^[ \t]*(?:def \w+\(.*|class \w+.*:|import \w.*|from \S+ import .*|assert .*|return\b.*|@\w.*)$"
)
_STAND_IN = " x "
_LONGEST_SENTENCE = 1000  # characters looked at; more is no sentence but a dump, and its end decides

# A word that holds a mark but is a pattern, not prose: `(?:`, `.*?`, `[a-z]?`, `\d+?`, `colou?r`, `?id=`.
_PATTERN_WORD = re.compile(
    r"\(\?[:=!<P#a-zA-Z]|[.\])][*+]\?|\\[a-zA-Z.]\S*\?|\[[^\]\s]+\]\?|[\w.]\?[A-Za-z0-9_.]|^\?\w"
)
_TERNARY = re.compile(r"\s\?\s+[^?:\n]{1,60}\s:\s")

_ABBREVIATION = re.compile(r"(?i)\b(e\.g|i\.e|etc|vs|approx|incl|resp|mr|mrs|ms|dr|no|st)\.(?=\s)")
_HIDDEN_DOT = "․"  # looks like a full stop and ends no sentence
_BULLET = re.compile(
    r"^\s*(?:[-*+•·]|\(?\d{1,2}[.)、]|\(?[a-zA-Z][.)]|[（(][一二三四五六七八九十\d]+[)）]|[一二三四五六七八九十]+、|#{1,6})\s*"
)
_SOFT_WRAP = re.compile(r"(?<=[\w,])[ \t]*\n[ \t]*(?=[a-z])(?![a-z0-9]{1,2}[.)]\s)")
_SENTENCE = re.compile(
    r".*?(?:(?<![?？!！])[?？][?？!！]*+(?=[\s)\]）】*_~\"'”’」]|[一-鿿]|$|[,，;；])[*_~]*|[!！。；]++|(?<!\.)\.++(?=\s|$)|$)",
    re.DOTALL,
)

_ASKS = re.compile(
    r"""(?ix)
    \b(?:could|can|would|will)\s+you\s+(?:please\s+|kindly\s+|also\s+|just\s+)*
        (?:tell\s+me|let\s+me\s+know|say|specify|clarify|confirm|share|explain|describe|indicate)\b
        (?!\s+if\s+(?:you|there|anything|something)\b)
    | \b(?:please\s+(?:also\s+)?|kindly\s+)(?:tell\s+me|let\s+me\s+know|confirm|indicate|say|advise)\s+(?:first\s+)?
        (?:which|what|whether|how|when|where|who|whose|why|if)\b
    | ^\W*(?:first\s*,?\s*|then\s*,?\s*)?(?:tell\s+me|let\s+me\s+know)\s+(?:which|what|whether|how|when|where|who|whose)\b
    | \bplease\s+(?:also\s+)?(?:specify|clarify)\b
    | \bI(?:\s+(?:still|also|first|just))*\s+need\s+to\s+(?:know|ask\s+you)\b
    | \bI(?:'d|\s+would)\s+(?:also\s+|first\s+)?like\s+to\s+know\b
    | \bI(?:'m|\s+am|\s+was)\s+wondering\s+(?:whether|if|which|what|how|when|where|who)\b
    | 请问|能否(?:请您|请你|您|你)?(?:告诉|告知|说明|说一下|确认|提供)|可(?:以|否)(?:请您|请你|您|你)?(?:告诉|告知|说明|说一下)
    | (?:请|麻烦(?:您|你)?|烦请)(?:您|你|先|再|也)*(?:告诉我|告知|说明一下|说一下|确认一下?|明确一下?).*?(?:哪|什么|几|多少|是否|怎|如何|谁|何时|还是|有没有|要不要|是不是|会不会|能不能)
    | (?:请|麻烦(?:您|你)?)(?:先|再)?(?:说明|明确|确认)一下
    | 我?(?:还|需要|想)+(?:知道|了解|确认|问)(?:一下|清楚)?.*?(?:哪|什么|几|多少|是否|怎|如何|谁|何时|还是|是不是)
    | (?:吗|么)\W*$
    | (?:哪|什么|怎么|怎样|多少|几|谁|为什么|如何).*呢\W*$
    | (?:是不是|要不要|需不需要|有没有|能不能|会不会).*(?:您|你)|^(?:您|你).*(?:是不是|要不要|需不需要|有没有|能不能|会不会|还是)
    """
)

# Offers and pleasantries: nothing that the assistant needs to know.
_OFFER_ACT = (
    r"(?:explain|elaborate|clarify|expand|go|proceed|continue|start|begin|walk|show|help|add|provide|write|refactor"
    r"|optimi[sz]e|improve|make|modify|adjust|change|translate|convert|demonstrate|share|give|put|draft|create|do"
    r"|dive|break|send|prepare|suggest|look|try|also|include\s+(?:tests|an?\s+example|more))\b"
)
_OFFER = re.compile(
    rf"""(?ix)
    ^\W*(?:so|and|now|also|or|ok|okay|great)?\W*(?:
      (?:would|do)\s+you\s+(?:like|want|prefer)\s+(?:me|us)\s+to\s+{_OFFER_ACT}
    | (?:want|need)\s+me\s+to\s+{_OFFER_ACT}
    | (?:shall|should|may|can)\s+(?:I|we)\s+(?:explain|elaborate|go\s+ahead|proceed|continue|start|begin|walk|help)\b
    | (?:is|was)\s+there\s+(?:anything|something)\s+(?:else|more)(?!.*\b(?:should|must|needs?\s+to|ought)\b)
    | .{{0,40}}\banything\s+else\b(?!.*\b(?:should|must|needs?\s+to|ought)\b)
    | (?:does|did|do|will|would|is)\s+(?:that|this|it|these|those)\s+(?:all\s+|now\s+)?
        (?: (?:help|make\s+sense|answer)\b
        |   (?:work|sound|look|seem|suit|clear|ok|okay|good|fine|alright|right|enough)
            (?:\s+(?:for|to|with)?\s*(?:you|me|us|now)|\s+(?:so\s+far|good|ok|okay|right|fine|alright|clear))*\W*$ )
    | (?:sounds?|looks?|seems?|all)\s+(?:good|ok|okay|fine|right|great|clear|reasonable)
    | (?:makes?\s+sense|ok|okay|right|alright|ready|got\s+it|understood|deal|agreed|clear|fair\s+enough|really|see|no|yes)\W*$
    | how\s+(?:does|do|did|is)\s+(?:that|this|it)\s+(?:sound|look|work)\b
    | what\s+do\s+you\s+think\b
    | (?:do\s+you\s+have\s+)?any\s+(?:other\s+|more\s+|further\s+)?(?:questions|thoughts|feedback)\b
    | (?:how|what)\s+(?:else\s+)?(?:can|may)\s+I\s+(?:help|assist|do\s+for\s+you)\b
    | (?:how|why)\s+(?:does|do|is|are)\s+(?:this|that|it)\s+(?:matter|important|so|happen|useful|true)\b
    | what\s+(?:does|is)\s+(?:this|the)\s+(?:code|function|snippet)\s+do(?:ing)?\b
    | what(?:'s|\s+is)\s+next\W*$
    | why\s+not\b | who\s+(?:knows|doesn't|wouldn't|cares) | isn't\s+(?:it|that)\b
    )
    | \blet\s+me\s+know\s+(?:if|whether|when)\s+(?:you|there|anything|something|that|this|it|I\s+can)\b(?!\s+(?:should|must|want\s+the|need\s+the|prefer))
    | \b(?:feel\s+free|don't\s+hesitate|happy\s+to\s+help)\b
    """
)
_CHOICE = re.compile(
    r"(?i)\b(?:like|want|prefer)\s+me\s+to\b(?!.*\b(?:explain|elaborate|walk|help)\b).*\bor\b"
)
_OFFER_ZH = re.compile(
    r"""(?x)
    还(?:有|需要)(?:没有)?(?:什么|其他|其它|别的|任何|哪些)*(?:的)?(?:需要|问题|要求|疑问|可以帮|能帮|帮助|我)(?!.*(?:我应该|必须|要注意))
    | (?:还有|还需要|需要)(?:别的|其他的|其它的)(?:什么)?(?:吗|么)?
    | 有什么(?:其他|别的)?(?:可以|能)(?:帮|为)
    | (?:需要|要不要|是否需要|希望|想要?)我(?:再|来|为您|为你|给您|给你|帮您|帮你|继续|进一步)*(?:解释|说明一下|详细|继续|讲|展开|帮|补充|演示|介绍|举例|优化|改写|翻译)
    | ^\W*(?:您|你)?(?:觉得|看|认为)?(?:这样|这个(?:计划|方案|安排)?|那样|以上|如此)?(?:安排|做|写)?(?:可以|好|行|怎么样|怎样|如何|合适|满意|没问题)(?:吗|么|吧|不)?\W*$
    | (?:明白|清楚|懂|理解|看懂)了?(?:吗|么|没有)\W*$
    | 有(?:所)?帮助(?:吗|么)\W*$
    | (?:准备好了?|开始)(?:吗|么)\W*$
    | ^\W*(?:对吗|对吧|是吗|是吧|好吗|好不好|真的吗|不是吗)\W*$
    | (?:如有|有任何|如果有|若有).*(?:请|随时).*(?:告诉|告知|联系)
    | 何乐而不为
    """
)


def _prose(text: str) -> str:
    """The assistant's own sentences: code, links, quotations and quoted lines are gone."""
    text = text.replace("\r\n", "\n")
    text = _FENCE.sub("\n", text)
    text = _INLINE_CODE.sub(_STAND_IN, text)
    text = _LINK.sub(_STAND_IN, text)
    text = _QUOTED_LINE.sub("", text)
    text = _CODE_LINE.sub("", text)
    text = _QUOTED.sub(_STAND_IN, text)
    text = _ABBREVIATION.sub(lambda found: found[1] + _HIDDEN_DOT, text)
    return _SOFT_WRAP.sub(" ", text)


def _is_marked(sentence: str) -> bool:
    """Whether the sentence ends in a question mark that belongs to prose."""
    body = sentence.rstrip(" \t*_~)]）】,，;；\"'”’」")
    bare = body.rstrip("?？!！")
    if not re.search(r"[?？]", body[len(bare) :]):
        return False
    if not re.search(r"\w", bare) or bare.rstrip()[-1] in "(,=<>|&":
        return False
    return not _PATTERN_WORD.search(body.split()[-1])


def _is_offer(sentence: str) -> bool:
    if _CHOICE.search(sentence):
        return False
    return bool(_OFFER.search(sentence) or _OFFER_ZH.search(sentence))


def questions(text: str) -> list[str]:
    """The questions that `text` puts to its reader, in order, without list marks; code and links as `x`."""
    found = []
    for line in _prose(text).split("\n"):
        line = _TERNARY.sub(" ", line)
        for match in _SENTENCE.finditer(_BULLET.sub("", line)):
            sentence = " ".join(match[0].split()).strip("*_~ ")
            sentence = sentence[-_LONGEST_SENTENCE:]
            if sentence and (_is_marked(sentence) or _ASKS.search(sentence)) and not _is_offer(sentence):
                found.append(sentence.replace(_HIDDEN_DOT, "."))
    return found


def count_questions(text: str) -> int:
    """How many questions `text` puts to its reader (the `questions` of rewards, budgets and reports)."""
    return len(questions(text))
