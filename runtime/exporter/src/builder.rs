//! How the exporter is set up.

use crate::error::Error;
use crate::exporter::Exporter;
use crate::global::Global;
use crate::http::app::App;
use crate::http::credentials::{Access, Named};
use crate::http::endpoint::{self, ShutdownPlan};
use crate::http::listen;
use crate::http::request_limits::Limits;
use crate::http::router;
use crate::live::Live;
use crate::program::{Program, Service, executable};
use crate::recorder::Recorder;
use crate::redact::Redact;
use crate::stderr;
use crate::storage::cells::TraceIds;
#[cfg(feature = "native-histograms")]
use crate::storage::cells::enable_native;
use axum::Router;
use measurand_monitoring::problems;
use measurand_server::Hosts;
use std::borrow::Cow;
#[cfg(feature = "tls")]
use std::path::PathBuf;
use std::time::Duration;

/// Sets up the recorder and the endpoint.
#[derive(Debug, Clone)]
#[must_use = "nothing is recorded or served before `install` or `router`"]
pub struct Builder {
    pub(crate) program: Program,
    pub(crate) service: Option<Service>,
    pub(crate) commit: Option<String>,
    pub(crate) series_limit: Option<usize>,
    pub(crate) creation_times: Option<bool>,
    pub(crate) trace_ids: Option<TraceIds>,
    pub(crate) redact: Option<Redact>,
    pub(crate) live: bool,
    address: Option<String>,
    limits: Limits,
    hosts: Vec<String>,
    named: Named,
    shutdown: ShutdownPlan,
}

impl Builder {
    /// For a program.
    pub fn new(program: Program) -> Self {
        Self {
            program,
            service: None,
            commit: None,
            series_limit: None,
            creation_times: None,
            trace_ids: None,
            redact: None,
            live: true,
            address: None,
            limits: Limits::default(),
            hosts: Vec::new(),
            named: Named::default(),
            shutdown: ShutdownPlan::default(),
        }
    }

    /// Listens there, for example on `127.0.0.1:3000`; port 0 lets the operating system choose.
    #[expect(clippy::needless_pass_by_value, reason = "a `SocketAddr` or a `&str` is written without `&`")]
    pub fn listen(mut self, address: impl ToString) -> Self {
        self.address = Some(address.to_string());
        self
    }

    /// What `build_info` shows. An empty commit is as good as none: then the environment variable
    /// [`crate::COMMIT_VARIABLE`] counts.
    pub fn service(mut self, name: impl Into<String>, version: impl Into<String>, commit: impl Into<String>) -> Self {
        self.service = Some(Service { name: name.into(), version: version.into(), commit: commit.into() });
        self
    }

    /// The commit that `build_info` and the live page show, as the compiler knew it: `option_env!` reads an environment
    /// variable of the build, and Cargo builds again where it has changed.
    ///
    /// ```
    /// # fn f(builder: measurand_exporter::Builder) -> measurand_exporter::Builder {
    /// builder.commit(option_env!("MEASURAND_COMMIT"))
    /// # }
    /// ```
    ///
    /// Without a commit the variable [`crate::COMMIT_VARIABLE`] counts that the program is started with.
    pub fn commit(mut self, commit: Option<&str>) -> Self {
        self.commit = commit.filter(|it| !it.is_empty()).map(str::to_owned);
        self
    }

    /// Bounds on what clients can take: [`Limits`], or [`crate::ServerLimits`] where it is about connections alone.
    ///
    /// ```
    /// # use measurand_exporter::{Builder, ServerLimits};
    /// # fn f(builder: Builder) -> Builder {
    /// builder.limits(ServerLimits { connections: 64, ..ServerLimits::default() })
    /// # }
    /// ```
    pub fn limits(mut self, limits: impl Into<Limits>) -> Self {
        self.limits = limits.into();
        self
    }

    /// Names of hosts that requests may ask for, besides `localhost`, names below it and loopback addresses. Each call adds
    /// to those before, and to those in the environment variable `MEASURAND_HOSTS`, which are separated by commas.
    ///
    /// A website whose name leads to 127.0.0.1 (DNS rebinding) could otherwise read the page of a developer's machine. So an
    /// endpoint that listens on a loopback address always refuses other hosts, with 421. On any other address, and behind
    /// [`Builder::router`], it does so once this was called: there it is reached by names that it does not know, such as
    /// that of a service of docker compose. A request that names no host is answered.
    pub fn hosts(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.hosts.extend(names.into_iter().map(Into::into));
        self
    }

    /// TLS and users, from a file as Prometheus' exporters take it: `tls_server_config`, `basic_auth_users` and
    /// `http_server_config`. Feature `tls` of `measurand`. The environment variable [`crate::WEB_CONFIG_VARIABLE`] names
    /// it where the program does not.
    ///
    /// The file, and the certificate and key that it names, are read again when they have changed, at most once a second;
    /// as long as they are no good, all stays as it was, and stderr says why. Everything but `/healthz` asks for
    /// credentials. None of this is for [`Builder::router`], whose server is yours.
    #[cfg(feature = "tls")]
    pub fn web_config(mut self, path: impl Into<PathBuf>) -> Self {
        self.named.web_config = Some(path.into());
        self
    }

    /// Lets in who has one of the bearer tokens in this file, one a line and each at least 16 characters long; beside the
    /// users of [`Builder::web_config`], if there are any. Feature `tls` of `measurand`.
    #[cfg(feature = "tls")]
    pub fn bearer_tokens(mut self, path: impl Into<PathBuf>) -> Self {
        self.named.tokens = Some(path.into());
        self
    }

    /// For how long [`Exporter::shutdown`] goes on serving to be scraped once more, so that what happened last is seen; it
    /// ends with that scrape. Not at all unless told otherwise.
    pub fn last_scrape(mut self, window: Duration) -> Self {
        self.shutdown.window = window;
        self
    }

    /// Sends all metrics there at the end of [`Exporter::shutdown`]; for what lives too short to be scraped. Feature `push`
    /// of `measurand`.
    #[cfg(feature = "push")]
    pub fn push_at_shutdown(mut self, push: crate::Push) -> Self {
        self.shutdown.push = Some(push);
        self
    }

    /// How many series a metric may have whose label values nobody knows beforehand; 2000 unless told otherwise. That goes
    /// for the text labels of annotated functions and for what is recorded by hand, over the `metrics` facade.
    ///
    /// A metric that has so many keeps them, and counts further label values as `_other`: those labels of a family whose
    /// values its table fixes keep them. `measurand_label_overflows_total` says how often that happened, and
    /// `measurand_series` how far each metric is from the limit.
    pub fn series_limit(mut self, limit: usize) -> Self {
        self.series_limit = Some(limit);
        self
    }

    /// Whether to emit the times of creation in OpenMetrics text. Default: `true`.
    ///
    /// The lines are called `.._created`. A Prometheus that does not know them keeps them as series of their own.
    pub fn creation_times(mut self, enabled: bool) -> Self {
        self.creation_times = Some(enabled);
        self
    }

    /// Counts every observation by exponential buckets as well: a native histogram, whose quantiles are off by four percent
    /// at the most without anybody choosing bounds. Feature `native-histograms` of `measurand`.
    ///
    /// A scraper that asks for protocol buffers gets both kinds of buckets; a Prometheus does so with
    /// `--enable-feature=native-histograms`, from 3.8 on with `scrape_native_histograms: true`. An observation takes about
    /// as long again as without, and a series about 64 bytes more for each power of two that it saw.
    #[cfg(feature = "native-histograms")]
    pub fn native_histograms(self) -> Self {
        // For the process, since cells are made wherever a series is first recorded.
        enable_native();
        self
    }

    /// Says in which trace the calling thread works, if in any; then buckets of histograms have examples (OpenMetrics calls
    /// them exemplars) that lead from a dashboard to a trace. With the feature `tracing` of `measurand` it is the trace of
    /// the current span, as `tracing-opentelemetry` knows it.
    ///
    /// It is asked at the end of some calls, on the thread that made them: once a second for each bucket at the most. It
    /// must not block. A Prometheus keeps exemplars with `--enable-feature=exemplar-storage`. The first source in a process
    /// counts.
    pub fn trace_ids(mut self, current: fn() -> Option<String>) -> Self {
        self.trace_ids = Some(current);
        self
    }

    /// Judges label values before they become part of a series: what it returns is recorded in place of the value, so that
    /// no secret or name of a person leaves the program or is kept in it. It is given the name of the metric, or of the
    /// family for annotated functions, the label and the value.
    ///
    /// ```
    /// # fn f(builder: measurand_exporter::Builder) -> measurand_exporter::Builder {
    /// builder.redact(|_, label, value| match label {
    ///     "token" | "session" => Some("redacted".into()),
    ///     "email" => value.split_once('@').map(|(_, domain)| domain.into()),
    ///     _ => None,
    /// })
    /// # }
    /// ```
    ///
    /// It sees what is not written in the code: texts of annotated functions, and all that is recorded by hand or by
    /// libraries over the `metrics` facade. It is asked where no series has these values yet, so never for one that exists,
    /// but each time for a value that it replaces. It must be quick and always give the same answer; where it panics, the
    /// value becomes `_other`. What fails or is slow is listed on the live page with what is recorded here. The first hook in
    /// a process counts.
    pub fn redact(mut self, hook: for<'a> fn(&str, &str, &'a str) -> Option<Cow<'a, str>>) -> Self {
        self.redact = Some(hook);
        self
    }

    /// Whether the last hour is kept in memory and shown by a live page, with the JSON that it is drawn from and the files
    /// that are generated for this very program; it is unless told otherwise.
    ///
    /// All series are looked at every five seconds, which takes about a microsecond for each. Their histories take at most
    /// 16 MiB: a series whose numbers change takes some three bytes for each of the 720 samples of an hour and bucket, and
    /// a few hundred bytes when it rests. Where that is not enough the past that is kept becomes shorter, down to five
    /// minutes. At most 20 000 series are kept, a histogram counting as one.
    pub fn live(mut self, enabled: bool) -> Self {
        self.live = enabled;
        self
    }

    /// Makes ours the global recorder and serves it from a thread of its own. When the endpoint serves already, that one is
    /// returned and nothing changes.
    ///
    /// # Errors
    /// When another recorder is installed, a file that says who may come in is no good, or nothing can listen on the
    /// address. In the latter cases metrics are recorded all the same, and a later call may try again.
    pub fn install(self) -> Result<Exporter, Error> {
        let mut global = Global::lock();
        if let Some(exporter) = global.exporter.as_ref().filter(|it| it.is_serving()) {
            return Ok(exporter.clone());
        }
        let recorder = global.recorder(&self)?;
        let access = Access::read(self.named.clone())?;
        let address = listen::address(self.address.as_deref());
        let listener = listen::bind(&address)?;
        let instance = listener.local_addr().map_or_else(|_| address.clone(), |it| it.to_string());
        let live = self.live_of(&recorder, instance);
        self.report_problems();
        let catalog = self.program.catalog.to_json();
        let app =
            App::new(Some(recorder.clone()), catalog, live, self.limits, self.known_hosts(), Some(access.clone()));
        let exporter = endpoint::start(listener, app, self.limits, self.shutdown, recorder).map_err(Error::Start)?;
        access.warn_about(exporter.address());
        global.exporter = Some(exporter.clone());
        Ok(exporter)
    }

    /// Makes ours the global recorder and returns `/metrics`, `/catalog.json` and `/healthz`, to be merged into or nested
    /// in the application's own router.
    ///
    /// When another recorder is installed, `/metrics` answers 503 and says so.
    pub fn router(self) -> Router {
        let recorder = Global::lock().recorder(&self).ok();
        let live = recorder.as_ref().and_then(|it| self.live_of(it, executable()));
        self.report_problems();
        let catalog = self.program.catalog.to_json();
        router::mounted(App::new(recorder, catalog, live, self.limits, self.known_hosts(), None))
    }

    /// What the live page asks, if it is wanted.
    fn live_of(&self, recorder: &Recorder, instance: String) -> Option<Live> {
        let history = recorder.state().history.get().filter(|_| self.live)?;
        let service = Service::of(&self.program, self.service.as_ref(), self.commit.as_deref());
        Some(Live::new(recorder, history, &self.program, service, instance, self.limits.page))
    }

    fn known_hosts(&self) -> Option<Hosts> {
        (!self.hosts.is_empty()).then(|| Hosts::new(&self.hosts))
    }

    /// Says which families and objectives have no panels and no alerts.
    fn report_problems(&self) {
        for problem in problems(&self.program.catalog) {
            stderr::write(&problem.to_string());
        }
    }
}
