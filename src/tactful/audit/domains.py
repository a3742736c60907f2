"""What a conversation is about, by the commonest words of its domain in what the user says first. A rough sorting."""

from __future__ import annotations

import re

OTHER = "other"


def _words(english: str, other: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(english.split())})\b|{'|'.join(other.split())}", re.IGNORECASE)


DOMAINS = {
    "code": _words(
        r"python javascript typescript java rust golang function class method api regex script docker git commit branch repo tests? bugs? compile deploy servers? sql query database bash shell linux json html css code coding algorithm endpoint login",
        r"\bc\+\+ 代码 函数 编程 脚本 数据库 接口 报错 服务器 部署 重启 正则 程序 测试环境",
    ),
    "data": _words(
        r"csv excel spreadsheets? columns? rows? chart plot dataset table pivot invoices? sum average percent percentage",
        "表格 图表 数据 列 报表 统计 文件合并",
    ),
    "writing": _words(
        r"e?-?mails? letters? essay blog post write rewrite summari[sz]e summary translate translation proofread paragraph note invitation caption poem story novel presentation slides speech announcement reply reference cv resume",
        "邮件 写一 翻译 总结 润色 文章 作文 信 文案 简历 自我介绍 演讲",
    ),
    "travel and booking": _words(
        r"flights? hotels? trip travel book booking reserve reservation restaurant table train ticket itinerary weekend",
        "酒店 机票 订 旅行 旅游 行程 车票 餐厅 出去玩",
    ),
    "shopping": _words(
        r"buy order price cheap gift present delivery refund return product shop shopping deal",
        "买 礼物 下单 退货 快递 价格 推荐一款 蛋糕",
    ),
    "food": _words(
        r"recipe cook cooking bake dinner lunch breakfast meal ingredients pasta egg eggs soup menu",
        "做菜 菜谱 食谱 炒 煮 晚饭 早餐 烤",
    ),
    "health": _words(
        r"pain doctor symptoms? medicine dose workout exercise diet sleep fever allergy headache",
        "发烧 头疼 吃药 健身 减肥 症状 医生 睡眠",
    ),
    "calendar": _words(
        r"meeting calendar schedule appointment remind reminder reschedule", "会议 日程 提醒 预约 改期"
    ),
    "learning": _words(
        r"explain homework exam study learn flashcards? what\s+is why history physics chemistry biology math theorem capital",
        "解释 作业 考试 学习 什么是 为什么 原理",
    ),
}
"""Domain → its words, in the order in which ties are settled."""


def domain_of(text: str) -> str:
    """The domain with most of its words in the text; `other` without any."""
    counts = {name: len(pattern.findall(text[:1000])) for name, pattern in DOMAINS.items()}
    best = max(counts, key=counts.__getitem__)
    return best if counts[best] else OTHER
