use super::*;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// Makes an empty file on the given rungs, and counts.
#[derive(Default)]
struct FakeMaker {
    works: Vec<Rung>,
    tried: std::sync::Mutex<Vec<Rung>>,
    /// Making takes until this is notified, if it is there.
    until: Option<Arc<Notify>>,
}

impl Make for FakeMaker {
    async fn make(&self, rung: Rung, _: Component, staging: &Path) -> Result<PathBuf, String> {
        self.tried.lock().unwrap().push(rung);
        if let Some(until) = &self.until {
            until.notified().await;
        }
        if !self.works.contains(&rung) {
            return Err(format!("no {rung} today"));
        }
        let made = staging.join("made");
        std::fs::write(&made, "").unwrap();
        Ok(made)
    }
}

fn ladder(home: &Path, works: &[Rung]) -> Ladder<FakeMaker> {
    Ladder {
        surroundings: Surroundings { user_cache: Some(home.to_owned()), ..Surroundings::default() },
        maker: FakeMaker { works: works.to_vec(), ..FakeMaker::default() },
        progress: Progress::silent(),
    }
}

#[tokio::test]
async fn a_failed_download_is_followed_by_a_build_then_the_cache() {
    let home = tempfile::tempdir().unwrap();
    let ladder = ladder(home.path(), &[Rung::Build]);
    let first = ladder.find(Component::Etcd).await.unwrap();
    assert!(first.starts_with(home.path().join("apivideo-operator")));
    assert_eq!(first, ladder.find(Component::Etcd).await.unwrap());
    assert_eq!(*ladder.maker.tried.lock().unwrap(), [Rung::Download, Rung::Build]);
}

#[tokio::test]
async fn what_the_assets_folder_lacks_comes_from_further_down() {
    let home = tempfile::tempdir().unwrap();
    let assets = tempfile::tempdir().unwrap();
    let etcd = assets.path().join("etcd");
    std::fs::write(&etcd, "").unwrap();
    std::fs::set_permissions(&etcd, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut ladder = ladder(home.path(), &[Rung::Download]);
    ladder.surroundings.assets = Some(assets.path().to_owned());

    assert_eq!(ladder.find(Component::Etcd).await.unwrap(), etcd);
    assert!(ladder.maker.tried.lock().unwrap().is_empty());
    let manager = ladder.find(Component::ControllerManager).await;
    // On macOS nobody publishes the controller manager.
    assert_eq!(manager.is_ok(), Downloads::published(Component::ControllerManager).is_ok());
}

#[tokio::test]
async fn an_error_says_what_was_tried_and_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let message = ladder(home.path(), &[]).find(Component::Etcd).await.unwrap_err().to_string();
    for part in [
        "KUBEBUILDER_ASSETS: not set",
        "the cache: ",
        "download: no ",
        "build with Go: no ",
        "Install Go 1.26",
    ] {
        assert!(message.contains(part), "{part:?} is missing in:\n{message}");
    }
}

#[tokio::test]
async fn without_a_cache_folder_the_error_names_the_setting() {
    let mut ladder = ladder(Path::new("/"), &[Rung::Build]);
    ladder.surroundings.user_cache = None;
    let message = ladder.find(Component::Etcd).await.unwrap_err().to_string();
    assert!(message.contains("XDG_CACHE_HOME"), "{message}");
}

#[tokio::test]
async fn two_callers_make_it_once_and_the_second_reports_waiting() {
    let home = tempfile::tempdir().unwrap();
    let waiting = Arc::new(AtomicUsize::new(0));
    let until = Arc::new(Notify::new());
    let mut ladder = ladder(home.path(), &[Rung::Build]);
    ladder.maker.until = Some(Arc::clone(&until));
    let count = Arc::clone(&waiting);
    // The first one works until the second one says that it waits.
    ladder.progress = Progress::new(move |line| {
        if line.starts_with("waiting for another process") {
            count.fetch_add(1, Ordering::SeqCst);
            until.notify_one();
        } else if line.contains("did not work") {
            until.notify_one();
        }
    });
    let both = async { tokio::join!(ladder.find(Component::Etcd), ladder.find(Component::Etcd)) };
    let (one, other) = tokio::time::timeout(Duration::from_secs(20), both).await.unwrap();
    assert_eq!(one.unwrap(), other.unwrap());
    assert_eq!(*ladder.maker.tried.lock().unwrap(), [Rung::Download, Rung::Build]);
    assert_eq!(waiting.load(Ordering::SeqCst), 1);
}
