"""What a technician sees: short and long pages, each special one, entries. Devices and numbers are invented."""

from typing import Final

from kiosk.journeys.technician_views import Act, Entry, EntryKind, Mark, Page, Row, Special, TechnicianPage
from kiosk.journeys.views import View
from kiosk.policy.rule import Text
from kiosk.records.technician import Role


def told(zh: str, en: str) -> Text:
    """Words in both languages."""
    return Text(zh=zh, en=en)


_CODE = Act(
    "admit_by_code",
    told("用动态口令进入", "Come in by one-time code"),
    entries=(
        Entry("staff", told("工号", "Staff number"), EntryKind.DIGITS, 6),
        Entry("code", told("动态口令", "One-time code"), EntryKind.HIDDEN, 6),
    ),
)
ENTRY: Final = Page(
    "entry",
    told("工作人员入口", "For technicians"),
    acts=(Act("admit_by_card", told("插卡进入", "Come in by card")), _CODE),
    note=told("请插入维护卡，或用动态口令。", "Insert the technician card, or use a one-time code."),
)
HOME: Final = Page(
    "home",
    told("维护", "Maintenance"),
    acts=tuple(
        Act(f"page:{word}", told(zh, en))
        for word, zh, en in (
            ("devices", "设备", "Devices"),
            ("supplies", "耗材和空白卡", "Supplies"),
            ("queue", "上传队列", "Queue"),
            ("network", "网络", "Network"),
            ("region", "地区规则", "Region pack"),
            ("camera", "摄像头", "Camera"),
            ("touch", "触摸屏", "Touch"),
            ("screen", "屏幕颜色", "Colours"),
            ("keys", "密码键盘", "PIN pad keys"),
            ("volume", "音量", "Volume"),
            ("logs", "日志", "Logs"),
            ("terminal", "开机和停用", "Open, close"),
            ("health", "总体情况", "Health"),
        )
    ),
)
_ASKED = told("请把读卡器的线拔下再插上。", "Unplug the reader's cable and plug it in again.")
DEVICES: Final = Page(
    "devices",
    told("设备", "Devices"),
    rows=(
        Row(told("读卡器", "Card reader"), "ACS ACR39U", Mark.WELL, act=Act("page:card_reader", told("看", "Look"))),
        Row(told("密码键盘", "PIN pad"), "P-02", Mark.FAULT, _ASKED, Act("page:pin_pad", told("看", "Look"))),
        Row(told("身份证阅读器", "ID reader"), "05.03", Mark.WELL, act=Act("page:id_reader", told("看", "Look"))),
        Row(told("凭条打印机", "Slip printer"), "paper low", Mark.WARNING, act=Act("page:printer", told("看", "Look"))),
    ),
    note=told("密码键盘没有回答。", "The PIN pad does not answer."),
    note_mark=Mark.FAULT,
)
NETWORK: Final = Page(
    "network",
    told("网络", "Network"),
    rows=(
        Row(told("网线", "Link"), "enp3s0, 1000 Mb/s", Mark.WELL),
        Row(told("地址", "Address"), "10.20.30.41/24", Mark.WELL),
        Row(told("域名", "Name"), "centre.example.gov.cn → 10.20.0.5", Mark.WELL),
        Row(
            told("证书", "Certificate"),
            "2027-01-31 23:59 (61 d)",
            Mark.WARNING,
            told("两个月后到期，请通知中心。", "It ends in two months: tell the centre."),
        ),
        Row(told("时钟", "Clock"), "+0.3 s", Mark.WELL),
        Row(told("登录", "Sign-in"), "", Mark.FAULT, told("中心不认识这台机器。", "The centre does not know it.")),
    ),
    acts=(
        Act("retry", told("再查一遍", "Look again")),
        Act(
            "address",
            told("改中心地址", "Change the centre's address"),
            Role.CONFIGURE,
            entries=(
                Entry("url", told("中心地址", "Centre's address"), EntryKind.WORD, 60, "https://centre.example"),
                Entry("port", told("端口", "Port"), EntryKind.DIGITS, 5),
            ),
        ),
    ),
    again_after_s=2.0,
)
LOGS: Final = Page(
    "logs",
    told("日志", "Logs"),
    rows=tuple(
        Row(Text(zh=f"10:{n:02}:07", en=f"10:{n:02}:07"), f"lane-pad: pin_pad: no answer to 1B 30 within 0.{n} s")
        for n in range(24)
    ),
    acts=(Act("copy", told("存到 U 盘", "Save to a stick")),),
)
TERMINAL: Final = Page(
    "terminal",
    told("开机和停用", "Open and close"),
    rows=(Row(told("状态", "State"), "serves citizens", Mark.WELL),),
    acts=(
        Act("close", told("停用", "Close"), asks_again=True),
        Act("restart", told("重启程序", "restart the application"), Role.FULL, asks_again=True),
        Act("restart-machine", told("重启机器", "restart the machine"), Role.FULL, asks_again=True),
        Act("shut_down", told("关机", "Shut down"), Role.FULL, asks_again=True),
    ),
)
VOLUME: Final = Page(
    "volume",
    told("提示音音量", "volume of the signals"),
    rows=(
        Row(told("音量", "volume"), "7 / 10", Mark.WELL),
        Row(
            told("喇叭", "loudspeaker"),
            "plughw:CARD=PCH,DEV=0: No such device",
            Mark.FAULT,
            told(
                "看喇叭的线和插口；名字照 aplay -L 写进 kiosk.toml 的 sound.device",
                "see to its plug; sound.device in kiosk.toml is a name of aplay -L",
            ),
        ),
    ),
    acts=(
        Act("louder", told("大声一点", "louder"), Role.CONFIGURE),
        Act("softer", told("小声一点", "softer"), Role.CONFIGURE),
        Act("listen", told("听一听", "listen")),
    ),
    note=told(
        "站到市民站的地方听：轻轻一声是按键，响两声是取卡",
        "listen where a citizen stands: keys softly, a card twice",
    ),
)
CAMERA: Final = Page(
    "camera",
    told("摄像头", "Camera"),
    rows=(
        Row(told("亮度", "Light"), "142", Mark.WELL),
        Row(
            told("均匀", "Evenness"),
            "0.71",
            Mark.WARNING,
            told("左边太暗，请开灯。", "The left is dark: switch it on."),
        ),
    ),
    acts=(Act("measure", told("再量一次", "Measure again")),),
    special=Special.CAMERA,
    again_after_s=0.5,
)
PAD_KEYS: Final = Page(
    "pad-keys",
    told("密码键盘：按键", "PIN pad: keys"),
    acts=(
        Act("digits", told("依次按 1234567890，再按确认", "press 1234567890 in order, then enter")),
        Act("clear", told("按一个数字，再按清除", "press a digit, then clear")),
        Act("cancel", told("按取消", "press cancel")),
    ),
    note=told(
        "先点一项，再在键盘上按；听到一个数字键就多一个圆点，不显示是哪个",
        "touch one, then press on the pad; each digit key that is heard is a dot, and never which it was",
    ),
)
TOUCH: Final = Page("touch", told("触摸屏", "Touch"), special=Special.TOUCH, note=told("都涂满了。", "All is painted."))
COLOURS: Final = Page(
    "screen", told("屏幕颜色", "Colours"), special=Special.COLOURS, note=told("看完了。", "All have been seen.")
)
PLACE: Final = Page(
    "place",
    told("放在哪里", "place"),
    acts=(
        Act(
            "take",
            told("填写放在哪里", "fill in: place"),
            entries=(Entry("place", told("放在哪里", "place"), EntryKind.CHINESE, 60, "市人社局一楼大厅"),),
        ),
    ),
    note=told("1 到 60 个字", "1 to 60 characters"),
)
CODE: Final = Page(
    "show_code",
    told("让摄像头看二维码", "show the QR code to the camera"),
    special=Special.CODE,
    note=told("把中心给的二维码举到镜头前，不要动", "hold the centre's QR code still before the lens"),
    again_after_s=0.3,
)
SET_UP: Final = Page(
    "home",
    told("设置这台终端", "Set this terminal up"),
    rows=(
        Row(
            told("开机时的语言", "language at the start"), "zh", Mark.WELL, act=Act("page:language", told("看", "Look"))
        ),
        Row(told("地区", "region"), "zhumadian", Mark.WELL, act=Act("page:region", told("看", "Look"))),
        Row(told("终端编号", "terminal number"), "zmd-0002", Mark.WELL, act=Act("page:terminal", told("看", "Look"))),
        Row(told("放在哪里", "place"), "市人社局一楼大厅东侧", Mark.WELL, act=Act("page:place", told("看", "Look"))),
        Row(
            told("中心地址", "address of the centre"),
            "https://centre.example:8443",
            Mark.WELL,
            act=Act("page:centre", told("看", "Look")),
        ),
        Row(
            told("在中心登记", "enrolment at the centre"),
            "zmd-0002, zhumadian",
            Mark.WELL,
            act=Act("page:code", told("看", "Look")),
        ),
    ),
    acts=(
        Act("page:package", told("中心给的登记文件", "the centre's enrolment file")),
        Act("page:devices", told("找设备", "look for devices")),
        Act("page:checks", told("检查和报告", "checks and report")),
        Act("hand_over", told("开始使用", "put it to work"), asks_again=True),
    ),
)
TECHNICIAN_VIEWS: Final[dict[str, View]] = {
    "technician-entry": TechnicianPage(ENTRY),
    "technician-entry-code": TechnicianPage(ENTRY, filling="admit_by_code", filled={"staff": "100200"}),
    "technician-home": TechnicianPage(HOME),
    "technician-devices": TechnicianPage(DEVICES),
    "technician-volume": TechnicianPage(VOLUME),
    "technician-network": TechnicianPage(NETWORK),
    "technician-network-waits": TechnicianPage(NETWORK, waits=True),
    "technician-network-address": TechnicianPage(NETWORK, filling="address"),
    "technician-logs": TechnicianPage(LOGS),
    "technician-terminal-asks": TechnicianPage(TERMINAL, asked="shut_down"),
    "technician-camera": TechnicianPage(CAMERA),
    "technician-pad-keys": TechnicianPage(PAD_KEYS),
    "technician-pad-keys-heard": TechnicianPage(
        PAD_KEYS, waits=True, meanwhile=told("●●●●●●●●●● 听到 10 个数字", "●●●●●●●●●● 10 heard")
    ),
    "technician-touch": TechnicianPage(TOUCH),
    "technician-colours": TechnicianPage(COLOURS),
    "technician-place": TechnicianPage(PLACE, filling="take"),
    "technician-show-code": TechnicianPage(CODE),
    "technician-set-up": TechnicianPage(SET_UP),
}
