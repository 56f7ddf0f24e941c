"""A recommender as a service: a trained network in a folder, an answer after each scan, and an interface by HTTP."""
