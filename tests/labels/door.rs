//! Labels over HTTPS's router: who may, what is answered, and that each print is audited.
//!
//! The room runs without cameras' pictures: its media process is one that never speaks.

use crate::paper::Print;
use crate::room::{Interview, Room};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use shenlu::disc::Slot;
use shenlu::evidence::journal::Journal;
use shenlu::room::config::RoomConfig;
use shenlu::room::media::MediaProgram;
use shenlu::web::{Door, router};
use shenlu::{accounts, room};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tower::ServiceExt;

const CASE: &str = "A1304280000202611001";

struct House {
    room: Room,
    interview: Interview,
    router: Router,
    _running: room::Running,
}

impl House {
    fn new() -> House {
        let room = Room::new();
        let interview = room.interview(CASE, &[Slot::A], &[]);
        let running = room::start(config(&room), silent_media()).unwrap();
        let data = room.path();
        let door = Door {
            room: running.handle.clone(),
            accounts: accounts::Accounts::open(data).unwrap(),
            sessions: accounts::Sessions::default(),
            logins: Semaphore::new(1),
            approvers: accounts::Approvers::below(data),
            approver_tries: accounts::Tries::default(),
            proofs: Semaphore::new(1),
            imports: Semaphore::new(1),
            labels: Semaphore::new(1),
            interviews: data.join("interviews"),
        };
        House {
            room,
            interview,
            router: router(Arc::new(door)),
            _running: running,
        }
    }

    async fn ask(&self, request: Request<Body>) -> (StatusCode, axum::http::HeaderMap, Vec<u8>) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = to_bytes(response.into_body(), 16 << 20).await.unwrap();
        (status, headers, body.to_vec())
    }

    async fn sign_in(&self) -> String {
        let secret = std::fs::read_to_string(self.room.path().join("operator-secret")).unwrap();
        let body = serde_json::json!({"account": "operator", "secret": secret.trim()}).to_string();
        let request = Request::post("/api/v1/login").body(Body::from(body)).unwrap();
        let (status, headers, _) = self.ask(request).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
        let cookie = headers[header::SET_COOKIE].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    async fn label(&self, cookie: &str, path: &str) -> (StatusCode, axum::http::HeaderMap, Vec<u8>) {
        let address = format!("/api/v1/interviews/{path}");
        let request = Request::get(address).header(header::COOKIE, cookie);
        self.ask(request.body(Body::empty()).unwrap()).await
    }
}

fn config(room: &Room) -> RoomConfig {
    let data = room.path().display();
    let text = format!(
        "version = 1\n[room]\nid = \"a1\"\nname = \"第一讯问室\"\nunit = \"示范县公安局\"\n[data]\ndir = \"{data}\"\n\
         [spool]\ndir = \"{data}/spool-of-room\"\n[web]\nlisten = \"127.0.0.1:0\"\n[[camera]]\n\
         slot = \"interviewee\"\nsource = \"test:ball\"\n[[microphone]]\nchannel = \"left\"\nsource = \"test:silence\"\n"
    );
    let path = room.path().join("room.toml");
    std::fs::write(&path, text).unwrap();
    RoomConfig::load(&path).unwrap()
}

fn silent_media() -> MediaProgram {
    MediaProgram {
        // Ends with the room, as its socket does.
        program: "/bin/sh".into(),
        arguments: vec!["-c".into(), "cat >/dev/null".into()],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_gets_the_labels_of_a_closed_interview_and_each_print_is_audited() {
    let house = House::new();
    let id = &house.interview.id;
    let path = format!("{id}/labels/disc?slot=a");
    assert_eq!(house.label("", &path).await.0, StatusCode::UNAUTHORIZED);
    let cookie = house.sign_in().await;
    let (status, headers, pdf) = house.label(&cookie, &path).await;
    assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&pdf));
    assert_eq!(headers[header::CONTENT_TYPE], "application/pdf");
    let print = Print::of_bytes(pdf);
    assert!(print.text().contains(CASE), "{}", print.text());
    assert!(print.codes(1)[0].starts_with(&format!("SHENLU1 {id} a 1 manifest.json:")));

    let audit = Journal::read(&house.room.path().join("audit.jsonl")).unwrap();
    let prints = audit
        .iter()
        .filter(|line| line.data.get("action") == Some(&"print-label".into()));
    let prints: Vec<_> = prints.map(|line| line.data["resource"].clone()).collect();
    assert_eq!(prints, [format!("{id}/disc")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_no_label_is_refused_in_both_languages() {
    let house = House::new();
    let id = &house.interview.id;
    let cookie = house.sign_in().await;
    for (path, wanted) in [
        (format!("{id}/labels/mug"), StatusCode::BAD_REQUEST),
        (format!("{id}/labels/disc?slot=z"), StatusCode::BAD_REQUEST),
        (format!("{id}/labels/disc?slot=b"), StatusCode::CONFLICT),
        ("a1-20010101-000000/labels/disc".to_owned(), StatusCode::NOT_FOUND),
        ("..%2F..%2Fetc/labels/disc".to_owned(), StatusCode::NOT_FOUND),
    ] {
        let (status, _, body) = house.label(&cookie, &path).await;
        assert_eq!(status, wanted, "{path}");
        let told: serde_json::Value = serde_json::from_slice(&body).unwrap();
        for language in ["message_zh", "message_en"] {
            assert!(!told[language].as_str().unwrap().is_empty(), "{path}: {told}");
        }
    }
}
