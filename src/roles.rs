//! The roles of the binary, each put together from the rooms that it needs.

use anyhow::{Context, bail};
use hardware::optical::{Device, Xorriso};
use rustls::ServerConfig;
use serde_json::Value;
use shenlu::disc::labels::{self, Facts, Form, InterviewFacts, LabelError, Standing, Wanted};
use shenlu::room::config::{RoomConfig, Tls};
use shenlu::room::media::MediaProgram;
use shenlu::web::client::Client;
use shenlu::web::giving;
use shenlu::web::{Door, TlsFiles};
use shenlu::{accounts, bench, demo, evidence, room, web};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::FromRawFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

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
        approvers: accounts::Approvers::below(&config.data.dir),
        approver_tries: accounts::Tries::default(),
        proofs: tokio::sync::Semaphore::new(1),
        imports: tokio::sync::Semaphore::new(1),
        labels: tokio::sync::Semaphore::new(1),
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
    runtime.shutdown_timeout(Duration::from_secs(1));
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
        tokio::time::sleep(Duration::from_secs(5)).await;
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

/// Exit 0 accepted, 1 refused, 2 not asked. `-` reads the fields from standard input: a credential must not
/// stand in the list of processes.
pub fn command(kind: &str, json: &str, config: &Path, id: Option<String>) -> anyhow::Result<ExitCode> {
    let config = RoomConfig::load(config)?;
    let json = match json {
        "-" => std::io::read_to_string(std::io::stdin()).context("standard input")?,
        json => json.to_owned(),
    };
    let fields: Value = serde_json::from_str(&json).context("the command's fields are no JSON")?;
    let client = sign_in(&config)?;
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

/// A line per file. Exit 0 all taken, 1 one was refused, 2 not asked.
pub fn give(
    files: &[PathBuf],
    config: &Path,
    internal: bool,
    named: Option<&str>,
) -> anyhow::Result<ExitCode> {
    let gifts = giving::gifts(files, named)?;
    let client = sign_in(&RoomConfig::load(config)?)?;
    let mut refused = 0;
    for gift in &gifts {
        let outcome = giving::give(&client, gift, internal)?;
        if outcome.is_taken() {
            println!("✓ {}", outcome.name);
            continue;
        }
        refused += 1;
        let said = |key: &str| outcome.body[key].as_str().unwrap_or_default().to_owned();
        println!("✗ {} {} {}", outcome.name, said("message_zh"), said("message_en"));
    }
    println!("{} / {}", gifts.len() - refused, gifts.len());
    Ok(if refused == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What was accepted stands in the next snapshots.
const CASE_DISC_SHOWN_WITHIN: Duration = Duration::from_secs(10);

/// Until it is burnt and read back. Exit 0 whole, 1 refused, failed, or something is missing, 2 not asked.
pub fn case_disc(case_number: &str, config: &Path, burner: &str) -> anyhow::Result<ExitCode> {
    let client = sign_in(&RoomConfig::load(config)?)?;
    let id = accounts::random_hex::<16>()?;
    let fields = serde_json::json!({"case_number": case_number, "burner": burner});
    let reply = client.command(&id, "burn-case-disc", fields)?;
    if reply.status != 200 {
        println!("{}", serde_json::to_string_pretty(&reply.body)?);
        return Ok(ExitCode::FAILURE);
    }
    let mut shown = String::new();
    let shown_by = Instant::now() + CASE_DISC_SHOWN_WITHIN;
    loop {
        std::thread::sleep(Duration::from_millis(500));
        let view = client.get("/api/v1/state")?.body["case_disc"].take();
        if view["command_id"] != id.as_str() {
            if shown.is_empty() && Instant::now() < shown_by {
                continue;
            }
            bail!(
                "the room was started again; look at its ledger and order the disc anew / 主机已重新启动,请重新制作"
            );
        }
        let line = case_disc_line(&view);
        if line != shown {
            println!("{line}");
            shown = line;
        }
        if view["ended"] == true {
            let missing: Vec<_> = view["missing"].as_array().cloned().unwrap_or_default();
            for what in &missing {
                println!("✗ {}", what.as_str().unwrap_or_default());
            }
            let is_whole = view["burnt"] == true && missing.is_empty();
            return Ok(if is_whole {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            });
        }
    }
}

fn case_disc_line(view: &Value) -> String {
    let text = |key: &str| view[key].as_str().unwrap_or_default();
    let percent = view["progress_permille"]
        .as_u64()
        .map(|p| format!(" {} %", p / 10));
    format!(
        "{} {} #{}{} {}",
        text("device"),
        text("state"),
        view["disc"],
        percent.unwrap_or_default(),
        text("fault")
    )
}

fn sign_in(config: &RoomConfig) -> anyhow::Result<Client> {
    let files = tls_files(config)?;
    Ok(Client::sign_in(
        config.web.listen.port(),
        &config.data.dir,
        &files.cert,
    )?)
}

/// Approvers and their codes, whether the room runs or not. Each change is audited before it is made, so that none
/// stands without its line; one that then fails is audited as that.
pub fn approver(task: &ApproverTask, config: &Path) -> anyhow::Result<ExitCode> {
    let config = RoomConfig::load(config)?;
    room::prepare(&config)?;
    accounts::Accounts::open(&config.data.dir)?;
    let approvers = accounts::Approvers::below(&config.data.dir);
    let desk = Desk::open(&config)?;
    match task {
        ApproverTask::Add { name, number } => {
            let secret = secret_from_stdin()?;
            desk.audited("approver-add", number, || approvers.add(name, number, &secret))?;
            println!("{number} {name}");
        }
        ApproverTask::Codes { number } => {
            let codes = desk.audited("approver-codes", number, || approvers.new_codes(number))?;
            println!("{}", codes.join("\n"));
        }
        ApproverTask::Remove { number } => {
            desk.audited("approver-remove", number, || approvers.remove(number))?;
        }
        ApproverTask::List => {
            desk.audited("approver-list", "", || Ok(()))?;
            for listed in approvers.list()? {
                println!("{} {} ({})", listed.number, listed.name, listed.codes_left);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What is done to approvers on the command line.
#[derive(clap::Subcommand)]
pub enum ApproverTask {
    /// A new approver; the secret (10 characters or more) is read from standard input.
    Add {
        #[arg(long)]
        name: String,
        /// The police number.
        #[arg(long)]
        number: String,
    },
    /// Ten new one-time codes for the telephone, shown this once; the older ones are void.
    Codes {
        #[arg(long)]
        number: String,
    },
    /// Number, name and how many codes are left.
    List,
    /// He can approve nothing from now on.
    Remove {
        #[arg(long)]
        number: String,
    },
}

/// The command line as the audit log knows it: by the user's id on this machine.
struct Desk {
    audit: room::AuditLog,
    actor: String,
}

impl Desk {
    fn open(config: &RoomConfig) -> anyhow::Result<Desk> {
        let now = Arc::new(evidence::now::SystemNow::new()?);
        let audit = room::AuditLog::open(&config.data.dir, &config.room.id, now)?;
        // SAFETY: a plain system call that cannot fail.
        let uid = unsafe { libc::getuid() };
        Ok(Desk {
            audit,
            actor: format!("command-line uid {uid}"),
        })
    }

    fn audited<T>(
        &self,
        action: &str,
        number: &str,
        change: impl FnOnce() -> Result<T, accounts::ApproverError>,
    ) -> anyhow::Result<T> {
        self.audit.write(&self.actor, action, number)?;
        match change() {
            Ok(done) => Ok(done),
            Err(error) => {
                self.audit
                    .write(&self.actor, &format!("{action}-failed"), number)?;
                Err(error.into())
            }
        }
    }
}

/// One line; never an argument, which every process of the machine could read.
fn secret_from_stdin() -> anyhow::Result<String> {
    eprintln!("口令 secret (≥ {}):", accounts::MIN_SECRET_CHARS);
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .context("no secret on standard input")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
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

/// What is printed, of which discs, and where to.
#[derive(clap::Args)]
pub struct LabelArguments {
    /// An interview directory below a room's data, a mounted disc, an image or a drive; several for a register of
    /// the case.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Only the discs of this slot: a, b, standby.
    #[arg(long)]
    slot: Option<String>,
    /// disc, sleeve (121 mm), paper-sleeve (125 mm) or register (A4).
    #[arg(long, default_value = "disc")]
    form: String,
    /// The slot whose set is the original (正本); a set that was burnt live is proposed.
    #[arg(long)]
    original: Option<String>,
    #[arg(long, value_name = "FILE.pdf")]
    out: PathBuf,
}

/// Labels as PDF: exit 0 written, 1 refused with the reason in both languages. Each disc is named with what the
/// rule proposes it as.
pub fn label(arguments: &LabelArguments) -> anyhow::Result<ExitCode> {
    let (facts, pdf) = match made_label(arguments) {
        Ok(made) => made,
        Err(refusal) => {
            eprintln!("{}\n{refusal}", refusal.message_zh());
            return Ok(ExitCode::FAILURE);
        }
    };
    std::fs::write(&arguments.out, pdf).with_context(|| arguments.out.display().to_string())?;
    facts.interviews.iter().for_each(tell_standing);
    Ok(ExitCode::SUCCESS)
}

fn made_label(arguments: &LabelArguments) -> Result<(Facts, Vec<u8>), LabelError> {
    let slot = |text: &Option<String>| text.as_deref().map(labels::slot_named).transpose();
    let wanted = Wanted {
        slot: slot(&arguments.slot)?,
        original: slot(&arguments.original)?,
    };
    let form: Form = arguments.form.parse()?;
    let interviews: Result<_, _> = arguments
        .paths
        .iter()
        .map(|path| labels::of_path(path, wanted))
        .collect();
    let facts = Facts {
        interviews: interviews?,
    };
    let pdf = labels::pdf(form, &facts)?;
    Ok((facts, pdf))
}

fn tell_standing(interview: &InterviewFacts) {
    for disc in &interview.discs {
        let standing = match disc.standing {
            Standing::Original => "正本 original",
            Standing::Copy => "副本 copy",
        };
        let (id, slot, number) = (&interview.id, disc.slot.as_str(), disc.number);
        println!("{id} {slot} {number} {standing}");
    }
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
