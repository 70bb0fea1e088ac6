//! The web configuration file of Prometheus' exporters (`--web.config.file`), with TLS and users.
//! <https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md>

use crate::auth::is_bcrypt;
use crate::tls::{ClientCertificates, TlsFiles};
use axum::http::{HeaderName, HeaderValue};
use serde::Deserialize;
use serde_saphyr::{Location, Spanned};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// The content of a file.
#[derive(Debug, Default)]
pub(crate) struct WebConfig {
    pub(crate) tls: Option<TlsFiles>,
    pub(crate) users: HashMap<String, String>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

/// The headers that may be set; other headers would change the meaning of an answer.
const HEADERS: [&str; 5] = [
    "content-security-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
    "x-xss-protection",
];

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    tls_server_config: Option<Spanned<Tls>>,
    http_server_config: Option<Http>,
    basic_auth_users: Option<BTreeMap<String, Spanned<String>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tls {
    cert_file: Option<PathBuf>,
    key_file: Option<PathBuf>,
    client_ca_file: Option<PathBuf>,
    client_auth_type: Option<Spanned<String>>,
    min_version: Option<Spanned<String>>,
    max_version: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Http {
    http2: Option<Spanned<bool>>,
    headers: Option<BTreeMap<String, Spanned<String>>>,
}

impl WebConfig {
    /// Parses the text of a file. Paths in it are relative to its folder.
    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, String> {
        let at = |location: &Location, what: &str| format!("{}:{}: {what}", path.display(), location.line());
        let empty = text.lines().all(|it| it.trim().is_empty() || it.trim_start().starts_with('#'));
        let file = if empty {
            File::default()
        } else {
            serde_saphyr::from_str::<File>(text).map_err(|error| {
                let line = error.location().map_or(1, |it| it.line());
                // One line, without the surrounding text, which may contain secrets.
                let what = error.without_snippet().to_string().lines().next().unwrap_or_default().to_owned();
                format!("{}:{line}: {what}; the supported settings are {KNOWN}", path.display())
            })?
        };
        let mut config = Self::default();
        if let Some(Spanned { value: tls, referenced, .. }) = file.tls_server_config {
            config.tls = Some(tls.files(path.parent().unwrap_or(Path::new("")), &at, &referenced)?);
        }
        for (name, hash) in file.basic_auth_users.unwrap_or_default() {
            let shown = name.escape_debug();
            if name.is_empty() || name.contains(':') {
                return Err(at(
                    &hash.referenced,
                    &format!("`{shown}` is not a valid user name; write a name without a colon"),
                ));
            }
            if !is_bcrypt(&hash.value) {
                let what = format!(
                    "the password of `{shown}` is not a bcrypt hash such as `$2y$10$…`; create one with \
                     `htpasswd -nB {shown}`"
                );
                return Err(at(&hash.referenced, &what));
            }
            config.users.insert(name, hash.value);
        }
        let Some(http) = file.http_server_config else { return Ok(config) };
        if let Some(http2) = http.http2.filter(|it| it.value) {
            return Err(at(&http2.referenced, "only HTTP/1.1 is supported; set `http2: false` or remove it"));
        }
        for (name, value) in http.headers.unwrap_or_default() {
            let known = HEADERS.iter().find(|it| it.eq_ignore_ascii_case(&name));
            let (Some(known), Ok(text)) = (known, HeaderValue::from_str(&value.value)) else {
                let shown = name.escape_debug();
                let what = format!(
                    "the header `{shown}` cannot be set; allowed are {}, each with a one-line value",
                    HEADERS.join(", ")
                );
                return Err(at(&value.referenced, &what));
            };
            config.headers.push((HeaderName::from_static(known), text));
        }
        Ok(config)
    }
}

const KNOWN: &str = "`tls_server_config` with `cert_file`, `key_file`, `client_ca_file`, `client_auth_type`, `min_version` \
                     and `max_version`, `basic_auth_users`, and `http_server_config` with `headers` and `http2`";

impl Tls {
    fn files(
        self,
        folder: &Path,
        at: &dyn Fn(&Location, &str) -> String,
        start: &Location,
    ) -> Result<TlsFiles, String> {
        let given = |path: Option<PathBuf>| path.filter(|it| !it.as_os_str().is_empty()).map(|it| folder.join(it));
        let (Some(certificate), Some(key)) = (given(self.cert_file), given(self.key_file)) else {
            return Err(at(start, "TLS needs a certificate and its key; write `cert_file` and `key_file`"));
        };
        let authorities = given(self.client_ca_file);
        let wanted = self.client_auth_type.as_ref().map_or("", |it| it.value.as_str());
        let clients = match (wanted, authorities) {
            ("" | "NoClientCert", None) => ClientCertificates::Unasked,
            ("RequireAndVerifyClientCert", Some(path)) => ClientCertificates::Required(path),
            ("VerifyClientCertIfGiven", Some(path)) => ClientCertificates::IfGiven(path),
            (_, authorities) => {
                let what = if ["", "NoClientCert"].contains(&wanted) {
                    "`client_ca_file` is set, but client certificates are not requested; set \
                     `client_auth_type: RequireAndVerifyClientCert`"
                } else if authorities.is_none() {
                    "client certificates need authorities; set `client_ca_file`"
                } else {
                    "this `client_auth_type` is not supported; write `NoClientCert`, \
                     `VerifyClientCertIfGiven` or `RequireAndVerifyClientCert`"
                };
                return Err(at(self.client_auth_type.as_ref().map_or(start, |it| &it.referenced), what));
            }
        };
        let version = |given: Option<Spanned<String>>, without: u8| match given {
            None => Ok(without),
            Some(it) if it.value == "TLS12" => Ok(2),
            Some(it) if it.value == "TLS13" => Ok(3),
            Some(it) => Err(at(&it.referenced, "this TLS version is not supported; write `TLS12` or `TLS13`")),
        };
        let highest = self.max_version.as_ref().map(|it| it.referenced);
        let (least, most) = (version(self.min_version, 2)?, version(self.max_version, 3)?);
        if least > most {
            return Err(at(highest.as_ref().unwrap_or(start), "`max_version` is below `min_version`; swap them"));
        }
        Ok(TlsFiles { certificate, key, clients, is_1_2: least == 2, is_1_3: most == 3 })
    }
}

#[cfg(test)]
mod tests {
    use super::WebConfig;
    use crate::tls::ClientCertificates;
    use std::path::{Path, PathBuf};

    const HASH: &str = "$2y$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234";

    #[test]
    fn settings_of_exporters_are_accepted() {
        let text = format!(
            "tls_server_config:\n  cert_file: a.pem\n  key_file: /keys/a.key\n  client_ca_file: ca.pem\n  \
             client_auth_type: RequireAndVerifyClientCert\n  min_version: TLS13\nhttp_server_config:\n  http2: false\n  \
             headers:\n    Strict-Transport-Security: max-age=31536000\nbasic_auth_users:\n  ann: {HASH}\n  bob: {HASH}\n"
        );
        let config = WebConfig::parse(Path::new("/etc/web.yml"), &text).unwrap();
        let tls = config.tls.unwrap();
        assert_eq!((tls.certificate, tls.key), (PathBuf::from("/etc/a.pem"), PathBuf::from("/keys/a.key")));
        assert_eq!(tls.clients, ClientCertificates::Required("/etc/ca.pem".into()));
        assert_eq!((tls.is_1_2, tls.is_1_3), (false, true));
        assert_eq!(config.users.len(), 2);
        assert_eq!(config.headers[0].0, "strict-transport-security");
        for nothing in ["", "# nothing yet\n\n", "basic_auth_users:\n"] {
            let config = WebConfig::parse(Path::new("web.yml"), nothing).unwrap();
            assert!(config.tls.is_none() && config.users.is_empty());
        }
    }

    #[test]
    fn mistakes_name_the_line_and_the_fix() {
        for (text, says) in [
            ("basic_auth_user:\n  ann: x\n", "web.yml:1: "),
            ("basic_auth_user:\n  ann: x\n", "`basic_auth_users`"),
            ("\ntls_server_config:\n  cert_file: a\n  key_file: b\n  cipher_suites: [x]\n", "web.yml:5: "),
            ("tls_server_config:\n  cert_file: a\n", "write `cert_file` and `key_file`"),
            ("basic_auth_users:\n  ann: secret\n", "web.yml:2: the password of `ann` is not a bcrypt hash"),
            ("basic_auth_users:\n  a:b: x\n", "web.yml:2: "),
            (&format!("basic_auth_users:\n  ann: {HASH}\n  ann: {HASH}\n"), "web.yml:3: "),
            ("http_server_config:\n  http2: true\n", "web.yml:2: only HTTP/1.1"),
            (
                "http_server_config:\n  headers:\n    Set-Cookie: x\n",
                "web.yml:3: the header `Set-Cookie` cannot be set",
            ),
            ("http_server_config:\n  headers:\n    X-Frame-Options: \"a\\nb\"\n", "web.yml:3: "),
            ("tls_server_config: {cert_file: a, key_file: b, client_ca_file: c}\n", "RequireAndVerifyClientCert"),
            (
                "tls_server_config: {cert_file: a, key_file: b, client_auth_type: RequireAnyClientCert}\n",
                "client_ca_file",
            ),
            ("tls_server_config: {cert_file: a, key_file: b, min_version: TLS10}\n", "write `TLS12` or `TLS13`"),
            ("tls_server_config: {cert_file: a, key_file: b, min_version: TLS13, max_version: TLS12}\n", "swap them"),
            ("[1, 2", "web.yml:1: "),
            ("\u{0}", "web.yml:1: "),
        ] {
            let error = WebConfig::parse(Path::new("web.yml"), text).unwrap_err();
            assert!(error.contains(says) && !error.contains('\n'), "{text:?}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
