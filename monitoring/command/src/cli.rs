//! The arguments of the command, and its help texts.

use clap::{Args, Parser, Subcommand, ValueEnum};
use measurand_catalog::record::is_text;
use measurand_check::absolute_url;
use measurand_monitoring::Options;
use std::ffi::OsString;
use std::path::PathBuf;

/// Generate and check Grafana dashboards and Prometheus alerts for a program with annotated functions.
#[derive(Debug, Parser)]
#[command(name = "measurand", bin_name = "cargo measurand", version, arg_required_else_help = true)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write the Grafana dashboard, the alerts and the recording rules of a program.
    #[command(after_help = GENERATE_EXAMPLE)]
    Generate(Generate),
    /// Check that the rules, dashboards and tests in a folder match a program, in both directions.
    #[command(after_help = CHECK_EXAMPLE)]
    Check(Check),
    /// Compare two versions of a program and report metric changes that break dashboards, alerts or queries.
    #[command(after_help = DIFF_EXAMPLE)]
    Diff(Diff),
    /// Find mistakes in any rule files and dashboards, generated or not; needs no program.
    #[command(after_help = LINT_EXAMPLE)]
    Lint(Lint),
    /// Show the labels, series, PromQL, alerts and panels of a function or a metric, or list all functions.
    #[command(after_help = EXPLAIN_EXAMPLE)]
    Explain(Explain),
    /// Watch the functions of a running program: calls, errors and durations, as on its live page.
    #[command(after_help = TOP_EXAMPLE)]
    Top(Top),
    /// Estimate samples, disk and memory for many instances of a program, and name a suitable storage engine.
    #[command(after_help = SIZE_EXAMPLE)]
    Size(SizeArguments),
    /// Create the files with secrets that the containers of `generate --compose` read.
    #[command(after_help = SECRETS_EXAMPLE)]
    Secrets(Secrets),
    /// Start Prometheus, Alertmanager and the alert receiver on this machine for a running program, without containers.
    #[command(after_help = UP_EXAMPLE)]
    Up(Up),
    /// Show the state of the servers that `up` started.
    #[command(after_help = STATUS_EXAMPLE)]
    Status(StateFolder),
    /// Stop the servers that `up` started.
    #[command(after_help = DOWN_EXAMPLE)]
    Down(Down),
    /// Print the catalog of a program as JSON: its annotated functions and their metrics.
    #[command(after_help = CATALOG_EXAMPLE)]
    Catalog(CatalogArguments),
    /// Print a shell's completion script for the arguments of `cargo-measurand`.
    #[command(after_help = COMPLETIONS_EXAMPLE)]
    Completions(Completions),
}

const EXIT_CODES: &str = "\
Exit codes:
  0  all is well
  1  there are findings
  2  wrong usage, or something cannot be read or written

Limits: only regular files are read, of at most 32 MiB (rules, dashboards, tests), 1 MiB
(monitoring.toml, .lint), 256 MiB (a saved catalog) or 4 GiB (a program). An HTTP answer may have
256 MiB and take 30 s; for `top`, 64 MiB and 10 s.";

/// The default folder of the generated files.
pub(crate) const DIRECTORY: &str = "monitoring";

const GENERATE_EXAMPLE: &str = "\
Example:
  cargo build --release
  cargo measurand generate target/release/app --out monitoring

The command replaces the files that it lists and keeps all others. Put your own rules, panels and
routes into files of their own; `check` reads these too.

RUNBOOK.md contains the section `# Runbook` of each function's documentation. HTML in it becomes
plain text, as does a link that is not http, https, mailto or relative; an image becomes a link.

monitoring.toml in that folder holds the settings that the program does not contain; every line is
optional:
  job = \"shop\"                        # the job's name in Prometheus
  package = \"shop-server\"             # the Cargo package that `--compose` builds
  team = \"payments\"                   # gets the alerts about functions without an owner
  grafana_url = \"https://grafana.example.org\"
  runbook_url = \"https://wiki.example.org/runbooks\"
  under_load = true                    # alert if a family does less work than expected
  minimum_sample = 3                   # bad observations that an alert about a share needs
  memory_bytes = 268435456.0           # MemoryHigh fires above this resident memory
  histograms = \"native\"                # one series for each histogram, not one for each bucket
  grafana = \"v2\"                       # the dashboard with tabs, for Grafana 13
  grafana_datasource = \"prometheus\"    # the uid of the data source for `--grafana-alerts`
  known_metrics = [\"http_*\"]          # for `check`: metrics of other exporters
  target_labels = [\"datacenter\"]      # for `check`: additional labels of targets
  accepted_labels = [\"session\"]       # for `check`: labels with few values and no secrets
  # Also secrets, pagerduty_url, smtp_host, smtp_from, smtp_user, capacity.
  [receivers]
  leads = \"leads@example.org\"
  teams = \"teams@example.org\"
  webhook_url = \"http://alert-webhook:9095/webhook\"
  switch_url = \"https://switch.example.org/ping\"
  [slack]                              # also critical, general, low: names of channels
  bot = true                           # one token, not one webhook for each channel
  teams = { storage = \"#team-storage\" }
  [working_hours]                      # P3 is notified only then; without it, at all hours
  time_zone = \"Europe/Berlin\"
  start = \"08:00\"
  end = \"18:00\"
  days = [\"monday\", \"tuesday\", \"wednesday\", \"thursday\", \"friday\"]
  [external_labels]                    # added to alerts, and to samples in other stores
  cluster = \"berlin\"
  [remote_write]                       # the secret is in secrets/remote_write_secret
  url = \"https://metrics.example.org/api/v1/write\"
  username = \"prometheus\"            # without it, the secret is a bearer token
  drop = [\"go_.*\"]                   # metrics that are not sent
  [alerts.DatabaseSlowQueries]
  threshold = 0.025                    # one of the metric's buckets
  for = \"5m\"
  severity = \"P2\"
  [objectives.ErrorBudgetFastBurn]     # also ErrorBudgetBurn, ErrorBudgetSlowBurn
  for = \"2m\"
  # Fires if the budget burns this many times too fast over both windows of a pair.
  windows = [{ times = 14.4, long = \"1h\", short = \"5m\" }]
  [leave_out]
  alerts = [\"ScrapeSlow\"]
  families = [\"cache\"]
  panels = [\"system/cpu\"]              # the keys of the row and of the panel

Exit codes: 0 written, 1 written but something was left out, 2 wrong usage, or something cannot be
read or written";

const CHECK_EXAMPLE: &str = "\
Examples:
  cargo measurand check target/release/app monitoring
  cargo measurand check http://localhost:3000 monitoring --format json

The command reads all .yml, .yaml and .json files in the folder and its subfolders: rules,
dashboards, promtool unit tests, and the same inside Kubernetes objects. It reports:
  - metrics, labels, values, buckets, jobs, alerts, dashboards and panels that a file names and
    that do not exist
  - generated files that differ from what `generate` would write now
  - alerts that are missing
A metric that was never incremented is not reported: the program lists what it can record, not
what it has recorded. A file may have 32 MiB; pipes and devices are refused. Expressions have the
limits of `lint`.

Exit codes: 0 nothing found, 1 findings, 2 wrong usage, or something cannot be read";

const DIFF_EXAMPLE: &str = "\
Examples:
  cargo measurand catalog target/release/app > catalog.json     # with each release
  cargo measurand diff catalog.json target/release/app          # before the next one
  cargo measurand diff catalog.json target/release/app --config monitoring/monitoring.toml
  cargo measurand diff http://localhost:3000 target/release/app --format json

Breaking: a metric is removed or renamed, its kind or unit changes, it gains or loses a label, a
label loses a value, a histogram loses a bucket, or no function records a series any more.
Additive: new metrics, values, buckets or series. Each change lists the generated panels and
alerts of the old version that use it.

Exit codes: 0 no changes, or additions only, 1 breaking changes, 2 wrong usage, or something
cannot be read";

const LINT_EXAMPLE: &str = "\
Examples:
  cargo measurand lint monitoring
  cargo measurand lint own-alerts.yml own-dashboard.json --allow template-instance-rule
  cargo measurand lint --rules

The command runs the checks that need no server:
  - those of pint for rules and of Grafana's dashboard-linter for dashboards, under their names
  - expressions that Prometheus 2 and 3 evaluate differently
  - what Grafana ignores silently: misspelt options, units, reducers, colours, matchers and
    transformations, overlapping panels, legends and overrides for labels and series that do not
    exist

To disable a rule, use pint's comments (`# pint disable promql/rate`), or a file `.lint` beside
dashboards; see docs/reference/lint.md.

A file may have 32 MiB and 2,000,000 values. An expression of more than 64 KiB, nested deeper than
200, or with patterns that repeat parts more than 1,000 times is reported as promql/syntax and not
parsed.

Exit codes: 0 nothing found, 1 findings, 2 wrong usage, or something cannot be read";

const EXPLAIN_EXAMPLE: &str = "\
Examples:
  cargo measurand explain target/release/app
  cargo measurand explain target/release/app checkout
  cargo measurand explain http://localhost:3000 db_query_duration_seconds --format json

Series: a counter or a gauge has one for each combination of labels; a histogram has one for each
bucket, and three more (+Inf, _sum and _count). A label with arbitrary values has at most 2000
combinations in its family, plus `_other`; such numbers are marked with `<=`.

Exit codes: 0 found, 2 no such function or metric, wrong usage, or the source cannot be read";

const TOP_EXAMPLE: &str = "\
Examples:
  cargo measurand top http://localhost:3000
  cargo measurand top http://localhost:3000 --sort p95
  cargo measurand top http://localhost:3000 --once --format json

Rates, error shares and quantiles cover the last five minutes; calls and errors are counted since
the program started. The budget is what the last hour left of the error budget. Without a terminal
the table is printed once. An answer may have 64 MiB and take 10 s; a cell shows at most 200
characters.

Keys: n c r e 5 9 p i b sort by a column, the same key again reverses the order, q quits.

Exit codes: 0 done, 2 wrong usage, or the address serves no live numbers";

const SIZE_EXAMPLE: &str = "\
Examples:
  cargo measurand size target/release/app
  cargo measurand size --series 1000 --instances 50 --instances 20000 --interval 30

The series of a program are those that it can create and those that every endpoint exports. A
label with arbitrary values counts as 100 combinations. If you know the real number
(`scrape_samples_scraped` in Prometheus), give it with `--series`.

Exit codes: 0 computed, 2 wrong usage, or the source cannot be read";

const SECRETS_EXAMPLE: &str = "\
Example:
  cargo measurand secrets --out monitoring
  cd monitoring && cp .env.example .env && docker compose up -d

The command writes random passwords and tokens, and the hashes of these passwords. It never changes
a file that exists: to replace a secret, remove its file and run the command again.

The secrets for Slack, PagerDuty and e-mail are empty until you fill them in, and so are those for
`switch_url` and `[remote_write]` of `monitoring.toml`, if it has them.
The servers start without them; a notification to an empty one fails and is counted.

Only you can enter the folder (mode 700). Files that no container reads have mode 600. The others
have mode 644 inside of that folder, because the containers run as other users.

Exit codes: 0 all files exist, 2 wrong usage, or something cannot be read or written";

const UP_EXAMPLE: &str = "\
Examples:
  cargo measurand up http://localhost:3000
  cargo measurand up target/release/app --target http://localhost:3000 --target http://localhost:3001
  cargo measurand up http://localhost:3000 --fixed-ports --secrets /run/secrets

The command starts prometheus, alertmanager and measurand-webhook, and, if installed,
node_exporter and grafana. All listen on 127.0.0.1 only. One folder contains all that they read
and write: configuration, data, logs and secrets. Your settings come from
monitoring/monitoring.toml, your own rules from monitoring/rules/*.yml, if these files exist.
Alerts go to measurand-webhook; with `--secrets` also to the receivers under [receivers] in
monitoring.toml.

If the servers run already, `up` with the same targets starts only those that have exited, on their
ports and with their configuration. `down` and `up` write a new configuration.

Exit codes: 0 all is up, 1 a target is not up, 2 wrong usage, or a server does not start";

const STATUS_EXAMPLE: &str = "\
Example:
  cargo measurand status

For a server that has exited, the command prints its log and the command that starts it again.

Exit codes: 0 all is up, 1 a server or a target is not up, 2 wrong usage, or something cannot be
read";

const DOWN_EXAMPLE: &str = "\
Examples:
  cargo measurand down
  cargo measurand down --purge

The command stops only processes that `up` started, even if a PID was reused. Data and logs stay
for the next `up`.

The running servers are recorded twice, in state.json and state.copy.json. A damaged state.json is
renamed to state.damaged.json and replaced by the copy. Without a copy, the command explains how
to find servers that may still run, and continues.

Exit codes: 0 no server runs any more, 2 wrong usage, or something cannot be read";

const COMPLETIONS_EXAMPLE: &str = "\
Examples:
  cargo measurand completions bash > ~/.local/share/bash-completion/completions/cargo-measurand
  cargo measurand completions fish > ~/.config/fish/completions/cargo-measurand.fish

Exit codes: 0 printed, 2 wrong usage";

const CATALOG_EXAMPLE: &str = "\
Examples:
  cargo measurand catalog target/release/app
  cargo measurand catalog http://localhost:3000 > catalog.json

Exit codes: 0 printed, 2 wrong usage, or the source cannot be read";

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag on the command line")]
pub(crate) struct Generate {
    #[command(flatten)]
    pub(crate) source: Source,
    /// The folder to write to; created if it does not exist
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Also write the files of the monitoring servers: prometheus.yml, alertmanager.yml and alerts about the monitoring
    /// itself
    #[arg(long)]
    pub(crate) stack: bool,
    /// Also write the files that start all servers in containers: docker-compose.yml, .env.example, Grafana's
    /// provisioning, and overlays for TLS, for a reverse proxy, for two Prometheus servers and for shards; implies `--stack`
    #[arg(long)]
    pub(crate) compose: bool,
    /// Also write Kubernetes objects for the Prometheus operator
    #[arg(long)]
    pub(crate) kubernetes: bool,
    /// Also write the alerts and the recording rules for Grafana's own alerting: two files for its provisioning
    #[arg(long)]
    pub(crate) grafana_alerts: bool,
    /// Also write unit tests of the alerts for `promtool test rules`. No pattern in `rule_files` may match them
    #[arg(long)]
    pub(crate) tests: bool,
    /// The model of the Grafana dashboard [default: classic]
    #[arg(long, value_enum)]
    pub(crate) grafana: Option<DashboardModel>,
    #[command(flatten)]
    pub(crate) decisions: Overrides,
    /// The output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Print only errors and what was left out, on stderr
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Up {
    /// A compiled program, the address of a running one, or a saved catalog.json [default: the first target]
    #[arg(value_name = "BINARY|URL", required_unless_present = "target")]
    pub(crate) source: Option<String>,
    /// The address of a running program to scrape; may be given several times [default: the source, if that is an
    /// address]
    #[arg(long, value_name = "URL")]
    pub(crate) target: Vec<String>,
    #[command(flatten)]
    pub(crate) state: StateFolder,
    /// Use the standard ports (9090, 9093, 9095, 9100, 3001) instead of free ones
    #[arg(long)]
    pub(crate) fixed_ports: bool,
    /// Also notify the receivers in monitoring.toml, with the secrets in this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) secrets: Option<PathBuf>,
    /// The longest time to wait for the targets to be up
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) wait: u64,
    #[command(flatten)]
    pub(crate) decisions: Overrides,
}

#[derive(Debug, Args)]
pub(crate) struct SizeArguments {
    /// A compiled program, the address of a running one, or a saved catalog.json
    #[arg(value_name = "BINARY|URL", required_unless_present = "series")]
    pub(crate) source: Option<String>,
    /// The number of instances; may be given several times
    #[arg(long, value_name = "COUNT", default_values_t = [10, 1_000, 100_000])]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub(crate) instances: Vec<u64>,
    /// The number of series of one instance
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub(crate) series: Option<u64>,
    /// Seconds between two scrapes
    #[arg(long, value_name = "SECONDS", default_value_t = 15)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) interval: u64,
    /// The output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Secrets {
    /// The folder of the generated files, in which the folder `secrets` is created
    #[arg(long, value_name = "DIR", default_value = DIRECTORY)]
    pub(crate) out: PathBuf,
    /// The output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Down {
    #[command(flatten)]
    pub(crate) state: StateFolder,
    /// Also remove configuration, data, logs and secrets
    #[arg(long)]
    pub(crate) purge: bool,
}

/// The folder of a local stack, and the output format.
#[derive(Debug, Args)]
pub(crate) struct StateFolder {
    /// The folder with configuration, data, logs and secrets
    #[arg(long = "state", value_name = "DIR", default_value = ".measurand")]
    pub(crate) folder: PathBuf,
    /// The output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    #[command(flatten)]
    pub(crate) source: Source,
    /// A function, alone or with the end of its path (`orders::checkout`), or a metric [default: list all functions]
    #[arg(value_name = "FUNCTION|METRIC")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) decisions: Overrides,
    /// The output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Top {
    /// The address of a running program
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    /// The column to sort by
    #[arg(long, value_enum, default_value_t = Column::Rate)]
    pub(crate) sort: Column,
    /// Print the table once and exit
    #[arg(long)]
    pub(crate) once: bool,
    /// The output format; JSON implies `--once`
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// A column of `top`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Column {
    /// The function's path
    Name,
    /// Calls since the program started
    Calls,
    /// Calls per second
    Rate,
    /// The share of calls that failed
    Errors,
    /// The median duration
    P50,
    /// The duration that 95 % of the calls stay below
    P95,
    /// The duration that 99 % of the calls stay below
    P99,
    /// Calls that are running now
    InFlight,
    /// The remaining error budget
    Budget,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) source: Source,
    /// The folder with the generated files and your own ones
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
    /// The model of the Grafana dashboard [default: classic]
    #[arg(long, value_enum)]
    pub(crate) grafana: Option<DashboardModel>,
    #[command(flatten)]
    pub(crate) decisions: Overrides,
    /// The output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The old version: a compiled program, the address of a running one, or a saved catalog.json
    #[arg(value_name = "OLD")]
    pub(crate) old: String,
    /// The new version
    #[arg(value_name = "NEW")]
    pub(crate) new: String,
    /// The monitoring.toml that the dashboards and rules of the old version were generated with
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Lint {
    /// Rule files, dashboards, or folders with them
    #[arg(value_name = "FILE", required_unless_present = "rules")]
    pub(crate) files: Vec<PathBuf>,
    /// The name of a rule to disable; may be given several times
    #[arg(long, value_name = "RULE", value_parser = measurand_check::rule_named)]
    pub(crate) allow: Vec<&'static str>,
    /// List all rules with what they find, and check no files
    #[arg(long, conflicts_with_all = ["files", "allow"])]
    pub(crate) rules: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// Settings that a catalog does not contain. They override `monitoring.toml`.
#[derive(Debug, Args)]
pub(crate) struct Overrides {
    /// A file with the following settings, thresholds and more [default: monitoring.toml in the folder, if it exists]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The job's name in Prometheus [default: the program's name; if that is unknown, the crate with the most annotated
    /// functions]
    #[arg(long, value_name = "NAME", value_parser = job)]
    pub(crate) job: Option<String>,
    /// The address of Grafana, for the links in alerts [default: <http://localhost:3001>]
    #[arg(long, value_name = "URL", value_parser = absolute_url)]
    pub(crate) grafana_url: Option<String>,
    /// The runbook page of alerts whose functions name none; `#` and the alert's name are appended
    /// [default: <http://localhost:9095/runbook>]
    #[arg(long, value_name = "URL", value_parser = absolute_url)]
    pub(crate) runbook_url: Option<String>,
    /// How Prometheus stores the program's histograms [default: classic]
    #[arg(long, value_enum)]
    pub(crate) histograms: Option<Histograms>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DashboardModel {
    /// The JSON that every Grafana imports and provisions
    Classic,
    /// A resource of schema V2 with tabs, for Grafana 13, Git Sync and gcx
    V2,
}

impl DashboardModel {
    /// Overrides the model in `monitoring.toml`.
    pub(crate) fn set(argument: Option<Self>, options: &mut Options) {
        options.grafana = match argument {
            Some(Self::Classic) => measurand_monitoring::DashboardModel::Classic,
            Some(Self::V2) => measurand_monitoring::DashboardModel::V2,
            None => options.grafana,
        };
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Histograms {
    /// One series for each bucket
    Classic,
    /// One series whose samples are histograms
    Native,
}

#[derive(Debug, Args)]
pub(crate) struct CatalogArguments {
    #[command(flatten)]
    pub(crate) source: Source,
}

#[derive(Debug, Args)]
pub(crate) struct Source {
    /// A compiled program, the address of a running one, or a saved catalog.json
    #[arg(value_name = "BINARY|URL")]
    pub(crate) source: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text for people
    Text,
    /// One JSON object
    Json,
}

/// The arguments without the subcommand's name that Cargo adds: `cargo measurand x` runs `cargo-measurand measurand x`.
pub(crate) fn without_subcommand(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.collect();
    if arguments.get(1).is_some_and(|it| it == "measurand") {
        arguments.remove(1);
    }
    arguments
}

fn job(name: &str) -> Result<String, String> {
    if name.trim().is_empty() || !name.chars().all(is_text) {
        return Err("not a job's name; help: use one line of text, as in Prometheus' `job_name`".to_owned());
    }
    Ok(name.to_owned())
}
