"""What stands between sockets and the application: uvicorn, with limits on connections and an orderly end.

guard.py   one connection: how long a head, an answer's reading and silence may take, how large a head may be
drain.py   the process's end: not ready at once, everyone still answered, then closed
"""
