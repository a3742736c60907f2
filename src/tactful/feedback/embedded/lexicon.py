"""Words and phrases that the embedded judge reads, in English and Chinese, by what they tell.

English phrases are matched by whole words, lower-cased and without apostrophes ("don't" is `dont`); `*` stands for
one word and `..` for up to three. `^` binds a phrase to the start of a clause, `^^` to the start of the message.
Chinese phrases are matched as they stand, with the same anchors. The longest phrase at a place wins,
so "not bad" is praise although "bad" is a complaint.
"""

from __future__ import annotations

from collections.abc import Mapping

RESTATE, WRONG, CONFUSED, PRAISE, THANKS, ACK = "restate", "wrong", "confused", "praise", "thanks", "ack"
TOPIC, NEXT, ASKS, NEGATION, LIMIT, BACK, WHAT = "topic", "next", "asks", "negation", "limit", "back", "what"
NO, REMARK = "no", "remark"

KINDS: Mapping[str, str] = {
    RESTATE: "says that something was said before",
    WRONG: "calls the content wrong, broken or beside the point",
    CONFUSED: "does not follow, asks to have it explained again",
    PRAISE: "praises, or says that it worked",
    THANKS: "thanks",
    ACK: "takes note: ok, I see, no problem",
    TOPIC: "announces another topic",
    NEXT: "goes on from the answer: now, next, what if, another",
    ASKS: "asks or orders something",
    NEGATION: "negates",
    LIMIT: "states a limit: only, must, without",
    BACK: "points back: it, that, the same",
    WHAT: "asks what something is",
    NO: "opens with a no",
    REMARK: "wishes, preferences and dislikes of the user",
}
"""Kind of phrase → what it tells."""

ENGLISH: Mapping[str, str] = {
    RESTATE: """i said | i already said | as i said | like i said | i did say | didnt i say | i mentioned | as mentioned | like i mentioned
      | i told you | i already told | ive told you | i have told you | as i told | as requested | i requested | as i asked | i asked for
      | i asked you for | i asked you to | i specified | as specified | i wrote | as stated | i stated | as i explained | i explained
      | per my | my first message | my original | my initial | original request | at the start | from the start | from the beginning
      | once more | once again | ^^again | stick to | keep to | follow my | my requirement | requirement | requirements | one condition
      | my condition | my instructions | the instructions | my budget is | my limit | limit i gave | i gave you | we agreed | you ignored
      | you are ignoring | you forgot | youre ignoring | i need it to be | how many times | remember | remember that i | supposed to be
      | i was clear | i clearly | already told you | i said so | keep in mind | as i wrote | i specifically | i explicitly | not as asked
      | i did ask | my preference | i insisted | i repeat | let me repeat | to repeat | i want .. not | i need .. not""",
    WRONG: """wrong | incorrect | incorrectly | mistake | mistaken | mistakes | error | errors | not correct | isnt correct | not right
      | isnt right | not true | isnt true | untrue | inaccurate | not accurate | false | doesnt work | does not work | didnt work
      | did not work | dont work | do not work | not working | isnt working | wont work | broken | fails | failed | failing | crashes | crashed
      | throws | exception | bug | buggy | doesnt exist | does not exist | made that up | make that up | made up | make it up | fake
      | hallucinated | try again | you missed | missed the | misread | misunderstood | misunderstand | not what i | isnt what i
      | nothing to do with | wrong way | should be | should have been | shouldnt be | ^^actually | opposite | not quite | not really
      | not exactly | not a good | not good | not great | not helpful | unhelpful | not useful | useless | terrible | awful | horrible
      | nonsense | rubbish | garbage | bad | worse | worst | poor | got it wrong | youve got the | you confused | mixed up | check again
      | are you sure | you sure | irrelevant | off topic answer | didnt answer | did not answer | doesnt answer | does not answer
      | you didnt | you did not | thats not | that isnt | that is not | this isnt | this is not | isnt a | isnt on | isnt in | isnt that
      | wasnt that | wasnt it | comes before | comes after | same as before | not a real | no such | has no | have no such | not even close
      | nope | disagree | not in my opinion | thats the wrong | off by | out of date | outdated | still broken | still wrong | still not
      | still fails | still the same | still get | no longer | doesnt compile | doesnt match | does not match | not a valid | invalid
      | way too | too long | too short | disappointing | disappointed | not satisfied | isnt helpful | youre not | not making sense
      | not very helpful | you should have""",
    CONFUSED: """dont understand | do not understand | didnt understand | cant understand | cannot understand | not understand
      | dont get it | dont get | do not get | didnt get | not sure i follow | dont follow | cant follow | not following | im lost | i am lost
      | lost me | confused | confusing | unclear | not clear | huh | what do you mean | what did you mean | what does .. mean
      | what do .. mean | what does that mean | meaning of | supposed to mean | even mean | come again | explain .. again | again please
      | once more please | rephrase | reword | simpler terms | simpler words | simple terms | simple words | plain words | plain english
      | laymans terms | more simply | clarify | clarification | more slowly | slower | break .. down | for a beginner | for beginners
      | for dummies | like im five | eli5 | over my head | makes no sense | make no sense | make sense of | make any sense | doesnt make sense
      | does not make sense | doesnt make any | does not make any | not make much sense | not make sense | no idea what | no clue
      | what are you talking about | are you talking about | trouble following | hard to follow | hard time following | what that means
      | what this means | what it means | all greek | pardon | say that again | dont see what | dont see how | dont see why
      | cant make sense | puzzled | baffled | i dont know what | not sure what you | not sure what that | not sure i understand
      | what exactly do you | what exactly is | how so | why is that | elaborate on what | which one do you mean | what was that""",
    PRAISE: """great | perfect | perfectly | awesome | amazing | excellent | brilliant | wonderful | fantastic | lovely | beautiful
      | beautifully | love it | love this | love that | loved it | i love | nice | nicely | good job | good work | good one | good to know
      | good idea | good stuff | good point | good advice | great job | very good | really good | so good | pretty good | looks good
      | sounds good | sounds great | good answer | cool | superb | outstanding | impressive | impressed | helpful | useful | exactly what
      | just what i | what i needed | what i wanted | what i was looking for | i wanted | thats it exactly | works | works now | worked | it worked
      | that fixed | fixed it | fixed the | solved | lifesaver | life saver | saved me | saves me | well done | well put | well written
      | correct | spot on | like a charm | much better | so much better | better than | appreciate | appreciated | wow | bravo | kudos
      | nailed it | couldnt have | could not have | couldnt be better | not bad | not bad at all | cant complain | no complaints
      | cannot complain | nothing to complain | makes sense now | clear and | very clear | crystal clear | so clear | concise | just right
      | on point | hits the spot | got it right | genius | gold | delighted | happy with | pleased | satisfied | best answer | youre the best
      | you rock | you are the best | magnificent | marvellous | marvelous | neat | sweet | elegant | thorough | insightful | haha""",
    THANKS: "thanks | thank you | thank u | thx | ty | many thanks | cheers | grateful | thankyou | tysm",
    ACK: """ok | okay | k | kk | sure | fine | right | alright | all right | hm | hmm | hmmm | mhm | mm | mmhm | mm hm | i see | got it
      | gotcha | noted | understood | yes | yeah | yep | yup | maybe | perhaps | whatever | interesting | lol | ah | oh | up to you
      | your call | i guess | i guess so | guess so | no problem | no problems | no worries | no worry | np | not now | let me think
      | think about it | later | we will see | well see | if you say so | fair enough | good | so | well | i know | i know that | either way
      | dont mind | no rush | not sure | dunno | i dont know | idk | same | hello | hi""",
    TOPIC: """by the way | btw | unrelated | different question | another question | new topic | new question | different topic
      | change of topic | change of subject | change the subject | change topic | switching gears | switch gears | something else
      | another thing | other thing | another matter | on another note | on a different note | different note | something different
      | forget that | forget it | forget about | never mind | nevermind | before i forget | off topic | moving on | separately
      | completely different | totally different | else entirely | side note | quick aside | different subject | new subject
      | random question | not about this""",
    NEXT: """^now | ^^next | next step | next scene | next part | next one | ^then | ^also | also add | can it also | and also | another one | one more
      | another | what if | what happens | how about | what about | ^and what | ^and how | ^and which | ^and if | ^and then | ^so would | ^so if
      | ^so how | ^so what | ^so can | extend | extended | expand | continue | go on | go ahead | keep going | example | examples | variation
      | variations | version of | versions | more of | few more | some more | five more | turn that into | turn it into | turn this into
      | make it | apply it | apply this | apply that | build on | lets | let us | based on this | based on that | following up
      | does the same | the same for | do the same | in addition | additionally | furthermore | ill take | ill try | i will try | ill check
      | ill go with | i will take | add a | add an | add the | add type | add some | give an example | with that | with it | for it | for that
      | can you also | could you also | please also | anything else | any other | any others | what else | other suggestions""",
    ASKS: """^^write | ^write | ^give | ^make | ^create | ^add | ^explain | ^tell | ^show | ^list | ^translate | ^plan | ^draft | ^find | ^recommend
      | ^suggest | ^compare | ^summarise | ^summarize | ^fix | ^convert | ^help | ^design | ^turn | ^rewrite | ^calculate | ^compute | ^describe
      | ^please | please extend | please add | could you | can you | would you | will you | i need | i have to | i want to | id like | i would like
      | ^how | ^what | ^whats | ^which | ^who | ^when | ^where | ^why | ^is | ^are | ^does | ^do | ^did | ^can | ^could | ^should | ^would
      | how do | how does | how much | how many | how long | how often | how would | what is | whats the | is there | are there | any ideas
      | ^name | ^generate | ^build | ^implement | ^check | ^look | ^book | ^order | ^schedule | ^remind | ^set | ^run | ^test | ^use | ^try
      | ^update | ^change | ^refactor | ^shorten | ^format | ^sort | ^save | ^send | ^prepare | ^define | ^solve | ^prove | ^outline | ^pick
      | ^choose | help me | ^lets | ^then lets | ^next | ^continue | ^have you | do you have | do you know""",
    NEGATION: """not | no | never | dont | doesnt | didnt | isnt | wasnt | arent | werent | cant | cannot | couldnt | wouldnt | wont | hardly
      | neither | nor | without | barely | nothing | none | shouldnt | havent | hasnt""",
    LIMIT: """only | must | has to be | have to be | needs to be | must be | must stay | at most | at least | no more than | under | without
      | instead of | rather than | please no | nothing else | just the | exactly | anything without | not allowed""",
    BACK: """it | its | thats | that one | that way | that day | that part | about that | of that | with that | to that | for that | like that | this | these | those | they | them | their | same | such | above | there | one | ones | your answer
      | your version | first one | second one | the first | the second | the third | the last""",
    WHAT: "what | whats | which | who | why | how | where | meaning | mean | means",
    NO: "^^no | ^^nope | ^^nah | ^^uh | ^^um no | ^^but | ^^wait | ^no",
    REMARK: """dont like | didnt like | do not like | did not like | dont really like | didnt really like | not a fan | not a big fan | not my
      | isnt my | not for me | dont care for | didnt care for | too scary | hate | hated | i prefer | prefer | rather | pass on | ill pass
      | not interested | not into | not really into | dont want | not in the mood | id rather | more like | i like | im looking for
      | looking for | allergic | in the mood for | something more | something less | boring | silly""",
}

CHINESE: Mapping[str, str] = {
    RESTATE: """我说了 | 我说过 | 说过了 | 说过的 | 刚说过 | 都说了 | 我都说 | 说好 | 按我说的来 | 按我说的做 | 按照我说的 | 照我说的 | 我说的是 | 讲过 | 提过 | 提到过 | 强调过 | 强调了 | 告诉过你
      | 告诉你了 | 要求过 | 我的要求 | 要求是 | 提的要求 | 唯一要求 | 的要求 | 前面说 | 前面提 | 之前说 | 之前就 | 刚才说 | 刚才就 | 刚刚说 | 一开始就 | 再说一遍 | 再说一次 | 重申 | 再强调 | 我要的是
      | 我要的不是 | 要的不是 | 我写了 | 第一句就 | 我第一 | 遵守 | 你忘了 | 你又忘 | 又忘了 | 你忽略 | 没按 | 没有按 | 不是让你 | 我让你 | 我的条件 | 条件是 | 预算只有 | 预算是 | 说明了 | 说明过 | 不是说
      | 不是提过 | 上面已经 | 已经说 | 已经要求 | 记得吗 | 别忘了 | 我明确 | 我特意 | 注意我 | 仍然没有 | 还是有 | 必须""",
    WRONG: """错了 | 不对 | 有误 | 错误 | 出错 | 报错 | 搞错 | 弄错 | 写错 | 算错 | 反了 | 不准确 | 不正确 | 不是这个 | 不是这样 | 不是这 | 不是我要 | 不是我想 | 答非所问 | 跑题 | 离题 | 文不对题
      | 没用 | 不管用 | 没有用 | 不起作用 | 不行 | 不能用 | 运行不了 | 匹配不上 | 跑不通 | 没有关系 | 无关的回答 | 没关系到 | 明明是 | 明明 | 应该是 | 应该在 | 应当是 | 胡说 | 瞎编 | 编的 | 编造
      | 不存在 | 根本没有 | 没有这个 | 没有这篇 | 正好相反 | 相反 | 理解错 | 误解 | 再查查 | 再查一下 | 重新查 | 你确定 | 确定吗 | 太差 | 很差 | 糟糕 | 垃圾 | 不好 | 不太好 | 不好用 | 没帮助 | 没解决
      | 没有解决 | 不满意 | 失望 | 怎么会 | 还是不 | 还是错 | 还不到 | 少了 | 漏了 | 多了 | 搞混 | 弄混 | 过时 | 不符 | 没有回答 | 没回答 | 而不是""",
    CONFUSED: """听不懂 | 看不懂 | 没看懂 | 没听懂 | 没懂 | 不懂 | 不明白 | 没明白 | 不太明白 | 看不明白 | 搞不懂 | 弄不懂 | 不理解 | 理解不了 | 没理解 | 什么意思 | 啥意思 | 是什么意思 | 指什么 | 指的是什么
      | 指的是 | 说人话 | 大白话 | 通俗 | 糊涂 | 有点晕 | 晕了 | 好晕 | 懵 | 一头雾水 | 没跟上 | 跟不上 | 换个说法 | 换种说法 | 再解释 | 解释一下吧 | 再讲 | 再说清楚 | 讲清楚 | 说清楚 | 讲清楚一点 | 一步一步讲
      | 太抽象 | 太难懂 | 太复杂 | 太难了 | 困惑 | 疑惑 | 什么叫 | 是啥 | 干嘛的 | 干什么的 | ^啊 | ^哈？ | ^嗯？ | 你在说什么 | 说的什么 | 没学过 | 不清楚你 | 简单点说 | 再说一次 | 到底是""",
    PRAISE: """很好 | 真好 | 太好了 | 太好 | 真棒 | 太棒 | 棒 | 不错 | 挺好 | 非常好 | 厉害 | 完美 | 优秀 | 出色 | 漂亮 | 精彩 | 精准 | 到位 | 满意 | 喜欢 | 正是我想要 | 正是我要 | 就是这个 | 就是这样 | 正合我意
      | 解决了 | 搞定 | 可以了 | 成功了 | 有帮助 | 很有用 | 有用 | 实用 | 很清楚 | 清楚 | 清晰 | 简洁 | 明了 | 一听就懂 | 一看就懂 | 真美 | 好美 | 写得好 | 写得真 | 讲得好 | 说得好 | 有道理 | 专业 | 赞 | 牛
      | 哇 | 答对 | 对了 | 强多了 | 好多了 | 没毛病 | 挑不出 | 没得说 | 无可挑剔 | 好建议 | 好主意 | 好点子 | 有才 | 省了 | 救了我 | 管用了 | 真的洗掉 | 周到 | 贴心 | 佩服 | 高手 | 好用 | 没得挑 | 太有才
      | 帮大忙 | 帮了大忙 | 真不错""",
    THANKS: "谢谢 | 感谢 | 多谢 | 辛苦了 | 辛苦 | 谢了 | 太感谢 | 非常感谢 | 3q",
    ACK: """好的 | 好吧 | 好 | 嗯 | 嗯嗯 | 哦 | 噢 | 噢噢 | 行 | 行吧 | 知道了 | 知道 | 了解 | 了解了 | 明白了 | 明白 | 收到 | 没事 | 没事的 | 没关系 | 没问题 | 不客气 | 这样啊 | 是吗 | 随便 | 都行 | 都可以 | 再说吧
      | 先等等 | 等等 | 我看看 | 看看 | 让我想想 | 想想 | 晚点 | 你看着办 | 有意思 | 哈哈 | 呵呵 | 可以 | 对 | 是的 | 也许 | 可能吧 | 原来如此 | 无所谓 | 我知道 | 这个我知道""",
    TOPIC: """换个话题 | 换个问题 | 换一个话题 | 换话题 | 对了， | ^对了 | ^顺便 | 顺便问 | 顺便说 | 无关的 | 不相关的 | 另外一件事 | 另外一个问题 | 另一个问题 | 另一件事 | ^另外 | 别的事 | 别的问题 | 问个别的 | 新问题 | 新话题
      | 新的问题 | 不聊这个 | 不说这个 | 先不说 | 先不聊 | 先放一放 | 话说 | ^趁 | 还有件事 | 题外话 | 突然想起 | 突然想到 | 说点别的 | 聊点别的 | 算了，""",
    NEXT: """接下来 | 下一步 | 下一段 | 下一个 | 然后 | ^再 | 再来 | 再加 | 再给 | 再写 | 再举 | 继续 | 接着 | ^那 | 那么 | 如果 | 假如 | 要是 | 还要 | 还能 | 还可以 | ^还有 | 另加 | 加上 | 加一 | 扩展 | 展开 | 举例
      | 举个例子 | 例子 | 版本 | 照这个 | 按这个 | 用这个 | 把它 | 基于 | 同样的 | 同样 | 也能 | 能不能顺便 | 我们来 | 我们用 | 类似的 | 那就 | 所以 | 其他的 | 别的推荐 | 配套""",
    ASKS: """^请 | ^帮我 | 请帮我 | 给我 | 写一 | 写个 | 写下 | 推荐 | 介绍 | 解释 | 翻译 | 总结 | 列出 | 列一 | 列个 | 设计 | 规划 | 安排 | 画 | 计算 | 算一算 | 怎么 | 如何 | 怎样 | 什么 | 哪 | 多少 | 多久 | 几个 | 几点 | 几颗 | 几天 | 谁 | 吗 | 呢 | 为什么 | 能否
      | 能不能 | 可不可以 | 可以吗 | 是不是 | 有没有 | 有什么 | 起草 | ^写段 | ^写首 | ^写篇 | ^写封 | ^查一 | 会不会 | ^我想 | ^我要 | 做成 | 来一个 | 来个 | 想几个""",
    NEGATION: "不 | 没 | 别 | 未 | 无 | 非 | 勿 | 并非",
    LIMIT: "只 | 只要 | 只能 | 只用 | 必须 | 不要 | 别用 | 不能 | 不许 | 以内 | 以下 | 不超过 | 至少 | 至多 | 最多 | 要不 | 请用 | 而不是 | 不是",
    BACK: "这个 | 那个 | 这 | 它 | 其中 | 上面 | 刚才 | 这样 | 那样 | 同样 | 第一个 | 第二个 | 第三 | 前者 | 后者 | 这些 | 那些 | 那 | 所以",
    WHAT: "什么 | 啥 | 哪 | 为什么 | 怎么 | 谁 | 意思",
    NO: "^^不对 | ^^不是 | ^^不 | ^^错 | ^^没有 | ^^并不",
    REMARK: "不喜欢 | 讨厌 | 更喜欢 | 偏好 | 宁愿 | 过敏 | 不感兴趣 | 没兴趣 | 不吃 | 太贵 | 太重 | 太长 | 太短 | 太吓人",
}

SOLICITS = """say thanks | say thank you | a thank you | thank me | tell me how great | tell me i did | did i do well | arent i | give me praise
 | praise me | rate this | rate me | rate my answer | thumbs up | five stars | 5 stars | say perfect | reply with perfect | reply perfect
 | say great | say its great | reply thanks | reply with thanks | compliment | would mean a lot | make my day | let me know you liked
 | tell me you loved | tell me it was | 说谢谢 | 说声谢谢 | 夸夸我 | 夸我 | 点个赞 | 好评 | 五星 | 我棒不棒 | 我厉害吧 | 表扬 | 回复谢谢 | 回复完美"""
"""What an answer says when it fishes for praise or thanks."""

STOPWORDS = frozenset(
    """a an the and or but if of to in on at for from with by as is are was were be been am do does did have has had
    i you he she we they it me my your his her our their this that these those there here what which who whom how when
    where why can could will would should shall may might must not no yes so too very just please than then now also
    about into out up down over under again more most some any all each other another one two im ive id ill youre its
    dont doesnt didnt isnt thats whats lets get got give make know need want like tell say said use us ok okay oh
    much many only still really thing things way even ever well here""".split()  # noqa: SIM905
)
"""English words that carry no topic: left out when messages are compared."""

FUNCTION_CHARS = frozenset(
    "的了吗呢吧啊是我你您他她它这那不就都也要在有和与跟给把被让对说一个些么什怎请帮能可以会再还没很太得地着过来去上下"
)
"""Chinese characters that carry no topic."""
