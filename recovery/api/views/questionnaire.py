from django.http import HttpResponse
from rest_framework.request import Request

from recovery import clock, verdicts
from recovery.access import Shared
from recovery.api import documents
from recovery.api.openapi import FOR_PHONES, described
from recovery.api.views.base import PhoneView, answer
from recovery.clinical import protocol as protocols
from recovery.clinical.facts import hours_between
from recovery.clinical.protocol import Item
from recovery.clinical.tiers import Tier
from recovery.clinical.verdict import action_line


class Questionnaire(PhoneView):
    """What to ask at this hour, as the episode's protocol has it."""

    shared = Shared.WITH_ALL

    @described("questionnaire", "What to ask now", answers={200: documents.Questionnaire}, refuses=FOR_PHONES)
    def get(self, request: Request) -> HttpResponse:
        episode = self.device.episode
        protocol = protocols.get(episode.protocol)
        hours = hours_between(episode.procedure_at, clock.now())
        asked = {item.link_id for item in protocol.questionnaire.asked_at(hours)}
        pages = (
            documents.QuestionnairePage(
                id=page.id,
                title=page.title,
                items=tuple(_item(item) for item in page.items if item.link_id in asked),
            )
            for page in protocol.questionnaire.pages
        )
        return answer(
            documents.Questionnaire(
                protocol=protocol.version,
                hours=round(hours, 2),
                pages=tuple(page for page in pages if page.items),
                required_groups=protocol.questionnaire.required_groups,
                emergency_screen=dict(protocol.emergency_screen_document),
                emergency_action=action_line(Tier.EMERGENCY, protocol, verdicts.numbers_of(episode.clinic)),
                emergency_if=tuple(protocol.call_now_if.values()),
            )
        )


def _item(item: Item) -> documents.Item:
    return documents.Item(
        id=item.link_id,
        kind=item.kind,
        text=item.text,
        help=item.help,
        values=tuple(
            documents.Value(code=value.code, label=value.label, help=value.help, alarm=value.alarm)
            for value in item.values
        ),
        required=item.required,
        low=item.low if item.kind == "integer" else None,
        high=item.high if item.kind == "integer" else None,
        ranges=tuple(
            documents.TemperatureRange(unit=unit, low=low, high=high)
            for unit, (low, high) in (item.ranges or {}).items()
        ),
        max_length=item.max_length or None,
        show_when={item.show_when.link_id: item.show_when.codes} if item.show_when else None,
        not_asked_after_h=item.ask_until_h,
    )
