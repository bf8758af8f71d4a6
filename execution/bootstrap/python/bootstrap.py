"""lamgate's runtime client for Python 3.6 and later.

It keeps the contract of Lambda's own client: the context object, the shapes of
errors, the form of log lines. It imports as little as it can, since every
import is part of a cold start, and it speaks to the Runtime API over a bare
socket: an answer and the question for the next event leave in one write.

Started with LAMGATE_STEM=PATH it is a stem cell: it makes itself ready, asks what
to become, and goes on as if it had been started that way.
"""

import builtins
import sys
import time
import _socket
from os import chdir, environ

# Frames name the source, also where its bytecode runs.
HERE, FILE = (lambda: None).__code__.co_filename, __file__


class Fault(Exception):
    """An error of the contract between the function and its runtime."""

    def __init__(self, kind, message, trace=None):
        Exception.__init__(self, message)
        self.kind, self.message, self.trace = kind, message, trace or []


# ---- JSON ----
#
# The json package costs as much as the rest of this client's start together, for
# its regular expressions. The scanner and the encoder beneath it, written in C, do
# without: json itself is imported for the words of an error.


class Scanning:
    strict = True
    object_hook = object_pairs_hook = array_hook = memo = None
    parse_float, parse_int = float, int
    parse_constant = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": -float("inf")}.__getitem__


def loads(text):
    bare = text.strip(" \t\n\r")
    try:
        value, end = scan(bare, 0)
        if end == len(bare):
            return value
    except StopIteration:
        pass
    import json

    return json.loads(text)


def make_scan():
    try:
        from _json import make_scanner

        return make_scanner(Scanning)
    except Exception:  # a Python that has it in another form
        from json import JSONDecoder

        return JSONDecoder().scan_once


def make_encode(ascii):
    try:
        from _json import encode_basestring, encode_basestring_ascii, make_encoder

        text = encode_basestring_ascii if ascii else encode_basestring
        return make_encoder(markers, encode_other, text, None, ": ", ", ", False, False, True)
    except Exception:
        from json import JSONEncoder

        encoder = JSONEncoder(default=encode_other, ensure_ascii=ascii)
        return lambda value, _: encoder.iterencode(value)


SCALARS = frozenset((str, int, float, bool, type(None)))
NUMBER = None  # begins a string that stands for a decimal number
markers = {}  # the containers that the encoder is in


def encode_other(o):
    """Tell the encoder what an object of no type of its own is."""
    global NUMBER
    # AWS: as the client's encoder, simplejson, has it: bytes are text, what
    # has _asdict is an object, and decimals keep their digits.
    if isinstance(o, bytes):
        return o.decode("utf-8")
    decimal = sys.modules.get("decimal")
    if decimal is not None and isinstance(o, decimal.Decimal):
        if o.is_nan():
            return float("nan")
        if NUMBER is None:
            from os import urandom

            NUMBER = urandom(16).hex()
        return NUMBER + str(o)
    if callable(getattr(o, "_asdict", None)):
        return o._asdict()
    raise TypeError("Object of type {} is not JSON serializable".format(type(o).__name__))


def dumps(value):
    try:
        text = "".join(encode_value(value, 0))
    except BaseException:
        markers.clear()
        raise
    if NUMBER is not None and NUMBER in text:
        first, *rest = text.split('"' + NUMBER)
        text = first + "".join(part.replace('"', "", 1) for part in rest)
    return text


def peculiar(o):
    """Whether o has something in it that the encoder takes for something else."""
    kind = type(o)
    if kind in SCALARS:
        return False
    if isinstance(o, dict):
        for k, v in o.items():
            if type(k) is bytes or type(v) not in SCALARS and peculiar(v):
                return True
        return False
    if isinstance(o, (list, tuple)):
        if kind is not list and kind is not tuple and hasattr(o, "_asdict"):
            return True
        for v in o:
            if type(v) not in SCALARS and peculiar(v):
                return True
    return False


def ordinary(o):
    """Return o with named tuples as objects and keys of bytes as text."""
    if hasattr(o, "_asdict"):
        o = o._asdict()
    if isinstance(o, dict):
        return {k.decode("utf-8") if isinstance(k, bytes) else k: ordinary(v) for k, v in o.items()}
    if isinstance(o, (list, tuple)):
        return [ordinary(v) for v in o]
    return o


def marshal(result):
    """Return a handler's result as text, or bytes, and its media type."""
    if isinstance(result, bytes):
        return result, b"application/unknown"
    try:
        try:
            if type(result) not in SCALARS and peculiar(result):
                result = ordinary(result)
        except RecursionError:
            pass  # the encoder has its own words for it
        return dumps(result), b"application/json"
    except Exception as e:
        words = str(e)
        if words.startswith("keys must be "):
            words = words[: words.rindex(" ") + 1] + words.rpartition(" ")[2].rpartition(".")[2]
        raise Fault("Runtime.MarshalError", "Unable to marshal response: {}".format(words))


# ---- The Runtime API ----


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
        return method + b" /2018-06-01/runtime/" + path + b" HTTP/1.1\r\nHost: " + self.host + b"\r\n" + headers

    def post(self, path, body, headers, then=b""):
        self.socket.sendall(self.head(b"POST", path, headers) + b"Content-Length: %d\r\n\r\n" % len(body) + body + then)

    def get(self, path):
        self.socket.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: " + self.host + b"\r\n\r\n")
        return self.reply()

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


# ---- The context ----


class CognitoIdentity(object):
    __slots__ = ["cognito_identity_id", "cognito_identity_pool_id"]

    def __repr__(self):
        return describe(self, self.__slots__)


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
    def __init__(self, headers):
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.log_group_name, self.log_stream_name, self.function_name, self.memory_limit_in_mb, self.function_version = ABOUT
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        self._epoch_deadline_time_in_ms = int(headers.get("lambda-runtime-deadline-ms", 0))
        self._w3c = {}
        self.client_context = None
        given = parse_header(headers, "lambda-runtime-client-context", "Client Context")
        if given is not None:
            self.client_context = self._make_client_context(given)
        self.identity = identity = CognitoIdentity()
        given = parse_header(headers, "lambda-runtime-cognito-identity", "Cognito Identity") or {}
        identity.cognito_identity_id = given.get("cognitoIdentityId")
        identity.cognito_identity_pool_id = given.get("cognitoIdentityPoolId")

    def _make_client_context(self, given):
        # AWS: a trace context of the W3C's form is taken out of the client's.
        w3c = given.pop("w3c", None)
        if isinstance(w3c, dict):
            fields = ("traceparent", "tracestate", "baggage")
            self._w3c = {k: w3c[k] for k in fields if isinstance(w3c.get(k), str)}
        context = ClientContext()
        context.custom, context.env, context.client = given.get("custom"), given.get("env"), None
        client = given.get("client")
        if client is not None:
            context.client = Client()
            for name in Client.__slots__:
                setattr(context.client, name, client.get(name))
        return context

    def get_remaining_time_in_millis(self):
        return max(self._epoch_deadline_time_in_ms - int(time.time() * 1000), 0)

    def log(self, msg):
        text = str(msg)
        write_event(text[:-1] if text.endswith("\n") else text)

    def w3c(self):
        return dict(self._w3c)

    def __repr__(self):
        about = "aws_request_id log_group_name log_stream_name function_name memory_limit_in_mb function_version"
        return describe(self, about.split() + ["invoked_function_arn", "client_context", "identity", "tenant_id"])


def parse_header(headers, name, title):
    value = headers.get(name)
    if not value:
        return None
    try:
        return loads(value)
    except Exception as e:
        raise Fault("Runtime.LambdaContextUnmarshalError", "Unable to parse {} JSON: {}".format(title, e))


# ---- The function ----


def find_handler(name):
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        words = "Bad handler '{}': not enough values to unpack (expected 2, got 1)"
        raise Fault("Runtime.MalformedHandlerName", words.format(name))
    if module_name.split(".")[0] in sys.builtin_module_names:
        words = "Cannot use built-in module {} as a handler module"
        raise Fault("Runtime.BuiltInModuleConflict", words.format(module_name))
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
    try:
        return getattr(module, function_name)
    except AttributeError:
        words = "Handler '{}' missing on module '{}'"
        raise Fault("Runtime.HandlerNotFound", words.format(function_name, module_name))


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


def encode_error(error):
    # What UTF-8 has no bytes for comes out as JSON's own escape.
    return dumps(error).encode("utf-8", "backslashreplace")


ERROR_HEADERS = b"Content-Type: application/json\r\nLambda-Runtime-Function-Error-Type: %s\r\n"


def header_value(text):
    return text.encode("ascii", "replace").replace(b"\n", b" ").replace(b"\r", b" ")


def give_up(connection, path, e, kind=None, status=1):
    """Report an error before the first event, and end."""
    error = error_object("", e)
    log_error(error)
    flush()
    connection.post(path, encode_error(error), ERROR_HEADERS % header_value(kind or error["errorType"]))
    connection.reply()
    sys.exit(status)


# ---- The client's other files ----

loaded = {}


def load(name):
    """Return the module of another of the client's files, which functions may or
    may not come to need."""
    if name not in loaded:
        from importlib.machinery import SourceFileLoader, SourcelessFileLoader

        # Beside bytecode there is bytecode, for the same interpreter.
        folder, _, file = FILE.rpartition("/")
        path = folder + "/" + file.replace("bootstrap", name, 1)
        loader = (SourcelessFileLoader if path.endswith(".pyc") else SourceFileLoader)("lamgate." + name, path)
        loaded[name] = type(sys)(loader.name)
        loader.exec_module(loaded[name])
    return loaded[name]


class SnapshotHook:
    """Finds snapshot_restore_py, which AWS's runtime has, where the function has
    not brought it."""

    def find_spec(self, name, path=None, target=None):
        return load("snapshots").spec(name) if name == "snapshot_restore_py" else None


class Ahead:
    """Finds in the standard library what AWS's client has imported before the
    function comes, also where the function's package has a module of that name
    (enum34 has). It gives the root logger its handler when logging is imported."""

    names = frozenset(
        """collections contextlib copyreg decimal enum functools heapq importlib json keyword linecache logging math
        numbers operator re reprlib sre_compile sre_constants sre_parse string textwrap threading token tokenize
        traceback types warnings weakref""".split()
    )
    library = sys.path[1:]

    def find_spec(self, name, path=None, target=None):
        if name not in self.names:
            return None
        from _frozen_importlib_external import PathFinder

        spec = PathFinder.find_spec(name, self.library)
        if name == "logging":
            run = spec.loader.exec_module

            def exec_module(module):
                run(module)
                set_up_logging(module)

            spec.loader.exec_module = exec_module
        return spec


def set_up_logging(logging):
    load("logs").set_up(logging, JSON_LOGS, write_event, lambda: (request_id, tenant_id))


# ---- Logs ----

request_id, tenant_id = "", None


def log_error(error):
    if JSON_LOGS:
        line = {"timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "level": "ERROR"}
        line.update(error)
        write_event(dumps(line))
        return
    head = "[ERROR] {}: {}" if error["errorMessage"] else "[ERROR] {}"
    lines = [head.format(error["errorType"], error["errorMessage"]), "Traceback (most recent call last):"]
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


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # the function has closed or replaced it
            pass


# ---- The start ----


def set_up_process():
    """Do what no function's environment has a say in."""
    global scan
    scan = make_scan()
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if hasattr(stream, "reconfigure"):  # from 3.7 on
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
        else:
            wrapper = type(stream)(stream.detach(), "utf-8", "backslashreplace", line_buffering=True)
            setattr(sys, name, wrapper)
    builtins.exit = builtins.quit = sys.exit
    global LAYERS
    LAYERS = sys.argv[1] if len(sys.argv) > 1 else "/opt"
    # The function's modules must not find this one's names in __main__.
    sys.argv[:] = ["/var/runtime/bootstrap.py"]  # AWS: which is the client's place


def become(connection):
    """Ask what to become, and take its environment and its place."""
    # AWS: its own client has imported these before the function comes.
    import importlib, json, logging, traceback  # noqa

    load("logs")
    status, _, body = connection.get(environ["LAMGATE_STEM"].encode("ascii"))
    if status != "200":
        return
    given = loads(body.decode("utf-8"))["environment"]
    # Python itself sets LC_CTYPE where the locale is missing, as it would have.
    locale = environ.get("LC_CTYPE")
    environ.clear()
    environ.update(given)
    if locale is not None and "LC_ALL" not in given:
        environ.setdefault("LC_CTYPE", locale)
    time.tzset()
    chdir(environ.get("LAMBDA_TASK_ROOT", "/var/task"))
    sys.path_importer_cache.clear()


def set_up_function():
    """Do what depends on the function's environment."""
    global ABOUT, JSON_LOGS, encode_value
    names = "LOG_GROUP_NAME", "LOG_STREAM_NAME", "FUNCTION_NAME", "FUNCTION_MEMORY_SIZE", "FUNCTION_VERSION"
    ABOUT = [environ.get("AWS_LAMBDA_" + name) for name in names]
    JSON_LOGS = environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
    # AWS: from python3.12 on the client leaves characters beyond ASCII as they
    # are.
    release = environ.get("AWS_EXECUTION_ENV", "").rpartition("python3.")[2]
    minor = int(release) if release.isdigit() else sys.version_info[1]
    encode_value = make_encode(minor < 12)
    root = environ.get("LAMBDA_TASK_ROOT", "")
    sys.path[0] = root
    # AWS: layers are found after the function's own modules.
    version = "python{}.{}".format(*sys.version_info[:2])
    sys.path[1:1] = [LAYERS + "/python/lib/" + version + "/site-packages", LAYERS + "/python"]
    # The interpreter runs without its site module (-S), which costs several
    # milliseconds; this is what functions miss of it.
    sys.path.append(sys.prefix + "/lib/" + version + "/site-packages")
    if sys.prefix == "/usr":  # Debian has them elsewhere
        sys.path += ["/usr/local/lib/" + version + "/dist-packages", "/usr/lib/python3/dist-packages"]
    if "logging" in sys.modules:
        set_up_logging(sys.modules["logging"])
    sys.meta_path.insert(0, Ahead())
    sys.meta_path.append(SnapshotHook())


def main():
    global request_id, tenant_id
    set_up_process()
    connection = Connection(environ["AWS_LAMBDA_RUNTIME_API"])
    if environ.get("LAMGATE_STEM"):
        become(connection)
    set_up_function()
    try:
        handler = find_handler(environ["_HANDLER"])
    except Exception as e:
        give_up(connection, b"init/error", e)
    if environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
        load("snapshots").run(connection, give_up)

    ask, trace = connection.ask, None
    connection.socket.sendall(ask)
    while True:
        status, headers, body = connection.reply()
        if status != "200":
            sys.stderr.write("lamgate: the Runtime API answered {}: {!r}\n".format(status, body))
            sys.exit(1)
        request_id = headers["lambda-runtime-aws-request-id"]
        tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        header = headers.get("lambda-runtime-trace-id")
        if header != trace:
            trace = header
            if trace is None:
                environ.pop("_X_AMZN_TRACE_ID", None)
            else:
                environ["_X_AMZN_TRACE_ID"] = trace
        path = b"invocation/" + request_id.encode()
        try:
            context = LambdaContext(headers)
            try:
                event = loads(body.decode("utf-8"))
            except Exception as e:
                raise Fault("Runtime.UnmarshalError", "Unable to unmarshal input: {}".format(e))
            answer, kind = marshal(handler(event, context))
            kind = b"Content-Type: " + kind + b"\r\n"
            path += b"/response"
        except Exception as e:
            error = error_object(request_id, e)
            log_error(error)
            answer = encode_error(error)
            path += b"/error"
            kind = ERROR_HEADERS % header_value(error["errorType"])
        event = context = None
        flush()
        # AWS: an answer that UTF-8 has no bytes for ends the client.
        connection.post(path, answer.encode("utf-8") if isinstance(answer, str) else answer, kind, ask)
        status, _, body = connection.reply()
        if status != "202":
            words = "[ERROR] LAMBDA_RUNTIME Failed to post handler success response. Http response code: {}. {}"
            write_event(words.format(status, body.decode("utf-8", "replace")))


if __name__ == "__main__":
    main()
