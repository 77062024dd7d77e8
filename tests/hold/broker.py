"""The broker as a machine of faults uses it: what lies there is worked on, doubled or thrown away."""

import base64
import json

import redis

from recovery import tasks

TASKS = {task.name: task for task in (tasks.flag_red_flags, tasks.deliver)}


class Broker:
    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(url)

    def flush(self) -> None:
        """Every nudge is lost."""
        self._client.delete("celery")

    def work(self, *, times: int = 1) -> None:
        """What a worker does with the newest nudge; `times` is how often it was delivered. Without one, nothing."""
        raw = self._client.lpop("celery")
        if raw is None:
            return
        message = json.loads(raw)
        (args, kwargs, _) = json.loads(base64.b64decode(message["body"]))
        for _ in range(times):
            TASKS[message["headers"]["task"]](*args, **kwargs)

    def close(self) -> None:
        self.flush()
        self._client.close()
