{#- What all of formgrader's pages extend: nbgrader's own, with one line of links above its body. -#}
{%- extends "nbgrader/base.tpl" -%}
{%- block body -%}
<p><a href="{{ base_url }}/by_hand" target="_blank">Grading by hand: all answers to a question on one page</a>
 · <a href="{{ base_url }}/grading" target="_blank">Grading: the class by one button, hand-ins as they come</a></p>
{{ super() }}
{%- endblock -%}
