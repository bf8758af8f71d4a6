import json


def handler(event, context):
    query = event.get("queryStringParameters") or {}
    name = query.get("name", "World")
    print(f"greeting {name}")
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps({"message": f"Hello, {name}!"}),
    }
