"""What is said of blank cards, the same by command line and on the screen."""

from collections.abc import Mapping
from typing import Final

from kiosk.policy.rule import Text
from kiosk.records.custody import Place, Reason

PLACES: Final[Mapping[Place, Text]] = {
    Place.HOPPER: Text(zh="卡箱", en="hopper"),
    Place.PRINTER: Text(zh="打印机内", en="in the printer"),
    Place.EXIT: Text(zh="出卡口", en="at the exit"),
    Place.REJECT_BIN: Text(zh="废卡箱", en="reject bin"),
    Place.RETAINED_BIN: Text(zh="回收箱", en="retained bin"),
    Place.CITIZEN: Text(zh="已领走", en="with citizens"),
    Place.STAFF: Text(zh="已取出", en="taken out by staff"),
    Place.MISSING: Text(zh="差额", en="missing"),
}
"""Where a blank lies."""
REASONS: Final[Mapping[Reason, Text]] = {
    Reason.INCOMPLETE: Text(zh="填得不全或格式不对", en="something is missing, or has a shape that can't be"),
    Reason.TWO_PEOPLE: Text(
        zh="要两个不同的人签：用工号或姓名缩写，最多 12 个字，不能有空格",
        en="two different people sign: staff numbers or initials, at most 12 characters, no blanks",
    ),
    Reason.NOTHING: Text(zh="张数不能是 0", en="a count of none"),
    Reason.HOPPER_EMPTY: Text(zh="卡箱里没有白卡", en="the hopper is empty"),
    Reason.PRINTER_NOT_CLEAR: Text(zh="打印机里还有一张卡", en="a card is still in the printer"),
    Reason.NOT_IN_PRINTER: Text(zh="账上这张卡不在打印机里", en="by the book that card is not in the printer"),
    Reason.NOT_PRESENTED: Text(zh="账上这张卡没有送到出卡口", en="by the book that card was not held out"),
    Reason.NOT_THAT_MANY: Text(
        zh="和账上的张数不一样：先盘点（close-out），写明原因",
        en="the book has another count: close out first and explain the difference",
    ),
    Reason.DOES_NOT_BALANCE: Text(
        zh="清点的和账上的不一样：再数一遍；确实不一样，用 --explain 写明原因",
        en="counted is not what the book has: count again, and if it stays so, explain it by --explain",
    ),
    Reason.NO_DIFFERENCE: Text(zh="没有差额", en="there is no difference"),
    Reason.UNEXPLAINED: Text(zh="差额要写明原因", en="a difference must be explained"),
    Reason.FED_BEFORE: Text(zh="这笔业务已经用过一张白卡", en="that job has had its blank"),
    Reason.NEVER_FED: Text(zh="这笔业务没有用过白卡", en="that job never had a blank"),
    Reason.ANOTHER_BLANK: Text(zh="卡识别码和账上的不一样", en="that is not the chip the book knows"),
    Reason.TWO_FED: Text(
        zh="卡箱一次出了两张：先检查卡箱，清点后盘点（close-out）",
        en="two blanks left the hopper at once: look after the hopper, count, and close out",
    ),
    Reason.HOPPER_OVERFULL: Text(zh="卡箱装不下这么多", en="the hopper does not take that many"),
    Reason.REJECT_BIN_FULL: Text(zh="废卡箱满了", en="the reject bin is full"),
    Reason.RETAINED_BIN_FULL: Text(zh="回收箱满了", en="the retained bin is full"),
}
"""Why a movement can't be."""
