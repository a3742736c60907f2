"""Signs in what a user writes next, by their words: said before, just do it, stop asking, I never said that …

Each sign is one list of phrases, English and Chinese first, the commonest of German, French, Spanish and Italian beside
them. They tell what a reply is about; whether it complains at all, and whether a question was needed, the reader says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from tactful.feedback.embedded import lexicon
from tactful.feedback.embedded.phrases import clauses_of
from tactful.feedback.embedded.reading import topic_words
from tactful.text import similarity
from tactful.text.lexicon import DELEGATE
from tactful.text.objections import objects


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_SAID = _any(
    r"\b(?:i|we)(?:'ve|\s+have|\s+did)?\s+(?:\w+ly\s+|just\s+|already\s+)*(?:said|say|told|mentioned?|wrote|written|gave|given|specified|specify|stated?|explained|answered|listed|asked\s+(?:for|you))\b",
    r"\b(?:as|like)\s+(?:i\s+)?(?:\w+\s+)?(?:said|mentioned|stated|written|requested|told|wrote)\b",
    r"\balready\s+(?:said|told|gave|given|in|there|have|answered|mentioned|specified)\b",
    r"\b(?:see|read|look(?:\s+at)?|scroll)\s+(?:it\s+|that\s+)?(?:above|up|again|what\s+i|my\s+(?:\w+\s+)?(?:message|request|question|prompt|mail|text))",
    r"\b(?:it'?s|that'?s|it\s+is|is|was|were)\s+(?:right\s+|all\s+|literally\s+)*(?:there\b|in\s+(?:the|my)\s+(?:\w+\s+)?(?:message|request|question|prompt|line|sentence|title|text|brief|ticket))",
    r"\b(?:first|last|previous|original)\s+(?:message|line|sentence|request)\b|\bhow\s+many\s+times\b|\brepeat\s+myself\b",
    r"说过|说了|讲过|讲了|提过|提了|(?:已经|早就|明明|刚才|刚刚|刚|不是|都)\S{0,2}(?:说|告诉|写|给|提|讲|发)|(?:上面|前面|里面|题目|开头|第一句)\S{0,4}(?:写|说|有|提|看)|看(?:上面|前面|清楚)|再说一遍",
    r"\b(?:schon|bereits|doch)\s+(?:gesagt|geschrieben|genannt)\b|\bwie\s+gesagt\b|\bsteht\s+(?:doch|schon|oben)\b|\bdéjà\s+dit\b|\bcomme\s+je\s+l'ai\s+dit\b|\bya\s+(?:te\s+|le\s+|se\s+)?(?:lo\s+)?(?:he\s+)?di[jc]|\bcome\s+ho\s+detto\b|\bgià\s+detto\b",
    r"\b(?:hab|habe|hatte)\s+ich\s+(?:\w+\s+){0,3}(?:gesagt|geschrieben|genannt|angegeben)\b|\bje\s+(?:(?:te|vous)\s+)?l'ai\s+(?:\w+\s+)?(?:dit|écrit|précisé)\b|\bcomo\s+(?:dije|escribí|puse)\b|\bl'ho\s+(?:già\s+)?(?:detto|scritto)\b|\bjá\s+(?:disse|falei|escrevi)\b",
)
_PUSH = _any(
    r"(?:^|[.!,;:—-]\s*|\b(?:please|so|ok|okay|and|but|then|no)\W+)just\s+(?:the\s+(?:\w+\s+)?(?:answer|number|result|code|translation|text|value|word|name|file)s?\b|(?!the\b|a\b|an\b|one\b|in\b|for\b|because\b|wondering\b|curious\b|checking\b|to\b|like\b)\w+)",
    r"\bcan(?:'t)?\s+you\s+(?:please\s+)?just\b|\b(?:get\s+on\s+with\s+it|get\s+to\s+it|get\s+going|do\s+it\s+already|hurry\s+up|do\s+what\s+i)\b|\b(?:do|write|make|give|show|tell|send|start|finish|fix|pick|run|use|print|draw|answer|go|get\s+on)\b[^.!?;]{0,30}\balready\W*$",
    r"^(?!\W*(?:yes|yep|yeah|sure|ok|okay)\b).{0,40}\bgo\s+ahead\b",
    r"直接(?!忽略|跳过|丢弃|去掉)|赶紧|赶快|快点|快[写做弄给]|你就|先[做写弄给]\S{0,3}(?:再|看看|吧)|别(?:废话|啰嗦|磨叽|墨迹)|照做|写就(?:是|行)|做就(?:是|行)|就行了",
    r"\bmach(?:'s|\s+es|en\s+sie)?\s+(?:einfach|schon)\b|\beinfach\s+(?:machen|schreiben)\b|\b(?:fais|faites|écris)(?:-le)?\s+(?:juste|simplement)\b|\b(?:simplemente|solo)\s+\w+(?:lo|la|me)\b|\bhazlo\b",
    r"\beinfach\s+(?:mach|schreib|antwort|übersetz|rechn|ausgeb|anfang|losleg|weitermach|sag|nenn|send|schick)en\b|\b(?:mach|schreib|gib|sag|nenn|nimm|rechne|antworte)\w*\s+(?:\w+\s+){0,2}einfach\b|\bleg\s+los\b|\b(?:traduis|donne|dis|réponds|fais|écris)(?:ez)?(?:-\w+)*\s+(?:juste|simplement)\b|\by\s+(?:ya|listo|punto)\b|\be\s+basta\b|\b(?:fallo|dimmelo|rispondi)\b",
    r"\b(?:nur|juste|seulement|simplement|solo|sólo|só|apenas)\s+(?:die|das|le|la|les|el|il|o|a)\s+(?:zahl|antwort|ergebnis|code|résultat|réponse|chiffre|nombre|número|respuesta|resultado|código|risposta|numero|risultato|resposta)\b",
)
_DELEGATES = _any(
    DELEGATE.pattern.removeprefix("(?i)"),
    r"\b(?:don'?t|do\s+not|doesn'?t|does\s+not|dont|doesnt)\s+(?:\w+\s+)?(?:care|matter|mind)\b|\b(?:any|anything|either|both|all)\s+(?:\w+\s+)?(?:is\s+|are\s+|will\s+|would\s+)?(?:fine|ok|okay|good|works?|do)\b",
    r"\bwhatever\b(?!\s+(?:is|was|comes)\s+(?:left|over|first|last)\b)|\bwhichever\b|\bno\s+preference\b|\b(?:you|u)\s+(?:decide|choose|pick)\b|\bnot\s+(?:important|bothered|fussed|picky)\b|^\W*(?:the\s+|your\s+)?defaults?\b|\b(?:use|take|keep|with|by)\s+(?:the\s+|your\s+|any\s+)?defaults?\b|\bdefaults?\s+(?:is|are|will|would|works?|please)\b|\birrelevant\b",
    r"^\W*any\W*(?:$|[.!,;])|(?:\bno|\bnot|n't|nt)\s+(?:really\s+)?(?:make\s+)?(?:a\s+|any\s+)?difference\b|\bsame\s+(?:in\s+|for\s+|with\s+)?(?:both|either)\b",
    r"随便|都行|都可以|无所谓|你定|您定|看着办|默认|不重要|不在乎|不关心|没(?:什么|啥|有)?(?:特别)?(?:的)?要求|任意|哪(?:个|种|样)都|什么都|都一样|没(?:有)?区别",
    r"\begal\b|\bpeu\s+importe\b|\bcomme\s+tu\s+veux\b|\bme\s+da\s+igual\b|\bè\s+uguale\b|\bfa\s+lo\s+stesso\b",
    r"\bspielt\s+keine\s+rolle\b|\bwie\s+(?:du|sie)\s+(?:willst|wollen|möchten|magst)\b|\bn'importe\s+(?:quel|lequel|laquelle)|\bcomme\s+vous\s+voulez\b|\bm'est\s+égal\b|\bda\s+lo\s+mismo\b|\bno\s+importa\b|\bcomo\s+(?:quiera|prefiera)s?\b|\blo\s+que\s+sea\b|\bnon\s+importa\b|\bcome\s+(?:vuoi|preferisci)\b|\bfai\s+tu\b|\btanto\s+faz\b|\bnão\s+importa\b",
)
_EXCEPT = _any(r"\b(?:except|but\s+not|apart\s+from|other\s+than)\b", r"除了?\S{1,12}(?:都|外)")
"""A choice that is left open but for something tells that something."""
_STOP = _any(
    r"\b(?:stop|quit)\s+(?:with\s+)?(?:the\s+|all\s+the\s+|your\s+)?(?:asking|question)|\b(?:so|too|how)\s+many\s+questions\b|\b(?:enough|no\s+more|more|again\s+with\s+the|all\s+these)\s+(?:\w+\s+){0,2}questions?\b",
    r"\bwhy\s+(?:are|do|would|must|does)\s+(?:you|it|that)\s+(?:\w+\s+){0,2}(?:ask|need|matter|care|want\s+to\s+know)|\b(?:don'?t|do\s+not|no\s+need\s+to)\s+ask\b|\b(?:interview|interrogat\w+|quiz|20\s+questions|twenty\s+questions|questionnaire)\b",
    r"\bdo\s+(?:i|we)\s+(?:really\s+)?(?:have|need)\s+to\b|\bwhat\s+(?:difference|does\s+(?:that|it|this)\s+(?:matter|have))|\bdoes\s+(?:it|that)\s+(?:even\s+|really\s+)?matter\b|\bwho\s+cares\b|\bobvious(?:ly)?\b|\bwhat\s+else\s*\?",
    r"\bseriously\b|\breally\?|\b(?:are\s+you|you'?re|you\s+are|u)\s+(?:kidding|serious|joking)\b|\b(?:ffs|omg|ugh+|argh+|jfc|wtf|smh|sigh)\b|\bgood\s+grief\b|\bfor\s+(?:god|heaven|pete|christ|fuck)'?s?\s*'?s?\s+sake\b|(?<!can\s)(?<!to\s)(?<!will\s)\bcome\s+on\b|\?!|!\?|\?{2,}|？！|！？|？{2,}|🙄|😤|😡|🤦",
    r"别(?:再|老|总|一直)?问|问(?:这么|那么|太|这些|个没完|来问去)|(?:问题|话)(?:太|这么|那么|真|好)多|(?:怎么|干嘛|为什么|为啥)(?:还|又|老|总|要)?(?:是)?(?:在)?问|烦|啰嗦|罗嗦|废话|显然|这还用(?:问|说)|还[用要]问|至于吗|有必要吗|重要吗|有关系吗|服了|无语|查户口|哎呀|唉",
    r"\bfrag\s+nicht\b|\bso\s+viele\s+fragen\b|\barrête\s+de\s+(?:me\s+)?(?:poser|demander)|\btrop\s+de\s+questions\b|\bdeja\s+de\s+preguntar\b|\btantas\s+preguntas\b|\bbasta\s+(?:con\s+le\s+)?domande\b",
    r"\bwas\s+(?:denn\s+)?sonst\b|\bwarum\s+frag\w+|\boffensichtlich\b|\bist\s+doch\s+klar\b|\bpourquoi\s+(?:tu|vous)\s+(?:me\s+)?demande|\bévidemment\b|\bassez\s+de\s+questions\b|\bobviamente\b|\bpor\s+qué\s+(?:me\s+)?pregunta|\bovviamente\b|\bche\s+domanda\b|\bóbvio\b",
)
_DENIES = _any(
    r"\b(?:i|we|nobody|no\s+one|noone)\s+(?:never|didn'?t|did\s+not|didnt|haven'?t|hadn'?t)\s+(?:even\s+|ever\s+|actually\s+)?(?:sa(?:y|id)|ask(?:ed)?|want(?:ed)?|t(?:ell|old)|mention(?:ed)?|mean|meant|order(?:ed)?|request(?:ed)?)\b|\bnobody\s+(?:said|asked|told)\b",
    r"\bwho\s+(?:said|told|asked)\b|\bwhy\s+(?:did|would|have|on\s+earth|the\s+hell)\s+(?:did\s+)?you\b|\byou\s+(?:just\s+)?(?:assumed|guessed|decided|made\s+up)\b|\byou\s+(?:didn'?t|did\s+not|never)\s+(?:even\s+)?(?:ask|check)|\b(?:should|could|might)(?:'?ve|\s+have)\s+(?:asked|checked)\b|\bwithout\s+(?:asking|checking)\b|\bask\s+(?:me\s+)?(?:first|before|next\s+time)\b|\bnot\s+what\s+i\b",
    r"我(?:又|可|也|根本|从来)?没(?:有)?(?:说|让|要|叫|提)|谁(?:说|让你|叫你|要)|(?:为什么|怎么|干嘛)(?:就|不先|给我|把|擅自)?(?:选|用|删|改|订|买|写成|变成|发给|设成)|(?:怎么|为什么|也)不(?:先)?问|没问(?:过)?我|应该先?问|先问|自作主张|擅自|我什么时候",
    r"\bdas\s+(?:habe|hab|wollte)\s+ich\s+(?:\w+\s+)?nicht\b|\bich\s+wollte\s+(?:\w+\s+){0,3}(?:nicht|kein\w*)\b|\bhätte(?:st|n)\s+(?:\w+\s+){0,3}fragen\b|\bje\s+ne\s+voulais\s+pas\b|\bno\s+quería\b|\bnon\s+volevo\b|\bnão\s+(?:queria|pedi)\b|\bje\s+n'ai\s+(?:pas|jamais)\s+(?:dit|demandé)\b|\b(?:yo\s+)?no\s+(?:te\s+)?(?:dije|pedí)\b|\bnon\s+ho\s+(?:detto|chiesto)\b",
)
_CORRECTS = _any(
    r"\bi\s+(?:actually\s+|really\s+)?(?:meant|mean|wanted|was\s+(?:thinking|talking|looking|hoping|after|going)|needed|had\s+in\s+mind|prefer)\b|\b(?:wrong|the\s+other)\s+\w+|\binstead\b|\bactually\b|\b(?:should|needs?\s+to|has\s+to|have\s+to|was\s+supposed\s+to|supposed\s+to)\s+(?:be|have|go)\b|\b(?:is|are|it'?s|that'?s|was)\s+(?:for|not)\b|,\s+not\s+\w+|\bnot\s+(?:my|our|the)\b",
    r"我(?:要|说|指|想要|想|问|需要)的(?:是|不是)|我(?:是|就是)(?:说|指|想|要)|我(?:的)?意思|不是(?:这|那|要|给|让|说)|而不是|其实|应该是|应该(?:要|用|去)|改成|换成|是给|，不是",
    r"\bich\s+(?:meinte|meine|wollte|dachte\s+an)\b|\bje\s+(?:parlais|pensais)\b|\bme\s+refería\b|\bintendevo\b|\bqueria\b|\bsondern\b|\bje\s+voulais\b|\ben\s+fait\b|\bplutôt\b|\bquería\b|\ben\s+realidad\b|\bvolevo\b|\binvece\b",
)
_ERROR = _any(
    r"\b(?:errors?|exceptions?|traceback|crash\w*|typos?|broken|fails?|failed|failing|incorrect(?:ly)?|inaccurate|untrue|hallucinat\w*|undefined|segfault|404|invalid|miscount\w*|miscalculat\w*)\b|\w+(?:Error|Exception)\b|\b(?:doesn'?t|does\s+not|didn'?t|won'?t|don'?t)\s+(?:\w+\s+)?(?:work|run|compile|start|load|open|parse|exist|add\s+up|match|rhyme)\b|\bnot\s+(?:working|true|correct|right|a\s+(?:real|valid))\b",
    r"\b(?:made|making)\s+(?:that|it|this|things)\s+up\b|\bwrong\s+(?:answer|number|result|year|sum|total|formula|spelling|sign|order\s+of)\b|\b(?:is|are|was|equals?|gives?|returns?|makes?)\s+\S+,?\s+not\s+\S+|\bmisspelled\b|\bno\s+such\b",
    r"报错|出错|错误|写错|算错|跑不|运行不|编译不|不能用|用不了|没反应|失败|崩溃|不存在|打不开|少了一|漏了|编造|瞎编|乱编|等于|语法|拼错",
    r"\bfehler\b|\bfunktioniert\s+nicht\b|\berreur\b|\bne\s+(?:marche|fonctionne)\s+pas\b|\bno\s+funciona\b|\bnon\s+funziona\b|\berrore\b",
)
_POLITE_NO = _any(
    r"^\W*(?:no\W+(?:worries|problem|thank\w*|more|need|rush|wonder|doubt|idea|further|other|preference|specific)|(?:no|nope|nah)\W+(?:that'?s|that\s+is|that\s+will\s+be)\s+(?:all|it|everything|fine|ok)|not\s+(?:bad|yet|really|sure|at\s+all)|never\s+mind)\b",
    r"^\W*(?:没(?:什么|有?了|事|关系|问题|想到)|不(?:用|客气|错|过|好意思|知道|客气)|别(?:担心|客气|的))",
)
"""Negations at the head of a message that object to nothing."""
_AGREES = {lexicon.PRAISE, lexicon.THANKS, lexicon.ACK}
_BRIEF = 4  # words of a clause that holds nothing beside it
_GREETING = re.compile(
    r"(?i)\W*(?:hi|hello|hey|hiya|yo|good\s+(?:morning|afternoon|evening|day)|greetings|hallo|guten\s+(?:tag|morgen|abend)|bonjour|bonsoir|salut"
    r"|hola|buen[oa]s\s+(?:d[ií]as|tardes|noches)|ciao|buongiorno|ol[áa]|bom\s+dia|你好|您好|嗨|哈喽|早上好|下午好|晚上好|在吗|在么)"
    r"(?:\s*[,!，]?\s*(?:there|all|everyone|again|bot|assistant|啊|呀))?\W*\Z"
)
_QUESTION = re.compile(r"[?？]")
_SENTENCE_END = re.compile(r"[.!?]\s+|[。！？；;\n]")
_GOES_ON = {lexicon.NEXT, lexicon.ASKS, lexicon.TOPIC}
_SEVERAL = 3  # new words of content that make a message one that tells something
_REPEATED = 0.75
"""Likeness from which a message is the request over again."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What a reply's words tell. All False for a plain answer."""

    said: bool
    """It points to what was said before."""
    push: bool
    """Just do it."""
    tells: bool
    """It says "just do it", and beside it something new."""
    delegates: bool
    """The assistant is to choose."""
    stop: bool
    """It minds being asked."""
    denies: bool
    """It denies having wanted what was done."""
    corrects: bool
    """It says what was meant."""
    error: bool
    """It calls the answer faulty in itself."""
    objects: bool
    """An undo, `?!`, a negation at the head."""
    pleased: bool
    """Praise or thanks."""
    agrees: bool
    """Nothing but praise, thanks or taking note: "ok, thanks"."""
    informs: bool
    """It states something new, and neither asks nor orders."""
    elsewhere: bool
    """It turns to something else, or repeats the request, without an answer."""
    asks: bool
    """It holds a question mark."""
    given: float
    """Share of its content words that the user had said before, in [0, 1]."""
    new: int
    """Content words that the user had not said before."""

    @property
    def goes_on(self) -> bool:
        """It asks something, and finds no fault with the answer."""
        return self.asks and not (self.objects or self.denies or self.corrects or self.error or self.said)

    @property
    def rejects(self) -> bool:
        """Words that no calm answer to a question holds."""
        return self.said or self.delegates or self.stop or (self.push and not self.tells)


@lru_cache(maxsize=16_384)
def signs_of(reply: str, request: str, earlier: str) -> Signs:
    """The signs of a reply, seen against the request and everything that the user had said."""
    text = reply[:2000]
    clauses = clauses_of(text)
    kinds = {kind for clause in clauses for kind in clause.counts}
    objecting = objects(text) and not _POLITE_NO.search(text)
    denies = bool(_DENIES.search(text))
    push = bool(_PUSH.search(text))
    words, before = topic_words(text), topic_words(earlier)
    repeats = len(text) > 12 and similarity(text[:300], request[:300]) >= _REPEATED
    return Signs(
        said=not denies and bool(_SAID.search(text)),
        push=push,
        tells=push and len(topic_words(_beside(text, _PUSH)) - before) >= _SEVERAL,
        delegates=bool(_DELEGATES.search(text)) and not _EXCEPT.search(text),
        stop=bool(_STOP.search(text)),
        denies=denies,
        corrects=bool(_CORRECTS.search(text)),
        error=bool(_ERROR.search(text)),
        objects=objecting,
        pleased=bool(kinds & {lexicon.PRAISE, lexicon.THANKS}),
        agrees=bool(clauses)
        and all(clause.words <= _BRIEF and _AGREES & clause.counts.keys() for clause in clauses)
        and not objecting,
        informs=not kinds & _GOES_ON and not _QUESTION.search(text) and len(words - before) >= _SEVERAL,
        elsewhere=repeats or lexicon.TOPIC in kinds,
        asks=bool(_QUESTION.search(text)),
        new=len(words - before),
        given=len(words & before) / len(words) if words else 0.0,
    )


def only_greets(request: str) -> bool:
    """Whether the message is no more than a greeting, and asks for nothing yet."""
    return bool(_GREETING.match(request))


def _beside(text: str, sign: re.Pattern[str]) -> str:
    """The sentences that do not bear a sign."""
    return " ".join(one for one in _SENTENCE_END.split(text) if not sign.search(one))
