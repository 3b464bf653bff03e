"""Names typed by hand for measuring the name keyboard: each character with its sound. All people are invented."""

from typing import Final

COMMON: Final = (
    "王 wang 伟 wei", "李 li 娜 na", "张 zhang 敏 min", "刘 liu 静 jing", "陈 chen 强 qiang",
    "杨 yang 丽 li 华 hua", "黄 huang 磊 lei", "赵 zhao 秀 xiu 英 ying", "吴 wu 军 jun",
    "周 zhou 桂 gui 兰 lan", "徐 xu 志 zhi 强 qiang", "孙 sun 玉 yu 梅 mei", "马 ma 建 jian 国 guo",
    "朱 zhu 红 hong", "胡 hu 晓 xiao 东 dong", "郭 guo 春 chun 燕 yan", "何 he 小 xiao 龙 long",
    "林 lin 子 zi 涵 han", "高 gao 梓 zi 轩 xuan", "罗 luo 欣 xin 怡 yi", "郑 zheng 浩 hao 宇 yu",
    "梁 liang 雨 yu 桐 tong", "谢 xie 婷 ting", "宋 song 佳 jia 琪 qi", "唐 tang 文 wen 博 bo",
    "许 xu 凤 feng 霞 xia", "韩 han 雪 xue", "冯 feng 建 jian 军 jun", "邓 deng 丽 li 君 jun",
    "曹 cao 国 guo 庆 qing", "彭 peng 海 hai 燕 yan", "肖 xiao 飞 fei", "田 tian 淑 shu 珍 zhen",
    "董 dong 洁 jie", "潘 pan 云 yun", "袁 yuan 鑫 xin", "蔡 cai 明 ming 辉 hui", "蒋 jiang 诗 shi 涵 han",
    "余 yu 沐 mu 宸 chen", "于 yu 洋 yang", "杜 du 俊 jun 杰 jie", "叶 ye 倩 qian", "程 cheng 思 si 远 yuan",
    "魏 wei 春 chun 梅 mei", "苏 su 文 wen 静 jing", "吕 lv 志 zhi 刚 gang", "丁 ding 宁 ning",
    "沈 shen 佩 pei 玲 ling", "姜 jiang 勇 yong", "范 fan 晓 xiao 萌 meng",
)  # fmt: skip
SURNAME_READINGS: Final = (
    "单 shan 雄 xiong", "仇 qiu 英 ying", "曾 zeng 国 guo 平 ping", "解 xie 晓 xiao 东 dong",
    "区 ou 志 zhi 明 ming", "查 zha 良 liang 文 wen", "翟 zhai 俊 jun 杰 jie", "覃 qin 玉 yu 珍 zhen",
    "朴 piao 成 cheng 花 hua", "任 ren 建 jian 新 xin", "华 hua 小 xiao 红 hong", "盖 ge 丽 li 丽 li",
    "缪 miao 思 si 雨 yu", "尉 yu 迟 chi 静 jing", "乐 yue 嘉 jia", "员 yun 文 wen", "种 chong 芳 fang",
    "折 she 兰 lan", "万 mo 俟 qi 明 ming", "长 zhang 孙 sun 宁 ning", "葛 ge 优 you", "牟 mu 娟 juan",
    "冼 xian 星 xing 海 hai", "那 na 英 ying", "纪 ji 刚 gang",
)  # fmt: skip
MINORITY: Final = (
    "买 mai 买 mai 提 ti · · 艾 ai 力 li", "古 gu 丽 li 娜 na 尔 er · · 吐 tu 尔 er 逊 xun",
    "阿 a 不 bu 都 du 热 re 合 he 曼 man · · 依 yi 明 ming", "扎 zha 西 xi 次 ci 仁 ren", "卓 zhuo 玛 ma",
    "巴 ba 图 tu", "帕 pa 提 ti 古 gu 丽 li · · 玉 yu 素 su 甫 fu",
)  # fmt: skip
RARE: Final = (
    "㛃 hhhszpzph", "䶮 hpzpnhhpn", "喆 hshszhhshszh", "彧 hszhhzpppn", "翀 znhznhszhs", "昉 szhhnhzp",
    "禤 nzsnszsshznhznh", "垚 hshhshhsh", "堃 nhzpnhzphsh", "珺 hhshzhhpszh", "燚 nppnnppnnppnnppn",
    "媞 zphszhhhshpn",
)  # fmt: skip
"""Characters beyond everyday use and their strokes as they are taught: 横 h, 竖 s, 撇 p, 点 n, 折 z."""
