"""A citizen in front of the terminal: eyes, fingers, a card. Every step is photographed."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2

from simulators.screen import HAND_BACK_S, NotSeen
from simulators.stand.stand import Stand

PATIENCE_S: Final = 20.0
"""How long a citizen waits for a screen before they call it broken."""

MADE_WITHIN_S: Final = 90.0
"""As long as a card takes on a busy machine: some fifteen seconds of motors and pauses."""
_QUIET_S: Final = 0.12
_SAME_KEY_S: Final = (0.15, 0.4, 0.8)
"""Between two presses of one key, at the first and each further try: a busy machine hears two close ones as one."""
_PAGES: Final = 12
_QUICKLY: Final = (cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP)
"""A third of the time that OpenCV takes when it tries every filter on each row, for files as small."""
_BEHIND: Final = {
    "lost": ("lost_or_found",),
    "found": ("lost_or_found",),
    "gone": ("lost_or_found",),
    "replacing": ("lost_or_found",),
    "application": ("about_cards",),
    "activation": ("about_cards",),
    "progress": ("about_cards", "progress_and_papers"),
    "changed_data": ("about_cards",),
    "offsite": ("about_cards",),
    "papers": ("about_cards", "progress_and_papers"),
    "cancelling": ("about_cards",),
}
"""Services that stand behind other tiles, from the home screen on, by the table's names."""


class NotAsExpected(Exception):
    """The terminal did not do what the story says."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the citizen did or saw."""

    does: str
    shot: str
    """File name of the photograph in ``build/tour/shots``."""
    seconds: float
    """Since the journey began."""


@dataclass(slots=True)
class Citizen:
    """One visit."""

    stand: Stand
    words: dict[str, dict[str, str]]
    shots: Path
    journey: str
    final: list[str]
    language: str = "zh"
    card: str | None = None
    """The card that was used last."""
    steps: list[Step] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)
    seen_at_the_end: list[str] = field(default_factory=list)
    chosen: list[str] = field(default_factory=list)
    """Services, by the table's names, in the order in which they were chosen."""

    def word(self, name: str) -> str:
        """The words on the screen for a name of the table."""
        return self.words[self.language][name]

    def sees(self, name: str, *, within_s: float = PATIENCE_S) -> None:
        """Wait until these words are on the screen.

        :raises NotAsExpected: they don't come.
        """
        text = self.word(name)
        try:
            self.stand.screen.wait_for(text, timeout_s=within_s)
        except NotSeen as missing:
            self.photograph(f"没有看到 missed “{text}”")
            raise NotAsExpected(str(missing)) from missing
        self.photograph(f"看到 sees “{text}”")

    def touches(self, *names: str) -> str:
        """Touch what carries these words, or the first of several that is there; the name of it.

        :raises NotAsExpected: none comes.
        """
        texts = [self.word(name) for name in names]
        try:
            text, box = self.stand.screen.wait_for(*texts, timeout_s=PATIENCE_S)
        except NotSeen as missing:
            self.photograph(f"没有看到 missed “{'” “'.join(texts)}”")
            raise NotAsExpected(str(missing)) from missing
        self.photograph(f"触摸 touches “{text}”", mark=box.centre)
        self.stand.screen.touch_until_heard(*box.centre)
        return names[texts.index(text)]

    def waits(self) -> None:
        """Look on until the screen stands still: where a button was the next screen may have another one."""
        self.stand.screen.wait_until_still(time.monotonic() + 3.0)

    def chooses(self, service: str) -> None:
        """Touch a service's tile, behind further choices where it stands there.

        :raises NotAsExpected: it does not come.
        """
        self.chosen.append(service)
        for menu in _BEHIND.get(service, ()):
            self.touches(menu)
            self.sees("which_one")
        self.touches(service)

    def inserts(self, card: str) -> None:
        """Put a card in."""
        self.card = card
        self.stand.insert(card)
        self._note(f"插卡 inserts {card}")

    def inserts_new_card(self) -> None:
        """Put the card in that was taken out of the card printer last."""
        self.inserts(self.stand.card_printer.handed_out()[-1].key)

    def pulls(self) -> None:
        """Pull the card out."""
        self.stand.pull()
        self._note("拔卡 pulls the card")

    def places_id(self, document: str) -> None:
        """Lay an identity card on the reader."""
        self.stand.place_id(document)
        self._note(f"放上身份证 lays down {document}")

    def takes_id(self) -> None:
        """Take the identity card back when the terminal says so."""
        self.sees("take_id")
        self.stand.take_id()
        self._note("拿回身份证 takes the identity card back")

    def takes_id_too_early(self, document: str) -> None:
        """Lay it down and snatch it away while it is being read."""
        self.stand.id_reader.faults.fail_next("pulled_during_read")
        self.stand.place_id(document)
        self.sees("id_again")
        self.stand.take_id()

    def types(self, digits: str, *, enter: bool = True) -> None:
        """Press keys of the PIN pad once it takes them.

        :raises NotAsExpected: the pad asks for nothing.
        """
        if not self.stand.pad.wait_until_entering(PATIENCE_S):
            raise NotAsExpected("the PIN pad takes no keys")
        for digit in digits:
            self.stand.press(digit)
        self.stand.screen.wait_until_still(time.monotonic() + 3.0)
        self.photograph(f"在键盘上按 {len(digits)} 位 types {len(digits)} digits")
        if enter:
            self.stand.press("enter")

    def enters_number(self, number: str, leads_to: str) -> None:
        """Type a number on the screen's keypad and hand it over; once more, and slower, where the terminal misses some.

        :param leads_to: name of the words that come of it.
        :raises NotAsExpected: there is no keypad, or nothing comes of it.
        """
        wanted, missing = self.word(leads_to), self.word("still_missing")
        for pause_s in _SAME_KEY_S:
            self._keys_number(number, pause_s)
            self.touches("typed")
            try:
                seen, _ = self.stand.screen.wait_for(wanted, missing, timeout_s=PATIENCE_S)
            except NotSeen as nothing:
                self.photograph(f"没有看到 missed “{wanted}”")
                raise NotAsExpected(str(nothing)) from nothing
            if seen == wanted:
                return
            self.touches("clear")
        raise NotAsExpected("the keypad keeps missing digits")

    def _keys_number(self, number: str, pause_s: float) -> None:
        first, last = self._where("1"), self._where("9")
        across, down = (last[0] - first[0]) / 2, (last[1] - first[1]) / 2
        before = ""
        for character in number:
            place = "123456789X0".index(character)
            if character == before:  # the same key counts again once the finger has been off it for a while
                self.stand.screen.wait_until_still(time.monotonic() + 3.0, quiet_s=pause_s)
            before = character
            self._presses(round(first[0] + across * (place % 3)), round(first[1] + down * (place // 3)), 0.0)
        self.stand.screen.wait_until_still(time.monotonic() + 3.0)
        self.photograph(f"在屏幕上输 {len(number)} 位 types {len(number)} characters on the screen")

    def _presses(self, x: int, y: int, quiet_s: float) -> None:
        """Touch a key, wait until something comes of it, and for as long as the screen then takes to be still."""
        self.stand.screen.touch_until_heard(x, y, pause_s=0.0)
        self.stand.screen.wait_until_still(time.monotonic() + 3.0, quiet_s)

    def keys_name(self, *characters: tuple[str, str]) -> None:
        """Type a name by its sound and choose each character.

        :param characters: pinyin without tone, and the character.
        :raises NotAsExpected: there is no keyboard, or a character is not offered.
        """
        left, right = self._where("q"), self._where("p")
        rows = {"qwertyuiop": left[1], "asdfghjkl": self._where("a")[1], "zxcvbnm": self._where("z")[1]}
        across, down = (right[0] - left[0]) / 9, rows["asdfghjkl"] - left[1]
        further = round(right[0] - 0.4 * across), left[1] - down  # the arrow at the end of the second row
        for sound, character in characters:
            for letter in sound:
                row = next(keys for keys in rows if letter in keys)
                self._presses(round(left[0] + across * row.index(letter)), rows[row], _QUIET_S)
            self._where(sound)  # else the choice would still be that for fewer letters
            for _ in range(_PAGES):
                offered = self.stand.screen.find(character)
                if offered is not None:
                    break
                self._presses(*further, HAND_BACK_S)
            else:
                self.photograph(f"没有看到 missed “{character}”")
                raise NotAsExpected(f"{character} is not offered for {sound}")
            # Nobody's finger is back on the letters before a second tap counts again.
            self._presses(*offered.centre, HAND_BACK_S)
        self.photograph(f"按拼音输 {len(characters)} 个字 types {len(characters)} characters by their sound")

    def keys_letters(self, letters: str) -> None:
        """Type letters on the keyboard that is in the alphabet's order, six in a row.

        :raises NotAsExpected: there is no such keyboard.
        """
        second, twelfth = self._where("B"), self._where("L")
        across, down = (twelfth[0] - second[0]) / 4, twelfth[1] - second[1]
        for letter in letters:
            row, column = divmod(ord(letter) - ord("A"), 6)
            self._presses(round(second[0] + across * (column - 1)), second[1] + down * row, _QUIET_S)
        self.photograph(f"按字母 types {letters}")

    def _where(self, text: str) -> tuple[int, int]:
        try:
            return self.stand.screen.wait_for(text, timeout_s=PATIENCE_S)[1].centre
        except NotSeen as missing:
            self.photograph(f"没有看到 missed “{text}”")
            raise NotAsExpected(str(missing)) from missing

    def cancels_at_pad(self) -> None:
        """Press the pad's red key once it takes keys."""
        if not self.stand.pad.wait_until_entering(PATIENCE_S):
            raise NotAsExpected("the PIN pad takes no keys")
        self.stand.press("cancel")
        self._note("按键盘上的取消 presses cancel on the pad")

    def takes_card(self) -> None:
        """Take the card when the terminal gives it back."""
        self.sees("take_card")
        self.pulls()

    def stands(self, where: str) -> None:
        """Stand before the camera, or away from it; a scene of the simulator."""
        self.stand.set_camera(where)
        self._note(f"摄像头前 before the camera: {where}")

    def pays(self) -> None:
        """Scan the code that the screen shows with a telephone, and pay."""
        self.stand.pay()
        self._note("用手机付款 pays by telephone")

    def takes_new_card(self) -> None:
        """Take the new card out of the exit; what is printed on it is kept.

        :raises NotAsExpected: nothing was printed.
        """
        self.sees("take_new_card", within_s=MADE_WITHIN_S)
        self.stand.set_card_printer("take")
        face = self.stand.card_printer.last_face()
        if face is None:
            raise NotAsExpected("nothing was printed")
        self._kept("拿走新卡 takes the new card", face)

    def counts_blanks(self) -> None:
        """Not the citizen: where a hand finds how many blank cards."""
        counted = self.stand.card_printer.counted
        self._note(
            f"清点白卡 blanks counted: 卡箱 hopper {counted.hopper}, 机内 inside {counted.inside}, "
            f"废卡箱 reject bin {counted.reject_bin}, 回收箱 retained bin {counted.retained_bin}, "
            f"领走 taken {counted.taken}"
        )

    def takes_slip(self) -> None:
        """Take the slip when the printer has cut it off.

        :raises NotAsExpected: none comes.
        """
        printer = self.stand.printer
        if not printer.slips:
            raise NotAsExpected("the printer has cut nothing off")
        self._kept("取走凭条 takes the slip", printer.slips[-1])

    def _kept(self, does: str, picture: bytes) -> None:
        """Keep what came out of the terminal, a PNG."""
        name = f"{self.journey}-{len(self.steps) + 1:02}.png"
        (self.shots / name).write_bytes(picture)
        self.steps.append(Step(does, name, round(time.monotonic() - self.begun, 2)))

    def printer_runs_out(self) -> None:
        """Not the citizen: the roll of the receipt printer ends, and the terminal has noticed."""
        self.stand.set_printer("out")
        self.stand.printer.wait_until_asked(PATIENCE_S)
        self.photograph("凭条纸用完了 the printer is out of paper")

    def printer_is_refilled(self) -> None:
        """Somebody puts a new roll in."""
        self.stand.set_printer("refill")
        self.photograph("换了新纸卷 the printer has a new roll")

    def unplugs_network(self) -> None:
        """Not the citizen: somebody pulls the network cable."""
        self.stand.set_cable("unplugged")
        self.photograph("有人拔了网线 the network cable is pulled")

    def plugs_network(self) -> None:
        """Somebody plugs it in again."""
        self.stand.set_cable("plugged")
        self.photograph("网线接好了 the network cable is in again")

    def loses_power(self) -> None:
        """The power fails."""
        self.photograph("马上断电 the power is about to fail")
        self.stand.power_off()

    def gets_power(self) -> None:
        """The power comes back."""
        self.stand.power_on()

    def departs(self) -> None:
        """Leave the terminal as it was found, by whatever the screen offers for that.

        :raises NotSeen: the attract screen does not come back.
        """
        for _ in range(5):
            offered = {self.word(name): name for name in ("start", "close", "leave", "done_reading", "look_on")}
            text, box = self.stand.screen.wait_for(*offered, timeout_s=PATIENCE_S)
            if offered[text] == "start":
                return
            self.stand.screen.touch_until_heard(*box.centre)
            if offered[text] == "leave":
                self.language = "zh"  # the terminal speaks its own language again to the next one
                self.stand.screen.wait_for(self.word("start"), timeout_s=PATIENCE_S)
                return
            self.stand.screen.wait_until_gone(text, timeout_s=PATIENCE_S)
        raise NotSeen((self.word("start"),), PATIENCE_S)

    def ends(self) -> None:
        """Look for what the table says of the last screen; what is missing is in the verdict, not an error here."""
        for text in self.final:
            try:
                self.stand.screen.wait_for(text, timeout_s=PATIENCE_S if not self.seen_at_the_end else 5.0)
            except NotSeen:
                continue
            self.seen_at_the_end.append(text)
        self.photograph("最后的画面 the last screen")

    def photograph(self, does: str, *, mark: tuple[int, int] | None = None) -> None:
        """Keep what the screen shows, with what the citizen is doing."""
        picture = self.stand.screen.capture()
        name = f"{self.journey}-{len(self.steps) + 1:02}.png"
        if picture is not None:
            shot = cv2.cvtColor(picture, cv2.COLOR_BGRA2BGR)
            if mark is not None:
                cv2.circle(shot, mark, 54, (20, 110, 240), 8, cv2.LINE_AA)
            cv2.imwrite(str(self.shots / name), shot, _QUICKLY)
        self.steps.append(Step(does, name, round(time.monotonic() - self.begun, 2)))

    def _note(self, does: str) -> None:
        self.photograph(does)
