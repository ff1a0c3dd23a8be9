//! An address behind which one sandbox can take the place of another: what a
//! key of another project does to an operator.

use apivideo_sandbox::Sandbox;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// Passes connections on to the sandbox of the moment.
pub(crate) struct Switch {
    /// Where it listens.
    pub url: String,
    target: watch::Sender<String>,
    server: JoinHandle<()>,
}

impl Switch {
    pub(crate) async fn to(sandbox: &Sandbox) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let target = watch::Sender::new(address(sandbox));
        let server = tokio::spawn(serve(listener, target.subscribe()));
        Self { url, target, server }
    }

    /// From here on it is this sandbox; connections to the last one are cut.
    pub(crate) fn turn_to(&self, sandbox: &Sandbox) {
        self.target.send_replace(address(sandbox));
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn address(sandbox: &Sandbox) -> String {
    sandbox.url().trim_start_matches("http://").to_owned()
}

async fn serve(listener: TcpListener, target: watch::Receiver<String>) {
    while let Ok((mut near, _)) = listener.accept().await {
        let mut target = target.clone();
        tokio::spawn(async move {
            let address = target.borrow_and_update().clone();
            let mut far = TcpStream::connect(address).await?;
            tokio::select! {
                ended = copy_bidirectional(&mut near, &mut far) => ended.map(|_| ()),
                _ = target.changed() => Ok(()),
            }
        });
    }
}
