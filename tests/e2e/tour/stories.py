"""What each citizen does. What they look for, and what must come of it, stands in the table."""

from collections.abc import Callable, Mapping
from typing import Final

from tests.e2e.tour.citizen import Citizen

Story = Callable[[Citizen], None]


def _arrives(citizen: Citizen) -> None:
    citizen.touches("start")
    citizen.sees("home")


def _asks(citizen: Citizen, service: str, card: str) -> None:
    citizen.chooses(service)
    citizen.sees("insert_card")
    citizen.inserts(card)


def _types_pin(citizen: Citizen, pin: str) -> None:
    citizen.sees("enter_pin")
    citizen.types(pin)


def _types_old_pin(citizen: Citizen, pin: str) -> None:
    citizen.sees("old_pin")
    citizen.types(pin)


def _new_pin(citizen: Citizen, pin: str) -> None:
    citizen.sees("new_pin")
    citizen.types(pin)
    citizen.sees("repeat_pin")
    citizen.types(pin)


def _query(card: str, pin: str) -> Story:
    def story(citizen: Citizen) -> None:
        _arrives(citizen)
        _asks(citizen, "query", card)
        _types_pin(citizen, pin)
        citizen.takes_card()
        citizen.ends()

    return story


def _query_every_page(citizen: Citizen) -> None:
    _arrives(citizen)
    _asks(citizen, "query", "zhumadian-normal")
    _types_pin(citizen, "246810")
    citizen.takes_card()
    citizen.sees("record")
    citizen.touches("insurances")
    citizen.sees("insurance")
    citizen.touches("next")
    citizen.sees("insurance_rest")
    citizen.touches("look_on")
    citizen.touches("bank")
    citizen.ends()


def _query_receipt_and_chip_log(citizen: Citizen) -> None:
    _arrives(citizen)
    _asks(citizen, "query", "beijing-normal")
    _types_pin(citizen, "135790")
    citizen.takes_card()
    citizen.touches("receipts")
    citizen.touches("newest_receipt")
    citizen.sees("adds_up")
    citizen.touches("next")
    citizen.sees("in_range")
    citizen.touches("look_on")
    citizen.sees("which_receipt")
    citizen.touches("look_on")
    citizen.touches("chip_log")
    citizen.ends()


def _wrong_then_right(card: str, right: str) -> Story:
    def story(citizen: Citizen) -> None:
        _arrives(citizen)
        _asks(citizen, "query", card)
        _types_pin(citizen, "112233")
        citizen.sees("five_left")
        citizen.types(right)
        citizen.takes_card()
        citizen.ends()

    return story


def _refused_before_pin(card: str, service: str = "query") -> Story:
    def story(citizen: Citizen) -> None:
        _arrives(citizen)
        _asks(citizen, service, card)
        citizen.takes_card()
        citizen.ends()

    return story


def _examination(card: str, *pages: str) -> Story:
    """What is found, page by page; the first one is on the screen as soon as the card is taken."""

    def story(citizen: Citizen) -> None:
        _arrives(citizen)
        _asks(citizen, "examine", card)
        citizen.takes_card()
        for number, page in enumerate(pages):
            if number > 0:
                citizen.touches("next")
            citizen.sees(page)
        citizen.ends()

    return story


def _initial_pin(citizen: Citizen) -> None:
    _arrives(citizen)
    _asks(citizen, "query", "zhumadian-initial-pin")
    _types_pin(citizen, "123456")
    citizen.takes_card()
    citizen.sees("initial_pin")
    citizen.touches("close")
    citizen.sees("home")  # the last screen may name the same services
    _asks(citizen, "change", "zhumadian-initial-pin")
    _types_old_pin(citizen, "123456")
    _new_pin(citizen, "582914")
    citizen.takes_card()
    citizen.sees("changed")
    citizen.touches("close")
    citizen.sees("home")  # the last screen may name the same services
    _asks(citizen, "query", "zhumadian-initial-pin")
    _types_pin(citizen, "582914")
    citizen.takes_card()
    citizen.ends()


def _weak_pin(citizen: Citizen) -> None:
    _arrives(citizen)
    _asks(citizen, "change", "zhumadian-normal")
    _types_old_pin(citizen, "246810")
    citizen.sees("new_pin")
    citizen.types("666666")
    citizen.sees("weak")
    citizen.touches("choose_another")
    _new_pin(citizen, "918273")
    citizen.takes_card()
    citizen.ends()


def _card_pulled(citizen: Citizen) -> None:
    _arrives(citizen)
    _asks(citizen, "query", "zhumadian-normal")
    citizen.sees("enter_pin")
    citizen.types("246", enter=False)
    citizen.pulls()
    citizen.ends()


def _pad_cancel(citizen: Citizen) -> None:
    _arrives(citizen)
    _asks(citizen, "change", "zhumadian-normal")
    citizen.sees("old_pin")
    citizen.types("24", enter=False)
    citizen.cancels_at_pad()
    citizen.takes_card()
    citizen.ends()


def _leave_home(citizen: Citizen) -> None:
    _arrives(citizen)
    citizen.touches("leave")
    citizen.ends()


def _offline_query(citizen: Citizen) -> None:
    citizen.unplugs_network()
    _arrives(citizen)
    _asks(citizen, "query", "zhumadian-normal")
    _types_pin(citizen, "246810")
    citizen.takes_card()
    citizen.ends()
    citizen.plugs_network()


def _offline_pin_change(citizen: Citizen) -> None:
    citizen.unplugs_network()
    _arrives(citizen)
    _asks(citizen, "change", "zhumadian-normal")
    _types_old_pin(citizen, "246810")
    _new_pin(citizen, "705846")
    citizen.takes_card()
    citizen.ends()
    citizen.plugs_network()


def _power_cut(citizen: Citizen) -> None:
    _arrives(citizen)
    _asks(citizen, "change", "zhumadian-normal")
    _types_old_pin(citizen, "246810")
    _new_pin(citizen, "640257")
    citizen.sees("take_card")
    citizen.loses_power()
    citizen.pulls()
    citizen.gets_power()
    citizen.ends()


def _query_english(citizen: Citizen) -> None:
    _arrives(citizen)
    citizen.touches("english")
    citizen.language = "en"
    _asks(citizen, "query", "zhumadian-normal")
    _types_pin(citizen, "246810")
    citizen.takes_card()
    citizen.ends()


def _beijing_pin_change(citizen: Citizen) -> None:
    _arrives(citizen)
    _asks(citizen, "change", "beijing-normal")
    _types_old_pin(citizen, "135790")
    _new_pin(citizen, "804173")
    citizen.takes_card()
    citizen.sees("changed")
    citizen.touches("close")
    citizen.sees("home")  # the last screen may name the same services
    _asks(citizen, "query", "beijing-normal")
    _types_pin(citizen, "804173")
    citizen.takes_card()
    citizen.ends()


def _beijing_offline(citizen: Citizen) -> None:
    citizen.unplugs_network()
    _arrives(citizen)
    _asks(citizen, "query", "beijing-normal")
    citizen.takes_card()
    citizen.ends()
    citizen.plugs_network()


def _beijing_x_english(citizen: Citizen) -> None:
    _arrives(citizen)
    citizen.touches("english")
    citizen.language = "en"
    _asks(citizen, "query", "beijing-x")
    citizen.takes_card()
    citizen.ends()


def _prints(citizen: Citizen) -> None:
    citizen.touches("print")
    citizen.sees("printed")
    citizen.takes_slip()


Name = tuple[tuple[str, str], ...]

_YOU_WEIHAO: Final = ("36010019910119638X", (("you", "尤"), ("wei", "尾"), ("hao", "号")))
_KONG_LINGUA: Final = ("36010019780315605X", (("kong", "孔"), ("lin", "临"), ("gua", "挂")))
_YUN_PINGAN: Final = ("990100199108089058", (("yun", "云"), ("ping", "平"), ("an", "安")))


def _reports(citizen: Citizen, number: str, name: Name) -> None:
    _arrives(citizen)
    citizen.chooses("lost")
    citizen.touches("begin_report")
    citizen.touches("without_id")
    citizen.sees("number")
    citizen.enters_number(number, leads_to="name")
    citizen.keys_name(*name)
    citizen.touches("typed")
    citizen.sees("check")
    citizen.touches("report_it")


def _reports_by_id(citizen: Citizen, document: str, *, asked: bool = False) -> None:
    _lays_id_down(citizen, document, asked=asked)
    citizen.sees("check")
    citizen.touches("report_it")


def _lays_id_down(citizen: Citizen, document: str, *, asked: bool = False) -> None:
    _arrives(citizen)
    citizen.chooses("lost")
    citizen.touches("begin_report")
    if asked:
        citizen.touches("with_id")
    citizen.sees("place_id")
    citizen.places_id(document)
    citizen.takes_id()


def _loss(report: Story) -> Story:
    def story(citizen: Citizen) -> None:
        report(citizen)
        citizen.ends()

    return story


def _typing(number: str, name: Name) -> Story:
    return lambda citizen: _reports(citizen, number, name)


def _by_id(document: str, *, asked: bool = False) -> Story:
    """:param asked: the region allows typing too, so the terminal asks which it shall be."""
    return lambda citizen: _reports_by_id(citizen, document, asked=asked)


def _id_refused(document: str) -> Story:
    return _loss(lambda citizen: _lays_id_down(citizen, document))


def _id_taken_too_early(citizen: Citizen) -> None:
    _arrives(citizen)
    citizen.chooses("lost")
    citizen.touches("begin_report")
    citizen.sees("place_id")
    citizen.takes_id_too_early("zhou-moni")
    citizen.places_id("zhou-moni")
    citizen.takes_id()
    citizen.sees("check")
    citizen.touches("cancel")
    citizen.ends()


def _loss_with_slip(report: Story, *, on_paper: bool = False) -> Story:
    def story(citizen: Citizen) -> None:
        report(citizen)
        citizen.sees("reported")
        citizen.touches("next")
        citizen.sees("next_steps")
        citizen.touches("next")
        citizen.sees("slip")
        if on_paper:
            _prints(citizen)
        citizen.ends()

    return story


def _formal_loss(document: str) -> Story:
    def story(citizen: Citizen) -> None:
        _arrives(citizen)
        citizen.chooses("gone")
        citizen.touches("go_on_for_good")
        citizen.sees("place_id")
        citizen.places_id(document)
        citizen.takes_id()
        citizen.sees("check_person")
        citizen.touches("it_is_me")
        citizen.sees("really")
        citizen.touches("for_good")
        citizen.sees("formally_reported")
        citizen.touches("next")
        citizen.sees("next_steps")
        citizen.touches("next")
        citizen.sees("new_card")
        citizen.touches("next")
        citizen.sees("slip")
        citizen.ends()

    return story


def _offline(story: Story) -> Story:
    def without_the_centre(citizen: Citizen) -> None:
        citizen.unplugs_network()
        story(citizen)
        citizen.plugs_network()

    return without_the_centre


def _mistyped(citizen: Citizen) -> None:
    _arrives(citizen)
    citizen.chooses("lost")
    citizen.touches("begin_report")
    citizen.touches("without_id")
    citizen.sees("number")
    citizen.enters_number("360100198609086014", leads_to="wrong_number")
    citizen.touches("cancel")
    citizen.ends()


def _not_here(*services: str, works_already: tuple[str, ...] = (), behind: tuple[str, ...] = ()) -> Story:
    """One visit to each of these tiles, and what stands behind it instead of the service.

    :param works_already: those of them that nobody needs.
    :param behind: pages that follow the last one.
    """

    def story(citizen: Citizen) -> None:
        _arrives(citizen)
        for number, service in enumerate(services):
            if number > 0:
                citizen.touches("close", "done_reading")
                citizen.sees("home")
            citizen.chooses(service)
            citizen.sees(f"no_{service}_needed" if service in works_already else f"no_{service}_here")
        for page in behind:
            citizen.touches("next")
            citizen.sees(page)
        citizen.ends()

    return story


def _refused_with_its_way(service: str, *pages: str) -> Story:
    def story(citizen: Citizen) -> None:
        _arrives(citizen)
        citizen.chooses(service)
        for page in pages:
            citizen.touches("next")
            citizen.sees(page)
        citizen.ends()

    return story


def _application(document: str, phone: str) -> Story:
    def story(citizen: Citizen) -> None:
        _arrives(citizen)
        citizen.chooses("application")
        citizen.sees("first_card")
        citizen.touches("next")
        citizen.sees("photo_and_papers")
        citizen.touches("begin_application")
        citizen.sees("for_whom")
        citizen.touches("for_myself")
        citizen.sees("place_id")
        citizen.places_id(document)
        citizen.takes_id()
        citizen.sees("phone")
        citizen.enters_number(phone, "take_a_portrait")
        _has_portrait_taken(citizen)
        citizen.sees("check_application")
        citizen.touches("file_it")
        citizen.sees("filed")
        citizen.touches("next")
        citizen.sees("next_steps")
        citizen.touches("next")
        citizen.sees("collecting")
        citizen.touches("next")
        citizen.ends()

    return story


def _orders_new_card(document: str, phone: str) -> Story:
    """For a lost card, where an office makes the new one."""

    def story(citizen: Citizen) -> None:
        _arrives(citizen)
        citizen.chooses("replacing")
        citizen.sees("why_new_card")
        citizen.touches("it_is_lost")
        for page in ("new_for_lost", "to_have_ready", "what_of_the_old_card"):
            citizen.sees(page)
            citizen.touches("next", "begin_order")
        citizen.sees("place_id")
        citizen.places_id(document)
        citizen.takes_id()
        citizen.sees("phone")
        citizen.enters_number(phone, "check_application")
        citizen.touches("file_it")
        for page in ("ordered", "next_steps", "until_it_comes", "once_it_is_there"):
            citizen.sees(page)
            citizen.touches("next")
        citizen.sees("slip")
        citizen.ends()

    return story


def _new_card_in_the_hand(document: str, initial: str, new: str) -> Story:
    """For a lost card, made while its holder waits, its PIN changed at once; what is in hopper and bins is counted
    before and after."""

    def story(citizen: Citizen) -> None:
        citizen.counts_blanks()
        _arrives(citizen)
        citizen.chooses("replacing")
        citizen.sees("why_new_card")
        citizen.touches("it_is_lost")
        for page in ("new_for_lost", "to_have_ready"):
            citizen.sees(page)
            citizen.touches("next", "begin_order")
        citizen.sees("really_lost")
        citizen.touches("it_is_gone")
        citizen.sees("place_id")
        citizen.places_id(document)
        citizen.takes_id()
        citizen.sees("check_new_card")
        citizen.touches("make_this_card")
        citizen.sees("take_a_portrait")
        _has_portrait_taken(citizen)
        citizen.sees("look_at_the_card")
        citizen.touches("card_is_right")
        citizen.sees("pay_by_telephone")
        citizen.pays()
        citizen.sees("being_made_now", within_s=60)
        citizen.takes_new_card()
        citizen.sees("card_is_done")
        citizen.touches("next")
        citizen.sees("next_steps")
        citizen.touches("next")
        citizen.counts_blanks()
        citizen.sees("slip")
        citizen.touches("close")
        citizen.sees("insert_card")
        citizen.inserts_new_card()
        _types_old_pin(citizen, initial)
        _new_pin(citizen, new)
        citizen.takes_card()
        citizen.ends()

    return story


def _changed_name_first(citizen: Citizen) -> None:
    _arrives(citizen)
    citizen.chooses("replacing")
    citizen.sees("why_new_card")
    citizen.touches("something_changed")
    citizen.sees("what_changed")
    citizen.touches("my_name")
    citizen.sees("data_first")
    citizen.ends()


def _broken_card_without_a_motor(document: str, phone: str) -> Story:
    """Where a hand moves the card no old one can be taken in: the new one is ordered."""

    def story(citizen: Citizen) -> None:
        _arrives(citizen)
        citizen.chooses("replacing")
        citizen.sees("why_new_card")
        citizen.touches("it_is_broken")
        for page in ("new_for_old", "to_have_ready", "what_of_the_old_card"):
            citizen.sees(page)
            citizen.touches("next", "begin_order")
        citizen.sees("for_whom")
        citizen.touches("for_myself")
        citizen.sees("place_id")
        citizen.places_id(document)
        citizen.takes_id()
        citizen.sees("phone")
        citizen.enters_number(phone, "check_application")
        citizen.touches("file_it")
        citizen.ends()

    return story


def _has_portrait_taken(citizen: Citizen) -> None:
    """From too far away first, until the terminal asks for it."""
    citizen.stands("far")
    citizen.touches("agree")
    citizen.sees("before_the_portrait")
    citizen.touches("begin_portrait")
    citizen.sees("come_closer")
    citizen.stands("adult")
    citizen.sees("is_it_right")
    citizen.stands("nobody")
    citizen.touches("use_this_one")


def _activation(card: str, document: str, *contact: str) -> Story:
    """:param contact: a telephone and a postcode, where the region asks for them."""

    def story(citizen: Citizen) -> None:
        _arrives(citizen)
        citizen.chooses("activation")
        citizen.sees("once_started")
        citizen.touches("next")
        citizen.sees("old_card")
        citizen.touches("begin_activation")
        citizen.sees("insert_card")
        citizen.inserts(card)
        citizen.sees("place_id")
        citizen.places_id(document)
        citizen.takes_id()
        if contact:
            phone, postcode = contact
            citizen.sees("mobile")
            citizen.enters_number(phone, "letters_to")
            citizen.touches("as_on_id")
            citizen.sees("postcode")
            citizen.enters_number(postcode, "check_activation")
        citizen.sees("check_activation")
        citizen.touches("start_it")
        citizen.takes_card()
        citizen.sees("started")
        citizen.touches("next")
        citizen.sees("first_the_pin")
        citizen.touches("next")
        citizen.sees("slip")

    return story


def _activation_with_its_end(card: str, document: str, *contact: str) -> Story:
    def story(citizen: Citizen) -> None:
        _activation(card, document, *contact)(citizen)
        citizen.ends()

    return story


def _activation_and_pin_change(card: str, document: str, old: str, new: str) -> Story:
    def story(citizen: Citizen) -> None:
        _activation(card, document)(citizen)
        citizen.touches("close")
        citizen.sees("home")
        _asks(citizen, "change", card)
        _types_old_pin(citizen, old)
        _new_pin(citizen, new)
        citizen.takes_card()
        citizen.ends()

    return story


def _offsite(document: str) -> Story:
    def story(citizen: Citizen) -> None:
        _arrives(citizen)
        citizen.chooses("offsite")
        citizen.touches("register")
        citizen.sees("which_group")
        citizen.touches("long_resident")
        citizen.sees("which_area")
        citizen.touches("east")
        citizen.touches("zhejiang")
        citizen.touches("hangzhou")
        citizen.touches("not_in_hospital")
        citizen.sees("place_id")
        citizen.places_id(document)
        citizen.takes_id()
        citizen.sees("check_application")
        citizen.touches("hand_it_in")
        citizen.sees("registered")
        citizen.touches("next")
        citizen.sees("next_steps")
        citizen.touches("next")
        citizen.ends()

    return story


def _changed_data(document: str) -> Story:
    def story(citizen: Citizen) -> None:
        _arrives(citizen)
        citizen.chooses("changed_data")
        citizen.sees("what_changed")
        citizen.touches("ethnic_group")
        citizen.sees("anything_else")
        citizen.touches("nothing_else")
        citizen.touches("begin_notice")
        citizen.sees("place_id")
        citizen.places_id(document)
        citizen.takes_id()
        citizen.sees("check_application")
        citizen.touches("hand_it_in")
        citizen.sees("noted")
        for page in ("employers_step", "own_step", "afterwards", "by_proxy"):
            citizen.touches("next")
            citizen.sees(page)
        citizen.touches("next")
        citizen.ends()

    return story


def _given_up_by_proxy(proxy: str, holder: str) -> Story:
    def story(citizen: Citizen) -> None:
        _arrives(citizen)
        citizen.chooses("cancelling")
        citizen.sees("why_given_up")
        citizen.touches("moved_away")
        citizen.touches("begin_notice")
        citizen.sees("for_whom")
        citizen.touches("for_another")
        citizen.sees("all_with_me")
        citizen.touches("have_all")
        citizen.sees("own_id_first")
        citizen.places_id(proxy)
        citizen.takes_id()
        citizen.sees("others_id")
        citizen.places_id(proxy)
        citizen.takes_id()
        citizen.sees("own_id_again")
        citizen.places_id(holder)
        citizen.takes_id()
        citizen.sees("check_cancelling")
        citizen.touches("note_it")
        citizen.sees("not_cancelled_yet")
        citizen.touches("next")
        citizen.sees("proxys_papers")
        for _ in range(4):
            citizen.touches("next")
        citizen.ends()

    return story


def _progress(document: str) -> Story:
    def story(citizen: Citizen) -> None:
        _arrives(citizen)
        citizen.chooses("progress")
        citizen.sees("place_id")
        citizen.places_id(document)
        citizen.takes_id()
        citizen.ends()

    return story


def _emergency(document: str) -> Story:
    """Admitted longer ago than the term, which a window decides; then admitted today."""

    def story(citizen: Citizen) -> None:
        _arrives(citizen)
        for admitted, leads_to in (("earlier", "too_late"), ("today", "place_id")):
            citizen.chooses("offsite")
            citizen.touches("register")
            citizen.touches("long_resident")
            citizen.touches("east")
            citizen.touches("zhejiang")
            citizen.touches("hangzhou")
            citizen.touches("in_hospital")
            citizen.sees("which_day")
            while citizen.touches(admitted, "next") == "next":
                citizen.waits()  # how many days a term reaches back, weekends and holidays decide
            citizen.sees(leads_to)
            if leads_to == "too_late":
                citizen.touches("close")
                citizen.sees("home")
        citizen.places_id(document)
        citizen.takes_id()
        citizen.sees("emergency_today")
        citizen.touches("hand_it_in")
        citizen.ends()

    return story


def _cancelling(document: str) -> Story:
    """What a family does after a death, and then a card that its holder gives up."""

    def story(citizen: Citizen) -> None:
        _arrives(citizen)
        citizen.chooses("cancelling")
        citizen.touches("after_death")
        citizen.sees("for_the_family")
        citizen.touches("done_reading")
        citizen.sees("home")
        citizen.chooses("cancelling")
        citizen.touches("insurance_ended")
        citizen.touches("begin_notice")
        citizen.sees("for_whom")
        citizen.touches("for_myself")
        citizen.sees("place_id")
        citizen.places_id(document)
        citizen.takes_id()
        citizen.sees("check_cancelling")
        citizen.touches("note_it")
        citizen.sees("not_cancelled_yet")
        citizen.touches("next")
        citizen.sees("first_step")
        citizen.touches("next")
        citizen.sees("second_step")
        citizen.ends()

    return story


def _temporary_card(document: str) -> Story:
    """A paper that rests on nothing here, and one that an application carries."""

    def story(citizen: Citizen) -> None:
        _arrives(citizen)
        for paper, leads_to in (("collection_slip", "nothing_to_rest_on"), ("temporary_card", "paper_made")):
            citizen.chooses("papers")
            citizen.sees("which_paper")
            citizen.touches(paper)
            citizen.touches("this_one")
            citizen.sees("place_id")
            citizen.places_id(document)
            citizen.takes_id()
            citizen.sees("check_paper")
            citizen.touches("make_it")
            citizen.sees(leads_to)
            if leads_to == "nothing_to_rest_on":
                citizen.touches("close")
                citizen.sees("home")
        citizen.touches("next")
        citizen.sees("next_steps")
        citizen.touches("next")
        citizen.ends()

    return story


def _search_and_outlets(citizen: Citizen) -> None:
    _arrives(citizen)
    citizen.chooses("ask")
    citizen.touches("outlets")
    citizen.touches("by_district")
    citizen.touches("city")
    citizen.sees("first_outlet")
    for earlier in ("which_district", "by_district", "what_to_know"):
        citizen.touches("return")
        citizen.sees(earlier)
    citizen.touches("search")
    citizen.sees("what_to_find")
    citizen.keys_letters("DL")
    citizen.touches("lost_word")
    citizen.touches("find")
    citizen.sees("found_these")
    citizen.touches("lost_question")
    for _ in range(2):
        citizen.touches("next")
    citizen.touches("take_home")
    citizen.touches("print_answer")
    citizen.sees("answer_printed")
    citizen.takes_slip()
    citizen.touches("read_on")
    citizen.touches("take_home_unprinted")
    citizen.ends()


def _a_topic(citizen: Citizen) -> None:
    _arrives(citizen)
    citizen.chooses("ask")
    citizen.touches("lost_topic")
    citizen.touches("found_it_question")
    citizen.sees("found_it_answer")
    citizen.touches("take_home")
    citizen.ends()


def _reads(topic: str, question: str) -> Story:
    def story(citizen: Citizen) -> None:
        _arrives(citizen)
        citizen.chooses("ask")
        citizen.touches(topic)
        citizen.touches(question)
        citizen.ends()
        for way_back in ("return", "return", "go_home"):
            citizen.touches(way_back)
        citizen.sees("home")

    return story


def _pin_change(card: str, old: str, new: str) -> Story:
    def story(citizen: Citizen) -> None:
        _arrives(citizen)
        _asks(citizen, "change", card)
        _types_old_pin(citizen, old)
        _new_pin(citizen, new)
        citizen.takes_card()
        citizen.ends()

    return story


def _pin_change_with_slip(card: str, old: str, new: str) -> Story:
    def story(citizen: Citizen) -> None:
        _arrives(citizen)
        _asks(citizen, "change", card)
        _types_old_pin(citizen, old)
        _new_pin(citizen, new)
        citizen.takes_card()
        citizen.sees("changed")
        citizen.touches("get_slip")
        citizen.sees("slip")
        _prints(citizen)
        citizen.ends()

    return story


def _without_paper(card: str, pin: str) -> Story:
    def story(citizen: Citizen) -> None:
        citizen.printer_runs_out()
        _arrives(citizen)
        citizen.chooses("query")
        citizen.sees("no_paper")
        citizen.sees("insert_card")
        citizen.inserts(card)
        _types_pin(citizen, pin)
        citizen.takes_card()
        citizen.ends()
        citizen.printer_is_refilled()

    return story


def _weak_pin_refused(citizen: Citizen) -> None:
    _arrives(citizen)
    _asks(citizen, "change", "guizhou-initial-pin")
    _types_old_pin(citizen, "888888")
    citizen.sees("new_pin")
    citizen.types("666666")
    citizen.sees("too_weak")
    _new_pin(citizen, "730918")
    citizen.takes_card()
    citizen.ends()


def _lifting(card: str, pin: str) -> Story:
    def story(citizen: Citizen) -> None:
        _arrives(citizen)
        citizen.chooses("found")
        citizen.touches("card_at_hand")
        citizen.sees("insert_card")
        citizen.inserts(card)
        citizen.sees("found_question")
        citizen.touches("withdraw")
        _types_pin(citizen, pin)
        citizen.takes_card()
        citizen.ends()

    return story


def _lifting_refused(card: str) -> Story:
    def story(citizen: Citizen) -> None:
        _arrives(citizen)
        citizen.chooses("found")
        citizen.touches("card_at_hand")
        citizen.sees("insert_card")
        citizen.inserts(card)
        citizen.takes_card()
        citizen.ends()

    return story


STORIES: Final[Mapping[str, Story]] = {
    "zhumadian-query": _query_every_page,
    "zhumadian-initial-pin": _initial_pin,
    "zhumadian-wrong-pin": _wrong_then_right("zhumadian-normal", "246810"),
    "zhumadian-locked": _refused_before_pin("zhumadian-locked"),
    "zhumadian-weak-pin": _weak_pin,
    "zhumadian-norm-3": _query("zhumadian-3.00", "864209"),
    "zhumadian-rare-name": _query("rare-name", "975310"),
    "zhumadian-clone": _refused_before_pin("clone-of-zhumadian-normal"),
    "zhumadian-card-pulled": _card_pulled,
    "zhumadian-pad-cancel": _pad_cancel,
    "zhumadian-expired": _refused_before_pin("expired"),
    "zhumadian-bank-only": _refused_before_pin("bank-only"),
    "zhumadian-blank": _refused_before_pin("blank", "change"),
    "zhumadian-leave-home": _leave_home,
    "zhumadian-offline-query": _offline_query,
    "zhumadian-offline-pin-change": _offline_pin_change,
    "zhumadian-power-cut": _power_cut,
    "zhumadian-query-english": _query_english,
    "beijing-handbook": _reads("lost_topic", "lost_question"),
    "beijing-examination": _examination("beijing-temporarily-lost", "now_lost"),
    "beijing-query": _query("beijing-normal", "135790"),
    "beijing-query-receipt": _query_receipt_and_chip_log,
    "beijing-wrong-pin": _wrong_then_right("beijing-normal", "135790"),
    "beijing-norm-3": _query("beijing-3.00", "012030"),
    "beijing-pin-with-x": _refused_before_pin("beijing-x"),
    "beijing-offline": _beijing_offline,
    "beijing-pin-with-x-english": _beijing_x_english,
    "zhumadian-card-elsewhere": _refused_before_pin("zhumadian-normal"),
    "beijing-pin-change": _beijing_pin_change,
    "zhumadian-handbook": _search_and_outlets,
    "zhumadian-loss-offline": _offline(_not_here("lost")),
    "zhumadian-application": _refused_with_its_way(
        "application", "before_you_start", "what_to_bring", "photo_demands", "cost_and_time", "by_proxy"
    ),
    "zhumadian-new-card": _new_card_in_the_hand("rare-name", "123456", "730918"),
    "zhumadian-not-here": _not_here("lost", "found", "gone", "progress", "papers", "changed_data", "cancelling"),
    "zhumadian-examination": _examination("zhumadian-blocked", "not_settled"),
    "zhumadian-examination-offline": _offline(_examination("zhumadian-locked", "locked_pin", "not_looked_at")),
    "beijing-pin-change-offline": _offline(_refused_before_pin("beijing-normal", "change")),
    "beijing-not-here": _not_here(
        "activation", "found", "gone", "application", "progress", "papers", "changed_data", "cancelling", "offsite"
    ),
    "beijing-loss": _loss_with_slip(_by_id("wu-jiashe")),
    "beijing-loss-again": _loss(_by_id("wu-jiashe")),
    "beijing-new-card": _orders_new_card("wu-jiashe", "13800000000"),
    "qingdao-new-card": _changed_name_first,
    "beijing-loss-formally-lost": _loss(_by_id("he-shumian")),
    "beijing-loss-cancelled": _loss(_by_id("lv-zhuxiao")),
    "beijing-loss-replaced": _loss(_by_id("shi-buka")),
    "beijing-loss-another-name": _loss(_by_id("former-name")),
    "beijing-loss-id-expired": _id_refused("expired"),
    "beijing-loss-id-taken-too-early": _id_taken_too_early,
    "beijing-loss-offline": _offline(_loss(_by_id("zhou-moni"))),
    "beijing-lost-card": _refused_before_pin("beijing-temporarily-lost"),
    "guizhou-query": _query("guizhou-normal", "246813"),
    "guizhou-query-offline": _offline(_query("guizhou-normal", "246813")),
    "guizhou-weak-pin": _weak_pin_refused,
    "guizhou-pin-change-offline": _offline(_pin_change("guizhou-old-card-pin", "666666", "730918")),
    "guizhou-handbook": _reads("lost_topic", "guizhou_lost_question"),
    "guizhou-examination": _examination("guizhou-bank-side-only", "only_bank_side"),
    "guizhou-not-here": _not_here(
        "lost",
        "found",
        "application",
        "progress",
        "papers",
        "changed_data",
        "cancelling",
        "offsite",
        "replacing",
        "gone",
        behind=("by_proxy",),
    ),
    "guizhou-activation": _refused_with_its_way("activation", "to_bring", "both_sides", "old_card"),
    "qingdao-handbook-offline": _offline(_a_topic),
    "qingdao-examination": _examination("qingdao-locked", "qingdao_locked_pin"),
    "qingdao-query": _query("qingdao-normal", "357924"),
    "qingdao-query-no-paper": _without_paper("qingdao-normal", "357924"),
    "qingdao-query-offline": _offline(_query("qingdao-normal", "357924")),
    "qingdao-locked": _refused_before_pin("qingdao-locked"),
    "qingdao-pin-change": _pin_change_with_slip("qingdao-initial-pin", "123456", "730918"),
    "qingdao-pin-change-offline": _offline(_pin_change("qingdao-normal", "357924", "730918")),
    "qingdao-not-here": _not_here(
        "activation",
        "lost",
        "found",
        "gone",
        "application",
        "progress",
        "papers",
        "changed_data",
        "cancelling",
        "offsite",
    ),
    "jiangxi-handbook": _reads("lost_topic", "jiangxi_lost_question"),
    "jiangxi-examination": _examination("jiangxi-temporarily-lost", "now_lost"),
    "jiangxi-progress": _progress("you-weihao"),
    "jiangxi-query": _query("jiangxi-normal", "258046"),
    "jiangxi-query-offline": _offline(_refused_before_pin("jiangxi-normal")),
    "jiangxi-pin-change": _pin_change("jiangxi-initial-pin", "123456", "730918"),
    "jiangxi-pin-change-offline": _offline(_refused_before_pin("jiangxi-normal", "change")),
    "jiangxi-loss": _loss_with_slip(_typing(*_YOU_WEIHAO)),
    "jiangxi-loss-mistyped": _mistyped,
    "jiangxi-loss-offline-overtaken": _offline(_loss(_typing(*_KONG_LINGUA))),
    "jiangxi-not-here": _not_here(
        "activation",
        "found",
        "gone",
        "application",
        "papers",
        "changed_data",
        "cancelling",
        "replacing",
        "offsite",
        works_already=("activation",),
    ),
    "yunling-query": _query("yunling-normal", "246810"),
    "yunling-query-offline": _offline(_query("yunling-normal", "246810")),
    "yunling-pin-change": _pin_change("yunling-normal", "246810", "730918"),
    "yunling-pin-change-offline": _offline(_pin_change("yunling-normal", "246810", "730918")),
    "yunling-examination": _examination(
        "yunling-several", "not_settled", "one_digit", "few_tries", "bank_side_inactive"
    ),
    "yunling-found-offline": _offline(_lifting_refused("yunling-temporarily-lost")),
    "yunling-found": _lifting("yunling-temporarily-lost", "864213"),
    "yunling-found-again": _lifting_refused("yunling-temporarily-lost"),
    "yunling-found-replaced": _lifting_refused("yunling-replaced"),
    "yunling-formal-loss": _formal_loss("yun-shili"),
    "yunling-loss": _loss_with_slip(_by_id("yun-shili", asked=True), on_paper=True),
    "yunling-loss-replaced": _loss(_by_id("yun-huanka", asked=True)),
    "yunling-application": _application("yun-shenling", "13800000000"),
    "yunling-progress": _progress("yun-shenling"),
    "zhumadian-offsite": _refused_with_its_way(
        "offsite", "first_step", "second_step", "third_step", "emergency", "before_you_go", "fails_elsewhere"
    ),
    "yunling-offsite": _offsite("yun-shenling"),
    "yunling-activation": _activation_with_its_end("yunling-not-activated", "yun-xinka", "13800000000", "430000"),
    "zhumadian-activation": _activation_and_pin_change("zhumadian-not-activated", "qian-daiqi", "123456", "730918"),
    "yunling-data-change": _changed_data("yun-shili"),
    "yunling-papers": _temporary_card("yun-shenling"),
    "yunling-offsite-emergency": _emergency("yun-shili"),
    "yunling-cancelling": _cancelling("yun-pingan"),
    "yunling-new-card-by-hand": _broken_card_without_a_motor("yun-xinka", "13800000001"),
    "yunling-cancelling-by-proxy": _given_up_by_proxy("yun-shenling", "yun-shili"),
    "yunling-loss-offline": _offline(_loss(_typing(*_YUN_PINGAN))),
}
"""Who does what. In which order they come is the table's."""
