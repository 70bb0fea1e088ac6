//! A page in the browser, with the actions of a user.

use crate::chromium::Browser;
use serde_json::{Value, json};
use std::thread::sleep;
use std::time::{Duration, Instant};

const AXE: &str = include_str!("vendor/axe.min.js");

pub(crate) struct Page<'a> {
    pub(crate) browser: &'a mut Browser,
    pub(crate) session: String,
    target: String,
    context: String,
    complaints: Vec<String>,
}

impl<'a> Page<'a> {
    /// Opens a URL in a new window with an empty profile.
    pub(crate) fn open(browser: &'a mut Browser, url: &str) -> Self {
        let text = |value: &Value| value.as_str().expect("a string").to_owned();
        let context = text(&browser.call(None, "Target.createBrowserContext", json!({}))["browserContextId"]);
        let window = json!({
            "url": "about:blank", "browserContextId": context, "newWindow": true,
        });
        let target = text(&browser.call(None, "Target.createTarget", window)["targetId"]);
        let attach = json!({"targetId": target, "flatten": true});
        let session = text(&browser.call(None, "Target.attachToTarget", attach)["sessionId"]);
        let mut page = Self { browser, session, target, context, complaints: Vec::new() };
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            page.call(domain, json!({}));
        }
        page.call("Performance.enable", json!({"timeDomain": "threadTicks"}));
        page.resize(1280, 900);
        // The page behaves as if its window had the focus.
        page.call("Emulation.setFocusEmulationEnabled", json!({"enabled": true}));
        page.call("Page.navigate", json!({"url": url}));
        page
    }

    /// Opens the live page of a program and waits until it shows data.
    pub(crate) fn live(browser: &'a mut Browser, url: &str) -> Self {
        let mut page = Self::open(browser, &format!("{url}/"));
        page.until_live();
        page
    }

    pub(crate) fn until_live(&mut self) {
        self.until("numbers", "document.querySelector('#connection')?.dataset.state === 'live' && document.querySelector('.functions tbody td')?.textContent");
    }

    pub(crate) fn call(&mut self, method: &str, parameters: Value) -> Value {
        let session = self.session.clone();
        self.browser.call(Some(&session), method, parameters)
    }

    /// Evaluates an expression; if it is a JavaScript promise, waits for its value.
    pub(crate) fn run(&mut self, script: &str) -> Value {
        let parameters = json!({
            "expression": script, "awaitPromise": true, "returnByValue": true, "userGesture": true,
        });
        let answer = self.call("Runtime.evaluate", parameters);
        assert!(answer.get("exceptionDetails").is_none(), "{script}\n{}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    pub(crate) fn text(&mut self, script: &str) -> String {
        let value = self.run(script);
        value.as_str().unwrap_or_else(|| panic!("not a string: {script}: {value}")).to_owned()
    }

    pub(crate) fn number(&mut self, script: &str) -> f64 {
        let value = self.run(script);
        value.as_f64().unwrap_or_else(|| panic!("not a number: {script}: {value}"))
    }

    /// Waits up to a minute until an expression is truthy and returns its value.
    pub(crate) fn until(&mut self, what: &str, script: &str) -> Value {
        self.within(300, what, script)
    }

    /// Waits up to `seconds` until an expression is truthy and returns its value.
    pub(crate) fn within(&mut self, seconds: u64, what: &str, script: &str) -> Value {
        let start = Instant::now();
        loop {
            let value = self.run(script);
            if ![Value::Null, json!(false), json!(""), json!(0)].contains(&value) {
                return value;
            }
            if start.elapsed() > Duration::from_secs(seconds) {
                let shown = self.text("document.body?.innerText.slice(0, 600) ?? 'nothing'");
                panic!("waited {seconds} s for {what}\n{}\nThe page shows:\n{shown}", self.complaints().join("\n"));
            }
            sleep(Duration::from_millis(100));
        }
    }

    pub(crate) fn resize(&mut self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", size);
    }

    /// Clicks an element with the mouse.
    pub(crate) fn click(&mut self, selector: &str) {
        let script = format!(
            "(() => {{ const at = document.querySelector({selector:?}); at.scrollIntoView({{ block: 'center', behavior: 'instant' }}); \
             const [box] = at.getClientRects(); return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
        );
        // Waits until the element stops moving: content above it may still change its height.
        let mut at = self.run(&script);
        for _ in 0..40 {
            sleep(Duration::from_millis(50));
            let before = std::mem::replace(&mut at, self.run(&script));
            if at == before {
                break;
            }
        }
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({"type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1});
            self.call("Input.dispatchMouseEvent", event);
        }
    }

    /// Clicks until an expression is true, up to ten times: on a busy machine the page may move during a click.
    pub(crate) fn click_until(&mut self, selector: &str, what: &str, script: &str) {
        for _ in 0..10 {
            self.click(selector);
            for _ in 0..30 {
                if self.run(script) == json!(true) {
                    return;
                }
                sleep(Duration::from_millis(100));
            }
        }
        panic!("ten clicks did not cause {what}\n{}", self.complaints().join("\n"));
    }

    /// Presses a control key or a character key.
    pub(crate) fn press(&mut self, key: &str) {
        let code = match key {
            "Enter" => 13,
            "ArrowDown" => 40,
            "Tab" => 9,
            _ => u32::from(key.as_bytes()[0]),
        };
        let text = match key {
            "Enter" => "\r",
            key if key.len() == 1 => key,
            _ => "",
        };
        let kind = if text.is_empty() { "rawKeyDown" } else { "keyDown" };
        for kind in [kind, "keyUp"] {
            let mut event = json!({"type": kind, "key": key, "windowsVirtualKeyCode": code});
            if kind == "keyDown" {
                event["text"] = json!(text);
            }
            self.call("Input.dispatchKeyEvent", event);
        }
    }

    pub(crate) fn type_text(&mut self, text: &str) {
        self.call("Input.insertText", json!({"text": text}));
    }

    /// Grants the page access to the clipboard.
    pub(crate) fn grant_clipboard(&mut self) {
        let permissions =
            json!({"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"], "browserContextId": self.context});
        self.browser.call(None, "Browser.grantPermissions", permissions);
    }

    /// Allows downloads and returns their folder.
    pub(crate) fn downloads(&mut self) -> tempfile::TempDir {
        let directory = tempfile::tempdir().expect("a directory");
        let behavior = json!({"behavior": "allow", "downloadPath": directory.path(), "browserContextId": self.context});
        self.browser.call(None, "Browser.setDownloadBehavior", behavior);
        directory
    }

    /// Returns one of the browser's metrics of the page: CPU time of its thread in seconds since it was opened. Other
    /// load on the machine does not increase it.
    pub(crate) fn spent(&mut self, name: &str) -> f64 {
        let answer = self.call("Performance.getMetrics", json!({}));
        let metrics = answer["metrics"].as_array().expect("metrics");
        let found = metrics.iter().find(|it| it["name"] == name).and_then(|it| it["value"].as_f64());
        found.unwrap_or_else(|| panic!("no {name} in {metrics:?}"))
    }

    /// Returns the accessibility violations that axe-core finds.
    pub(crate) fn violations(&mut self) -> Vec<String> {
        // Injected by the debugger, because the page's content security policy forbids foreign scripts.
        self.run(&format!("{AXE}; 0"));
        let found = self.run(
            "axe.run(document, { resultTypes: ['violations'] }).then((it) => [it.passes.length, it.violations.flatMap((rule) => \
             rule.nodes.map((node) => `${rule.id}: ${node.html} ${node.failureSummary}`))])",
        );
        assert!(found[0].as_u64() > Some(10), "axe-core checked almost nothing: {found}");
        let found = found[1].as_array().expect("a list").iter();
        found.map(|it| it.as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Removes and returns the errors in the browser: exceptions, console messages, refused and failed requests.
    pub(crate) fn complaints(&mut self) -> Vec<String> {
        // A call reads all events before its response.
        self.run("0");
        let session = self.session.clone();
        for event in self.browser.events(&session) {
            let is_complaint = match event["method"].as_str().unwrap_or_default() {
                "Runtime.exceptionThrown" => true,
                "Runtime.consoleAPICalled" => {
                    event["params"]["type"] == "error" || event["params"]["type"] == "warning"
                }
                "Log.entryAdded" => event["params"]["entry"]["level"] == "error",
                _ => false,
            };
            if is_complaint {
                self.complaints.push(event["params"].to_string());
            }
        }
        std::mem::take(&mut self.complaints)
    }

    /// Closes the page and checks that there were no errors.
    pub(crate) fn close(mut self) {
        let complaints = self.complaints();
        assert!(complaints.is_empty(), "errors in the browser:\n{}", complaints.join("\n"));
    }
}

impl Drop for Page<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.browser.call(None, "Target.closeTarget", json!({"targetId": self.target}));
            self.browser.call(None, "Target.disposeBrowserContext", json!({"browserContextId": self.context}));
        }
    }
}
