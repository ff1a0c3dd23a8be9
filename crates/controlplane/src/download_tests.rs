use super::*;
use axum::Router;
use axum::http::StatusCode;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

/// Serves these files, and 404 for others, until the test ends.
async fn serve(files: HashMap<String, Vec<u8>>) -> Servers {
    let files = Arc::new(files);
    let app = Router::new().fallback(move |uri: axum::http::Uri| {
        let found = files.get(uri.path()).cloned();
        async move { found.ok_or(StatusCode::NOT_FOUND) }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    Servers { kubernetes: address.clone(), github: address }
}

fn sha256(bytes: &[u8]) -> String {
    let mut hash = Hash::of_length(64);
    hash.update(bytes);
    hash.finish()
}

/// The path on its server and the release of a component for this machine.
fn published(component: Component) -> Release {
    let here = Servers { kubernetes: String::new(), github: String::new() };
    release(component, Platform::here().unwrap(), &here).unwrap()
}

async fn kubectl_with_checksum(checksum: &str) -> (tempfile::TempDir, Result<PathBuf, DownloadError>) {
    let kubectl = published(Component::Kubectl);
    let files = [(kubectl.url, b"kubectl".to_vec()), (kubectl.checksums, checksum.as_bytes().to_vec())];
    let downloads = Downloads::from(serve(files.into()).await);
    let staging = tempfile::tempdir().unwrap();
    let fetched = downloads.fetch(Component::Kubectl, staging.path()).await;
    (staging, fetched)
}

#[tokio::test]
async fn a_binary_with_the_published_checksum_is_taken() {
    let (_staging, fetched) = kubectl_with_checksum(&sha256(b"kubectl")).await;
    assert_eq!(std::fs::read(fetched.unwrap()).unwrap(), b"kubectl");
}

#[tokio::test]
async fn a_binary_with_another_checksum_is_refused_and_deleted() {
    let (staging, fetched) = kubectl_with_checksum(&sha256(b"something else")).await;
    let message = fetched.unwrap_err().to_string();
    assert!(
        message.contains(&sha256(b"kubectl")) && message.contains(&sha256(b"something else")),
        "{message}"
    );
    assert_eq!(std::fs::read_dir(staging.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn an_answer_that_is_no_checksum_is_refused() {
    let (_staging, fetched) = kubectl_with_checksum("<html>please log in</html>").await;
    assert!(matches!(fetched, Err(DownloadError::NoChecksum { .. })), "{fetched:?}");
}

#[tokio::test]
async fn etcd_is_taken_out_of_its_archive() {
    let etcd = published(Component::Etcd);
    let member = etcd.member.clone().unwrap();
    let source = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(source.path().join(&member).parent().unwrap()).unwrap();
    std::fs::write(source.path().join(&member), "etcd").unwrap();
    let archive = source.path().join("archive.tar.gz");
    let mut tar = std::process::Command::new("tar");
    assert!(
        tar.arg("-czf").arg(&archive).arg("-C").arg(source.path()).arg(&member).status().unwrap().success()
    );
    let archive = std::fs::read(archive).unwrap();

    let sums = format!("{}  another.tar.gz\n{}  {}\n", sha256(b"x"), sha256(&archive), etcd.file());
    let files = [(etcd.url, archive), (etcd.checksums, sums.into_bytes())];
    let downloads = Downloads::from(serve(files.into()).await);
    let staging = tempfile::tempdir().unwrap();
    let executable = downloads.fetch(Component::Etcd, staging.path()).await.unwrap();
    assert_eq!(std::fs::read(executable).unwrap(), b"etcd");
}

#[tokio::test]
async fn a_release_that_is_not_there_is_an_error_with_its_address() {
    let downloads = Downloads::from(serve(HashMap::new()).await);
    let staging = tempfile::tempdir().unwrap();
    let message = downloads.fetch(Component::Kubectl, staging.path()).await.unwrap_err().to_string();
    assert!(message.contains("kubectl.sha256") && message.contains("404"), "{message}");
}

#[tokio::test]
async fn an_unreachable_server_is_given_up_and_not_tried_again() {
    // A port that was just free: connections to it are refused.
    let address = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let server = format!("http://{address}");
    let downloads = Downloads::from(Servers { kubernetes: server.clone(), github: server });
    let staging = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let message = downloads.fetch(Component::Kubectl, staging.path()).await.unwrap_err().to_string();
    assert!(message.contains("can't be reached: ") && message.contains("refused"), "{message}");
    assert!(began.elapsed() < CONNECT_TIMEOUT, "{:?}", began.elapsed());

    // Now someone listens there, and would notice.
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    let again = downloads.fetch(Component::Etcd, staging.path());
    tokio::select! {
        biased;
        fetched = again => assert_eq!(fetched.unwrap_err().to_string(), message),
        _ = listener.accept() => panic!("it was asked again"),
    }
}

#[test]
fn checksums_are_read_alone_or_by_name_of_the_file() {
    let sum = sha256(b"");
    let long = "ab".repeat(64);
    assert_eq!(checksum_for("etcd", &sum), Some(sum.clone()));
    assert_eq!(checksum_for("etcd", &format!("{sum}\n")), Some(sum.clone()));
    assert_eq!(checksum_for("etcd", &format!("{} *out/etcd", long.to_uppercase())), Some(long));
    assert_eq!(checksum_for("etcd", &format!("{sum}  etcd.asc")), None);
    assert_eq!(checksum_for("etcd", "abc  etcd"), None);
    assert_eq!(checksum_for("etcd", ""), None);
}
