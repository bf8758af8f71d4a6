"""The root logger's handler, for functions that import logging."""

import time
from os import environ


def set_up(logging, as_json, write_event, invocation):
    """Give the root logger its level and its handler. invocation returns the
    request's identifier and its tenant's."""

    class LambdaLoggerHandler(logging.Handler):
        def emit(self, record):
            write_event(self.format(record))

    class LambdaLoggerFilter(logging.Filter):
        def filter(self, record):
            record.aws_request_id, record.tenant_id = invocation()
            return True

    class JsonFormatter(logging.Formatter):
        def format(self, record):
            return encode(logging, record, invocation)

    logging.Formatter.converter = time.gmtime
    handler = LambdaLoggerHandler()
    text = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"
    handler.setFormatter(JsonFormatter() if as_json else logging.Formatter(text, "%Y-%m-%dT%H:%M:%S"))
    handler.addFilter(LambdaLoggerFilter())
    root = logging.getLogger()
    level = environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    level = "DEBUG" if level == "TRACE" else level
    if level in logging._nameToLevel:
        root.setLevel(level)
    root.addHandler(handler)


# What a record has beside what the function gave as extra.
OWN = frozenset(
    """name msg args levelname levelno pathname filename module exc_info exc_text stack_info lineno funcName created
    msecs relativeCreated thread threadName processName process aws_request_id tenant_id""".split()
)


def encode(logging, record, invocation):
    import json

    # AWS: a level between two of logging's own is the lower one.
    record.levelno = min(50, max(0, record.levelno)) // 10 * 10
    record.levelname = logging.getLevelName(record.levelno)
    request_id, tenant_id = invocation()
    whole = isinstance(record.msg, dict) and not record.args
    line = {
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
        "level": record.levelname,
        "message": record.msg if whole else record.getMessage(),
        "logger": record.name,
    }
    if record.exc_info:
        import traceback

        line["stackTrace"] = traceback.format_tb(record.exc_info[2])
        line["errorType"] = record.exc_info[0].__name__ if record.exc_info[0] else None
        line["errorMessage"] = str(record.exc_info[1])
    line["requestId"] = request_id
    if record.exc_info:
        line["location"] = "{}:{}:{}".format(record.pathname, record.funcName, record.lineno)
    line["tenantId"] = tenant_id
    for name, value in record.__dict__.items():
        if name not in OWN and name not in line:
            line[name] = value
    return json.dumps({k: v for k, v in line.items() if v is not None}, ensure_ascii=False, default=str)
