'use strict';
// What runs a handler that streams its answer: the body goes out in chunks as
// the function writes it, no faster than it is taken, and an error midway
// follows it in trailers. It is no part of other functions' start.

const { Writable } = require('stream');

const MODE = 'Lambda-Runtime-Function-Response-Mode: streaming\r\nTrailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\nTransfer-Encoding: chunked\r\n';

// The client gives what it has: its socket and its words.
module.exports = ({ socket, start, HEAD, NEXT, RuntimeError, headerValue, errorObject, logError, finish, end, highWaterMark }) => {
  class ResponseStream extends Writable {
    constructor(id) {
      super({ highWaterMark });
      this.id = id;
      this.contentType = 'application/octet-stream';
      this.touched = false; // by write
      this.begun = false; // on the wire
      this.on('error', () => {}); // the handler's promise has it
    }

    setContentType(type) {
      if (this.touched) throw new RuntimeError('Runtime.InvalidStreamingOperation', 'Cannot set content-type, too late.');
      this.contentType = type;
    }

    write(chunk, encoding, done) {
      if (!this.touched) {
        this.touched = true;
        if (typeof this._onBeforeFirstWrite === 'function') this._onBeforeFirstWrite((c) => super.write(c));
      }
      // AWS: what is neither text nor bytes is written as JSON.
      return super.write(typeof chunk === 'string' || chunk instanceof Uint8Array ? chunk : JSON.stringify(chunk), encoding, done);
    }

    _write(part, _, done) {
      this.frame([part]);
      drained(done);
    }

    _writev(list, done) {
      this.frame(list.map((entry) => entry.chunk));
      drained(done);
    }

    // frame sends bytes as one chunk, and before the first ones what they are.
    frame(parts) {
      let size = 0;
      for (const part of parts) size += part.length;
      socket.cork();
      if (!this.begun) {
        this.begun = true;
        socket.write(`${start}${this.id}/response${HEAD}${MODE}Content-Type: ${headerValue(this.contentType)}\r\n\r\n`);
      }
      if (size > 0) {
        socket.write(size.toString(16) + '\r\n');
        for (const part of parts) socket.write(part);
        socket.write('\r\n');
      }
      socket.uncork();
    }

    // last ends the body, with an error if there is one. then goes with it.
    last(error, then) {
      this.frame([]);
      let trailers = '';
      if (error) {
        const body = Buffer.from(JSON.stringify(error)).toString('base64');
        trailers = `Lambda-Runtime-Function-Error-Type: ${headerValue(error.errorType)}\r\nLambda-Runtime-Function-Error-Body: ${body}\r\n`;
      }
      socket.write(`0\r\n${trailers}\r\n${then}`);
    }
  }

  // drained calls back once the socket can take more.
  function drained(done) {
    if (socket.writableNeedDrain) socket.once('drain', done);
    else done();
  }

  async function run(invocation, handler, event, context) {
    const response = new ResponseStream(invocation.id);
    invocation.response = response;
    const closed = new Promise((resolve) => response.once('close', resolve));
    // AWS: a stream that nobody ends holds the invocation until it times out.
    socket.ref();
    try {
      const promise = handler(event, response, context);
      if (typeof promise !== 'object' || promise === null || typeof promise.then !== 'function') {
        throw new Error('Streaming does not support non-async handlers.');
      }
      if ((await promise) !== undefined) console.warn('Streaming handlers ignore return values.');
      await closed;
      if (!response.writableFinished) throw new Error('Response stream is not finished.');
      if (invocation.done) return;
      end(invocation);
      response.last(null, NEXT);
    } catch (e) {
      if (invocation.done) return;
      const ended = response.writableEnded;
      if (!ended && !response.touched) {
        finish(invocation, null, e, true);
        return;
      }
      logError('Invoke Error', e);
      // What was written before is sent before.
      if (!ended && !response.destroyed) response.end();
      await closed;
      if (invocation.done) return;
      end(invocation);
      // AWS: an answer that is complete stays one.
      response.last(ended && response.writableFinished ? null : errorObject(e), NEXT);
    }
  }

  return { run };
};

//# sourceURL=file:///var/runtime/index.mjs
