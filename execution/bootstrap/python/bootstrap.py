"""lamgate's runtime client for Python 3.6 and later.

It keeps the contract of Lambda's own client: the context object, the shapes of
errors, the form of log lines. It imports as little as it can, since every
import is part of a cold start, and it speaks to the Runtime API over a bare
socket: an answer and the question for the next event leave in one write.
"""

import builtins
import sys
import time
import _socket
from json import dumps, loads
from os import environ

HERE = __file__
JSON_LOGS = environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
LOG_LEVEL = {"TRACE": "NOTSET", "WARN": "WARNING", "FATAL": "CRITICAL"}.get(
    environ.get("AWS_LAMBDA_LOG_LEVEL", ""), environ.get("AWS_LAMBDA_LOG_LEVEL", "")
)


class Fault(Exception):
    """An error of the contract between the function and its runtime."""

    def __init__(self, kind, message, trace=None):
        Exception.__init__(self, message)
        self.kind, self.message, self.trace = kind, message, trace or []


class Connection:
    """The one connection to the Runtime API."""

    def __init__(self, address):
        host, _, port = address.rpartition(":")
        self.host = address.encode()
        self.socket = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        self.socket.connect((host, int(port)))
        self.socket.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.ask = self.head(b"GET", b"invocation/next", b"") + b"\r\n"

    def head(self, method, path, headers):
        return (
            method + b" /2018-06-01/runtime/" + path + b" HTTP/1.1\r\nHost: " + self.host + b"\r\n" + headers
        )

    def post(self, path, body, headers, then=b""):
        length = b"Content-Length: %d\r\n\r\n" % len(body)
        self.socket.sendall(self.head(b"POST", path, headers) + length + body + then)

    def more(self):
        data = self.socket.recv(1 << 18)
        if not data:
            raise SystemExit(1)  # the server is gone, and this environment with it
        return data

    def reply(self):
        """Return the status, headers (names in lower case) and body of a reply."""
        data = self.buffer
        end = data.find(b"\r\n\r\n")
        while end < 0:
            data += self.more()
            end = data.find(b"\r\n\r\n")
        lines = data[:end].decode("utf-8", "replace").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        start = end + 4
        size = start + int(headers.get("content-length", 0))
        if len(data) < size:
            parts, got = [data], len(data)
            while got < size:
                data = self.more()
                got += len(data)
                parts.append(data)
            data = b"".join(parts)
        self.buffer = data[size:]
        return lines[0][9:12], headers, data[start:size]


class CognitoIdentity(object):
    __slots__ = ["cognito_identity_id", "cognito_identity_pool_id"]

    def __repr__(self):
        return "{}([cognito_identity_id={},cognito_identity_pool_id={}])".format(
            type(self).__name__, self.cognito_identity_id, self.cognito_identity_pool_id
        )


class Client(object):
    __slots__ = ["installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"]

    def __repr__(self):
        return describe(self, self.__slots__)


class ClientContext(object):
    __slots__ = ["custom", "env", "client"]

    def __repr__(self):
        return describe(self, self.__slots__)


def describe(o, names):
    return "{}([{}])".format(type(o).__name__, ",".join("{}={}".format(n, getattr(o, n, None)) for n in names))


class LambdaContext(object):
    function_name = environ.get("AWS_LAMBDA_FUNCTION_NAME")
    function_version = environ.get("AWS_LAMBDA_FUNCTION_VERSION")
    memory_limit_in_mb = environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
    log_group_name = environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
    log_stream_name = environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
    tenant_id = None

    def __init__(self, headers):
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self._epoch_deadline_time_in_ms = int(headers.get("lambda-runtime-deadline-ms", 0))
        self.identity = identity = CognitoIdentity()
        given = parse_header(headers, "lambda-runtime-cognito-identity", "Cognito Identity") or {}
        identity.cognito_identity_id = given.get("cognitoIdentityId")
        identity.cognito_identity_pool_id = given.get("cognitoIdentityPoolId")
        self.client_context = None
        given = parse_header(headers, "lambda-runtime-client-context", "Client Context")
        if given is not None:
            self.client_context = make_client_context(given)

    def get_remaining_time_in_millis(self):
        return max(self._epoch_deadline_time_in_ms - int(time.time() * 1000), 0)

    def log(self, msg):
        sys.stdout.write(str(msg))

    def __repr__(self):
        return describe(
            self,
            [
                "aws_request_id",
                "log_group_name",
                "log_stream_name",
                "function_name",
                "memory_limit_in_mb",
                "function_version",
                "invoked_function_arn",
                "client_context",
                "identity",
                "tenant_id",
            ],
        )


def parse_header(headers, name, title):
    value = headers.get(name)
    if not value:
        return None
    try:
        return loads(value)
    except Exception as e:
        raise Fault("Runtime.LambdaContextUnmarshalError", "Unable to parse {} JSON: {}".format(title, e))


def make_client_context(given):
    context = ClientContext()
    context.custom, context.env, context.client = given.get("custom"), given.get("env"), None
    client = given.get("client")
    if client:
        context.client = Client()
        for name in Client.__slots__:
            setattr(context.client, name, client.get(name))
    return context


def find_handler(name):
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        raise Fault(
            "Runtime.MalformedHandlerName",
            "Bad handler '{}': not enough values to unpack (expected 2, got 1)".format(name),
        )
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault(
            "Runtime.BuiltInModuleConflict",
            "Cannot use built-in module {} as a handler module".format(module_name),
        )
    import importlib

    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as e:
        raise Fault("Runtime.ImportModuleError", "Unable to import module '{}': {}".format(module_name, e))
    except SyntaxError as e:
        raise Fault(
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module '{}': {}".format(module_name, e),
            ['  File "{}" Line {}\n    {}'.format(e.filename, e.lineno, e.text)],
        )
    handler = getattr(module, function_name, None)
    if handler is None:
        raise Fault(
            "Runtime.HandlerNotFound", "Handler '{}' missing on module '{}'".format(function_name, module_name)
        )
    return handler


def error_object(request_id, e):
    """Return the error as callers see it: what the client posts."""
    if isinstance(e, Fault):
        kind, message, trace = e.kind, e.message, e.trace
    else:
        import traceback

        frames = [(f.filename, f.lineno, f.name, f.line) for f in traceback.extract_tb(e.__traceback__)]
        while frames and frames[0][0] == HERE:
            frames.pop(0)
        kind, trace = type(e).__name__, traceback.format_list(frames)
        try:
            message = str(e)
        except Exception:
            message = ""
    return {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": trace}


def log_error(error):
    if JSON_LOGS:
        line = {"timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "level": "ERROR"}
        line.update((("log_level", "ERROR"),))
        line.update(error)
        write_event(dumps(line))
        return
    lines = ["[ERROR] {}: {}".format(error["errorType"], error["errorMessage"]), "Traceback (most recent call last):"]
    for entry in error["stackTrace"]:
        for line in entry.splitlines():
            bare = line.lstrip(" ")
            # AWS: a traceback's indentation is of no-break spaces.
            lines.append("\u00a0" * (len(line) - len(bare)) + bare)
    write_event("\n".join(lines))


def write_event(text):
    """Write one log event. The line ends within it are carriage returns, which
    lamgate turns back."""
    sys.stdout.write(text.replace("\n", "\r") + "\n")


def encode_other(o):
    kind = type(o)
    if kind.__name__ == "Decimal" and kind.__module__ == "decimal":
        return float(o)
    raise TypeError("Object of type {} is not JSON serializable".format(kind.__name__))


# AWS: from python3.12 on the client leaves characters beyond ASCII as they are.
ASCII = sys.version_info < (3, 12)


def encode(result):
    try:
        try:
            return dumps(result, default=encode_other, ensure_ascii=ASCII).encode()
        except UnicodeEncodeError:
            return dumps(result, default=encode_other).encode()
    except Exception as e:
        raise Fault("Runtime.MarshalError", "Unable to marshal response: {}".format(e))


class LoggingHook:
    """Gives the root logger its handler when, and only if, the function imports
    logging."""

    def find_spec(self, name, path=None, target=None):
        if name != "logging":
            return None
        sys.meta_path.remove(self)
        from importlib.util import find_spec

        spec = find_spec(name)
        run = spec.loader.exec_module

        def exec_module(module):
            run(module)
            set_up_logging(module)

        spec.loader.exec_module = exec_module
        return spec


request_id = ""


def set_up_logging(logging):
    class LambdaLoggerHandler(logging.Handler):
        def emit(self, record):
            write_event(self.format(record))

    class LambdaLoggerFilter(logging.Filter):
        def filter(self, record):
            record.aws_request_id = request_id
            record.tenant_id = None
            return True

    class JsonFormatter(logging.Formatter):
        def format(self, record):
            line = {
                "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
                "level": record.levelname,
                "message": record.getMessage(),
                "logger": record.name,
            }
            if record.exc_info and record.exc_info[0]:
                import traceback

                line["errorType"] = record.exc_info[0].__name__
                line["errorMessage"] = str(record.exc_info[1])
                line["stackTrace"] = traceback.format_tb(record.exc_info[2])
                line["location"] = "{}:{}:{}".format(record.pathname, record.funcName, record.lineno)
            known = logging.LogRecord("", 0, "", 0, "", (), None).__dict__
            for name, value in record.__dict__.items():
                if name not in known and name not in line and name not in ("message", "aws_request_id", "tenant_id"):
                    line[name] = value
            line["requestId"] = request_id
            return dumps({k: v for k, v in line.items() if v is not None}, default=str)

    logging.Formatter.converter = time.gmtime
    handler = LambdaLoggerHandler()
    handler.setFormatter(
        JsonFormatter()
        if JSON_LOGS
        else logging.Formatter(
            "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s", "%Y-%m-%dT%H:%M:%S"
        )
    )
    handler.addFilter(LambdaLoggerFilter())
    root = logging.getLogger()
    if LOG_LEVEL in logging._nameToLevel:
        root.setLevel(LOG_LEVEL)
    root.addHandler(handler)


def set_up():
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if hasattr(stream, "reconfigure"):  # from 3.7 on
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
        else:
            wrapper = type(stream)(stream.detach(), "utf-8", "backslashreplace", line_buffering=True)
            setattr(sys, name, wrapper)
    root = environ.get("LAMBDA_TASK_ROOT", "")
    sys.path[0] = root
    # AWS: layers are found after the function's own modules.
    version = "python{}.{}".format(*sys.version_info[:2])
    sys.path[1:1] = ["/opt/python/lib/" + version + "/site-packages", "/opt/python"]
    # The interpreter runs without its site module (-S), which costs several
    # milliseconds; this is what functions miss of it.
    sys.path.append(sys.prefix + "/lib/" + version + "/site-packages")
    if sys.prefix == "/usr":  # Debian has them elsewhere
        sys.path += ["/usr/local/lib/" + version + "/dist-packages", "/usr/lib/python3/dist-packages"]
    builtins.exit = builtins.quit = sys.exit
    sys.meta_path.insert(0, LoggingHook())
    # The function's modules must not find this one's names in __main__.
    sys.argv[:] = [HERE]


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # the function has closed or replaced it
            pass


ERROR_HEADERS = b"Content-Type: application/json\r\nLambda-Runtime-Function-Error-Type: %s\r\n"


def main():
    global request_id
    set_up()
    connection = Connection(environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        handler = find_handler(environ["_HANDLER"])
    except Exception as e:
        error = error_object("", e)
        log_error(error)
        flush()
        connection.post(b"init/error", dumps(error).encode(), ERROR_HEADERS % header_value(error["errorType"]))
        connection.reply()
        sys.exit(1)

    ask, trace = connection.ask, None
    connection.socket.sendall(ask)
    while True:
        status, headers, body = connection.reply()
        if status != "200":
            sys.stderr.write("lamgate: the Runtime API answered {}: {!r}\n".format(status, body))
            sys.exit(1)
        request_id = headers["lambda-runtime-aws-request-id"]
        header = headers.get("lambda-runtime-trace-id")
        if header != trace:
            trace = header
            if trace is None:
                environ.pop("_X_AMZN_TRACE_ID", None)
            else:
                environ["_X_AMZN_TRACE_ID"] = trace
        path = b"invocation/" + request_id.encode()
        try:
            try:
                event = loads(body.decode("utf-8"))
            except Exception as e:
                raise Fault("Runtime.UnmarshalError", "Unable to unmarshal input: {}".format(e))
            answer = encode(handler(event, LambdaContext(headers)))
            path += b"/response"
            kind = b"Content-Type: application/json\r\n"
        except Exception as e:
            error = error_object(request_id, e)
            log_error(error)
            answer = dumps(error).encode()
            path += b"/error"
            kind = ERROR_HEADERS % header_value(error["errorType"])
        event = None
        flush()
        connection.post(path, answer, kind, ask)
        status, _, body = connection.reply()
        if status != "202":
            write_event(
                "[ERROR] LAMBDA_RUNTIME Failed to post handler success response. Http response code: {}. {}".format(
                    status, body.decode("utf-8", "replace")
                )
            )


def header_value(text):
    return text.encode("ascii", "replace").replace(b"\n", b" ").replace(b"\r", b" ")


if __name__ == "__main__":
    main()
