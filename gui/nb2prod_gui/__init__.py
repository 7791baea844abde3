"""The desktop wizard: from a notebook to a verified container, by clicking.

flow/    what the user has decided, undo, navigation: plain Python that knows no Qt
work/    child processes: the analysis of the notebook, and jobs by the protocol of the command line
look/    palette, type scale, icons
parts/   widgets that several pages use
pages/   one module per page: shows state, signals changes
project.py, window.py  hold them together; rail.py and menus.py stand around the page
"""
