"""What of HTML and CSS may stay in a page that shows a student's work: lists, each as short as it can be."""

from __future__ import annotations

import re

from admin.pages import formulas

TEXT_TAGS = formulas.words(
    "a abbr b bdi bdo blockquote br caption center cite code col colgroup dd del details dfn div dl dt em "
    "figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strong sub "
    "summary sup table tbody td tfoot th thead time tr tt u ul var wbr"
)
DROPPED_WITH_CONTENT = formulas.words(
    "script style title textarea template noscript iframe object svg math xmp select head"
)
ATTRIBUTES = {
    "*": {"style", "title", "dir", "lang"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "table": {"border", "class"},
    "td": {"colspan", "rowspan", "align", "valign"},
    "th": {"colspan", "rowspan", "align", "valign", "scope"},
    "col": {"span"},
    "colgroup": {"span"},
    "ol": {"start"},
    "details": {"open"},
}
NUMBERS = formulas.words("width height border colspan rowspan span start")
# Elements that end each other, or hold nothing: however many follow each other, they are not in each other.
NEST_NOT = formulas.words(
    "p li dt dd tr td th thead tbody tfoot caption colgroup col option br hr img wbr input meta link"
)
# None of them can load a file, or move what it styles over the rest of the page.
STYLES = formulas.words(
    "background-color border border-bottom border-collapse border-color border-left border-right "
    "border-spacing border-style border-top border-width color font-family font-size font-style font-variant "
    "font-weight line-height max-width min-width overflow-x padding padding-bottom padding-left "
    "padding-right padding-top text-align text-decoration text-indent vertical-align white-space width "
    "word-break word-wrap"
)
# A value of a style: words, colours, and lengths that are not negative and not beyond these.
STYLE_VALUE = re.compile(r"(?:[\w\s#%.,'\"!-]|\b(?:rgb|hsl)a?\([\d\s.,%/]{1,60}\))*", re.IGNORECASE)
NUMBER = re.compile(r"(?<![\w#.])([-+]?)(\d*\.?\d+)(e[-+]?\d+)?([a-z%]*)", re.IGNORECASE)
GREATEST = {
    "": 1000, "%": 500, "px": 2000, "pt": 1500, "em": 50, "rem": 50, "ex": 100, "ch": 200, "cm": 50,
    "mm": 500, "in": 20, "vw": 100, "vh": 100, "deg": 360,
}  # fmt: skip
GREATEST_FONT = {"": 9, "%": 400, "px": 100, "pt": 75, "em": 4, "rem": 4, "ex": 8}
