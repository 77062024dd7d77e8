"""Passkeys in a real browser, which has an authenticator of its own for the test: made, shown at the sign-in, refused,
by keyboard, and where there is none."""

from typing import TYPE_CHECKING

import pytest

from recovery import passkeys
from recovery.models import User
from tests import signing_in
from tests.browser.conftest import SitDown
from tests.browser.test_signing_in import DESK, PHONE, give_password

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession, Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NEW = "**/account/passkeys/new"


class Authenticator:
    """What a telephone or a stick would be, in the browser itself. With `touched=False` nobody is there to touch it."""

    def __init__(self, page: "Page", *, touched: bool = True) -> None:
        self.line: CDPSession = page.context.new_cdp_session(page)
        self.line.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "usb",
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": touched,
        }
        self.id = self.line.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def credentials(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = self.line.send(
            "WebAuthn.getCredentials", {"authenticatorId": self.id}
        )["credentials"]
        return found

    def put(self, credential: dict[str, object]) -> None:
        self.line.send("WebAuthn.addCredential", {"authenticatorId": self.id, "credential": credential})


def make_one(page: "Page", user: User) -> None:
    """Right after the first password."""
    give_password(page, user)
    page.get_by_role("link", name="Use a passkey instead").click()
    page.wait_for_url(NEW)
    page.get_by_label("A name").fill("Stick")
    page.get_by_role("button", name="Make the passkey").click()
    page.get_by_role("link", name="I have kept them").click()
    page.wait_for_url("/")


def leave(page: "Page") -> None:
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Email").wait_for()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["390", "1280"])
def test_a_passkey_is_made_at_the_first_sign_in_and_shown_at_the_next(
    ben: User, sit_down: SitDown, size: dict[str, object]
) -> None:
    page = sit_down(ben, signed_in=False, **size).page
    stick = Authenticator(page)
    make_one(page, ben)
    leave(page)

    give_password(page, ben)
    page.get_by_role("button", name="Use your passkey").click()

    page.wait_for_url("/")
    assert len(stick.credentials()) == 1
    assert passkeys.of(ben).get().data["name"] == "Stick"


def test_a_passkey_by_keyboard_alone(ben: User, sit_down: SitDown) -> None:
    page = sit_down(ben, signed_in=False).page
    Authenticator(page)
    give_password(page, ben)
    page.get_by_role("link", name="Use a passkey instead").press("Enter")
    page.wait_for_url(NEW)
    page.get_by_label("A name").focus()
    page.keyboard.type("Stick")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="I have kept them").press("Enter")
    page.wait_for_url("/")
    leave(page)

    give_password(page, ben)
    page.wait_for_url("**/accounts/second-factor/")
    while page.evaluate("document.activeElement.textContent.trim()") != "Use your passkey":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    page.wait_for_url("/")


def test_a_wrong_passkey_and_none_at_all_are_refused_in_words(ben: User, sit_down: SitDown) -> None:
    desk = sit_down(ben, signed_in=False)
    stick = Authenticator(desk.page)
    make_one(desk.page, ben)
    leave(desk.page)
    [credential] = stick.credentials()
    stick.line.send("WebAuthn.clearCredentials", {"authenticatorId": stick.id})

    give_password(desk.page, ben)
    desk.page.get_by_role("button", name="Use your passkey").click()
    none = desk.page.get_by_role("alert").filter(has_text="No passkey was given")
    none.wait_for()
    desk.examine("passkey-none")
    stick.put(credential | {"privateKey": other_key()})
    desk.page.get_by_role("button", name="Use your passkey").click()
    desk.page.get_by_role("alert").filter(has_text="was not taken").wait_for()

    desk.examine("passkey-refused")
    assert desk.page.url.endswith("/accounts/second-factor/")


def test_a_copied_passkey_that_counts_behind_is_refused_in_words(ben: User, sit_down: SitDown) -> None:
    page = sit_down(ben, signed_in=False).page
    stick = Authenticator(page)
    make_one(page, ben)
    [copy] = stick.credentials()
    leave(page)
    give_password(page, ben)
    page.get_by_role("button", name="Use your passkey").click()
    page.wait_for_url("/")
    leave(page)
    stick.line.send("WebAuthn.clearCredentials", {"authenticatorId": stick.id})
    stick.put(copy | {"signCount": 0})

    give_password(page, ben)
    page.get_by_role("button", name="Use your passkey").click()

    page.get_by_role("alert").filter(has_text="somebody may have copied it").wait_for()
    assert page.url.endswith("/accounts/second-factor/")


def test_the_pages_about_passkeys_have_no_barrier(ben: User, sit_down: SitDown) -> None:
    desk = sit_down(ben, signed_in=False)
    Authenticator(desk.page)
    give_password(desk.page, ben)
    desk.examine("second-factor-choice")
    desk.page.get_by_role("link", name="Use a passkey instead").click()
    desk.page.wait_for_url(NEW)
    desk.examine("passkey-new")
    desk.page.get_by_role("button", name="Make the passkey").click()
    desk.page.get_by_role("link", name="I have kept them").click()
    signing_in.give_app(ben)
    desk.page.goto("/account/security")
    desk.examine("account-passkeys")
    leave(desk.page)
    give_password(desk.page, ben)
    desk.page.get_by_role("button", name="Use your passkey").wait_for()
    desk.examine("second-factor-passkey")


def test_a_passkey_is_added_and_removed_under_account(ben: User, sit_down: SitDown) -> None:
    page = sit_down(ben).page
    Authenticator(page)
    page.goto("/account/security")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("A name").fill("Telephone")
    page.get_by_role("button", name="Make the passkey").click()
    page.get_by_text("The passkey is added.").wait_for()
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_role("button", name="Make the passkey").click()
    page.get_by_role("alert").filter(has_text="one of yours already").wait_for()

    page.goto("/account/security")
    page.get_by_role("button", name="Remove: Telephone").click()

    page.get_by_text("The passkey is removed").wait_for()
    assert not passkeys.of(ben).exists()


def test_without_javascript_it_is_said_and_the_app_remains(ben: User, sit_down: SitDown) -> None:
    desk = sit_down(ben, signed_in=False, java_script_enabled=False)
    give_password(desk.page, ben)
    desk.page.get_by_role("link", name="Use a passkey instead").click()

    assert "JavaScript is off" in desk.page.locator("main").inner_text()
    assert not desk.page.get_by_role("button", name="Make the passkey").is_visible()
    desk.page.get_by_role("link", name="Use an authenticator app instead").click()
    desk.page.get_by_label("The six digits").wait_for()


def other_key() -> str:
    from base64 import b64encode

    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    return b64encode(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()
