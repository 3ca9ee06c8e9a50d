#!/usr/bin/env python3
"""Sends a file of answers (NDJSON, a line a hospital) and prints what became of each line.

Usage: CHOSA_URL=https://chosa.example CHOSA_CLIENT_ID=.. CHOSA_CLIENT_SECRET=.. submit_batch.py SURVEY FILE
Ends with 0 when every line was taken, with 1 when some were rejected. Needs nothing but Python 3.8.
"""
import hashlib
import json
import os
import sys
import time
import urllib.error
import urllib.request

URL = os.environ["CHOSA_URL"]


def post(path, body, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return urllib.request.urlopen(urllib.request.Request(URL + path, body, headers), timeout=120)


def token():
    client = {"client_id": os.environ["CHOSA_CLIENT_ID"], "client_secret": os.environ["CHOSA_CLIENT_SECRET"]}
    with post("/api/v1/tokens", json.dumps(client).encode(), Content_Type="application/json") as answer:
        return json.load(answer)["access_token"]


def verdicts(survey, body):
    # The key is that of the content: the same file, sent again, goes on where it stopped.
    key = hashlib.sha256(body).hexdigest()
    with post(f"/api/v1/surveys/{survey}/batches", body, Authorization=f"Bearer {token()}", Idempotency_Key=key,
              Content_Type="application/x-ndjson") as answer:
        for line in answer:
            verdict = json.loads(line)
            if "stopped" in verdict:
                raise ConnectionError(verdict["stopped"]["message"])
            yield verdict


def send(survey, body, tries=5):
    for trial in range(tries):
        try:
            return list(verdicts(survey, body))
        except urllib.error.HTTPError as error:
            problem = json.load(error)
            if error.code not in (409, 429, 503):
                sys.exit(f"{problem['code']}: {problem['detail']}")
        except OSError as error:  # the connection broke; what was committed is kept under the key
            problem = {"detail": str(error)}
        print(f"{problem['detail']} もう一度送ります。", file=sys.stderr)
        time.sleep(2 ** trial)
    sys.exit("送信できませんでした。時間をおいて、同じファイルをもう一度送ってください。")


def main():
    survey, path = sys.argv[1:]
    with open(path, "rb") as file:
        body = file.read()
    rejected = 0
    for verdict in send(survey, body):
        print(verdict["line"], verdict["hospital"], verdict["verdict"], verdict.get("message", ""))
        for fault in verdict.get("faults", []):
            print("   ", fault.get("question"), fault["message"])
        rejected += verdict["verdict"] == "rejected"
    sys.exit(1 if rejected else 0)


if __name__ == "__main__":
    main()
