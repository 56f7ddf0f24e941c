"""Lets plain sphinx-build use the settings in ../_config.yml, one language (BOOK_LANG) at a time."""

import os
from pathlib import Path

from jupyter_book.config import get_final_config

HERE = Path(__file__).resolve().parent
settings, _ = get_final_config(
    user_yaml=HERE.parent / "_config.yml",
    sourcedir=HERE,
    cli_config={"latex_individualpages": False, "external_toc_path": "_toc.yml"},
)
# thebe clashes with the theme and loads scripts from a CDN; boxes.py takes the place of togglebutton.
settings["extensions"] = [e for e in settings["extensions"] if e not in {"sphinx_thebe", "sphinx_togglebutton"}]
globals().update(settings)

book_lang = os.environ.get("BOOK_LANG", "zh")
book_outputs = os.environ.get("BOOK_OUTPUTS", "1") != "0"
language = {"zh": "zh_CN", "en": "en"}[book_lang]
proof_title_format = {"zh": "（%t）", "en": " (%t)"}[book_lang]

# Set where the book is published: its address, and the repository for a link in the header.
html_baseurl = os.environ.get("BOOK_BASE_URL", "") and f"{os.environ['BOOK_BASE_URL']}{book_lang}/"
book_repository = os.environ.get("BOOK_REPOSITORY_URL", "")
if repository := book_repository:
    globals()["html_theme_options"] |= {"repository_url": repository, "use_repository_button": True}
