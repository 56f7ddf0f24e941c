"""Recommenders for shops, small enough to read.

Each module imports only from those named before it:
datasets, similarity, attention, device; splits, metrics; baselines, neighbors, content, sequential;
hybrid; training; evaluation; plotting, widgets.
"""

__version__ = "0.1.0"
