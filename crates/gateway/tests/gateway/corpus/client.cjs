// Makes the exchanges that standard input lists, with the client of the runtime, and prints what came back.

const http = require('node:http');

const pairs = (flat) => flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1]]] : []));

const send = (host, one) =>
  new Promise((done, failed) => {
    const body = Buffer.from(one.body, 'base64');
    const request = http.request({
      hostname: host.split(':')[0],
      port: host.split(':')[1],
      method: one.method,
      path: one.target,
      // A list is sent as it stands.
      headers: ['Host', host, ...one.headers.flat()],
      maxHeaderSize: 1 << 20,
      // The pool would keep a connection that the request itself says is over.
      ...(one.headers.some(([name, value]) => name === 'Connection' && value === 'close') ? { agent: false } : {}),
    });
    request.on('response', (answer) => {
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece));
      answer.on('error', failed);
      answer.on('end', () =>
        done({
          status: answer.statusCode,
          reason: answer.statusMessage,
          headers: pairs(answer.rawHeaders),
          body: Buffer.concat(pieces).toString('base64'),
          trailers: pairs(answer.rawTrailers),
        }),
      );
    });
    request.on('error', (error) => failed(new Error(`${one.name}: ${error}`)));
    if (one.chunked) {
      for (let at = 0; at < body.length; at += 700) request.write(body.subarray(at, at + 700));
      if (one.trailers.length) request.addTrailers(one.trailers);
      request.end();
    } else {
      request.end(body.length ? body : undefined);
    }
  });

(async () => {
  const given = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
  const got = [];
  for (const one of given.exchanges) got.push(await send(given.host, one));
  // Written as a whole before the process ends, which a pipe alone would not promise.
  require('node:fs').writeFileSync(1, JSON.stringify(got));
  process.exit(0);
})();
