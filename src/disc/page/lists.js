// @ts-check
// The lists beside the picture: transcript, marks and acts, segments. The line that belongs to the place that is
// shown is marked and kept in view; a click jumps there.
var shenlu = shenlu || {};

/** @param {any} sign */
shenlu.signName = function (sign) {
  if (sign.kind === "mark") {
    var name = shenlu.term("mark", sign.name);
    return sign.data.text ? name + " · " + sign.data.text : name;
  }
  var outcome = shenlu.term("outcome", sign.data.outcome);
  var act = shenlu.term("act", sign.name);
  var page = shenlu.say("page", sign.data.page);
  return [sign.data.name || sign.data.person, outcome, act, page].filter(Boolean).join(" ");
};

/**
 * What is known of a time without recording, line by line.
 * @param {any} recording
 * @param {any} gap
 * @returns {string[]}
 */
shenlu.gapLines = function (recording, gap) {
  var told = gap.data;
  var times = shenlu.say("gap-times", recording.wall(gap.from).time, recording.wall(gap.to).time,
    shenlu.sayLength(gap.to - gap.from));
  var lines = [shenlu.say("gap"), times];
  var reason = told.cause ? shenlu.term("cause", told.cause) + (told.detail ? "（" + told.detail + "）" : "") : "";
  lines.push(reason ? shenlu.say("gap-reason", reason) : shenlu.say("gap-no-reason"));
  if (told.statement && told.statement.state === "made") {
    lines.push(shenlu.say("statement-made", told.statement.at.slice(11, 19), told.statement.part || "–"));
  } else if (told.statement) {
    lines.push(shenlu.say("statement-" + told.statement.state));
  }
  if (told.unrecorded) lines.push(shenlu.say("unrecorded", told.unrecorded.approver.name, told.unrecorded.reason));
  if (told.elsewhere) lines.push(shenlu.say("elsewhere", told.elsewhere.place));
  return lines;
};

/**
 * @param {any} recording
 * @param {any} files
 * @param {HTMLElement} box
 * @param {(place: number) => void} jump
 */
shenlu.Lists = function (recording, files, box, jump) {
  this.recording = recording;
  this.files = files;
  this.box = box;
  this.jump = jump;
  this.name = recording.transcript.length ? "transcript" : recording.signs.length ? "marks" : "segments";
  /** @type {{ place: number, row: HTMLElement }[]} */
  this.rows = [];
  /** @type {HTMLElement | null} */
  this.marked = null;
};

/** @param {string} name */
shenlu.Lists.prototype.open = function (name) {
  this.name = name;
  this.draw();
};

shenlu.Lists.prototype.draw = function () {
  this.box.textContent = "";
  this.rows = [];
  this.marked = null;
  if (this.name === "transcript") this.drawTranscript();
  else if (this.name === "marks") this.drawSigns();
  else this.drawSegments();
};

/**
 * @param {string} kind
 * @param {string} text
 */
shenlu.Lists.prototype.say = function (kind, text) {
  var line = document.createElement(kind === "heading" ? "h2" : "p");
  line.className = kind;
  line.textContent = text;
  this.box.appendChild(line);
};

/**
 * @param {number | null} place
 * @param {string} kind
 * @param {string[]} texts time, name
 */
shenlu.Lists.prototype.row = function (place, kind, texts) {
  var self = this;
  var row = document.createElement("button");
  row.type = "button";
  row.className = kind;
  texts.forEach(function (text, n) {
    var cell = document.createElement("span");
    cell.className = n === 0 ? "when" : "what";
    cell.textContent = text;
    row.appendChild(cell);
  });
  this.box.appendChild(row);
  if (place === null) {
    row.disabled = true;
    return;
  }
  var to = place;
  row.addEventListener("click", function () { self.jump(to); });
  this.rows.push({ place: to, row: row });
};

shenlu.Lists.prototype.drawTranscript = function () {
  var lines = this.recording.transcript;
  if (!lines.length) return this.say("empty", shenlu.say("no-transcript"));
  if (lines.every(function (/** @type {any} */ line) { return line.place === null; })) {
    this.say("empty", shenlu.say("untimed"));
  }
  lines.forEach(function (/** @type {any} */ line) {
    var who = line.kind === "page" ? shenlu.say("page", line.page) : line.speaker || shenlu.say(line.kind);
    var when = line.place === null ? "" : this.recording.wall(line.place).time;
    this.row(line.place, "line " + line.kind, [when, who + (shenlu.language ? ": " : "：") + line.text]);
  }, this);
};

/** Marks, acts and gaps in the order in which they came. */
shenlu.Lists.prototype.drawSigns = function () {
  var recording = this.recording;
  if (!recording.signs.length && !recording.gaps.length) return this.say("empty", shenlu.say("no-marks"));
  var rows = recording.signs.map(function (/** @type {any} */ sign) {
    var kind = sign.kind + (sign.data.is_void ? " void" : "");
    return { place: sign.place, kind: kind, name: shenlu.signName(sign) };
  }).concat(recording.gaps.map(function (/** @type {any} */ gap) {
    return { place: gap.from, kind: "gap", name: shenlu.gapLines(recording, gap).join("\n") };
  }));
  rows.sort(function (/** @type {any} */ a, /** @type {any} */ b) { return a.place - b.place; });
  rows.forEach(function (/** @type {any} */ row) {
    this.row(row.place, "sign " + row.kind, [recording.wall(row.place).time, row.name]);
  }, this);
};

shenlu.Lists.prototype.drawSegments = function () {
  var recording = this.recording;
  if (!recording.segments.length) return this.say("empty", shenlu.say("no-segments"));
  var part = 0;
  recording.segments.forEach(function (/** @type {any} */ segment) {
    if (segment.part !== part) {
      part = segment.part;
      var own = recording.partOf(part);
      var length = shenlu.say("part-length", recording.wall(own.from).time, shenlu.sayLength(own.to - own.from));
      this.say("heading", shenlu.say("part", part) + " · " + length);
    }
    var number = Number((/seg-(\d+)/.exec(segment.path) || ["", "0"])[1]);
    var where = segment.disc === recording.data.number ? ""
      : " · " + (segment.disc ? shenlu.say("disc", segment.disc) : shenlu.say("later-disc"));
    var kind = this.files.address(segment) ? "segment" : "segment elsewhere";
    this.row(segment.from, kind, [recording.wall(segment.from).time, shenlu.say("segment", number) + where]);
  }, this);
};

/** Marks the last row that lies before the place. @param {number} place */
shenlu.Lists.prototype.move = function (place) {
  var last = null;
  for (var known of this.rows) {
    if (known.place > place + 1) break;
    last = known.row;
  }
  if (last === this.marked) return;
  if (this.marked) this.marked.removeAttribute("aria-current");
  this.marked = last;
  if (!last) return;
  last.setAttribute("aria-current", "true");
  last.scrollIntoView({ block: "nearest" });
};
