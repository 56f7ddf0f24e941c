"""A page around a widget's output, as a notebook's outputs stand in the book."""

STYLES = {
    "zh": "[lang=en] { display: none }",
    "en": "main [lang=zh] { display: none }",
    "both": "",
}


def show(page, *outputs, lang="zh", theme="light", script=True):
    """Set a page with the given outputs (``HTML``) in the reader's language and theme.

    Without ``script`` the outputs are what a reader gets where scripts do not run.
    """
    markup = [output.data if script else output.data.partition("<script>")[0] for output in outputs]
    colours = "background: #121212; color: #eee" if theme == "dark" else "background: #fff; color: #222"
    page.set_content(
        f'<!doctype html><html lang="{"en" if lang == "en" else "zh"}"><title>t</title>'
        '<meta name="viewport" content="width=device-width">'
        f"<style>html {{ color-scheme: {theme}; {colours}; font: 16px sans-serif }} {STYLES[lang]}</style>"
        f"<main><h1>t</h1>{''.join(markup)}</main>"
    )


def insert_later(page, output):
    """Set the markup first and run the script afterwards, as JupyterLab and VS Code do, and once more."""
    markup, _, script = output.data.partition("<script>")
    page.set_content("<!doctype html><title>t</title><div></div>")
    for _ in range(2):  # the cell is run again
        page.evaluate("html => document.querySelector('div').innerHTML = html", markup)
        page.add_script_tag(content=script.partition("</script>")[0])
