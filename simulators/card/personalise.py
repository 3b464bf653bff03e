"""Derive a card's keys from the issuer's test keys and build card files: the issuing bureau, in miniature.

``python -m simulators.card.personalise DIRECTORY`` writes the deck that lies in ``simulators/cards``.

Diversification (ours, after the shape PBOC gives it): the factor is the last eight bytes of the card identification
code; 3DES: left half = 3DES(master, factor), right half = 3DES(master, inverted factor); SM4: SM4(master, factor ‖
inverted factor). The keys here are test keys, made up for this project and good for nothing else.
"""

import datetime
import sys
from pathlib import Path
from typing import Final

import msgspec

from simulators.card.card_file import (
    BankAccount,
    Blank,
    CardFile,
    CardHolder,
    CardKeys,
    CardPin,
    Issuer,
    LogRecord,
    SocialSecurity,
    save_card_file,
)
from simulators.card.ciphers import encrypt

TRIPLE_DES: Final = 1
SM4: Final = 3
INTERNAL_KEY: Final = 0x01
EXTERNAL_KEY: Final = 0x02
PERSONALISATION_KEY: Final = 0x03

TEST_MASTER_KEYS: Final = {
    (TRIPLE_DES, INTERNAL_KEY): bytes.fromhex("7E57000100000001 0123456789ABCDEF"),
    (TRIPLE_DES, EXTERNAL_KEY): bytes.fromhex("7E57000100000002 FEDCBA9876543210"),
    (SM4, INTERNAL_KEY): bytes.fromhex("7E57000300000001 0123456789ABCDEF"),
    (SM4, EXTERNAL_KEY): bytes.fromhex("7E57000300000002 FEDCBA9876543210"),
    (TRIPLE_DES, PERSONALISATION_KEY): bytes.fromhex("7E57000100000003 1032547698BADCFE"),
    (SM4, PERSONALISATION_KEY): bytes.fromhex("7E57000300000003 1032547698BADCFE"),
}
"""By algorithm and key identifier. Not secret."""
_FORGERS_MASTER_KEY: Final = bytes.fromhex("BAD0000000000000 0000000000000BAD")


def diversify(algorithm: int, master: bytes, identification_code: bytes) -> bytes:
    """The key of one card, 16 bytes.

    :param identification_code: tag 01 of EF05, 16 bytes.
    """
    factor = identification_code[-8:]
    inverted = bytes(byte ^ 0xFF for byte in factor)
    return encrypt(algorithm, master, factor + inverted)


def card_keys(norm_version: str, identification_code: str) -> CardKeys:
    """A genuine card's keys: SM4 from norm 3.00 on, 3DES before."""
    algorithm = SM4 if norm_version == "3.00" else TRIPLE_DES
    code = bytes.fromhex(identification_code)
    return CardKeys(
        algorithm=algorithm,
        internal=diversify(algorithm, TEST_MASTER_KEYS[algorithm, INTERNAL_KEY], code).hex().upper(),
        external=diversify(algorithm, TEST_MASTER_KEYS[algorithm, EXTERNAL_KEY], code).hex().upper(),
    )


def personalise(
    *,
    about: str,
    region: str,
    number: int,
    card_number: str,
    holder: CardHolder,
    norm_version: str = "2.00",
    pin: CardPin | None,
    bank_side: bool,
    log: list[LogRecord] | None = None,
    issued_on: datetime.date = datetime.date(2021, 3, 1),
    expires_on: datetime.date = datetime.date(2099, 12, 31),
) -> CardFile:
    """A genuine card.

    :param region: four digits GB/T 2260.
    :param number: counts the cards of a region; it becomes part of the identification code and the chip's serial.
    :param card_number: nine characters with a right check character.
    """
    identification_code = f"{region}00D156000005{number:016X}"
    return CardFile(
        about=about,
        region=region,
        serial=f"{number:08X}",
        bank_side=bank_side,
        social_security=SocialSecurity(
            issuer=Issuer(
                identification_code=identification_code,
                card_class="1",
                norm_version=norm_version,
                initialising_body=f"{region}00000000000000000001",
                issued_on=issued_on,
                expires_on=expires_on,
                card_number=card_number,
            ),
            holder=holder,
            keys=card_keys(norm_version, identification_code),
            pin=pin,
            log=log,
        ),
    )


def blank_card(
    *,
    about: str,
    region: str,
    number: int,
    norm_version: str = "3.00",
    pin: CardPin | None,
    bank: BankAccount | None,
    weak_cell: str | None = None,
) -> CardFile:
    """A card as the maker delivers it to a terminal: initialised, its bank side personalised, and nobody's.

    :param number: as in :func:`personalise`.
    :param norm_version: what it is meant for; it decides the algorithm of its keys.
    :param pin: the initial PIN where the chip holds one.
    """
    identification_code = f"{region}00D156000005{number:016X}"
    keys = card_keys(norm_version, identification_code)
    key = diversify(
        keys.algorithm, TEST_MASTER_KEYS[keys.algorithm, PERSONALISATION_KEY], bytes.fromhex(identification_code)
    )
    return CardFile(
        about=about,
        region=region,
        serial=f"{number:08X}",
        bank_side=bank is not None,
        bank=bank,
        social_security=SocialSecurity(
            keys=msgspec.structs.replace(keys, personalisation=key.hex().upper()),
            pin=pin,
            log=[],
            blank=Blank(
                identification_code=identification_code,
                initialising_body=f"{region}00000000000000000001",
                weak_cell=weak_cell,
            ),
        ),
    )


def forge(card: CardFile, about: str) -> CardFile:
    """A copy with all the right files, answering with keys that are not the issuer's."""
    genuine = card.social_security
    if genuine is None or genuine.issuer is None or genuine.keys is None:
        raise ValueError("there is nothing to copy")
    code = bytes.fromhex(genuine.issuer.identification_code)
    wrong = diversify(genuine.keys.algorithm, _FORGERS_MASTER_KEY, code).hex().upper()
    keys = CardKeys(algorithm=genuine.keys.algorithm, internal=wrong, external=wrong)
    return msgspec.structs.replace(card, about=about, social_security=msgspec.structs.replace(genuine, keys=keys))


def deck() -> dict[str, CardFile]:
    """Every card that comes with the simulator, by file name.

    The people do not exist: their numbers carry the county code 00, which no resident's number has.
    """
    cards = {
        "zhumadian-normal": personalise(
            about="Zhumadian, norm 2.00, in order: PIN 246810, changed since it was handed out.",
            region="4117",
            number=0x1001,
            card_number="T41170015",
            holder=_person("411700198504121036", "张示例", "1", "01"),
            pin=_chip_pin("246810"),
            bank_side=True,
            log=[
                _logged("20261027093012", 1, 8650, "示例县人民医院"),
                _logged("20261013160540", 3, 4280, "示例大药房第二分店"),
                _logged("20260922101855", 1, 21300, "示例县人民医院"),
                _logged("20260922112031", 4, 1500, "示例县人民医院"),
            ],
        ),
        "zhumadian-initial-pin": personalise(
            about="Zhumadian, norm 2.00, PIN still 123456 as handed out.",
            region="4117",
            number=0x1002,
            card_number="T41170023",
            holder=_person("411700199208301029", "李测试", "2", "01"),
            pin=_chip_pin("123456"),
            bank_side=True,
            log=[],
        ),
        "zhumadian-locked": personalise(
            about="Zhumadian, norm 2.00, PIN locked after six wrong tries; it was 135790.",
            region="4117",
            number=0x1003,
            card_number="T41170031",
            holder=_person("411700197811051037", "王样本", "1", "01"),
            pin=_chip_pin("135790", tries_left=0),
            bank_side=True,
        ),
        "zhumadian-3.00": personalise(
            about="Zhumadian, norm 3.00: SM4 keys, holder data closed until the terminal proves itself. PIN 864209.",
            region="4117",
            number=0x1004,
            card_number="T4117004X",
            norm_version="3.00",
            holder=_person("411700200106191047", "赵虚构", "2", "01"),
            pin=_chip_pin("864209"),
            bank_side=True,
            log=[_logged("20261108084500", 2, 156000, "虚构市中心医院")],
        ),
        "rare-name": personalise(
            about="Zhumadian, norm 2.00, a name with characters beyond GBK (four bytes each). PIN 975310.",
            region="4117",
            number=0x1005,
            card_number="T41170058",
            holder=_person("411700199503151051", "欧阳𬱖㐂", "1", "01"),
            pin=_chip_pin("975310"),
            bank_side=True,
        ),
        "long-name": personalise(
            about="Zhumadian, norm 2.00, a name that needs tag 4E, cut before a four-byte character. PIN 314159.",
            region="4117",
            number=0x1006,
            card_number="T41170066",
            holder=_person("411700196909231066", "阿卜杜热合曼·吐尔逊江示例人𬱖㐂", "2", "05"),
            pin=_chip_pin("314159"),
            bank_side=True,
        ),
        "expired": personalise(
            about="Zhumadian, norm 1.00, expired at the end of 2020. PIN 271828.",
            region="4117",
            number=0x1007,
            card_number="T41170074",
            norm_version="1.00",
            holder=_person("41170019880808107X", "陈过期", "1", "01"),
            pin=_chip_pin("271828"),
            bank_side=False,
            issued_on=datetime.date(2011, 1, 1),
            expires_on=datetime.date(2020, 12, 31),
        ),
        "beijing-normal": personalise(
            about="Beijing, norm 2.00, in order; the centre holds the PIN, the chip has none.",
            region="1100",
            number=0x2001,
            card_number="T11000015",
            holder=_person("110000198807212015", "周模拟", "1", "01"),
            pin=None,
            bank_side=False,
            log=[
                _logged("20261019094627", 1, 30000, "模拟医院门诊部"),
                _logged("20260907142210", 3, 12640, "模拟药店", damaged=True),
                _logged("20260618103300", 1, 51500, "模拟医院门诊部"),
            ],
        ),
        "beijing-x": personalise(
            about="Beijing, norm 2.00, number ending in X; the PIN at the centre is still the initial one, which a pad "
            "without letters can't type.",
            region="1100",
            number=0x2002,
            card_number="T11000023",
            holder=_person("11000019760229207X", "吴假设", "1", "11"),
            pin=None,
            bank_side=False,
        ),
        "beijing-3.00": personalise(
            about="Beijing, norm 3.00: SM4 keys, holder data closed until the terminal proves itself.",
            region="1100",
            number=0x2003,
            card_number="T11000031",
            norm_version="3.00",
            holder=_person("110000200001012030", "郑试用", "1", "01"),
            pin=None,
            bank_side=False,
        ),
        "guizhou-normal": personalise(
            about="Guizhou, norm 2.00, in order: PIN 246813, changed since it was handed out.",
            region="5200",
            number=0x4001,
            card_number="T52000011",
            holder=_person("520000198303174015", "冯演示", "1", "01"),
            pin=_chip_pin("246813"),
            bank_side=True,
        ),
        "guizhou-initial-pin": personalise(
            about="Guizhou, norm 2.00, PIN still 888888, as for whoever had no medical card before.",
            region="5200",
            number=0x4002,
            card_number="T5200002X",
            holder=_person("520000199607224020", "卫初始", "2", "01"),
            pin=_chip_pin("888888"),
            bank_side=True,
        ),
        "guizhou-old-card-pin": personalise(
            about="Guizhou, norm 2.00, PIN 666666 taken over from the old medical card: six identical digits.",
            region="5200",
            number=0x4003,
            card_number="T52000038",
            holder=_person("520000195710094035", "蒋旧卡", "1", "01"),
            pin=_chip_pin("666666"),
            bank_side=True,
        ),
        "qingdao-normal": personalise(
            about="Qingdao, norm 2.00, in order: PIN 357924, changed since it was handed out.",
            region="3702",
            number=0x5001,
            card_number="T37020014",
            holder=_person("370200197911305021", "沈范例", "2", "01"),
            pin=_chip_pin("357924"),
            bank_side=True,
        ),
        "qingdao-initial-pin": personalise(
            about="Qingdao, norm 2.00, PIN still 123456 as handed out.",
            region="3702",
            number=0x5002,
            card_number="T37020022",
            holder=_person("370200199905145016", "韩新发", "1", "01"),
            pin=_chip_pin("123456"),
            bank_side=True,
        ),
        "qingdao-locked": personalise(
            about="Qingdao, norm 2.00, PIN locked after six wrong tries; it was 192837.",
            region="3702",
            number=0x5003,
            card_number="T37020030",
            holder=_person("370200196802255032", "杨锁住", "1", "01"),
            pin=_chip_pin("192837", tries_left=0),
            bank_side=True,
        ),
        "jiangxi-normal": personalise(
            about="Jiangxi, norm 2.00, in order; the centre holds the PIN, the chip has none.",
            region="3601",
            number=0x6001,
            card_number="T36010017",
            holder=_person("360100198609086013", "朱举例", "1", "01"),
            pin=None,
            bank_side=True,
        ),
        "jiangxi-initial-pin": personalise(
            about="Jiangxi, norm 2.00; the PIN at the centre is still 123456.",
            region="3601",
            number=0x6002,
            card_number="T36010025",
            holder=_person("360100200204016025", "秦初用", "2", "01"),
            pin=None,
            bank_side=True,
        ),
        "jiangxi-x": personalise(
            about="Jiangxi, norm 2.00, number ending in X; the centre holds the PIN.",
            region="3601",
            number=0x6003,
            card_number="T36010033",
            holder=_person("36010019910119638X", "尤尾号", "2", "01"),
            pin=None,
            bank_side=True,
        ),
        "beijing-temporarily-lost": personalise(
            about="Beijing, norm 2.00, temporarily reported lost at the centre, and found again.",
            region="1100",
            number=0x2004,
            card_number="T1100004X",
            holder=_person("110000198406122043", "许预挂", "2", "01"),
            pin=None,
            bank_side=False,
        ),
        "jiangxi-temporarily-lost": personalise(
            about="Jiangxi, norm 2.00, temporarily reported lost at the centre, and found again.",
            region="3601",
            number=0x6004,
            card_number="T36010041",
            holder=_person("36010019780315605X", "孔临挂", "1", "01"),
            pin=None,
            bank_side=True,
        ),
        "guizhou-bank-side-only": personalise(
            about="Guizhou, norm 2.00, activated at the bank for the bank side only. PIN 246815.",
            region="5200",
            number=0x4004,
            card_number="T52000046",
            holder=_person("520000197406114045", "陆只银", "2", "01"),
            pin=_chip_pin("246815"),
            bank_side=True,
        ),
        "qingdao-not-activated": personalise(
            about="Qingdao, norm 2.00, handed out and never activated. PIN still 123456.",
            region="3702",
            number=0x5004,
            card_number="T37020049",
            holder=_person("37020020030228504X", "于未启", "2", "01"),
            pin=_chip_pin("123456"),
            bank_side=True,
        ),
        "zhumadian-blocked": personalise(
            about="Zhumadian, norm 2.00, in order itself; the centre has the holder's benefits stopped. PIN 246816.",
            region="4117",
            number=0x100A,
            card_number="T41170103",
            holder=_person("411700196609091102", "马待停", "2", "01"),
            pin=_chip_pin("246816"),
            bank_side=True,
        ),
        "zhumadian-renamed": personalise(
            about="Zhumadian, norm 2.00, from before a change of name; the centre has the new one. PIN 246817.",
            region="4117",
            number=0x100B,
            card_number="T41170111",
            holder=_person("411700199105201113", "范旧名", "1", "01"),
            pin=_chip_pin("246817"),
            bank_side=True,
        ),
        "zhumadian-not-activated": personalise(
            about="Zhumadian, norm 2.00, handed out and never activated. PIN still 123456.",
            region="4117",
            number=0x100C,
            card_number="T4117012X",
            holder=_person("411700197104181123", "钱待启", "2", "01"),
            pin=_chip_pin("123456"),
            bank_side=True,
        ),
        "beijing-formally-lost": personalise(
            about="Beijing, norm 2.00, formally reported lost at the centre.",
            region="1100",
            number=0x2005,
            card_number="T11000058",
            holder=_person("110000197312082058", "何书面", "1", "01"),
            pin=None,
            bank_side=False,
        ),
        "beijing-cancelled": personalise(
            about="Beijing, norm 2.00, cancelled at the centre.",
            region="1100",
            number=0x2006,
            card_number="T11000066",
            holder=_person("110000193905032066", "吕注销", "2", "01"),
            pin=None,
            bank_side=False,
        ),
        "beijing-replaced": personalise(
            about="Beijing, norm 2.00, replaced by a newer card.",
            region="1100",
            number=0x2007,
            card_number="T11000074",
            holder=_person("110000199508272071", "施补卡", "1", "01"),
            pin=None,
            bank_side=False,
        ),
        "blank": CardFile(
            about="A social-security chip that nobody has personalised: the files are there and empty.",
            region="4117",
            serial="00003001",
            social_security=SocialSecurity(),
        ),
        "bank-only": CardFile(
            about="A bank card: payment environment, no social-security environment.",
            region="0000",
            serial="00003002",
            bank_side=True,
        ),
    }
    cards["clone-of-zhumadian-normal"] = forge(
        cards["zhumadian-normal"], "A copy of zhumadian-normal: every file is right, the keys are not the issuer's."
    )
    return cards


def _person(number: str, name: str, sex: str, ethnic_group: str) -> CardHolder:
    return CardHolder(
        social_security_number=number,
        name=name,
        sex=sex,
        ethnic_group=ethnic_group,
        birthplace=number[:6],
        birth_date=datetime.datetime.strptime(number[6:14], "%Y%m%d").date(),  # noqa: DTZ007  # a birth date has no zone
    )


def _logged(at: str, kind: int, amount_fen: int, place: str, *, damaged: bool = False) -> LogRecord:
    return LogRecord(at=at, kind=kind, amount_fen=amount_fen, place=place, damaged=damaged)


def _chip_pin(digits: str, tries_left: int = 6) -> CardPin:
    return CardPin(digits=digits, tries_left=tries_left, tries_allowed=6)


if __name__ == "__main__":
    for card_name, card_file in deck().items():
        save_card_file(Path(sys.argv[1]) / f"{card_name}.json", card_file)
