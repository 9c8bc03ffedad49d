"""TeX of students: what is on the list is drawn as MathML, and what is not stays text."""

from __future__ import annotations

import time

import pytest

from admin.pages import formulas

HONEST = [
    r"p_k = \frac{e^{z_k}}{\sum_j e^{z_j}}",
    r"\left\lfloor \frac{n + 2p - k}{s} \right\rfloor + 1",
    r"9216 \cdot 128 + 128 = 1{,}179{,}776",
    r"x_1 + x_2 + x_3 + x_4 + x_5 + x_6 + x_7 + x_8 + x_9 + x_{10} + x_{11} + x_{12} + x_{13} + x_{14}",
    r"\text{accuracy} < 98\,\% \quad \mathbb{R}^{28 \times 28} \to \mathcal{Y}",
    r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}",
    r"\begin{aligned} a &= b \\ &= c \end{aligned}",
    r"f(x) = \begin{cases} x & x > 0 \\ 0 & \text{else} \end{cases}",
    r"\displaystyle \sqrt[3]{x} \hat{y} \bar{x} \vec{v} \overline{AB} \operatorname{softmax}(z)",
    r"\arg\max_k p_k, \quad \lim_{n\to\infty} \int_0^1 x\,dx",
]


@pytest.mark.parametrize("tex", HONEST)
def test_honest_formulas_are_drawn(tex):
    """Does what the course and its students write come out as MathML, without a command left over?"""
    drawn = formulas.mathml(tex)
    assert drawn
    assert drawn.startswith("<math ")
    assert "\\" not in drawn


@pytest.mark.parametrize(
    "tex",
    [
        r"\href{javascript:alert(1)}{x}", r"\url{http://evil.example}", r"\style{position:fixed}{x}",
        r"\class{x}{y}", r"\cssId{x}{y}", r"\require{html}", r"\unicode{x41}", r"\def\x{y}", r"\let\x=\href",
        r"\newcommand{\x}{\x\x}\x", r"\data{x}{y}", r"\includegraphics{x}", r"\color{red}{x}",
        r"\hspace{-99em} x",
        r"\raise 99em x", r"\Huge x", r"\rule{99em}{99em}", r"\mmlToken{mi}[href=x]{y}",
        r"\begin{html}x\end{html}",
        r"\begin {pmatrix}x\end{filecontents}", r"\begin x", r"\tag{\href{x}{y}}", r"\text{\href{x}{y}}",
        "\\", r"\ü", r"a\hre\relax f{x}{y}", "\\hre\u200bf{x}{y}", "{" * 21 + "}" * 21, "x" * 2001,
    ],
)  # fmt: skip
def test_a_command_that_is_not_on_the_list_makes_a_formula_text(tex):
    """Links, styles, macros, lengths, depth: is none of them drawn?"""
    assert not formulas.harmless(tex)
    assert formulas.mathml(tex) is None


@pytest.mark.parametrize(
    "tex", ["<img src=x onerror=alert(1)>", r"\text{<script>alert(1)</script>}", 'x" onload="y']
)
def test_html_in_a_formula_is_text_of_the_formula(tex):
    """Is what a formula holds never a tag or an attribute?"""
    drawn = formulas.mathml(tex) or ""
    assert "<img" not in drawn
    assert "<script" not in drawn
    assert '"y' not in drawn


@pytest.mark.parametrize(
    "tex", ["}{", "^", "x^^2", r"\frac", r"\left( x", "&", r"\begin{matrix}", r"\sqrt[", "$", " "]
)
def test_what_is_not_tex_raises_nothing(tex):
    """Is a formula that cannot be read text, or drawn in some way, but no error?"""
    assert formulas.mathml(tex) is None or formulas.mathml(tex).startswith("<math ")


def test_every_command_of_the_list_is_known_to_the_converter():
    """Is no command allowed here that would stand in the page by its name?"""
    forms = ("{0} x", "{0}{{a}}", "{0}{{a}}{{b}}", r"\left( x {0})", "x {0}", "{0}( x", "{0}( x \\right)")
    unknown = [
        name
        for name in formulas.COMMANDS - {"begin", "end"}
        if not any(
            (drawn := formulas.mathml(form.format(f"\\{name}"))) and "\\" not in drawn for form in forms
        )
    ]
    assert not unknown


@pytest.mark.parametrize(
    "part", ["{", "(", "a", "&", r"\\", "'", "1", "_", "{a}", r"\sqrt", r"\alpha", r"\left("]
)
def test_the_longest_formula_takes_no_time(part):
    """2,000 characters of anything: are they drawn, or refused, at once?"""
    started = time.process_time()
    formulas.mathml((part * 2000)[: formulas.MAX_FORMULA])
    assert time.process_time() - started < 0.5
