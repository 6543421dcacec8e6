//! Making elements: named `<bin>-<role>-<slot>`, linked, and ended by a sink that tells clock times.
//!
//! Used by `camera` and `microphone`. A missing plug-in becomes an error that names the package. Nothing here knows why an element is wanted.

use gst::prelude::*;
use gst_app::{AppSink, AppSinkCallbacks};

#[derive(Debug, thiserror::Error)]
pub enum PartError {
    #[error("GStreamer has no element {factory}: install {package}")]
    Missing {
        factory: &'static str,
        package: &'static str,
    },
    #[error("{what} could not be put into the pipeline")]
    Link {
        what: String,
        source: gst::glib::BoolError,
    },
    #[error("{element} could not follow the pipeline's state")]
    Sync {
        element: String,
        source: gst::glib::BoolError,
    },
}

/// Debian's package for an element's plug-in, for the message only.
fn package(factory: &str) -> &'static str {
    match factory {
        f if f.starts_with("avdec_") => "gstreamer1.0-libav",
        "h265parse" | "opusparse" => "gstreamer1.0-plugins-bad",
        "alsasrc" | "videotestsrc" | "audioconvert" | "audioresample" | "opusdec" => {
            "gstreamer1.0-plugins-base and gstreamer1.0-alsa"
        }
        "queue" | "capsfilter" | "filesrc" => "libgstreamer1.0-0",
        _ => "gstreamer1.0-plugins-good",
    }
}

pub(crate) fn element(factory: &'static str, name: &str) -> Result<gst::Element, PartError> {
    gst::ElementFactory::make(factory)
        .name(name)
        .build()
        .map_err(|_| PartError::Missing {
            factory,
            package: package(factory),
        })
}

pub(crate) fn caps_filter(caps: &gst::Caps, name: &str) -> Result<gst::Element, PartError> {
    let filter = element("capsfilter", name)?;
    filter.set_property("caps", caps);
    Ok(filter)
}

/// A queue that holds its source back when it is full.
pub(crate) fn lossless_queue(limit: gst::ClockTime, name: &str) -> Result<gst::Element, PartError> {
    let queue = element("queue", name)?;
    queue.set_property("max-size-time", limit.nseconds());
    queue.set_property("max-size-buffers", 0u32);
    queue.set_property("max-size-bytes", 0u32);
    Ok(queue)
}

/// Adds a chain to the pipeline, links it in order and lets it follow the pipeline's state, sinks first.
pub(crate) fn add_chain(pipeline: &gst::Pipeline, chain: &[gst::Element]) -> Result<(), PartError> {
    let what = || {
        chain
            .iter()
            .map(|e| e.name().to_string())
            .collect::<Vec<_>>()
            .join(" ! ")
    };
    let fault = |source| PartError::Link { what: what(), source };
    pipeline.add_many(chain).map_err(fault)?;
    gst::Element::link_many(chain).map_err(fault)?;
    for element in chain.iter().rev() {
        let sync = |source| PartError::Sync {
            element: element.name().to_string(),
            source,
        };
        element.sync_state_with_parent().map_err(sync)?;
    }
    Ok(())
}

/// Clock time of a buffer that passes `element`: base time + running time. `None` before the clock runs.
pub(crate) fn clock_time_ns(
    element: &impl IsA<gst::Element>,
    segment: &gst::Segment,
    buffer: &gst::BufferRef,
) -> Option<u64> {
    let segment = segment.downcast_ref::<gst::ClockTime>()?;
    let running = segment.to_running_time(buffer.pts()?)?;
    Some((element.base_time()? + running).nseconds())
}

/// How a sink takes what comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// At once: the source is live.
    Live,
    /// Each at its time: the source would run away.
    Clock,
}

/// A sink that hands every sample with its clock time to `take`, on the streaming thread, and tells the end.
pub(crate) fn sink(
    name: &str,
    pace: Pace,
    mut take: impl FnMut(u64, &gst::Sample) + Send + 'static,
    mut ended: impl FnMut() + Send + 'static,
) -> AppSink {
    let callbacks = AppSinkCallbacks::builder()
        .new_sample(move |sink| {
            let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
            let seen = sample.segment().zip(sample.buffer());
            if let Some(at_ns) = seen.and_then(|(segment, buffer)| clock_time_ns(sink, segment, buffer)) {
                take(at_ns, &sample);
            }
            Ok(gst::FlowSuccess::Ok)
        })
        .eos(move |_| ended())
        .build();
    AppSink::builder()
        .name(name)
        .sync(pace == Pace::Clock)
        .async_(pace == Pace::Clock)
        .enable_last_sample(false)
        .callbacks(callbacks)
        .build()
}

/// The end of every chain of sound: whatever is decoded becomes 48 kHz mono for `put`.
pub(crate) fn sound_tail(
    name: &str,
    pace: Pace,
    mut put: impl FnMut(u64, &[i16]) + Send + 'static,
) -> Result<Vec<gst::Element>, PartError> {
    let caps = gst::Caps::builder("audio/x-raw")
        .field(
            "format",
            if cfg!(target_endian = "little") {
                "S16LE"
            } else {
                "S16BE"
            },
        )
        .field("layout", "interleaved")
        .field("rate", 48_000i32)
        .field("channels", 1i32)
        .build();
    let take = move |at_ns: u64, sample: &gst::Sample| {
        let Some(map) = sample.buffer().and_then(|buffer| buffer.map_readable().ok()) else {
            return;
        };
        let samples: Vec<i16> = map
            .chunks_exact(2)
            .map(|b| i16::from_ne_bytes([b[0], b[1]]))
            .collect();
        put(at_ns, &samples);
    };
    Ok(vec![
        element("audioconvert", &format!("{name}-convert"))?,
        element("audioresample", &format!("{name}-resample"))?,
        caps_filter(&caps, &format!("{name}-format"))?,
        sink(&format!("{name}-sink"), pace, take, || {}).upcast(),
    ])
}
