"""The words by which a sentence without a question mark asks, and the words of offers and of answers, both languages.

Each pattern looks at one sentence, without its list mark. Tuned on `tests/text/asking/tuning.jsonl` alone.
"""

from __future__ import annotations

from tactful.text.later import later

# What an assistant begs for: "please VERB", or VERB with a hint that it goes to the assistant ("…and I'll…", "me").
_HAND_OVER = (
    r"(?:(?:re-?)?upload|attach|provide|share|paste|send|supply|specify|clarify|confirm|describe|list|choose|pick|select"
    r"|enter|answer|indicate|mention|state|post|reply\s+with|show\s+me|give\s+me|tell\s+me|name)\b"
)
_ELSEWHERE = r"\b(?:in|into)\s+the\s+\w+\s+(?:field|box|form|paragraph)\b"

_UNSURE = r"^\W*I(?:'m|\s+am)\s+not\s+(?:quite\s+|entirely\s+)?sure\s+(?:which|what|who|whether)\b.*\byou(?:'d)?\s+(?:mean|want|need|like|prefer|are)\b"
UNSURE = later(rf"(?i){_UNSURE}")
"""It leads to a question, and asks itself only where none follows."""

ASKS = later(
    rf"""(?ix)
    \b(?:could|can|would|will)\s+you\s+(?:please\s+|kindly\s+|also\s+|just\s+)*
        (?:let\s+me\s+know|say|explain|{_HAND_OVER})
        (?!\s+if\s+(?:you|there|anything|something)\b)
    | \b(?:please|kindly)\s+(?:also\s+|first\s+|just\s+)*(?:let\s+me\s+know|say|advise)\s+(?:first\s+)?
        (?:which|what|whether|how|when|where|who|whose|why|if)\b
    | \b(?:please|kindly)\s+(?:also\s+|first\s+|just\s+)*{_HAND_OVER}(?!\s+(?:that|if)\b)(?!.*{_ELSEWHERE})
    | ^\W*(?:first|then|so|also|just|and|but)?\W*{_HAND_OVER}(?=.*(?:\b(?:so|and)\s+I\b|,\s*I\b|\bI(?:'ll|\s+can|\s+will)\b))
    | ^\W*(?:give|send|show)\s+me\b
    | ^\W*(?:(?:enter|choose|pick|name|list)\b.*\byou(?:'d|\s+would)?\s+(?:like|want|prefer))
    | \b(?:tell\s+me|let\s+me\s+know)\s+(?:which|what|whether|how|when|where|who|whose|your|the|a\s+bit|about(?!\s+it\b)|more)\b
    | \bI(?:'d|'ll|\s+(?:would|will|still|also|first|just))*\s+need\s+
        (?:to\s+(?:know|ask\s+you|understand)|the\s+following|(?:a\s+few|some|more|your)\b)
    | \bI(?:'d|\s+would)\s+(?:also\s+|first\s+|just\s+)*like\s+to\s+(?:know|understand|learn)\b
    | \b(?:would|will)\s+help\s+(?:me\s+)?to\s+(?:know|see|hear)\b | \bwould\s+be\s+(?:helpful|useful)\s+to\s+know\b
    | \bI(?:'m|\s+am|\s+was)?\s+wonder(?:ing)?\s+(?:whether|if|which|what|how|when|where|who)\b
    | \bI(?:'ll|\s+will)\s+need\s+the\b.*\bto\s+(?:continue|proceed|start|help|answer)\b
    | \b(?:please|kindly)\s+(?:elaborate|be\s+(?:more|a\s+bit\s+more)\s+\w+|fill\s+in\s+the\s+blanks?|explain\s+(?:what|which|how|why)\b.*\b(?:should|mean|want))\b
    | ^\W*(?:to|so\s+(?:that\s+)?I\s+can)\s+(?:proceed|start|begin|continue|help|answer)\b[^,]{{0,40}},\s*(?:please\s+)?{_HAND_OVER}
    | ^\W*(?:(?:reply|respond)\s+with | help\s+me\s+understand | fill\s+me\s+in | walk\s+me\s+through)\b
    | {_UNSURE}
    | ^\W*do\s+(?:please\s+)?(?:first\s+)?{_HAND_OVER}(?!.*{_ELSEWHERE})
    | \b(?:need|want|require)\b[^.]{{0,60}}\bfrom\s+you\W*$
    | \b(?:would|will)\s+(?:be\s+\w+|help)(?:\s+\w+){{0,2}}\s+if\s+you\s+(?:(?:can|could|would)\s+)?(?:told\s+me|shared|gave\s+me|sent|let\s+me\s+know|{_HAND_OVER})
    | ^\W*(?:your|the)\s[^,.]{{2,60}},\s*please\W*$
    | ^\W*(?:type|say|enter)\s+(?:x|yes|no|y|ok)\b[^.]*\b(?:to|if)\s+(?:proceed|continue|confirm|go\s+ahead|you\b|I\b)
    | ^\W*(?:drop|paste)\b.*\bhere\b | \band\s+paste\s+(?:the|its|your)\b
    | \bplease\s+attach\b | ,\s*so\s+please\s+\w+
    """
)
ASKS_ZH = later(
    r"""(?x)
    请问
    | (?:能否|可以|可否|能不能)(?:请您|请你|您|你)?(?:告诉|告知|说明|说一下|说说|确认|提供)
    | (?:请|麻烦|烦请|劳烦)(?:您|你|先|再|也|帮忙|务必)*
        (?:告诉我|告知|提供|说明|说一下|描述|详细描述|详细说明|确认|明确|补充|上传|选择(?!.*(?:菜单|按钮|选项卡|点击|语言栏))|从.{1,12}中选|回复|列出|指定|发送|发给|发一下|贴|输入(?!框|.*(?:点击|提交|登录|回车))|介绍)
    | (?:请|麻烦|烦请|劳烦)(?:您|你|先|再|也)*[把将][^，。；]*?(?:发|贴|传|告诉|告知)(?:给我|过来|出来|上来|来|一下)
    | ^\W*(?:我?还?需要|希望|麻烦)(?:您|你)(?:先|再|来)?(?:补充|提供|说明|确认|告知|告诉)
    | 请(?:您|你)?(?:具体(?:说明|描述|说)|指明|回答(?:以下|下列|下面)|填写(?:以下|下列|下面))
    | ^\W*(?:您|你)(?:想要?|打算|希望|需要)(?!.*都).{0,6}(?:几|多少|哪|什么|怎)
    | ^\W*(?:先告诉我|给我看看|说说(?:您|你)的)
    | ^\W*(?:告诉我|[把将][^，。；]*?发给我)
    | (?:^|[我，,])(?:还|需要|先|想|得|要|再)+(?:知道|了解|确认|问)(?!更多|详情)
    | 我(?:还)?需要(?:以下|下列|一些|更多)(?:的)?(?:信息|资料|细节)
    | (?:哪|什么|怎么|怎样|多少|几|谁|为什么|如何).*呢\W*$
    | (?:吗|么)\W*$
    | (?:是不是|要不要|需不需要|有没有|能不能|会不会).*(?:您|你)
    | ^(?:您|你).*(?:是不是|要不要|需不需要|有没有|能不能|会不会|还是)
    """
)
SIMPLE = str.maketrans(
    dict(
        zip(
            "請問訴確認說麼嗎還幫選擇傳發給個幾誰為詳細補輸寫對歡隨時聯覺樣這會釋繼續舉優譯準備開結實資訊煩貼兩題點擊錄誤讓從裡進麻嚮應該訂單號檔",
            "请问诉确认说么吗还帮选择传发给个几谁为详细补输写对欢随时联觉样这会释继续举优译准备开结实资讯烦贴两题点击录误让从里进麻向应该订单号档",
            strict=True,
        )
    )
)
"""Traditional characters of these patterns in their simplified form."""
# A question that closes a message without its mark: "Which version are you on", "Is this for work or for fun".
UNMARKED = later(
    r"""(?ix)^\W*(?:(?:and|so|but|ok|okay|then)\W+)?(?:
      (?:which|what|who|whose|where|when|how)\b.*\b(?:is|are|do|does|did|was|were|would|should|will|can|have|has)\s+
        (?:you|your|I|we|it|this|that|the)\b
    | (?:is|are|do|does|did|would|should|will|can|could|have|has)\s+(?:you|your|this|that|it|there|the|we|I)\b.*\b(?:you|your|or)\b
    )[^.!?。！？:：;]*$
    | (?:^|[，,、：:])(?!.*取决|\W*(?:这|那|无论|不管|不论|取决|他|她|它))[^。！；]{0,12}(?:(?:要|是|想|用|选|去|吃|喝|买|坐).{1,12}还是[^。！？；，]{1,12}|(?:几|多少|哪|谁)(?!.*(?:都|也|取决|知道))[^。！？；，]{0,8}|什么(?:时候|时间|地方|颜色|版本|格式|类型))$"""
)

# An answer to the question just put: then nobody waits for the user's.
_ANSWER_ANY = later(
    r"""(?ix)^\W*(?:
      because | (?:it|that|this)(?:'s|\s+is)\s+because | in\s+short | in\s+a\s+word | simply\s+put | put\s+simply | basically | essentially
    | (?:the\s+)?(?:short\s+)?answer | the\s+reason | yes | no(?:pe)? | absolutely | definitely | of\s+course | certainly | nothing | sure
    | not\s+(?:really|quite|necessarily|at\s+all|yet|exactly) | (?:it|that)\s+(?:all\s+)?depends | (?:prob|poss)ably | maybe | perhaps | usually | rarely | hardly | there\s+(?:isn't|is\s+no|aren't|are\s+no)
    )\b
    | ^\W*(?:因为|由于|首先|很简单|只需|(?:这|那)?是因为|原因|答案|简单(?:来)?说|简而言之|总之|其实|可以|不可以|不能|不会|是的|不是|没有|当然|不用|不需要|就是|有[，。；]|通常|一般(?:来说)?|取决于|看情况|未必|不一定|多半)
    | 即可\W*$
    """
)
_ANSWER_WHAT = later(
    r"(?i)^\W*(?:it|they|this|that|these|those|there)(?:'s|'re|\s+(?:is|are|was|were|does|do)n?)\b"
)
_EXPLAINS = later(
    r"""(?ix)^\W*(?:(?:so|now|and|but|well|then)\W+)?(?:
      why\b | what\s+if\b | what\s+happens\b | what\s+does\s+(?:all\s+)?(?:this|that|it)\s+mean\b | what(?:'s|\s+is|\s+are)\s+an?\b | how\s+(?:do|does|did)\b.*\b(?:work|happen|help|differ)\W*$ )
    | ^\W*(?:那么|那)?\W*(?:什么是|为什么|为何|为啥) | (?:怎么|如何|怎样)(?:工作|运作|运行|实现|做到|发生)(?:的|呢)*\W*$
    | ^\W*结果(?:如何|怎么?样)
    | ^\W*(?:结果|原因|答案|区别|关键|好处|缺点|意思)(?:是|在)(?:什么|哪)
    """
)
_WHAT = later(r"(?i)^\W*(?:(?:so|now|and|but|well|then)\W+)?(?:what|who|where|when)\b")
_ADVISES = later(
    r"""(?ix)^\W*(?:just\s+|simply\s+|then\s+)?(?:try|use|call|see|start|begin|restart|list|check|visit|consider|go|read|look|click|open|run|pick|choose)\b
    | ^\W*(?:先|直接|试试|不妨|用|点击|打开|重启|看看)"""
)
_FRAGMENT = later(
    r"""(?ix)^\W*(?:and\s+|but\s+|so\s+)?(?:the|my|our)\s+(?:\w+\s+){0,2}(?:results?|catch|part|downside|upside|answer|problem|trick|reason|point|outcome
    |upshot|takeaway|line|verdict|difference|solution|fix|secret|kicker|news|culprit|cause|trade-?off|goal|lesson|effect|idea|twist|moral)\W*$
    | ^\W*(?:那么?)?(?:结果|原因|答案|代价|好处|缺点|区别|秘诀)呢\W*$"""
)
"""A noun alone with its question mark, answered by what follows: "The catch? It only works on Linux"."""
_TO_USER = later(r"(?i)\b(?:you|your|yours|I|we|my|our)\b|[您你]")
_GOES_ON = later(r"(?i)^\W*(?:I\b|we\b|if\b|once\b|then\b|so\b|please\b|let\s+me|thanks)|^\W*[我请如若]")

# A question that is told, not put.
TOLD = later(
    r"""(?ix)
    \b(?:you|one|people|some|many|readers|they|we)\s+(?:may|might|could|will|would|often|can)\s+(?:also\s+)?(?:ask|wonder|object)\b
    | \bthe\s+(?:real\s+|key\s+|main\s+)?question\s+(?:is|was|becomes|remains)\b | \b(?:ask|asking)\s+(?:yourself|themselves|himself|herself)\b
    | ^\W*(?:and\s+|but\s+)?who\s+(?:could|can|would|doesn't|does\s+not|wouldn't|knows|cares|knew)\b
    | ^\W*(?:isn't|aren't|wasn't)\s+(?:it|that|this|they)\b
    | (?:可以|应该|不妨)(?:先|再|去|直接)*问(?!我|题)
    | (?:可能|也许|或许)?会(?:问|想知道|好奇) | 有人(?:会)?问 | 问题(?:在于|是[:：]) | 问自己
    | ^\W*谁(?:能|会|又能|还)?(?:忘|不|没) | ^\W*难道 | ^\W*岂 | 何乐而不为
    | ^\W*是不是(?:很|特别|非常|超|挺|太)
    """
)
# The line over a list of questions that are for somebody else.
FOR_OTHERS = later(
    r"""(?ix)
    \bask\s+(?:yourself|yourselves|him|her|them|the|your|a|an|each|potential|people|candidates|about)\b
    | \b(?:interview|discussion|quiz|ice-?breakers?|survey|trivia|practice|sample|example|reflection|comprehension|review|essay)\b
        .*\b(?:questions?|prompts)\b
    | \b(?:a|an|the|your|this)\s+(?:\w+\s+)?(?:quiz|survey|questionnaire|trivia)\W*$
    | \bice-?breakers\b | \bquestions?\s+(?:(?:that\s+)?(?:you|they|people)\s+(?:could|can|might|may|should)|to\s+(?:ask|consider|discuss)|for\s+(?:the|your|a|an|each|them|kids)\b)
    | 问(?:自己|问自己|对方|他|她|候选人) | 面试(?:.*问)?题 | 测试题 | 破冰 | 讨论题 | 思考题 | 测验 | 练习题 | 问卷 | 采访.*问题 | 示例问题 | 可以(?:这样)?问
    """
)
ASKED_LINE = later(r"(?i)^\W*(?:q\d*|question(?:\s*\d+)?|问题?\s*\d*)\s*[:：.、․]")
ANSWER_LINE = later(r"(?i)^\W*(?:a\d*|answer(?:\s*\d+)?|答案?\s*\d*)\s*[:：.、]")


def goes_on(sentence: str) -> bool:
    """Whether the sentence after a question says what the assistant does with its answer, or asks for it."""
    return bool(_GOES_ON.search(sentence))


def speaks_to_user(sentence: str) -> bool:
    """Whether the sentence says you, or I."""
    return bool(_TO_USER.search(sentence))


def is_answer(question: str, following: str) -> bool:
    """Whether the sentence after a question answers it, so that nobody waits for the user's answer."""
    if goes_on(following):
        return False
    if _ANSWER_ANY.search(following) or _FRAGMENT.search(question):
        return True
    if speaks_to_user(question):
        return False
    return bool(
        _EXPLAINS.search(question)
        or _ADVISES.search(following)
        or (_WHAT.search(question) and _ANSWER_WHAT.search(following))
    )


# Offers and pleasantries: nothing that the assistant needs to know.
_OFFER_ACT = (
    r"(?:explain|elaborate|clarify|expand|go|proceed|continue|start|begin|walk|show|help|add|provide|write|refactor"
    r"|optimi[sz]e|improve|make|modify|adjust|change|translate|convert|demonstrate|share|give|put|draft|create|do"
    r"|dive|break|send|prepare|suggest|look|try|also|include\s+(?:tests|an?\s+example|more))\b"
)
_OFFER = later(
    rf"""(?ix)
    ^\W*(?:so|and|now|also|or|ok|okay|great|(?:hi|hello|hey)(?:\s+there)?)?\W*(?:
      (?:would|do)\s+you\s+(?:like|want|prefer)\s+(?:me|us)\s+to\s+{_OFFER_ACT}
    | (?:want|need)\s+me\s+to\s+{_OFFER_ACT}
    | (?:need|want|looking\s+for|interested\s+in)\s+(?:(?:learning|hearing|seeing|reading|knowing)\s+)?(?:more|another|further)\b | curious\b
    | (?:would|do)\s+you\s+(?:like|want|care)\s+to\s+(?:know|hear|see|learn|read|explore|dig|dive)\s+(?:more|further|deeper|in(?:to)?)\b
    | would\s+you\s+like\s+(?:some|a\s+few|an?)\s+(?:\w+\s+)?(?:examples?|tips|details|resources|explanations?|suggestions|ideas)\W*$
    | (?:(?:hi|hello|hey)\b\W*)?how\s+are\s+you(?:\s+doing)?(?:\s+today)?\W*$ | (?:any\s+)?thoughts\W*$
    | (?:pretty|quite|so|really|very|that's|isn't\s+that)\s+\w+\W+right\W*$ | .{{1,40}},\s*(?:huh|eh)\W*$
    | what\s+(?:would|do)\s+you\s+(?:like|want)\s+to\s+(?:talk|chat)\s+about\b | guess\s+what\W*$
    | ready\s+to\s+(?:start|begin|go|dive\s+in)\W*$
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
    | what\s+do\s+you\s+think\b | (?:shall|should)\s+I\s+(?:now\s+)?go\b
    | would\s+you\s+like\s+(?:(?:some|a\s+few)\s+)?(?:more|further|additional|another|extra)\b
    | do\s+you\s+(?:need|want)\s+(?:any\s+)?(?:more|further|additional|other)\s+(?:info\w*|help|details|assistance)\b
    | (?:do\s+you\s+have\s+)?any\s+(?:other\s+|more\s+|further\s+)?(?:questions|thoughts|feedback)\b
    | (?:how|what)\s+(?:else\s+)?(?:can|may)\s+I\s+(?:help|assist|do\s+for\s+you)\b
    | (?:how|why)\s+(?:does|do|is|are)\s+(?:this|that|it)\s+(?:matter|important|so|happen|useful|true)\b
    | what\s+(?:does|is)\s+(?:this|the)\s+(?:code|function|snippet)\s+do(?:ing)?\b
    | what(?:'s|\s+is)\s+next\W*$
    | why\s+not\b | who\s+(?:knows|doesn't|wouldn't|cares) | isn't\s+(?:it|that)\b
    )
    | \blet\s+me\s+know\s+(?:if|whether|when)\s+(?:you|there|anything|something|that|this|it|I\s+can)\b(?!\s+(?:should|must|want\s+the|need\s+the|prefer))
    | \blet\s+me\s+know\s+(?:what\s+you\s+think|how\s+(?:it|that|this|things)\s+go(?:es)?|your\s+thoughts)\b
    | \b(?:tell|let)\s+me\s+(?:know\s+)?if\s+you(?:'d|\s+would)?\s+(?:like|want|need|prefer|have)\b
    | \b(?:feel\s+free|don't\s+hesitate|happy\s+to\s+help)\b
    """
)
_CHOICE = later(
    r"(?i)\b(?:like|want|prefer)\s+me\s+to\b(?!.*\b(?:explain|elaborate|walk|help)\b).*\bor\b|要我.*还是"
)
_OFFER_ZH = later(
    r"""(?x)
    还(?:有|需要)(?:没有)?(?:什么|其他|其它|别的|任何|哪些)*(?:的)?(?:需要|问题|要求|疑问|可以帮|能帮|帮助|我|(?:想|要)(?:问|了解|知道|咨询|查)|(?:信息|资料)(?:吗|么)\W*$)(?!.*(?:我应该|必须|要注意))
    | (?:还有|还需要|需要)(?:别的|其他的|其它的)(?:什么)?(?:吗|么)?
    | 有什么(?:其他|别的)?(?:可以|能)(?:帮|为) | 还(?:想|要)(?:问|了解|知道|咨询)(?:点|些)?(?:什么|啥)(?:呢|吗|么)?\W*$
    | 需要(?:(?:其他|其它|别的)(?:的)?(?:帮助|服务)|什么帮助)
    | 想聊(?:点|些)?(?:什么|啥)
    | (?:需要|要不要|是否需要|希望|想要?|要)我(?:再|来|为您|为你|给您|给你|帮您|帮你|继续|进一步)*(?:解释|说明一下|详细|继续|讲|展开|帮|补充|演示|介绍|举例|优化|改写|翻译)
    | [，,]\s*(?:您|你)(?:觉得|看|认为)(?:这样)?(?:可以|行|怎么样|怎样|如何|合适|满意)(?:吗|么)?\W*$
    | ^\W*(?:您|你)?(?:觉得|看|认为)?(?:这样|这个(?:计划|方案|安排)?|那样|以上|如此)?(?:安排|做|写)?(?:可以|好|行|怎么样|怎样|如何|合适|满意|没问题)(?:吗|么|吧|不)?\W*$
    | (?:明白|清楚|懂|理解|看懂)了?(?:吗|么|没有)\W*$
    | 有(?:所)?帮助(?:吗|么)\W*$
    | (?:准备好了?|开始)(?:吗|么)\W*$
    | ^\W*(?:对吗|对吧|是吗|是吧|好吗|好不好|真的吗|不是吗)\W*$
    | (?:如有|如需|有任何|如果有|如果需要|若有|若需|有问题|有需要).*(?:请|随时|欢迎).*(?:告诉|告知|联系|提问|说)
    | 要我(?:把|将).{1,12}(?:翻译|改写?|写|做)成?.*(?:吗|么)\W*$
    | ^\W*(?:想|要)(?:知道|了解|看)(?:更多|详情)
    | 需要(?:一些|几个)?更多.*(?:吗|么)\W*$ | (?:需要|要不要|想要)我再
    """
)


def is_offer(sentence: str) -> bool:
    """Whether the sentence offers more help or closes politely: nothing that the assistant needs to know."""
    if _CHOICE.search(sentence):
        return False
    return bool(_OFFER.search(sentence) or _OFFER_ZH.search(sentence))
