//! The image, built from the final stage of the Dockerfile over a binary that
//! was built outside: base images can't be had everywhere.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::tools::{on_path, printed, root};

/// What it is tagged with, in the storage of this test alone.
const TAG: &str = "localhost/apivideo-operator:test";

/// The target whose binaries need no library: of this machine's architecture.
const TARGET: &str =
    if cfg!(target_arch = "aarch64") { "aarch64-unknown-linux-musl" } else { "x86_64-unknown-linux-musl" };

/// A built image, in a storage of its own.
pub(crate) struct Image {
    folder: TempDir,
}

/// The static binary: the one that `APIVIDEO_IMAGE_BINARY` names, or built
/// now, beside the build that this test belongs to.
pub(crate) fn static_binary() -> PathBuf {
    if let Some(named) = env::var_os("APIVIDEO_IMAGE_BINARY") {
        return named.into();
    }
    let target = root().join("target/image");
    printed(Command::new("rustup").args(["target", "add", TARGET]));
    printed(
        Command::new(env!("CARGO"))
            .args(["build", "--release", "--locked", "--target", TARGET])
            .args(["--package", "apivideo-operator", "--bin", "apivideo-operator"])
            .current_dir(root())
            .env("CARGO_TARGET_DIR", &target),
    );
    target.join(TARGET).join("release/apivideo-operator")
}

/// Why no image can be built here, if none can.
pub(crate) fn hindrance() -> Option<String> {
    let built = env::var_os("APIVIDEO_IMAGE_BINARY").is_some();
    let needed: &[&str] = if built {
        &["buildah", "skopeo", "umoci"]
    } else {
        &["buildah", "skopeo", "umoci", "rustup", "musl-gcc"]
    };
    let lacking: Vec<_> = needed.iter().copied().filter(|tool| on_path(tool).is_none()).collect();
    let hint = "Debian: apt-get install buildah skopeo umoci musl-tools";
    (!lacking.is_empty()).then(|| format!("no {} on this machine ({hint})", lacking.join(", ")))
}

/// The part of the Dockerfile from its last FROM on.
fn final_stage() -> String {
    let whole = fs::read_to_string(root().join("Dockerfile")).expect("the Dockerfile");
    let at = whole.rfind("\nFROM ").expect("a final stage");
    whole[at..].to_owned()
}

impl Image {
    /// Builds it of what the Dockerfile's first stage would leave in `/image`.
    pub(crate) fn of(binary: &Path) -> Self {
        let folder = TempDir::new().expect("a folder");
        let stage = folder.path().join("build/image");
        let certificates = stage.join("etc/ssl/certs");
        fs::create_dir_all(&certificates).expect("the stage");
        fs::copy(binary, stage.join("apivideo-operator")).expect("the binary");
        fs::copy("/etc/ssl/certs/ca-certificates.crt", certificates.join("ca-certificates.crt"))
            .expect("the certificates");
        fs::write(folder.path().join("Dockerfile"), final_stage()).expect("the final stage");
        let image = Self { folder };
        let context = format!("build={}", image.folder.path().join("build").display());
        printed(
            image
                .buildah("build")
                .args(["--isolation", "chroot", "--build-context", &context, "--tag", TAG])
                .args(["--build-arg", "VERSION=1.2.3", "--build-arg", "REVISION=abc", "--file"])
                .arg(image.folder.path().join("Dockerfile"))
                .arg(image.folder.path()),
        );
        image
    }

    fn buildah(&self, command: &str) -> Command {
        let mut buildah = Command::new("buildah");
        buildah.arg("--root").arg(self.path("storage")).arg("--runroot").arg(self.path("run"));
        buildah.args(["--storage-driver", "vfs", command]);
        buildah
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Unpacks it; gives back its file system's root.
    pub(crate) fn unpacked(&self) -> PathBuf {
        let layout = self.path("layout");
        printed(self.buildah("push").args([TAG, &format!("oci:{}:test", layout.display())]));
        let source = format!("{}:test", layout.display());
        printed(Command::new("umoci").args(["unpack", "--image", &source]).arg(self.path("bundle")));
        self.path("bundle/rootfs")
    }

    /// The bytes of its layers and its configuration, as a registry keeps them.
    pub(crate) fn compressed_bytes(&self) -> u64 {
        let layout = format!("oci:{}:test", self.path("layout").display());
        let raw = printed(Command::new("skopeo").args(["inspect", "--raw", &layout]));
        let manifest: Value = serde_json::from_str(&raw).expect("a manifest");
        let layers = manifest["layers"].as_array().expect("layers");
        layers.iter().chain([&manifest["config"]]).filter_map(|part| part["size"].as_u64()).sum()
    }

    /// Pushes it to a registry on loopback.
    pub(crate) fn push(&self, reference: &str) {
        let to = format!("docker://{reference}");
        printed(self.buildah("push").args(["--tls-verify=false", TAG, &to]));
    }
}
