"""Flesch-Kincaid school grade of a text, with syllables counted by their vowels."""

from __future__ import annotations

import re

_VOWELS = re.compile(r"[aeiouy]+")


def syllables(word: str) -> int:
    """Groups of vowels, without a silent final e; `-ed` and `-es` are silent after most consonants."""
    word = word.lower()
    if re.search(r"[^aeiouytd]ed$", word) or re.search(r"[^aeiouysxzcg]es$", word):
        word = word[:-2]
    elif word.endswith("e") and not word.endswith("le"):
        word = word[:-1]
    return max(1, len(_VOWELS.findall(word)))


def grade(text: str) -> float:
    """0.39 words per sentence + 11.8 syllables per word - 15.59."""
    sentences = max(1, len(re.findall(r"[.!?:](?:\s|$)", text)))
    words = re.findall(r"[A-Za-z']+", re.sub(r"\d+|\{\w+\}", "one", text))
    return 0.39 * len(words) / sentences + 11.8 * sum(map(syllables, words)) / len(words) - 15.59
