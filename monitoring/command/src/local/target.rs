//! Parses the address of a program to scrape, as users write it.

use measurand_monitoring::model::stack::App;

/// Parses `http://host:port`, with or without `/metrics`.
pub(crate) fn parse(text: &str) -> Result<App, String> {
    let shown = text.escape_debug();
    let help = "help: write `http://host:port` of the server that serves `/metrics`";
    let (secure, rest) = match text.split_once("://") {
        Some(("http", rest)) => (false, rest),
        Some(("https", rest)) => (true, rest),
        Some(_) => return Err(format!("`{shown}` is not the address of a program; {help}")),
        None => (false, text),
    };
    let (address, path) = rest.split_once('/').unwrap_or((rest, ""));
    if address.contains('@') {
        return Err(format!("the target contains a user, whose password would be readable in prometheus.yml; {help}"));
    }
    if !matches!(path, "" | "metrics") {
        return Err(format!("`{shown}` has the path `/{path}`; {help}"));
    }
    let host_ends = address.rfind(']').map_or(0, |it| it + 1);
    let port = address[host_ends..].rsplit_once(':').map(|(_, port)| port);
    let legal = |it: char| it.is_ascii_alphanumeric() || ".-_:[]".contains(it);
    if address.is_empty() || !address.chars().all(legal) || port.is_some_and(|it| it.parse::<u16>().is_err()) {
        return Err(format!("`{shown}` is not the address of a program; {help}"));
    }
    let address = match (port, secure) {
        (Some(_), _) => address.to_owned(),
        (None, true) => format!("{address}:443"),
        (None, false) => format!("{address}:80"),
    };
    Ok(App { address, secure })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn addresses_as_users_write_them() {
        let check = |text: &str, address: &str, secure: bool| {
            let app = parse(text).unwrap();
            assert_eq!((app.address.as_str(), app.secure), (address, secure), "{text}");
        };
        check("http://127.0.0.1:3000", "127.0.0.1:3000", false);
        check("http://127.0.0.1:3000/metrics", "127.0.0.1:3000", false);
        check("shop:8080/", "shop:8080", false);
        check("https://shop.example.org", "shop.example.org:443", true);
        check("http://[::1]:3000", "[::1]:3000", false);
        check("http://shop", "shop:80", false);
        for address in
            ["", "ftp://a:1", "http://", "http://a:b", "http://a:1/x", "http://a b:1", "http://u:p@a:1", "a:99999"]
        {
            let error = parse(address).unwrap_err();
            assert!(error.contains("write `http://host:port`") && !error.contains("u:p"), "{address}: {error}");
        }
    }
}
