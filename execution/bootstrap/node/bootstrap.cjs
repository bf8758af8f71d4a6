'use strict';
// lamgate's runtime client for Node.js 16 and later. It keeps the contract of
// Lambda's own client: the context object, the shapes of errors, the form of
// log lines. It speaks to the Runtime API over a bare socket, since Node's http
// costs several times what the rest of an invocation does: an answer and the
// question for the next event leave in one write.
//
// Started with LAMGATE_STEM=PATH it is a stem cell: it makes itself ready, asks
// what to become, and goes on as if it had been started that way.

const net = require('net');
const fs = require('fs');
const path = require('path');
const { format, types } = require('util');

const env = process.env;

// AWS: the client is /var/runtime/index.mjs, which is what functions and their
// callers see of it: in stacks, by the last line of this file, in the message of
// a module that is not found, and in process.argv.
module.filename = process.argv[1] = '/var/runtime/index.mjs';

// ---- What the environment decides ----

let release; // of the runtime that the function asks for
let callbacks; // whether handlers have them
let about; // the function, in every context
let jsonLogs;
let minimum; // of the levels that are logged

function configure() {
  release = Number((/nodejs(\d+)/.exec(env.AWS_EXECUTION_ENV || '') || [])[1]) || parseInt(process.versions.node, 10);
  // AWS: from nodejs24.x on there are no callbacks any more.
  callbacks = release < 24;
  requestId = callbacks ? undefined : '-';
  jsonLogs = String(env.AWS_LAMBDA_LOG_FORMAT).toUpperCase() === 'JSON';
  minimum = LEVELS[String(env.AWS_LAMBDA_LOG_LEVEL).toUpperCase()] || (jsonLogs ? LEVELS.INFO : 0);
  if (!callbacks) globalThis.awslambda.InvokeStore = store;
  about = {
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
  };
}

let requestId; // of the event under way
let current = null; // the invocation under way

// ---- Logs ----

const LEVELS = { TRACE: 1, DEBUG: 2, INFO: 3, WARN: 4, ERROR: 5, FATAL: 6 };

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
  const [message, ...rest] = args;
  if (!jsonLogs) {
    writeEvent(`${time}\t${requestId}\t${level}\t${format(message, ...rest)}`);
    return;
  }
  const line = { timestamp: time, level, requestId };
  if (current !== null && current.tenant) line.tenantId = current.tenant;
  if (rest.length === 0) {
    line.message = message;
  } else {
    line.message = format(message, ...rest);
    const e = rest.find((a) => a instanceof Error);
    if (e) Object.assign(line, { errorType: kindOf(e), errorMessage: e.message, stackTrace: typeof e.stack === 'string' ? e.stack.split('\n') : [] });
  }
  let text;
  try {
    text = JSON.stringify(line, (_, v) => (v instanceof Error ? loggedError(v) : v));
  } catch {
    text = JSON.stringify({ ...line, message: format(line.message) });
  }
  writeEvent(text);
}

const kindOf = (e) => (e && e.constructor && e.constructor.name) || 'UnknownError';

const loggedError = (e) => Object.assign({ errorType: kindOf(e), errorMessage: e.message, stackTrace: typeof e.stack === 'string' ? e.stack.split('\n') : e.stack }, e);

for (const [method, level] of [['trace', 'TRACE'], ['debug', 'DEBUG'], ['info', 'INFO'], ['log', 'INFO'], ['warn', 'WARN'], ['error', 'ERROR'], ['fatal', 'FATAL']]) {
  console[method] = (...args) => log(level, args);
}

// ---- Errors ----

class RuntimeError extends Error {
  constructor(type, message) {
    super(message);
    // AWS: newer clients show it among an error's own properties.
    Object.defineProperty(this, 'name', { value: type, enumerable: !callbacks });
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
  if (!isError(e)) e = new Error(String(e));
  if (jsonLogs) return log('ERROR', [e]);
  let text;
  try {
    text = JSON.stringify(e, (_, v) => {
      if (!(v instanceof Error)) return v;
      const plain = Object.assign({ errorType: v.name, errorMessage: v.message, code: v.code }, v);
      if (typeof v.stack === 'string') plain.stack = v.stack.split('\n');
      return plain;
    });
  } catch {
    text = JSON.stringify(errorObject(e));
  }
  log('ERROR', [title, '\t' + text]);
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

let assigned = null; // takes what a stem cell is to become

function reply(head, data, start, stop) {
  const status = head.slice(9, 12);
  if (assigned !== null) {
    assigned(status === '200' ? JSON.parse(data.utf8Slice(start, stop)).environment : null);
    return;
  }
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
let streaming = null; // what runs a handler that streams

function makeContext(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const given = {
    clientContext: parseHeader(headers['lambda-runtime-client-context'], 'client context'),
    identity: parseHeader(headers['lambda-runtime-cognito-identity'], 'Cognito identity'),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    tenantId: headers['lambda-runtime-aws-tenant-id'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
  if (callbacks) return { callbackWaitsForEmptyEventLoop: true, ...about, ...given };
  return { ...given, xRayTraceId: headers['lambda-runtime-trace-id'], ...about };
}

function parseHeader(text, title) {
  if (!text) return undefined;
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

  const invocation = { id: requestId, tenant: headers['lambda-runtime-aws-tenant-id'], trace, done: false, waiting: null };
  current = invocation;
  store.begin(invocation);
  // While the function runs, what keeps the event loop alive must be the
  // function's: then its emptiness means something.
  socket.unref();

  const fail = (e) => finish(invocation, null, callbacks && (e === undefined || e === null) ? 'handled' : e, true);
  try {
    const event = JSON.parse(body);
    const context = makeContext(headers);
    if (streaming) {
      streaming.run(invocation, handler, event, context);
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
      e = callbacks ? new Error('Unable to stringify response body') : new RuntimeError('Runtime.JSONStringifyError', 'Unable to stringify response body');
      isFailure = true;
    }
  }
  if (isFailure) {
    logError('Invoke Error', e);
    end(invocation);
    const error = errorObject(e);
    post(`invocation/${invocation.id}/error`, errorHeaders(error), JSON.stringify(error), NEXT);
  } else {
    end(invocation);
    post(`invocation/${invocation.id}/response`, 'Content-Type: application/json\r\n', body, NEXT);
  }
}

function end(invocation) {
  invocation.done = true;
  current = null;
  socket.ref();
}

// The event loop is empty: a callback may now be answered, and what has not
// been answered never will be.
process.on('beforeExit', () => {
  const invocation = current;
  if (invocation === null || invocation.done) return;
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
  const invocation = current;
  current = null;
  if (invocation && invocation.response && invocation.response.begun) {
    invocation.response.last(error, '');
  } else {
    post(invocation ? `invocation/${invocation.id}/error` : 'init/error', errorHeaders(error), JSON.stringify(error), '');
  }
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

// AWS: what wraps a handler looks for these.
const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');

// What an invocation's code finds of it, also where it has no context.
const KEYS = { REQUEST_ID: Symbol.for('_AWS_LAMBDA_REQUEST_ID'), X_RAY_TRACE_ID: Symbol.for('_AWS_LAMBDA_X_RAY_TRACE_ID'), TENANT_ID: Symbol.for('_AWS_LAMBDA_TENANT_ID') };
const store = {
  context: undefined,
  begin(i) {
    this.context = { [KEYS.REQUEST_ID]: i.id, [KEYS.X_RAY_TRACE_ID]: i.trace, [KEYS.TENANT_ID]: i.tenant };
  },
  getContext: () => store.context,
  hasContext: () => store.context !== undefined,
  get: (key) => (store.context === undefined ? undefined : store.context[key]),
  set(key, value) {
    if (Object.values(KEYS).includes(key)) throw new Error(`Cannot modify protected Lambda context field: ${String(key)}`);
    (store.context = store.context || {})[key] = value;
  },
  run(context, f) {
    store.context = context;
    return f();
  },
  getRequestId: () => store.get(KEYS.REQUEST_ID) ?? '-',
  getXRayTraceId: () => store.get(KEYS.X_RAY_TRACE_ID),
  getTenantId: () => store.get(KEYS.TENANT_ID),
};

globalThis.awslambda = {
  streamifyResponse(f, options) {
    f[STREAMING] = 'response';
    if (options && typeof options.highWaterMark === 'number') f[HIGH_WATER_MARK] = Math.trunc(options.highWaterMark);
    return f;
  },
  HttpResponseStream: {
    from(underlying, prelude) {
      underlying.setContentType('application/vnd.awslambda.http-integration-response');
      const text = JSON.stringify(prelude);
      // AWS: it goes before what is written first; a stream that is ended with
      // its only words, or none, has no prelude.
      underlying._onBeforeFirstWrite = (write) => {
        write(text);
        write(Buffer.alloc(8)); // the prelude's end
      };
      return underlying;
    },
  },
};

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
  const find = (o) => match[2].split('.').reduce((v, name) => (v !== null && typeof v === 'object' ? v[name] : undefined), o);
  const found = find(module) || (module !== null && typeof module === 'object' && 'default' in module ? find(module.default) : undefined);
  if (!found) {
    throw new RuntimeError('Runtime.HandlerNotFound', `${full} is undefined or not exported`);
  }
  if (typeof found !== 'function') {
    throw new RuntimeError('Runtime.HandlerNotFound', `${full} is not a function`);
  }
  if (found[STREAMING]) {
    if (found[STREAMING] !== 'response') throw new RuntimeError('Runtime.MalformedStreamingHandler', 'Only response streaming is supported.');
    streaming = require(`${__dirname}/stream.cjs`)({ socket, start: `${API}invocation/`, HEAD, NEXT, RuntimeError, headerValue, errorObject, logError, finish, end, highWaterMark: Number(found[HIGH_WATER_MARK]) || undefined });
  }
  if (!callbacks && streaming === null && found.length >= 3) {
    throw new RuntimeError('Runtime.CallbackHandlerDeprecated', 'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.');
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
      throw new RuntimeError('Runtime.ImportModuleError', String(e));
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

// ---- The start ----

// become asks what to become, and takes its environment and its place.
async function become() {
  // The first import makes the loader ready, which is most of its cost.
  await import('node:module');
  const given = await new Promise((resolve) => {
    assigned = resolve;
    socket.write(`GET ${env.LAMGATE_STEM}${HEAD}\r\n`);
  });
  assigned = null;
  if (given === null) return;
  for (const name of Object.keys(env)) {
    if (!(name in given)) delete env[name];
  }
  Object.assign(env, given);
  process.chdir(env.LAMBDA_TASK_ROOT || '/var/task');
  // NODE_PATH has been read when the process started.
  require('module')._initPaths?.();
}

async function main() {
  if (env.LAMGATE_STEM) await become();
  configure();
  socket.unref(); // a module that never finishes loading must not be waited for
  try {
    handler = await load();
  } catch (e) {
    die(callbacks ? 'Uncaught Exception' : 'Init Error', e, 1);
    return;
  }
  socket.ref();
  socket.write(NEXT);
}

main();

//# sourceURL=file:///var/runtime/index.mjs
