"""Stores each event as an object named by the event, in the bucket "events"; told does so with the records of
events that have succeeded elsewhere."""
import datetime
import hashlib
import hmac
import http.client
import os
import time


def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def put(bucket, key):
    host = os.environ["AWS_ENDPOINT_URL"].split("//")[1].rstrip("/")
    region = os.environ["AWS_REGION"]
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    headers = {
        "host": host,
        "x-amz-content-sha256": hashlib.sha256(b"").hexdigest(),
        "x-amz-date": now,
        "x-amz-security-token": os.environ["AWS_SESSION_TOKEN"],
    }
    names = ";".join(sorted(headers))
    canonical = "\n".join(["PUT", f"/{bucket}/{key}", "", *(f"{n}:{headers[n]}" for n in sorted(headers)), "", names, headers["x-amz-content-sha256"]])
    scope = f"{now[:8]}/{region}/s3/aws4_request"
    secret = sign(("AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"]).encode(), now[:8])
    for part in (region, "s3", "aws4_request"):
        secret = sign(secret, part)
    text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}, SignedHeaders={names}, Signature={sign(secret, text).hex()}"
    )
    connection = http.client.HTTPConnection(host, timeout=5)
    connection.request("PUT", f"/{bucket}/{key}", b"", headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    if response.status != 200:
        raise RuntimeError(f"{response.status}: {body}")


def told(record, context):
    handler(record["requestPayload"], context)


def handler(event, context):
    print(f"storing {event['id']};")
    # A failed event would wait a minute for its next attempt.
    for attempt in range(5):
        try:
            return put("events", event["id"])
        except (OSError, http.client.HTTPException) as problem:
            print(problem)
            time.sleep(0.1)
    raise RuntimeError("the event could not be stored")
