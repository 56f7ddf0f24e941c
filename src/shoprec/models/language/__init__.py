"""Pretrained language models as recommenders: encoders that compare texts, decoders that judge what follows.

They are packages that load without a network. None has seen a purchase of the shop: what they know of bananas and milk
they read elsewhere.
"""
