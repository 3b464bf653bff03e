"""What the page of terminals and its command say, in Chinese and English. Codes are those of docs/faults.md."""

from typing import Final

from kiosk.records.health import Ending

Two = tuple[str, str]
"""Chinese, English."""

DEVICES: Final[dict[str, Two]] = {
    "card_reader": ("读卡器", "card reader"),
    "capture_unit": ("吞卡机构", "capture unit"),
    "pin_pad": ("密码键盘", "PIN pad"),
    "id_reader": ("身份证读卡器", "ID reader"),
    "receipt_printer": ("凭条打印机", "receipt printer"),
    "camera": ("摄像头", "camera"),
    "card_printer": ("制卡机", "card printer"),
    "sounder": ("喇叭", "loudspeaker"),
}
_REASONS: Final[dict[str, Two]] = {
    "01": ("没有接上", "not connected"),
    "02": ("没有反应", "silent"),
    "03": ("答得不对", "answers nonsense"),
    "04": ("被别的程序占着", "held by another program"),
    "05": ("卡被取走", "card taken"),
    "06": ("画面全黑", "dark picture"),
    "07": ("画面不动", "frozen picture"),
}
_OTHER: Final = ("出了故障", "failed")
_CLOSED: Final[dict[str, Two]] = {
    "L-01": ("记不了账", "nothing can be recorded"),
    "I-01": ("身份要人工核对", "its identity must be checked"),
    "S-01": ("已停用", "taken out of service"),
}
_CLOSED_BY_DEVICE: Final[dict[str, Two]] = {
    "C": ("读卡器", "card reader"),
    "P": ("密码键盘", "PIN pad"),
}
ENDINGS: Final[dict[Ending, Two]] = {
    Ending.NONE: ("头一次启动", "first start"),
    Ending.CLEAN: ("上次正常停下", "last ended when told to"),
    Ending.MAINTENANCE: ("上次维护时重启", "last ended for maintenance"),
    Ending.WATCHDOG: ("上次被看门狗重启", "last ended by the watchdog"),
    Ending.MACHINE: ("上次机器重启或断电", "last ended with the machine"),
    Ending.BROKEN_OFF: ("上次意外中断", "last broke off"),
}
LINES: Final[dict[str, Two]] = {
    "sending": ("上传正常", "uploads"),
    "waiting": ("连不上中心", "waits for the line"),
    "halted": ("上传停了，等人处理", "upload halted, somebody must act"),
}
_FOUND: Final[dict[str, Two]] = {
    "files_missing": ("文件缺失", "files missing"),
    "configuration_wrong": ("设置有误", "configuration wrong"),
    "key_missing": ("密钥缺失", "key missing"),
    "key_open": ("密钥谁都能读", "key open to others"),
    "state_missing": ("数据目录不在", "state missing"),
    "disk_full": ("磁盘满了", "disk full"),
    "disk_low": ("磁盘快满了", "disk low"),
    "disk_read_only": ("磁盘只能读", "disk read-only"),
    "ledger_missing": ("账本不在", "ledger missing"),
    "ledger_unreadable": ("账本读不出", "ledger unreadable"),
    "ledger_damaged": ("账本有损坏", "ledger damaged"),
    "receipts_unreadable": ("回执读不出", "receipts unreadable"),
}


def found(word: str) -> Two:
    """What a self-test found."""
    plain = word.replace("_", " ")
    return DEVICES.get(word) or _FOUND.get(word, (plain, plain))


def reason(code: str) -> Two:
    """Why a device does not do its part."""
    return _REASONS.get(code.rpartition("-")[2], _OTHER)


def closed_by(code: str) -> Two:
    """Why a terminal serves nobody."""
    if code in _CLOSED:
        return _CLOSED[code]
    device, why = _CLOSED_BY_DEVICE.get(code[:1]), reason(code)
    return (device[0] + why[0], f"{device[1]} {why[1]}") if device is not None else why
