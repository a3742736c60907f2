"""May this question be put to the user? A needless one is held back, with the default to assume; in doubt it is put.

Held back is only what stands all of this: mode `act`, an assistant that is treated, advice to answer from a need that is
known, an option to assume for each question, and nothing in it that could not be undone.
"""

from __future__ import annotations

import re

from tactful.live.deciding.asking import declines
from tactful.live.types import Advice, Described
from tactful.prompts import load_prompt
from tactful.text import detect_lang
from tactful.text.quoting.shorten import shortened
from tactful.types import NativeAsk, Record

NEEDLESS = load_prompt(__file__, "needless", fields={"shown", "assumed"})
RECOMMENDED = re.compile(
    r"\s*[\[(（【]\s*(?:recommended|default|推荐|默认|empfohlen|recommandée?|recomendad[oa]|consigliat[oa]|aanbevolen)\s*[\])）】]",
    re.IGNORECASE,
)
_GRAVE = re.compile(
    r"\b(?:delet\w*|remov\w*|drop(?:s|ped|ping)?|destroy\w*|overwrit\w*|eras\w*|wip\w*|purg\w*|truncat\w*|revert\w*|reset\w*"
    r"|push(?:es|ed|ing)?|cancel\w*|transfer\w*|charg(?:e|es|ed|ing)|refund\w*|uninstall\w*|rm -\w+|production|prod|deploy\w*|publish\w*|releas\w*|pay(?:s|ing|ment\w*)?|buy\w*|purchas\w*|spend\w*|send\w*"
    r"|empt(?:y|ies|ied|ying)|terminat\w*|merg(?:e|es|ed|ing)|book(?:ed|ing)|submit\w*|e-?mail\w*|credential\w*|password\w*|secret\w*|token\w*|key|keys|permission\w*|approv\w*|authori[sz]\w*|allow\w*|consent\w*"
    r"|irreversibl\w*|legal\w*|licen[cs]\w*)\b"
    r"|\b(?:lösch|loesch|entfern|überschreib|ueberschreib|verwerf|zurücksetz|zuruecksetz|veröffentlich|freigeb|hochlad|bezahl|zahlung"
    r"|überweis|kaufe|bestell|passw|kennw|schlüssel|geheim|zugangsdaten|berechtig|erlaub|genehmig|zustimm|versend|sende|schick"
    r"|leeren|stornier|kündig|kuendig|absag|buche|abschick|absend|annul|vide[rz]\b|vaci|svuot|prenot|reservier|réserv|reservar|produktiv|rechtlich|unwiderruf|supprim|efface|écras|détrui|réinitialis|déploy|envoy|payer|achet|mots? de passe|clés?\b"
    r"|identifiants|jeton|autori[sz]|droits|borrar|borr[oe]\b|elimin|suprim|sobr?escri[bv]|destru|restablec|publi(?:car|que|er)|despleg"
    r"|produc(?:ción|tion)|enviar|envi[eo]\b|correo|pag(?:ar|o|amento)\b|comprar|compr[oea]\b|contraseñ|clave|secreto|permis"
    r"|aprob|aprov|apag[aou]|excluir|exclu[ao]\b|senha|chave|segredo|rimuov|sovrascriv|distrugg|pubblic|inviare|acquist|chiave|segret"
    r"|permess|verwijder|overschrijv|wachtwoord|betaal|verstuur)\w*"
    r"|删除|移除|清空|覆盖|重置|回滚|推送|取消|转账|退款|卸载|生产环境|线上|部署|发布|上线|付款|支付|购买|发送|邮件|密码|密钥|凭证|权限|批准|授权|允许|同意|不可逆",
    re.IGNORECASE,
)
"""Words of what is not to be assumed in a person's name. Those of other languages than English and Chinese are for questions
too short to tell that they are in one: longer ones are put whatever they say."""
_READ = ("en", "zh")
_LONGEST = 300


class Assumed(Record):
    """What to assume where a question is not put."""

    question: str
    default: str


class Vetted(Described):
    """Whether a question may be put."""

    put: bool
    why: str
    advice: str = ""
    """Id of the advice that it was held against."""
    assumed: tuple[Assumed, ...] = ()
    """Where it is not put: a default for each question."""
    told: str = ""
    """Where it is not put: what the assistant is told, as facts."""


def vet(advice: Advice, ask: NativeAsk) -> Vetted:
    """Whether this question may be put, on a turn with this advice."""
    for stands, why in (
        (advice.failed == "", f"there is no decision: {advice.failed}"),
        (advice.mode == "act", f"mode {advice.mode} holds nothing back"),
        (advice.treated, "this assistant is not treated"),
        (advice.choice == "answer", "a question is worth its cost here"),
        (advice.need is not None, f"the need is not known: {advice.need_unknown}"),
        (
            all(detect_lang(one) in _READ for one in ask.questions),
            "it is in a language in which nobody knows here what is not to be assumed in a person's name",
        ),
        (not _is_grave(ask), "it is about something that is not to be assumed in a person's name"),
    ):
        if not stands:
            return Vetted(put=True, why=why, advice=advice.id)
    assumed = [_assumed(question, options) for question, options in _offered(ask)]
    found = tuple(one for one in assumed if one is not None)
    if not found or len(found) < len(assumed):
        return Vetted(put=True, why="it offers nothing that could be assumed", advice=advice.id)
    shown = "" if advice.rejects is None else declines(advice.rejects)
    defaults = "; ".join(f'for "{one.question}" it is "{one.default}"' for one in found)
    told = NEEDLESS.render(shown=shown, assumed=f"{defaults}.").messages[0].content
    return Vetted(put=False, why="it is needless", advice=advice.id, assumed=found, told=told)


def _offered(ask: NativeAsk) -> list[tuple[str, tuple[str, ...]]]:
    options = [*ask.options, *((),) * len(ask.questions)]
    return list(zip(ask.questions, options, strict=False))


def _assumed(question: str, options: tuple[str, ...]) -> Assumed | None:
    """The option that is marked as recommended, else the first."""
    option = next((one for one in options if RECOMMENDED.search(one)), options[0] if options else "")
    default = RECOMMENDED.sub("", option).strip()
    if not default:
        return None
    return Assumed(question=_line(question), default=_line(default))


def _line(text: str) -> str:
    return shortened(" ".join(text.split()), _LONGEST, joint=" ")


def _is_grave(ask: NativeAsk) -> bool:
    return any(_GRAVE.search(text) for text in (*ask.questions, *(one for row in ask.options for one in row)))
