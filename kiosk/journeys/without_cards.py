"""What is left of a terminal whose card slot does nothing, and what its first screens say of it."""

from dataclasses import replace
from typing import Final, assert_never

from kiosk.journeys import refusals
from kiosk.journeys.frame import Session
from kiosk.journeys.reception import MENUS
from kiosk.journeys.views import Attract, ChooseService, Home, Menu, OpenMenu, Tile, View
from kiosk.journeys.wording import say
from kiosk.policy.pack import Identification, LiftedBy
from kiosk.policy.region import Region
from kiosk.records.transaction import Service

_LINE: Final = say("插卡的地方现在用不了，请先别插卡。不用插卡的事，照样能办。")
_CLOSED: Final = say("现在读不了卡")


def needs_card(session: Session, service: Service) -> None:
    """Let nobody begin what wants a card where none can be read.

    :raises Ended: the slot's reader or its motor does not answer.
    """
    if not session.reads_cards:
        raise refusals.no_card_slot(session.region, service)


def wants_card(region: Region, service: Service, *, reads_id_cards: bool) -> bool:
    """Whether a service that is done here can't be done at this terminal without a card."""
    match service:
        case Service.CARD_QUERY | Service.PIN_CHANGE | Service.CARD_EXAMINATION | Service.CARD_ACTIVATION:
            return region.offers(service)
        case Service.LOSS_LIFTING:
            by_id_card = reads_id_cards and LiftedBy.ID_CARD in region.lifted_by
            return region.offers(service) and LiftedBy.CARD in region.lifted_by and not by_id_card
        case _:
            return False


def is_left(region: Region, service: Service, *, reads_id_cards: bool, makes_cards: bool, has_handbook: bool) -> bool:
    """Whether a service can be done at this terminal while it reads no cards."""
    if not region.offers(service):
        return False
    match service:
        case Service.CARD_QUERY | Service.PIN_CHANGE | Service.CARD_EXAMINATION | Service.CARD_ACTIVATION:
            return False
        case Service.ASK_HANDBOOK:
            return has_handbook
        case Service.TEMPORARY_LOSS:
            return Identification.TYPED in region.identified_by or reads_id_cards
        case Service.LOSS_LIFTING:
            return reads_id_cards and LiftedBy.ID_CARD in region.lifted_by
        case Service.CARD_REPLACEMENT:
            return reads_id_cards and (makes_cards or bool(region.pack.replacement.order_here.value))
        case (
            Service.FORMAL_LOSS
            | Service.CARD_APPLICATION
            | Service.FILING_PROGRESS
            | Service.PAPERS
            | Service.DATA_CHANGE
            | Service.CANCELLING
            | Service.OFFSITE_CARE
        ):
            return reads_id_cards
        case other:
            assert_never(other)


def without_cards(view: View, region: Region, *, reads_id_cards: bool) -> View:
    """The same screen; the first ones say what can't be done for want of a card. What it leads to stays."""
    match view:
        case Attract():
            return replace(view, line=_LINE, picture="read")
        case Home():
            tiles = tuple(_marked(tile, region, reads_id_cards=reads_id_cards) for tile in view.tiles)
            return replace(view, tiles=tiles)
        case _:
            return view


def _marked(tile: Tile, region: Region, *, reads_id_cards: bool) -> Tile:
    match tile.intent:
        case ChooseService(service):
            closed = wants_card(region, service, reads_id_cards=reads_id_cards)
        case OpenMenu(menu):
            opened = [one for one in _behind(menu) if region.offers(one)]
            closed = bool(opened) and all(wants_card(region, one, reads_id_cards=reads_id_cards) for one in opened)
        case other:
            assert_never(other)
    if not closed:
        return tile
    return replace(tile, elsewhere=_CLOSED, spoken=say("{label}。现在读不了卡", label=tile.label))


def _behind(menu: Menu) -> tuple[Service, ...]:
    """The services behind a further choice, however deep."""
    services: tuple[Service, ...] = ()
    for one in MENUS[menu]:
        services += _behind(one) if isinstance(one, Menu) else (one,)
    return services
