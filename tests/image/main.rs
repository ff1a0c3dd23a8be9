//! The image: the Dockerfile linted, its final stage built for real, run
//! without privileges, and pushed to a registry. What can't be had on a machine
//! is left out with a plain line.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test ends by a panic; its helpers stand outside the functions that clippy knows as tests"
)]

mod image;
mod registry;
mod tools;

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use image::Image;
use registry::Registry;
use serde_json::{Value, json};
use tools::{crane, hadolint, on_path, printed, root, say};

/// The size that the image is to stay below.
const LARGEST: u64 = 20 * 1024 * 1024;

#[test]
fn the_dockerfile_is_clean() {
    let Some(hadolint) = hadolint() else {
        return say("left out: hadolint can't be had here, so the Dockerfile is not linted");
    };
    printed(Command::new(hadolint).arg("--no-color").arg(root().join("Dockerfile")));
}

#[test]
fn the_image_is_small_holds_nothing_but_the_operator_runs_unprivileged_and_is_configured_so() {
    if let Some(hindrance) = image::hindrance() {
        return say(&format!("left out: the image is not built: {hindrance}"));
    }
    let image = Image::of(&image::static_binary());
    let rootfs = image.unpacked();
    assert_eq!(files(&rootfs), ["apivideo-operator", "etc/ssl/certs/ca-certificates.crt"]);
    let (packed, unpacked) = (image.compressed_bytes(), size(&rootfs));
    let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    say(&format!("image size: {:.1} MiB, {:.1} MiB unpacked", mebibytes(packed), mebibytes(unpacked)));
    assert!(unpacked <= LARGEST, "{unpacked} bytes");
    run_unprivileged(&rootfs);
    in_a_registry(&image);
}

/// The files below a folder, by their paths in it.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).expect("below it").display().to_string());
            }
        }
    }
    found.sort();
    found
}

fn size(folder: &Path) -> u64 {
    files(folder).iter().map(|file| fs::metadata(folder.join(file)).expect("a file").len()).sum()
}

/// As the kubelet would with the restricted profile: another user by number,
/// no capability and no way to any, and a root that can't be written to.
fn run_unprivileged(rootfs: &Path) {
    let run = |arguments: &[&str]| -> Option<Output> {
        let script = r#"mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$0" &&
            exec setpriv --no-new-privs env -i PATH="$PATH" APIVIDEO_API_KEY=key KUBECONFIG=/nonexistent \
            chroot --userspec=65532:65532 . /apivideo-operator "$@""#;
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", script]).arg(rootfs).args(arguments);
        let ran = command.output().ok()?;
        // The mounts may be refused where the test itself is confined.
        (!String::from_utf8_lossy(&ran.stderr).contains("mount")).then_some(ran)
    };
    let Some(version) = run(&["--version"]) else {
        return say("left out: the image is not run: this needs root, unshare and setpriv");
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let expected = concat!("apivideo-operator ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(text(&version.stdout), expected, "{}", text(&version.stderr));
    let crds = fs::read_to_string(root().join("crds/livestreams.api.video.yaml")).expect("the CRDs");
    assert_eq!(text(&run(&["crd"]).expect("it runs").stdout), crds);
    // It comes as far as the cluster: TLS found the root certificates.
    let alone = run(&["run", "--bind", "127.0.0.1:0"]).expect("it runs");
    let why = text(&alone.stderr);
    assert!(alone.status.code() == Some(1) && why.contains("set KUBECONFIG or run in a pod"), "{why}");
}

fn in_a_registry(image: &Image) {
    let Some(crane) = crane().filter(|_| on_path("skopeo").is_some()) else {
        return say("left out: crane can't be had here, so the image is not pushed");
    };
    let registry = Registry::start(&crane);
    let reference = format!("{}/apivideo-operator:1.2.3", registry.address);
    image.push(&reference);
    let told = printed(Command::new(&crane).args(["config", "--insecure", &reference]));
    let told: Value = serde_json::from_str(&told).expect("a configuration");
    let config = &told["config"];
    assert_eq!(config["User"], "65532:65532");
    assert_eq!(config["Entrypoint"], json!(["/apivideo-operator"]));
    assert_eq!(config["Cmd"], json!(["run"]));
    assert_eq!(config["ExposedPorts"], json!({ "8080/tcp": {} }));
    let label = |name: &str| config["Labels"][format!("org.opencontainers.image.{name}")].clone();
    assert_eq!((label("version"), label("revision")), (json!("1.2.3"), json!("abc")));
    assert_eq!((label("title"), label("licenses")), (json!("apivideo-operator"), json!("Apache-2.0")));
    for name in ["description", "source", "created"] {
        assert!(label(name).is_string(), "{name} in {config}");
    }
}
