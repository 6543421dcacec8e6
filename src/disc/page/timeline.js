// @ts-check
// Draws the line of time: parts, gaps, phases, marks, acts, breaks, discs, and where the viewer is. State by
// colour and by shape: a gap is hatched, a mark a flag, an act a ring, what lies on another disc an empty bar.
var shenlu = shenlu || {};

shenlu.ROWS = { ruler: 16, phases: 26, parts: 52, marks: 92, discs: 116, height: 140, left: 96 };

/** Steps of the ruler. */
shenlu.RULER_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800];

/**
 * @param {any} recording
 * @param {any} files
 * @param {SVGSVGElement} svg
 */
shenlu.Timeline = function (recording, files, svg) {
  this.recording = recording;
  this.files = files;
  this.svg = svg;
  this.from = recording.from;
  this.to = Math.max(recording.to, recording.from + 1000);
  /** Width of the window in ms; 0: all of it. */
  this.window = 0;
  /** @type {SVGElement | null} */
  this.head = null;
};

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @param {string} [text]
 */
shenlu.Timeline.prototype.add = function (name, attributes, text) {
  var element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (var key in attributes) element.setAttribute(key, String(attributes[key]));
  if (text !== undefined) element.textContent = text;
  this.svg.appendChild(element);
  return element;
};

/** @param {Element} element @param {string} text */
shenlu.Timeline.prototype.tip = function (element, text) {
  var title = document.createElementNS("http://www.w3.org/2000/svg", "title");
  title.textContent = text;
  element.appendChild(title);
};

/** @param {number} place */
shenlu.Timeline.prototype.x = function (place) {
  var width = this.svg.clientWidth - shenlu.ROWS.left - 14;
  return shenlu.ROWS.left + ((place - this.from) / (this.to - this.from)) * width;
};

/** @param {number} x in pixels from the drawing's left */
shenlu.Timeline.prototype.placeAt = function (x) {
  var width = this.svg.clientWidth - shenlu.ROWS.left - 14;
  var share = Math.min(Math.max((x - shenlu.ROWS.left) / width, 0), 1);
  return this.from + share * (this.to - this.from);
};

/** A narrower window follows the viewer. @param {number} place */
shenlu.Timeline.prototype.look = function (place) {
  var recording = this.recording;
  if (!this.window || this.window >= recording.to - recording.from) {
    this.from = recording.from;
    this.to = Math.max(recording.to, recording.from + 1000);
  } else if (place < this.from || place > this.to || this.to - this.from !== this.window) {
    this.from = Math.min(Math.max(place - this.window / 4, recording.from), recording.to - this.window);
    this.to = this.from + this.window;
  } else {
    return;
  }
  this.draw();
};

/** A bar from place to place, cut to the window. Null where none of it is seen. */
shenlu.Timeline.prototype.bar = function (/** @type {number} */ from, /** @type {number} */ to,
  /** @type {number} */ y, /** @type {number} */ height, /** @type {string} */ kind) {
  if (to < this.from || from > this.to) return null;
  var left = this.x(Math.max(from, this.from));
  var right = this.x(Math.min(to, this.to));
  return this.add("rect", { x: left, y: y, width: Math.max(right - left, 2), height: height, class: kind });
};

shenlu.Timeline.prototype.draw = function () {
  var rows = shenlu.ROWS;
  this.svg.textContent = "";
  this.svg.setAttribute("height", String(rows.height));
  this.defineHatching();
  [["row-phases", rows.phases + 16], ["row-parts", rows.parts + 21], ["row-marks", rows.marks + 13], ["row-discs", rows.discs + 16]]
    .forEach(function (row) {
      this.add("text", { x: 4, y: row[1], class: "row" }, shenlu.say(String(row[0])));
    }, this);
  this.drawRuler();
  this.drawPhases();
  this.drawParts();
  this.drawGaps();
  this.drawSigns();
  this.drawDiscs();
  this.head = this.add("g", { class: "head" });
  var stem = document.createElementNS("http://www.w3.org/2000/svg", "path");
  stem.setAttribute("d", "M0 " + rows.ruler + "V" + rows.height + "M-6 " + (rows.ruler - 8) + "h12l-6 9z");
  this.head.appendChild(stem);
};

shenlu.Timeline.prototype.defineHatching = function () {
  var pattern = this.add("pattern", { id: "hatching", width: 8, height: 8, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
  [["rect", { width: 8, height: 8, class: "gap-ground" }], ["rect", { width: 3, height: 8, class: "gap-stripe" }]].forEach(function (piece) {
    var rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (var [key, value] of Object.entries(piece[1])) rect.setAttribute(key, String(value));
    pattern.appendChild(rect);
  });
};

/** Round times of the wall clock, as many as there is room for. */
shenlu.Timeline.prototype.drawRuler = function () {
  var span_s = (this.to - this.from) / 1000;
  var room = Math.max(Math.floor((this.svg.clientWidth - shenlu.ROWS.left) / 92), 2);
  var step = shenlu.RULER_S.find(function (s) { return span_s / s <= room; }) || 28800;
  var wall = this.recording.wall(this.from).time.split(":").map(Number);
  var seconds = wall[0] * 3600 + wall[1] * 60 + wall[2] + (this.from % 1000) / 1000;
  var first = this.from + (Math.ceil(seconds / step) * step - seconds) * 1000;
  for (var place = first; place <= this.to; place += step * 1000) {
    var x = this.x(place);
    this.add("path", { d: "M" + x + " " + shenlu.ROWS.ruler + "V" + shenlu.ROWS.height, class: "tick" });
    var time = this.recording.wall(place + 1).time;
    if (x + 70 > this.svg.clientWidth) continue;
    this.add("text", { x: x + 4, y: shenlu.ROWS.ruler - 2, class: "time" }, step < 60 ? time : time.slice(0, 5));
  }
};

shenlu.Timeline.prototype.drawPhases = function () {
  this.recording.phases.forEach(function (/** @type {any} */ phase) {
    var bar = this.bar(phase.from, phase.to, shenlu.ROWS.phases, 22, "phase " + phase.phase);
    if (!bar) return;
    var name = shenlu.term("phase", phase.phase);
    this.tip(bar, name + " " + this.recording.wall(phase.from).time);
    this.label(bar, name, shenlu.ROWS.phases + 17, "phase-name");
  }, this);
};

/** A name inside a bar, where it fits. */
shenlu.Timeline.prototype.label = function (/** @type {Element} */ bar, /** @type {string} */ name,
  /** @type {number} */ y, /** @type {string} */ kind) {
  var left = Number(bar.getAttribute("x"));
  var text = this.add("text", { x: left + 6, y: y, class: kind }, name);
  var width = /** @type {SVGTextElement} */ (text).getComputedTextLength();
  if (width + 10 > Number(bar.getAttribute("width"))) text.remove();
};

shenlu.Timeline.prototype.drawParts = function () {
  var rows = shenlu.ROWS;
  this.recording.segments.forEach(function (/** @type {any} */ segment) {
    var kind = this.files.address(segment) ? "recorded" : "elsewhere";
    this.bar(segment.from, segment.to, rows.parts, 32, kind);
  }, this);
  this.recording.parts.forEach(function (/** @type {any} */ part) {
    var bar = this.bar(part.from, part.to, rows.parts, 32, "part");
    if (bar) this.label(bar, shenlu.say("part", part.part), rows.parts + 21, "part-name");
  }, this);
  this.recording.intervals.forEach(function (/** @type {any} */ interval) {
    var bar = this.bar(interval.from, interval.to, rows.parts + 26, 6, "interval");
    if (bar) this.tip(bar, shenlu.term("interval", interval.data.interval) + " " + interval.data.note);
  }, this);
};

shenlu.Timeline.prototype.drawGaps = function () {
  this.recording.gaps.forEach(function (/** @type {any} */ gap) {
    var bar = this.bar(gap.from, gap.to, shenlu.ROWS.parts, 32, "gap");
    if (bar) this.tip(bar, shenlu.gapLines(this.recording, gap).join("\n"));
  }, this);
};

shenlu.Timeline.prototype.drawSigns = function () {
  var y = shenlu.ROWS.marks;
  this.recording.signs.forEach(function (/** @type {any} */ sign) {
    if (sign.place < this.from || sign.place > this.to) return;
    var x = this.x(sign.place);
    var drawn = sign.kind === "mark"
      ? this.add("path", { d: "M" + x + " " + (y + 18) + "v-16h11l-4 4.5 4 4.5h-9", class: "mark " + sign.name })
      : this.add("circle", { cx: x, cy: y + 10, r: 5, class: sign.data.is_void ? "act void" : "act" });
    drawn.setAttribute("data-place", String(sign.place));
    this.tip(drawn, shenlu.signName(sign) + " " + this.recording.wall(sign.place).time);
  }, this);
};

/** Runs of segments that lie on the same disc. */
shenlu.Timeline.prototype.drawDiscs = function () {
  /** @type {{ disc: number | null, from: number, to: number }[]} */
  var runs = [];
  this.recording.segments.forEach(function (/** @type {any} */ segment) {
    var last = runs[runs.length - 1];
    if (last && last.disc === segment.disc) last.to = segment.to;
    else runs.push({ disc: segment.disc, from: segment.from, to: segment.to });
  });
  runs.forEach(function (run) {
    var own = run.disc === this.recording.data.number ? "disc own" : "disc";
    var bar = this.bar(run.from, run.to, shenlu.ROWS.discs, 22, own);
    var name = run.disc ? shenlu.say("disc", run.disc) : "…";
    if (bar) this.label(bar, name, shenlu.ROWS.discs + 17, "disc-name");
  }, this);
};

/** @param {number} place */
shenlu.Timeline.prototype.move = function (place) {
  this.look(place);
  if (this.head) this.head.setAttribute("transform", "translate(" + this.x(place) + " 0)");
};
