"""Pictures of scores as small SVG of our own: intervals side by side, dots by label or slice, reliability."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDE, NARROW = 840, 350  # pixels; a page shows the one that fits it
LETTER = 7.3  # of a name at 13 px, about
SHAPES = ("circle", "square", "triangle", "cross", "plus", "bar")  # a reader is a diamond
COLOURS = ("--c0", "--c1", "--c2", "--c4", "--c5")
LONGEST = 30  # characters of a name in a picture
MOST = 40  # rows in a picture of dots
STYLE = """<style>
svg{--surface:#fff;--ink:#1f2328;--muted:#59636e;--line:#d8dbe0;--floor:#6b7280;--c0:#0b63a5;--c1:#b3450a;
--c2:#00795a;--c3:#93397a;--c4:#7a5c00;--c5:#51606d;font:13px system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
@media (prefers-color-scheme:dark){svg{--surface:#0d1117;--ink:#e8e6e1;--muted:#a8adb5;--line:#3a4048;--floor:#a0a7b1;
--c0:#6cb6f5;--c1:#f59a62;--c2:#4fd1a5;--c3:#e59bd0;--c4:#e0c15a;--c5:#b6c2cd}}
text{fill:var(--ink)}.muted{fill:var(--muted)}.grid{stroke:var(--line)}.num{font-variant-numeric:tabular-nums}
</style>"""  # for a picture that stands by itself; a page brings its own


@dataclass(frozen=True)
class Point:
    """One score in a picture; `value` may be nan, ends None where there is no interval."""

    name: str
    role: str  # model, floor or reader
    value: float
    low: float | None
    high: float | None
    series: int = 0  # its colour and shape where several stand in one row


@dataclass(frozen=True)
class Axis:
    """Values along a line of pixels."""

    start: float
    end: float
    left: float
    right: float
    ticks: tuple[float, ...]

    def __call__(self, value: float) -> float:
        share = (value - self.start) / (self.end - self.start)
        return self.left + share * (self.right - self.left)


def forest(points: Sequence[Point], *, metric: str, width: int = WIDE, style: bool = False) -> str:
    """Every result on one task in the order given, with its interval: models filled, floors hollow, readers diamonds.

    A dashed line stands at the best floor, a dotted one at the best reader.
    """
    narrow = width < 500
    names = [_short(point.name) for point in points]
    wide = max(len(name) + (0 if one.role == "model" else 9) for name, one in zip(names, points, strict=True))
    left = 12.0 if narrow else min(280.0, wide * LETTER + 18)
    right = width - (12.0 if narrow else 165.0)
    axis = _axis(points, left, right)
    step, top = (44, 8) if narrow else (30, 8)
    height = top + step * len(points) + 46
    parts = [*_grid(axis, top, top + step * len(points)), *_guides(points, axis, top, top + step * len(points))]
    for i, (point, name) in enumerate(zip(points, names, strict=True)):
        y = top + step * i + (29 if narrow else step / 2)
        shown = _shown(point)
        text_y = y - 13 if narrow else y + 4.5
        parts.append(f'<text x="0" y="{text_y:g}">{escape(name)}{_suffix(point)}</text>')
        anchor = f'x="{width}" y="{text_y:g}" text-anchor="end" class="num"'
        parts.append(f"<text {anchor}>{shown}</text>")
        parts += _whisker(axis, point, y, _colour(point, -1))
    parts += _foot(axis, metric, top + step * len(points) + 16, width)
    said = "; ".join(f"{point.name} {_shown(point)}" for point in points)
    return _svg(parts, width, height, f"{metric} with 95 % intervals: {said}", style)


def dots(
    rows: Sequence[tuple[str, str]],
    points: Sequence[Sequence[Point]],
    *,
    metric: str,
    width: int = WIDE,
    style: bool = False,
) -> str:
    """A row for each label or slice with its n, and in it each model's score in a lane, shape and colour of its own.

    `points[r]` are those of row r, `rows[r]` its name and its n in words.
    """
    narrow = width < 500
    names = [(_short(name), n) for name, n in rows]
    series = 1 + max((point.series for own in points for point in own), default=0)
    longest = max((len(name) for name, _ in names), default=0)
    left = 12.0 if narrow else min(250.0, longest * LETTER + 90)
    axis = _axis([point for own in points for point in own], left, width - 14.0)
    lane, head = 10, 20 if narrow else 6
    step, top = head + lane * series + 4, 4
    bottom = top + step * len(rows)
    parts = list(_grid(axis, top, bottom))
    for r, ((name, n), own) in enumerate(zip(names, points, strict=True)):
        y = top + step * r
        text_y = y + 14 if narrow else y + step / 2 + 4
        parts.append(f'<line class="grid" x1="0" x2="{width}" y1="{y:g}" y2="{y:g}"/>')
        parts.append(f'<text x="0" y="{text_y:g}">{escape(name)}</text>')
        far = width if narrow else left - 14
        parts.append(f'<text x="{far:g}" y="{text_y:g}" text-anchor="end" class="muted num">{escape(n)}</text>')
        for point in own:
            parts += _whisker(axis, point, y + head + lane * point.series + lane / 2, _colour(point, point.series), 4)
    parts += _foot(axis, metric, bottom + 16, width)
    said = "; ".join(f"{name} ({n})" for name, n in rows)
    return _svg(parts, width, bottom + 46, f"{metric} of each: {said}. The numbers stand in the table.", style)


def legend(points: Sequence[Point]) -> Iterator[tuple[str, str]]:
    """The sign of each series as a little SVG, and its name."""
    for point in points:
        sign = "".join(_sign(point, 8, 8, _colour(point, point.series), 5))
        yield (
            f'<svg class="sign" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">{sign}</svg>',
            point.name,
        )


def reliability(bins: Sequence[tuple[float, float, int]], *, name: str, style: bool = False) -> str:
    """Mean confidence and share right of each bin, a square with the diagonal on which both are equal."""
    size, left, top = 260.0, 54.0, 10.0
    most = max((n for _, _, n in bins), default=1)
    at = Axis(0, 1, left, left + size, tuple(i / 5 for i in range(6)))
    parts = []
    for tick in at.ticks:
        x, y = at(tick), top + size - (at(tick) - left)
        parts.append(f'<line class="grid" x1="{x:g}" x2="{x:g}" y1="{top:g}" y2="{top + size:g}"/>')
        parts.append(f'<line class="grid" x1="{left:g}" x2="{left + size:g}" y1="{y:g}" y2="{y:g}"/>')
        parts.append(f'<text class="muted num" x="{x:g}" y="{top + size + 17:g}" text-anchor="middle">{tick:g}</text>')
        parts.append(f'<text class="muted num" x="{left - 7:g}" y="{y + 4:g}" text-anchor="end">{tick:g}</text>')
    corner = f'x1="{left:g}" y1="{top + size:g}" x2="{left + size:g}" y2="{top:g}"'
    parts.append(f'<line {corner} stroke="var(--muted)" stroke-dasharray="5 4"/>')
    for confidence, right, n in bins:
        x, y = at(confidence), top + size - right * size
        radius = 3 + 7 * math.sqrt(n / most)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="var(--c0)" fill-opacity=".75"/>')
    middle = left + size / 2
    parts.append(f'<text class="muted" x="{middle:g}" y="{top + size + 36:g}" text-anchor="middle">confidence</text>')
    turned = f'transform="rotate(-90 11 {top + size / 2:g})"'
    parts.append(f'<text class="muted" x="11" y="{top + size / 2:g}" text-anchor="middle" {turned}>share right</text>')
    said = "; ".join(f"{c:.2f} said, {r:.2f} right, n {n}" for c, r, n in bins)
    return _svg(parts, int(left + size + 14), int(top + size + 44), f"Reliability of {name}: {said}", style)


def _axis(points: Sequence[Point], left: float, right: float) -> Axis:
    """Round ticks around all that is drawn."""
    ends = [end for point in points for end in (point.low, point.value, point.high) if end is not None and end == end]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    if high - low < 1e-9:
        low, high = low - 0.05, high + 0.05
    raw = (high - low) / max(3.0, (right - left) / 90)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(times * power for times in (1, 2, 5, 10) if times * power >= raw - 1e-12)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(round(i * step, 10) for i in range(first, last + 1))
    return Axis(ticks[0], ticks[-1], left, right, ticks)


def _grid(axis: Axis, top: float, bottom: float) -> Iterator[str]:
    for tick in axis.ticks:
        yield f'<line class="grid" x1="{axis(tick):.1f}" x2="{axis(tick):.1f}" y1="{top:g}" y2="{bottom:g}"/>'


def _foot(axis: Axis, metric: str, y: float, width: int) -> Iterator[str]:
    for tick in axis.ticks:
        yield f'<text class="muted num" x="{axis(tick):.1f}" y="{y:g}" text-anchor="middle">{tick:g}</text>'
    middle = (axis.left + axis.right) / 2
    yield f'<text class="muted" x="{middle:.1f}" y="{y + 20:g}" text-anchor="middle">{escape(metric)}</text>'


def _guides(points: Sequence[Point], axis: Axis, top: float, bottom: float) -> Iterator[str]:
    """Lines at the first, which is the best, of the floors and of the readers."""
    for role, dashes in (("floor", "5 4"), ("reader", "1.5 4")):
        best = next((point for point in points if point.role == role and point.value == point.value), None)
        if best is not None:
            x = f'x1="{axis(best.value):.1f}" x2="{axis(best.value):.1f}" y1="{top:g}" y2="{bottom:g}"'
            yield f'<line {x} stroke="var(--floor)" stroke-width="1.5" stroke-dasharray="{dashes}"/>'


def _whisker(axis: Axis, point: Point, y: float, colour: str, size: float = 5.5) -> Iterator[str]:
    if point.value != point.value:
        return
    if point.low is not None and point.high is not None:
        ends = f'x1="{axis(point.low):.1f}" x2="{axis(point.high):.1f}" y1="{y:g}" y2="{y:g}"'
        yield f'<line {ends} stroke="{colour}" stroke-width="{2 if size > 5 else 1.5}"/>'
    yield from _sign(point, axis(point.value), y, colour, size)


def _sign(point: Point, x: float, y: float, colour: str, r: float) -> Iterator[str]:
    """The shape of a point: filled for a model, hollow for a floor, a diamond for a reader."""
    shape = "diamond" if point.role == "reader" else SHAPES[point.series % len(SHAPES)]
    hollow = point.role != "model"
    paint = f'fill="{"var(--surface, #fff)" if hollow else colour}" stroke="{colour}" stroke-width="1.8"'
    lines = f'fill="none" stroke="{colour}" stroke-width="2.4"'
    x, y = round(x, 1), round(y, 1)
    match shape:
        case "circle":
            yield f'<circle cx="{x}" cy="{y}" r="{r - 0.5:g}" {paint}/>'
        case "square":
            yield f'<rect x="{x - r + 1:g}" y="{y - r + 1:g}" width="{2 * r - 2:g}" height="{2 * r - 2:g}" {paint}/>'
        case "triangle":
            yield f'<path d="M{x:g} {y - r:g}l{r:g} {1.8 * r:g}h{-2 * r:g}z" {paint}/>'
        case "diamond":
            a = r + 1
            yield f'<path d="M{x:g} {y - a:g}l{a:g} {a:g}l{-a:g} {a:g}l{-a:g} {-a:g}z" {paint}/>'
        case "cross":
            a = r - 1
            yield f'<path d="M{x - a:g} {y - a:g}l{2 * a:g} {2 * a:g}m0 {-2 * a:g}l{-2 * a:g} {2 * a:g}" {lines}/>'
        case "plus":
            yield f'<path d="M{x - r:g} {y:g}h{2 * r:g}M{x:g} {y - r:g}v{2 * r:g}" {lines}/>'
        case _:
            yield f'<path d="M{x:g} {y - r:g}v{2 * r:g}" {lines}/>'


def _colour(point: Point, series: int) -> str:
    if point.role == "floor" and series < 0:
        return "var(--floor)"
    return "var(--c3)" if point.role == "reader" else f"var({COLOURS[max(series, 0) % len(COLOURS)]})"


def _suffix(point: Point) -> str:
    return "" if point.role == "model" else f'<tspan class="muted"> · {point.role}</tspan>'


def _shown(point: Point) -> str:
    if point.value != point.value:
        return "not defined"
    ends = "" if point.low is None or point.high is None else f" [{point.low:.3f}, {point.high:.3f}]"
    return f"{point.value:.3f}{ends}"


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def _svg(parts: Sequence[str], width: float, height: float, said: str, style: bool) -> str:
    own = ' xmlns="http://www.w3.org/2000/svg"' if style else ""
    size = f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
    return f'<svg{own} {size} role="img" aria-label="{escape(said)}">{STYLE if style else ""}{"".join(parts)}</svg>'
