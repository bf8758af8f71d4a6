'use strict';
// Stands in for the compiled part of AWS's client for Node.js, which carries
// events and answers: the rest of that client runs as it is.
const http = require('http');

const [hostname, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
let sent = Promise.resolve();

const call = (method, path, headers, body) =>
  new Promise((resolve, reject) => {
    const request = http.request({ hostname, port, agent, method, path: '/2018-06-01/runtime/' + path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part)).on('end', () => resolve({ headers: response.headers, bodyJson: text }));
    });
    request.on('error', reject).end(body);
  });

const post = (path, headers, body) => {
  sent = sent.then(() => call('POST', path, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), ...headers }, body));
};

require.extensions['.node'] = (module) => {
  module.exports = {
    next: () => sent.then(() => call('GET', 'invocation/next')),
    done: (id, body) => post(`invocation/${id}/response`, {}, body),
    error: (id, body) => post(`invocation/${id}/error`, { 'Lambda-Runtime-Function-Error-Type': JSON.parse(body).errorType }, body),
  };
};
