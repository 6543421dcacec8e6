//! Files on their way in: streamed to the disk, digested there, handed to the room. A mobile recorder's, and
//! those of the e-case file.
//!
//! The only routes whose body may be large. The body goes through a short queue to a thread that writes and digests;
//! a body that breaks off or stands still leaves nothing behind. One file at a time.

use super::Door;
use super::api::{answer_of, not_audited};
use super::auth::{Action, authorize, problem};
use crate::room::arriving::{About, Arriving, CaseFileAbout, RecordingAbout, Reserved};
use crate::room::handle::{Answer, RoomHandle};
use crate::room::words;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Pieces between the network and the disk.
const QUEUED_PIECES: usize = 16;
/// A sender who says nothing for so long has gone.
const SILENT_FOR: Duration = Duration::from_secs(60);

#[derive(Deserialize, utoipa::IntoParams)]
pub struct Told {
    /// The interruption that it belongs to.
    interruption: u32,
    /// The mobile recorder.
    device: String,
    /// RFC 3339, by the recorder's clock.
    from: String,
    until: String,
}

#[derive(Deserialize, utoipa::IntoParams)]
pub struct Marked {
    /// For the house only: kept and in the manifest, and on no disc.
    #[serde(default)]
    internal: bool,
}

enum Piece {
    Bytes(Bytes),
    /// Nothing is missing.
    End,
}

/// A mobile recorder's file for an interruption of the open interview; durable and journalled when it is answered. A
/// name is used once.
#[utoipa::path(put, path = "/api/v1/interview/imports/{name}", params(("name" = String, Path), Told),
    responses((status = 200, body = crate::room::handle::Accepted),
              (status = 409, body = crate::room::handle::RefusedBody),
              (status = 400, body = super::auth::Problem), (status = 401, body = super::auth::Problem),
              (status = 413), (status = 503, body = super::auth::Problem)))]
pub async fn import(
    State(door): State<Arc<Door>>,
    Path(name): Path<String>,
    told: Result<Query<Told>, QueryRejection>,
    request: Request,
) -> Response {
    let Ok(Query(told)) = told else {
        return unless_allowed(&door, &request, words::IMPORT_FORM);
    };
    let resource = format!("{} {name}", told.interruption);
    let about = About::Recording(RecordingAbout {
        name,
        interruption: told.interruption,
        device: told.device,
        from: told.from,
        until: told.until,
    });
    bring_in(&door, about, ("import", &resource), request).await
}

/// A file for the e-case file of the open interview, up to 2,000 files and 500 MiB in all until the interview is closed;
/// durable and journalled when it is answered. `path` may have folders. The same file under the same name gets the
/// same answer, another one is refused; so is what a computer would run. There is no directory and no journal before
/// an interview is open: what is given right after the start belongs to it from its opening.
#[utoipa::path(put, path = "/api/v1/interview/case/{path}", params(("path" = String, Path), Marked),
    responses((status = 200, body = crate::room::handle::Accepted),
              (status = 409, body = crate::room::handle::RefusedBody),
              (status = 400, body = super::auth::Problem), (status = 401, body = super::auth::Problem),
              (status = 413), (status = 503, body = super::auth::Problem)))]
pub async fn give(
    State(door): State<Arc<Door>>,
    Path(path): Path<String>,
    marked: Result<Query<Marked>, QueryRejection>,
    request: Request,
) -> Response {
    let Ok(Query(marked)) = marked else {
        return unless_allowed(&door, &request, words::GIVEN_FORM);
    };
    let resource = path.clone();
    let about = About::CaseFile(CaseFileAbout {
        path,
        internal: marked.internal,
        announced_bytes: length(request.headers()),
    });
    bring_in(&door, about, ("give", &resource), request).await
}

/// What is malformed is told to those only who may send at all.
fn unless_allowed(door: &Door, request: &Request, said: words::Said) -> Response {
    match authorize(door, request.headers(), Action::Command) {
        Ok(_) => problem(StatusCode::BAD_REQUEST, "malformed", said),
        Err(response) => response,
    }
}

async fn bring_in(door: &Door, about: About, (action, resource): (&str, &str), request: Request) -> Response {
    let actor = match authorize(door, request.headers(), Action::Command) {
        Ok(actor) => actor,
        Err(response) => return response,
    };
    let Ok(_turn) = door.imports.try_acquire() else {
        return problem(
            StatusCode::SERVICE_UNAVAILABLE,
            "import-running",
            words::IMPORT_RUNNING,
        );
    };
    let reserved = match door.room.reserve(about).await {
        Some(Ok(reserved)) => reserved,
        Some(Err(answer)) => return answer_of(Some(answer)),
        None => return answer_of(None),
    };
    let announced = length(request.headers());
    let arriving = match receive(&door.room, reserved, announced, request.into_body()).await {
        Received::Whole(arriving) => arriving,
        Received::Refused(answer) => return answer_of(Some(answer)),
        Received::Broken => return problem(StatusCode::BAD_REQUEST, "broken-off", words::IMPORT_BROKEN),
    };
    if !door.room.audit(&actor.account, action, resource).await {
        return not_audited();
    }
    answer_of(door.room.take(*arriving, &actor.account).await)
}

enum Received {
    Whole(Box<Arriving>),
    Refused(Answer),
    Broken,
}

async fn receive(room: &RoomHandle, reserved: Reserved, announced: Option<u64>, body: Body) -> Received {
    let (pieces, queue) = channel(QUEUED_PIECES);
    let room = room.clone();
    let writing = tokio::task::spawn_blocking(move || write(&room, reserved, announced, queue));
    pass_on(body, &pieces).await;
    drop(pieces);
    writing.await.unwrap_or(Received::Broken)
}

/// Ends early when the writer does: its answer says why.
async fn pass_on(mut body: Body, pieces: &Sender<Piece>) {
    loop {
        let frame = poll_fn(|context| Pin::new(&mut body).poll_frame(context));
        let piece = match tokio::time::timeout(SILENT_FOR, frame).await {
            Ok(Some(Ok(frame))) => match frame.into_data() {
                Ok(bytes) => Piece::Bytes(bytes),
                Err(_trailers) => continue,
            },
            Ok(None) => Piece::End,
            Ok(Some(Err(_))) | Err(_) => return,
        };
        let is_end = matches!(piece, Piece::End);
        if pieces.send(piece).await.is_err() || is_end {
            return;
        }
    }
}

/// On a thread that may block.
fn write(
    room: &RoomHandle,
    reserved: Reserved,
    announced: Option<u64>,
    mut queue: Receiver<Piece>,
) -> Received {
    let mut receiving = match room.receive(&reserved, announced) {
        Ok(receiving) => receiving,
        Err(answer) => return Received::Refused(answer),
    };
    loop {
        match queue.blocking_recv() {
            Some(Piece::Bytes(bytes)) => {
                if let Err(error) = receiving.write(&bytes) {
                    return Received::Refused(reserved.not_received(&error));
                }
            }
            Some(Piece::End) => break,
            None => return Received::Broken,
        }
    }
    match room.take_in(reserved, receiving) {
        Ok(arriving) => Received::Whole(Box::new(arriving)),
        Err(answer) => Received::Refused(answer),
    }
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
