"""Celery's road to the broker, with one thing mended: the room that a message takes is given back when the broker
cannot be told that it was done.

Celery reads ahead as many messages as it has hands, and counts those that are not acknowledged. Where one cannot be (a
broker that stands still for half a second), the count stays as it was. After one for each hand the worker is connected,
alive and deaf, until somebody restarts it. A nudge that was not acknowledged comes again when it is old: it is dropped.
"""

from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis, virtual


class QoS(redis.QoS):
    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)
        except Exception:
            virtual.QoS.ack(self, delivery_tag)
            raise

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        try:
            super().reject(delivery_tag, requeue=requeue)
        except Exception:
            virtual.QoS.ack(self, delivery_tag)
            raise


class Channel(redis.Channel):
    QoS: Any = QoS


class Transport(redis.Transport):
    Channel: Any = Channel


def use() -> None:
    TRANSPORT_ALIASES.update(redis="config.broker:Transport", rediss="config.broker:Transport")
