#!/usr/bin/env python3
"""Make assets/input: the tables by which names are typed on the screen (docs/names.md).

``sounds`` makes pinyin.txt from pypinyin and jieba (extra ``build``); its result is committed.
``strokes`` makes strokes.txt from Debian's rime-data-stroke, in pinyin.txt's order; set-up runs it.
"""

import hashlib
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from importlib import metadata
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
INPUT: Final = ROOT / "assets" / "input"
SOUNDS: Final = INPUT / "pinyin.txt"
STROKES: Final = INPUT / "strokes.txt"
STROKE_SOURCE: Final = Path("/usr/share/rime-data/stroke.dict.yaml")
STROKE_PACKAGE: Final = "rime-data-stroke"

SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈"
    "钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康"
    "易乔赖文施洪辛柯庄温牛樊葛邢安齐伍庞颜倪聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮纪梅童凌毕单季裴"
    "霍涂成苗谷盛曲翁冉骆蓝路游靳欧阳辜管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑"
    "景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝"
    "封官谈匡鞠惠荆乐冀胥南班储原栗燕楚鄢劳谌奚皮粟冼蔺楼盘满闻位厉伊仝区郜海阚花权强帅屠豆朴盖练廉禹井祖漆"
    "巴丰支卿国狄平计索宣晋相初门云容敬来扈晁芮都普阙浦戈伏鹿薄邸雍辉羊阎乌母裘亓修邰赫杭况那宿鲜印逯隆茹诺战"
    "慕危玉银亢嵇公哈湛宾戎勾茅利於呼居揭干但尉冶斯元束檀衣信展阴昝智幸奉植衡富尧闭由郁水经贝贡沃蔚越夔麴"
    "东上令皇司徒慕诸夏端百南呼澹淳单宇长尉轩拓完颜独孤钟离太叔申屠仲公孙濮赫连宰谷梁第五西门乐正肖闫付萧闾"
    "折召员种繁秘黑祭隗郗郇逄佴粘宓万撒洗句冒过能盍须后缑綦蒯怀胶卯芈禚爨钭暨"
)  # fmt: skip
"""Roughly in the order of how many bear them, by judgement; the last ones are also parts of surnames of two characters.
One that stands twice counts where it stands first."""

SURNAME_READINGS: Final = {
    "单": "shan", "仇": "qiu", "曾": "zeng", "解": "xie", "区": "ou", "查": "zha", "翟": "zhai", "覃": "qin tan",
    "朴": "piao", "盖": "ge gai", "缪": "miao", "尉": "wei yu", "乐": "yue le", "召": "shao", "员": "yun",
    "种": "chong", "折": "she", "逄": "pang", "郇": "xun huan", "黑": "he hei", "秘": "bi", "繁": "po",
    "句": "gou", "澹": "tan", "过": "guo",
    "万": "wan mo", "长": "zhang", "洗": "xian", "冼": "xian", "祭": "zhai", "晁": "chao", "佴": "nai", "粘": "nian",
    "隗": "wei kui", "撒": "sa", "葛": "ge", "牟": "mu mou", "郗": "xi chi", "谌": "chen shen", "薄": "bo", "瞿": "qu",
    "任": "ren", "华": "hua", "宁": "ning", "纪": "ji", "应": "ying", "燕": "yan", "相": "xiang", "车": "che",
    "石": "shi", "贾": "jia", "盛": "sheng", "柏": "bai bo", "费": "fei bi", "那": "na", "於": "yu", "冒": "mao",
    "令": "ling", "宿": "su", "阚": "kan", "都": "du", "能": "nai", "卜": "bu", "俞": "yu", "褚": "chu", "臧": "zang",
    "隋": "sui", "沈": "shen", "洪": "hong", "尧": "yao", "贲": "ben", "哈": "ha", "曲": "qu", "和": "he",
    "强": "qiang", "来": "lai", "全": "quan", "宓": "mi", "亓": "qi", "綦": "qi", "逯": "lu", "佘": "she",
    "乜": "nie", "殷": "yin", "仝": "tong", "迟": "chi", "叶": "ye", "吕": "lv", "呼": "hu", "行": "xing",
}  # fmt: skip
"""How a character is read as a surname where dictionaries begin with another reading, or where two are in use."""

GIVEN: Final = (
    "伟芳娜敏静秀英丽强磊军洋勇艳杰娟涛明超霞平刚桂华文建国红玉兰梅琴云凤春秋冬雪晓小志海峰波斌宇浩凯健俊辉鹏飞"
    "龙林森木鑫金银宝玲珍珠翠莲荣贵富福寿康宁安乐庆喜祥瑞吉德义仁礼智信忠孝良善美惠慧淑贤雅婷婉莹颖倩媛琳琪瑶"
    "萍菊蓉蕾薇萌蓝青紫丹彤彩虹霖雨露雯霜冰洁清澈泉江河湖溪源永长久远恒新兴旺昌盛发达成功胜利民主政权党卫东南西"
    "北中天地山川石岩岭坤乾阳月星辰晨曦光亮灿炎烨煜火炜焕立业学书博才艺诗画琦玮珊瑜瑾璐璇珂钰铭钧锋钢铁锦銮"
    "子梓涵轩萱欣怡奕诺晗昊翔睿妍婧翊宸泽沐一依伊心语思念梦嘉佳家瑄桐楠柏松杨柳枫榕樱果苗禾田园芝芬芸茜莉莎菲"
    "苹若蓓蕊蔓馨香君豪杰雄威武振邦正义宏广大万全生元本根树枝叶花朵洪涵润泓淼澜瀚然宗祖培继承先世代有可为之以"
    "少年老大二三四五六七八九十百千同友朋爱亚非欧美迪克尔尼娅妮丝卡罗斯特买买提热依木江古丽阿不都力艾孜扎西卓玛"
    "次仁多吉尼央金措旺堆巴桑格娃敬祯祺禄程路游进展跃腾骏骥驰彦彬彪昱晟晖晴智景曼朗望期棋楚毅沛灵炳烁玥玟珺琛琨"
    "瑛璟甜盈硕祎秉竣笑筠粤纯维绍维绮羽翰耀育胤舒航艾芮芷苒茂茗荷莺菁萧蒙薪衍裕言诚谦谨贝赫超越辰迎逸邵郁锐锡"
    "长雁霄静韬韵顺颂颜风飒骁鸣鸿鹤麒麟黎齐瀛淇渝渊泰沁汝汐毓朵显昕旭斐敦救政效攸改放政时来权李根楷槿"
)  # fmt: skip
"""Characters that stand in many given names of today, by judgement; jieba's names are older and hold foreign ones."""


def main() -> int:
    """Make what the command line names.

    :raises SystemExit: a source is missing.
    """
    match sys.argv[1:]:
        case ["sounds"]:
            sounds()
        case ["strokes"]:
            strokes()
        case _:
            raise SystemExit(f"usage: {sys.argv[0]} sounds|strokes")
    return 0


def sounds() -> None:
    """Write pinyin.txt: a line a syllable, the likeliest syllables first.

    The line of a syllable: its letters, its surnames, all its characters; the likeliest in a name first. The line ``*``
    holds all surnames, and all characters that are known to stand in names.
    """
    from pypinyin import pinyin_dict  # type: ignore[import-not-found]  # noqa: PLC0415 - extra `build`

    surnames = {char: place for place, char in reversed(list(enumerate(SURNAMES)))}
    weights = _weights()
    by_syllable: dict[str, dict[str, float]] = defaultdict(dict)
    surnames_of: dict[str, dict[str, int]] = defaultdict(dict)
    for code, spelled in pinyin_dict.pinyin_dict.items():
        char = chr(code)
        if not is_ideograph(char):
            continue
        readings = list(dict.fromkeys(plain(reading) for reading in spelled.split(",")))
        readings = [reading for reading in readings if re.fullmatch(r"[a-z]*[aeiouv][a-z]*", reading)]
        for place, reading in enumerate(readings):
            # A reading that is rarely used for the character says less about its names.
            by_syllable[reading][char] = weights[char] / (1 if place == 0 else 10_000 * place)
        if char in surnames:
            for reading in SURNAME_READINGS.get(char, readings[0]).split():
                surnames_of[reading][char] = surnames[char]
                by_syllable[reading].setdefault(char, 0)
    lines = []
    for syllable, chars in by_syllable.items():
        family = "".join(sorted(surnames_of[syllable], key=surnames_of[syllable].__getitem__))
        given = "".join(sorted(chars, key=lambda char: (-chars[char], *rarity(char))))
        likely = min(surnames_of[syllable].values(), default=len(SURNAMES))
        lines.append((likely, -max(chars.values()), syllable, family, given))
    family, given = "".join(dict.fromkeys(SURNAMES)), "".join(char for char, _ in weights.most_common())
    made_with = ", ".join(f"{package} {metadata.version(package)}" for package in ("pypinyin", "jieba"))
    head = [
        f"# Made by deploy/build_name_input.py from {made_with} (both MIT; docs/names.md)",
        f"*\t{family}\t{given}",
    ]
    body = ["\t".join(line[2:]) for line in sorted(lines)]
    SOUNDS.write_text("\n".join(head + body) + "\n", encoding="utf-8")
    print(f"name input: {len(body)} syllables, {SOUNDS.stat().st_size // 1024} KiB")


def strokes() -> None:
    """Write strokes.txt: a line a character and way of writing it, the likeliest in a name first.

    :raises SystemExit: the Debian package is missing.
    """
    if not STROKE_SOURCE.is_file():
        raise SystemExit(f"stroke orders are missing; install them with: apt-get install {STROKE_PACKAGE}")
    stamp = "# " + hashlib.sha256(
        Path(__file__).read_bytes() + SOUNDS.read_bytes() + STROKE_SOURCE.read_bytes()
    ).hexdigest()  # fmt: skip
    if STROKES.is_file() and STROKES.read_text(encoding="utf-8").startswith(stamp):
        print("name input: up to date")
        return
    _, family, given = SOUNDS.read_text(encoding="utf-8").split("\n", 2)[1].split("\t")
    order = {char: place for place, char in enumerate(given)}
    order |= {char: min(4 * place, order.get(char, len(given))) for place, char in enumerate(family)}
    entries = re.findall(r"^(\S)\t([hspnz]+)$", STROKE_SOURCE.read_text(encoding="utf-8"), re.MULTILINE)
    entries = sorted(
        {(char, code) for char, code in entries if is_ideograph(char)},
        key=lambda entry: (order.get(entry[0], len(order)), *rarity(entry[0]), len(entry[1])),
    )
    lines = [f"{code}\t{char}" for char, code in entries]
    STROKES.write_text("\n".join([stamp, *lines]) + "\n", encoding="utf-8")
    print(f"name input: {len(lines)} ways of writing, {STROKES.stat().st_size // 1024} KiB")


def _weights() -> Counter[str]:
    """How often a character stands in given names: by the list above, in jieba's names; then how often at all."""
    import jieba  # type: ignore[import-not-found]  # noqa: PLC0415 - extra `build`

    names: Counter[str] = Counter()
    anywhere: Counter[str] = Counter()
    with jieba.get_dict_file() as file:
        words = [line.decode("utf-8").split() for line in file]
    surnames = set(SURNAMES)
    for word, count, kind in words:
        anywhere.update(dict.fromkeys(word, int(count)))
        if kind == "nr" and len(word) in {2, 3} and word[0] in surnames:
            names.update(word[1:])
    most = max(anywhere.values())
    weights: Counter[str] = Counter()
    for char in anywhere:
        if is_ideograph(char):
            weights[char] = names[char] * 100 + anywhere[char] * 2_000 // most
    for place, char in enumerate(dict.fromkeys(GIVEN)):
        weights[char] += 400_000 - 200 * place
    return Counter({char: weight for char, weight in weights.items() if weight})


def plain(reading: str) -> str:
    """Pinyin without tones, ``v`` for ``ü``."""
    letters = unicodedata.normalize("NFD", reading.replace("ü", "v").replace("ê", "e"))
    umlaut = letters.replace("u\u0308", "v")
    return "".join(char for char in umlaut if not unicodedata.combining(char))


def is_ideograph(char: str) -> bool:
    """Whether it is a unified ideograph, which a name may hold; compatibility copies are never offered."""
    return char == "〇" or unicodedata.name(char, "").startswith("CJK UNIFIED IDEOGRAPH")


def rarity(char: str) -> tuple[int, int]:
    """Simplified everyday characters before the rest, and the rest by code."""
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return 1, ord(char)
    return 0, ord(char)


if __name__ == "__main__":
    sys.exit(main())
