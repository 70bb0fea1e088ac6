//! The records of the built-in families, which a catalog needs to explain its sites.

/// A family's record in the list of this program.
#[derive(Debug)]
#[cfg_attr(not(any(feature = "catalog", feature = "exporter")), expect(dead_code, reason = "read by `catalog`"))]
pub(crate) struct FamilyEntry(&'static [u8]);

inventory::collect!(FamilyEntry);

#[cfg(any(feature = "catalog", feature = "exporter"))]
pub(crate) fn records() -> impl Iterator<Item = &'static [u8]> {
    inventory::iter::<FamilyEntry>.into_iter().map(|it| it.0)
}

macro_rules! built_in {
    ($($family:ident)*) => {$(
        #[expect(unsafe_code, reason = "`link_section` places constant bytes, which nothing reads as code")]
        const _: () = {
            use measurand_catalog::{families, record};
            const LENGTH: usize = record::family_length(&families::$family);
            crate::__record! { RECORD, LENGTH, record::family_record(&families::$family) }
            inventory::submit! { FamilyEntry(&RECORD) }
        };
    )*};
}

built_in! {
    FUNCTION NEURAL PATTERN_CONFIDENCE PATTERN_RETRIEVAL PATTERN_LEARNING
    PATTERN_MEMORY MEMORY_COMPRESSION PATTERNS_ACTIVE PATTERNS_UNUSED PATTERN_REUSE
    FEEDBACK VERIFICATION DATABASE DATABASE_CONNECTION CACHE
    PLANNING COORDINATION TASK TASK_QUEUE
}
