//! Health for whoever restarts services, figures for whoever draws curves.
//!
//! Neither says anything of people or cases.

use super::Door;
use super::auth::{Action, authorize};
use crate::room::snapshot::Snapshot;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::fmt::Write;
use std::sync::Arc;

/// 200 while the room's loop answers, 503 when its last snapshot is older than five seconds.
#[utoipa::path(get, path = "/healthz", responses((status = 200), (status = 503)))]
pub async fn health(State(door): State<Arc<Door>>) -> Response {
    if door.room.is_alive() {
        (StatusCode::OK, "ok\n").into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the room's loop stands still\n").into_response()
    }
}

#[utoipa::path(get, path = "/metrics", responses((status = 200)))]
pub async fn metrics(State(door): State<Arc<Door>>, headers: HeaderMap) -> Response {
    if let Err(response) = authorize(&door, &headers, Action::SeeMetrics) {
        return response;
    }
    let text = figures(&door.room.snapshot());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

fn figures(snapshot: &Snapshot) -> String {
    let mut text = String::new();
    let counters = &snapshot.media.counters;
    let mut row = |name: &str, kind: &str, value: u64| {
        let _ = writeln!(text, "# TYPE shenlu_{name} {kind}\nshenlu_{name} {value}");
    };
    row("recording", "gauge", u64::from(snapshot.recording));
    row("alarms", "gauge", snapshot.alarms.len() as u64);
    row("frames_composed_total", "counter", counters.composed);
    row("frames_encoded_total", "counter", counters.encoded);
    row("frames_repeated_total", "counter", counters.repeated);
    row("camera_frames_total", "counter", counters.camera_frames);
    row("samples_total", "counter", counters.samples);
    row(
        "samples_substituted_left_total",
        "counter",
        counters.substituted_left,
    );
    row(
        "samples_substituted_right_total",
        "counter",
        counters.substituted_right,
    );
    row("media_restarts_total", "counter", snapshot.media.restarts);
    text
}
