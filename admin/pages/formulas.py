r"""TeX in what students write: which of it may stand, and MathML for pages that run no script.

MathJax reads TeX in the reader's browser, where \href, \style or \require act with the reader's rights, and
it is loaded from another machine. Pages of ours hold formulas as MathML instead, which browsers draw by
themselves. TeX is read here, by the list of what is harmless: a command that is not on it makes the formula
text.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

from latex2mathml.converter import convert

MAX_FORMULA = 2000
MAX_GROUP_DEPTH = 20


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Symbols, functions, accents, fractions, fonts, and space of a fixed width. Not here: all that defines
# commands (\def, \newcommand, \let), loads or links (\require, \href, \url), styles (\style, \class, \color,
# \Huge), or takes a length (\hspace, \raise, \rule).
COMMANDS = words(
    """
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi omicron
    pi varpi rho varrho sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi
    Sigma Upsilon Phi Psi Omega ell hbar imath jmath Re Im wp aleph nabla partial infty emptyset
    varnothing prime backslash angle triangle square Box Diamond star bullet dagger ddagger degree surd
    top bot forall exists nexists neg lnot flat sharp natural checkmark sum prod coprod int iint iiint
    oint bigcup bigcap bigoplus bigotimes bigodot bigvee bigwedge bigsqcup pm mp times div cdot cdotp ast
    circ oplus ominus otimes oslash odot cup cap setminus sqcup sqcap vee wedge land lor uplus amalg wr le
    leq leqslant ge geq geqslant ne neq lt gt ll gg approx approxeq sim simeq cong equiv doteq propto
    asymp prec succ preceq succeq subset supset subseteq supseteq subsetneq supsetneq sqsubseteq
    sqsupseteq in ni notin not perp parallel mid nmid models vdash dashv smile frown lesssim gtrsim
    triangleq coloneqq to gets leftarrow rightarrow uparrow downarrow leftrightarrow updownarrow Leftarrow
    Rightarrow Uparrow Downarrow Leftrightarrow longleftarrow longrightarrow longleftrightarrow
    Longleftarrow Longrightarrow Longleftrightarrow mapsto longmapsto hookrightarrow hookleftarrow nearrow
    searrow swarrow nwarrow implies impliedby iff rightharpoonup leftharpoonup rightleftharpoons leadsto
    dots ldots cdots vdots ddots dotsb dotsc dotsm colon vert Vert lvert rvert
    lVert rVert lbrace rbrace lbrack rbrack langle rangle lfloor rfloor lceil rceil arccos arcsin arctan
    arg cos cosh cot coth csc deg det dim exp gcd hom inf ker lg lim liminf limsup ln log max min mod bmod
    pmod Pr sec sin sinh sup tan tanh argmax argmin operatorname frac dfrac tfrac cfrac binom dbinom
    tbinom sqrt overline underline overbrace underbrace overset underset stackrel substack limits
    boxed hat widehat tilde widetilde bar vec dot ddot acute grave breve check mathring overrightarrow
    overleftarrow left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr mathrm
    mathbf mathit mathsf mathtt mathbb mathcal mathfrak mathscr boldsymbol bm text textbf textit textrm
    textsf texttt textnormal displaystyle textstyle scriptstyle quad qquad begin end
    """
)
SIGNS = frozenset(r"\{}|,;:!> %#&_$")
ENVIRONMENTS = words(
    "matrix pmatrix bmatrix Bmatrix vmatrix Vmatrix smallmatrix cases align align* aligned split array "
    "eqnarray eqnarray* equation equation* gather gather* gathered"
)
# What latex2mathml does not know, drawn as what comes nearest; numbers of equations are left out.
DRAWN_AS = {
    **dict.fromkeys(("aligned", "eqnarray", "eqnarray*"), "align"),
    **dict.fromkeys(("equation", "equation*", "gather", "gather*", "gathered"), "matrix"),
}
# TeX sets the name of a function apart from its argument; latex2mathml does so for an operator's.
FUNCTION = re.compile(
    r"\\(arg|arccos|arcsin|arctan|cos|cosh|cot|deg|dim|exp|ln|log|sin|sinh|tan|tanh)(?![a-zA-Z])"
)
COMMAND = re.compile(r"\\([A-Za-z]+|.)?", re.DOTALL)
ENVIRONMENT = re.compile(r"\\(begin|end)\s*(?:\{([A-Za-z]{1,20}\*?)\})?")

ELEMENTS = words(
    "math mrow mi mn mo mtext mspace ms msub msup msubsup munder mover munderover mfrac msqrt mroot mtable "
    "mtr mtd mstyle mpadded mphantom menclose mfenced"
)
MATHML = "{http://www.w3.org/1998/Math/MathML}"
ATTRIBUTE = re.compile(
    r"accent(?:under)?|column(?:align|lines|spacing)|display(?:style)?|fence|form|largeop|linethickness|lspace"
    r"|m(?:ax|in)size|mathvariant|movablelimits|notation|row(?:lines|spacing)|rspace|scriptlevel|separator"
    r"|stretchy|symmetric|width|xml:space"
)
VALUE = re.compile(r"[\w\s.%-]{0,60}")


def harmless(tex: str) -> bool:
    """True for a formula that is short, not deep, and made of commands of the list only."""
    if len(tex) > MAX_FORMULA or _depth(tex) > MAX_GROUP_DEPTH:
        return False
    names = (match[1] for match in COMMAND.finditer(tex))
    if not all(name and (name in COMMANDS or name in SIGNS or name.isspace()) for name in names):
        return False
    return all(match[2] in ENVIRONMENTS for match in ENVIRONMENT.finditer(tex))


def mathml(tex: str, display: str = "inline") -> str | None:
    """The formula for a page, as MathML; None for one that is not harmless or not TeX.

    `display` is "inline" or "block".
    """
    if not tex.strip() or not harmless(tex):
        return None
    try:
        element = convert(FUNCTION.sub(r"\\operatorname{\1}", ENVIRONMENT.sub(_drawn, tex)), display=display)
        root = ElementTree.fromstring(element)
    except Exception:  # what is not TeX raises many things, RecursionError and IndexError among them
        return None
    for child in root.iter():
        if child.tag.removeprefix(MATHML) not in ELEMENTS:
            return None
        if not all(ATTRIBUTE.fullmatch(name) and VALUE.fullmatch(value) for name, value in child.items()):
            return None
    return element


def _drawn(match: re.Match[str]) -> str:
    return rf"\{match[1]}{{{DRAWN_AS.get(match[2], match[2])}}}"


def _depth(tex: str) -> int:
    """How deep groups in braces lie in each other, at most."""
    depth = deepest = 0
    for brace in re.findall(r"[{}]", tex):
        depth += 1 if brace == "{" else -1
        deepest = max(deepest, depth)
    return deepest
