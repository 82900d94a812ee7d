"""Charts as SVG text: no scripts, no fonts, nothing to load; sizes in user units, scaled by the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import polars as pl

# ColorBrewer sequential classes, without the palest that vanish on white
QUALITY = ("#a1dab4", "#41b6c4", "#2c7fb8", "#253494", "#081d58")
SHORTAGE = ("#fdd49e", "#fdbb84", "#fc8d59", "#d7301f", "#7f0000")

BAR_WIDTH, BAR_HEIGHT = 220, 18
LABEL = (44, 24)  # width and height that a label needs on a narrow screen


def interval_bar(mean: float, low: float, high: float, top: float) -> str:
    """Draw a mean with its interval on a scale from 0 to ``top``."""

    def x(value: float) -> float:
        return round(4 + (BAR_WIDTH - 8) * min(max(value / top, 0), 1), 1) if top > 0 else 4

    y = BAR_HEIGHT / 2
    return (
        f'<svg class="bar" viewBox="0 0 {BAR_WIDTH} {BAR_HEIGHT}" role="img" '
        f'aria-label="{mean:.4f}, 95% interval {low:.4f} to {high:.4f}">'
        f'<line x1="4" x2="{BAR_WIDTH - 4}" y1="{y}" y2="{y}" class="axis"/>'
        f'<line x1="{x(low)}" x2="{x(high)}" y1="{y}" y2="{y}" class="whisker"/>'
        f'<circle cx="{x(mean)}" cy="{y}" r="4.5" class="dot"/></svg>'
    )


def share_bar(share: float, exposure: float, top: float) -> str:
    """Draw a provider's exposure as a bar and its share of the catalogue as a mark."""
    scale = (BAR_WIDTH - 8) / top if top > 0 else 0
    return (
        f'<svg class="bar" viewBox="0 0 {BAR_WIDTH} {BAR_HEIGHT}" role="img" '
        f'aria-label="exposure {exposure:.1%}, share of the catalogue {share:.1%}">'
        f'<rect x="4" y="5" width="{exposure * scale:.1f}" height="8" class="fill"/>'
        f'<line x1="{4 + share * scale:.1f}" x2="{4 + share * scale:.1f}" y1="1" y2="17" class="mark"/>'
        "</svg>"
    )


def line_chart(
    x: Sequence[float],
    y: Sequence[float],
    labels: Sequence[str],
    names: tuple[str, str],
    spread: tuple[Sequence[float], Sequence[float]] = ((), ()),
) -> str:
    """Draw points joined in their order, each with a label; axes are cut to the data.

    ``spread`` are the lower and the upper ends of the intervals of y, if any.
    """
    width, height, left, bottom, right, top = 640, 330, 86, 50, 44, 26
    low, high = spread
    n, whiskers = len(y), len(low)
    xs, x_ticks = _scale(x, left, width - right)
    ends, y_ticks = _scale([*y, *low, *high], height - bottom, top)
    ys, lows, highs = ends[:n], ends[n : n + whiskers], ends[n + whiskers :]
    parts = [f'<svg class="chart" viewBox="0 0 {width} {height}" role="img">']
    for place, text in x_ticks:
        parts.append(
            f'<line x1="{place}" x2="{place}" y1="{top}" y2="{height - bottom}" class="grid"/>'
            f'<text x="{place}" y="{height - bottom + 18}" text-anchor="middle">{text}</text>'
        )
    for place, text in y_ticks:
        parts.append(
            f'<line x1="{left}" x2="{width - right}" y1="{place}" y2="{place}" class="grid"/>'
            f'<text x="{left - 8}" y="{place + 4}" text-anchor="end">{text}</text>'
        )
    parts += [
        f'<line x1="{a}" x2="{a}" y1="{b}" y2="{c}" class="spread"/>'
        for a, b, c in zip(xs[:whiskers], lows, highs, strict=True)
    ]
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(xs, ys, strict=True))
    parts.append(f'<polyline points="{path}" class="curve"/>')
    parts += [
        f'<circle cx="{a:.1f}" cy="{b:.1f}" r="5" class="dot"/>'
        for a, b in zip(xs, ys, strict=True)
    ]
    parts += [
        f'<text x="{xs[i] + 9:.1f}" y="{ys[i] - 7:.1f}" class="label">{escape(labels[i])}</text>'
        for i in _with_room(xs, ys)
    ]
    middle = (top + height - bottom) / 2
    parts.append(
        f'<text x="{(left + width - right) / 2}" y="{height - 6}" text-anchor="middle" '
        f'class="name">{escape(names[0])}</text>'
        f'<text x="16" y="{middle}" text-anchor="middle" class="name" '
        f'transform="rotate(-90 16 {middle})">{escape(names[1])}</text></svg>'
    )
    return "".join(parts)


@dataclass(frozen=True)
class DotMap:
    """A map of dots with its legend: (colour, text) for each class."""

    svg: str
    legend: list[tuple[str, str]]
    shown: int
    hidden: int


def dot_map(
    places: pl.DataFrame, value: str, people: str, colours: Sequence[str], spec: str
) -> DotMap:
    """Draw a dot for each place, coloured by quantile class of its value, hollow where unknown.

    Parameters
    ----------
    places : DataFrame
        ``name, latitude, longitude`` (degrees), the value's column and the column of its people.
    value, people : str
    colours : sequence of str
        One for each class, from low to high.
    spec : str
        Format of values in legend and tooltips.
    """
    width = 920.0
    latitude, longitude = places["latitude"].to_numpy(), places["longitude"].to_numpy()
    west, south = longitude.min() - 1, latitude.min() - 1
    # one degree is as long east as north near the equator; elsewhere it shrinks by the cosine
    squeeze = np.cos(np.radians(latitude.mean()))
    scale = width / ((longitude.max() + 1 - west) * squeeze)
    height = round(scale * (latitude.max() + 1 - south), 1)
    x = (longitude - west) * squeeze * scale
    y = height - (latitude - south) * scale
    values = places[value].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    known = ~np.isnan(values)
    inner = np.linspace(0, 1, len(colours) + 1)[1:-1]
    borders = np.unique(np.quantile(values[known], inner)) if known.any() else np.array([])
    used = colours[-len(borders) - 1 :]
    classes = np.searchsorted(borders, np.where(known, values, 0), side="right")
    dots = []
    for row in np.argsort(known, kind="stable"):  # hollow ones below
        name = escape(places["name"][int(row)])
        if known[row]:
            text = f"{name}: {values[row]:{spec}} ({places[people][int(row)]:,} people)"
            style = f'fill="{used[classes[row]]}" class="place"'
        else:
            text, style = f"{name}: too few people to say", 'class="place hollow"'
        dots.append(
            f'<circle cx="{x[row]:.1f}" cy="{y[row]:.1f}" r="5" {style}>'
            f"<title>{text}</title></circle>"
        )
    svg = f'<svg class="map" viewBox="0 0 {width:.0f} {height}" role="img">{"".join(dots)}</svg>'
    ends = [values[known].min(), *borders, values[known].max()] if known.any() else []
    legend = [
        (colour, f"{ends[i]:{spec}} to {ends[i + 1]:{spec}}")
        for i, colour in enumerate(used if known.any() else ())
    ]
    return DotMap(svg, legend, int(known.sum()), int((~known).sum()))


def _with_room(xs: Sequence[float], ys: Sequence[float]) -> list[int]:
    """Return the points whose labels do not overlap an earlier one; the ends come first."""
    kept: list[int] = []
    for i in dict.fromkeys([0, len(xs) - 1, *range(len(xs))]):
        if all(abs(xs[i] - xs[j]) >= LABEL[0] or abs(ys[i] - ys[j]) >= LABEL[1] for j in kept):
            kept.append(i)
    return kept


def _scale(
    values: Sequence[float], start: float, end: float
) -> tuple[list[float], list[tuple[float, str]]]:
    """Return places of the values, and of five ticks with their texts."""
    low, high = min(values), max(values)
    if high == low:
        low, high = low - 0.5, high + 0.5
    margin = (high - low) * 0.08
    low, high = low - margin, high + margin
    digits = max(2, int(np.ceil(-np.log10(high - low))) + 1)

    def place(value: float) -> float:
        return round(start + (end - start) * (value - low) / (high - low), 1)

    ticks = np.linspace(low + margin, high - margin, 5)
    return [place(v) for v in values], [(place(t), f"{t:.{digits}f}") for t in ticks]
