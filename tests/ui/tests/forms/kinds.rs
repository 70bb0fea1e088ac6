//! Error kinds, by the type of the error.

use crate::{block_on, record, suspend};
use async_trait::async_trait;
use measurand::{ErrorKind, ErrorKinds, Kinds, goap_plan, measured, timed_query};
use std::error::Error;
use std::sync::Arc;

/// Checks one call of `function` that returns an error of this kind.
#[track_caller]
fn check(function: &str, kind: &str, call: impl FnOnce()) {
    let expected = [
        format!("function_calls_total{{function={function}}} 1"),
        format!("function_duration_seconds{{function={function}}} 1"),
        format!("function_errors_total{{function={function},outcome=error,error_kind={kind}}} 1"),
    ];
    assert_eq!(record(call), expected);
}

#[derive(Debug, PartialEq, ErrorKind)]
enum StoreError {
    NotFound,
    #[error_kind("busy")]
    Locked {
        seconds: u64,
    },
    IoFailed(u32, &'static str),
    #[error_kind(nested)]
    Network(NetworkError),
    #[error_kind(nested)]
    Shared {
        inner: Arc<NetworkError>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, ErrorKind)]
enum NetworkError {
    TimedOut,
    #[error_kind(nested)]
    Dns(DnsError),
}

#[derive(Debug, Clone, Copy, PartialEq, ErrorKind)]
enum DnsError {
    NXDomain,
}

#[measured]
fn store(error: StoreError) -> Result<u32, StoreError> {
    Err(error)
}

#[test]
fn variants_of_every_form() {
    check("store", "not_found", || assert!(store(StoreError::NotFound).is_err()));
    check("store", "busy", || assert!(store(StoreError::Locked { seconds: 1 }).is_err()));
    check("store", "io_failed", || assert!(store(StoreError::IoFailed(5, "disk")).is_err()));
}

#[test]
fn nested_kinds() {
    check("store", "timed_out", || assert!(store(StoreError::Network(NetworkError::TimedOut)).is_err()));
    check("store", "nx_domain", || {
        assert!(store(StoreError::Network(NetworkError::Dns(DnsError::NXDomain))).is_err());
    });
    let inner = Arc::new(NetworkError::TimedOut);
    check("store", "timed_out", || assert!(store(StoreError::Shared { inner }).is_err()));
}

#[derive(Debug, ErrorKind)]
enum Retry<E> {
    GaveUp,
    #[error_kind(nested)]
    Last(E),
    #[error_kind(nested)]
    All(Box<E>),
}

impl<E: ErrorKind> ErrorKind for Wrapper<E> {
    fn kind(&self) -> &'static str {
        self.0.kind()
    }
}

#[derive(Debug)]
struct Wrapper<E>(E);

#[measured]
fn retry<E>(error: Retry<E>) -> Result<(), Retry<E>>
where
    Retry<E>: ErrorKind,
{
    Err(error)
}

#[measured]
fn bounded<E: ErrorKind>(error: E) -> Result<(), E> {
    Err(error)
}

#[measured]
fn unbounded<E>(error: E) -> Result<(), E> {
    Err(error)
}

#[test]
fn generic_errors() {
    check("retry", "gave_up", || assert!(retry(Retry::<Wrapper<DnsError>>::GaveUp).is_err()));
    check("retry", "nx_domain", || assert!(retry(Retry::Last(Wrapper(DnsError::NXDomain))).is_err()));
    check("retry", "timed_out", || assert!(retry(Retry::All(Box::new(NetworkError::TimedOut))).is_err()));
    check("bounded", "timed_out", || assert!(bounded(NetworkError::TimedOut).is_err()));
    check("bounded", "timed_out", || assert!(bounded(&&NetworkError::TimedOut).is_err()));
    // A kind that the signature does not show is unknown.
    crate::check_not_ok("unbounded", "error", || assert!(unbounded(NetworkError::TimedOut).is_err()));
}

type Answer<T> = Result<T, StoreError>;

#[measured]
fn alias() -> Answer<u32> {
    Err(StoreError::NotFound)
}

#[measured]
fn boxed() -> Result<(), Box<StoreError>> {
    Err(Box::new(StoreError::NotFound))
}

#[measured]
fn shared() -> Result<(), Arc<StoreError>> {
    Err(Arc::new(StoreError::NotFound))
}

#[measured]
fn object() -> Result<(), Box<dyn ErrorKind + Send>> {
    Err(Box::new(NetworkError::TimedOut))
}

#[measured]
fn opaque_error() -> Result<(), impl ErrorKind + std::fmt::Debug> {
    Err(NetworkError::TimedOut)
}

#[measured]
fn opaque_value(ok: bool) -> Result<impl Iterator<Item = u32>, NetworkError> {
    if ok { Ok(0..3) } else { Err(NetworkError::TimedOut) }
}

#[measured]
fn dynamic() -> Result<(), Box<dyn Error>> {
    Err("any".into())
}

#[test]
fn pointers_and_aliases() {
    check("alias", "not_found", || assert!(alias().is_err()));
    check("boxed", "not_found", || assert!(boxed().is_err()));
    check("shared", "not_found", || assert!(shared().is_err()));
    check("object", "timed_out", || assert!(object().is_err()));
    check("opaque_error", "timed_out", || assert!(opaque_error().is_err()));
    check("opaque_value", "timed_out", || assert!(opaque_value(false).is_err()));
    crate::check_ok("opaque_value", || assert!(opaque_value(true).is_ok()));
    crate::check_not_ok("dynamic", "error", || assert!(dynamic().is_err()));
}

#[measured]
async fn later(error: NetworkError) -> Result<(), NetworkError> {
    suspend().await;
    Err(error)?;
    Ok(())
}

#[measured]
fn returned() -> impl Future<Output = Result<(), NetworkError>> {
    async {
        suspend().await;
        Err(NetworkError::TimedOut)
    }
}

#[async_trait]
trait Fetch {
    async fn fetch(&self) -> Result<(), NetworkError>;
}

struct Client;

#[async_trait]
impl Fetch for Client {
    #[measured]
    async fn fetch(&self) -> Result<(), NetworkError> {
        suspend().await;
        Err(NetworkError::TimedOut)
    }
}

#[test]
fn kinds_of_later_errors() {
    check("later", "timed_out", || assert!(block_on(later(NetworkError::TimedOut)).is_err()));
    check("returned", "timed_out", || assert!(block_on(returned()).is_err()));
    check("<Client as Fetch>::fetch", "timed_out", || assert!(block_on(Client.fetch()).is_err()));
}

#[timed_query("select", table = table)]
fn labelled(table: &str) -> Result<(), StoreError> {
    Err(StoreError::Locked { seconds: table.len() as u64 })
}

#[timed_query("select", table = |it| if it.is_ok() { "ok" } else { "failed" })]
fn late() -> Result<(), StoreError> {
    Err(StoreError::NotFound)
}

#[test]
fn kinds_beside_labels() {
    let error = |table: &str, kind: &str| {
        let labels = format!("query_type=select,table={table}");
        [
            format!("db_query_duration_seconds{{{labels}}} 1"),
            format!("db_query_errors_total{{{labels},outcome=error,error_kind={kind}}} 1"),
        ]
    };
    assert_eq!(record(|| assert!(labelled("rows").is_err())), error("rows", "busy"));
    assert_eq!(record(|| assert!(late().is_err())), error("failed", "not_found"));
}

/// A predicate decides instead of the type, so there are no kinds.
#[measured(ok_if = Result::is_err)]
fn predicate(error: NetworkError) -> Result<(), NetworkError> {
    Err(error)
}

#[goap_plan("goal")]
fn uncounted() -> Result<(), NetworkError> {
    Err(NetworkError::TimedOut)
}

#[test]
fn where_no_kind_is_asked_for() {
    crate::check_ok("predicate", || assert!(predicate(NetworkError::TimedOut).is_err()));
    assert_eq!(record(|| assert!(uncounted().is_err())), ["goap_planning_duration_seconds{goal=goal} 1"]);
}

struct Coded(u16);

impl ErrorKind for Coded {
    fn kind(&self) -> &'static str {
        if self.0 < 500 { "client" } else { "server" }
    }
}

impl ErrorKinds for Coded {
    const KINDS: Kinds = Kinds::new(&["client", "server"]);
}

#[derive(Debug)]
struct ByHand;

impl ErrorKind for ByHand {
    fn kind(&self) -> &'static str {
        "by_hand"
    }
}

#[derive(ErrorKind)]
enum Recursive {
    Leaf,
    #[error_kind(nested)]
    Inner(Box<Recursive>),
    #[error_kind(nested)]
    Foreign(ByHand),
}

#[measured]
fn coded(code: u16) -> Result<(), Coded> {
    Err(Coded(code))
}

#[measured]
fn by_hand() -> Result<(), ByHand> {
    Err(ByHand)
}

#[measured]
fn recursive(error: Recursive) -> Result<(), Recursive> {
    Err(error)
}

type StoreResult<T> = Result<T, StoreError>;

#[measured]
fn named_alias<T>(_: T) -> StoreResult<T> {
    Err(StoreError::NotFound)
}

/// The type parameter of the block hides an enum of the same name, and the macro sees neither of them.
struct Holder<E>(Option<E>);

impl<E: ErrorKind> Holder<E> {
    #[measured]
    fn take(self) -> Result<(), E> {
        self.0.map_or(Ok(()), Err)
    }

    #[measured]
    fn associated<I: Iterator>(_: I) -> Result<(), I::Item> {
        Ok(())
    }
}

mod hidden {
    use super::{ErrorKind, measured};

    #[derive(ErrorKind)]
    pub(super) enum LocalError {
        #[error_kind("local")]
        One,
    }

    /// The type of the error has a name only in this module.
    #[measured]
    pub(super) fn local() -> Result<(), LocalError> {
        Err(LocalError::One)
    }
}

#[test]
fn kinds_in_the_catalog() {
    let check = |function: &str, kinds: &[&str], unknown: bool| {
        let catalog = measurand::catalog();
        let site = catalog.sites.iter().find(|it| it.function == function && it.module.contains("kinds"));
        let site = site.unwrap_or_else(|| panic!("no `{function}`"));
        assert_eq!(site.error_kinds, kinds, "{function}");
        assert_eq!(site.unknown_error_kinds, unknown, "{function}");
    };
    let store = ["busy", "io_failed", "not_found", "nx_domain", "timed_out"];
    check("store", &store, false);
    check("named_alias", &store, false);
    check("boxed", &store, false);
    check("shared", &store, false);
    check("later", &["nx_domain", "timed_out"], false);
    check("returned", &["nx_domain", "timed_out"], false);
    check("<Client as Fetch>::fetch", &["nx_domain", "timed_out"], false);
    check("labelled", &store, false);
    check("local", &["local"], false);
    check("coded", &["client", "server"], false);
    check("by_hand", &[], true);
    check("recursive", &["leaf"], true);
    // A static cannot name a type that the caller chooses.
    check("bounded", &[], true);
    check("retry", &[], true);
    check("Holder::take", &[], true);
    check("Holder::associated", &[], true);
    check("dynamic", &[], true);
    // The predicate decides, so no kinds are counted.
    check("predicate", &[], false);
    check("coded", &["client", "server"], false);
    assert!(coded(404).is_err() && by_hand().is_err() && recursive(Recursive::Leaf).is_err());
    let foreign = Recursive::Inner(Box::new(Recursive::Foreign(ByHand)));
    assert!(recursive(foreign).is_err() && named_alias(1).is_err() && hidden::local().is_err());
    assert!(Holder(Some(ByHand)).take().is_err() && Holder::<ByHand>::associated([0].iter()).is_ok());
}
