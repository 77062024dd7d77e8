"""What may be written in a name, a number or a remark, however it comes: typed into a form or read from a file.

Each returns the text as it is stored, or raises ValueError that says what to do. Spreadsheets are where these texts
come from and go to: what they would take for a formula, or have shortened themselves, is refused.
"""

import re
import unicodedata

NAME_LETTERS, NUMBER_LETTERS, TEXT_LETTERS = 200, 40, 200
FORMULA = ("=", "+", "-", "@")
TURNS_TEXT = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
SHORTENED = re.compile(r"\d([.,]\d+)?E\+\d+", re.IGNORECASE)
PHONE = re.compile(r"\+?[\d ()./-]+(?:(?:x|ext\.?) ?\d+)?", re.IGNORECASE)
FEWEST_DIGITS = 5
VERTEBRAE = frozenset(
    [f"C{number}" for number in range(1, 8)]
    + [f"T{number}" for number in range(1, 13)]
    + [f"L{number}" for number in range(1, 6)]
    + ["S1", "S2"]
)


def text_of(written: str, *, letters: int = TEXT_LETTERS) -> str:
    """One line: blanks at the ends and doubled ones are dropped."""
    text = unicodedata.normalize("NFC", " ".join(written.split()))
    if any(
        unicodedata.category(letter) in {"Cc", "Cs", "Co", "Cn"} or letter in TURNS_TEXT for letter in text
    ):
        raise ValueError("This holds a character that cannot be seen. Type it again by hand.")
    if len(text) > letters:
        raise ValueError(f"This is too long: at most {letters} letters.")
    return text


def name_of(written: str) -> str:
    text = text_of(written, letters=NAME_LETTERS)
    if not any(letter.isalpha() for letter in text):
        raise ValueError("Write the name in letters.")
    return _no_formula(text)


def number_of(written: str) -> str:
    """A hospital number, in capitals, so that it is found again however it was typed."""
    text = text_of(written, letters=NUMBER_LETTERS).upper()
    if not any(letter.isalnum() for letter in text):
        raise ValueError("Write the number as it stands on the wristband.")
    return _no_formula(_whole(text))


def phone_of(written: str) -> str:
    text = _whole(text_of(written, letters=NUMBER_LETTERS))
    if not PHONE.fullmatch(text) or sum(letter.isdigit() for letter in text) < FEWEST_DIGITS:
        raise ValueError("Write a number that can be dialled, such as 020 7946 0101 or +44 20 7946 0101.")
    return text


def levels_of(written: str) -> list[str]:
    """Vertebrae from the top down: "L1, t12" is T12 and L1. A range is not guessed at."""
    names = []
    for word in re.split(r"[\s,;/]+", written.strip().upper()):
        name = re.sub(r"^TH(?=\d)", "T", word)
        if name and name not in VERTEBRAE:
            raise ValueError("Write each vertebra by itself, such as T12, L1.")
        names.append(name)
    return sorted({name for name in names if name}, key=lambda name: ("CTLS".index(name[0]), int(name[1:])))


def same_name(one: str, other: str) -> bool:
    """Whether two names are written with the same words, in whatever order, with or without accents and capitals."""
    return plain_name(one) == plain_name(other)


def plain_name(name: str) -> tuple[str, ...]:
    plain = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c)).casefold()
    return tuple(sorted(re.findall(r"\w+", plain)))


def _no_formula(text: str) -> str:
    if text.startswith(FORMULA):
        raise ValueError(f"This begins with {text[0]}, as a formula does. Leave it out.")
    return text


def _whole(text: str) -> str:
    if SHORTENED.fullmatch(text):
        raise ValueError("A spreadsheet has shortened this number. Write all of its digits.")
    return text
