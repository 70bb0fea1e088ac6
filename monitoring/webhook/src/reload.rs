//! Reading credentials and certificate anew while the server runs: both are replaced more often than it is.

use crate::auth::Authentication;
use crate::log;
use crate::routes::App;
use crate::settings::Settings;
use crate::tls::{self, Tls};
use std::sync::Weak;

/// Reads the files of a running server again.
#[derive(Debug)]
pub struct Reloader {
    pub(crate) settings: Settings,
    pub(crate) tls: Option<Tls>,
    /// The database is closed when nothing else holds it, reloading or not.
    pub(crate) app: Weak<App>,
}

impl Reloader {
    /// Reads the files again. When one of them is no good, everything stays as it was, and the log says why.
    pub fn reload(&self) {
        match self.read() {
            Ok(()) => log("credentials and certificate are read again"),
            Err(error) => log(&format!("credentials and certificate stay as they were: {error}")),
        }
    }

    fn read(&self) -> Result<(), String> {
        let authentication = Authentication::read(&self.settings.credentials)?;
        if let (Some(tls), Some(files)) = (&self.tls, &self.settings.tls) {
            tls.replace(tls::config(files)?);
        }
        if let Some(app) = self.app.upgrade() {
            app.authenticate_by(authentication);
        }
        Ok(())
    }
}
