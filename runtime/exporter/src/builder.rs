//! The configuration of the exporter.

use crate::error::Error;
use crate::exporter::Exporter;
use crate::global::Global;
use crate::http::access::{Access, Named};
use crate::http::app::App;
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

/// Configures the recorder and the endpoint.
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
    /// Returns the default configuration for a program.
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

    /// Sets the address to listen on, for example `127.0.0.1:3000`. With port 0 the operating system chooses a free
    /// port.
    #[expect(clippy::needless_pass_by_value, reason = "a `SocketAddr` or a `&str` is written without `&`")]
    pub fn listen(mut self, address: impl ToString) -> Self {
        self.address = Some(address.to_string());
        self
    }

    /// Sets the name, version and commit that `build_info` shows. If the commit is empty, it comes from
    /// [`Builder::commit`], or else from the environment variable [`crate::COMMIT_VARIABLE`].
    pub fn service(mut self, name: impl Into<String>, version: impl Into<String>, commit: impl Into<String>) -> Self {
        self.service = Some(Service { name: name.into(), version: version.into(), commit: commit.into() });
        self
    }

    /// Sets the commit that `build_info` and the live page show, taken from the environment of the compiler:
    /// `option_env!` reads an environment variable of the build, and Cargo rebuilds the program when that variable
    /// changes.
    ///
    /// ```
    /// # fn f(builder: measurand_exporter::Builder) -> measurand_exporter::Builder {
    /// builder.commit(option_env!("MEASURAND_COMMIT"))
    /// # }
    /// ```
    ///
    /// Without a commit the exporter reads the variable [`crate::COMMIT_VARIABLE`] when the program starts.
    pub fn commit(mut self, commit: Option<&str>) -> Self {
        self.commit = commit.filter(|it| !it.is_empty()).map(str::to_owned);
        self
    }

    /// Sets limits on the resources that clients can use: all [`Limits`], or only those of connections,
    /// [`crate::ServerLimits`].
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

    /// Adds host names that requests may use, besides `localhost`, its subdomains and loopback addresses. Repeated
    /// calls add up. The environment variable `MEASURAND_HOSTS` adds more names, separated by commas.
    ///
    /// This protects against DNS rebinding: a website whose name resolves to 127.0.0.1 could otherwise read the page on
    /// a developer's machine. An endpoint that listens on a loopback address always refuses other hosts with 421. On
    /// any other address, and behind [`Builder::router`], it checks hosts only after a call of this method, because
    /// clients may use names that the endpoint cannot know, such as that of a Docker Compose service. A request without
    /// a host is answered.
    pub fn hosts(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.hosts.extend(names.into_iter().map(Into::into));
        self
    }

    /// Enables TLS and authentication by a web configuration file, in the format of Prometheus' exporters:
    /// `tls_server_config`, `basic_auth_users` and `http_server_config`. Default: the file that the environment
    /// variable [`crate::WEB_CONFIG_VARIABLE`] names. Needs the feature `tls` of `measurand`.
    ///
    /// The server checks the file, its certificate and its key at most once a second and reads them again after a
    /// change. If the new content is invalid, the server keeps the old one and writes the reason to stderr. Every route
    /// but `/healthz` requires credentials. The file does not apply to [`Builder::router`]: configure your own server
    /// instead.
    #[cfg(feature = "tls")]
    pub fn web_config(mut self, path: impl Into<PathBuf>) -> Self {
        self.named.web_config = Some(path.into());
        self
    }

    /// Accepts the bearer tokens in this file: one per line, each at least 16 characters long. Users of
    /// [`Builder::web_config`] are accepted too. Needs the feature `tls` of `measurand`.
    #[cfg(feature = "tls")]
    pub fn bearer_tokens(mut self, path: impl Into<PathBuf>) -> Self {
        self.named.tokens = Some(path.into());
        self
    }

    /// Sets how long [`Exporter::shutdown`] waits for a last scrape, so that Prometheus sees the final values. The wait
    /// ends with that scrape. Default: no wait.
    pub fn last_scrape(mut self, window: Duration) -> Self {
        self.shutdown.window = window;
        self
    }

    /// Pushes all metrics at the end of [`Exporter::shutdown`], for programs that end before they are scraped. Needs
    /// the feature `push` of `measurand`.
    #[cfg(feature = "push")]
    pub fn push_at_shutdown(mut self, push: crate::Push) -> Self {
        self.shutdown.push = Some(push);
        self
    }

    /// Sets the maximum number of series per metric. Default: 2000. It limits labels with free text: those of annotated
    /// functions, and all labels of metrics that are recorded by hand through the `metrics` facade.
    ///
    /// Once a metric reaches the limit, it keeps its series and counts new label values as `_other`; labels whose
    /// values the family's table fixes keep their values. `measurand_label_overflows_total` counts these cases, and
    /// `measurand_series` shows the number of series of each metric.
    pub fn series_limit(mut self, limit: usize) -> Self {
        self.series_limit = Some(limit);
        self
    }

    /// Whether to emit creation times in OpenMetrics text, as lines called `.._created`. Default: `true`.
    ///
    /// A Prometheus without support for them stores them as separate series.
    pub fn creation_times(mut self, enabled: bool) -> Self {
        self.creation_times = Some(enabled);
        self
    }

    /// Records every observation in exponential buckets too: native histograms, whose quantiles have an error of at
    /// most four percent without configured bounds. Needs the feature `native-histograms` of `measurand`.
    ///
    /// A scraper that accepts protocol buffers gets both kinds of buckets. Prometheus does with
    /// `--enable-feature=native-histograms`, or from version 3.8 on with `scrape_native_histograms: true`. An
    /// observation takes about twice as long, and a series about 64 bytes more for each power of two in which it has
    /// observations.
    #[cfg(feature = "native-histograms")]
    pub fn native_histograms(self) -> Self {
        // Applies to the whole process, because cells are created wherever a series is first recorded.
        enable_native();
        self
    }

    /// Sets the function that returns the trace ID of the calling thread, if there is one. Buckets of histograms then
    /// get exemplars, which lead from a dashboard to a trace. With the feature `tracing` of `measurand` the default is
    /// the trace of the current span, as `tracing-opentelemetry` knows it.
    ///
    /// The exporter calls it at the end of some calls, on the thread that made them: at most once a second for each
    /// bucket. It must not block. Prometheus stores exemplars with `--enable-feature=exemplar-storage`. The first
    /// function that is set in a process stays in force.
    pub fn trace_ids(mut self, current: fn() -> Option<String>) -> Self {
        self.trace_ids = Some(current);
        self
    }

    /// Sets a hook that can replace label values before they become part of a series, so that no secret or personal
    /// data leaves the program or is stored in it. Its arguments are the name of the metric (for annotated functions,
    /// of the family), the label and the value. If it returns `Some`, that text is recorded in place of the value.
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
    /// The hook sees only values that are not written in the code: text labels of annotated functions, and all labels
    /// that are recorded by hand or by libraries through the `metrics` facade. It is called when no series has these
    /// values yet: never for values of an existing series, but each time for a value that it replaces. It must be fast
    /// and always return the same answer. If it panics, the value becomes `_other`. The live page's lists of failures
    /// and slow calls show the replaced values too. The first hook that is set in a process stays in force.
    pub fn redact(mut self, hook: for<'a> fn(&str, &str, &'a str) -> Option<Cow<'a, str>>) -> Self {
        self.redact = Some(hook);
        self
    }

    /// Whether to keep the last hour in memory and to serve the live page, its JSON and the generated files of this
    /// program. Default: `true`.
    ///
    /// The exporter samples all series every five seconds, at about one microsecond per series. The histories take at
    /// most 16 MiB. A series whose numbers change takes about three bytes for each bucket and each of the 720 samples
    /// of an hour; a series at rest takes a few hundred bytes. If 16 MiB are not enough, the exporter keeps a shorter
    /// past, down to five minutes. It keeps at most 20 000 series, where a histogram counts as one.
    pub fn live(mut self, enabled: bool) -> Self {
        self.live = enabled;
        self
    }

    /// Installs the global recorder and serves it from a separate thread. If the endpoint serves already, returns that
    /// one and changes nothing.
    ///
    /// # Errors
    /// If another recorder is installed, a file of users, tokens or certificates is invalid, or the address cannot be
    /// bound. In the last two cases metrics are still recorded, and a later call may try again.
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

    /// Installs the global recorder and returns `/metrics`, `/catalog.json` and `/healthz`, to merge into or nest in
    /// the application's own router.
    ///
    /// If another recorder is installed, `/metrics` answers 503 with an explanation.
    pub fn router(self) -> Router {
        let recorder = Global::lock().recorder(&self).ok();
        let live = recorder.as_ref().and_then(|it| self.live_of(it, executable()));
        self.report_problems();
        let catalog = self.program.catalog.to_json();
        router::mounted(App::new(recorder, catalog, live, self.limits, self.known_hosts(), None))
    }

    /// Returns the answers for the live page, if it is enabled.
    fn live_of(&self, recorder: &Recorder, instance: String) -> Option<Live> {
        let history = recorder.state().history.get().filter(|_| self.live)?;
        let service = Service::of(&self.program, self.service.as_ref(), self.commit.as_deref());
        Some(Live::new(recorder, history, &self.program, service, instance, self.limits.page))
    }

    fn known_hosts(&self) -> Option<Hosts> {
        (!self.hosts.is_empty()).then(|| Hosts::new(&self.hosts))
    }

    /// Reports the families and objectives that have no panels and no alerts.
    fn report_problems(&self) {
        for problem in problems(&self.program.catalog) {
            stderr::write(&problem.to_string());
        }
    }
}
