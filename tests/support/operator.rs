//! An operator process, and what can be asked of it from outside.

use std::process::{Child, Command, ExitStatus, Stdio};

use super::eventually;

/// An operator process.
pub(crate) struct Operator {
    child: Child,
    /// Where it answers.
    pub admin: String,
}

impl Drop for Operator {
    fn drop(&mut self) {
        // One that has ended already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Operator {
    pub(crate) fn of(child: Child, port: u16) -> Self {
        Self { child, admin: format!("http://127.0.0.1:{port}") }
    }

    /// Asks it to end, as a kubelet does.
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends it a signal, named as `kill` names it.
    pub(crate) fn signal(&self, name: &str) {
        let mut kill = Command::new("kill");
        kill.args(["-s", name, &self.child.id().to_string()]).stdout(Stdio::null());
        assert!(kill.status().expect("kill").success());
    }

    /// Waits until it is ready.
    pub(crate) async fn ready(&self) {
        let url = format!("{}/readyz", self.admin);
        eventually("the operator to be ready", async || {
            reqwest::get(&url).await.ok().filter(|answer| answer.status().is_success()).map(|_| ())
        })
        .await;
    }

    /// The text of its metrics.
    pub(crate) async fn metrics(&self) -> String {
        let answer = reqwest::get(format!("{}/metrics", self.admin)).await.expect("metrics");
        answer.text().await.expect("a text")
    }

    pub(crate) async fn ended(&mut self) -> ExitStatus {
        eventually("the operator to end", async || self.child.try_wait().expect("its state")).await
    }
}
