// The floor's side of a function: the handler behind a raw socket that speaks
// the Runtime API (next, response, next, …), with no HTTP library, no context
// object, no logs, no error handling.
const net = require("net");
const handler = require(process.argv[3]).handler;
const socket = net.connect(Number(process.argv[2]), "127.0.0.1");
socket.setNoDelay(true);
const api = "/2018-06-01/runtime/invocation/";
const next = `GET ${api}next HTTP/1.1\r\nHost: f\r\n\r\n`;
let pending = Buffer.alloc(0);
socket.on("data", async (chunk) => {
  pending = pending.length ? Buffer.concat([pending, chunk]) : chunk;
  const end = pending.indexOf("\r\n\r\n");
  if (end < 0) return;
  const head = pending.toString("latin1", 0, end);
  const length = Number(/content-length: (\d+)/i.exec(head)[1]);
  if (pending.length < end + 4 + length) return;
  const text = pending.toString("utf8", end + 4, end + 4 + length);
  pending = Buffer.alloc(0);
  if (head.startsWith("HTTP/1.1 202")) {
    socket.write(next);
    return;
  }
  const id = /aws-request-id: (\S+)/i.exec(head)[1];
  const body = JSON.stringify(await handler(JSON.parse(text)));
  socket.write(`POST ${api}${id}/response HTTP/1.1\r\nHost: f\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
});
socket.write(next);
