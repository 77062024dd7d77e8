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

    def take(self) -> tuple[str, int] | None:
        """The newest nudge, which is then nobody else's: its task, and the row that it names."""
        raw = self._client.lpop("celery")
        if raw is None:
            return None
        message = json.loads(raw)
        ([row_id], _, _) = json.loads(base64.b64decode(message["body"]))
        return message["headers"]["task"], row_id

    def work(self, task: str, row_id: int) -> None:
        TASKS[task](row_id)

    def close(self) -> None:
        self.flush()
        self._client.close()
