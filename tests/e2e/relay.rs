//! What stands between an operator and the API server: a relay of connections, or an HTTP
//! proxy (CONNECT), that can go silent as a network does that drops packets.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// A relay on a port of its own.
pub(crate) struct Relay {
    pub(crate) port: u16,
    accepted: Arc<AtomicUsize>,
    silent: watch::Sender<bool>,
}

impl Relay {
    /// Relays to this address.
    pub(crate) async fn to(address: &str) -> Self {
        Self::start(Some(address.to_owned())).await
    }

    /// An HTTP proxy: each client names the address itself.
    pub(crate) async fn proxy() -> Self {
        Self::start(None).await
    }

    async fn start(address: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let (silent, watched) = watch::channel(false);
        let accepted = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&accepted);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(relay(client, address.clone(), watched.clone()));
            }
        });
        Self { port, accepted, silent }
    }

    /// How many connections it has accepted.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }

    /// From here on nothing is forwarded: open connections stay open, new ones are accepted.
    pub(crate) fn go_silent(&self) {
        self.silent.send_replace(true);
    }

    /// New connections are relayed again; those that went silent stay so.
    pub(crate) fn relay_new_connections(&self) {
        self.silent.send_replace(false);
    }
}

async fn relay(mut client: TcpStream, address: Option<String>, mut silent: watch::Receiver<bool>) {
    if !*silent.borrow_and_update() {
        let address = match address {
            Some(address) => address,
            None => connect_address(&mut client).await,
        };
        let mut server = TcpStream::connect(address).await.expect("the server");
        tokio::select! {
            _ = copy_bidirectional(&mut client, &mut server) => return,
            _ = silent.changed() => {}
        }
        return std::future::pending().await;
    }
    std::future::pending().await
}

/// The address that a CONNECT asks for, once it is granted.
async fn connect_address(client: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.expect("a request"));
    }
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.expect("the answer");
    let head = String::from_utf8(head).expect("a text");
    let address = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next());
    address.expect("a CONNECT").to_owned()
}
