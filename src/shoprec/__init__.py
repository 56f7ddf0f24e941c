"""Recommenders for shops, small enough to read.

The modules stand on floors, parted by semicolons; each imports only from floors named before its own:
datasets, similarity, attention, losses, device; splits, metrics; behaviour; baselines, neighbors, content, sequential;
hybrid, backbones, language_models; fusion, training; evaluation; simulation; plotting, widgets.
"""

__version__ = "0.1.0"
