//! `measurand-webhook`: the shell around the library. It reads arguments, prints, and decides the exit code.

#![forbid(unsafe_code)]

mod cli;

use clap::Parser;
use measurand_webhook::{Reloader, Server, visible};
use std::io::{Read, Write};
use std::process::ExitCode;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let result = if cli.hash_password { hash_password() } else { run(cli) };
    let Err(error) = result else { return ExitCode::SUCCESS };
    // Nobody is left to tell when stderr is closed.
    let _ = writeln!(std::io::stderr(), "error: {}", visible(&error));
    ExitCode::FAILURE
}

fn run(cli: cli::Cli) -> Result<(), String> {
    let settings = cli.settings()?;
    let runtime = Runtime::new().map_err(|it| format!("cannot start threads: {it}"))?;
    let result = runtime.block_on(async {
        ignore_size_limit()?;
        let server = Server::start(settings).await?;
        let stop = stop()?;
        reload_on_hangup(server.reloader())?;
        print(&format!("serving alerts at {}", server.url()))?;
        server.run(stop).await
    });
    // A thread that waits for a disk that hangs must not keep the program.
    runtime.shutdown_background();
    result
}

/// A limit of the size of files (`ulimit -f`) is to refuse a write, as a full disk does, and not to end the program.
#[cfg(unix)]
fn ignore_size_limit() -> Result<(), String> {
    use tokio::signal::unix::{SignalKind, signal};
    let kind = SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
    // The signal stays handled after this is dropped.
    signal(kind).map(drop).map_err(|it| format!("cannot listen for signals: {it}"))
}

/// There is no such limit.
#[cfg(not(unix))]
fn ignore_size_limit() -> Result<(), String> {
    Ok(())
}

/// Is done when somebody asks the program to end.
#[cfg(unix)]
fn stop() -> Result<impl Future<Output = ()>, String> {
    use tokio::signal::unix::{SignalKind, signal};
    let on = |kind| signal(kind).map_err(|it| format!("cannot listen for signals: {it}"));
    let (mut terminate, mut interrupt) = (on(SignalKind::terminate())?, on(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => (),
            _ = interrupt.recv() => (),
        }
    })
}

/// Reads credentials and certificate again on SIGHUP.
#[cfg(unix)]
fn reload_on_hangup(reloader: Reloader) -> Result<(), String> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangup = signal(SignalKind::hangup()).map_err(|it| format!("cannot listen for signals: {it}"))?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            tokio::task::block_in_place(|| reloader.reload());
        }
    });
    Ok(())
}

/// There is no such signal.
#[cfg(not(unix))]
fn reload_on_hangup(_: Reloader) -> Result<(), String> {
    Ok(())
}

/// Is done when somebody asks the program to end.
#[cfg(not(unix))]
fn stop() -> Result<impl Future<Output = ()>, String> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}

fn hash_password() -> Result<(), String> {
    let mut password = String::new();
    let read = std::io::stdin().lock().take(1024).read_to_string(&mut password);
    read.map_err(|it| format!("cannot read the password from standard input: {it}"))?;
    print(&measurand_webhook::hash_password(password.trim_end_matches(['\r', '\n']))?)
}

fn print(line: &str) -> Result<(), String> {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{line}").and_then(|()| stdout.flush()).map_err(|it| format!("cannot print: {it}"))
}
