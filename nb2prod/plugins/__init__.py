"""Front ends inside other programs: each module here is what one host loads, and none knows another.

A host imports its module whenever it starts, whether or not it is used: the module imports what the host itself has
already imported and nothing else, and the rest when it is called. So a fault in nb2prod cannot break the host.
"""
