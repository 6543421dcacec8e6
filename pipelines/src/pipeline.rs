//! A small running pipeline: a chain of elements with its faults told to one place.
//!
//! Used by the encoders and the muxer, each of which has its own, so that one can end without the others.
//! State changes have a deadline. The bus has one reader: its sync handler, which needs no thread. A pipeline
//! stops when it is dropped; one that does not stop is abandoned and said so.

use crate::deadline::{StateError, change_state};
use gst::prelude::*;
use std::sync::Arc;

#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    #[error("GStreamer has no element {factory}: install {package}")]
    Missing { factory: String, package: &'static str },
    #[error("the elements of {pipeline} do not fit together")]
    Link {
        pipeline: String,
        source: gst::glib::BoolError,
    },
    #[error("{0} has no bus")]
    Bus(String),
    #[error(transparent)]
    State(#[from] StateError),
}

/// Called with what failed and why, on whatever thread it failed; must not block.
pub(crate) type Faults = Arc<dyn Fn(&str, String) + Send + Sync>;

pub(crate) fn element(
    factory: &str,
    name: &str,
    package: &'static str,
) -> Result<gst::Element, PipelineError> {
    let missing = |_| PipelineError::Missing {
        factory: factory.to_owned(),
        package,
    };
    gst::ElementFactory::make(factory)
        .name(name)
        .build()
        .map_err(missing)
}

pub(crate) struct Pipeline {
    pipeline: gst::Pipeline,
}

impl Pipeline {
    /// Links `chain` in order and sets it playing.
    pub fn run(name: &str, chain: &[&gst::Element], faults: Faults) -> Result<Pipeline, PipelineError> {
        let pipeline = gst::Pipeline::with_name(name);
        let fault = |source| PipelineError::Link {
            pipeline: name.to_owned(),
            source,
        };
        pipeline.add_many(chain).map_err(fault)?;
        gst::Element::link_many(chain).map_err(fault)?;
        Self::play(pipeline, faults)
    }

    /// Sets an already linked pipeline playing.
    pub fn play(pipeline: gst::Pipeline, faults: Faults) -> Result<Pipeline, PipelineError> {
        pipeline.use_clock(Some(&gst::SystemClock::obtain()));
        let bus = pipeline
            .bus()
            .ok_or_else(|| PipelineError::Bus(pipeline.name().to_string()))?;
        let watched = pipeline.downgrade();
        bus.set_sync_handler(move |_, message| {
            if let gst::MessageView::Error(error) = message.view() {
                tell(watched.upgrade(), error, &faults);
            }
            gst::BusSyncReply::Drop
        });
        let running = Pipeline { pipeline };
        change_state(&running.pipeline, gst::State::Playing)?;
        Ok(running)
    }
}

fn tell(pipeline: Option<gst::Pipeline>, error: &gst::message::Error, faults: &Faults) {
    let Some(pipeline) = pipeline else { return };
    let source = error
        .src()
        .map(|source| source.name().to_string())
        .unwrap_or_default();
    let reason = format!("{source}: {}", error.error());
    tracing::error!(pipeline = %pipeline.name(), %reason, debug = ?error.debug(), "pipeline failed");
    pipeline.debug_to_dot_file_with_ts(
        gst::DebugGraphDetails::all(),
        format!("{}-error", pipeline.name()),
    );
    faults(&pipeline.name(), reason);
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        if let Some(bus) = self.pipeline.bus() {
            bus.unset_sync_handler();
        }
        if let Err(error) = change_state(&self.pipeline, gst::State::Null) {
            tracing::error!(%error, "a pipeline was abandoned");
        }
    }
}
