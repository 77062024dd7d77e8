"""Health check of the web container: is this process answering? Exit status 0 or 1."""

import os
import sys
import urllib.request

host = os.environ["ALLOWED_HOSTS"].split(",")[0].strip()
request = urllib.request.Request("http://127.0.0.1:8000/livez", headers={"Host": host})
try:
    with urllib.request.urlopen(request, timeout=3):
        sys.exit(0)
except OSError as error:
    sys.exit(f"not alive: {error}")
