"""What a pack's machine words are called at a counter: papers, photographs, who does what, what is handed out."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from kiosk.journeys.wording import Say, say
from kiosk.policy.card_rules import Contact
from kiosk.policy.counter import Business, Doer, Paper, PhotoDemand
from kiosk.policy.region import Region
from kiosk.policy.rule import Text
from kiosk.records.filings import IssuedPaper

PAPERS: Final[Mapping[Paper, Say]] = MappingProxyType(
    {
        Paper.ID: say("本人有效身份证件"),
        Paper.ID_CARD: say("本人身份证"),
        Paper.ID_COPY: say("身份证复印件"),
        Paper.CARD: say("社会保障卡"),
        Paper.CARD_COPY: say("社会保障卡复印件"),
        Paper.OLD_MEDICAL_CARD: say("以前的医保卡"),
        Paper.HOUSEHOLD_REGISTER: say("户口本"),
        Paper.HOUSEHOLD_REGISTER_COPY: say("户口本复印件"),
        Paper.PROXY_ID: say("代办人身份证"),
        Paper.PROXY_ID_COPY: say("代办人身份证复印件"),
        Paper.FAMILY_ID: say("家属的身份证"),
        Paper.MANDATE: say("委托书"),
        Paper.PHOTO: say("照片"),
        Paper.PHOTO_FILE: say("电子照片"),
        Paper.PROOF_OF_CHANGE: say("变更的证明"),
        Paper.CHANGE_FORM: say("信息变更的表"),
        Paper.COLLECTION_SLIP: say("领卡证明"),
        Paper.CANCEL_NOTICE: say("销卡通知书"),
        Paper.BANK_NOTICE: say("银行给的单子"),
        Paper.MEDICAL_HANDBOOK: say("医保手册"),
        Paper.BANK_CARD_COPY: say("银行卡复印件"),
        Paper.INPATIENT_RECEIPT: say("住院收据"),
        Paper.COST_LIST: say("费用清单"),
        Paper.STAMPED_MEDICAL_RECORD: say("盖章的病历复印件"),
    }
)
_OF_THE_HOLDER: Final[Mapping[Paper, Say]] = MappingProxyType(
    {
        Paper.ID: say("持卡人有效身份证件"),
        Paper.ID_CARD: say("持卡人身份证"),
        Paper.ID_COPY: say("持卡人身份证复印件"),
    }
)
DOERS: Final[Mapping[Doer, Say]] = MappingProxyType(
    {Doer.HOLDER: say("本人"), Doer.EMPLOYER: say("单位"), Doer.FAMILY: say("家属")}
)
PHOTO_DEMANDS: Final[Mapping[PhotoDemand, Say]] = MappingProxyType(
    {
        PhotoDemand.DARK_TOP: say("穿深色上衣"),
        PhotoDemand.NO_HAT: say("不戴帽子"),
        PhotoDemand.NO_SCARF: say("不戴围巾"),
        PhotoDemand.NO_GLASSES: say("不戴眼镜"),
        PhotoDemand.NO_JEWELLERY: say("不戴首饰"),
        PhotoDemand.WHITE_BACKGROUND: say("白色背景"),
        PhotoDemand.ONE_INCH: say("一寸"),
        PhotoDemand.DIGITAL: say("电子版"),
    }
)
BUSINESS: Final[Mapping[Business, Say]] = MappingProxyType(
    {
        Business.APPLICATION: say("申领"),
        Business.COLLECTION: say("领卡"),
        Business.ACTIVATION: say("启用"),
        Business.PIN_CHANGE: say("改密码"),
        Business.PIN_RESET: say("重设密码"),
        Business.TEMPORARY_LOSS: say("临时挂失"),
        Business.FORMAL_LOSS: say("正式挂失"),
        Business.LOSS_LIFTING: say("撤销挂失"),
        Business.REPLACEMENT: say("补卡、换卡"),
        Business.DATA_CHANGE: say("改信息"),
        Business.CANCELLING: say("销卡"),
    }
)
CONTACT: Final[Mapping[Contact, Say]] = MappingProxyType(
    {Contact.PHONE: say("电话"), Contact.ADDRESS: say("通讯地址"), Contact.POSTCODE: say("邮政编码")}
)
ISSUED: Final[Mapping[IssuedPaper, Say]] = MappingProxyType(
    {
        IssuedPaper.TEMPORARY_CARD: say("临时社会保障卡"),
        IssuedPaper.MEDICAL_SLIP: say("临时就医证"),
        IssuedPaper.REPLACEMENT_CERTIFICATE: say("补卡、换卡证明"),
        IssuedPaper.COLLECTION_SLIP: say("领卡证明"),
        IssuedPaper.CANCEL_NOTICE: say("销卡通知书"),
    }
)


def in_words(text: Text) -> Say:
    """A text of the region pack as a sentence."""
    return Say(text.zh, translations={"en": text.en})


def listed(items: Sequence[Say]) -> Say:
    """Several things in one sentence, in their order; at least one."""
    sentence, *others = items
    for item in others:
        sentence = say("{before}、{item}", before=sentence, item=item)
    return sentence


def papers_in_words(region: Region, papers: Sequence[Paper], who: Doer = Doer.HOLDER) -> Say:
    """What has to be brought, at least one thing; a form by the name the region gives it.

    :param who: brings it. A family must not take the holder's papers for their own.
    """
    forms = {Paper.CHANGE_FORM: region.pack.data_change.form.value, Paper.MANDATE: region.pack.proxy.form.value}
    named = {paper: in_words(name) for paper, name in forms.items() if name is not None}
    holders = _OF_THE_HOLDER if who is Doer.FAMILY else {}
    return listed([named.get(paper, holders.get(paper, PAPERS[paper])) for paper in papers])


def photo_in_words(demands: Sequence[PhotoDemand]) -> Say:
    """What a photograph has to be like; at least one demand."""
    return listed([PHOTO_DEMANDS[demand] for demand in demands])


def issued_in_words(region: Region, kind: IssuedPaper) -> Say:
    """A paper that is handed out, as the region calls it."""
    name = region.pack.papers[kind].name.value
    return in_words(name) if name is not None else ISSUED[kind]
