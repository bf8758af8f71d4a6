import json


def lambda_handler(event, context):
    query = event.get("queryStringParameters") or {}
    greeting = {
        "message": f"Hello, {query.get('name', 'World')}!",
        "path": event["path"],
        "method": event["httpMethod"],
    }
    return {
        "statusCode": 200,
        "headers": {
            "Content-Type": "application/json",
            "Access-Control-Allow-Origin": "*",  # pages of any origin may read it
        },
        "body": json.dumps(greeting),
    }
