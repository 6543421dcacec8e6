// @ts-check
// The interview as one line of time, made of what segments.js tells: where each segment, gap and mark lies.
// Places on the line are milliseconds of the wall clock. A segment's own clock runs on through its part and its
// length stands here: a player takes the end time for a length, so nothing is ever taken from the media.
var shenlu = shenlu || {};

/**
 * @typedef {{ at: string, part?: number, media_us?: number }} Moment
 * @typedef {{ path: string, part: number, disc: number | null, size: number, sha256: string, sm3: string,
 *   at?: string, media_us?: number, duration_us?: number }} SegmentData
 * @typedef {{ path: string, part: number, disc: number | null, size: number, media_s: number,
 *   from: number, to: number }} Segment `from` and `to` are places on the line
 * @typedef {{ part: number, from: number, to: number, shift: number }} Part `shift`: place minus wall clock
 * @typedef {{ state: string } & Moment} Statement
 * @typedef {{ after_part: number, before_part: number, from: string, to: string, cause?: string, detail?: string,
 *   statement?: Statement, unrecorded?: { reason: string, approver: { name: string } },
 *   elsewhere?: { place: string } }} GapData
 * @typedef {{ from: number, to: number, data: GapData }} Gap
 * @typedef {{ place: number, kind: "mark" | "act", name: string, data: any }} Sign a mark or an act on the line
 * @typedef {{ kind: string, speaker?: string, text: string, page?: number, at?: string, part?: number,
 *   media_us?: number, place: number | null }} TranscriptLine
 * @typedef {{ form?: number, about: any, slot?: string, number: number, is_last?: boolean, journal_seq?: number,
 *   segments: SegmentData[], parts?: { part: number, from: string, duration_us: number }[], gaps?: GapData[],
 *   marks?: any[], intervals?: any[], phases?: any[], acts?: any[], transcript?: any[] }} DiscData
 */

/** A segment of which the journal was not known yet has no length: it gets this place on the line. */
shenlu.UNKNOWN_LENGTH_MS = 60000;

/**
 * @param {DiscData} data
 */
shenlu.Recording = function (data) {
  var self = this;
  /** @type {DiscData} */
  this.data = data;
  /** @type {Part[]} */
  this.parts = [];
  /** @type {Segment[]} */
  this.segments = [];
  /** @type {Gap[]} */
  this.gaps = [];
  this.layOutParts();
  this.layOutSegments();
  this.from = this.parts.length ? this.parts[0].from : 0;
  this.to = this.parts.reduce(function (to, part) { return Math.max(to, part.to); }, this.from);
  this.layOutGaps();
  /** @type {Sign[]} */
  this.signs = this.layOutSigns();
  this.intervals = (data.intervals || []).map(function (interval) {
    return {
      from: self.placeOf(interval.from),
      to: interval.to ? self.placeOf(interval.to) : self.to,
      data: interval
    };
  });
  this.phases = this.layOutPhases();
  /** @type {TranscriptLine[]} */
  this.transcript = (data.transcript || []).map(function (line) {
    var has_place = line.media_us !== undefined || line.at !== undefined;
    return Object.assign({}, line, { place: has_place ? self.placeOf(line) : null });
  });
};

/** Parts lie by the wall clock, and never over each other: a clock that was set back moves a part to the right. */
shenlu.Recording.prototype.layOutParts = function () {
  var behind = -Infinity;
  var known = this.data.parts || [];
  var bare = (this.data.segments || []).filter(function (segment) { return segment.media_us === undefined; });
  bare.forEach(function (segment) {
    if (known.every(function (part) { return part.part !== segment.part; })) {
      known = known.concat([{ part: segment.part, from: "", duration_us: 0 }]);
    }
  });
  for (var told of known) {
    var wall = Date.parse(told.from) || Math.max(behind, Date.parse(this.data.about.started_at) || 0);
    var from = Math.max(wall, behind);
    /** @type {Part} */
    var part = { part: told.part, from: from, to: from + told.duration_us / 1000, shift: from - wall };
    this.parts.push(part);
    var count = bare.filter(function (segment) { return segment.part === told.part; }).length;
    part.to += count * shenlu.UNKNOWN_LENGTH_MS;
    behind = part.to;
  }
};

shenlu.Recording.prototype.layOutSegments = function () {
  /** @type {Map<number, number>} */
  var ends = new Map();
  var sorted = this.data.segments.slice().sort(function (a, b) { return a.path < b.path ? -1 : 1; });
  for (var told of sorted) {
    var part = this.partOf(told.part);
    if (!part) continue;
    var end = ends.get(told.part);
    var from = told.media_us !== undefined ? part.from + told.media_us / 1000 : end === undefined ? part.from : end;
    var length = told.duration_us !== undefined ? told.duration_us / 1000 : shenlu.UNKNOWN_LENGTH_MS;
    ends.set(told.part, from + length);
    this.segments.push({
      path: told.path, part: told.part, disc: told.disc, size: told.size,
      media_s: (from - part.from) / 1000, from: from, to: from + length
    });
  }
};

/** A gap fills what lies between two parts, whatever the clock said then. */
shenlu.Recording.prototype.layOutGaps = function () {
  for (var told of this.data.gaps || []) {
    var before = this.partOf(told.after_part);
    var after = this.partOf(told.before_part);
    if (!before || !after) continue;
    this.gaps.push({ from: before.to, to: after.from, data: told });
  }
};

/** @returns {Sign[]} */
shenlu.Recording.prototype.layOutSigns = function () {
  var self = this;
  var marks = (this.data.marks || []).map(function (mark) {
    return /** @type {Sign} */ ({ place: self.placeOf(mark), kind: "mark", name: mark.mark, data: mark });
  });
  var acts = (this.data.acts || []).map(function (act) {
    return /** @type {Sign} */ ({ place: self.placeOf(act), kind: "act", name: act.act, data: act });
  });
  return marks.concat(acts).sort(function (a, b) { return a.place - b.place; });
};

shenlu.Recording.prototype.layOutPhases = function () {
  var self = this;
  var begun = (this.data.phases || []).map(function (phase) {
    return { phase: phase.phase, from: self.placeOf(phase), to: self.to };
  });
  begun.forEach(function (phase, n) {
    if (n + 1 < begun.length) phase.to = begun[n + 1].from;
  });
  return begun;
};

/** @param {number} number */
shenlu.Recording.prototype.partOf = function (number) {
  return this.parts.find(function (part) { return part.part === number; });
};

/**
 * Where a moment lies: by the recording where it has a place in it, else by the wall clock.
 * @param {Moment} moment
 * @returns {number}
 */
shenlu.Recording.prototype.placeOf = function (moment) {
  var part = moment.part === undefined ? undefined : this.partOf(moment.part);
  if (part && moment.media_us !== undefined) return part.from + moment.media_us / 1000;
  return Math.min(Math.max(Date.parse(moment.at) || this.from, this.from), this.to);
};

/**
 * What lies at a place: a segment, a gap, or nothing (behind the end, or where the journal names no segment).
 * @param {number} place
 * @returns {{ segment?: Segment, gap?: Gap }}
 */
shenlu.Recording.prototype.at = function (place) {
  var segment = this.segments.find(function (s) { return place >= s.from && place < s.to; });
  if (segment) return { segment: segment };
  var gap = this.gaps.find(function (g) { return place >= g.from && place < g.to; });
  if (gap) return { gap: gap };
  // Between two segments lie some µs of rounding.
  var next = this.segments.find(function (s) { return s.from >= place && s.from - place < 1000; });
  return next ? { segment: next } : {};
};

/**
 * The segment that follows, and the gap between.
 * @param {Segment} segment
 * @returns {{ segment?: Segment, gap?: Gap }}
 */
shenlu.Recording.prototype.after = function (segment) {
  var next = this.segments[this.segments.indexOf(segment) + 1];
  var gap = this.gaps.find(function (g) { return g.data.after_part === segment.part; });
  return { segment: next, gap: next && next.part === segment.part ? undefined : gap };
};

/**
 * Date and time by the clock of the room, from a place.
 * @param {number} place
 * @returns {{ date: string, time: string }}
 */
shenlu.Recording.prototype.wall = function (place) {
  var own = this.parts.filter(function (part) { return place >= part.from; }).pop();
  var offset = /([+-])(\d\d):(\d\d)$/.exec(this.data.about.started_at || "");
  var minutes = offset ? Number(offset[1] + "1") * (Number(offset[2]) * 60 + Number(offset[3])) : 0;
  var text = new Date(place - (own ? own.shift : 0) + minutes * 60000).toISOString();
  return { date: text.slice(0, 10), time: text.slice(11, 19) };
};
