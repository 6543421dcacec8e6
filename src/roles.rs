//! The roles of the binary, each put together from the rooms that it needs.

use anyhow::{Context, bail};
use hardware::optical::{Device, Xorriso};
use rustls::ServerConfig;
use serde_json::Value;
use shenlu::room::config::{RoomConfig, Tls};
use shenlu::room::media::MediaProgram;
use shenlu::web::client::Client;
use shenlu::web::{Door, TlsFiles};
use shenlu::{accounts, bench, demo, evidence, room, web};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::FromRawFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

pub use demo::DemoArguments;

/// Until SIGTERM or SIGINT. An interview that is open then stays open and goes on at the next start.
pub fn room(config: &Path) -> anyhow::Result<ExitCode> {
    let config = RoomConfig::load(config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let listener = web::listen(config.web.listen)?;
    room::prepare(&config)?;
    let files = tls_files(&config)?;
    let tls = files.server_config()?;
    let running = room::start(config.clone(), media_program()?)?;
    let door = Arc::new(Door {
        room: running.handle.clone(),
        accounts: accounts::Accounts::open(&config.data.dir)?,
        sessions: accounts::Sessions::default(),
        logins: tokio::sync::Semaphore::new(1),
        interviews: config.data.dir.join("interviews"),
    });
    println!(
        "审录 {} {}: https://{}/",
        config.room.id,
        config.room.name,
        listener.local_addr()?
    );
    runtime.block_on(async {
        tokio::select! {
            () = serve_always(listener, tls, door, config.web.listen) => {}
            () = told_to_end() => {}
        }
    });
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    drop(running);
    Ok(ExitCode::SUCCESS)
}

/// The page may fail; the recording must not end with it.
async fn serve_always(first: TcpListener, tls: ServerConfig, door: Arc<Door>, address: SocketAddr) {
    let mut listener = Some(first);
    loop {
        let served = match listener.take().map_or_else(|| web::listen(address), Ok) {
            Ok(listener) => web::serve(listener, tls.clone(), Arc::clone(&door)).await,
            Err(error) => Err(error),
        };
        if let Err(error) = served {
            tracing::error!(%error, "the page is served again in five seconds");
        }
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    }
}

async fn told_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut term) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

fn media_program() -> anyhow::Result<MediaProgram> {
    let program = std::env::current_exe().context("where am I")?;
    Ok(MediaProgram {
        program,
        arguments: vec!["media".into()],
    })
}

fn tls_files(config: &RoomConfig) -> anyhow::Result<TlsFiles> {
    Ok(match &config.web.tls {
        Tls::SelfSigned => TlsFiles::self_signed(&config.data.dir, &config.room.id)?,
        Tls::Files { cert_file, key_file } => TlsFiles {
            cert: cert_file.clone(),
            key: key_file.clone(),
        },
    })
}

pub fn media() -> anyhow::Result<ExitCode> {
    // SAFETY: standard input is the socket that the room gave this process, and nothing else uses it.
    let socket = unsafe { UnixStream::from_raw_fd(0) };
    if socket.peer_addr().is_err() {
        bail!("`shenlu media` is started by the room; it is not for the command line");
    }
    pipelines::process::die_with_parent();
    pipelines::process::serve(socket)?;
    Ok(ExitCode::SUCCESS)
}

pub fn demo(arguments: DemoArguments) -> anyhow::Result<ExitCode> {
    let passed = demo::run(&arguments, &std::env::current_exe()?)?;
    Ok(if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Exit 0 accepted, 1 refused, 2 not asked.
pub fn command(kind: &str, json: &str, config: &Path, id: Option<String>) -> anyhow::Result<ExitCode> {
    let config = RoomConfig::load(config)?;
    let fields: Value = serde_json::from_str(json).context("the command's fields are no JSON")?;
    let files = tls_files(&config)?;
    let client = Client::sign_in(config.web.listen.port(), &config.data.dir, &files.cert)?;
    let id = match id {
        Some(id) => id,
        None => accounts::random_hex::<16>()?,
    };
    let reply = client.command(&id, kind, fields)?;
    println!("{}", serde_json::to_string_pretty(&reply.body)?);
    Ok(match reply.status {
        200 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

pub fn devices(config: Option<&Path>) -> anyhow::Result<ExitCode> {
    let config = config.map(RoomConfig::load).transpose()?;
    let burners = config.iter().flat_map(|c| &c.burners);
    let configured: Vec<Device> = burners
        .map(|b| Device::parse(&b.device))
        .collect::<Result<_, _>>()?;
    for found in hardware::optical::discover(&Xorriso::default(), &configured) {
        println!("{}", serde_json::to_string_pretty(&found)?);
    }
    Ok(ExitCode::SUCCESS)
}

/// Exit 0 sound, 1 not sound, 2 could not be read (contract). Without a language as JSON.
pub fn verify(
    path: PathBuf,
    against: Vec<PathBuf>,
    keys: &[String],
    lang: Option<crate::Lang>,
) -> anyhow::Result<ExitCode> {
    use crate::Lang;
    use evidence::verify::{Language, Lent, Question, answer};
    let keys = keys
        .iter()
        .map(|given| Lent::read(given))
        .collect::<Result<_, _>>()?;
    let report = answer(&Question {
        paths: vec![path],
        against,
        keys,
    });
    match lang {
        None => println!("{}", report.to_json()?),
        Some(Lang::Zh) => print!("{}", report.text(&[Language::Chinese])),
        Some(Lang::En) => print!("{}", report.text(&[Language::English])),
        Some(Lang::Both) => print!("{report}"),
    }
    Ok(ExitCode::from(report.verdict.exit_code()))
}

/// Exit 0 when every invariant holds.
pub fn check(config: &Path) -> anyhow::Result<ExitCode> {
    let config = RoomConfig::load(config)?;
    let findings = evidence::check::check(&config.data.dir);
    for finding in &findings {
        println!("{finding:?}");
    }
    Ok(if findings.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

pub fn bench(options: bench::Options) -> anyhow::Result<ExitCode> {
    Ok(bench::run(options)?)
}
