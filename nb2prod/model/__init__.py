"""The words of nb2prod as values: frozen, slotted, standard library only.

Every layer speaks in these; none of them reads a disk, a clock or a network.
"""
