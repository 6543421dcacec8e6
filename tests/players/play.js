// Plays what the test wrote into segments.js: each segment alone, then all of them through one SourceBuffer.
// `window.alone` and `window.joined` are null until their turn is over.
(function () {
  "use strict";
  window.alone = null;
  window.joined = null;
  var patience_ms = 30000;

  // Until `kind`, an error, or the end of patience; never rejects, the caller reads what came.
  function hear(target, kind) {
    return new Promise(function (resolve) {
      target.addEventListener(kind, function () { resolve(kind); }, { once: true });
      target.addEventListener("error", function () { resolve("error"); }, { once: true });
      setTimeout(function () { resolve("nothing came"); }, patience_ms);
    });
  }

  function figures(video, came) {
    var quality = video.getVideoPlaybackQuality();
    return {
      came: came,
      error: video.error ? video.error.message : "",
      width: video.videoWidth,
      height: video.videoHeight,
      frames: quality.totalVideoFrames,
      sound_bytes: video.webkitAudioDecodedByteCount,
      from_s: video.played.length ? video.played.start(0) : -1,
      to_s: video.currentTime
    };
  }

  async function playAlone(path) {
    var video = document.createElement("video");
    document.body.appendChild(video);
    video.muted = true;
    var ended = hear(video, "ended");
    var began = performance.now();
    var second_shown_ms = null;
    var shown = 0;
    video.requestVideoFrameCallback(function again() {
      shown += 1;
      if (shown === 2) second_shown_ms = performance.now() - began;
      else video.requestVideoFrameCallback(again);
    });
    video.src = path;
    video.play().catch(function () {});
    var told = figures(video, await ended);
    told.path = path;
    told.second_shown_ms = second_shown_ms;
    told.took_ms = performance.now() - began;
    video.remove();
    return told;
  }

  function bytes(hex) {
    var out = new Uint8Array(hex.length / 2);
    for (var i = 0; i < out.length; i += 1) out[i] = parseInt(hex.substr(2 * i, 2), 16);
    return out;
  }

  async function playJoined(codecs, segments) {
    var video = document.createElement("video");
    document.body.appendChild(video);
    video.muted = true;
    var media = new MediaSource();
    video.src = URL.createObjectURL(media);
    await hear(media, "sourceopen");
    var buffer = media.addSourceBuffer('video/mp4; codecs="' + codecs + '"');
    for (var segment of segments) {
      var appended = hear(buffer, "updateend");
      buffer.appendBuffer(bytes(segment));
      await appended;
    }
    media.endOfStream();
    var ranges = [];
    for (var i = 0; i < buffer.buffered.length; i += 1) ranges.push([buffer.buffered.start(i), buffer.buffered.end(i)]);
    var ended = hear(video, "ended");
    video.play().catch(function () {});
    var told = figures(video, await ended);
    told.ranges = ranges;
    return told;
  }

  (async function () {
    var alone = [];
    for (var path of window.segments.paths) alone.push(await playAlone(path));
    window.alone = alone;
    window.joined = await playJoined(window.segments.codecs, window.segments.bytes);
  })();
})();
