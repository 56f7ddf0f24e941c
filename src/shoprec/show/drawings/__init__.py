"""Pictures that explain, drawn in code: each takes the book's style, both languages and the page's colours.

Each module belongs to one chapter, so that a picture's change leaves the runs of other chapters as they are.
"""
