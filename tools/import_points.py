"""Write data/states/points.ttl: for each state one point inside its largest land, for a map.

    npm install --prefix FOLDER world-atlas@2.0.2
    python tools/import_points.py FOLDER/node_modules/world-atlas/countries-50m.json

The file is a TopoJSON topology of Natural Earth 4.1.0, which is in the public domain; a country bears its ISO
3166-1 numeric code, which is its M49 code. The point is the middle of the widest stretch of the country's
largest polygon at the latitude of that polygon's centroid, to a hundredth of a degree, so it lies inside.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox
from tables import dcterms, facts, resource, run, typed, write_graph_file

from tipgraph.errors import SourceError
from tipgraph.sources import Sources, read_text
from tipgraph.vocabulary import TIP

WGS84: Final = "http://www.w3.org/2003/01/geo/wgs84_pos#"
SOURCE: Final = resource("natural-earth")

Point = tuple[float, float]
Ring = list[Point]


def read_points(path: Path) -> dict[str, Point]:
    """M49 code → longitude and latitude of the point.

    Raises ``SourceError`` when ``path`` is no topology of countries.
    """
    try:
        topology = json.loads(read_text(path))
        arcs = _decode_arcs(topology)
        countries = topology["objects"]["countries"]["geometries"]
        return {
            country["id"]: _inner_point(_polygons(country, arcs)) for country in countries if "id" in country
        }
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise SourceError(
            f"{path} is no TopoJSON of countries: {error!r}", "give countries-50m.json of world-atlas"
        ) from error


def _decode_arcs(topology: dict[str, Any]) -> list[Ring]:
    """The arcs in degrees (TopoJSON, sections 2.1.2 and 2.1.3: each position is a difference, scaled)."""
    (scale_x, scale_y), (left, bottom) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for differences in topology["arcs"]:
        x = y = 0
        arc = []
        for dx, dy in differences:
            x, y = x + dx, y + dy
            arc.append((x * scale_x + left, y * scale_y + bottom))
        arcs.append(arc)
    return arcs


def _polygons(country: dict[str, Any], arcs: Sequence[Ring]) -> list[list[Ring]]:
    """The polygons of ``country``, each its outer ring and its holes."""
    polygons = country["arcs"] if country["type"] == "MultiPolygon" else [country["arcs"]]
    return [[_join(ring, arcs) for ring in polygon] for polygon in polygons]


def _join(ring: Sequence[int], arcs: Sequence[Ring]) -> Ring:
    """The arcs of ``ring`` in a row; ``~n`` stands for arc n backwards (TopoJSON, section 2.1.4)."""
    points: Ring = []
    for index in ring:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        points += arc[1:] if points else arc
    return points


def _inner_point(polygons: Sequence[list[Ring]]) -> Point:
    polygon = max(polygons, key=lambda rings: abs(_area_and_latitude(rings[0])[0]))
    latitude = _area_and_latitude(polygon[0])[1]
    crossings = sorted(x for ring in polygon for x in _crossings(ring, latitude))
    west, east = max(zip(crossings[::2], crossings[1::2], strict=True), key=lambda pair: pair[1] - pair[0])
    return (west + east) / 2, latitude


def _area_and_latitude(ring: Ring) -> tuple[float, float]:
    """The signed area of ``ring`` in square degrees, and the latitude of its centroid."""
    area = moment = 0.0
    for (x1, y1), (x2, y2) in pairwise(ring):
        cross = x1 * y2 - x2 * y1
        area += cross / 2
        moment += (y1 + y2) * cross / 6
    return area, moment / area if area else ring[0][1]


def _crossings(ring: Ring, latitude: float) -> Iterator[float]:
    """The longitudes at which ``ring`` crosses ``latitude``."""
    for (x1, y1), (x2, y2) in pairwise(ring):
        if (y1 > latitude) != (y2 > latitude):
            yield x1 + (latitude - y1) * (x2 - x1) / (y2 - y1)


def read_codes(sources: Sources) -> dict[str, ox.NamedNode]:
    """M49 code → state, as the other files of ``data/states/`` have them."""
    found = {}
    for path in sorted((sources.data / "states").glob("*.ttl")):
        for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE):
            if quad.predicate.value == f"{TIP}m49" and isinstance(quad.subject, ox.NamedNode):
                found[str(quad.object.value)] = quad.subject
    return found


def write_points(path: Path, output: Path, sources: Sources) -> list[str]:
    """Write the points of the topology ``path``; the names of the states that have none."""
    points = read_points(path)
    states = read_codes(sources)
    triples = [
        triple
        for code, state in states.items()
        if code in points
        for triple in facts(
            state,
            [
                (ox.NamedNode(f"{WGS84}long"), typed(f"{points[code][0]:.2f}", "decimal")),
                (ox.NamedNode(f"{WGS84}lat"), typed(f"{points[code][1]:.2f}", "decimal")),
                (dcterms("source"), SOURCE),
            ],
        )
    ]
    header = (
        "A point inside each state, for a map. Written by tools/import_points.py from Natural Earth 4.1.0."
    )
    write_graph_file(output, triples, sources, header)
    return sorted(state.value for code, state in states.items() if code not in points)


def main() -> int:
    """Run the command line; the exit code."""
    parser = argparse.ArgumentParser(description="Write data/states/points.ttl from a topology of countries.")
    parser.add_argument("topology", type=Path, metavar="COUNTRIES.JSON")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: data/states/points.ttl")
    arguments = parser.parse_args()

    def work(sources: Sources) -> None:
        output = arguments.output or sources.data / "states" / "points.ttl"
        without = write_points(arguments.topology, output, sources)
        print(output)
        print(f"states without a point: {', '.join(without) or 'none'}")

    return run(work)


if __name__ == "__main__":
    sys.exit(main())
