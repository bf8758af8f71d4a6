'use strict';
// lamgate's runtime client for Node.js 16 and later. It keeps the contract of
// Lambda's own client: the context object, the shapes of errors, the form of
// log lines. It speaks to the Runtime API over a bare socket, since Node's http
// costs several times what the rest of an invocation does: an answer and the
// question for the next event leave in one write.

const net = require('net');
const fs = require('fs');
const path = require('path');
const { format, types } = require('util');

const env = process.env;
const release = Number((/nodejs(\d+)/.exec(env.AWS_EXECUTION_ENV || '') || [])[1]) || parseInt(process.versions.node, 10);
// AWS: from nodejs24.x on there are no callbacks any more.
const callbacks = release < 24;

let requestId; // of the event under way
let current = null; // the invocation under way

// ---- Logs ----

const jsonLogs = String(env.AWS_LAMBDA_LOG_FORMAT).toUpperCase() === 'JSON';
const LEVELS = { TRACE: 1, DEBUG: 2, INFO: 3, WARN: 4, ERROR: 5, FATAL: 6 };
const minimum = LEVELS[String(env.AWS_LAMBDA_LOG_LEVEL).toUpperCase()] || (jsonLogs ? LEVELS.INFO : 0);

// One log event is one line: the line ends within it are carriage returns,
// which lamgate turns back.
function writeEvent(text) {
  const bytes = Buffer.from(text.replace(/\n/g, '\r') + '\n');
  for (let at = 0; at < bytes.length; ) {
    try {
      at += fs.writeSync(1, bytes, at);
    } catch (e) {
      if (e.code !== 'EAGAIN') return;
    }
  }
}

function log(level, args) {
  if (LEVELS[level] < minimum) return;
  const time = new Date().toISOString();
  if (!jsonLogs) {
    writeEvent(`${time}\t${requestId}\t${level}\t${format(...args)}`);
    return;
  }
  const line = { timestamp: time, level, requestId };
  if (args.length === 1 && typeof args[0] === 'object' && !types.isNativeError(args[0])) {
    line.message = args[0];
  } else {
    line.message = format(...args);
    const e = args.find((a) => types.isNativeError(a));
    if (e) Object.assign(line, { errorType: e.name, errorMessage: e.message, stackTrace: String(e.stack).split('\n') });
  }
  let text;
  try {
    text = JSON.stringify(line, (_, v) => (types.isNativeError(v) ? errorObject(v) : typeof v === 'bigint' ? String(v) : v));
  } catch {
    text = JSON.stringify({ ...line, message: format(...args) });
  }
  writeEvent(text);
}

for (const [method, level] of [['trace', 'TRACE'], ['debug', 'DEBUG'], ['info', 'INFO'], ['log', 'INFO'], ['warn', 'WARN'], ['error', 'ERROR'], ['fatal', 'FATAL']]) {
  console[method] = (...args) => log(level, args);
}

// ---- Errors ----

class RuntimeError extends Error {
  constructor(type, message) {
    super(message);
    this.name = type;
  }
}

const isError = (e) => e instanceof Error || types.isNativeError(e);

// errorObject is the error as callers see it.
function errorObject(e) {
  try {
    if (isError(e)) {
      const name = e.name ? String(e.name).replace(/\x7F/g, '%7F') : 'Error';
      return { errorType: name, errorMessage: String(e.message), trace: String(e.stack || '').split('\n') };
    }
    return { errorType: typeof e, errorMessage: String(e), trace: [] };
  } catch {
    return { errorType: 'handled', errorMessage: 'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack', trace: [] };
  }
}

function logError(title, e) {
  if (jsonLogs) return log('ERROR', [e]);
  const { errorType, errorMessage, trace } = errorObject(e);
  const own = isError(e) ? { ...e } : {};
  delete own.name;
  let text;
  try {
    text = JSON.stringify({ errorType, errorMessage, ...own, stack: trace });
  } catch {
    text = JSON.stringify({ errorType, errorMessage, stack: trace });
  }
  log('ERROR', [`${title} \t${text}`]);
}

// ---- The connection ----

const [host, port] = [env.AWS_LAMBDA_RUNTIME_API.replace(/:\d+$/, ''), Number(/\d+$/.exec(env.AWS_LAMBDA_RUNTIME_API)[0])];
const HEAD = ` HTTP/1.1\r\nHost: ${env.AWS_LAMBDA_RUNTIME_API}\r\n`;
const NEXT = `GET /2018-06-01/runtime/invocation/next${HEAD}\r\n`;
const API = 'POST /2018-06-01/runtime/';

const socket = net.connect({ host, port, noDelay: true });
socket.setNoDelay(true);
socket.on('error', () => process.exit(1));
socket.on('close', () => process.exit(1));

let unread = null; // bytes that do not make a reply yet
let needed = 0; // how many make one, once its headers are known

socket.on('data', (data) => {
  if (unread !== null) {
    unread.push(data);
    unread.size += data.length;
    if (unread.size < needed) return;
    data = Buffer.concat(unread);
    unread = null;
  }
  needed = 0;
  let at = 0;
  while (at < data.length) {
    const end = data.indexOf('\r\n\r\n', at, 'latin1');
    if (end < 0) break;
    const head = data.utf8Slice(at, end);
    const length = /\r\ncontent-length: (\d+)/i.exec(head);
    const start = end + 4;
    const stop = start + (length === null ? 0 : Number(length[1]));
    if (stop > data.length) {
      needed = stop - at;
      break;
    }
    at = stop;
    reply(head, data, start, stop);
  }
  if (at < data.length) {
    const rest = data.subarray(at);
    unread = [rest];
    unread.size = rest.length;
  }
});

function reply(head, data, start, stop) {
  const status = head.slice(9, 12);
  if (status === '200') {
    const headers = {};
    for (const line of head.split('\r\n')) {
      const colon = line.indexOf(': ');
      if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 2);
    }
    invoke(headers, data.utf8Slice(start, stop));
  } else if (status !== '202') {
    log('ERROR', [`LAMBDA_RUNTIME Failed to post handler success response. Http response code: ${status}. ${data.utf8Slice(start, stop)}`]);
  }
}

const headerValue = (s) => String(s).replace(/[^\x20-\x7e]/g, '?');

function post(where, headers, body, then) {
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  const head = `${API}${where}${HEAD}${headers}Content-Length: ${length}\r\n\r\n`;
  if (typeof body === 'string') {
    socket.write(head + body + then);
  } else {
    socket.cork();
    socket.write(head);
    socket.write(body);
    if (then) socket.write(then);
    socket.uncork();
  }
}

const errorHeaders = (e) => `Content-Type: application/json\r\nLambda-Runtime-Function-Error-Type: ${headerValue(e.errorType)}\r\n`;

// ---- Invocations ----

let handler;

class Context {
  constructor(headers) {
    this.callbackWaitsForEmptyEventLoop = true;
    this.functionVersion = env.AWS_LAMBDA_FUNCTION_VERSION;
    this.functionName = env.AWS_LAMBDA_FUNCTION_NAME;
    this.memoryLimitInMB = env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE;
    this.logGroupName = env.AWS_LAMBDA_LOG_GROUP_NAME;
    this.logStreamName = env.AWS_LAMBDA_LOG_STREAM_NAME;
    const client = headers['lambda-runtime-client-context'];
    const identity = headers['lambda-runtime-cognito-identity'];
    this.clientContext = client ? parseHeader(client, 'client context') : undefined;
    this.identity = identity ? parseHeader(identity, 'Cognito identity') : undefined;
    this.invokedFunctionArn = headers['lambda-runtime-invoked-function-arn'];
    this.awsRequestId = headers['lambda-runtime-aws-request-id'];
    const deadline = Number(headers['lambda-runtime-deadline-ms']);
    this.getRemainingTimeInMillis = () => deadline - Date.now();
  }
}

function parseHeader(text, title) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`Failed to parse ${title} as JSON`);
  }
}

function invoke(headers, body) {
  requestId = headers['lambda-runtime-aws-request-id'];
  const trace = headers['lambda-runtime-trace-id'];
  if (trace) env._X_AMZN_TRACE_ID = trace;
  else delete env._X_AMZN_TRACE_ID;

  const invocation = { id: requestId, done: false, waiting: null };
  current = invocation;
  // While the function runs, what keeps the event loop alive must be the
  // function's: then its emptiness means something.
  socket.unref();

  const fail = (e) => finish(invocation, null, e === undefined || e === null ? new Error(String(e)) : e, true);
  try {
    const event = JSON.parse(body);
    const context = new Context(headers);
    if (handler.streaming) {
      stream(invocation, event, context).catch(fail);
      return;
    }
    let result;
    if (callbacks) {
      const done = (e, value) => {
        if (invocation.done || invocation.waiting) return;
        const send = () => (e !== undefined && e !== null ? finish(invocation, null, e, true) : finish(invocation, value));
        if (context.callbackWaitsForEmptyEventLoop) {
          invocation.waiting = send;
        } else {
          setImmediate(send);
        }
      };
      context.done = done;
      context.succeed = (value) => done(null, value);
      context.fail = (e) => done(e === undefined || e === null ? 'handled' : e);
      result = handler(event, context, done);
      if (result === undefined || result === null || typeof result.then !== 'function') return;
    } else {
      result = handler(event, context);
      if (result === undefined || result === null || typeof result.then !== 'function') {
        finish(invocation, result);
        return;
      }
    }
    result.then((value) => finish(invocation, value), fail);
  } catch (e) {
    fail(e);
  }
}

// finish posts the answer and asks for the next event.
function finish(invocation, value, e, isFailure) {
  if (invocation.done) return;
  let body;
  if (!isFailure) {
    try {
      body = JSON.stringify(value === undefined ? null : value);
      if (body === undefined) body = 'null'; // a function or a symbol
    } catch {
      e = new Error('Unable to stringify response body');
      isFailure = true;
    }
  }
  invocation.done = true;
  current = null;
  socket.ref();
  if (isFailure) {
    logError('Invoke Error', e);
    const error = errorObject(e);
    post(`invocation/${invocation.id}/error`, errorHeaders(error), JSON.stringify(error), NEXT);
  } else {
    post(`invocation/${invocation.id}/response`, 'Content-Type: application/json\r\n', body, NEXT);
  }
}

// The event loop is empty: a callback may now be answered, and what has not
// been answered never will be.
process.on('beforeExit', () => {
  const invocation = current;
  if (invocation === null) return;
  if (invocation.waiting) {
    invocation.waiting();
  } else if (callbacks) {
    // AWS: up to nodejs22.x a promise that is never settled answers null.
    finish(invocation, null);
  } else {
    finish(invocation, null, new RuntimeError('Runtime.NodeJsExit', 'The Lambda runtime client detected an unexpected Node.js exit code. This is most likely because a Promise was never settled.'), true);
  }
});

// die posts an error from outside the handler's reach and ends the process.
function die(title, e, status) {
  logError(title, e);
  const error = errorObject(e);
  socket.removeAllListeners('close');
  socket.ref();
  const where = current ? `invocation/${current.id}/error` : 'init/error';
  current = null;
  post(where, errorHeaders(error), JSON.stringify(error), '');
  socket.end(() => process.exit(status));
}

process.on('uncaughtException', (e) => die('Uncaught Exception', e, 129));
process.on('unhandledRejection', (reason, promise) => {
  const e = new RuntimeError('Runtime.UnhandledPromiseRejection', String(reason));
  e.reason = reason;
  e.promise = promise;
  die('Unhandled Promise Rejection', e, 128);
});

// ---- Streaming handlers ----

globalThis.awslambda = {
  streamifyResponse(f, options) {
    f.streaming = true;
    if (options && options.highWaterMark) f.highWaterMark = options.highWaterMark;
    return f;
  },
  HttpResponseStream: {
    from(underlying, prelude) {
      underlying.setContentType('application/vnd.awslambda.http-integration-response');
      underlying.write(JSON.stringify(prelude));
      underlying.write(Buffer.alloc(8)); // the prelude's end
      return underlying;
    },
  },
};

// The response is collected here and sent as a whole: lamgate does not stream
// yet.
async function stream(invocation, event, context) {
  const { Writable } = require('stream');
  const parts = [];
  let contentType = 'application/octet-stream';
  const response = new Writable({
    highWaterMark: handler.highWaterMark,
    write(part, _, next) {
      parts.push(part);
      next();
    },
  });
  response.setContentType = (type) => {
    contentType = type;
  };
  const finished = new Promise((resolve, reject) => response.on('finish', resolve).on('error', reject));
  await handler(event, response, context);
  if (!response.writableEnded) {
    response.end();
  }
  await finished;
  if (invocation.done) return;
  invocation.done = true;
  current = null;
  socket.ref();
  post(`invocation/${invocation.id}/response`, `Lambda-Runtime-Function-Response-Mode: streaming\r\nContent-Type: ${headerValue(contentType)}\r\n`, Buffer.concat(parts), NEXT);
}

// ---- The function's module ----

async function load() {
  const root = env.LAMBDA_TASK_ROOT || process.cwd();
  const full = env._HANDLER;
  if (full.includes('..')) {
    throw new RuntimeError('Runtime.MalformedHandlerName', `'${full}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  }
  const base = path.basename(full);
  const directory = full.slice(0, full.length - base.length);
  const match = /^([^.]*)\.(.*)$/.exec(base);
  if (!match || !match[1] || !match[2]) {
    throw new RuntimeError('Runtime.MalformedHandlerName', 'Bad handler');
  }
  const module = await loadModule(path.resolve(root, directory), match[1]);
  const found = match[2].split('.').reduce((o, name) => (o === undefined || o === null ? undefined : o[name]), module);
  if (!found) {
    throw new RuntimeError('Runtime.HandlerNotFound', `${full} is undefined or not exported`);
  }
  if (typeof found !== 'function') {
    throw new RuntimeError('Runtime.HandlerNotFound', `${full} is not a function`);
  }
  if (!callbacks && !found.streaming && found.length >= 3) {
    throw new RuntimeError('Runtime.CallbackHandlerDeprecated', 'AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later.');
  }
  return found;
}

async function loadModule(directory, name) {
  const stem = path.join(directory, name);
  try {
    for (const extension of ['', '.js', '.mjs', '.cjs']) {
      const file = stem + extension;
      if (!fs.statSync(file, { throwIfNoEntry: false })?.isFile()) continue;
      if (extension === '.mjs' || (extension === '.js' && isModulePackage(directory))) {
        return await import(require('url').pathToFileURL(file).href);
      }
      return require(file);
    }
    // A handler may come from a package in node_modules, or be a directory
    // with an index.
    return require(require.resolve(fs.existsSync(stem) ? stem : name, { paths: [env.LAMBDA_TASK_ROOT || '.', directory] }));
  } catch (e) {
    if (e instanceof SyntaxError) {
      const error = new RuntimeError('Runtime.UserCodeSyntaxError', String(e));
      error.stack = e.stack;
      throw error;
    }
    if (e && (e.code === 'MODULE_NOT_FOUND' || e.code === 'ERR_MODULE_NOT_FOUND')) {
      const error = new RuntimeError('Runtime.ImportModuleError', String(e));
      error.stack = e.stack;
      throw error;
    }
    throw e;
  }
}

function isModulePackage(directory) {
  for (;;) {
    try {
      return JSON.parse(fs.readFileSync(path.join(directory, 'package.json'), 'utf8')).type === 'module';
    } catch {
      const parent = path.dirname(directory);
      if (parent === directory || path.basename(directory) === 'node_modules') return false;
      directory = parent;
    }
  }
}

socket.unref(); // a module that never finishes loading must not be waited for
load().then(
  (found) => {
    handler = found;
    socket.ref();
    socket.write(NEXT);
  },
  (e) => die('Uncaught Exception', e, 1),
);
