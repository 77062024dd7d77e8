import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

# What is loaded by now stays for good. Left to the collector, it would be looked through again and again, in the middle
# of requests: the slowest pages took twice as long.
gc.collect()
gc.freeze()
