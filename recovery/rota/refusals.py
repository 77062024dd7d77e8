from recovery.errors import Refused


class RotaRefused(Refused):
    """`extra["field"]` names what it is about, where it is about one thing that was typed."""

    code = "rota_refused"
