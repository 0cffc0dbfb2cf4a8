//! The command line: the only wiring, the only printing. Each command is one module and one call.
//!
//! Exit codes: 0 done; 1 it could not be done, or the site has mistakes; 2 wrong usage; 130 interrupted.
//! docs/cli.md describes each command and these.

mod assets;
mod butane;
mod check;
mod cloud_schema;
mod config;
mod diff;
mod doctor;
mod explain;
mod fetching;
mod ignition;
mod image;
mod init;
mod lab;
mod machines;
mod output;
mod overview;
mod reload;
mod render;
mod seed;
mod serve;
mod site;
mod systems;
mod timeline;
mod words;

use clap::{Parser, Subcommand};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

const AFTER_HELP: &str = "\
A site is a folder of HCL files: the one that is named, else FIRSTLIGHT_SITE, else this folder.
With -json, commands print for programs. NO_COLOR turns colours off.

Exit codes:
  0    done
  1    it could not be done, or the site has mistakes
  2    wrong usage
  130  interrupted";

/// From power-on to a private cloud: boots machines from the network and says why.
#[derive(Parser)]
#[command(name = "firstlight", bin_name = "firstlight", version, max_term_width = 100, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write a new, commented site
    Init(init::Args),
    /// Find every mistake in a site
    Check(check::Args),
    /// Look for what stands between this server and its clients
    Doctor(doctor::Args),
    /// Serve DHCP, TFTP and HTTP for a site, in the foreground
    Serve(serve::Args),
    /// Tell a running server to read its site anew
    Reload(reload::Args),
    /// Say what a machine would boot, and why
    Explain(explain::Args),
    /// Show a machine's configs as they are served
    Render(render::Args),
    /// Compare a machine's configs with those that it was last served
    Diff(diff::Args),
    /// List machines, or show one with its timeline
    Machines(machines::Args),
    /// Show a site with everything that it implies
    #[command(subcommand)]
    Config(config::Command),
    /// Fetch, list and look after a site's assets
    #[command(subcommand)]
    Assets(assets::Command),
    /// Run a site's lab: an isolated network of virtual machines
    #[command(subcommand)]
    Lab(lab::Command),
    /// Translate a Butane config to Ignition, as `butane` does
    #[command(disable_version_flag = true)]
    Butane(butane::Args),
    /// Check Ignition configs
    #[command(subcommand)]
    Ignition(ignition::Command),
    /// Make the drive that cloud-init finds a machine's configs on
    Seed(seed::Args),
    /// Make boot media
    #[command(subcommand)]
    Image(image::Command),
}

/// Which site a command is about, where it is not its first argument.
#[derive(clap::Args)]
struct SiteOption {
    /// The site's folder
    #[arg(long = "site", value_name = "DIR", default_value = ".", env = "FIRSTLIGHT_SITE")]
    site: PathBuf,
}

/// How a command ended, when not well.
#[derive(Debug)]
enum Failure {
    /// Exit code 1, and what to print on standard error.
    Failed(String),
    /// Exit code 1; everything was said already.
    Silent,
    /// Exit code 2, and what to print on standard error: for a command to which 1 means something else.
    Trouble(String),
    /// Exit code 130: a person ended it.
    Interrupted,
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure::Failed(output::causes(&error))
    }
}

/// Says what was tried with which file or folder, for the system does not.
fn tried<'a>(what: &'a str, path: &'a Path) -> impl FnOnce(std::io::Error) -> Failure + 'a {
    move |error| Failure::Failed(format!("cannot {what} {}: {error}", path.display()))
}

type Outcome = Result<(), Failure>;

fn main() -> ExitCode {
    let cli = Cli::parse_from(std::env::args_os().map(output::long_form));
    let outcome = match cli.command {
        Command::Init(args) => init::run(args),
        Command::Check(args) => check::run(args),
        Command::Doctor(args) => doctor::run(args),
        Command::Serve(args) => serve::run(args),
        Command::Reload(args) => reload::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Render(args) => render::run(args),
        Command::Diff(args) => diff::run(args),
        Command::Machines(args) => machines::run(args),
        Command::Config(command) => config::run(command),
        Command::Assets(command) => assets::run(command),
        Command::Lab(command) => lab::run(command),
        Command::Butane(args) => butane::run(args),
        Command::Ignition(command) => ignition::run(command),
        Command::Seed(args) => seed::run(args),
        Command::Image(command) => image::run(command),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Failed(message)) => {
            output::complain(&format!("firstlight: {}\n", output::without_numbers(&message)));
            ExitCode::from(1)
        }
        Err(Failure::Trouble(message)) => {
            output::complain(&format!("firstlight: {}\n", output::without_numbers(&message)));
            ExitCode::from(2)
        }
        Err(Failure::Silent) => ExitCode::from(1),
        Err(Failure::Interrupted) => ExitCode::from(130),
    }
}
