"""Which media type to answer with: the ``Accept`` header of RFC 9110, section 12.5.1."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

_NAME: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED: Final = r'"(?:[^"\\]|\\.)*"'
_ELEMENT: Final = re.compile(rf"(?:[^,\"]|{_QUOTED})+")
_MEDIA_TYPE: Final = re.compile(rf"\s*({_NAME})/({_NAME})\s*")
_PARAMETER: Final = re.compile(rf";\s*(?:({_NAME})=({_NAME}|{_QUOTED})\s*)?")
_LONGEST: Final = 8192
"""Characters of a header that are read; no honest client sends more, and parsing must stay cheap."""
_PLAIN: Final = re.compile(r"[a-z0-9.+-]+")
_WEIGHT: Final = re.compile(r"(?:0?\.[0-9]{1,3}|0\.?|1(?:\.0{0,3})?)")


@dataclass(frozen=True, slots=True)
class MediaRange:
    """One element of an ``Accept`` header: a media type, ``type/*`` or ``*/*`` with its weight.

    Names are in lower case; ``parameters`` are those of the media type, without the weight.
    """

    type: str
    subtype: str
    parameters: frozenset[tuple[str, str]] = frozenset()
    weight: float = 1.0

    @property
    def specificity(self) -> int:
        """How closely the range names a media type: 0 for ``*/*``, 1 for ``type/*``, 2 and more for one."""
        if self.type == "*":
            return 0
        return 1 if self.subtype == "*" else 2 + len(self.parameters)

    def includes(self, media_type: MediaRange) -> bool:
        """Whether ``media_type`` falls into this range; a ``charset`` is never a reason that it does not."""
        if self.type not in ("*", media_type.type) or self.subtype not in ("*", media_type.subtype):
            return False
        return {wanted for wanted in self.parameters if wanted[0] != "charset"} <= media_type.parameters


def parse_accept(header: str) -> tuple[MediaRange, ...]:
    """The media ranges of an ``Accept`` header in its order; elements that are not well-formed are left out.

    A bare ``*``, which Java's own client sends, stands for ``*/*``.

    >>> [(f"{found.type}/{found.subtype}", found.weight) for found in parse_accept("text/turtle, */*;q=0.1")]
    [('text/turtle', 1.0), ('*/*', 0.1)]
    """
    return tuple(_parse_elements(header))


def negotiate(header: str | None, offers: Iterable[str]) -> str | None:
    """The offered media type that the client wants most, or ``None`` when it wants none of them.

    The weight of an offer is that of the most specific range that includes it. Among equal weights the more
    specific range wins, then the one that the client named first, then the first offer. Without a header, or
    with one that holds no well-formed range, the first offer is what the client gets. A ``profile`` that no
    offer has is overlooked where there would be no answer else.

    >>> negotiate("application/*;q=0.5, text/csv", ["application/json", "text/csv"])
    'text/csv'
    >>> negotiate("image/png", ["application/json", "text/csv"]) is None
    True
    """
    offered = list(offers)
    ranges = parse_accept(header or "") or (MediaRange("*", "*"),)
    chosen = _choose(ranges, offered)
    if chosen is None:
        # A profile asks for a form of the same thing (RFC 6906); JSON-LD without it is better than none.
        chosen = _choose(tuple(map(_without_profile, ranges)), offered)
    return chosen


def _choose(ranges: tuple[MediaRange, ...], offered: Iterable[str]) -> str | None:
    best: tuple[tuple[float, int, int], str] | None = None
    for offer in offered:
        rank = _rank(ranges, _parse_offer(offer))
        if rank is not None and (best is None or rank > best[0]):
            best = rank, offer
    return best[1] if best else None


def _without_profile(found: MediaRange) -> MediaRange:
    # What is refused with a profile is not refused without it.
    parameters = frozenset(one for one in found.parameters if one[0] != "profile" or not found.weight)
    return replace(found, parameters=parameters)


def _rank(ranges: tuple[MediaRange, ...], offer: MediaRange) -> tuple[float, int, int] | None:
    """Weight, specificity and place of the range that decides on ``offer``; ``None`` when it is refused."""
    deciding = max(
        (
            (found.specificity, -place, found.weight)
            for place, found in enumerate(ranges)
            if found.includes(offer)
        ),
        default=None,
    )
    if deciding is None or deciding[2] == 0:
        return None
    specificity, place, weight = deciding
    return weight, specificity, place


def _parse_offer(offer: str) -> MediaRange:
    main, _, sub = offer.partition("/")
    if _PLAIN.fullmatch(main) and _PLAIN.fullmatch(sub):
        # What nearly every offer is, and servers parse them for each request.
        return MediaRange(main, sub)
    parsed = parse_accept(offer)
    if len(parsed) != 1 or "*" in (parsed[0].type, parsed[0].subtype):
        raise ValueError(f"{offer!r} is not a media type")
    return parsed[0]


def _parse_elements(header: str) -> Iterator[MediaRange]:
    for element in _ELEMENT.findall(header[:_LONGEST]):
        text = element.strip()
        if text == "*" or re.match(r"\*\s*;", text):
            text = "*/*" + text[1:]
        found = _MEDIA_TYPE.match(text)
        if found is None:
            continue
        main, sub = found[1].lower(), found[2].lower()
        parameters = _parse_parameters(text[found.end() :])
        if parameters is None or (main == "*" and sub != "*"):
            continue
        weight = parameters.get("q", "1")
        if _WEIGHT.fullmatch(weight):
            # Whatever follows the weight was an extension that RFC 9110 dropped; it says nothing of the type.
            names = list(parameters)
            own = names[: names.index("q")] if "q" in parameters else names
            yield MediaRange(main, sub, frozenset((name, parameters[name]) for name in own), float(weight))


def _parse_parameters(text: str) -> Mapping[str, str] | None:
    """Parameter name, in lower case, → value without quotes; ``None`` when ``text`` is not well-formed."""
    parameters: dict[str, str] = {}
    position = 0
    while position < len(text):
        found = _PARAMETER.match(text, position)
        if found is None:
            return None
        position = found.end()
        if found[1]:
            value = re.sub(r"\\(.)", r"\1", found[2][1:-1]) if found[2].startswith('"') else found[2]
            parameters.setdefault(found[1].lower(), value)
    return parameters
