"""Recommenders for shops, small enough to read.

The package is a row of rooms along the way of the data: read it, cut it, score, judge, show; the last room checks what
the reader writes. A room imports only from rooms above its own; the last column says from which.

=================  ==============================================================  ====================================
room               holds                                                           imports from
=================  ==============================================================  ====================================
``words``          both languages in one place                                     nothing
``formulas``       what is derived in chapter 4, and what numbers are judged by    nothing
``data``           the shop that the book uses, and the reader's own table         words
``tasks``          what is known on a date, and what is bought next                formulas, data
``training``       the loop, losses, devices, checkpoints                          words
``models``         recommenders, all with the same two methods                     formulas, tasks, training
``evaluation``     every model judged alike, with intervals                        formulas, tasks, models
``experiments``    what is tried for each model, and runs that are recorded        all above
``applications``   what models are used for                                        all above
``show``           figures, tables and widgets                                     all above
``exercises``      self-checks of what a reader writes                             all above
=================  ==============================================================  ====================================

``formulas`` needs NumPy and SciPy alone; ``import shoprec`` loads neither torch nor transformers.
"""

__version__ = "0.1.0"
