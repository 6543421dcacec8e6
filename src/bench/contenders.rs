//! The others' command lines: ffmpeg and stock GStreamer doing the whole work, and each decoding and
//! encoding alone.
//!
//! Called by `cpu`. Same input, same picture, same rate, one thread per codec for all (what our media
//! process uses; more threads cost the others CPU, not save it). Must be changed together with nothing:
//! ours is configured in `null_room`.

use super::material::Material;
use std::path::Path;
use std::process::Command;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contender {
    Ours,
    Ffmpeg,
    Stock,
    /// Decoding both cameras and encoding one of them and the sound, with ffmpeg's libraries …
    FfmpegAlone,
    /// … and with GStreamer's elements.
    GstreamerAlone,
}

impl Contender {
    pub const ALL: [Contender; 5] = [
        Contender::GstreamerAlone,
        Contender::Ours,
        Contender::Ffmpeg,
        Contender::Stock,
        Contender::FfmpegAlone,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Contender::Ours => "shenlu media",
            Contender::Ffmpeg => "ffmpeg, overlay and drawtext",
            Contender::Stock => "stock GStreamer, compositor and text overlays",
            Contender::FfmpegAlone => "decoding and encoding alone, ffmpeg",
            Contender::GstreamerAlone => "decoding and encoding alone, GStreamer",
        }
    }

    pub fn output(self, dir: &Path) -> std::path::PathBuf {
        dir.join(match self {
            Contender::Ours => "out-ours.mp4",
            Contender::Ffmpeg => "out-ffmpeg.mp4",
            Contender::Stock => "out-stock.mp4",
            Contender::FfmpegAlone => "out-ffmpeg-alone.mp4",
            Contender::GstreamerAlone => "out-gstreamer-alone.h264",
        })
    }

    /// `None` for ours, which is no command but a conversation.
    pub fn command(self, material: &Material, output: &Path) -> Option<Command> {
        match self {
            Contender::Ours => None,
            Contender::Ffmpeg => Some(ffmpeg(material, output)),
            Contender::Stock => Some(launch(&stock(material, output))),
            Contender::FfmpegAlone => Some(ffmpeg_alone(material, output)),
            Contender::GstreamerAlone => Some(launch(&stock_alone(material, output))),
        }
    }
}

const CLIMATE: &str = "26.5℃ 45%";
const FFMPEG_ENCODE: &str = "-c:v libx264 -preset veryfast -tune zerolatency -bf 0 -g 25 -sc_threshold 0 \
     -b:v 4000k -maxrate 4000k -bufsize 4000k -x264-params threads=1:sliced-threads=0 -c:a aac -b:a 128k \
     -movflags +frag_keyframe+empty_moov+default_base_moof";

fn ffmpeg_inputs(material: &Material) -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error", "-y"]);
    for camera in [&material.main, &material.insert] {
        command.args(["-re", "-threads", "1", "-i"]).arg(camera);
    }
    command.args(["-re", "-i"]).arg(&material.sound);
    command
}

fn ffmpeg(material: &Material, output: &Path) -> Command {
    let text = "font='Noto Sans CJK SC':fontsize=40:fontcolor=white:box=1:boxcolor=black@0.5:x=40";
    let climate = CLIMATE.replace('%', r"\\%");
    let filters = format!(
        "[1:v]scale=480:270[insert];[0:v][insert]overlay=W-w-32:H-h-32,\
         drawtext={text}:y=30:text='%{{localtime\\:%Y-%m-%d %T}}',drawtext={text}:y=90:text='{climate}'[out]"
    );
    let mut command = ffmpeg_inputs(material);
    command.args(["-filter_complex", &filters, "-map", "[out]", "-map", "2:a"]);
    command.args(FFMPEG_ENCODE.split_whitespace()).arg(output);
    command
}

fn ffmpeg_alone(material: &Material, output: &Path) -> Command {
    let mut command = ffmpeg_inputs(material);
    command
        .args(["-map", "0:v", "-map", "2:a"])
        .args(FFMPEG_ENCODE.split_whitespace())
        .arg(output);
    command.args(["-map", "1:v", "-c:v", "wrapped_avframe", "-f", "null", "-"]);
    command
}

const GSTREAMER_ENCODE: &str = "x264enc speed-preset=veryfast tune=zerolatency bframes=0 key-int-max=25 \
     pass=cbr bitrate=4000 vbv-buf-capacity=1000 threads=1 sliced-threads=false option-string=scenecut=0";

fn decoded(path: &Path) -> String {
    let path = path.display();
    format!("filesrc location={path} ! qtdemux ! h264parse ! avdec_h264 max-threads=1 ! clocksync")
}

fn sound(material: &Material) -> String {
    let path = material.sound.display();
    format!(
        "filesrc location={path} ! wavparse ! clocksync ! audioconvert ! avenc_aac bitrate=128000 ! aacparse"
    )
}

fn stock(material: &Material, output: &Path) -> String {
    let climate = CLIMATE.replace(' ', "~");
    format!(
        "mp4mux name=mux fragment-duration=1000 ! filesink location={} \
         compositor name=mix sink_1::xpos=1408 sink_1::ypos=778 sink_1::width=480 sink_1::height=270 ! \
         video/x-raw,format=I420,width=1920,height=1080,framerate=25/1 ! \
         clockoverlay time-format=%Y-%m-%d~%H:%M:%S font-desc=Noto~Sans~CJK~SC~16 ! \
         textoverlay text={climate} valignment=top halignment=left deltay=60 font-desc=Noto~Sans~CJK~SC~16 ! \
         {GSTREAMER_ENCODE} ! h264parse ! queue ! mux. \
         {} ! queue ! mix.sink_0 {} ! queue ! mix.sink_1 {} ! queue ! mux.",
        output.display(),
        decoded(&material.main),
        decoded(&material.insert),
        sound(material),
    )
}

fn stock_alone(material: &Material, output: &Path) -> String {
    format!(
        "{} ! queue ! {GSTREAMER_ENCODE} ! video/x-h264,stream-format=byte-stream ! filesink location={} \
         {} ! fakesink {} ! fakesink",
        decoded(&material.main),
        output.display(),
        decoded(&material.insert),
        sound(material),
    )
}

/// Words of the pipeline become arguments; `~` stands for a space inside one.
fn launch(pipeline: &str) -> Command {
    let mut command = Command::new("gst-launch-1.0");
    command
        .arg("-q")
        .args(pipeline.split_whitespace().map(|word| word.replace('~', " ")));
    command
}
