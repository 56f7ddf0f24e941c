"""How a network learns: the loop, its losses, the device that it runs on, and checkpoints."""
