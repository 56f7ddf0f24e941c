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
globals().update(settings)

book_lang = os.environ.get("BOOK_LANG", "zh")
language = {"zh": "zh_CN", "en": "en"}[book_lang]
