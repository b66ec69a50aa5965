"""The pages of the study: an executed notebook as HTML, and the index of all notebooks.

Every page is one file that is complete without a network: figures are embedded, formulas are MathML, and no
script is fetched from elsewhere.
"""

from __future__ import annotations

import base64
import html
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """What the index says about one notebook.

    ``page`` is the address of its page, empty if there is none; ``headline`` a PNG picture, possibly empty;
    ``left_out`` the reason why it was not run, empty if it was.
    """

    title: str
    question: str
    page: str
    headline: bytes
    seconds: float | None
    failed: bool
    left_out: str


def notebook_page(title: str, executed: dict) -> str:
    """The notebook as a page that is complete without a network: no remote scripts, formulas as MathML."""
    import jinja2
    from nbconvert import HTMLExporter

    class PageExporter(HTMLExporter):
        @jinja2.pass_context
        def markdown2html(self, context: jinja2.runtime.Context, source: str) -> str:
            text, formulas = set_aside_formulas(source)
            return put_back(super().markdown2html(context, text), formulas)

    exporter = PageExporter(
        template_name="lab",
        embed_images=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        mathjax_url="",
        require_js_url="",
        jquery_url="",
        mermaid_js_url="",
        widget_renderer_url="",
    )
    page, _ = exporter.from_notebook_node(executed, {"metadata": {"name": plain(title)}})
    # What is left of the machinery that fetches MathJax and mermaid would only fail.
    page = re.sub(r"<script\b(?![^>]*application/(?:json|vnd))[^>]*>.*?</script>", "", page, flags=re.S)
    bar = '<nav style="max-width:1100px;margin:0 auto;padding:14px 24px 0;font:15px system-ui,sans-serif">'
    bar += '<a href="index.html" style="color:#3b5b92;text-decoration:none">&larr; all notebooks</a></nav>'
    style = "<style>main{max-width:1100px;margin:0 auto} math{font-size:1.15em}</style></head>"
    page = page.replace("</head>", style, 1)
    return re.sub(r"(<body[^>]*>)", lambda body: body[1] + bar, page, count=1)


CODE_OR_FORMULA = re.compile(
    r"(```.*?```|`[^`\n]*`)"  # code
    r"|\$\$(.+?)\$\$"  # a formula on its own
    r"|(?<![\\$\w])\$([^$\s](?:[^$\n]*[^$\s\\])?)\$(?!\d)",  # one in a sentence, and no sum in dollars
    re.DOTALL,
)


def set_aside_formulas(source: str) -> tuple[str, dict[str, str]]:
    """Put a mark in the place of each formula, and give what each mark stands for, in MathML."""
    formulas: list[str] = []

    def mark(found: re.Match[str]) -> str:
        if found[1]:  # code: a dollar in it is a dollar
            return found[1]
        formulas.append(f"$${found[2].strip()}$$" if found[2] else f"${found[3]}$")
        return f"FORMULA{len(formulas)}ENDS"

    text = CODE_OR_FORMULA.sub(mark, source)
    if not formulas:
        return source, {}
    import pypandoc

    page = pypandoc.convert_text("\n\n".join(formulas), "html5", "markdown", extra_args=["--mathml"])
    rendered = re.findall(r"<math.*?</math>", page, re.S)
    if len(rendered) != len(formulas):  # one that pandoc cannot read: all stay as they were typed
        return source, {}
    return text, {f"FORMULA{k}ENDS": math for k, math in enumerate(rendered, start=1)}


def put_back(page: str, formulas: dict[str, str]) -> str:
    for mark, math in formulas.items():
        page = page.replace(mark, math)
    return page


def plain(text: str) -> str:
    """Markdown text without its signs."""
    return re.sub(r"[*`$]|\[([^]]*)]\([^)]*\)", lambda found: found[1] or "", text)


def inline(text: str) -> str:
    """The few signs of Markdown that a title or a question has, as HTML."""
    text = html.escape(text, quote=False)
    text = re.sub(r"\[([^]]*)]\([^)]*\)", r"\1", text)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    text = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", text)
    return re.sub(r"(?<!\w)[*_]([^*_]+)[*_](?!\w)", r"<em>\1</em>", text)


PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>coplearn: the study</title>
<style>
:root {{ --ink: #1f2733; --soft: #5d6878; --line: #e3e6eb; --accent: #3b5b92; --paper: #fbfbf9; }}
* {{ box-sizing: border-box; }}
body {{ margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", "Liberation Sans", "DejaVu Sans", sans-serif; }}
header, main, footer {{ max-width: 1080px; margin: 0 auto; padding: 0 28px; }}
header {{ padding-top: 56px; padding-bottom: 28px; }}
h1 {{ font-size: 34px; line-height: 1.2; margin: 0 0 10px; letter-spacing: -0.01em; }}
header p {{ max-width: 46em; color: var(--soft); margin: 0 0 20px; font-size: 17px; }}
a {{ color: var(--accent); text-decoration: none; }}
a:hover {{ text-decoration: underline; }}
.button {{ display: inline-block; background: var(--accent); color: #fff; padding: 9px 18px;
  border-radius: 6px; }}
main {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(440px, 1fr)); gap: 28px;
  align-items: start; }}
@media (max-width: 540px) {{ main {{ grid-template-columns: 1fr; }} }}
article {{ background: #fff; border: 1px solid var(--line); border-radius: 10px; overflow: hidden;
  display: flex; flex-direction: column; }}
.figure {{ display: flex; align-items: center; justify-content: center; height: 300px; padding: 14px;
  border-bottom: 1px solid var(--line); background: #fff; }}
.figure img {{ max-width: 100%; max-height: 100%; object-fit: contain; }}
.words {{ padding: 20px 24px 16px; flex: 1; }}
h2 {{ font-size: 20px; line-height: 1.3; margin: 0 0 8px; }}
h2 a {{ color: var(--ink); }}
.words p {{ margin: 0; color: #3c4655; }}
.foot {{ display: flex; justify-content: space-between; gap: 16px; padding: 0 24px 18px; color: var(--soft);
  font-size: 14px; }}
.foot a {{ white-space: nowrap; }}
.failed {{ color: #a8321f; font-weight: 600; }}
code {{ font: 0.92em ui-monospace, "DejaVu Sans Mono", monospace; background: #f1f2f4; padding: 1px 4px;
  border-radius: 3px; }}
footer {{ color: var(--soft); font-size: 14px; padding-top: 36px; padding-bottom: 48px; }}
</style>
</head>
<body>
<header>
<h1>coplearn: the study</h1>
<p>Communities of practice as longitudinal interaction networks. Each notebook asks one question of a real
or a synthetic community; its page holds the argument, the code and the figures.</p>
{paper}
</header>
<main>
{cards}
</main>
<footer>coplearn {version}. Made by <code>make study</code>; <code>make test</code> compares every output
with the one that the notebook carries.</footer>
</body>
</html>
"""


def index_page(cards: list[Card], version: str, has_paper: bool) -> str:
    """One card for each notebook: title, question, headline figure, run time, link."""
    paper = '<a class="button" href="paper.pdf">Read the paper (PDF)</a>' if has_paper else ""
    shown = "\n".join(map(card_html, cards)) or "<p>There are no notebooks yet.</p>"
    return PAGE.format(paper=paper, version=version, cards=shown)


def card_html(card: Card) -> str:
    title = inline(card.title)
    if card.headline:
        image = base64.b64encode(card.headline).decode()
        alt = html.escape(f"Headline figure: {plain(card.title)}")
        picture = f'<img alt="{alt}" src="data:image/png;base64,{image}">'
        figure = f'<a class="figure" href="{card.page}">{picture}</a>'
    else:
        figure = ""
    if card.left_out:
        state = f"Left out: {html.escape(card.left_out)}."
    elif card.failed:
        state = '<span class="failed">Failed: its page ends where it stopped</span>'
    elif card.seconds is None:
        state = "not run yet"
    else:
        state = f"ran in {card.seconds:.1f} s"
    heading = f'<a href="{card.page}">{title}</a>' if card.page else title
    more = f'<a href="{card.page}">Open the notebook</a>' if card.page else ""
    return (
        f'<article>{figure}<div class="words"><h2>{heading}</h2><p>{inline(card.question)}</p></div>'
        f'<div class="foot"><span>{state}</span>{more}</div></article>'
    )
