"""Whether words carry a name, a date or a number: the comparison behind the evidence check."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

import snowballstemmer

_WORD: Final = re.compile(r"[^\W_]+")
_UNITS: Final = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS: Final = {1: "first", 2: "second", 3: "third", 4: "fourth", 10: "tenth"}
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_LITTLE_WORDS: Final = frozenset(
    [
        *(
            "a",
            "against",
            "among",
            "an",
            "and",
            "as",
            "at",
            "between",
            "by",
            "for",
            "from",
            "in",
            "into",
            "its",
        ),
        *("of", "on", "or", "other", "our", "that", "the", "their", "through", "to", "under", "which", "who"),
        *("whose", "with"),
    ]
)


def words_of(text: str) -> list[str]:
    """The words of ``text`` in lower case, without accents and possessive endings.

    >>> words_of("Côte d'Ivoire: the People's plan")
    ['cote', 'd', 'ivoire', 'the', 'people', 'plan']
    """
    text = re.sub(r"'s\b", "", text.replace("\u2019", "'"))
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return [word for word in _WORD.findall(plain) if word != "s"]


def significant_words(name: str, *, capitalized_only: bool = False) -> list[str]:
    """The words of ``name`` that carry its meaning; with ``capitalized_only``, those that look like names.

    A label that is a description rather than a name begins with a capital letter too, so its first word does
    not count there.

    >>> significant_words("Declaration on the Fight against Trafficking")
    ['Declaration', 'Fight', 'Trafficking']
    >>> significant_words("Report on the state of Africa", capitalized_only=True)
    ['Africa']
    """
    found = [
        word
        for word in re.findall(r"[^\W_]+(?:['\u2019][^\W_]+)?", name)
        if word.casefold() not in _LITTLE_WORDS
    ]
    if capitalized_only:
        first = re.match(r"\W*([^\W_]+)", name)
        head = first[1] if first else ""
        found = [word for word in found if word[0].isupper() and word != head]
    return found


def forms_of(words: Iterable[str]) -> set[str]:
    """What the forms of each of ``words`` have in common, for ``carries_word``.

    That is their stem in the Snowball algorithm for English, and, because it takes the s of "MoUs" for a part
    of the word, the word without its s.
    """
    words = set(words)
    return _stems_of(words) | {word.removesuffix("s") for word in words}


def carries_word(forms: set[str], word: str) -> bool:
    """Whether a text whose words have these ``forms`` includes ``word``, digits aside, in some form of it.

    >>> carries_word(forms_of(["prosecution"]), "prosecute")
    True
    """
    return _stems_of(part for part in words_of(word) if not part.isdigit()) <= forms


def _stems_of(words: Iterable[str]) -> set[str]:
    stemmer = snowballstemmer.stemmer("english")
    return {stemmer.stemWord(re.sub(r"is(?=(e|ing|ation)s?)", "iz", word)) for word in words}


def carries_number(text: str, number: int) -> bool:
    """Whether ``text`` gives ``number`` in digits or in English words; for zero, also as "no" or "none".

    >>> carries_number("forty-one countries", 41), carries_number("1,000 copies", 1000)
    (True, True)
    """
    plain = text.casefold().replace(",", "").replace("-", " ")
    spellings = [str(number), *_spellings(number)]
    return any(re.search(rf"\b{re.escape(spelling)}", plain) for spelling in spellings)


def carries_date(text: str, lexical: str) -> list[str]:
    """The parts of the date ``lexical`` (year, month, day) that ``text`` does not give.

    >>> carries_date("on 26 January 2010", "2010-01-26")
    []
    >>> carries_date("in January 2010", "2010-01-26")
    ['day 26']
    """
    parts = lexical.split("-")
    missing = []
    plain = text.casefold()
    year = parts[0]
    if not re.search(rf"(?<!\d){year}(?!\d)", plain):
        missing.append(f"year {year}")
    if len(parts) > 1 and not re.search(rf"\b{_MONTHS[int(parts[1]) - 1][:3].casefold()}", plain):
        missing.append(f"month {_MONTHS[int(parts[1]) - 1]}")
    if len(parts) > 2 and not re.search(rf"(?<!\d){int(parts[2])}(?!\d)", plain):
        missing.append(f"day {int(parts[2])}")
    return missing


def is_acronym_of(acronym: str, name: str) -> bool:
    """Whether ``acronym`` is made of letters with which the words of ``name`` begin, in their order.

    >>> is_acronym_of("UNODC", "United Nations Office on Drugs and Crime"), is_acronym_of("ILO", "Interpol")
    (True, False)
    """
    letters = acronym.casefold()
    initials = [word[0] for word in words_of(name) if word not in _LITTLE_WORDS]
    if not acronym.isupper() or len(initials) < 2 or not letters.isalpha():
        return False
    rest = iter(letters)
    return all(initial in rest for initial in initials)


def _spellings(number: int) -> list[str]:
    if number == 0:
        return ["zero", "no ", "none"]
    spelled = []
    if number < 20:
        spelled.append(_UNITS[number])
    elif number < 100:
        tens, unit = divmod(number, 10)
        spelled.append(f"{_TENS[tens - 2]} {_UNITS[unit]}" if unit else _TENS[tens - 2])
    if number in _ORDINALS:
        spelled.append(_ORDINALS[number])
    return spelled
