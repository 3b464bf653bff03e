"""The region packs against values typed from the handbooks."""

import hashlib
import os
import tomllib
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import msgspec
import pytest

from kiosk.policy.counter import ProxyPapers, Step
from kiosk.policy.pack import Basis, LiftedBy, Offline, PinWeakness, Rule, Term, Text, load_pack, load_packs, rules_of
from kiosk.policy.region import Citation, Region
from kiosk.records.transaction import Service

REPOSITORY = Path(__file__).parents[2]
REGIONS = REPOSITORY / "config" / "regions"
YUNLING = REPOSITORY / "tests" / "regions" / "yunling.toml"
WORDS = "words"
"""Stands for a text, whose facts are in MENTIONED."""

ASK_HANDBOOK: dict[str, tuple[object, str, str]] = {
    "services.ask_handbook.self_service": (True, "operator", ""),
    "services.ask_handbook.pin_required": (False, "operator", ""),
    "services.ask_handbook.offline": ("whole", "operator", ""),
}
"""The same everywhere: no handbook speaks of it."""

# Typed from the documents, section by section. tests/region_rules.csv says of every rule whether a document states it.
TYPED: dict[str, dict[str, tuple[object, str, str]]] = {
    "zhumadian": {
        "codes": (("4117",), "source", "gb-t-2260 411700"),
        "hotline": ("12333、0396-12333", "source", "zhumadian-2019 §1.4"),
        "pin.name": (WORDS, "source", "zhumadian-2019 §3.1"),
        "pin.held_by": ("chip", "inferred", "zhumadian-2019 §3.1"),
        "pin.length": (6, "inferred", "zhumadian-2019 §3.1"),
        "pin.initial": ("123456", "source", "zhumadian-2019 §3.1"),
        "pin.initial_must_change": (True, "source", "zhumadian-2019 §3.1"),
        "pin.tries": (6, "source", "zhumadian-2019 §3.3"),
        "pin.change": (WORDS, "source", "zhumadian-2019 §3.1"),
        "pin.forgotten": (WORDS, "source", "zhumadian-2019 §3.2"),
        "pin.locked": (WORDS, "source", "zhumadian-2019 §3.3"),
        "loss.name": (WORDS, "source", "zhumadian-2019 §4.2"),
        "loss.formal_place": (WORDS, "source", "zhumadian-2019 §4.2"),
        "loss.bank_side": (True, "source", "zhumadian-2019 §1.6"),
        "services.card_query.self_service": (True, "operator", "zhumadian-2019 §1.2"),
        "services.card_query.pin_required": (True, "operator", ""),
        "services.card_query.place": (WORDS, "source", "zhumadian-2019 §1.4"),
        "services.card_query.offline": ("chip_only", "operator", ""),
        "services.pin_change.self_service": (True, "operator", "zhumadian-2019 §3.1"),
        "services.pin_change.pin_required": (True, "inferred", "zhumadian-2019 §3.2"),
        "services.pin_change.place": (WORDS, "source", "zhumadian-2019 §3.1"),
        "services.pin_change.offline": ("chip_only", "inferred", "zhumadian-2019 §3.1"),
        "services.temporary_loss.self_service": (False, "inferred", "zhumadian-2019 §4.2"),
        "services.temporary_loss.place": (WORDS, "source", "zhumadian-2019 §4.2"),
        "services.temporary_loss.offline": ("recorded", "operator", ""),
        "services.loss_lifting.self_service": (False, "operator", ""),
        "services.loss_lifting.offline": ("refused", "operator", ""),
        "services.card_activation.self_service": (True, "operator", "zhumadian-2019 §3.1"),
        "services.card_activation.pin_required": (False, "inferred", "zhumadian-2019 §3.1"),
        "services.card_replacement.self_service": (True, "operator", "zhumadian-2019 §4.4"),
        "replacement.instant_here": (True, "operator", "zhumadian-2019 §4.4"),
        "replacement.order_here": (True, "operator", "zhumadian-2019 §4.4"),
        "activation.place": (WORDS, "source", "zhumadian-2019 §3.1"),
        "activation.bank_side_place": (WORDS, "source", "zhumadian-2019 §3.1"),
        "replacement.place": (WORDS, "source", "zhumadian-2019 §4.3"),
        "offsite.failures": (
            ("not_activated", "wrong_personal_data", "registration_not_arrived", "benefits_blocked", "dates_disagree"),
            "source",
            "zhumadian-2019 §5.10",
        ),
        "services.card_examination.self_service": (True, "operator", "zhumadian-2019 §5.10"),
        "services.card_examination.pin_required": (False, "operator", ""),
        "services.card_examination.place": (WORDS, "source", "zhumadian-2019 §5.9"),
        "services.card_examination.offline": ("chip_only", "operator", ""),
        **ASK_HANDBOOK,
    },
    "guizhou": {
        "codes": (("5200",), "inferred", "gb-t-2260 520000"),
        "hotline": ("12333", "source", "guizhou-leaflet 第五问"),
        "medical_account": (WORDS, "source", "guizhou-leaflet 第一问"),
        "pin.name": (WORDS, "source", "guizhou-leaflet 第三问"),
        "pin.held_by": ("chip", "inferred", "guizhou-leaflet 第三问"),
        "pin.length": (6, "inferred", "guizhou-leaflet 第三问"),
        "pin.initial": ("old_medical_card", "source", "guizhou-leaflet 第三问"),
        "pin.initial_otherwise": ("888888", "source", "guizhou-leaflet 第三问"),
        "pin.refused_weaknesses": (("repeated",), "inferred", "guizhou-leaflet 第十问"),
        "pin.change": (WORDS, "source", "guizhou-leaflet 第三问"),
        "pin.forgotten": (WORDS, "source", "guizhou-leaflet 第四问"),
        "pin.locked": (WORDS, "inferred", "guizhou-leaflet 第四问"),
        "loss.name": (WORDS, "source", "guizhou-leaflet 第五问"),
        "loss.formal_deadline": ((5, "days"), "source", "guizhou-leaflet 第五问"),
        "loss.formal_place": (WORDS, "source", "guizhou-leaflet 第五问"),
        "loss.formal_is_final": (True, "source", "guizhou-leaflet 第五问"),
        "loss.bank_side": (True, "source", "guizhou-leaflet 第一问"),
        "loss.bank_lines": (
            (("中国工商银行", "95588"), ("中国农业银行", "95599"), ("中国银行", "95566"), ("中国建设银行", "95533")),
            "inferred",
            "jiangxi-manual 银行咨询服务电话",
        ),
        "services.card_query.self_service": (True, "operator", "guizhou-leaflet 第二问"),
        "services.card_query.pin_required": (True, "operator", ""),
        "services.card_query.place": (WORDS, "inferred", "guizhou-leaflet 第二问"),
        "services.card_query.offline": ("chip_only", "operator", ""),
        "services.pin_change.self_service": (True, "operator", "guizhou-leaflet 第三问"),
        "services.pin_change.pin_required": (True, "inferred", "guizhou-leaflet 第四问"),
        "services.pin_change.place": (WORDS, "source", "guizhou-leaflet 第三问"),
        "services.pin_change.offline": ("chip_only", "inferred", "guizhou-leaflet 第三问"),
        "services.temporary_loss.self_service": (False, "inferred", "guizhou-leaflet 第五问"),
        "services.temporary_loss.place": (WORDS, "source", "guizhou-leaflet 第五问"),
        "services.temporary_loss.offline": ("recorded", "operator", ""),
        "services.loss_lifting.self_service": (False, "operator", "guizhou-leaflet 第五问"),
        "services.loss_lifting.offline": ("refused", "operator", ""),
        "activation.place": (WORDS, "source", "guizhou-leaflet 第二问"),
        "activation.bank_side_place": (WORDS, "source", "guizhou-leaflet 第三问"),
        "activation.failures": (
            ("only_bank_side", "bank_pin_typed", "equal_digits"),
            "source",
            "guizhou-leaflet 第十问",
        ),
        "replacement.place": (WORDS, "source", "guizhou-leaflet 第六问"),
        "services.card_examination.self_service": (True, "operator", "guizhou-leaflet 第十问"),
        "services.card_examination.pin_required": (False, "operator", ""),
        "services.card_examination.offline": ("chip_only", "operator", ""),
        **ASK_HANDBOOK,
    },
    "qingdao": {
        "codes": (("3702",), "source", "gb-t-2260 370200"),
        "hotline": ("12345", "source", "qingdao-guide 服务电话"),
        "pin.name": (WORDS, "source", "qingdao-guide 使用须知第二条"),
        "pin.held_by": ("chip", "inferred", "qingdao-guide 使用须知第二条"),
        "pin.length": (6, "inferred", "qingdao-guide 使用须知第二条"),
        "pin.initial": ("123456", "source", "qingdao-guide 使用须知第二条"),
        "pin.optional": (True, "inferred", "qingdao-guide 使用须知第二条"),
        "pin.initial_must_change": (False, "source", "qingdao-guide 使用须知第一条"),
        "pin.tries": (6, "inferred", "qingdao-guide 使用须知第二条"),
        "pin.change": (WORDS, "source", "qingdao-guide 使用须知第二条"),
        "pin.forgotten": (WORDS, "source", "qingdao-guide 使用须知第二条"),
        "pin.locked": (WORDS, "source", "qingdao-guide 使用须知第二条"),
        "loss.name": (WORDS, "source", "qingdao-guide 使用须知第三条"),
        "loss.formal_place": (WORDS, "source", "qingdao-guide 使用须知第三条"),
        "loss.lifting_condition": (WORDS, "source", "qingdao-guide 使用须知第四条"),
        "loss.lifting_until_replacement": (True, "source", "qingdao-guide 使用须知第四条"),
        "loss.bank_side": (True, "source", "qingdao-guide 使用须知第三条"),
        "loss.bank_lines": ((("中国银行", "95566"),), "source", "qingdao-guide 中国银行服务热线"),
        "services.card_query.self_service": (True, "source", "qingdao-guide 基本功能第一条"),
        "services.card_query.pin_required": (True, "operator", ""),
        "services.card_query.place": (WORDS, "source", "qingdao-guide 基本功能第一条"),
        "services.card_query.offline": ("chip_only", "operator", ""),
        "services.pin_change.self_service": (True, "operator", "qingdao-guide 使用须知第二条"),
        "services.pin_change.pin_required": (True, "inferred", "qingdao-guide 使用须知第二条"),
        "services.pin_change.place": (WORDS, "source", "qingdao-guide 使用须知第二条"),
        "services.pin_change.offline": ("chip_only", "inferred", "qingdao-guide 使用须知第二条"),
        "services.temporary_loss.self_service": (False, "inferred", "qingdao-guide 使用须知第三条"),
        "services.temporary_loss.place": (WORDS, "source", "qingdao-guide 使用须知第三条"),
        "services.temporary_loss.offline": ("recorded", "operator", ""),
        "services.loss_lifting.self_service": (False, "inferred", "qingdao-guide 使用须知第四条"),
        "services.loss_lifting.place": (WORDS, "source", "qingdao-guide 使用须知第四条"),
        "services.loss_lifting.offline": ("refused", "operator", ""),
        "activation.place": (WORDS, "source", "qingdao-guide 使用须知第一条"),
        "activation.bank_side_place": (WORDS, "source", "qingdao-guide 使用须知第一条"),
        "replacement.place": (WORDS, "source", "qingdao-guide 使用须知第三条"),
        "services.card_examination.self_service": (True, "operator", "qingdao-guide 基本功能第一条"),
        "services.card_examination.pin_required": (False, "operator", ""),
        "services.card_examination.place": (WORDS, "inferred", "qingdao-guide 服务电话"),
        "services.card_examination.offline": ("chip_only", "operator", ""),
        **ASK_HANDBOOK,
    },
    "jiangxi": {
        "codes": (
            ("3600", "3601", "3602", "3603", "3604", "3605", "3606", "3607", "3608", "3609", "3610", "3611"),
            "source",
            "gb-t-2260 360000",
        ),
        "hotline": ("12333", "source", "jiangxi-manual 服务渠道"),
        "pin.name": (WORDS, "source", "jiangxi-manual §2"),
        "pin.held_by": ("centre", "inferred", "jiangxi-manual §2"),
        "pin.length": (6, "inferred", "jiangxi-manual §2"),
        "pin.initial": ("123456", "source", "jiangxi-manual §2"),
        "pin.change": (WORDS, "source", "jiangxi-manual §2"),
        "pin.forgotten": (WORDS, "source", "jiangxi-manual §2"),
        "pin.locked": (WORDS, "inferred", "jiangxi-manual §2"),
        "loss.name": (WORDS, "source", "jiangxi-manual §3"),
        "loss.identified_by": (("id_card", "typed"), "inferred", "jiangxi-manual 线上业务办理指南"),
        "loss.validity": ((5, "days"), "source", "jiangxi-manual §3"),
        "loss.formal_place": (WORDS, "source", "jiangxi-manual §3"),
        "loss.bank_side": (True, "source", "jiangxi-manual §2"),
        "loss.bank_lines": (
            (
                ("中国工商银行", "95588"),
                ("中国农业银行", "95599"),
                ("中国银行", "95566"),
                ("中国建设银行", "95533"),
                ("交通银行", "95559"),
                ("中信银行", "95558"),
                ("江西省农村信用社（农商银行）", "962268"),
            ),
            "source",
            "jiangxi-manual 银行咨询服务电话",
        ),
        "services.card_query.self_service": (True, "source", "jiangxi-manual 功能介绍"),
        "services.card_query.pin_required": (True, "operator", ""),
        "services.card_query.place": (WORDS, "source", "jiangxi-manual 服务渠道"),
        "services.card_query.offline": ("refused", "inferred", "jiangxi-manual §2"),
        "services.pin_change.self_service": (True, "inferred", "jiangxi-manual 线上业务办理指南"),
        "services.pin_change.pin_required": (True, "source", "jiangxi-manual 线上业务办理指南"),
        "services.pin_change.place": (WORDS, "source", "jiangxi-manual §2"),
        "services.pin_change.offline": ("refused", "inferred", "jiangxi-manual §2"),
        "services.temporary_loss.self_service": (True, "inferred", "jiangxi-manual 线上业务办理指南"),
        "services.temporary_loss.pin_required": (False, "inferred", "jiangxi-manual 线上业务办理指南"),
        "services.temporary_loss.place": (WORDS, "source", "jiangxi-manual §3"),
        "services.temporary_loss.offline": ("recorded", "operator", ""),
        "services.temporary_loss.fee_fen": (0, "source", "jiangxi-manual §3"),
        "services.loss_lifting.self_service": (False, "inferred", "jiangxi-manual §3"),
        "services.loss_lifting.place": (WORDS, "source", "jiangxi-manual §3"),
        "services.loss_lifting.offline": ("refused", "operator", ""),
        "services.loss_lifting.fee_fen": (0, "source", "jiangxi-manual §3"),
        "activation.bank_side_place": (WORDS, "source", "jiangxi-manual §1"),
        "replacement.place": (WORDS, "source", "jiangxi-manual §4"),
        "services.card_examination.self_service": (True, "operator", "jiangxi-manual 功能介绍"),
        "services.card_examination.pin_required": (False, "operator", ""),
        "services.card_examination.place": (WORDS, "source", "jiangxi-manual 服务渠道"),
        "services.card_examination.offline": ("chip_only", "operator", ""),
        **ASK_HANDBOOK,
    },
    "beijing": {
        "codes": (("1100", "1101"), "source", "gb-t-2260 110000"),
        "hotline": ("96102", "source", "beijing-rules 第4问"),
        "medical_account": (WORDS, "source", "beijing-notes 第4条"),
        "pin.name": (WORDS, "source", "beijing-notes 第7条"),
        "pin.held_by": ("centre", "inferred", "beijing-notes 第7条"),
        "pin.length": (6, "inferred", "beijing-notes 第7条"),
        "pin.initial": ("last_six_of_social_security_number", "source", "beijing-notes 第7条"),
        "pin.change": (WORDS, "source", "beijing-notes 第7条"),
        "pin.forgotten": (WORDS, "source", "beijing-notes 第7条"),
        "pin.locked": (WORDS, "inferred", "beijing-notes 第7条"),
        "loss.name": (WORDS, "source", "beijing-rules 第5问"),
        "loss.identified_by": (("id_card",), "operator", "beijing-rules 第5问"),
        "loss.validity": ((10, "days"), "source", "beijing-rules 第6问"),
        "loss.formal_place": (WORDS, "source", "beijing-rules 第8问"),
        "loss.formal_is_final": (True, "source", "beijing-rules 第9问"),
        "loss.lifting_condition": (WORDS, "source", "beijing-rules 第7问"),
        "loss.lifting_within_term": (True, "source", "beijing-rules 第7问"),
        "loss.lifting_until_replacement": (True, "inferred", "beijing-rules 第8问"),
        "services.card_query.self_service": (True, "source", "beijing-rules 第4问"),
        "services.card_query.pin_required": (True, "source", "beijing-notes 第7条"),
        "services.card_query.place": (WORDS, "source", "beijing-rules 第4问"),
        "services.card_query.offline": ("refused", "inferred", "beijing-notes 第7条"),
        "services.pin_change.self_service": (True, "source", "beijing-notes 第7条"),
        "services.pin_change.pin_required": (True, "inferred", "beijing-notes 第7条"),
        "services.pin_change.place": (WORDS, "source", "beijing-notes 第7条"),
        "services.pin_change.offline": ("refused", "inferred", "beijing-notes 第7条"),
        "services.temporary_loss.self_service": (True, "source", "beijing-rules 第5问"),
        "services.temporary_loss.pin_required": (False, "operator", ""),
        "services.temporary_loss.place": (WORDS, "source", "beijing-rules 第5问"),
        "services.temporary_loss.offline": ("recorded", "operator", ""),
        "services.loss_lifting.self_service": (False, "inferred", "beijing-rules 第7问"),
        "services.loss_lifting.place": (WORDS, "source", "beijing-rules 第7问"),
        "services.loss_lifting.offline": ("refused", "operator", ""),
        "replacement.place": (WORDS, "source", "beijing-rules 第8问"),
        "services.card_examination.self_service": (True, "operator", "beijing-rules 第4问"),
        "services.card_examination.pin_required": (False, "operator", ""),
        "services.card_examination.offline": ("chip_only", "operator", ""),
        **ASK_HANDBOOK,
    },
}
# What a text must name, or a citizen stands before the wrong door.
MENTIONED = {
    ("zhumadian", "services.temporary_loss.place"): ("12333", "社保", "银行"),
    ("zhumadian", "loss.formal_place"): ("服务窗口", "发卡银行", "身份证件"),
    ("zhumadian", "pin.forgotten"): ("任一", "社会保障卡或本人", "两个人"),
    ("guizhou", "services.temporary_loss.place"): ("12333", "5 日", "身份证", "书面挂失"),
    ("guizhou", "loss.formal_place"): ("发卡银行", "本人"),
    ("guizhou", "pin.change"): ("定点医院", "医保征缴处", "身份证"),
    ("qingdao", "services.temporary_loss.place"): ("12345", "姓名", "身份证号", "电话", "住址", "银行"),
    ("qingdao", "services.loss_lifting.place"): ("身份证件", "发卡银行", "补换卡"),
    ("qingdao", "pin.change"): ("激活", "POS"),
    ("jiangxi", "services.temporary_loss.place"): ("12333", "掌上12333", "支付宝", "银行网点"),
    ("jiangxi", "services.loss_lifting.place"): ("社会保障卡服务窗口", "银行网点"),
    ("jiangxi", "pin.forgotten"): ("只能", "窗口"),
    ("beijing", "services.temporary_loss.place"): ("96102", "24", "身份证", "网点"),
    ("beijing", "services.loss_lifting.place"): ("有效期内", "身份证", "网点"),
    ("zhumadian", "services.card_activation.place"): ("综合服务窗口", "医保收费窗口", "身份证件"),
    ("guizhou", "services.card_activation.place"): ("制卡银行", "本人", "身份证"),
    ("qingdao", "services.card_activation.place"): ("发卡银行", "两边", "旧卡"),
    ("jiangxi", "services.card_activation.place"): ("领到卡就能用", "合作银行", "身份证件"),
    ("zhumadian", "services.card_replacement.place"): ("人社部门", "发卡银行", "当场"),
    ("guizhou", "services.card_replacement.place"): ("医保征缴处", "制卡银行"),
    ("qingdao", "services.card_replacement.place"): ("发卡银行", "身份证件", "旧卡"),
    ("jiangxi", "services.card_replacement.place"): ("社会保障卡服务窗口", "交回旧卡"),
    ("beijing", "services.card_replacement.place"): ("身份证", "网点", "原卡"),
    ("zhumadian", "services.formal_loss.place"): ("服务窗口", "发卡银行", "身份证件"),
    ("guizhou", "services.formal_loss.place"): ("发卡银行", "本人", "5 日"),
    ("qingdao", "services.formal_loss.place"): ("发卡银行", "身份证件", "补换卡"),
    ("jiangxi", "services.formal_loss.place"): ("社会保障卡服务窗口", "银行网点"),
    ("beijing", "services.formal_loss.place"): ("身份证", "网点", "补卡"),
    ("beijing", "loss.name"): ("预挂失",),
    ("guizhou", "loss.name"): ("口头挂失",),
    ("qingdao", "loss.name"): ("口头挂失",),
    ("jiangxi", "loss.name"): ("临时挂失",),
    ("zhumadian", "loss.name"): ("临时挂失",),
}
# Of the texts that were read, in the order in which they were given.
SHA256 = {
    "zhumadian-2019": "c020407e630932ccbfa128629da64bfa85b6d985e0d8b2053e33efd3c954038a",
    "guizhou-leaflet": "32c7a37e2e411a24e854d562fc2dde6c5f5c930df5e06da5f287971998735218",
    "qingdao-guide": "c626814d7e9edd2c0f655d09320218ccf518cd0a5ac6af204cfafeb9e89dcecc",
    "jiangxi-manual": "53a80858009c5c20bd9e27e4115165251331c25d0feba2b027c15bb86ab1c4ef",
    "beijing-rules": "1616dcb3d284d01bfb9960d217fbcd67139047160f47f531a6d2cdfaea8f6e7a",
    "beijing-notes": "1616dcb3d284d01bfb9960d217fbcd67139047160f47f531a6d2cdfaea8f6e7a",
    "beijing-outpatient": "1616dcb3d284d01bfb9960d217fbcd67139047160f47f531a6d2cdfaea8f6e7a",
}


# Of a card's life, care elsewhere and money: typed from the documents. A step is who takes it and with what papers.
ALL_OF_PROXY = ("id_card", "id_copy", "proxy_id", "proxy_id_copy", "mandate")
FACTS: dict[str, dict[str, tuple[object, str]]] = {
    "zhumadian": {
        "activation.social_side": ("after_pin_change", "zhumadian-2019 §3.1"),
        "activation.old_card_ends": ("at_first_use", "zhumadian-2019 §1.5"),
        "application.minor_below": (18, "zhumadian-2019 §2.1"),
        "application.minor_papers": (("household_register", "household_register_copy"), "zhumadian-2019 §2.1"),
        "application.photo": (
            ("dark_top", "no_hat", "no_scarf", "no_glasses", "no_jewellery"),
            "zhumadian-2019 §2.1",
        ),
        "application.fee_fen": (0, "zhumadian-2019 §1.7"),
        "replacement.fee_fen": (1600, "zhumadian-2019 §4.3"),
        "replacement.at_once": (True, "zhumadian-2019 §4.4"),
        "replacement.old_card": ("collected_and_destroyed", "zhumadian-2019 §4.3"),
        "papers.temporary_card.term": ((3, "months"), "zhumadian-2019 §1.8"),
        "papers.temporary_card.bank_side": (False, "zhumadian-2019 §1.8"),
        "proxy.papers": (
            (("application", ("photo_file", "id_copy")), ("pin_reset", ("proxy_id", "id"))),
            "zhumadian-2019 §2.1",
        ),
        "offsite.groups": (("posted", "referred", "long_resident", "settled_retired"), "zhumadian-2019 §6.2"),
        "offsite.emergency_term": ((7, "working_days"), "zhumadian-2019 §5.3"),
        "offsite.catalogue": ("place_of_care", "zhumadian-2019 §5.6"),
        "offsite.benefits": ("place_of_insurance", "zhumadian-2019 §5.6"),
        "offsite.lookup_site": ("si.12333.gov.cn", "zhumadian-2019 §6.4"),
        "ecard.stops_with_card": (True, "zhumadian-2019 §7.5"),
        "money.cross_bank_cap_fen": (2_000_000, "zhumadian-2019 §1.7"),
    },
    "guizhou": {
        "activation.social_side": ("at_bank", "guizhou-leaflet 第二问"),
        "activation.papers": (("card", "id_card"), "guizhou-leaflet 第二问"),
        "activation.old_card_ends": ("at_first_use", "guizhou-leaflet 第二问"),
        "activation.failures": (("only_bank_side", "bank_pin_typed", "equal_digits"), "guizhou-leaflet 第十问"),
        "replacement.meanwhile": ("medical_slip", "guizhou-leaflet 第八问"),
        "papers.medical_slip.papers": (("id_card", "bank_notice"), "guizhou-leaflet 第八问"),
        "data_change.steps": (
            (("holder", ("id_card", "card")), ("holder", ("change_form",))),
            "guizhou-leaflet 第六问",
        ),
        "cancelling.leaving_steps": (
            (("holder", ("card", "id_card")), ("holder", ("cancel_notice",))),
            "guizhou-leaflet 第七问",
        ),
        "cancelling.death_steps": ((("family", ("family_id", "id_card", "card")),), "guizhou-leaflet 第七问"),
        "money.transfer_between": (False, "guizhou-leaflet 第一问"),
    },
    "qingdao": {
        "activation.papers": (("id", "card", "old_medical_card"), "qingdao-guide 使用须知第一条"),
        "activation.contact_data": (("phone", "address", "postcode"), "qingdao-guide 使用须知第一条"),
        "activation.pin_reset": ("voluntary", "qingdao-guide 使用须知第一条"),
        "activation.old_card_ends": ("at_activation", "qingdao-guide 使用须知第一条"),
        "replacement.term": ((7, "working_days"), "qingdao-guide 使用须知第五条"),
        "replacement.old_card": ("taken_back", "qingdao-guide 使用须知第五条"),
        "replacement.old_card_void": ("replacement_accepted", "qingdao-guide 使用须知第三条"),
        "data_change.steps": (
            (("holder", ("proof_of_change", "card")), ("holder", ("card",))),
            "qingdao-guide 使用须知第六条",
        ),
        "money.credit": (False, "qingdao-guide 基本功能第二条"),
    },
    "jiangxi": {
        "activation.social_side": ("on_receipt", "jiangxi-manual §1"),
        "activation.bank_side_papers": (("id",), "jiangxi-manual §1"),
        "replacement.reasons": (("lost", "insurance_data_changed", "worn", "damaged"), "jiangxi-manual §4"),
        "replacement.lost_first": (("social", "bank"), "jiangxi-manual §4"),
        "replacement.fee_fen": (3200, "jiangxi-manual §4"),
        "replacement.without_old_card_lost": (True, "jiangxi-manual §4"),
        "proxy.papers": (
            tuple(
                (business, ALL_OF_PROXY)
                for business in ("application", "formal_loss", "replacement", "cancelling")
            ),
            "jiangxi-manual §7",
        ),
        "offsite.groups": (("settled", "posted", "referred"), "jiangxi-manual §5"),
        "money.bank_perks": (
            ("annual_check", "small_account", "loss_report", "two_cross_bank_withdrawals"),
            "jiangxi-manual §1",
        ),
    },
    "beijing": {
        "application.fee_fen": (0, "beijing-rules 第3问"),
        "replacement.lost_papers": (("id_card",), "beijing-rules 第8问"),
        "replacement.exchange_papers": (("card", "id_card"), "beijing-rules 第11问"),
        "replacement.term": ((15, "working_days"), "beijing-rules 第8问"),
        "replacement.old_card_void": ("formal_report", "beijing-rules 第9问"),
        "replacement.collect_papers": (("id_card", "collection_slip"), "beijing-rules 第8问"),
        "replacement.meanwhile": ("replacement_certificate", "beijing-outpatient 第6问"),
        "replacement.afterwards": (
            (("holder", ()), ("employer", ("medical_handbook", "photo"))),
            "beijing-notes 第8条",
        ),
        "data_change.data": (("name", "ethnic_group", "number"), "beijing-notes 第9条"),
        "data_change.status_changes": (
            ("retirement", "insurance_scheme", "special_illness", "disabled_soldier"),
            "beijing-rules 第10问",
        ),
        "money.deductible_working_fen": (180_000, "beijing-notes 第4条"),
        "money.deductible_retired_fen": (130_000, "beijing-notes 第4条"),
        "money.visit_fee_by_fund_fen": (200, "beijing-outpatient 第3问"),
        "money.without_card_exceptions": (
            (
                "emergency", "family_planning_surgery", "employer_in_arrears", "during_manual_claim",
                "during_replacement", "not_yet_issued",
            ),
            "beijing-notes 第3条",
        ),
    },
}  # fmt: skip
PASSED_OVER = {
    "zhumadian": """cancelling. papers.medical_slip papers.replacement_certificate papers.collection_slip
        papers.cancel_notice application.progress replacement.collect ecard.card_stops_with_it money.deductible""",
    "guizhou": "offsite. ecard. replacement.fee_fen replacement.term cancelling.death_bank_side papers.temporary_card",
    "qingdao": "cancelling. offsite. ecard. papers. replacement.fee_fen proxy.allowed proxy.papers money.bank_perks",
    "jiangxi": "cancelling. ecard. papers. replacement.term replacement.at_once offsite.emergency offsite.failures",
    "beijing": "activation. cancelling. proxy. offsite. ecard. replacement.fee_fen papers.temporary_card",
}


def plain(value: object) -> object:
    match value:
        case Text():
            return WORDS
        case Step():
            return value.who.value, plain(value.papers)
        case ProxyPapers():
            return value.business.value, plain(value.papers)
        case Term():
            return value.count, value.unit.value
        case Enum():
            return value.value
        case tuple():
            return tuple((item.bank.zh, item.line) if hasattr(item, "line") else plain(item) for item in value)
    return value


def texts_in(value: object) -> Iterator[Text]:
    match value:
        case Text():
            yield value
        case tuple():
            for item in value:
                yield from texts_in(item)
        case msgspec.Struct():
            for field in value.__struct_fields__:
                yield from texts_in(getattr(value, field))


def region(key: str) -> Region:
    return Region(load_pack(REGIONS / f"{key}.toml"))


@pytest.mark.parametrize("key", sorted(TYPED))
def test_packs_say_what_the_handbooks_say(key: str) -> None:
    found = {
        name: (plain(rule.value), rule.basis.value, rule.cite[0] if rule.cite else "")
        for name, rule in rules_of(region(key).pack)
        if name in TYPED[key]
    }
    assert found == TYPED[key]


@pytest.mark.parametrize("key", sorted(TYPED))
def test_a_card_s_life_and_its_money_are_the_handbooks(key: str) -> None:
    """The facts a citizen would be sent the wrong way by; ``tests/region_rules.csv`` has them all."""
    rules = dict(rules_of(region(key).pack))
    found = {name: (plain(rules[name].value), rules[name].cite[0]) for name in FACTS[key]}
    assert found == FACTS[key]


@pytest.mark.parametrize("key", sorted(TYPED))
def test_what_a_handbook_passes_over_is_not_filled_in(key: str) -> None:
    stated = {name for name, rule in rules_of(region(key).pack) if rule.basis is not Basis.NOT_STATED}
    assert {name for name in stated if name.startswith(tuple(PASSED_OVER[key].split()))} == set()


@pytest.mark.parametrize("key", sorted(TYPED))
def test_every_text_of_a_card_s_life_is_short(key: str) -> None:
    texts = [text for _, rule in rules_of(region(key).pack) for text in texts_in(rule.value)]
    assert [text.zh for text in texts if len(text.zh) > 63] == []


@pytest.mark.parametrize(("key", "name"), sorted(MENTIONED))
def test_texts_name_what_the_handbooks_name(key: str, name: str) -> None:
    text = dict(rules_of(region(key).pack))[name].stated()
    assert isinstance(text, Text)
    assert [word for word in MENTIONED[key, name] if word not in text.zh] == []


@pytest.mark.parametrize("key", sorted(TYPED))
def test_a_place_is_short_enough_for_a_citizen_to_keep_in_mind(key: str) -> None:
    places = [rules.place.value for rules in region(key).pack.services.values() if rules.place.value is not None]
    assert len(places) >= 3
    assert [place.zh for place in places if len(place.zh) > 60] == []


@pytest.mark.parametrize("key", sorted(TYPED))
def test_terms_in_days_say_what_they_leave_open(key: str) -> None:
    loss = region(key).pack.loss
    for term in (loss.validity.value, loss.formal_deadline.value):
        if term is not None:
            assert term.leaves_open is not None
            assert "工作日" in term.leaves_open.zh
            assert "working days" in term.leaves_open.en


def test_what_can_not_be_read_is_listed() -> None:
    unreadable = {key: [item.what.zh for item in region(key).pack.unreadable] for key in TYPED}
    assert {key: len(items) for key, items in unreadable.items() if items} == {"guizhou": 4, "jiangxi": 1, "qingdao": 1}
    assert all("交通" in what for what in unreadable["guizhou"][:2])
    assert "门牌号" in unreadable["guizhou"][2]


def test_all_packs_load_and_no_two_claim_a_code() -> None:
    packs = load_packs(REGIONS)
    assert set(packs) == set(TYPED)
    codes = [code for pack in packs.values() for code in pack.codes.stated()]
    assert len(codes) == len(set(codes)) == 1 + 1 + 1 + 12 + 2


def test_sources_are_the_texts_that_were_read() -> None:
    found = {
        source.id: source.sha256
        for pack in load_packs(REGIONS).values()
        for source in pack.sources
        if source.id != "gb-t-2260"
    }
    assert found == SHA256


@pytest.mark.skipif("REGION_SOURCES" not in os.environ, reason="REGION_SOURCES names no folder with the handbooks")
def test_the_texts_at_hand_are_those_that_were_read() -> None:
    folder = Path(os.environ["REGION_SOURCES"])
    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}
    assert set(SHA256.values()) <= digests


@pytest.mark.parametrize(
    ("key", "name", "citation"),
    [
        ("zhumadian", "pin.tries", Citation("社会保障卡知识手册 v1.0", "2019-05", "§3.3")),
        ("beijing", "loss.validity", Citation("北京市社会保障卡使用管理须知", "", "第6问", "2009")),
        ("jiangxi", "services.loss_lifting.place", Citation("江西省社会保障卡使用手册", "", "§3", "2016–2020")),
        ("guizhou", "loss.bank_lines", Citation("江西省社会保障卡使用手册", "", "银行咨询服务电话", "2016–2020")),
        ("qingdao", "pin.initial", Citation("青岛市社会保障卡使用指南（试用版）", "", "使用须知第二条")),
        ("zhumadian", "services.loss_lifting.self_service", None),
        ("beijing", "pin.tries", None),
    ],
)
def test_a_citation_has_title_date_and_section(key: str, name: str, citation: Citation | None) -> None:
    there = region(key)
    assert there.citation(dict(rules_of(there.pack))[name]) == citation


def test_what_is_not_stated_opens_nothing() -> None:
    beijing = region("beijing")
    silent = msgspec.structs.replace(beijing.service(Service.CARD_QUERY), self_service=Rule(basis=Basis.NOT_STATED))
    rules = {**beijing.pack.services, Service.CARD_QUERY: silent}
    assert not Region(msgspec.structs.replace(beijing.pack, services=rules)).offers(Service.CARD_QUERY)
    assert beijing.refused_weaknesses == frozenset()
    assert beijing.demands_pin_change_first is False
    assert beijing.initial_pin is None
    assert beijing.bank_line("中国银行") is None
    assert beijing.citation(Rule(basis=Basis.NOT_STATED)) is None
    assert beijing.citations(Rule(basis=Basis.NOT_STATED, cite=("beijing-rules 第1问",))) == []
    with pytest.raises(LookupError):
        beijing.pack.pin.tries.stated()


def test_the_demos_centre_rules_as_the_packs_do() -> None:
    rules = tomllib.loads((REPOSITORY / "config" / "demo" / "region_rules.toml").read_text(encoding="utf-8"))
    for key in TYPED:
        days = region(key).pack.loss.validity.value
        assert rules.get(key, {}).get("temporary_loss_days") == (days.count if days is not None else None), key
        assert rules.get(key, {}).get("lifting", False) is region(key).offers(Service.LOSS_LIFTING), key
        assert rules.get(key, {}).get("formal_loss", False) is region(key).offers(Service.FORMAL_LOSS), key
        assert rules.get(key, {}).get("activation", False) is region(key).offers(Service.CARD_ACTIVATION), key


def test_guizhou_refuses_its_own_initial_pin_as_a_new_one_only() -> None:
    guizhou = region("guizhou")
    assert guizhou.refused_weaknesses == {PinWeakness.REPEATED}
    assert guizhou.initial_pin is None, "most holders have their old card's PIN"
    assert guizhou.demands_pin_change_first is False


def test_bank_lines_by_the_banks_name() -> None:
    line = region("jiangxi").bank_line("中国建设银行")
    assert line is not None
    assert line.line == "95533"
    assert region("guizhou").bank_line("交通银行") is None


def test_yunling_opens_everything() -> None:
    yunling = Region(load_pack(YUNLING))
    assert all(yunling.offers(service) for service in Service)
    with_pin = {Service.CARD_QUERY, Service.PIN_CHANGE, Service.LOSS_LIFTING}
    assert {service for service in Service if yunling.asks_pin(service)} == with_pin
    assert {
        service: yunling.offline(service) for service in Service if yunling.offline(service) is not Offline.REFUSED
    } == {
        Service.CARD_QUERY: Offline.CHIP_ONLY,
        Service.PIN_CHANGE: Offline.CHIP_ONLY,
        Service.TEMPORARY_LOSS: Offline.RECORDED,
        Service.CARD_APPLICATION: Offline.RECORDED,
        Service.CARD_REPLACEMENT: Offline.RECORDED,
        Service.CARD_EXAMINATION: Offline.CHIP_ONLY,
        Service.ASK_HANDBOOK: Offline.WHOLE,
    }
    assert yunling.refused_weaknesses == {PinWeakness.REPEATED, PinWeakness.RUN}
    assert yunling.serves("9901")
    assert not any(region(key).serves("9901") for key in TYPED)
    loss = yunling.pack.loss
    assert plain(loss.validity.stated()) == (3, "days")
    assert loss.lifting_within_term.stated()
    assert loss.lifting_until_replacement.stated()
    assert yunling.lifted_by == {LiftedBy.CARD, LiftedBy.ID_CARD}
    assert not any(region(key).lifted_by for key in TYPED)
    assert "虚构" in yunling.pack.sources[0].title


@pytest.mark.parametrize(
    ("number", "untypable"),
    [("11010119900307001X", True), ("110101199003070012", False), ("1101011990030700XX", True)],
)
def test_letter_in_the_last_six(number: str, untypable: bool) -> None:
    assert region("beijing").initial_pin_untypable(number) is untypable
    assert region("zhumadian").initial_pin_untypable(number) is False
