//! `cargo measurand up`: starts the local stack with the installed programs.

use super::source::{read, settings, shown};
use super::status;
use crate::cli::{Format, Up};
use crate::local::folder::Folder;
use crate::local::servers::{Layout, SERVERS};
use crate::local::start::{Failure, Found, ports, resume, start, stop};
use crate::local::state::State;
use crate::local::{health, target};
use crate::outcome::Outcome;
use crate::output::{self, painted};
use measurand_catalog::{Catalog, Kind, open_input};
use measurand_check::Settings;
use measurand_monitoring::model::stack::{
    ALERTMANAGER, App, GRAFANA, NODE, NativeHistograms, PROMETHEUS, Places, WEBHOOK,
};
use measurand_monitoring::{DashboardModel, Monitoring, Options};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The folder with the user's settings and rules.
const DECISIONS: &str = "monitoring";
/// Number of attempts, each with other ports, if another program takes a chosen port.
const ATTEMPTS: u32 = 3;

/// The part of the stack that does not depend on ports.
struct Plan {
    settings: Settings,
    catalog: Catalog,
    monitoring: Monitoring,
    targets: Vec<App>,
    servers: Vec<Found>,
    missing: Vec<String>,
    secrets: PathBuf,
    calls: bool,
    /// The histograms that the rules need as native ones.
    native: Vec<String>,
}

pub(super) fn up(arguments: &Up) -> Result<Outcome, String> {
    if cfg!(not(unix)) {
        return Err(
            "`up` works on Unix only; help: use `docker compose up` with the files of `generate --compose`".to_owned()
        );
    }
    let earlier = Folder::open(&arguments.state.folder)?.map(|it| State::read(&it)).transpose()?.flatten();
    if let Some(state) = &earlier
        && state.servers.iter().any(|it| it.process.runs())
    {
        return start_missing(arguments, state);
    }
    let mut plan = plan(arguments)?;
    let folder = Folder::create(&arguments.state.folder)?;
    // The machine was restarted, or the servers were stopped without `down`.
    State::remove(&folder);
    let ports = earlier.iter().flat_map(State::ports).map(|(name, port)| (name.to_owned(), port)).collect();
    if !plan.calls {
        plan.secrets = folder.path("secrets");
        folder.secret("webhook_token")?;
    }
    let progress = arguments.state.format == Format::Text;
    let state = launch(&folder, &mut plan, arguments.fixed_ports, &ports, progress)?;
    if progress {
        for help in &plan.missing {
            output::print(&format!("{} {help}\n", painted("without", "1;33")))?;
        }
    }
    wait_for_targets(&state, plan.targets.len(), Duration::from_secs(arguments.wait), progress)?;
    if let Err(error) = check_native(&state, &plan.native) {
        stop(&folder, &state);
        return Err(error);
    }
    status::print(&folder, &state, arguments.state.format)
}

/// Starts the servers of a running stack that have exited.
fn start_missing(arguments: &Up, known: &State) -> Result<Outcome, String> {
    let targets: Vec<String> = source_and_targets(arguments)?.1.into_iter().map(|it| it.address).collect();
    if targets != known.targets {
        let running: Vec<&str> =
            known.servers.iter().filter(|it| it.process.runs()).map(|it| it.name.as_str()).collect();
        return Err(format!(
            "`{}` already runs {} for {}; help: see `cargo measurand status`, stop it with `cargo measurand down`, or \
             name another folder with `--state`",
            arguments.state.folder.display(),
            running.join(", "),
            shown(&known.targets.join(", "))
        ));
    }
    let folder = Folder::create(&arguments.state.folder)?;
    let Some(mut state) = State::read(&folder)? else {
        return Err("another `cargo measurand` stopped the servers meanwhile; help: try again".to_owned());
    };
    let progress = arguments.state.format == Format::Text;
    resume(&folder, &mut state, |name, url, took| if progress { ready(name, url, took) } else { Ok(()) })?;
    wait_for_targets(&state, targets.len(), Duration::from_secs(arguments.wait), progress)?;
    status::print(&folder, &state, arguments.state.format)
}

fn ready(name: &str, url: &str, took: Duration) -> Result<(), String> {
    output::print(&format!("{} {name:14} {url}  after {:.1} s\n", painted("ready", "1;32"), took.as_secs_f64()))
}

/// The program, and the addresses to scrape.
fn source_and_targets(arguments: &Up) -> Result<(&String, Vec<App>), String> {
    let source = arguments.source.as_ref().or(arguments.target.first());
    // Clap requires one of the two.
    let source = source.ok_or("no program and no target; help: name a program, or use `--target`")?;
    let targets = match arguments.target.as_slice() {
        [] if source.contains("://") => vec![target::parse(source)?],
        [] => {
            return Err(format!(
                "the address of `{}` is unknown; help: name it with `--target http://host:port`",
                shown(source)
            ));
        }
        all => all.iter().map(|it| target::parse(it)).collect::<Result<_, _>>()?,
    };
    Ok((source, targets))
}

fn plan(arguments: &Up) -> Result<Plan, String> {
    let (source, targets) = source_and_targets(arguments)?;
    let (found, missing): (Vec<_>, Vec<_>) = SERVERS.iter().map(|it| (it, it.find())).partition(|(_, it)| it.is_some());
    let needed: Vec<String> = missing.iter().filter(|(it, _)| it.needed).map(|(it, _)| it.help()).collect();
    if !needed.is_empty() {
        return Err(format!("required programs are missing; help: install {}", needed.join(", ")));
    }
    let address = if source.contains("://") || Path::new(source).exists() || arguments.source.is_some() {
        source.clone()
    } else {
        format!("http://{source}")
    };
    let mut settings = settings(&arguments.decisions, Path::new(DECISIONS), &address)?;
    if let Some(it) = &arguments.secrets {
        let path = it.canonicalize().map_err(|error| {
            format!("cannot read `{}`: {error}; help: name another folder with `--secrets`", it.display())
        })?;
        settings.options.receivers.secrets = path.display().to_string();
    }
    // Grafana 12 provisions only classic dashboards.
    settings.options.grafana = DashboardModel::Classic;
    let catalog = read(&address)?;
    if let Some(program) = found.iter().find(|(it, _)| it.service == PROMETHEUS).and_then(|it| it.1.as_deref()) {
        settings.options.native = native_way(program);
    }
    let monitoring = settings.monitoring(&catalog).map_err(|it| format!("`{}`: {it}", shown(&address)))?;
    let mut native = Vec::new();
    if monitoring.native.is_some() {
        let metrics = catalog.families.iter().flat_map(|it| &it.metrics);
        native = metrics.filter(|it| it.kind == Kind::Histogram).map(|it| it.name.clone()).collect();
    }
    let secrets = PathBuf::from(&monitoring.receivers.secrets);
    if arguments.secrets.is_some() {
        let names = monitoring.receivers.secret_names().into_iter().filter(|it| !secrets.join(it).is_file());
        let missing: Vec<String> = names.collect();
        if !missing.is_empty() {
            let folder = secrets.display();
            return Err(format!(
                "`{folder}` lacks the files {}; help: write each with `printf %s`, without a line feed",
                missing.join(", ")
            ));
        }
    }
    Ok(Plan {
        settings,
        catalog,
        monitoring,
        targets,
        servers: found.into_iter().filter_map(|(server, path)| Some((server, path?))).collect(),
        missing: missing.into_iter().map(|(it, _)| it.help()).collect(),
        secrets,
        calls: arguments.secrets.is_some(),
        native,
    })
}

/// Returns how this Prometheus scrapes native histograms, by its version.
fn native_way(program: &Path) -> NativeHistograms {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output();
    let output = output.map(|it| [it.stdout, it.stderr].concat()).unwrap_or_default();
    NativeHistograms::of_version(&String::from_utf8_lossy(&output))
}

fn launch(
    folder: &Folder,
    plan: &mut Plan,
    fixed_ports: bool,
    earlier: &BTreeMap<String, u16>,
    progress: bool,
) -> Result<State, String> {
    for attempt in 1.. {
        let ports = ports(&plan.servers, fixed_ports, earlier)?;
        configure(folder, plan, &ports)?;
        let mut state = State {
            job: plan.monitoring.job.clone(),
            targets: plan.targets.iter().map(|it| it.address.clone()).collect(),
            servers: Vec::new(),
            secrets: plan.secrets.display().to_string(),
            native_flag: plan.monitoring.native == Some(NativeHistograms::Flag),
        };
        let native_flag = state.native_flag;
        let failure = plan.servers.iter().find_map(|(server, program)| {
            let layout = Layout { folder, program, ports: &ports, secrets: &plan.secrets, native_flag };
            match start(server, program, &layout, &mut state) {
                Ok(took) if progress => {
                    let url = format!("http://{}", layout.address(&server.service));
                    ready(server.service.name, &url, took).err().map(Failure::Other)
                }
                Ok(_) => None,
                Err(failure) => Some(failure),
            }
        });
        match failure {
            None => return Ok(state),
            Some(failure) => {
                stop(folder, &state);
                match failure {
                    Failure::Port if !fixed_ports && attempt < ATTEMPTS => {}
                    Failure::Port => return Err("another program took a port meanwhile; help: try again".to_owned()),
                    Failure::Other(why) => return Err(why),
                }
            }
        }
    }
    Err("no server was started; help: try again".to_owned())
}

/// Writes the configuration of all servers.
fn configure(folder: &Folder, plan: &mut Plan, ports: &BTreeMap<&'static str, u16>) -> Result<(), String> {
    let at = |name: &str| ports.get(name).map(|it| format!("127.0.0.1:{it}"));
    let url = |name: &str| format!("http://{}", at(name).unwrap_or_default());
    // Links lead to the servers of this stack, unless the settings name others.
    let (mut settings, defaults) = (plan.settings.clone(), Options::default());
    if settings.options.grafana_url == defaults.grafana_url {
        if ports.contains_key(GRAFANA.name) {
            settings.options.grafana_url = url(GRAFANA.name);
        } else {
            settings.options.live_url = plan.targets.first().map(|it| format!("{}/live", it.url()));
        }
    }
    if settings.options.runbook_url == defaults.runbook_url {
        settings.options.runbook_url = format!("{}/runbook", url(WEBHOOK.name));
    }
    plan.monitoring = settings.monitoring(&plan.catalog)?;
    let monitoring = &mut plan.monitoring;
    let (token, alerts) = (plan.secrets.join("webhook_token"), url(WEBHOOK.name));
    monitoring.receivers.secrets = plan.secrets.display().to_string();
    monitoring.receivers.webhook_url = format!("{alerts}/webhook");
    let own = std::env::current_dir().unwrap_or_default().join(DECISIONS).join("rules/*.yml");
    let places = Places {
        interval: "5s",
        apps: plan.targets.clone(),
        prometheus: at(PROMETHEUS.name).unwrap_or_default(),
        alertmanager: at(ALERTMANAGER.name).unwrap_or_default(),
        grafana: at(GRAFANA.name),
        node: at(NODE.name),
        webhook: at(WEBHOOK.name).unwrap_or_default(),
        webhook_token: token.display().to_string(),
        folder: String::new(),
        own_rules: own.display().to_string(),
        tls: None,
    };
    let config = folder.path("config");
    let mut files = [monitoring.files(), monitoring.stack_files_at(&places, plan.calls)].concat();
    if places.grafana.is_some() {
        files.extend(monitoring.provisioning_files(&url(PROMETHEUS.name), &[&config.display().to_string()]));
        folder.secret("grafana_admin_password")?;
    }
    users(folder, &plan.servers)?;
    output::write(&config, &files)
}

/// Writes the alert page's user file: one user with a random password, as a hash.
fn users(folder: &Folder, servers: &[Found]) -> Result<(), String> {
    let Some((_, webhook)) = servers.iter().find(|(it, _)| it.service == WEBHOOK) else { return Ok(()) };
    let password = folder.secret("webhook_password")?;
    if folder.path("secrets/webhook_users").exists() {
        return Ok(());
    }
    let failed =
        |it: &dyn std::fmt::Display| format!("`{} --hash-password`: {it}; help: install it again", webhook.display());
    let input = open_input(&password).map_err(|it| it.to_string())?;
    let output = Command::new(webhook).arg("--hash-password").stdin(input).stderr(Stdio::null()).output();
    let output = output.map_err(|it| failed(&it))?;
    if !output.status.success() {
        return Err(failed(&output.status));
    }
    let line = format!("measurand:{}", String::from_utf8_lossy(&output.stdout));
    folder.write_secret("webhook_users", line.as_bytes()).map(drop)
}

/// Waits until Prometheus reaches all targets, or until the timeout. The first scrapes take some seconds.
fn wait_for_targets(state: &State, apps: usize, timeout: Duration, progress: bool) -> Result<(), String> {
    let Some(prometheus) = state.url(PROMETHEUS.name) else { return Ok(()) };
    // Every other server that runs is a target as well.
    let expected = apps + state.servers.len();
    let (start, mut shown) = (Instant::now(), usize::MAX);
    loop {
        let up = health::targets(prometheus).map_or(0, |it| it.iter().filter(|it| it.up).count());
        if progress && up != shown {
            shown = up;
            output::print(&format!("{} {up} of {expected} targets are up\n", painted("wait", "1")))?;
        }
        if up >= expected || start.elapsed() > timeout {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Fails if Prometheus stores a histogram with one series for each bucket, but the rules read native histograms: they
/// would have no result, and their alerts would never fire.
fn check_native(state: &State, histograms: &[String]) -> Result<(), String> {
    let Some(prometheus) = state.url(PROMETHEUS.name) else { return Ok(()) };
    let counts: Vec<String> = histograms.iter().map(|it| format!("{it}_count")).collect();
    if counts.is_empty() {
        return Ok(());
    }
    let present = health::present(prometheus, &[histograms, &counts].concat()).unwrap_or_default();
    // Without calls the program has no histogram yet.
    let blind = histograms.iter().zip(&counts).find(|(it, count)| present.contains(count) && !present.contains(it));
    blind.map_or(Ok(()), |(name, _)| {
        Err(format!(
            "the rules read the native histogram `{name}`, but Prometheus has only its classic series; help: enable \
             the feature `native-histograms` and call `builder().native_histograms()` in the program, or leave out \
             `--histograms native`"
        ))
    })
}
