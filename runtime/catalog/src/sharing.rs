//! Functions that record the same series, and functions that only a number distinguishes.

use crate::catalog::{Catalog, SiteRecord};
use crate::definition::{is_function, without_number};
use std::collections::BTreeMap;
use std::fmt;

/// Functions that record the same series, or whose names differ only in a number.
#[derive(Debug, Clone, PartialEq)]
pub struct Sharing<'a> {
    /// The functions; at least two, unless `is_numbered`.
    pub functions: Vec<&'a SiteRecord>,
    /// Whether the functions have the same name in one module, and a number each. Otherwise they record the same
    /// series.
    pub is_numbered: bool,
}

impl Sharing<'_> {
    /// The advice for the user.
    #[must_use]
    pub fn help(&self) -> &'static str {
        let of_first = |it: &SiteRecord| self.functions.first().is_some_and(|first| first.version == it.version);
        if self.is_numbered && !self.functions.iter().all(|it| of_first(it)) {
            "the program links two versions of a crate; `cargo tree --duplicates` shows why"
        } else if self.is_numbered {
            "write the attribute on the `impl` block, or give each function a name: `#[measured(\"name\")]`"
        } else {
            "to distinguish their calls, give them different labels"
        }
    }
}

/// Describes the problem in one line.
impl fmt::Display for Sharing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 3;
        let (count, family) = (self.functions.len(), self.functions.first().map_or("", |it| &it.family));
        if self.is_numbered {
            write!(f, "{count} functions have the same name in one module and differ only in a number: ")?;
        } else {
            write!(f, "{count} functions record the same series of the family `{family}`: ")?;
        }
        for (index, site) in self.functions.iter().take(MOST).enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}`{}::{}` ({}:{})", site.module, site.function, site.file, site.line)?;
        }
        if count > MOST { write!(f, " and {} more", count - MOST) } else { Ok(()) }
    }
}

impl Catalog {
    /// The functions that record the same series, and those that only a number distinguishes; see
    /// [`crate::definition`].
    #[must_use]
    pub fn sharing(&self) -> Vec<Sharing<'_>> {
        let mut shared: BTreeMap<_, Vec<&SiteRecord>> = BTreeMap::new();
        let mut named: BTreeMap<_, Vec<&SiteRecord>> = BTreeMap::new();
        for site in self.sites.iter().filter(|it| is_function(&it.attribute)) {
            shared.entry((&site.family, &site.labels, &site.expressions)).or_default().push(site);
            if site.has_own_name() {
                let name = without_number(&site.function).unwrap_or(&site.function);
                named.entry((&site.family, &site.module, name)).or_default().push(site);
            }
        }
        let is_numbered = |group: &Vec<&SiteRecord>| group.iter().any(|it| without_number(&it.function).is_some());
        let numbered = named.into_values().filter(is_numbered).map(|mut functions| {
            // `get#10` comes after `get#9`.
            functions.sort_by_key(|it| (it.function.len(), &it.function));
            Sharing { functions, is_numbered: true }
        });
        let shared = shared.into_values().filter(|group| group.len() > 1);
        numbered.chain(shared.map(|functions| Sharing { functions, is_numbered: false })).collect()
    }
}
