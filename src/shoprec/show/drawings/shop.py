"""The household whose purchases stand in the pictures: it is in the data, and a test looks it up.

Its last three baskets before November 2017, and the first one in November; products are called by the shop's names,
shortened.
"""

from typing import NamedTuple

from shoprec.words import Pair

USER = 1760
#: Purchases of all households before November, and products that at least 20 of them had bought by then.
N_EVENTS, N_PRODUCTS = 923_261, 8_978


class Product(NamedTuple):
    """A product, its short names, and how often all households bought it before November."""

    item: int
    name: Pair
    sold: int


PIZZA = Product(906838, ("披萨", "Pizza"), 185)
DRINK = Product(972312, ("汽水", "Soft drink"), 183)
BANANAS = Product(1082185, ("香蕉", "Bananas"), 14_355)
APPLES = Product(1138854, ("苹果", "Apples"), 69)
CANDY = Product(7441558, ("巧克力棒", "Candy bar"), 147)
MILK = Product(995242, ("牛奶", "Milk"), 6_485)
NEW_CANDY = Product(942088, ("巧克力棒", "Candy bar"), 181), Product(987480, ("巧克力棒", "Candy bar"), 391)


class Purchase(NamedTuple):
    """A product in a basket: its day, how many days before November that is, and how many after the purchase before."""

    product: Product
    date: str
    age: float
    gap: float


WINDOW = (
    Purchase(PIZZA, "10-14", 17.4, 1.8),
    Purchase(DRINK, "10-22", 9.0, 8.4),
    Purchase(BANANAS, "10-22", 9.0, 0.0),
    Purchase(APPLES, "10-22", 9.0, 0.0),
    Purchase(PIZZA, "10-24", 7.0, 2.0),
    Purchase(CANDY, "10-24", 7.0, 0.0),
)


class Basket(NamedTuple):
    """What was bought on a day."""

    date: str
    products: tuple[Product, ...]


NEXT = Basket("11-21", (PIZZA, *NEW_CANDY))
