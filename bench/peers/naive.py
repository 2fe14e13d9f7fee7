"""Webhooks as they are often sent: one Celery task per delivery, in threads, with requests.post; nothing is written."""

import os

import requests
from celery import Celery

app = Celery("naive", broker=os.environ["REDIS_URL"])
app.conf.task_ignore_result = True
SECONDS = 10


@app.task(name="naive.send")
def send(url: str, body: str, headers: dict[str, str]) -> None:
    requests.post(url, data=body.encode(), headers=headers, timeout=SECONDS)
