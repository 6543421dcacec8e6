// @ts-check
// The page of the check: pick a folder, see how far it is, read what was found. Wrong files come first.
var shenlu = shenlu || {};

/**
 * @param {HTMLElement} box
 * @param {() => void} pick opens the folder picker
 * @param {() => void} leave back to the picture
 */
shenlu.Report = function (box, pick, leave) {
  this.box = box;
  this.pick = pick;
  this.leave = leave;
  /** @type {{ stop: () => void } | null} */
  this.running = null;
  /** @type {any} The last judgement, for who asks. */
  this.judgement = null;
  this.redraw = () => this.open();
};

/**
 * @param {string} name
 * @param {string} kind
 * @param {string} text
 * @param {Element} [into]
 */
shenlu.Report.prototype.add = function (name, kind, text, into) {
  var element = document.createElement(name);
  element.className = kind;
  element.textContent = text;
  (into || this.box).appendChild(element);
  return element;
};

shenlu.Report.prototype.button = function (/** @type {Element} */ into, /** @type {string} */ key,
  /** @type {string} */ kind, /** @type {() => void} */ act) {
  var button = this.add("button", kind, shenlu.say(key), into);
  button.setAttribute("type", "button");
  button.addEventListener("click", act);
};

shenlu.Report.prototype.head = function () {
  this.box.textContent = "";
  this.box.hidden = false;
  this.add("h2", "", shenlu.say("report-title"));
};

/** Asks for the folder. */
shenlu.Report.prototype.open = function () {
  this.redraw = () => this.open();
  this.head();
  this.add("p", "ask", shenlu.say("report-pick"));
  var row = this.add("p", "buttons", "");
  this.button(row, "report-choose", "main", this.pick);
  this.button(row, "report-back", "", this.leave);
};

/** @param {File[]} files */
shenlu.Report.prototype.run = async function (files) {
  if (this.running) this.running.stop();
  var discs = await shenlu.discsIn(files);
  if (!discs.length) {
    this.head();
    this.add("p", "verdict part", shenlu.say("no-disc"));
    var row = this.add("p", "buttons", "");
    this.button(row, "report-choose", "main", this.pick);
    this.button(row, "report-back", "", this.leave);
    return;
  }
  /** @type {any[]} */
  var known = [];
  discs.forEach(function (/** @type {any} */ disc) {
    disc.files.forEach(function (/** @type {any} */ one) { if (!known.includes(one)) known.push(one); });
  });
  var began = performance.now();
  this.showProgress();
  var self = this;
  var work = shenlu.digestAll(known.map(function (one) { return one.file; }), function (progress) {
    self.progress(progress, known[progress.n].file);
  });
  this.running = work;
  var digested = await work.done;
  if (this.running !== work) return;
  this.running = null;
  if (!digested) return this.stopped();
  for (var n = 0; n < known.length; n += 1) Object.assign(known[n], digested[n]);
  var judgement = await shenlu.judge(discs);
  var bytes = known.reduce(function (sum, one) { return sum + one.file.size; }, 0);
  this.show(judgement, discs, { count: known.length, bytes: bytes, ms: performance.now() - began });
};

shenlu.Report.prototype.showProgress = function () {
  var self = this;
  this.redraw = function () {};
  this.head();
  this.add("p", "what", "");
  this.add("progress", "bar", "");
  this.add("p", "figures", "");
  var row = this.add("p", "buttons", "");
  this.button(row, "report-stop", "", function () { if (self.running) self.running.stop(); });
};

/** What, how far, how long yet. */
shenlu.Report.prototype.progress = function (/** @type {any} */ progress, /** @type {File} */ file) {
  var what = this.box.querySelector(".what");
  var bar = /** @type {HTMLProgressElement | null} */ (this.box.querySelector(".bar"));
  var figures = this.box.querySelector(".figures");
  if (!what || !bar || !figures) return;
  var ms = performance.now() - progress.began;
  var left = (ms / progress.bytes) * (progress.all_bytes - progress.bytes);
  what.textContent = shenlu.say("running", file.webkitRelativePath || file.name);
  bar.max = progress.all_bytes;
  bar.value = progress.bytes;
  figures.textContent = shenlu.say("running-figures", shenlu.saySize(progress.bytes), shenlu.saySize(progress.all_bytes),
    (progress.bytes / 1000 / ms).toFixed(0), shenlu.sayLength(left));
};

shenlu.Report.prototype.stopped = function () {
  this.redraw = () => this.stopped();
  this.head();
  this.add("p", "verdict part", shenlu.say("verdict-stopped"));
  this.foot();
};

shenlu.Report.prototype.foot = function () {
  var row = this.add("p", "buttons", "");
  this.button(row, "report-again", "", this.pick);
  this.button(row, "report-back", "main", this.leave);
};

shenlu.Report.prototype.show = function (/** @type {any} */ judgement, /** @type {any[]} */ discs, /** @type {any} */ figures) {
  this.judgement = judgement;
  // The sentences of the judgement are of the language in which it was made: judge anew, which takes no reading.
  this.redraw = () => { shenlu.judge(discs).then((/** @type {any} */ again) => this.show(again, discs, figures)); };
  this.head();
  this.add("p", "verdict " + judgement.verdict, shenlu.say("verdict-" + judgement.verdict));
  this.add("p", "figures", shenlu.say("done-figures", figures.count, shenlu.saySize(figures.bytes),
    shenlu.sayLength(figures.ms), (figures.bytes / 1000 / figures.ms).toFixed(0)));
  this.foot();
  var bad = judgement.rows.filter(function (/** @type {any} */ row) { return row.outcome !== "good"; });
  var good = judgement.rows.filter(function (/** @type {any} */ row) { return row.outcome === "good"; });
  if (bad.length) this.showRows("some-bad", bad, discs.length > 1);
  this.showItems(judgement.items);
  if (good.length) this.showRows("all-good", good, discs.length > 1);
  this.add("p", "scope", shenlu.say("scope"));
};

shenlu.Report.prototype.showItems = function (/** @type {any[]} */ items) {
  var list = this.add("ul", "items", "");
  items.forEach(function (/** @type {any} */ item) {
    var row = this.add("li", item.state, "", list);
    this.add("b", "", shenlu.say(item.name, ...item.values), row);
    this.add("span", "", item.text, row);
    if (item.command) this.add("pre", "", item.command, row);
  }, this);
};

shenlu.Report.prototype.showRows = function (/** @type {string} */ key, /** @type {any[]} */ rows,
  /** @type {boolean} */ has_discs) {
  this.add("p", "rows-head", shenlu.say(key, rows.length));
  var table = this.add("table", "", "");
  var head = this.add("tr", "", "", this.add("thead", "", "", table));
  ["outcome", "file", "size", "by"].forEach(function (key) { this.add("th", key, shenlu.say(key), head); }, this);
  var body = this.add("tbody", "", "", table);
  rows.forEach(function (row) {
    var line = this.add("tr", row.outcome, "", body);
    this.add("td", "outcome", shenlu.say("outcome-" + row.outcome), line);
    this.add("td", "file", (has_discs ? shenlu.say("disc", row.disc) + " · " : "") + row.path, line);
    this.add("td", "size", row.outcome === "missing" ? "–" : shenlu.saySize(row.size), line);
    this.add("td", "by", row.by.join(" "), line);
  }, this);
};
