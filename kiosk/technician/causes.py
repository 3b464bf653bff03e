"""Everything that a check can find wrong: what it means for citizens, what the technician does, its row in the faults.

One cause is one thing to do. A test holds each against docs/faults.md and against the checks that can find it.
"""

from enum import Enum
from typing import Self

from kiosk.policy.rule import Text


class Cause(Enum):
    """What is wrong. The value is the word in ``--json``."""

    means: Text
    advice: Text
    code: str
    """Its code on screens and in docs/faults.md; empty where no screen shows one."""

    def __new__(cls, word: str, means: tuple[str, str], advice: tuple[str, str], code: str = "") -> Self:
        """A member with its words."""
        made = object.__new__(cls)
        made._value_ = word
        made.means, made.advice = Text(zh=means[0], en=means[1]), Text(zh=advice[0], en=advice[1])
        made.code = code
        return made

    # What was installed.
    CONFIGURATION_WRONG = (
        "configuration_wrong",
        ("终端起不来", "the terminal does not start"),
        ("照所说的文件、行、键改 kiosk.toml，再查一遍", "mend the file, line and key that are named, and look again"),
    )
    FILES_MISSING = (
        "files_missing",
        ("终端起不来", "the terminal does not start"),
        ("重新安装同一版本：缺的文件在安装包里", "install the same version again: what is missing comes with it"),
    )
    KEY_MISSING = (
        "key_missing",
        ("终端起不来，中心也不认识它", "the terminal does not start, and the centre would not know it"),
        (
            "新终端：kiosk enrol。用过的终端：不要重做密钥，找中心",
            "a new one: kiosk enrol; one that has served: make no new keys, call the centre",
        ),
    )
    KEY_OPEN = (
        "key_open",
        ("别的程序也读得到密钥", "other programs can read the key"),
        (
            "--fix 收回权限（0600）；若有人可能看过，请中心吊销重发",
            "--fix takes the right back (0600); if somebody may have read it, have the centre revoke it",
        ),
    )
    # The machine.
    STATE_MISSING = (
        "state_missing",
        ("终端起不来", "the terminal does not start"),
        ("检查数据盘是否挂上、路径和属主", "see whether the disk is mounted, and the folder's path and owner"),
    )
    DISK_READ_ONLY = (
        "disk_read_only",
        ("停止服务：记不了账", "out of service: nothing can be recorded"),
        (
            "看内核日志有无磁盘错误；换盘前先备份账本目录",
            "look for disk errors in the kernel log; copy the ledger's folder before the disk is changed",
        ),
        "L-01",
    )
    DISK_FULL = (
        "disk_full",
        ("停止服务：记不了账", "out of service: nothing can be recorded"),
        ("清掉不属于终端的文件；不要动账本目录", "remove what is not the terminal's; leave the ledger's folder alone"),
        "L-01",
    )
    DISK_LOW = (
        "disk_low",
        ("还能办，快没地方记账了", "it serves, and will soon have no room to record"),
        (
            "清掉不属于终端的文件；看上传是否停了",
            "remove what is not the terminal's; see whether the uplink stands still",
        ),
    )
    CLOCK_OFF = (
        "clock_off",
        (
            "照中心的时间办，打印的时间也对；日志时间不对",
            "it goes by the centre's time, on paper too; the log's times are wrong",
        ),
        (
            "接通对时（systemd-timesyncd），或换主板电池",
            "let systemd-timesyncd reach its server, or change the board's battery",
        ),
    )
    SERVICE_STOPPED = (
        "service_stopped",
        ("办不了，或办了传不上去", "it does not serve, or does not upload"),
        ("systemctl status 看原因；systemctl restart 重启它", "systemctl status says why; systemctl restart starts it"),
    )
    TERMINAL_HANGS = (
        "terminal_hangs",
        ("屏幕没有反应", "the screen does not answer"),
        (
            "看门狗会重启它；若一再如此，收集支持包",
            "the watchdog starts it anew; if it comes back, make a support bundle",
        ),
    )
    # Ledger and queue.
    LEDGER_MISSING = (
        "ledger_missing",
        ("停止服务", "out of service"),
        (
            "新终端：kiosk enrol。用过的终端：找回旧盘，不要新建",
            "a new one: kiosk enrol; one that has served: find the old disk, make no new ledger",
        ),
        "L-01",
    )
    LEDGER_UNREADABLE = (
        "ledger_unreadable",
        ("停止服务：记不了账", "out of service: nothing can be recorded"),
        (
            "不要删：复制整个账本目录，交中心处理",
            "delete nothing: copy the ledger's whole folder and hand it to the centre",
        ),
        "L-01",
    )
    LEDGER_DAMAGED = (
        "ledger_damaged",
        ("照常办；坏的几条中心会知道", "it serves; the centre learns which entries rotted"),
        ("查磁盘；坏的条目按号报给中心", "test the disk; tell the centre the numbers of the entries"),
    )
    RECEIPTS_UNREADABLE = (
        "receipts_unreadable",
        ("照常办；回执会向中心重要一遍", "it serves; the receipts are asked for again"),
        ("重启上传服务，它会另起一份；查磁盘", "restart the uplink, which begins a new file; test the disk"),
    )
    UPLINK_HALTED = (
        "uplink_halted",
        ("照常办，办的都还没传上去", "it serves, and nothing is uploaded"),
        ("照所说的词查 docs/uplink.md，多半要找中心", "look the word up in docs/uplink.md; mostly the centre must act"),
    )
    QUEUE_OLD = (
        "queue_old",
        ("照常办，有记录一天多没传上去", "it serves, and something has waited for more than a day"),
        ("先看网络各项；都好就重启上传服务", "look at the network first; if all is well, restart the uplink"),
    )
    # The way to the centre.
    NO_LINK = (
        "no_link",
        ("只能办不用联网的", "only what needs no network is done"),
        ("插好网线，看交换机的灯", "plug the cable in, look at the switch's light"),
    )
    NO_ADDRESS = (
        "no_address",
        ("只能办不用联网的", "only what needs no network is done"),
        ("查 DHCP 或固定地址、网关", "see to DHCP, or to the fixed address and gateway"),
    )
    NAME_NOT_FOUND = (
        "name_not_found",
        ("只能办不用联网的", "only what needs no network is done"),
        ("查 DNS 设置，或中心的名字写错没有", "see to the name server, and whether the centre's name is right"),
    )
    CENTRE_NOT_REACHED = (
        "centre_not_reached",
        ("只能办不用联网的", "only what needs no network is done"),
        (
            "线路通而中心不应：查端口、防火墙，问中心",
            "the line stands and the centre does not answer: port, firewall, ask the centre",
        ),
    )
    CERTIFICATE_EXPIRED = (
        "certificate_expired",
        ("只能办不用联网的", "only what needs no network is done"),
        (
            "中心的证书过期了：请中心换；本机时间也核对一下",
            "the centre's certificate is past its date: the centre renews it; check this clock too",
        ),
    )
    CERTIFICATE_WRONG = (
        "certificate_wrong",
        ("只能办不用联网的", "only what needs no network is done"),
        (
            "应答的不是中心，或 centre.ca 放错了：不要跳过检查",
            "what answers is not the centre, or centre.ca is wrong: never skip the check",
        ),
    )
    CERTIFICATE_ENDS_SOON = (
        "certificate_ends_soon",
        ("还能办", "it serves"),
        ("请中心在到期前换证书", "have the centre renew its certificate in time"),
    )
    CENTRE_DISTRUSTED = (
        "centre_distrusted",
        ("只能办不用联网的", "only what needs no network is done"),
        ("应答没有中心的签名：核对 centre.keys", "the answer lacks the centre's signature: check centre.keys"),
    )
    NOT_ENROLLED = (
        "not_enrolled",
        ("中心不认这台终端", "the centre does not know this terminal"),
        ("把 kiosk enrol 写出的文件交中心登记", "have the centre register what kiosk enrol writes"),
    )
    REVOKED = (
        "revoked",
        ("中心已吊销这台终端", "the centre has struck this terminal off"),
        ("问中心为什么；不要自己重新登记", "ask the centre why; do not enrol it again by yourself"),
        "I-01",
    )
    # Who comes in, and what leads out.
    ROSTER_MISSING = (
        "roster_missing",
        ("能办业务；维护人员进不了维护页面", "it serves; no technician is let in at its screen"),
        (
            "kiosk roster fetch；没有网络就从中心带来：kiosk roster take",
            "kiosk roster fetch; without a line bring it from the centre: kiosk roster take",
        ),
    )
    ROSTER_UNREADABLE = (
        "roster_unreadable",
        ("能办业务；维护人员进不了维护页面", "it serves; no technician is let in at its screen"),
        (
            "重新取：kiosk roster fetch 或 take；一再这样就查磁盘",
            "get it anew: kiosk roster fetch or take; if it comes back, test the disk",
        ),
    )
    ROSTER_OVER = (
        "roster_over",
        ("能办业务；名单上的人都过期或吊销了", "it serves; everybody on the roster is past their term or struck off"),
        (
            "请中心续期（central technician add），再 kiosk roster fetch",
            "have the centre enter them anew (central technician add), then kiosk roster fetch",
        ),
    )
    ROSTER_ENDS_SOON = (
        "roster_ends_soon",
        ("眼下没有影响；到期后谁也进不了维护页面", "nothing yet; afterwards nobody is let in at its screen"),
        ("请中心在到期前续期", "have the centre renew their terms in time"),
    )
    DISPLAY_OPEN = (
        "display_open",
        ("接上键盘就能离开窗口", "a keyboard that is plugged in leads out of the window"),
        (
            "删掉所说的文件，或其中的 ServerFlags；缺了我们的就重装，再重启显示服务",
            "remove the file that is named, or its ServerFlags; if ours is at fault install again; restart the display",
        ),
    )
    # Devices.
    DAEMON_STOPPED = (
        "daemon_stopped",
        ("要插卡的业务办不了", "what needs a card is closed"),
        ("systemctl restart pcscd", "systemctl restart pcscd"),
        "C-01",
    )
    DEVICE_MISSING = (
        "device_missing",
        ("要用它的业务办不了", "what needs it is closed"),
        (
            "看电源和线；看 kiosk.toml 里的名字对不对（kiosk devices）",
            "see to power and cable, and whether kiosk.toml names it rightly (kiosk devices)",
        ),
    )
    DEVICE_SILENT = (
        "device_silent",
        ("要用它的业务办不了", "what needs it is closed"),
        (
            "断电十秒再通电；换一根线；还不行就换设备",
            "take its power away for ten seconds; another cable; then another device",
        ),
    )
    DEVICE_GARBLED = (
        "device_garbled",
        ("要用它的业务办不了", "what needs it is closed"),
        ("线松了、波特率不对，或这个口上不是这种设备", "a loose cable, a wrong speed, or another device on this port"),
    )
    WRONG_DIALECT = (
        "wrong_dialect",
        ("停止服务：密码键盘用不了", "out of service: the PIN pad is not understood"),
        (
            "kiosk.toml 的 pin_pad.dialect 改成所说的，或改成 auto",
            "set pin_pad.dialect in kiosk.toml to what is said, or to auto",
        ),
        "P-03",
    )
    DEVICE_HELD = (
        "device_held",
        ("要用它的业务办不了", "what needs it is closed"),
        ("停掉所说的程序；它不该在终端上", "stop the program that is named; it does not belong on a terminal"),
    )
    DEVICE_FAILED = (
        "device_failed",
        ("要用它的业务办不了", "what needs it is closed"),
        ("看日志里它说了什么；断电十秒再通电", "read in the log what it said; take its power away for ten seconds"),
    )
    CAMERA_DARK = (
        "camera_dark",
        ("拍不了照，照片由窗口补", "no portrait is taken here; a window takes it"),
        ("揭开镜头盖、擦镜头、开灯", "uncover and wipe the lens, switch the light on"),
        "V-06",
    )
    CAMERA_FROZEN = (
        "camera_frozen",
        ("拍不了照，照片由窗口补", "no portrait is taken here; a window takes it"),
        ("拔下再插；再不行就换", "unplug it and plug it in again; then another one"),
        "V-07",
    )
    PAPER_OUT = (
        "paper_out",
        ("照常办，没有凭条", "it serves, without slips"),
        ("换纸卷", "put a new roll in"),
    )
    PAPER_LOW = (
        "paper_low",
        ("照常办，纸快用完", "it serves, and the paper is nearly gone"),
        ("带一卷纸来", "bring a roll"),
    )
    COVER_OPEN = (
        "cover_open",
        ("要用它的业务办不了", "what needs it is closed"),
        ("合上盖子", "close the cover"),
    )
    RIBBON_OUT = (
        "ribbon_out",
        ("不能当场做卡", "no card is made here"),
        ("换色带", "put a new ribbon in"),
    )
    CARD_JAMMED = (
        "card_jammed",
        ("不能当场做卡", "no card is made here"),
        ("两人在场，取出卡，照 docs/custody.md 记账", "two people take the card out and book it (docs/custody.md)"),
    )
    TWO_FED = (
        "two_fed",
        ("不能当场做卡", "no card is made here"),
        ("两人在场，取出两张，盘点", "two people take both out and close out the stock"),
    )
    HOPPER_EMPTY = (
        "hopper_empty",
        ("不能当场做卡", "no card is made here"),
        ("两人加卡，kiosk stock hand-over", "two people fill it: kiosk stock hand-over"),
    )
    HOPPER_LOW = (
        "hopper_low",
        ("还能做卡，白卡不多了", "cards are made, and the blanks are running low"),
        ("带白卡来，两个人", "bring blanks, two of you"),
    )
    BIN_FULL = (
        "bin_full",
        ("不能当场做卡", "no card is made here"),
        ("两人清空，kiosk stock empty", "two people empty it: kiosk stock empty"),
    )
    BIN_HIGH = (
        "bin_high",
        ("还能做卡，废卡箱或回收箱快满了", "cards are made, and a bin is nearly full"),
        ("来两个人清空", "two people come and empty it"),
    )
    STOCK_DIFFERS = (
        "stock_differs",
        ("不能当场做卡", "no card is made here"),
        (
            "账上打印机里还有卡：取出、盘点（kiosk stock close-out）",
            "by the book a card lies in the printer: take it out, close out (kiosk stock close-out)",
        ),
    )
    SLOT_JAMMED = (
        "slot_jammed",
        ("停止服务：吸进去的卡会还不出来", "out of service: a card that is drawn in could not be given back"),
        (
            "断电，用手取出卡，交工作人员；来电再测试",
            "cut its power, take the card out by hand and give it to staff; power again, and test",
        ),
        "C-09",
    )
    SLOT_BIN_FULL = (
        "slot_bin_full",
        ("照常办；忘拿的卡收不了，旧卡也收不了", "it serves; no forgotten card is kept, and no old one is taken in"),
        ("两人打开回收箱，把卡交工作人员", "two people open its bin and give the cards to staff"),
    )
