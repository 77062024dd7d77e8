"""Takes var/demo.json down when the demo ends, were it by `kill -9`: nobody shall take what it says for true then.

As a script: `python demo/sign.py <file>`. It is asked to stop by the kernel and the guard when the supervisor is gone.
"""

import signal
import sys
from pathlib import Path

ENDS = {signal.SIGTERM, signal.SIGINT}

if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    signal.sigwait(ENDS)
    Path(sys.argv[1]).unlink(missing_ok=True)
