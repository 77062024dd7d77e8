"""A passkey as a device has it, with a key pair of its own: it makes itself known, signs, counts, and can be copied."""

import copy
import json
import re
from hashlib import sha256
from html import unescape
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from tests.security.staff_doors.people import CODE

NEW = "/account/passkeys/new"
HOST = "testserver"
FLAG = AuthenticatorData.FLAG


class Passkey:
    def __init__(self, *, counter: int = 1, host: str = HOST, name: bytes = b"a key of ours....") -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.counter, self.host, self.id = counter, host, name

    def copied(self) -> "Passkey":
        return copy.copy(self)

    def add(self, client: Client, **typed: str) -> Any:
        """Through the page that makes one."""
        return client.post(NEW, {"credential": self.made(options_on(client.get(NEW)))} | typed)

    def sign_in(self, client: Client) -> Any:
        """After the password."""
        return client.post(CODE, {"credential": self.signed(options_on(client.get(CODE)))})

    def made(self, options: dict[str, Any]) -> str:
        public = ES256.from_cryptography_key(self.private.public_key())
        about = AttestedCredentialData.create(b"\0" * 16, self.id, public)
        data = AuthenticatorData.create(self._of_host(), FLAG.UP | FLAG.AT, self.counter, about)
        return self._answer(
            clientDataJSON=self._client_data("webauthn.create", options),
            attestationObject=AttestationObject.create("none", data, {}),
        )

    def signed(self, options: dict[str, Any], *, touched: bool = True) -> str:
        self.counter += 1 if self.counter else 0
        data = AuthenticatorData.create(self._of_host(), FLAG.UP if touched else FLAG(0), self.counter)
        client_data = self._client_data("webauthn.get", options)
        to_sign = data + sha256(client_data).digest()
        return self._answer(
            clientDataJSON=client_data,
            authenticatorData=data,
            signature=self.private.sign(to_sign, ec.ECDSA(hashes.SHA256())),
        )

    def _of_host(self) -> bytes:
        return sha256(self.host.encode()).digest()

    def _client_data(self, kind: str, options: dict[str, Any]) -> bytes:
        return CollectedClientData.create(kind, options["publicKey"]["challenge"], f"https://{self.host}")

    def _answer(self, **response: bytes) -> str:
        name = websafe_encode(self.id)
        said = {part: websafe_encode(value) for part, value in response.items()}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": said})


def options_on(page: Any) -> dict[str, Any]:
    """What a page asks the browser for."""
    found = re.search(r'data-options="([^"]+)"', page.content.decode())
    assert found is not None
    options: dict[str, Any] = json.loads(unescape(found[1]))
    return options
