//! Sends all metrics in one request, for programs that end before they are scraped. This module does not know the
//! endpoint.

mod remote_write;

use crate::clock::now;
use crate::recorder::Recorder;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;
use ureq::Agent;
#[cfg(feature = "tls")]
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// The receiver of all metrics at shutdown.
#[derive(Debug, Clone)]
#[must_use = "it is for `Builder::push_at_shutdown`"]
pub struct Push {
    url: String,
    receiver: Receiver,
    job: String,
    labels: Vec<(String, String)>,
    tokens: Option<PathBuf>,
    #[cfg(feature = "tls")]
    authorities: Option<PathBuf>,
    timeout: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Receiver {
    Pushgateway,
    RemoteWrite,
}

impl Push {
    /// Pushes to a Pushgateway, for example `http://127.0.0.1:9091`. The push replaces earlier ones with the same job
    /// and labels.
    pub fn pushgateway(url: impl Into<String>, job: impl Into<String>) -> Self {
        Self::new(Receiver::Pushgateway, url.into(), job.into())
    }

    /// Pushes to a remote write receiver: for example `http://127.0.0.1:9090/api/v1/write` of a Prometheus with
    /// `--web.enable-remote-write-receiver`, or the one of `VictoriaMetrics`.
    pub fn remote_write(url: impl Into<String>, job: impl Into<String>) -> Self {
        Self::new(Receiver::RemoteWrite, url.into(), job.into())
    }

    fn new(receiver: Receiver, url: String, job: String) -> Self {
        Self {
            url,
            receiver,
            job,
            labels: Vec::new(),
            tokens: None,
            #[cfg(feature = "tls")]
            authorities: None,
            timeout: Duration::from_secs(5),
        }
    }

    /// Adds a label beside `job`, for example `instance`.
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.push((name.into(), value.into()));
        self
    }

    /// Sends the bearer token in this file.
    pub fn bearer_token(mut self, path: impl Into<PathBuf>) -> Self {
        self.tokens = Some(path.into());
        self
    }

    /// Trusts the PEM certificates in this file instead of those of the operating system: the receiver's certificate,
    /// or that of the authority that signed it. HTTPS needs the feature `tls` of `measurand`.
    #[cfg(feature = "tls")]
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.authorities = Some(path.into());
        self
    }

    /// Sets the time limit. Default: five seconds.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    pub(crate) fn patience(&self) -> Duration {
        self.timeout
    }

    /// Sends the current values.
    pub(crate) fn send(&self, recorder: &Recorder) -> Result<(), String> {
        self.try_send(recorder).map_err(|why| {
            // Leaves out credentials in the URL.
            let url = self.url.rsplit('@').next().unwrap_or_default().escape_debug();
            format!("the last push to `{url}` failed; metrics that were not scraped are lost: {why}")
        })
    }

    fn try_send(&self, recorder: &Recorder) -> Result<(), String> {
        let config =
            Agent::config_builder().timeout_global(Some(self.timeout)).http_status_as_error(false).max_redirects(0);
        #[cfg(feature = "tls")]
        let config = config.tls_config(self.trust()?);
        let agent: Agent = config.build().into();
        let authorization = match &self.tokens {
            Some(path) => {
                let token = std::fs::read_to_string(path).map_err(|error| {
                    format!(
                        "cannot read the token in `{}`: {error}; set a readable file with `.bearer_token(..)`",
                        path.display()
                    )
                })?;
                Some(format!("Bearer {}", token.trim()))
            }
            None => None,
        };
        let request = match self.receiver {
            Receiver::Pushgateway => {
                agent.put(self.group()).header("content-type", "text/plain; version=0.0.4; charset=utf-8")
            }
            Receiver::RemoteWrite => agent
                .post(&self.url)
                .header("content-type", "application/x-protobuf")
                .header("content-encoding", "snappy")
                .header("x-prometheus-remote-write-version", "0.1.0"),
        };
        let request = match authorization {
            Some(it) => request.header("authorization", it),
            None => request,
        };
        let text = recorder.render();
        let body = match self.receiver {
            Receiver::Pushgateway => text.into_bytes(),
            Receiver::RemoteWrite => {
                let labels = [("job".to_owned(), self.job.clone())].into_iter().chain(self.labels.iter().cloned());
                remote_write::encode(&text, &labels.collect::<Vec<_>>(), now())?
            }
        };
        let mut answer = request.send(&body).map_err(|it| self.unreached(&it))?;
        if answer.status().is_success() {
            return Ok(());
        }
        let why = answer.body_mut().with_config().limit(1000).read_to_string().unwrap_or_default();
        Err(format!("the receiver answered {}: {}", answer.status(), why.trim().escape_debug()))
    }

    /// Returns the reason for the failure, and the help if there is any.
    fn unreached(&self, error: &ureq::Error) -> String {
        let why = error.to_string();
        let help = match self.url.get(..6) {
            Some(it) if !it.eq_ignore_ascii_case("https:") => "",
            _ if cfg!(not(feature = "tls")) => "; build with the feature `tls` of `measurand`",
            _ if why.contains("certificate") => "; set the authority that signed its certificate with `.ca_file(..)`",
            _ => "",
        };
        why + help
    }

    /// Returns the TLS configuration with the trusted certificates.
    #[cfg(feature = "tls")]
    fn trust(&self) -> Result<TlsConfig, String> {
        let roots = match &self.authorities {
            None => RootCerts::PlatformVerifier,
            Some(path) => {
                let certificates = measurand_server::certificates_in("authorities of the receiver", path)?;
                let certificates = certificates.iter().map(|it| Certificate::from_der(it).to_owned());
                RootCerts::new_with_certs(&certificates.collect::<Vec<_>>())
            }
        };
        Ok(TlsConfig::builder().root_certs(roots).build())
    }

    /// Returns the address of a group of the Pushgateway.
    fn group(&self) -> String {
        let mut url = format!("{}/metrics", self.url.trim_end_matches('/'));
        let job = ("job", self.job.as_str());
        for (name, value) in
            [job].into_iter().chain(self.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())))
        {
            push_segment(&mut url, name);
            if value.is_empty() {
                // The base 64 of an empty value would be an empty segment.
                url.push_str("@base64/=");
            } else if value.contains('/') {
                url.push_str("@base64/");
                url.push_str(&BASE64_URL_SAFE_NO_PAD.encode(value));
            } else {
                push_segment(&mut url, value);
            }
        }
        url
    }
}

/// Appends a slash and the text, escaped so that nothing in it ends the segment.
fn push_segment(url: &mut String, text: &str) {
    url.push('/');
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            url.push(byte.into());
        } else {
            // Writing to a string cannot fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Push;

    #[test]
    fn labels_are_segments_of_the_address() {
        let push = Push::pushgateway("http://gateway:9091/", "night build").label("instance", "a/b").label("zone", "");
        assert_eq!(push.group(), "http://gateway:9091/metrics/job/night%20build/instance@base64/YS9i/zone@base64/=");
        assert_eq!(Push::pushgateway("http://g", "ü?#..").group(), "http://g/metrics/job/%C3%BC%3F%23..");
    }
}
