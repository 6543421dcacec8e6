// @ts-check
// Digests of files, taken in a worker so that the page stays awake. A page from file:// may not load a worker's
// script, so the worker is made of the text of the functions below.
var shenlu = shenlu || {};

/**
 * Runs inside the worker: reads each file in pieces, both digests at once.
 * @param {() => { update(bytes: Uint8Array): void, finish(): string }} sha256
 * @param {() => { update(bytes: Uint8Array): void, finish(): string }} sm3
 */
shenlu.digestWorker = function (sha256, sm3) {
  var PIECE = 4 << 20;
  self.onmessage = async function (event) {
    var files = event.data;
    for (var n = 0; n < files.length; n += 1) {
      var first = sha256();
      var second = sm3();
      try {
        for (var at = 0; at < files[n].size; at += PIECE) {
          var piece = new Uint8Array(await files[n].slice(at, at + PIECE).arrayBuffer());
          first.update(piece);
          second.update(piece);
          self.postMessage({ n: n, bytes: piece.length });
        }
        self.postMessage({ n: n, sha256: first.finish(), sm3: second.finish() });
      } catch (fault) {
        self.postMessage({ n: n, unreadable: String(fault) });
      }
    }
    self.postMessage({ over: true });
  };
};

/**
 * @typedef {{ sha256?: string, sm3?: string, unreadable?: string }} Digested
 * @typedef {{ n: number, bytes: number, all_bytes: number, began: number }} Progress
 */

/**
 * @param {File[]} files
 * @param {(progress: any) => void} tell
 * @returns {{ done: Promise<any[] | null>, stop: () => void }} `null`: stopped
 */
shenlu.digestAll = function (files, tell) {
  var text = "(" + shenlu.digestWorker + ")(" + shenlu.sha256 + "," + shenlu.sm3 + ");";
  var address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  var worker = new Worker(address);
  /** @type {any[]} */
  var digested = [];
  var progress = {
    n: 0, bytes: 0, began: performance.now(),
    all_bytes: files.reduce(function (sum, file) { return sum + file.size; }, 0)
  };
  /** @type {(value: any[] | null) => void} */
  var settle = function () {};
  var done = new Promise(function (resolve) { settle = resolve; });
  worker.onmessage = function (event) {
    var told = event.data;
    if (told.over) {
      settle(digested);
      worker.terminate();
    } else if (told.bytes !== undefined) {
      progress.n = told.n;
      progress.bytes += told.bytes;
      tell(progress);
    } else {
      digested[told.n] = told;
    }
  };
  worker.onerror = function () { settle(null); };
  worker.postMessage(files);
  return {
    done: done,
    stop: function () {
      worker.terminate();
      settle(null);
    }
  };
};
