"""Answers with the word that it was asked with, many times: no two questions have the same."""
import json
import time


def handler(event, context):
    by_door = "requestContext" in event  # of an API or a URL
    question = json.loads(event["body"]) if by_door else event
    time.sleep(question["pause"] / 1000)
    answer = f"{question['word']} GENERATION {context.function_name}\n" + question["word"] * question["times"]
    if not by_door:
        return answer
    return {"statusCode": 200, "headers": {"Content-Type": "text/plain"}, "body": answer}
