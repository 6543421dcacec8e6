//! `shenlu`: one binary, several roles (design 1). Parses the command line, wires the rooms, ends with the
//! role's exit code. No rule and no device is known here.

use anyhow::Context;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

mod roles;

#[derive(Parser)]
#[command(name = "shenlu", version, about = "审录: recorder for interview rooms")]
struct Arguments {
    #[command(subcommand)]
    role: Role,
}

/// Which languages a report is in.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Lang {
    Zh,
    En,
    Both,
}

#[derive(Subcommand)]
enum Role {
    /// The appliance: controller, panel, API, the only writer of evidence.
    Room {
        #[arg(long)]
        config: PathBuf,
    },
    /// Internal: the media process; its socket is standard input.
    #[command(hide = true)]
    Media,
    /// A whole interview without hands, with every check at its end.
    Demo(roles::DemoArguments),
    /// One operator command through the room's API.
    Command {
        kind: String,
        /// The command's fields; `-` reads them from standard input.
        #[arg(default_value = "{}")]
        json: String,
        #[arg(long)]
        config: PathBuf,
        /// Makes a repetition safe; chosen at random when absent.
        #[arg(long)]
        id: Option<String>,
    },
    /// Files or folders for the e-case file of the open interview; they are burnt on its discs.
    Give {
        #[arg(required = true)]
        files: Vec<PathBuf>,
        #[arg(long)]
        config: PathBuf,
        /// For the house only: kept with the interview, and on no disc.
        #[arg(long)]
        internal: bool,
        /// What the file is called there, or the folder that several are put in.
        #[arg(long = "as", value_name = "PATH")]
        named: Option<String>,
    },
    /// The merged disc of a case: all its closed interviews of this room, on as many discs as needed.
    CaseDisc {
        case_number: String,
        #[arg(long)]
        config: PathBuf,
        /// A slot of the room, or a drive such as /dev/sr0.
        #[arg(long, value_name = "SLOT|DEVICE")]
        burner: String,
    },
    /// Who may approve exceptions, and their one-time codes for the telephone.
    Approver {
        #[command(subcommand)]
        task: roles::ApproverTask,
        #[arg(long, global = true)]
        config: Option<PathBuf>,
    },
    /// What is attached, what it is used for, what is wrong.
    Devices {
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Independent check of an interview directory, a mounted disc, an image, a drive, or a set of them.
    Verify {
        path: PathBuf,
        /// Another copy, to be compared file by file; may be given several times.
        #[arg(long)]
        against: Vec<PathBuf>,
        /// A device that may have signed: the folder with its `device.pem` and `device-sm2.pem`, a PEM file, or
        /// the key's id; several times where the device had an earlier key.
        #[arg(long, value_name = "DIR|PEM|ID")]
        key: Vec<String>,
        /// Language of the report.
        #[arg(long, value_enum, default_value_t = Lang::Both)]
        lang: Lang,
        #[arg(long)]
        json: bool,
    },
    /// Labels of an interview's discs, or of one disc, as PDF: for the disc, its sleeve, or the register.
    Label(roles::LabelArguments),
    /// Read-only check of the store and the evidence invariants.
    Check {
        #[arg(long)]
        config: PathBuf,
    },
    /// The benchmarks of the design.
    Bench(shenlu::bench::Options),
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("SHENLU_LOG")
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info")),
        )
        .init();
    match run(Arguments::parse().role) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("shenlu: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(role: Role) -> anyhow::Result<ExitCode> {
    match role {
        Role::Room { config } => roles::room(&config),
        Role::Media => roles::media().context("media process"),
        Role::Demo(arguments) => roles::demo(arguments),
        Role::Command {
            kind,
            json,
            config,
            id,
        } => roles::command(&kind, &json, &config, id),
        Role::Give {
            files,
            config,
            internal,
            named,
        } => roles::give(&files, &config, internal, named.as_deref()),
        Role::CaseDisc {
            case_number,
            config,
            burner,
        } => roles::case_disc(&case_number, &config, &burner),
        Role::Approver { task, config } => {
            let config = config.context("--config room.toml is wanted")?;
            roles::approver(&task, &config)
        }
        Role::Devices { config } => roles::devices(config.as_deref()),
        Role::Verify {
            path,
            against,
            key,
            lang,
            json,
        } => roles::verify(path, against, &key, (!json).then_some(lang)),
        Role::Label(arguments) => roles::label(&arguments),
        Role::Check { config } => roles::check(&config),
        Role::Bench(options) => roles::bench(options),
    }
}
