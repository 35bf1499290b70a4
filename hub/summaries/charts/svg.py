"""SVG in a few functions: the same drawing always gives the same bytes, and needs nothing but itself.

Ink is `currentColor`, so that a page's text colour is the chart's, by day, by night and on paper; the classes `accent`,
`paper` and `halo` let a page's style set the two other colours. What is told apart is told apart by pattern, dash or
shape, and named in text beside it; colour only repeats it.
"""

from collections.abc import Sequence
from html import escape

WIDE = 720
"""The width of every chart, in its own units; text is twelve of them high."""
ACCENT, PAPER = "#2b62a8", "#ffffff"
FONT = "system-ui, -apple-system, Segoe UI, Roboto, DejaVu Sans, Libertinus Serif, sans-serif"
LINE = 15
"""From one line of text to the next."""

# What fills an area: each is known from the others by its lines alone.
_FILLS = {
    "hatched": ('<path d="M-2,2 l4,-4 M0,8 l8,-8 M6,10 l4,-4" {ink}/>', 8),
    "dotted": ('<circle cx="3" cy="3" r="1.3" fill="currentColor"/>', 6),
    "crossed": ('<path d="M0,0 l7,7 M7,0 l-7,7" {ink}/>', 7),
    "ruled": ('<path d="M0,2.5 h5" {ink}/>', 5),
}
_INK = 'stroke="currentColor" stroke-width="1.2" fill="none"'
FILLS = ("solid", *_FILLS)


def element(tag: str, body: str = "", /, **attributes: object) -> str:
    """One element; what is None is left out. `body` is SVG already, values of attributes are not."""
    said = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(_value(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{said}>{body}</{tag}>" if body else f"<{tag}{said}/>"


def _value(value: object) -> str:
    return f"{round(value, 2):g}" if isinstance(value, float) else str(value)


def text(x: float, y: float, words: str, **attributes: object) -> str:
    """Words whose line stands on (x, y); anchor="middle" or "end" moves them."""
    anchor = attributes.pop("anchor", None)
    return element("text", escape(words), x=float(x), y=float(y), text_anchor=anchor, **attributes)


def soft(x: float, y: float, words: str, **attributes: object) -> str:
    """Words that step back: names of axes and steps."""
    return text(x, y, words, fill_opacity=0.75, **attributes)


def over(x: float, y: float, words: str, **attributes: object) -> str:
    """Words over a pattern, with paper around them."""
    halo = {"stroke": PAPER, "stroke_width": 4, "stroke_linejoin": "round", "paint_order": "stroke", "class_": "halo"}
    return text(x, y, words, **halo, **attributes)


def line(x1: float, y1: float, x2: float, y2: float, **attributes: object) -> str:
    """A thin line of ink."""
    return element("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), stroke="currentColor", **attributes)


def area(key: str, x: float, y: float, width: float, height: float, fill: str) -> str:
    """A rectangle filled with one of FILLS, of the chart with this key; "empty" is its outline alone."""
    place = {"x": float(x), "y": float(y), "width": float(width), "height": float(height)}
    if fill == "solid":
        return element("rect", **place, fill=ACCENT, class_="accent", stroke="currentColor", stroke_width=0.8)
    inside = "none" if fill == "empty" else f"url(#{key}-{fill})"
    dash = "3 2" if fill == "empty" else None
    # Paper below, so that lines of the grid do not look like a part of the pattern.
    below = element("rect", **place, fill=PAPER, class_="paper")
    return below + element("rect", **place, fill=inside, stroke="currentColor", stroke_width=0.8, stroke_dasharray=dash)


def legend(key: str, x: float, y: float, entries: Sequence[tuple[str, str]]) -> str:
    """What the fills mean, in one line from (x, y) on."""
    drawn = ""
    for fill, words in entries:
        drawn += area(key, x, y - 10, 18, 11, fill) + text(x + 24, y, words)
        x += 44 + 7 * len(words)
    return drawn


def drawing(key: str, title: str, figures: str, height: float, body: str) -> str:
    """A whole chart, named and told in words for whoever does not see it."""
    patterns = "".join(
        element(
            "pattern",
            lines.replace("{ink}", _INK),
            id=f"{key}-{name}",
            width=size,
            height=size,
            patternUnits="userSpaceOnUse",
        )
        for name, (lines, size) in _FILLS.items()
        if f"url(#{key}-{name})" in body
    )
    named = element("title", escape(title), id=f"{key}-title") + element("desc", escape(figures), id=f"{key}-desc")
    return element(
        "svg",
        named + (element("defs", patterns) if patterns else "") + body,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDE} {height:g}",
        role="img",
        aria_labelledby=f"{key}-title {key}-desc",
        class_="chart",
        fill="currentColor",
        font_family=FONT,
        font_size=12,
    )
