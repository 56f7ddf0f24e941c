"""Custom elements that a notebook carries in its own output: no server, no dependency.

A widget is a function that returns HTML, and a script and a style sheet of the same name. Without scripts its
output is still a complete table or text; every text stands there in Chinese and in English.
"""

from shoprec.show.widgets.account_merger import account_merger
from shoprec.show.widgets.attention_explorer import attention_explorer
from shoprec.show.widgets.basket_scanner import basket_scanner
from shoprec.show.widgets.clip_level import clip_explorer
from shoprec.show.widgets.code_walk import code_walk
from shoprec.show.widgets.domain_bridge import domain_bridge
from shoprec.show.widgets.fusion_switch import fusion_switch
from shoprec.show.widgets.hybrid_ranker import hybrid_slider
from shoprec.show.widgets.list_mixer import list_mixer
from shoprec.show.widgets.neighbour_finder import neighbour_finder
from shoprec.show.widgets.past_sales import past_sales
from shoprec.show.widgets.privacy_budget import privacy_budget
from shoprec.show.widgets.product_search import product_search
from shoprec.show.widgets.profile_switch import profile_switch
from shoprec.show.widgets.rank_guess import guess_order
from shoprec.show.widgets.reason_sum import reason_sum
from shoprec.show.widgets.score_board import score_board
from shoprec.show.widgets.softmax_temperature import softmax_temperature
from shoprec.show.widgets.tool_finder import tool_finder
from shoprec.show.widgets.vector_pair import vector_pair
from shoprec.show.widgets.weight_path import weight_explorer

__all__ = [
    "account_merger",
    "attention_explorer",
    "basket_scanner",
    "clip_explorer",
    "code_walk",
    "domain_bridge",
    "fusion_switch",
    "guess_order",
    "hybrid_slider",
    "list_mixer",
    "neighbour_finder",
    "past_sales",
    "privacy_budget",
    "product_search",
    "profile_switch",
    "reason_sum",
    "score_board",
    "softmax_temperature",
    "tool_finder",
    "vector_pair",
    "weight_explorer",
]
