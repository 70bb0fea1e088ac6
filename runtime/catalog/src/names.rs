//! Name checks at compile time, where the methods of `str` are not available.

/// Whether this is a lower-case Prometheus name, which needs no quoting in PromQL 2 and 3.
pub(crate) const fn is_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        let legal = matches!(bytes[i], b'a'..=b'z' | b'_') || (i > 0 && bytes[i].is_ascii_digit());
        if !legal {
            return false;
        }
        i += 1;
    }
    !bytes.is_empty()
}

pub(crate) const fn ends_with(text: &str, suffix: &str) -> bool {
    let (text, suffix) = (text.as_bytes(), suffix.as_bytes());
    match text.len().checked_sub(suffix.len()) {
        Some(start) => same_bytes(text.split_at(start).1, suffix),
        None => false,
    }
}

pub(crate) const fn contains(values: &[&str], value: &str) -> bool {
    let mut i = 0;
    while i < values.len() {
        if same(values[i], value) {
            return true;
        }
        i += 1;
    }
    false
}

pub(crate) const fn same(a: &str, b: &str) -> bool {
    same_bytes(a.as_bytes(), b.as_bytes())
}

const fn same_bytes(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}
