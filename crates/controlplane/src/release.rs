//! Who publishes which component for which platform.

use crate::component::{Component, ETCD_VERSION, KUBERNETES_VERSION};

/// The release of controller-tools' envtest archives that is nearest to
/// [`KUBERNETES_VERSION`]; not every patch release has one.
const ENVTEST_VERSION: &str = "1.36.2";

/// The servers that publish releases, without a slash at the end.
#[derive(Debug, Clone)]
pub(crate) struct Servers {
    /// `https://dl.k8s.io`.
    pub(crate) kubernetes: String,
    /// `https://github.com`.
    pub(crate) github: String,
}

/// An operating system and a processor, as releases name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Platform {
    pub(crate) os: &'static str,
    pub(crate) arch: &'static str,
}

impl Platform {
    pub(crate) fn of(os: &str, arch: &str) -> Option<Self> {
        let os = match os {
            "linux" => "linux",
            "macos" => "darwin",
            _ => return None,
        };
        let arch = match arch {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            _ => return None,
        };
        Some(Self { os, arch })
    }

    pub(crate) fn here() -> Option<Self> {
        Self::of(std::env::consts::OS, std::env::consts::ARCH)
    }
}

/// Where one component is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Release {
    /// The binary itself, or an archive that holds it.
    pub(crate) url: String,
    /// A file with one or more checksums: the checksum alone, or followed by a name.
    pub(crate) checksums: String,
    /// The path of the executable in the archive; `None`: `url` is the executable.
    pub(crate) member: Option<String>,
}

impl Release {
    pub(crate) fn file(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or_default()
    }

    pub(crate) fn host(&self) -> &str {
        self.url.split('/').nth(2).unwrap_or_default()
    }
}

/// Who publishes a component for a platform: <https://dl.k8s.io> all of Kubernetes
/// for Linux but only kubectl for macOS, etcd's own releases Linux, and
/// controller-tools the API server and etcd for macOS.
pub(crate) fn release(component: Component, platform: Platform, servers: &Servers) -> Option<Release> {
    let Platform { os, arch } = platform;
    match (component, os) {
        (Component::Etcd, "linux") => {
            let folder = format!("{}/etcd-io/etcd/releases/download/v{ETCD_VERSION}", servers.github);
            let name = format!("etcd-v{ETCD_VERSION}-{os}-{arch}");
            Some(Release {
                url: format!("{folder}/{name}.tar.gz"),
                checksums: format!("{folder}/SHA256SUMS"),
                member: Some(format!("{name}/etcd")),
            })
        }
        (Component::Kubectl, _) | (_, "linux") => {
            let url = format!("{}/v{KUBERNETES_VERSION}/bin/{os}/{arch}/{component}", servers.kubernetes);
            Some(Release { checksums: format!("{url}.sha256"), url, member: None })
        }
        (Component::Etcd | Component::ApiServer, "darwin") => {
            let tag = format!("envtest-v{ENVTEST_VERSION}");
            let url = format!(
                "{}/kubernetes-sigs/controller-tools/releases/download/{tag}/{tag}-{os}-{arch}.tar.gz",
                servers.github
            );
            let member = Some(format!("controller-tools/envtest/{component}"));
            Some(Release { checksums: format!("{url}.sha512"), url, member })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published(component: Component, os: &str, arch: &str) -> Option<Release> {
        let servers = Servers { kubernetes: "https://dl.k8s.io".into(), github: "https://github.com".into() };
        release(component, Platform::of(os, arch)?, &servers)
    }

    #[test]
    fn kubernetes_binaries_for_linux_have_a_checksum() {
        let found = published(Component::ControllerManager, "linux", "aarch64").unwrap();
        assert_eq!(found.url, "https://dl.k8s.io/v1.36.3/bin/linux/arm64/kube-controller-manager");
        assert_eq!(found.checksums, format!("{}.sha256", found.url));
        assert_eq!(found.member, None);
    }

    #[test]
    fn etcd_publishes_archives_with_one_file_of_checksums() {
        let found = published(Component::Etcd, "linux", "x86_64").unwrap();
        let folder = "https://github.com/etcd-io/etcd/releases/download/v3.6.8";
        assert_eq!(found.url, format!("{folder}/etcd-v3.6.8-linux-amd64.tar.gz"));
        assert_eq!(found.checksums, format!("{folder}/SHA256SUMS"));
        assert_eq!(found.member.as_deref(), Some("etcd-v3.6.8-linux-amd64/etcd"));
        assert_eq!(found.file(), "etcd-v3.6.8-linux-amd64.tar.gz");
        assert_eq!(found.host(), "github.com");
    }

    #[test]
    fn nobody_publishes_the_controller_manager_for_macos() {
        assert_eq!(published(Component::ControllerManager, "macos", "aarch64"), None);
        let kubectl = published(Component::Kubectl, "macos", "aarch64").unwrap();
        assert_eq!(kubectl.url, "https://dl.k8s.io/v1.36.3/bin/darwin/arm64/kubectl");
        let server = published(Component::ApiServer, "macos", "x86_64").unwrap();
        assert!(
            server.url.ends_with("/envtest-v1.36.2/envtest-v1.36.2-darwin-amd64.tar.gz"),
            "{}",
            server.url
        );
        assert_eq!(server.member.as_deref(), Some("controller-tools/envtest/kube-apiserver"));
    }

    #[test]
    fn nothing_is_published_for_other_platforms() {
        assert_eq!(published(Component::Etcd, "freebsd", "x86_64"), None);
        assert_eq!(published(Component::Etcd, "linux", "riscv64"), None);
    }
}
