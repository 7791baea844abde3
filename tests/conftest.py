"""What every test relies on, however the tests were started."""

import signal

# A shell's background job ignores Ctrl-C and, under nohup, hangups, and so would every program that a test starts;
# some of them must be stoppable.
for _number in (signal.SIGINT, getattr(signal, "SIGHUP", signal.SIGINT)):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL)
