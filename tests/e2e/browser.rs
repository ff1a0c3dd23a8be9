//! A headless Chromium, driven by chromedriver over the W3C WebDriver protocol
//! (<https://www.w3.org/TR/webdriver2/>): the few commands that a page needs.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use reqwest::{Client, Method, header::CONTENT_TYPE};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{runtime::Handle, task::block_in_place};

use crate::stage::{LIMIT, eventually, free_port};

/// Without these it would ask the network for things no test needs. As root,
/// which a container's user often is, Chromium refuses its own sandbox.
const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// The programs of this machine.
pub(crate) struct Programs {
    browser: PathBuf,
    driver: PathBuf,
}

impl Programs {
    /// Those on the PATH or in /usr/bin; none when either is missing.
    pub(crate) fn find() -> Option<Self> {
        let browser = ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(program)?;
        Some(Self { browser, driver: program("chromedriver")? })
    }
}

fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain([PathBuf::from("/usr/bin")])
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// A browser with one page. Dropping it ends the browser and its driver, also
/// when a test fails.
pub(crate) struct Browser {
    driver: Child,
    http: Client,
    session: String,
    _folder: TempDir,
}

/// An answer's envelope.
#[derive(Deserialize)]
struct Answer<T> {
    value: T,
}

#[derive(Deserialize)]
struct Session {
    #[serde(rename = "sessionId")]
    id: String,
}

/// The key is the protocol's mark of an element.
#[derive(Deserialize)]
struct Element {
    #[serde(rename = "element-6066-11e4-a52e-4f735466cecf")]
    id: String,
}

/// Why a command was not carried out.
#[derive(Debug, Deserialize)]
struct Refusal {
    error: String,
    message: String,
}

impl Browser {
    /// Starts a browser and opens `url` in it.
    pub(crate) async fn open(programs: &Programs, url: &str) -> Self {
        let port = free_port();
        let folder = TempDir::new().expect("a folder");
        let wanted = capabilities(&programs.browser, &folder.path().join("profile"));
        let driver = Command::new(&programs.driver)
            .arg(format!("--port={port}"))
            // What either of them leaves behind goes with the folder.
            .env("TMPDIR", folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver");
        let http = Client::builder().no_proxy().timeout(LIMIT).build().expect("a client");
        let session = format!("http://127.0.0.1:{port}/session");
        let mut browser = Self { driver, http, session, _folder: folder };
        browser.until_driver_answers(port).await;
        let session: Session = browser.send(Method::POST, "", wanted).await.expect("a session");
        browser.session = format!("{}/{}", browser.session, session.id);
        let _: Value = browser.send(Method::POST, "/url", json!({ "url": url })).await.expect("the page");
        browser
    }

    async fn until_driver_answers(&mut self, port: u16) {
        let url = format!("http://127.0.0.1:{port}/status");
        eventually("chromedriver to answer", async || {
            let ended = self.driver.try_wait().expect("its state");
            assert!(ended.is_none(), "chromedriver ended at once: {ended:?}");
            self.http.get(&url).send().await.ok().filter(|answer| answer.status().is_success()).map(|_| ())
        })
        .await;
    }

    /// The text that a person sees of an element; none while it isn't there.
    pub(crate) async fn text(&self, css: &str) -> Option<String> {
        let element = self.element(css).await?;
        now(self.send(Method::GET, &format!("/element/{element}/text"), Value::Null).await)
    }

    /// Clicks an element as soon as it is there.
    pub(crate) async fn click(&self, css: &str) {
        self.once_there(css, "click", json!({})).await;
    }

    /// Puts a text in place of an input's.
    pub(crate) async fn write(&self, css: &str, text: &str) {
        self.once_there(css, "clear", json!({})).await;
        self.once_there(css, "value", json!({ "text": text })).await;
    }

    async fn once_there(&self, css: &str, command: &str, body: Value) {
        eventually(&format!("the {command} of {css}"), async || {
            let path = format!("/element/{}/{command}", self.element(css).await?);
            now(self.send::<Value>(Method::POST, &path, body.clone()).await)
        })
        .await;
    }

    async fn element(&self, css: &str) -> Option<String> {
        let wanted = json!({ "using": "css selector", "value": css });
        now(self.send::<Element>(Method::POST, "/element", wanted).await).map(|element| element.id)
    }

    async fn send<T: DeserializeOwned>(&self, method: Method, path: &str, body: Value) -> Result<T, Refusal> {
        let mut request = self.http.request(method, format!("{}{path}", self.session));
        if !body.is_null() {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let answer = request.send().await.expect("chromedriver answers");
        let done = answer.status().is_success();
        let body = answer.text().await.expect("a body");
        if done {
            Ok(serde_json::from_str::<Answer<T>>(&body).expect(&body).value)
        } else {
            Err(serde_json::from_str::<Answer<Refusal>>(&body).expect(&body).value)
        }
    }
}

impl Drop for Browser {
    /// The session's end ends the browser with all its processes, so that the
    /// folder can go; the driver alone, killed, would leave some.
    fn drop(&mut self) {
        let end = self.http.delete(&self.session).send();
        // A driver that has ended already, or has no session yet, is as good.
        let _ = block_in_place(|| Handle::current().block_on(end));
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn capabilities(browser: &Path, profile: &Path) -> Value {
    let profile = format!("--user-data-dir={}", profile.display());
    let args: Vec<_> = FLAGS.into_iter().chain([profile.as_str()]).collect();
    let chrome = json!({ "binary": browser, "args": args });
    json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": chrome } } })
}

/// What was answered; none when the page was being drawn anew just then, which
/// passes. Anything else that goes wrong ends the test.
fn now<T>(answer: Result<T, Refusal>) -> Option<T> {
    const PASSING: [&str; 4] = [
        "no such element",
        "stale element reference",
        "element click intercepted",
        "element not interactable",
    ];
    match answer {
        Ok(value) => Some(value),
        Err(refusal) if PASSING.contains(&refusal.error.as_str()) => None,
        Err(refusal) => panic!("{}: {}", refusal.error, refusal.message),
    }
}
