import re

import pytest

from recovery.clinical.tiers import Tier
from recovery.models import Notification, User
from recovery.notifications import claims
from recovery.notifications.message import compose
from tests.notifications import scenes

pytestmark = pytest.mark.django_db

TELLING = re.compile(
    r"pain|patient|clinic|hospital|health|medic|nurse|doctor|surg|spin|recover|wound|bleed|fever|cord|emergenc|red.?flag"
    r"|check-?in|procedure|vertebr|alert[^s]|Ana|Whitfield|Ben|Okafor|Hillside|H\d{6}|1950",
    re.IGNORECASE,
)
"""What may not stand on a locked screen: words of health, of who it is about, and of where they are treated."""


def composed(tier: Tier = Tier.EMERGENCY, *more: Tier):
    first = scenes.red_flag(tier=tier)
    others = [scenes.alert(first.latest_assessment, f"RULE-{n}", tier) for n, tier in enumerate(more)]
    (lead,) = scenes.planned(first, *others)
    held = claims.claim(lead)
    assert held is not None
    return compose(held.intents[::-1])


@pytest.mark.parametrize("tiers", [[Tier.EMERGENCY], [Tier.SAME_DAY], [Tier.EMERGENCY, Tier.SAME_DAY]])
def test_no_word_of_health_and_no_name_leaves(tiers, settings):
    settings.BASE_URL = "https://app.example.org"
    message = composed(*tiers)

    assert TELLING.findall(f"{message.subject}\n{message.text}") == []


def test_it_says_how_urgent_it_is_and_where_to_sign_in(settings):
    settings.BASE_URL = "https://app.example.org"
    message = composed(Tier.SAME_DAY, Tier.EMERGENCY)
    links = re.findall(r"https://\S+", message.text)

    assert message.subject == "Urgent item: please sign in"
    ranked = Notification.objects.order_by("-tier").values_list("alert__uuid", flat=True)
    assert links == [f"https://app.example.org/alerts/{uuid}" for uuid in ranked]
    assert message.to == User.objects.get().email
    assert composed(Tier.SAME_DAY).subject == "Item for today: please sign in"
