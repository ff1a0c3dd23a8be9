use super::*;

/// Runs a shell script below a supervisor, with its log and `remove` in a folder.
async fn supervised(folder: &Path, script: &str, remove: Option<PathBuf>) -> Supervised {
    let program = Program {
        executable: Path::new("sh"),
        args: vec!["-c".into(), script.into()],
        env: Vec::new(),
        dir: folder,
        log: folder.join("log"),
        grace: Duration::from_millis(300),
        remove_after: remove,
    };
    Supervised::spawn(program).await.unwrap()
}

async fn runs(pid: u32) -> bool {
    let mut kill = Command::new("sh");
    kill.args(["-c", "kill -0 \"$0\" 2>/dev/null", &pid.to_string()]).status().await.unwrap().success()
}

/// Polls until `condition` holds; fails after ten seconds.
async fn becomes_true<F: Future<Output = bool>>(mut condition: impl FnMut() -> F) {
    let polled = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), polled).await.expect("the condition never held");
}

#[tokio::test]
async fn a_program_and_its_folder_end_with_their_owner() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let process = supervised(folder.path(), "exec sleep 600", Some(data.clone())).await;
    let pid = process.pid();
    assert!(runs(pid).await);
    drop(process);
    becomes_true(|| async { !runs(pid).await && !data.exists() }).await;
}

#[tokio::test]
async fn a_program_is_asked_to_end_before_it_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let script = "trap 'echo goodbye; exit 0' TERM; echo up; while :; do sleep 0.05; done";
    let mut process = supervised(folder.path(), script, None).await;
    becomes_true(|| std::future::ready(process.log_tail().contains("up"))).await;
    process.stop().await;
    assert!(process.log_tail().contains("goodbye"), "{}", process.log_tail());
}

#[tokio::test]
async fn a_program_that_ignores_sigterm_is_killed_after_its_grace() {
    let folder = tempfile::tempdir().unwrap();
    let script = "trap '' TERM; echo deaf; while :; do sleep 0.1; done";
    let mut process = supervised(folder.path(), script, None).await;
    becomes_true(|| std::future::ready(process.log_tail().contains("deaf"))).await;
    let began = std::time::Instant::now();
    process.stop().await;
    assert!(began.elapsed() >= Duration::from_millis(300), "it had no grace");
    assert!(!runs(process.pid()).await);
}

#[tokio::test]
async fn a_program_that_ends_is_reported_with_status_and_log() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let script = "i=0; while [ $i -lt 40 ]; do echo line $i; i=$((i+1)); done; echo no room >&2; exit 7";
    let mut process = supervised(folder.path(), script, Some(data.clone())).await;
    assert_eq!(process.ended().await.unwrap().code(), Some(7));
    let tail = process.log_tail();
    assert!(tail.contains("no room") && tail.contains("line 39") && !tail.contains("line 3\n"), "{tail}");
    // What is there is needed to see why.
    assert!(data.exists());
}

#[tokio::test]
async fn a_program_that_is_not_there_is_an_error_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program {
        executable: Path::new("/nonexistent/etcd"),
        args: Vec::new(),
        env: Vec::new(),
        dir: folder.path(),
        log: folder.path().join("log"),
        grace: Duration::ZERO,
        remove_after: None,
    };
    let mut process = Supervised::spawn(program).await.unwrap();
    assert_eq!(process.ended().await.unwrap().code(), Some(127));
    assert!(process.log_tail().contains("/nonexistent/etcd"));
}
