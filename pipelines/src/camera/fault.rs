//! What a failure means for the people in the room: GStreamer's errors as a `CameraFault` and a sentence.
//!
//! Called by the supervisor. Sentences say what to do and carry no secret: GStreamer's own texts are passed on
//! only from messages, whose locations hold no user or password.

use super::{BuildError, Lost};
use crate::messages::CameraFault;
use crate::settings::{CameraSource, Transport};
use gst::glib;
use std::error::Error;
use std::io::ErrorKind;

pub(crate) fn of_build(error: &BuildError) -> Lost {
    let cause = match error {
        BuildError::Open { source, .. } if source.kind() == ErrorKind::NotFound => CameraFault::NotFound,
        BuildError::Open { source, .. } if source.kind() == ErrorKind::PermissionDenied => {
            CameraFault::NotFound
        }
        BuildError::Pattern { .. } => CameraFault::NotFound,
        BuildError::Container { .. } | BuildError::NoForm { .. } => CameraFault::UnsupportedCodec,
        BuildError::Open { .. } | BuildError::Part(_) | BuildError::Link(_) | BuildError::State(_) => {
            CameraFault::Failed
        }
    };
    let mut reason = error.to_string();
    if let Some(below) = error
        .source()
        .filter(|_| !matches!(error, BuildError::Open { .. }))
    {
        reason = format!("{reason}: {below}");
    }
    Lost { cause, reason }
}

/// A text of GStreamer's without the secrets that stand in the camera's URL.
pub(crate) fn shown(source: &CameraSource, text: &str) -> String {
    match source {
        CameraSource::Rtsp { url, .. } => text.replace(url, &host(url)),
        CameraSource::V4l2 { .. } | CameraSource::File { .. } | CameraSource::Test { .. } => text.to_owned(),
    }
}

pub(crate) fn of_error(source: &CameraSource, error: &glib::Error) -> Lost {
    let cause = if let Some(kind) = error.kind::<gst::ResourceError>() {
        of_resource(source, kind)
    } else if let Some(kind) = error.kind::<gst::StreamError>() {
        of_stream(kind)
    } else {
        CameraFault::Failed
    };
    Lost {
        cause,
        reason: reason(source, cause, error.message()),
    }
}

fn of_resource(source: &CameraSource, kind: gst::ResourceError) -> CameraFault {
    use gst::ResourceError as R;
    let network = matches!(source, CameraSource::Rtsp { .. });
    match kind {
        R::NotAuthorized => CameraFault::Unauthorized,
        R::NotFound => CameraFault::NotFound,
        R::OpenRead | R::OpenWrite | R::OpenReadWrite | R::Read | R::Write | R::Settings if network => {
            CameraFault::Unreachable
        }
        R::OpenRead | R::OpenReadWrite => CameraFault::NotFound,
        _ => CameraFault::Failed,
    }
}

fn of_stream(kind: gst::StreamError) -> CameraFault {
    use gst::StreamError as S;
    match kind {
        S::CodecNotFound | S::WrongType | S::TypeNotFound | S::Format => CameraFault::UnsupportedCodec,
        _ => CameraFault::Failed,
    }
}

/// Scheme and host: credentials may stand before the host, in the query, and even in the path.
fn host(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("rtsp", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}")
}

fn reason(source: &CameraSource, cause: CameraFault, told: &str) -> String {
    let shown = shown(source, told);
    let told = shown.as_str();
    match (source, cause) {
        (CameraSource::Rtsp { url, user: None, .. }, CameraFault::Unauthorized) => {
            let url = host(url);
            format!("{url} wants a user and a password; write them into the camera's settings")
        }
        (
            CameraSource::Rtsp {
                url,
                user: Some(user),
                ..
            },
            CameraFault::Unauthorized,
        ) => {
            let url = host(url);
            format!("{url} refused user {user}: wrong user or password")
        }
        (CameraSource::Rtsp { url, .. }, CameraFault::NotFound) => {
            let url = host(url);
            format!("{url}: the camera has no such stream; check the path")
        }
        (CameraSource::Rtsp { url, transport, .. }, CameraFault::Unreachable) => {
            let advice = match transport {
                Transport::Auto => "check its power, cable and address",
                Transport::Tcp => "check its power, cable and address, or allow UDP",
                Transport::Udp => "check its power, cable and address, or use TCP",
            };
            let url = host(url);
            format!("{url} cannot be reached ({told}); {advice}")
        }
        (CameraSource::Rtsp { .. }, _)
        | (CameraSource::V4l2 { .. } | CameraSource::File { .. } | CameraSource::Test { .. }, _) => {
            told.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_url_only_the_host_is_said() {
        for url in [
            "rtsp://room:s@cret@10.0.0.9:554/live",
            "rtsp://10.0.0.9:554/user=room&password=s@cret",
            "rtsp://10.0.0.9:554?password=s@cret",
        ] {
            assert_eq!(host(url), "rtsp://10.0.0.9:554");
        }
    }
}
